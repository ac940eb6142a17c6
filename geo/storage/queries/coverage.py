"""Counts behind a coverage report.

Everything is grouped from a `Source`: for the active version the tallies that triggers keep, so that a month among ten
million visits costs what the month's areas and cadres cost; for a retired version the same columns, counted on the spot
from visits that its own locator has tagged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    case,
    cast,
    column,
    func,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.space.codes import Level
from geo.storage import reach
from geo.storage.bulk import copy_rows
from geo.storage.queries.areas import in_scope, in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import (
    Area,
    AreaSetting,
    Assignment,
    Cadre,
    Organisation,
    Place,
    ReachedTally,
    Visit,
    VisitRule,
    VisitTally,
)

OWNERS: Final[dict[Level, InstrumentedAttribute[Any]]] = {
    "county": Area.county_code,
    "town": Area.town_code,
    "village": Area.village_code,
    "grid": Area.grid_code,
}
"""The column of ``areas`` that names the ancestor at a level."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where counts come from: ``tallies`` and ``reached`` by month and area, ``visits`` by area and start."""

    tallies: FromClause
    reached: FromClause
    visits: FromClause


KEPT: Final = Source(VisitTally.__table__, ReachedTally.__table__, Visit.__table__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One reading: a month of a scope at a level, in one boundary version."""

    version: VersionInfo
    level: Level
    scope: str
    month: date
    start: datetime
    end: datetime
    as_of: date


def areas(session: Session, asked: Asked) -> Sequence[Row[Any]]:
    """The areas to be judged, with their settings, the name of their parent and the number of their grids."""
    parent = select(Area.code, Area.name).where(in_version(asked.version)).subquery()
    owner = OWNERS[asked.level]
    grids = (
        select(owner.label("owner"), func.count().label("grids"))
        .where(in_version(asked.version), in_scope(asked.scope), Area.level == "grid")
        .group_by(owner)
        .subquery()
    )
    query = (
        select(
            Area.code,
            Area.name,
            Area.level,
            Area.kind,
            Area.path,
            parent.c.name.label("parent_name"),
            Area.households,
            Area.population,
            func.coalesce(AreaSetting.tier, "ordinary").label("tier"),
            AreaSetting.excluded_reason,
            AreaSetting.excluded_by,
            AreaSetting.excluded_on,
            func.coalesce(grids.c.grids, 0).label("grids"),
        )
        .join_from(Area, parent, Area.parent_code == parent.c.code, isouter=True)
        .join(grids, grids.c.owner == Area.code, isouter=True)
        .join(
            AreaSetting,
            (AreaSetting.county_code == Area.county_code) & (AreaSetting.code == Area.code),
            isouter=True,
        )
        .where(in_version(asked.version), in_scope(asked.scope), Area.level == asked.level)
        .order_by(Area.code)
    )
    return session.execute(query).all()


def visits(session: Session, asked: Asked, source: Source) -> dict[str | None, Row[Any]]:
    """Per area: visits, unlocated ones, cadres. What lies above the level stands under None."""
    tally, owner = source.tallies.c, OWNERS[asked.level]
    # Two groupings by hash instead of count(distinct), which would sort the month's tallies by text: half the time.
    by_cadre = (
        select(
            owner.label("owner"),
            func.sum(tally.visits).label("visits"),
            func.sum(tally.unlocated).label("unlocated"),
        )
        .join_from(source.tallies, Area, tally.area_code == Area.code)
        .where(*_in_month(asked, tally), in_version(asked.version), in_scope(asked.scope))
        .group_by(owner, tally.staff_no)
        .subquery()
    )
    query = select(
        by_cadre.c.owner,
        func.sum(by_cadre.c.visits).label("visits"),
        func.sum(by_cadre.c.unlocated).label("unlocated"),
        func.count().label("cadres"),
    ).group_by(by_cadre.c.owner)
    return {row.owner: row for row in session.execute(query)}


def grids_reached(session: Session, asked: Asked, source: Source) -> dict[str | None, int]:
    """Grids with a visit in the month, by area."""
    tally, owner = source.tallies.c, OWNERS[asked.level]
    query = (
        select(owner.label("owner"), func.count().label("grids"))
        .where(in_version(asked.version), in_scope(asked.scope), Area.level == "grid")
        .where(Area.code.in_(select(tally.area_code).where(*_in_month(asked, tally))))
        .group_by(owner)
    )
    return {row.owner: row.grids for row in session.execute(query)}


def outside(session: Session, asked: Asked, source: Source) -> int:
    """Visits of the county's month that no area contains; 0 for those who see a part of the county only."""
    if not reach.is_whole(session):
        return 0
    tally = source.tallies.c
    query = select(func.coalesce(func.sum(tally.visits), 0)).where(*_in_month(asked, tally), tally.area_code == "")
    return int(session.scalar(query) or 0)


def households(session: Session, asked: Asked, source: Source) -> dict[str | None, int]:
    """Households with a visit in the month, by the area of their home. A household has one home, so they add up."""
    tally, owner = source.reached.c, OWNERS[asked.level]
    query = (
        select(owner.label("owner"), func.sum(tally.households).label("households"))
        .join_from(source.reached, Area, tally.area_code == Area.code)
        .where(*_in_month(asked, tally), in_version(asked.version), in_scope(asked.scope))
        .group_by(owner)
    )
    return {row.owner: int(row.households) for row in session.execute(query)}


def last_visits(
    session: Session, asked: Asked, source: Source, *, month: date, before: datetime
) -> dict[str | None, datetime]:
    """Start of the last visit up to the end of a month, by area.

    An area that was visited in the month has it in its tallies; for any other the index is probed.

    :param before: the first instant after the month
    """
    tally, visit, owner = source.tallies.c, source.visits.c, OWNERS[asked.level]
    county = asked.version.county
    kept = (
        select(tally.area_code, func.max(tally.last_at).label("last"))
        .where(tally.county_code == county, tally.month == month)
        .group_by(tally.area_code)
        .subquery()
    )
    probe = (
        select(func.max(visit.started_at))
        .where(visit.county_code == county, visit.area_code == Area.code, visit.started_at < before)
        .where(visit.withdrawn_at.is_(None))
        .correlate(Area)
        .scalar_subquery()
    )
    found = (
        select(owner.label("owner"), func.coalesce(kept.c.last, probe).label("last"))
        .join_from(Area, kept, kept.c.area_code == Area.code, isouter=True)
        .where(in_version(asked.version), in_scope(asked.scope), owner.is_not(None))
        .subquery()
    )
    query = select(found.c.owner, func.max(found.c.last).label("last")).group_by(found.c.owner)
    return {row.owner: row.last for row in session.execute(query) if row.last is not None}


def responsible(session: Session, asked: Asked) -> Sequence[Row[str, str, str, str, str]]:
    """Who holds a role for the areas of the level on the report's day; heads first."""
    held = (Assignment.from_day <= asked.as_of) & ((Assignment.to_day.is_(None)) | (Assignment.to_day > asked.as_of))
    order = case({"grid_head": 0, "village_link": 1, "area_leader": 2}, value=Assignment.role, else_=3)
    query = (
        select(
            Assignment.area_code,
            Cadre.staff_no,
            Cadre.name,
            Assignment.role,
            Organisation.name.label("organisation"),
        )
        .join_from(Assignment, Area, Assignment.area_code == Area.code)
        .join(Cadre, (Cadre.county_code == Assignment.county_code) & (Cadre.staff_no == Assignment.staff_no))
        .join(
            Organisation,
            (Organisation.county_code == Cadre.county_code) & (Organisation.code == Cadre.organisation_code),
        )
        .where(
            Assignment.county_code == asked.version.county,
            held,
            in_version(asked.version),
            in_scope(asked.scope),
            Area.level == asked.level,
        )
        .order_by(Assignment.area_code, order, Assignment.role, Cadre.staff_no)
    )
    return session.execute(query).all()


def latest_month(session: Session, county: str, *, until: date) -> date | None:
    """The latest month up to a day that has visits."""
    return session.scalar(
        select(func.max(VisitTally.month)).where(VisitTally.county_code == county, VisitTally.month <= until)
    )


def rules(session: Session, county: str, level: Level) -> Sequence[VisitRule]:
    """The visit rules of a level."""
    query = select(VisitRule).where(VisitRule.county_code == county, VisitRule.level == level)
    return session.scalars(query).all()


def tallied(visits_: FromClause, places: FromClause, zone: str) -> tuple[Select[Any], Select[Any]]:
    """The two tallies counted from scratch: what triggers keep must always equal this.

    :param visits_: ``visits`` or a table with its columns
    :param places: ``places`` or a table with its columns
    """
    visit = visits_.c
    month = cast(func.date_trunc("month", func.timezone(zone, visit.started_at)), Date).label("month")
    stands = visit.withdrawn_at.is_(None)
    by_cadre = (
        select(
            visit.county_code,
            month,
            visit.area_code,
            visit.staff_no,
            func.count().label("visits"),
            func.count().filter(visit.tag == "unlocated").label("unlocated"),
            func.max(visit.started_at).label("last_at"),
        )
        .where(stands)
        .group_by(visit.county_code, month, visit.area_code, visit.staff_no)
    )
    home = func.coalesce(places.c.area_code, "").label("area_code")
    joined = (places.c.county_code == visit.county_code) & (places.c.id == visit.place_id)
    by_household = (
        select(visit.county_code, month, home, visit.place_id, func.count().label("visits"))
        .join_from(visits_, places, joined)
        .where(places.c.kind == "household", stands)
        .group_by(visit.county_code, month, home, visit.place_id)
    )
    return by_cadre, by_household


def households_reached(tallies: FromClause) -> Select[Any]:
    """How many households of each area have a tally: what ``reached_tallies`` must always equal.

    :param tallies: ``household_tallies`` or a table with its columns
    """
    key = (tallies.c.county_code, tallies.c.month, tallies.c.area_code)
    return select(*key, func.count().label("households")).group_by(*key)


def source_of_tags(
    session: Session, county: str, zone: str, visit_tags: Sequence[Sequence[Any]], homes: Sequence[Sequence[Any]]
) -> Source:
    """A source for another version: tags of visits (id, area) and homes of places (id, area) are put beside them.

    The tables last until the transaction ends.
    """
    for name, kind, rows in (("then_tags", "uuid", visit_tags), ("then_homes", "text", homes)):
        session.execute(text(f"DROP TABLE IF EXISTS {name}"))
        session.execute(text(f"CREATE TEMP TABLE {name} (id {kind} PRIMARY KEY, area_code text) ON COMMIT DROP"))
        copy_rows(session, name, ("id", "area_code"), rows)
    tags, homes_ = (table(name, column("id"), column("area_code")) for name in ("then_tags", "then_homes"))
    retagged = (
        select(
            Visit.county_code,
            Visit.staff_no,
            Visit.started_at,
            Visit.place_id,
            Visit.tag,
            Visit.withdrawn_at,
            tags.c.area_code,
        )
        .join_from(Visit, tags, tags.c.id == Visit.id)
        .where(Visit.county_code == county)
        .cte("retagged")
    )
    rehomed = (
        select(literal(county).label("county_code"), Place.id, Place.kind, homes_.c.area_code)
        .join_from(Place, homes_, homes_.c.id == Place.id)
        .where(Place.county_code == county)
        .cte("rehomed")
    )
    by_cadre, by_household = tallied(retagged, rehomed, zone)
    reached = households_reached(by_household.subquery("then_households"))
    return Source(by_cadre.subquery("then_tallies"), reached.subquery("then_reached"), retagged)


def _in_month(asked: Asked, tally: Any) -> tuple[ColumnElement[bool], ...]:
    return tally.county_code == asked.version.county, tally.month == asked.month
