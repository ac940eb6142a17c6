"""What a county asks of its areas: visit rules, and which areas are left out or count as key."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, delete, or_, select
from sqlalchemy.orm import Session

from geo.space.codes import Level
from geo.storage.queries.areas import in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, AreaSetting, Organisation, VisitRule


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """How often the areas of a level and tier are to be visited: so many a month, or one every so many days."""

    level: Level
    tier: str
    visits_per_month: int | None
    every_days: int | None


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """What was decided about an area; level, name and parent are None where the version has it no more."""

    code: str
    tier: str
    excluded_reason: str | None
    excluded_by: str | None
    excluded_on: date | None
    level: Level | None = None
    name: str | None = None
    parent: str | None = None


def rules(session: Session, county: str) -> list[RuleInfo]:
    """All rules that were written; what is not written is one visit a month."""
    query = select(VisitRule.level, VisitRule.tier, VisitRule.visits_per_month, VisitRule.every_days)
    rows: Any = session.execute(query.where(VisitRule.county_code == county))
    return [RuleInfo(*row) for row in rows]


def settings(session: Session, version: VersionInfo, *, code: str | None = None) -> list[SettingInfo]:
    """Areas that are left out or key, the larger levels first, then by code.

    :param code: only this one, whatever was decided about it
    """
    parent = select(Area.code, Area.name).where(in_version(version)).subquery()
    in_force = select(Area.code, Area.level, Area.name, Area.parent_code).where(in_version(version)).subquery()
    order = case({"county": 0, "town": 1, "village": 2, "grid": 3}, value=in_force.c.level, else_=4)
    query = (
        select(
            AreaSetting.code,
            AreaSetting.tier,
            AreaSetting.excluded_reason,
            AreaSetting.excluded_by,
            AreaSetting.excluded_on,
            in_force.c.level,
            in_force.c.name,
            parent.c.name,
        )
        .join_from(AreaSetting, in_force, in_force.c.code == AreaSetting.code, isouter=True)
        .join(parent, parent.c.code == in_force.c.parent_code, isouter=True)
        .where(AreaSetting.county_code == version.county)
        .order_by(order, AreaSetting.code)
    )
    if code is not None:
        query = query.where(AreaSetting.code == code)
    else:
        query = query.where(or_(AreaSetting.tier == "key", AreaSetting.excluded_reason.is_not(None)))
    rows: Any = session.execute(query)
    return [SettingInfo(*row) for row in rows]


def forget(session: Session, county: str, code: str) -> None:
    """Nothing is decided about an area any more: it counts, and is ordinary."""
    session.execute(delete(AreaSetting).where(AreaSetting.county_code == county, AreaSetting.code == code))


def organisations(session: Session, county: str) -> dict[str, str]:
    """Names of all organisations by code."""
    query = select(Organisation.code, Organisation.name).where(Organisation.county_code == county)
    return {row.code: row.name for row in session.execute(query.order_by(Organisation.code))}
