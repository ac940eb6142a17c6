"""Coverage of a month: the facts are read, judged, and come back as one report."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo.analysis.coverage import (
    AreaFacts,
    Boundaries,
    CoverageReport,
    Exclusion,
    Responsible,
    VisitRule,
    assess_all,
)
from geo.errors import FutureMonth, UnknownArea
from geo.months import Month, local_day
from geo.services.tagging import tagger
from geo.space.codes import Level
from geo.space.place import Place
from geo.storage import reach
from geo.storage.queries import areas, boundaries, positions, standings
from geo.storage.queries import coverage as queries
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo

Shapes = Mapping[str, BaseGeometry]
"""Geometries by area code, WGS-84."""


def report(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    level: Level = "village",
    area: str | None = None,
    read_with: Boundaries = "then",
    now: datetime | None = None,
) -> CoverageReport:
    """Coverage of a month in a scope.

    :param area: code of the scope; the whole county if not given
    :param read_with: the boundaries in force on the month's last day (``then``) or the active ones (``now``)
    :raises FutureMonth: the month has not begun in the county
    :raises UnknownArea: the version has no such area
    """
    as_of = counted_to(county, month, now)
    version = version_for(session, county, month, read_with)
    scope = scope_of(session, county, version, area)
    start, end = month.bounds(county.zone)
    asked = queries.Asked(version, level, scope.path, month.first_day, start, end, as_of)
    return _judge(session, county, asked, month, read_with, scope)


def today(county: CountyInfo, now: datetime | None = None) -> date:
    """The county's calendar day."""
    return local_day(now or datetime.now(UTC), county.zone)


def counted_to(county: CountyInfo, month: Month, now: datetime | None = None) -> date:
    """The day that days are counted to: the last of a month, or today while it runs.

    :raises FutureMonth: the month has not begun in the county
    """
    day = today(county, now)
    if month > Month.of(day):
        raise FutureMonth(month=month, current=Month.of(day))
    return min(day, month.last_day)


def scope_of(session: Session, county: CountyInfo, version: VersionInfo, area: str | None) -> areas.AreaInfo:
    """The area of that code, or the whole county; raises `UnknownArea` if the version has no such area."""
    scope = areas.find(session, version, area or county.code)
    if scope is None:
        raise UnknownArea(code=area, county=county.code, version=version.version)
    return scope


def version_for(session: Session, county: CountyInfo, month: Month, read_with: Boundaries) -> VersionInfo:
    """The boundary version that a month is read with."""
    if read_with == "now":
        return boundaries.active(session, county.code)
    return boundaries.in_force_on(session, county.code, month.last_day)


def drawn_shapes(session: Session, report_: CoverageReport) -> dict[str, BaseGeometry]:
    """Geometries of a report's areas, simplified together for drawing."""
    version = boundaries.get(session, report_.county, report_.version)
    return areas.shapes(session, version, [row.facts.code for row in report_.rows], drawn=True)


def places(session: Session, report_: CoverageReport) -> dict[str, Place]:
    """Where a report's areas are, by code."""
    version = boundaries.get(session, report_.county, report_.version)
    found = areas.places(session, version, report_.level)
    return {row.facts.code: found[row.facts.code] for row in report_.rows if row.facts.code in found}


def outlines(session: Session, county: str, number: int) -> list[tuple[areas.AreaInfo, BaseGeometry]]:
    """The towns of a boundary version for orientation; the county itself where it has none."""
    version = boundaries.get(session, county, number)
    towns = areas.page(session, version, level="town", limit=None) or areas.page(
        session, version, level="county", limit=None
    )
    shapes = areas.shapes(session, version, [town.code for town in towns], drawn=True)
    return [(town, shapes[town.code]) for town in towns]


def latest_month(session: Session, county: CountyInfo, now: datetime | None = None) -> Month:
    """The month to show when none is asked for: the latest that has visits, or the current one."""
    day = today(county, now)
    return Month.of(queries.latest_month(session, county.code, until=day) or day)


