"""Boundary versions: which is in force, and what it holds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, defer

from geo.errors import NoBoundaries, UnknownVersion
from geo.storage.tables import Area, BoundaryVersion


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A boundary version; ``loaded_at`` tells two of the same number in two databases apart."""

    county: str
    version: int
    status: str
    source: str
    in_force_from: date | None
    in_force_until: date | None
    loaded_at: datetime
    based_on: int | None = None
    replaced: int | None = None
    activated_at: datetime | None = None
    largest_overlap_m2: float = 0.0
    overlaps_accepted_at: datetime | None = None


def active(session: Session, county: str) -> VersionInfo:
    """The version that is in force now; raises `NoBoundaries`."""
    found = find_active(session, county)
    if found is None:
        raise NoBoundaries
    return found


def find_active(session: Session, county: str) -> VersionInfo | None:
    """The version that is in force now, if any."""
    return _first(session, _of(county).where(BoundaryVersion.status == "active"))


def in_force_on(session: Session, county: str, day: date) -> VersionInfo:
    """The version in force on a day; before the first one, the first one, since a county always had boundaries."""
    begun = BoundaryVersion.in_force_from <= day
    ended = BoundaryVersion.in_force_until
    found = _first(session, _of(county).where(begun, or_(ended.is_(None), ended > day)))
    if found is None:
        lasted: ColumnElement[bool] = or_(ended.is_(None), ended > BoundaryVersion.in_force_from)
        first_day = select(func.min(BoundaryVersion.in_force_from)).where(
            BoundaryVersion.county_code == county, BoundaryVersion.status != "staged", lasted
        )
        first = BoundaryVersion.in_force_from == first_day.scalar_subquery()
        found = _first(session, _of(county).where(first, lasted))
    if found is None:
        raise NoBoundaries
    return found


def get(session: Session, county: str, version: int) -> VersionInfo:
    """One version by its number; raises `UnknownVersion`."""
    found = _first(session, _of(county).where(BoundaryVersion.version == version))
    if found is None:
        raise UnknownVersion(county=county, version=version)
    return found


def all_of(session: Session, county: str) -> list[VersionInfo]:
    """Every version, the newest first."""
    return [_info(row) for row in session.scalars(_of(county))]


def report_of(session: Session, county: str, version: int) -> dict[str, Any] | None:
    """What the checks found when a version was staged; None for one that was staged before they were stored."""
    return session.scalar(
        select(BoundaryVersion.report).where(BoundaryVersion.county_code == county, BoundaryVersion.version == version)
    )


def count_by_level(session: Session, county: str, version: int) -> dict[str, int]:
    """Areas of a version by level."""
    rows = session.execute(
        select(Area.level, func.count()).where(Area.county_code == county, Area.version == version).group_by(Area.level)
    )
    return {row[0]: row[1] for row in rows}


def counts_of_all(session: Session, county: str) -> dict[int, dict[str, int]]:
    """Areas of every version by level; empty for a version that has none."""
    rows = session.execute(
        select(Area.version, Area.level, func.count())
        .where(Area.county_code == county)
        .group_by(Area.version, Area.level)
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for version, level, count in rows:
        counts[version][level] = count
    return counts


def area_rows(session: Session, county: str, version: int, levels: Sequence[str]) -> list[Area]:
    """The areas of some levels of a version, geometry included, by code."""
    return list(
        session.scalars(
            select(Area)
            .where(Area.county_code == county, Area.version == version, Area.level.in_(levels))
            .order_by(Area.code)
        )
    )


def _of(county: str) -> Select[BoundaryVersion]:
    return (
        select(BoundaryVersion)
        .options(defer(BoundaryVersion.report))
        .where(BoundaryVersion.county_code == county)
        .order_by(BoundaryVersion.version.desc())
        .execution_options(populate_existing=True)
    )


def _first(session: Session, query: Select[BoundaryVersion]) -> VersionInfo | None:
    row = session.scalars(query.limit(1)).first()
    return _info(row) if row else None


def _info(row: BoundaryVersion) -> VersionInfo:
    return VersionInfo(
        row.county_code,
        row.version,
        row.status,
        row.source,
        row.in_force_from,
        row.in_force_until,
        row.loaded_at,
        row.based_on,
        row.replaced,
        row.activated_at,
        row.largest_overlap_m2,
        row.overlaps_accepted_at,
    )
