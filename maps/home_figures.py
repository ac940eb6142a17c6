"""The figures of a month as they are shown: number, unit, and the change to the month before in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from geo.analysis import overview
from geo.analysis.overview import Figures
from geo.errors import Lang
from maps import catalogue, labels

Tone = Literal["better", "worse", "same"]

COVERAGE: Final = ("rate", "met", "under", "unvisited", "unassigned", "households_reached")
ISSUES: Final = ("open", "overdue", "unanswered", "in_circles", "clusters")

_UNITS: Final[Mapping[str, str]] = {
    "rate": "rate",
    "visits": "visits",
    "households": "households",
    "households_reached": "households",
    "clusters": "clusters",
    **dict.fromkeys(("all", "met", "under", "unvisited", "excluded", "unassigned"), "areas"),
    **dict.fromkeys(("reported", "ended", "open", "overdue", "unanswered", "in_circles"), "issues"),
}
_GOOD: Final = frozenset({"rate", "met", "households_reached", "visits"})
_PLAIN: Final = frozenset({"all", "excluded", "households", "reported", "ended"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as it stands on a page.

    :ivar value: with thousands set apart; a dash where it is not known
    :ivar change: in words; of what grows with the month, while it runs, what the month before had in all; empty where
        there is nothing to compare with
    :ivar tone: whether the change is for the better; None where neither can be said
    """

    name: str
    label: str
    value: str
    unit: str
    change: str
    tone: Tone | None


def shown(name: str, now: Figures, before: Figures | None, lang: Lang, *, running: bool = False) -> Shown:
    """One of `geo.analysis.overview.COUNTED`; ``running`` where the month is not over, as on its last day."""
    said = catalogue.words("home", lang)
    value = overview.value(now, name)
    unit = said[f"unit_{_UNITS[name]}"] if value is not None else ""
    if running and name in overview.GROWING:
        known = None if before is None else overview.value(before, name)
        whole = "" if known is None else said["last_month"].format(value=text(name, known))
        return Shown(name, said[name], text(name, value), unit, whole, None)
    step = overview.change(now, before, name)
    return Shown(name, said[name], text(name, value), unit, _change(name, step, said), _tone(name, step))


def text(name: str, value: float | None) -> str:
    """A count, or a share with one decimal.

    >>> text("open", 1234), text("rate", 0.944), text("clusters", None)
    ('1,234', '94.4%', '—')
    """
    if name == "rate":
        return labels.percent(value)
    return "—" if value is None else labels.number(int(value))


def _change(name: str, step: float | None, said: Mapping[str, str]) -> str:
    if step is None:
        return ""
    if name == "rate":
        size = f"{abs(100 * step):.1f}"
        if size == "0.0":
            return said["same"]
        size = said["points"].format(n=size)
    elif step == 0:
        return said["same"]
    else:
        size = labels.number(int(abs(step)))
    return said["change"].format(change=("+" if step > 0 else "−") + size)


def _tone(name: str, step: float | None) -> Tone | None:
    if step is None or name in _PLAIN:
        return None
    if step == 0:
        return "same"
    return "better" if (step > 0) == (name in _GOOD) else "worse"
