"""Assignments: who holds which role for which area on a day, and every change there ever was."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from geo.storage.tables import Area, Assignment, AssignmentChange, AssignmentCounter, Cadre, Organisation

_ROLES = {"grid_head": 0, "full_time": 1, "part_time": 2, "instructor": 3, "village_link": 4, "area_leader": 5}


@dataclass(frozen=True, slots=True)
class AssignmentInfo:
    """A cadre's role for an area from a day up to, not including, another."""

    id: int
    area: str
    role: str
    from_day: date
    to_day: date | None
    staff_no: str
    name: str
    post: str | None
    organisation: str
    organisation_name: str

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.from_day <= day and (self.to_day is None or day < self.to_day)


@dataclass(frozen=True, slots=True)
class Change:
    """What an assignment was after a change; before it, where it was removed."""

    number: int
    at: datetime
    actor: str
    action: str
    id: int
    staff_no: str
    area: str
    role: str
    from_day: date
    to_day: date | None


def held_on(day: date) -> ColumnElement[bool]:
    """In force on a day."""
    return (Assignment.from_day <= day) & or_(Assignment.to_day.is_(None), Assignment.to_day > day)


def on_areas(session: Session, county: str, areas: Collection[str], day: date) -> dict[str, list[AssignmentInfo]]:
    """Assignments in force on a day by area, heads first; an area without any is left out."""
    by_area: dict[str, list[AssignmentInfo]] = defaultdict(list)
    if areas:
        query = _infos(county).where(Assignment.area_code.in_(areas), held_on(day))
        for row in session.execute(query.order_by(_by_role(), Assignment.staff_no, Assignment.id)):
            by_area[row.area].append(AssignmentInfo(*row))
    return dict(by_area)


def all_of(session: Session, county: str) -> list[AssignmentInfo]:
    """Every assignment there was or will be, heads first."""
    query = _infos(county).order_by(_by_role(), Assignment.staff_no, Assignment.id)
    return [AssignmentInfo(*row) for row in session.execute(query)]


def page(
    session: Session,
    county: str,
    *,
    areas: Collection[str] | None = None,
    staff_no: str | None = None,
    role: str | None = None,
    on: date | None = None,
    after: int = 0,
    limit: int,
) -> list[AssignmentInfo]:
    """Assignments by id, from after one on; those of some areas, one cadre, one role, in force on a day."""
    query = _infos(county).where(Assignment.id > after).order_by(Assignment.id).limit(limit)
    if areas is not None:
        query = query.where(Assignment.area_code.in_(areas))
    if staff_no is not None:
        query = query.where(Assignment.staff_no == staff_no)
    if role is not None:
        query = query.where(Assignment.role == role)
    if on is not None:
        query = query.where(held_on(on))
    return [AssignmentInfo(*row) for row in session.execute(query)]


def get(session: Session, county: str, number: int) -> AssignmentInfo | None:
    """One assignment by its id."""
    row = session.execute(_infos(county).where(Assignment.id == number)).first()
    return AssignmentInfo(*row) if row else None


def of_cadre(session: Session, county: str, staff_no: str, day: date) -> list[AssignmentInfo]:
    """What a cadre holds on a day or will hold later, by area."""
    query = _infos(county).where(
        Assignment.staff_no == staff_no, or_(Assignment.to_day.is_(None), Assignment.to_day > day)
    )
    return [AssignmentInfo(*row) for row in session.execute(query.order_by(Assignment.area_code, Assignment.id))]


def heads_within(session: Session, county: str, area: str, begin: date, end: date | None) -> list[AssignmentInfo]:
    """Who is head of an area on some day from one up to, not including, another, or from one on; the first first."""
    query = _infos(county).where(
        Assignment.area_code == area,
        Assignment.role == "grid_head",
        or_(Assignment.to_day.is_(None), Assignment.to_day > begin),
    )
    if end is not None:
        query = query.where(Assignment.from_day < end)
    return [AssignmentInfo(*row) for row in session.execute(query.order_by(Assignment.from_day, Assignment.id))]


def cadre_exists(session: Session, county: str, staff_no: str) -> bool:
    """Whether a cadre has this staff number."""
    return session.get(Cadre, (county, staff_no)) is not None


def organisation_of(session: Session, county: str, staff_no: str) -> str | None:
    """Code of the organisation of a cadre; None for an unknown one."""
    cadre = session.get(Cadre, (county, staff_no))
    return cadre.organisation_code if cadre else None


def add(session: Session, county: str, staff_no: str, area: str, role: str, from_day: date, to_day: date | None) -> int:
    """Write one; its id."""
    query = insert(Assignment).values(
        county_code=county, staff_no=staff_no, area_code=area, role=role, from_day=from_day, to_day=to_day
    )
    number: int = session.execute(query.returning(Assignment.id)).scalar_one()
    return number


def end(session: Session, county: str, numbers: Collection[int], day: date) -> int:
    """End some on a day, the first on which they are no longer in force; how many."""
    query = update(Assignment).where(Assignment.county_code == county, Assignment.id.in_(numbers)).values(to_day=day)
    result: Any = session.execute(query)
    return int(result.rowcount)


