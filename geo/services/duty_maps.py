"""Who is responsible for the areas of a level on a day, read and judged as one report."""

from datetime import date

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.duty_maps import DutyArea, DutyReport, Held, assess
from geo.errors import InvalidChoice
from geo.intake.people import Role
from geo.months import Month
from geo.services import coverage
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import areas, assignments, boundaries
from geo.storage.queries import coverage as facts
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo


def day_of(county: CountyInfo, month: Month | None) -> date:
    """The last day of a month, today while it runs or where none is named.

    :raises FutureMonth: the month has not begun in the county
    """
    return coverage.today(county) if month is None else coverage.counted_to(county, month)


def report(
    session: Session,
    county: CountyInfo,
    day: date,
    *,
    level: Level = "grid",
    area: str | None = None,
    role: Role | None = None,
    organisation: str | None = None,
) -> DutyReport:
    """Responsibility on a day, by the boundaries in force on it.

    Loads count what the reader may see: of a part of the county, the areas in that part.

    :param area: code of the scope; the whole county if not given
    :param role: only this role
    :param organisation: code of an organisation that holds something in the scope; only its cadres
    :raises UnknownArea: the version has no such area
    :raises InvalidChoice: the organisation holds nothing in the scope
    """
    version = boundaries.in_force_on(session, county.code, day)
    scope = coverage.scope_of(session, county, version, area)
    shown = _areas(session, county, version, scope.path, level, day)
    held = _held(session, county, version, day)
    known = _organisations(held, {one.code for one in shown})
    if organisation is not None and organisation not in dict(known):
        raise InvalidChoice(field="organisation", value=organisation, choices=", ".join(dict(known)) or "—")
    level_codes = frozenset(one.code for one in areas.page(session, version, level=level, limit=None))
    rows, cadres = assess(shown, held, level_codes, role=role, organisation=organisation)
    with reach.unlimited(session):
        top = areas.find(session, version, county.code)
    return DutyReport(
        county=county.code,
        county_name=top.name if top else county.code,
        scope=scope.code,
        scope_name=scope.name,
        level=level,
        day=day,
        version=version.version,
        in_force_from=version.in_force_from or day,
        role=role,
        organisation=organisation,
        rows=rows,
        cadres=cadres,
        organisations=known,
    )


def drawn_shapes(session: Session, report_: DutyReport) -> dict[str, BaseGeometry]:
    """Geometries of a report's areas, simplified together for drawing."""
    version = boundaries.get(session, report_.county, report_.version)
    return areas.shapes(session, version, [row.area.code for row in report_.rows], drawn=True)


def _areas(
    session: Session, county: CountyInfo, version: VersionInfo, scope: str, level: Level, day: date
) -> list[DutyArea]:
    start, end = Month.of(day).bounds(county.zone)
    asked = facts.Asked(version, level, scope, Month.of(day).first_day, start, end, day)
    return [
        DutyArea(row.code, row.name, row.kind, row.path, row.parent_name, row.households, row.excluded_reason)
        for row in facts.areas(session, asked)
    ]


def _held(session: Session, county: CountyInfo, version: VersionInfo, day: date) -> list[Held]:
    """What is held on a day of the areas that the version has; heads first."""
    in_force = [one for one in assignments.all_of(session, county.code) if one.holds_on(day)]
    known = areas.by_codes(session, version, sorted({one.area for one in in_force}))
    return [
        Held(one.area, one.role, one.from_day, one.staff_no, one.name, one.organisation, one.organisation_name)
        for one in in_force
        if one.area in known
    ]


def _organisations(held: list[Held], within: set[str]) -> tuple[tuple[str, str], ...]:
    found = {one.organisation: one.organisation_name for one in held if one.area in within}
    return tuple(sorted(found.items(), key=lambda one: (one[1], one[0])))
