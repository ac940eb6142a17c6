"""Assignments, settings and organisations that stand at some codes, and the few writes that carry them over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from geo.storage.tables import AreaSetting, Assignment, Organisation


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment that is in force on some day or later."""

    id: int
    staff_no: str
    area: str
    role: str
    from_day: date
    to_day: date | None

    def overlaps(self, other: "Held") -> bool:
        """Whether both are in force on one day."""
        return (self.to_day is None or other.from_day < self.to_day) and (
            other.to_day is None or self.from_day < other.to_day
        )

    def says_the_same(self, other: "Held") -> bool:
        """Whether it gives the same person the same role for as long or longer."""
        lasts = self.to_day is None or (other.to_day is not None and other.to_day <= self.to_day)
        return self.staff_no == other.staff_no and self.role == other.role and lasts and self.overlaps(other)

    def moved(self, area: str, day: date, number: int) -> "Held":
        """The same under another code, from a day on."""
        return replace(self, id=number, area=area, from_day=day)


@dataclass(frozen=True, slots=True)
class Setting:
    """Tier and exclusion of an area."""

    tier: str
    excluded_reason: str | None
    excluded_by: str | None
    excluded_on: date | None


def assignments(session: Session, county: str, codes: Sequence[str], day: date) -> list[Held]:
    """Assignments for some codes that are in force on a day or later, those that last longest first."""
    rows = session.execute(
        select(
            Assignment.id,
            Assignment.staff_no,
            Assignment.area_code,
            Assignment.role,
            Assignment.from_day,
            Assignment.to_day,
        )
        .where(
            Assignment.county_code == county,
            Assignment.area_code.in_(codes),
            or_(Assignment.to_day.is_(None), Assignment.to_day > day),
        )
        .order_by(Assignment.to_day.desc().nulls_first(), Assignment.id)
    )
    return [Held(*row) for row in rows]


def end_assignment(session: Session, county: str, number: int, day: date | None) -> None:
    """Set the first day on which it is no longer in force; None for none."""
    session.execute(update(Assignment).where(_is(county, number)).values(to_day=day))


def move_assignment(session: Session, county: str, number: int, area: str) -> None:
    """Write it to another code."""
    session.execute(update(Assignment).where(_is(county, number)).values(area_code=area))


def add_assignment(session: Session, county: str, like: Held, area: str, day: date) -> int:
    """The same for another code from a day on; returns its id."""
    number: int = session.execute(
        insert(Assignment)
        .values(
            county_code=county,
            staff_no=like.staff_no,
            area_code=area,
            role=like.role,
            from_day=day,
            to_day=like.to_day,
        )
        .returning(Assignment.id)
    ).scalar_one()
    return number


def drop_assignment(session: Session, county: str, number: int) -> None:
    """Take one away that an activation had made."""
    session.execute(delete(Assignment).where(_is(county, number)))


def settings(session: Session, county: str, codes: Sequence[str]) -> dict[str, Setting]:
    """Settings by code."""
    rows = session.execute(
        select(
            AreaSetting.code,
            AreaSetting.tier,
            AreaSetting.excluded_reason,
            AreaSetting.excluded_by,
            AreaSetting.excluded_on,
        ).where(AreaSetting.county_code == county, AreaSetting.code.in_(codes))
    )
    return {row[0]: Setting(*row[1:]) for row in rows}


def add_setting(session: Session, county: str, code: str, like: Setting) -> None:
    """The same for another code; the old one keeps its own, for months that are read with its boundaries."""
    session.execute(
        insert(AreaSetting).values(
            county_code=county,
            code=code,
            tier=like.tier,
            excluded_reason=like.excluded_reason,
            excluded_by=like.excluded_by,
            excluded_on=like.excluded_on,
        )
    )


def drop_setting(session: Session, county: str, code: str) -> None:
    """Take one away that an activation had made."""
    session.execute(delete(AreaSetting).where(AreaSetting.county_code == county, AreaSetting.code == code))


def organisations(session: Session, county: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Organisations that belong to some areas: code of each, code of its area."""
    rows = session.execute(
        select(Organisation.code, Organisation.area_code)
        .where(Organisation.county_code == county, Organisation.area_code.in_(codes))
        .order_by(Organisation.code)
    )
    return [(code, str(area)) for code, area in rows]


def place_organisation(session: Session, county: str, code: str, area: str) -> None:
    """Give an organisation another area."""
    session.execute(
        update(Organisation).where(Organisation.county_code == county, Organisation.code == code).values(area_code=area)
    )


def _is(county: str, number: int) -> ColumnElement[bool]:
    return (Assignment.county_code == county) & (Assignment.id == number)