def remove(session: Session, county: str, number: int) -> None:
    """Take one away that has not begun; its history stays."""
    session.execute(delete(Assignment).where(Assignment.county_code == county, Assignment.id == number))


def act_as(session: Session, actor: str) -> None:
    """Whose name stands at the changes of this transaction."""
    session.execute(text("SELECT set_config('wangge.actor', :actor, true)"), {"actor": actor})


def last_change(session: Session, county: str) -> int:
    """Number of the last change, 0 where there was none."""
    return session.scalar(select(AssignmentCounter.last).where(AssignmentCounter.county_code == county)) or 0


def changes(session: Session, county: str, *, after: int, since: datetime | None, limit: int) -> list[Change]:
    """Changes in the order in which they were committed, from after a number, or from a moment on."""
    query = _changes(county).where(AssignmentChange.number > after).limit(limit)
    if since is not None:
        query = query.where(AssignmentChange.at >= since)
    return [Change(*row) for row in session.execute(query)]


def history(session: Session, county: str, *, area: str | None, staff_no: str | None) -> list[Change]:
    """Changes of one area's or one cadre's assignments, or all of them, in the order in which they were committed."""
    query = _changes(county)
    if area is not None:
        query = query.where(AssignmentChange.area_code == area)
    if staff_no is not None:
        query = query.where(AssignmentChange.staff_no == staff_no)
    return [Change(*row) for row in session.execute(query)]


def _changes(county: str) -> Any:
    query = select(
        AssignmentChange.number,
        AssignmentChange.at,
        AssignmentChange.actor,
        AssignmentChange.action,
        AssignmentChange.assignment_id,
        AssignmentChange.staff_no,
        AssignmentChange.area_code,
        AssignmentChange.role,
        AssignmentChange.from_day,
        AssignmentChange.to_day,
    )
    return query.where(AssignmentChange.county_code == county).order_by(AssignmentChange.number)


def _by_role() -> ColumnElement[int]:
    return case(_ROLES, value=Assignment.role, else_=len(_ROLES))


def _infos(county: str) -> Any:
    return (
        select(
            Assignment.id,
            Assignment.area_code.label("area"),
            Assignment.role,
            Assignment.from_day,
            Assignment.to_day,
            Assignment.staff_no,
            Cadre.name,
            Cadre.post,
            Cadre.organisation_code,
            Organisation.name.label("organisation_name"),
        )
        .join(Cadre, (Cadre.county_code == Assignment.county_code) & (Cadre.staff_no == Assignment.staff_no))
        .join(
            Organisation,
            (Organisation.county_code == Cadre.county_code) & (Organisation.code == Cadre.organisation_code),
        )
        .where(Assignment.county_code == county)
    )


@dataclass(frozen=True, slots=True)
class Load:
    """What a cadre holds on a day; households are those of the areas, counted once for each area."""

    staff_no: str
    name: str
    organisation: str
    organisation_name: str
    areas: int
    households: int


def loads(session: Session, county: str, version: int, day: date) -> list[Load]:
    """Every cadre with what he or she holds on a day, nothing included, by organisation and staff number."""
    areas = (
        select(Assignment.staff_no, Area.code, func.max(func.coalesce(Area.households, 0)).label("households"))
        .join_from(Assignment, Area, (Area.county_code == Assignment.county_code) & (Area.code == Assignment.area_code))
        .where(Assignment.county_code == county, Area.version == version, held_on(day))
        .group_by(Assignment.staff_no, Area.code)
        .subquery()
    )
    query = (
        select(
            Cadre.staff_no,
            Cadre.name,
            Cadre.organisation_code,
            Organisation.name,
            func.count(areas.c.code),
            func.coalesce(func.sum(areas.c.households), 0),
        )
        .join_from(Cadre, areas, areas.c.staff_no == Cadre.staff_no, isouter=True)
        .join(
            Organisation,
            (Organisation.county_code == Cadre.county_code) & (Organisation.code == Cadre.organisation_code),
        )
        .where(Cadre.county_code == county)
        .group_by(Cadre.staff_no, Cadre.name, Cadre.organisation_code, Organisation.name)
        .order_by(Cadre.organisation_code, Cadre.staff_no)
    )
    rows: Any = session.execute(query)
    return [Load(*row) for row in rows]


def without(
    session: Session, county: str, version: int, level: str, role: str, day: date
) -> list[tuple[str, str, str | None]]:
    """Code, name and parent of the areas of a level that have nobody of a role on a day, by code."""
    holders = select(Assignment.area_code).where(
        Assignment.county_code == county, Assignment.role == role, held_on(day)
    )
    query = (
        select(Area.code, Area.name, Area.parent_code)
        .where(Area.county_code == county, Area.version == version, Area.level == level, Area.code.not_in(holders))
        .order_by(Area.code)
    )
    rows: Any = session.execute(query)
    return [tuple(row) for row in rows]
