"""One area with all that is known of it, read as one value."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.area_pages import AreaName, AreaReport, Descent, Holder, LastVisit, OpenIssue, PlaceCount
from geo.analysis.coverage import AreaCoverage, assess
from geo.errors import UnknownArea
from geo.limits import MAX_PLACE_NAMES, MAX_ROWS_OF_A_PAGE
from geo.months import FIRST_MONTH, Month, local_day
from geo.services import coverage, issues, visits
from geo.services.accounts import Access
from geo.services.assignments import Responsible, of_areas
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import area_pages as queries
from geo.storage.queries import areas, boundaries
from geo.storage.queries import issues as stored_issues
from geo.storage.queries import visits as stored_visits
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import Lineage

_TREND_MONTHS: Final = 12
_KINDS: Final = ("household", "enterprise", "project", "scenic_spot")


def report(
    session: Session, county: CountyInfo, code: str, month: Month | None = None, *, by: Access | None
) -> AreaReport:
    """A town, village or grid, by the active boundary version; months before it are counted by it too.

    :param month: the latest with visits if not given
    :param by: who asks: notes and names of places are for those who may see detail; None for everything
    :raises UnknownArea: the version has no such town, village or grid, or the reader may not see it
    :raises FutureMonth: the month has not begun in the county
    """
    version = boundaries.active(session, county.code)
    area = areas.find(session, version, code)
    if area is None or area.level == "county":
        raise UnknownArea(code=code, county=county.code, version=version.version)
    shown = month or coverage.latest_month(session, county)
    as_of = coverage.counted_to(county, shown)
    people = of_areas(session, county.code, code, as_of)
    (own,) = coverage.report(session, county, shown, level=area.level, area=code, read_with="now").rows
    child_level = _child_level(session, version, area)
    found = stored_issues.page(
        session,
        county.code,
        stored_issues.Filter(area=(f"{area.level}_code", code), is_open=True),
        after=None,
        limit=None,
    )
    with reach.unlimited(session):
        top = areas.find(session, version, county.code)
    return AreaReport(
        county=county.code,
        county_name=top.name if top else county.code,
        version=version.version,
        in_force_from=version.in_force_from or as_of,
        month=shown,
        as_of=as_of,
        coverage=own,
        area_m2=area.area_m2,
        above=tuple(_name(people.areas[one]) for one in reversed(people.chains[0]) if one != code),
        trend=_trend(session, county, version, area, own, shown),
        held=_holders(people),
        places=_places(session, version, area, named=by is None or by.may("detail")),
        visits=_visits(session, county, area, by),
        open_issues=len(found),
        issues=tuple(_issue(one, county, as_of) for one in found[:MAX_ROWS_OF_A_PAGE]),
        descent=_descent(session, county.code, code) if reach.is_whole(session) else None,
        child_level=child_level,
        children=_children(session, county, code, shown, child_level),
        beside=queries.beside(session, version, area),
    )


def drawn_shapes(session: Session, report_: AreaReport) -> dict[str, BaseGeometry]:
    """Geometries of the area, of those below and beside it, simplified together for drawing."""
    version = boundaries.get(session, report_.county, report_.version)
    codes = [report_.coverage.facts.code, *(one.facts.code for one in report_.children), *report_.beside]
    return areas.shapes(session, version, codes, drawn=True)


def _name(area: AreaInfo) -> AreaName:
    return AreaName(area.code, area.name, area.level)


def _trend(
    session: Session, county: CountyInfo, version: VersionInfo, area: AreaInfo, now: AreaCoverage, last: Month
) -> tuple[tuple[Month, AreaCoverage], ...]:
    """Each month judged as its own report judges it, from the tallies of all months at once."""
    months = [last]
    while len(months) < _TREND_MONTHS and months[0] > FIRST_MONTH:
        months.insert(0, months[0].previous())
    tallies = queries.visits_by_month(session, version, area)
    days = {first: local_day(moment, county.zone) for first, (_, moment) in tallies.items()}
    found = []
    for month in months:
        facts = replace(
            now.facts,
            visits=tallies.get(month.first_day, (0, None))[0],
            last_visit=max((day for first, day in days.items() if first <= month.first_day), default=None),
            last_before=max((day for first, day in days.items() if first < month.first_day), default=None),
        )
        as_of = coverage.counted_to(county, month)
        found.append((month, assess(facts, now.rule, month=month, as_of=as_of)))
    return tuple(found)


def _child_level(session: Session, version: VersionInfo, area: AreaInfo) -> Level | None:
    """The level right below it; a town may have grids only."""
    below = areas.page(session, version, parent=area.code, limit=1)
    return below[0].level if below else None


def _children(
    session: Session, county: CountyInfo, code: str, month: Month, level: Level | None
) -> tuple[AreaCoverage, ...]:
    if level is None:
        return ()
    return coverage.report(session, county, month, level=level, area=code, read_with="now").rows


def _holders(people: Responsible) -> tuple[Holder, ...]:
    return tuple(
        Holder(_name(people.areas[code]), one.name, one.role, one.organisation_name, one.from_day)
        for code in people.chains[0]
        for one in people.held.get(code, ())
    )


def _places(session: Session, version: VersionInfo, area: AreaInfo, *, named: bool) -> tuple[PlaceCount, ...]:
    counts = queries.places(session, version, area)
    names = queries.place_names(session, version, area, limit=MAX_PLACE_NAMES) if named else []
    of_kind: Mapping[str, tuple[str, ...]] = {
        kind: tuple(name for one, name in names if one == kind) for kind in _KINDS if kind != "household"
    }
    return tuple(
        PlaceCount(kind, counts[kind], of_kind.get(kind) if named else None) for kind in _KINDS if kind in counts
    )


def _visits(session: Session, county: CountyInfo, area: AreaInfo, by: Access | None) -> tuple[LastVisit, ...]:
    ids = queries.last_visits(session, county.code, area, limit=MAX_ROWS_OF_A_PAGE)
    found = stored_visits.by_ids(session, county.code, [str(one) for one in ids])
    seen = found if by is None else visits.as_seen_by(session, county.code, found, by)
    names = queries.cadre_names(session, county.code, sorted({one.staff_no for one in seen}))
    order = {one: at for at, one in enumerate(ids)}
    return tuple(
        LastVisit(
            local_day(one.started_at, county.zone),
            names.get(one.staff_no, one.staff_no),
            one.topics,
            one.findings or one.note,
        )
        for one in sorted(seen, key=lambda one: order[one.id])
    )


def _issue(one: stored_issues.IssueRecord, county: CountyInfo, today: date) -> OpenIssue:
    return OpenIssue(
        str(one.id),
        local_day(one.reported_at, county.zone),
        one.category,
        one.title,
        one.status,
        one.due_on,
        issues.is_overdue(one, today),
    )


def _descent(session: Session, county: str, code: str) -> tuple[Descent, ...]:
    return tuple(_link(link, day, code) for link, day in queries.descent(session, county, code))


def _link(link: Lineage, day: date, code: str) -> Descent:
    before = link.new_code == code
    other, name = (link.old_code, link.old_name) if before else (link.new_code, link.new_name)
    return Descent(link.version, day, link.relation, before, (other, name or other) if other else None)
