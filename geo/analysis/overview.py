"""The figures of a month: what a county reads first, and how each changed since the month before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from geo.analysis.coverage import CoverageReport
from geo.analysis.standings import IssueFigures
from geo.months import Month


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a month in a scope. Areas are those of the report's level.

    :ivar as_of: day that days are counted to: the month's last, or today while it runs
    :ivar all: areas, of which ``met``, ``under``, ``unvisited`` and ``excluded`` are the parts
    :ivar unassigned: areas that count and have nobody
    :ivar rate: met over all but the excluded, 0 to 1; None where there is none
    :ivar households: that the areas have; None where it is known of none
    :ivar clusters: places where issues gather beyond chance; None where that was not asked
    """

    month: Month
    as_of: date
    all: int
    met: int
    under: int
    unvisited: int
    excluded: int
    unassigned: int
    rate: float | None
    visits: int
    households: int | None
    households_reached: int
    issues: IssueFigures
    clusters: int | None = None


GROWING: Final = frozenset({"met", "under", "unvisited", "rate", "visits", "households_reached", "reported", "ended"})
"""Figures of what was done in the month: until it is over they say nothing beside those of a whole one."""

COUNTED: Final = (
    "all", "met", "under", "unvisited", "excluded", "unassigned", "rate", "visits", "households", "households_reached",
    "reported", "ended", "open", "overdue", "unanswered", "in_circles", "clusters",
)  # fmt: skip
"""Names of the figures, in the order in which they are read."""


def value(figures: Figures, name: str) -> float | None:
    """One of `COUNTED`; a count, or the rate."""
    found: float | None = getattr(figures.issues if hasattr(figures.issues, name) else figures, name)
    return found


def change(now: Figures, before: Figures | None, name: str) -> float | None:
    """A figure less that of the month before; None where either is not known."""
    one, other = value(now, name), None if before is None else value(before, name)
    return None if one is None or other is None else one - other


def figures(report: CoverageReport, issues: IssueFigures, clusters: int | None = None) -> Figures:
    """The figures that follow from a report and the issues of the same month and scope."""
    return Figures(
        month=report.month,
        as_of=report.as_of,
        all=len(report.rows),
        met=report.count("met"),
        under=report.count("under"),
        unvisited=report.count("unvisited"),
        excluded=report.count("excluded"),
        unassigned=report.unassigned,
        rate=report.rate,
        visits=report.visits,
        households=_sum(row.facts.households for row in report.rows),
        households_reached=sum(row.facts.households_reached for row in report.rows),
        issues=issues,
        clusters=clusters,
    )


def _sum(several: Iterable[int | None]) -> int | None:
    known = [one for one in several if one is not None]
    return sum(known) if known else None
