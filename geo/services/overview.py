"""A month at a glance: coverage, issues and clusters of one scope, beside the month before and over the last year.

Regional is where the issues of one category gather beyond chance over the year that ends with the month, as in the
proposals of `geo.services.extents`: a single month has too few of them to tell.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from geo.analysis import overview as analysis
from geo.analysis.coverage import Boundaries, CoverageReport
from geo.analysis.hotspots import AreaFacts, HotCluster
from geo.analysis.issue_flow import CATEGORIES, Category
from geo.analysis.overview import Figures
from geo.errors import NoBoundaries, UnknownArea
from geo.months import FIRST_MONTH, Month
from geo.services import coverage, hotspots, standings
from geo.services.standings import Standing
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries.counties import CountyInfo

TREND_MONTHS: Final = 12
REGIONAL_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Regional:
    """A place where the issues of a category gather.

    :ivar cluster: significant; its members are those within the scope
    :ivar names: of the members, in the same order
    :ivar parents: names of the areas above them; none for grids, whose names begin with their village's
    :ivar begin: first day of what was looked at
    :ivar until: last day
    """

    category: Category
    level: Level
    cluster: HotCluster
    names: tuple[str, ...]
    parents: tuple[str, ...]
    begin: date
    until: date


@dataclass(frozen=True, slots=True)
class Overview:
    """All that is shown of a month; every page, list, file and bulletin takes its figures from this value.

    :ivar open_issues: at the month's end, or now while it runs, longest waiting first
    :ivar regional: the least likely by chance first; None where they were not asked for
    :ivar previous: figures of the month before; None where there are no boundaries for it
    """

    coverage: CoverageReport
    open_issues: tuple[Standing, ...]
    regional: tuple[Regional, ...] | None
    figures: Figures
    previous: Figures | None


def overview(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    level: Level = "village",
    area: str | None = None,
    read_with: Boundaries = "then",
    clusters: bool = True,
    now: datetime | None = None,
) -> Overview:
    """A month in a scope.

    :param clusters: look for places where issues gather, which takes longest
    :raises FutureMonth: the month has not begun in the county
    :raises UnknownArea: there is no such area
    """
    report = coverage.report(session, county, month, level=level, area=area, read_with=read_with, now=now)
    issues = standings.of_month(session, county, month, area=area, now=now)
    found = regional(session, county, month, level=level, area=area) if clusters else None
    figures = analysis.figures(report, issues.figures, None if found is None else len(found))
    return Overview(
        report, issues.open, found, figures, _previous(session, county, report, area, clusters=clusters, now=now)
    )


def regional(
    session: Session, county: CountyInfo, month: Month, *, level: Level = "village", area: str | None = None
) -> tuple[Regional, ...]:
    """Where the issues of a category gather, over the year that ends with a month.

    :raises UnknownArea: no area in force has that code
    """
    begin, until = year_to(month)
    found: list[Regional] = []
    for category in CATEGORIES:
        if category == "petition" and not reach.sees_petitions(session):
            continue
        report = hotspots.report(session, county, begin, until, level=level, categories=(category,), area=area)
        known = {row.facts.code: row.facts for row in report.rows}
        for cluster in report.clusters:
            if cluster.significant:
                members = [known[code] for code in cluster.members if code in known]
                names = tuple(_name(one, level) for one in members)
                above = dict.fromkeys(one.parent_name for one in members if one.parent_name and level != "grid")
                found.append(Regional(category, level, cluster, names, tuple(above), begin, until))
    return tuple(sorted(found, key=lambda one: (one.cluster.p, -one.cluster.log_likelihood_ratio)))


def year_to(month: Month) -> tuple[date, date]:
    """First and last day of the year that a month ends, in which is looked for what is regional."""
    first = month
    for _ in range(REGIONAL_MONTHS - 1):
        first = first.previous() if first > FIRST_MONTH else first
    return first.first_day, month.last_day


def _name(area: AreaFacts, level: Level) -> str:
    """Grids have numbers for names: they are told apart by their village."""
    return f"{area.parent_name or ''}{area.name}" if level == "grid" else area.name


def trend(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    level: Level = "village",
    area: str | None = None,
    months: int = TREND_MONTHS,
    now: datetime | None = None,
) -> list[Figures]:
    """Figures of a month and those before it, without clusters, the oldest first; read with the boundaries of now.

    :raises FutureMonth: the month has not begun in the county
    :raises UnknownArea: no area in force has that code
    """
    wanted = [month]
    while len(wanted) < months and wanted[0] > FIRST_MONTH:
        wanted.insert(0, wanted[0].previous())
    reports = [
        coverage.report(session, county, one, level=level, area=area, read_with="now", now=now) for one in wanted
    ]
    issues = standings.over_months(session, county, wanted, area=area, now=now)
    return [analysis.figures(report, counts) for report, counts in zip(reports, issues, strict=True)]


def _previous(
    session: Session,
    county: CountyInfo,
    report: CoverageReport,
    area: str | None,
    *,
    clusters: bool,
    now: datetime | None,
) -> Figures | None:
    if report.month <= FIRST_MONTH:
        return None
    month, level = report.month.previous(), report.level
    try:
        before = coverage.report(session, county, month, level=level, area=area, read_with=report.boundaries, now=now)
    except (NoBoundaries, UnknownArea):
        return None
    issues = standings.of_month(session, county, month, area=area, now=now)
    found = regional(session, county, month, level=level, area=area) if clusters else None
    return analysis.figures(before, issues.figures, None if found is None else len(found))
