"""Coverage of places in a month: which enterprises, projects, scenic spots and households were visited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo.analysis.place_coverage import (
    LISTED,
    Count,
    Home,
    HouseholdFacts,
    ListedKind,
    Partner,
    PlaceCoverage,
    PlaceFacts,
    worst_first,
)
from geo.months import Month, local_day
from geo.services import coverage
from geo.storage import reach
from geo.storage.queries import areas, boundaries
from geo.storage.queries import place_coverage as queries
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo

Names = dict[str, areas.AreaInfo]


def report(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    kind: ListedKind | None = None,
    area: str | None = None,
    now: datetime | None = None,
) -> PlaceCoverage:
    """Places of a scope and whether they were visited in a month.

    A place belongs to the deepest area of the active version that it lies in now, also for a month in which it lay, or
    was drawn, elsewhere; one that lies in no area is counted for the whole county only.

    :param kind: only this kind; households are counted where all are asked for
    :param area: code of the scope; the whole county if not given
    :raises FutureMonth: the month has not begun in the county
    :raises UnknownArea: the active version has no such area
    """
    as_of = coverage.counted_to(county, month, now)
    version = boundaries.active(session, county.code)
    scope = coverage.scope_of(session, county, version, area)
    asked = queries.Asked(version, scope, month.first_day, *month.bounds(county.zone))
    places = queries.places(session, asked, [kind] if kind else LISTED)
    households = [] if kind else queries.households(session, asked)
    above = _names_above(session, version, [*places, *households])
    return PlaceCoverage(
        county=county.code,
        scope=scope.code,
        scope_name=scope.name,
        month=month,
        kind=kind,
        version=version.version,
        as_of=as_of,
        places=worst_first(_fact(row, county, above) for row in places),
        households=tuple(HouseholdFacts(_home(row, above), Count(row.households, row.visited)) for row in households),
    )


def _names_above(session: Session, version: VersionInfo, rows: Sequence[Row[Any]]) -> Names:
    """Towns and villages of homes, which may lie above what the reader sees."""
    codes = {code for row in rows for code in (row.town_code, row.village_code) if code}
    with reach.unlimited(session):
        return areas.by_codes(session, version, sorted(codes))


def _fact(row: Row[Any], county: CountyInfo, above: Names) -> PlaceFacts:
    return PlaceFacts(
        id=row.id,
        name=row.name,
        kind=row.kind,
        home=_home(row, above),
        partner=Partner(row.staff_no, row.cadre_name, row.organisation) if row.staff_no else None,
        visits=row.visits,
        last_visit=local_day(row.last, county.zone) if row.last else None,
    )


def _home(row: Row[Any], above: Names) -> Home | None:
    if row.area_code is None:
        return None
    town, village = (above[code].name if code else None for code in (row.town_code, row.village_code))
    return Home(row.area_code, row.area_name, town, village)
