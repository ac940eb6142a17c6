"""What the problem heatmap shows beside its report: surfaces of every month, the issues of clusters, and single issues.

All months have the bandwidth, the classes and the cells of the whole window, so that they can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from geo.analysis.hotspots import HotspotReport
from geo.limits import MAX_MAP_POINTS
from geo.months import Month
from geo.services import hotspots, issues, problem_surfaces
from geo.services.accounts import Access
from geo.services.problem_surfaces import KINDS, Asked, Canvas, ProblemSurface
from geo.storage.queries import hotspots as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import IssueRecord

CELLS: Final = 512
MONTHS_CELLS: Final = 256
"""Along the longer side, of the whole window and of each month: pictures of some twenty and of a few kilobytes."""

MAX_MONTHS: Final = 24
"""Months of a window beyond which only the whole is drawn."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Surfaces of the whole window (None) or of a month, and the lower limits of their classes by kind."""

    month: Month | None
    surfaces: tuple[ProblemSurface, ...]


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What stands beside the report.

    :ivar limits: of the classes, by kind of surface
    :ivar behind: rank of a cluster → its issues, the latest first; only of significant ones
    :ivar points: None for those who may not see where single issues are
    """

    shown: tuple[Shown, ...]
    limits: Mapping[str, tuple[float, ...]]
    behind: Mapping[int, Sequence[IssueRecord]]
    points: Sequence[IssueRecord] | None


def facts(session: Session, county: CountyInfo, report: HotspotReport, *, by: Access | None) -> MapFacts:
    """All of it.

    :param by: who asks: households and single issues are for those who may see detail; None for everything
    """
    window = hotspots.window_between(county, report.begin, report.until)
    counted = hotspots.counted_categories(session, report.categories)
    shown = _surfaces(session, county, report)
    detail = by is None or by.may("detail")
    behind = {
        one.rank: _seen(
            session, county, queries.inside(session, county.code, window, counted, report.level, one.members), by
        )
        for one in report.clusters
        if one.significant
    }
    points = queries.with_position(session, county.code, window, counted) if detail else None
    return MapFacts(
        shown=shown,
        limits={one.kind: problem_surfaces.limits(one) for one in shown[0].surfaces},
        behind=behind,
        points=None if points is None or len(points) > MAX_MAP_POINTS else points,
    )


def _seen(session: Session, county: CountyInfo, records: list[IssueRecord], by: Access | None) -> Sequence[IssueRecord]:
    return records if by is None else issues.as_seen_by(session, county.code, records, by)


def _surfaces(session: Session, county: CountyInfo, report: HotspotReport) -> tuple[Shown, ...]:
    where = problem_surfaces.canvas(session, county, report.scope, CELLS)
    whole = _between(session, county, report, where, report.begin, report.until)
    asked = Asked(categories=report.categories)
    bandwidth_m, rule = problem_surfaces.chosen_bandwidth(asked, *whole, 2 * where.cell_m)
    smaller = problem_surfaces.canvas(session, county, report.scope, MONTHS_CELLS)
    where, smaller = (
        problem_surfaces.coarsened(session, county, report.scope, one, bandwidth_m) for one in (where, smaller)
    )

    def drawn(month: Month | None, points: tuple[problem_surfaces.Points, problem_surfaces.Points]) -> Shown:
        found = []
        for kind in KINDS:
            visits = points[1] if kind == "relative" else None
            found.append(
                problem_surfaces.made(
                    smaller if month else where,
                    points[0],
                    visits,
                    bandwidth_m,
                    asked.kernel,
                    epsg=county.metric_epsg,
                    rule=rule,
                )
            )
        return Shown(month, tuple(found))

    months = report.months if len(report.months) <= MAX_MONTHS else ()
    several = [drawn(None, whole)]
    for month in months:
        begin, until = max(report.begin, month.first_day), min(report.until, month.last_day)
        several.append(drawn(month, _between(session, county, report, where, begin, until)))
    return tuple(several)


def _between(
    session: Session, county: CountyInfo, report: HotspotReport, where: Canvas, begin: date, until: date
) -> tuple[problem_surfaces.Points, problem_surfaces.Points]:
    """Issues and visits that take part."""
    window = hotspots.window_between(county, begin, until)
    issues_ = problem_surfaces.issue_points(session, county, window, report.categories)
    return where.counted(issues_), where.counted(problem_surfaces.visit_points(session, county, window))
