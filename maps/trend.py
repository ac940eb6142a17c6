"""Twelve months of a figure as a small line: drawn by the server, so that it is there without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from geo.analysis import overview
from geo.analysis.overview import Figures
from geo.errors import Lang
from maps import catalogue, home_figures, labels

SHOWN: Final = ("rate", "unvisited", "households_reached", "open", "overdue", "unanswered")
WIDTH: Final = 200
HEIGHT: Final = 44
_EDGE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """A figure over several months.

    :ivar runs: points ``x,y`` of each unbroken part, in the units of a picture of `WIDTH` × `HEIGHT`
    :ivar last: the last point; None where the last month has no value
    :ivar value: of the last month
    :ivar spoken: the line in a sentence
    :ivar values: of every month as they are shown, the oldest first
    """

    name: str
    label: str
    runs: tuple[str, ...]
    last: tuple[float, float] | None
    value: str
    spoken: str
    values: tuple[str, ...]


def lines(months: Sequence[Figures], lang: Lang, names: Sequence[str] = SHOWN) -> list[Line]:
    """One line a figure; months in order."""
    return [_line(months, name, lang) for name in names]


def _line(months: Sequence[Figures], name: str, lang: Lang) -> Line:
    said = catalogue.words("home", lang)
    values = [overview.value(one, name) for one in months]
    shown = tuple(home_figures.text(name, value) for value in values)
    points = _points(values)
    first, last = (labels.month_name(months[at].month, lang) for at in (0, -1))
    spoken = said["trend_label"].format(name=said[name], first=first, last=last, **{"from": shown[0], "to": shown[-1]})
    return Line(name, said[name], tuple(_runs(points)), points[-1], shown[-1], spoken, shown)


def _points(values: Sequence[float | None]) -> list[tuple[float, float] | None]:
    """Where each value lies, the picture's height being from the least to the most of them."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0, 0)
    step = (WIDTH - 2 * _EDGE) / max(1, len(values) - 1)
    found: list[tuple[float, float] | None] = []
    for at, value in enumerate(values):
        share = 0.5 if value is None or high == low else (value - low) / (high - low)
        here = (round(_EDGE + at * step, 1), round(HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE), 1))
        found.append(None if value is None else here)
    return found


def _runs(points: Sequence[tuple[float, float] | None]) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{point[0]:g},{point[1]:g}")
    return [" ".join(run) for run in runs if run]
