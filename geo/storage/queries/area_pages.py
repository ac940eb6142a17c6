"""What stands on one area's page and nowhere else: what touches it, its places, its last visits, its descent."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from geo.storage.queries.areas import AreaInfo, in_scope, in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, BoundaryVersion, Cadre, Lineage, Place, Visit, VisitTally


def beside(session: Session, version: VersionInfo, area: AreaInfo) -> dict[str, str]:
    """Names by code of the areas of the same level that touch an area."""
    own = aliased(Area)
    query = (
        select(Area.code, Area.name)
        .join_from(Area, own, func.ST_Intersects(Area.geom, own.geom))
        .where(in_version(version), Area.level == area.level, Area.code != area.code)
        .where(own.county_code == version.county, own.version == version.version, own.code == area.code)
        .order_by(Area.code)
    )
    return {row.code: row.name for row in session.execute(query)}


def visits_by_month(session: Session, version: VersionInfo, area: AreaInfo) -> dict[date, tuple[int, datetime]]:
    """Visits and the start of the last one by first day of the month, of an area of the active version."""
    tally = VisitTally.__table__.c
    query = (
        select(tally.month, func.sum(tally.visits), func.max(tally.last_at))
        .join_from(VisitTally.__table__, Area, tally.area_code == Area.code)
        .where(tally.county_code == version.county, in_version(version), in_scope(area.path))
        .group_by(tally.month)
    )
    return {month: (int(visits), last) for month, visits, last in session.execute(query)}


def places(session: Session, version: VersionInfo, area: AreaInfo) -> dict[str, int]:
    """Places in an area by kind."""
    query = (
        select(Place.kind, func.count())
        .join_from(Place, Area, in_version(version) & (Area.code == Place.area_code))
        .where(Place.county_code == version.county, in_scope(area.path))
        .group_by(Place.kind)
    )
    return {kind: count for kind, count in session.execute(query)}  # noqa: C416 - rows are no pairs to the type checker


def place_names(session: Session, version: VersionInfo, area: AreaInfo, *, limit: int) -> list[tuple[str, str]]:
    """Kind and name of the places of an area, households apart, by name."""
    query = (
        select(Place.kind, func.coalesce(Place.name, Place.id))
        .join_from(Place, Area, in_version(version) & (Area.code == Place.area_code))
        .where(Place.county_code == version.county, in_scope(area.path), Place.kind != "household")
        .order_by(func.coalesce(Place.name, Place.id), Place.id)
        .limit(limit)
    )
    return [(kind, name) for kind, name in session.execute(query)]


def last_visits(session: Session, county: str, area: AreaInfo, *, limit: int) -> list[UUID]:
    """Ids of the last visits of an area, the latest first."""
    query = (
        select(Visit.id)
        .where(Visit.county_code == county, Visit.withdrawn_at.is_(None))
        .where(getattr(Visit, f"{area.level}_code") == area.code)
        .order_by(Visit.started_at.desc(), Visit.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def cadre_names(session: Session, county: str, staff_numbers: Sequence[str]) -> dict[str, str]:
    """Names by staff number."""
    query = select(Cadre.staff_no, Cadre.name).where(Cadre.county_code == county, Cadre.staff_no.in_(staff_numbers))
    return {row.staff_no: row.name for row in session.execute(query)}


def descent(session: Session, county: str, code: str) -> list[tuple[Lineage, date]]:
    """Links of an area in the versions that are or were in force, but those in which it stayed as it was."""
    query: Any = (
        select(Lineage, BoundaryVersion.in_force_from)
        .join_from(
            Lineage,
            BoundaryVersion,
            (BoundaryVersion.county_code == Lineage.county_code) & (BoundaryVersion.version == Lineage.version),
        )
        .where(Lineage.county_code == county, Lineage.relation != "same", BoundaryVersion.status != "staged")
        .where(or_(Lineage.old_code == code, Lineage.new_code == code))
        .order_by(BoundaryVersion.in_force_from.desc(), Lineage.version.desc(), Lineage.ordinal)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