def _judge(
    session: Session,
    county: CountyInfo,
    asked: queries.Asked,
    month: Month,
    read_with: Boundaries,
    scope: areas.AreaInfo,
) -> CoverageReport:
    version = asked.version
    source = queries.KEPT if version.status == "active" else _source_of(session, county, asked)
    rules = [
        VisitRule(asked.level, "key" if rule.tier == "key" else "ordinary", rule.visits_per_month, rule.every_days)
        for rule in queries.rules(session, county.code, asked.level)
    ]
    facts, untagged = _facts(session, county, asked, source, needs_before=any(rule.every_days for rule in rules))
    with reach.unlimited(session):
        top = areas.find(session, version, county.code)
    return CoverageReport(
        county=county.code,
        county_name=top.name if top else county.code,
        scope=scope.code,
        scope_name=scope.name,
        month=month,
        level=asked.level,
        boundaries=read_with,
        version=version.version,
        in_force_from=version.in_force_from or asked.as_of,
        as_of=asked.as_of,
        rows=assess_all(facts, rules, month=month, as_of=asked.as_of),
        outside=queries.outside(session, asked, source),
        untagged=untagged,
    )


def _facts(
    session: Session, county: CountyInfo, asked: queries.Asked, source: queries.Source, *, needs_before: bool
) -> tuple[list[AreaFacts], int]:
    """Facts of every area, and the visits that are tagged inside the scope but to no area of the level."""
    counts = queries.visits(session, asked, source)
    reached = queries.grids_reached(session, asked, source)
    households = queries.households(session, asked, source)
    last = _days(queries.last_visits(session, asked, source, month=asked.month, before=asked.end), county)
    before = _last_before(session, county, asked, source) if needs_before else {}
    people = _people(queries.responsible(session, asked))
    still = standings.open_by_area(session, county.code, asked.level, asked.end)
    facts = [
        replace(
            _fact(row, counts.get(row.code), reached.get(row.code, 0), households.get(row.code, 0), last, before),
            open_issues=still.get(row.code, 0),
            responsible=tuple(people.get(row.code, ())),
        )
        for row in queries.areas(session, asked)
    ]
    return facts, int(counts[None].visits) if None in counts else 0


def _fact(
    row: Row[Any],
    count: Row[Any] | None,
    grids_reached: int,
    households: int,
    last: dict[str | None, date],
    before: dict[str | None, date],
) -> AreaFacts:
    excluded = None
    if row.excluded_reason is not None:
        excluded = Exclusion(row.excluded_reason, row.excluded_by, row.excluded_on)
    return AreaFacts(
        code=row.code,
        name=row.name,
        level=row.level,
        kind=row.kind,
        path=row.path,
        parent_name=row.parent_name,
        households=row.households,
        population=row.population,
        tier=row.tier,
        exclusion=excluded,
        visits=int(count.visits) if count else 0,
        unlocated=int(count.unlocated) if count else 0,
        cadres=count.cadres if count else 0,
        households_reached=households,
        grids=row.grids,
        grids_reached=grids_reached,
        last_visit=last.get(row.code),
        last_before=before.get(row.code),
    )


def _last_before(
    session: Session, county: CountyInfo, asked: queries.Asked, source: queries.Source
) -> dict[str | None, date]:
    previous = Month.of(asked.month).previous().first_day
    return _days(queries.last_visits(session, asked, source, month=previous, before=asked.start), county)


def _days(moments: dict[str | None, datetime], county: CountyInfo) -> dict[str | None, date]:
    return {code: local_day(moment, county.zone) for code, moment in moments.items()}


def _people(rows: Sequence[Row[str, str, str, str, str]]) -> dict[str, list[Responsible]]:
    people: dict[str, list[Responsible]] = defaultdict(list)
    for row in rows:
        people[row.area_code].append(Responsible(row.staff_no, row.name, row.role, row.organisation))
    return people


def _source_of(session: Session, county: CountyInfo, asked: queries.Asked) -> queries.Source:
    """Tag all visits up to the month's end, and the homes of places, by a version that is no longer active."""
    areas_then = tagger(session, asked.version)
    stored = positions.of_visits(session, county.code, before=asked.end)
    tags = areas_then.tag_all(stored.lon, stored.lat, stored.accuracy_m, stored.claimed)
    visit_tags = zip(stored.ids.tolist(), _or_empty(tags.deepest), strict=True)
    places = positions.of_places(session, county.code)
    homes = areas_then.homes(places.lon, places.lat, places.claimed)
    place_tags = zip(places.ids.tolist(), _or_empty(homes), strict=True)
    return queries.source_of_tags(session, county.code, county.zone.key, list(visit_tags), list(place_tags))


def _or_empty(codes: positions.Codes) -> list[str]:
    return [code or "" for code in codes.tolist()]
