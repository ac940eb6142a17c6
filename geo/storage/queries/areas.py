"""Areas of one boundary version."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from geo.space.codes import Level
from geo.space.place import Place
from geo.storage import reach
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, BoundaryVersion


@dataclass(frozen=True, slots=True)
class AreaInfo:
    """An area without its shape."""

    code: str
    level: Level
    kind: str | None
    name: str
    parent: str | None
    path: str
    households: int | None
    population: int | None
    area_m2: float


_INFO = (
    Area.code,
    Area.level,
    Area.kind,
    Area.name,
    Area.parent_code,
    Area.path,
    Area.households,
    Area.population,
    Area.area_m2,
)


def in_version(version: VersionInfo) -> ColumnElement[bool]:
    """The condition that a row of ``areas`` belongs to a version."""
    return (Area.county_code == version.county) & (Area.version == version.version)


def in_scope(scope: str) -> ColumnElement[bool]:
    """The condition that an area is the scope or lies below it: a prefix of paths, never of codes."""
    return (Area.path == scope) | func.starts_with(Area.path, scope + "/")


def find(session: Session, version: VersionInfo, code: str) -> AreaInfo | None:
    """The area of that code."""
    row = session.execute(select(*_INFO).where(in_version(version), Area.code == code)).first()
    return AreaInfo(*row) if row else None


def county_name(session: Session, county: str) -> str:
    """What the boundaries in force call a county, for all of its readers; its code where there are none."""
    with reach.unlimited(session):
        query = select(Area.name).join(
            BoundaryVersion,
            (BoundaryVersion.county_code == Area.county_code) & (BoundaryVersion.version == Area.version),
        )
        name = session.scalar(
            query.where(Area.county_code == county, Area.code == county, BoundaryVersion.status == "active")
        )
    return name or county


def by_codes(session: Session, version: VersionInfo, codes: Sequence[str]) -> dict[str, AreaInfo]:
    """Areas by code; unknown codes are left out."""
    rows = session.execute(select(*_INFO).where(in_version(version), Area.code.in_(codes)))
    return {row.code: AreaInfo(*row) for row in rows}


def page(
    session: Session,
    version: VersionInfo,
    *,
    level: Level | None = None,
    parent: str | None = None,
    scope: str | None = None,
    name: str | None = None,
    after: str | None = None,
    limit: int | None,
) -> list[AreaInfo]:
    """Areas by code, from the one after ``after``; all of them without a limit."""
    query = select(*_INFO).where(in_version(version)).order_by(Area.code).limit(limit)
    conditions: list[ColumnElement[bool] | None] = [
        Area.level == level if level else None,
        Area.parent_code == parent if parent else None,
        in_scope(scope) if scope else None,
        Area.name.contains(name, autoescape=True) if name else None,
        Area.code > after if after else None,
    ]
    query = query.where(*[condition for condition in conditions if condition is not None])
    return [AreaInfo(*row) for row in session.execute(query)]


def extent(session: Session, version: VersionInfo, level: Level) -> tuple[float, float, float, float] | None:
    """West, south, east and north of all areas of a level, in degrees; None where there is none."""
    box = func.ST_Extent(Area.geom)
    corners = select(*(corner(box) for corner in (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax))).where(
        in_version(version), Area.level == level
    )
    west, south, east, north = session.execute(corners).one()
    return None if west is None else (west, south, east, north)


def shapes(session: Session, version: VersionInfo, codes: Sequence[str], *, drawn: bool) -> dict[str, BaseGeometry]:
    """Geometries by code: exact, or simplified for drawing."""
    column = Area.drawn if drawn else Area.geom
    rows = session.execute(
        select(Area.code, func.ST_AsBinary(column).label("wkb")).where(in_version(version), Area.code.in_(codes))
    ).all()
    geometries = shapely.from_wkb([bytes(row.wkb) for row in rows])
    return {row.code: geometry for row, geometry in zip(rows, geometries, strict=True)}


def places(session: Session, version: VersionInfo, level: Level) -> dict[str, Place]:
    """Where each area of a level is, by code."""
    inside = func.ST_PointOnSurface(Area.drawn)
    at = (func.ST_X(inside), func.ST_Y(inside))
    box = (corner(Area.drawn) for corner in (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax))
    query = select(Area.code, *at, *box).where(in_version(version), Area.level == level)
    return {code: Place(*numbers) for code, *numbers in session.execute(query) if numbers[0] is not None}


@dataclass(frozen=True, slots=True)
class LevelShapes:
    """All areas of one level as arrays of one length, by code."""

    codes: NDArray[np.object_]
    ancestors: dict[Level, NDArray[np.object_]]
    geometries: NDArray[np.object_]


def level_shapes(session: Session, version: VersionInfo, level: Level) -> LevelShapes:
    """Exact geometries of a level with the codes of their town, village and grid (None where there is none)."""
    rows = session.execute(
        select(Area.code, Area.town_code, Area.village_code, Area.grid_code, func.ST_AsBinary(Area.geom).label("wkb"))
        .where(in_version(version), Area.level == level)
        .order_by(Area.code)
    ).all()
    return LevelShapes(
        codes=_column([row.code for row in rows]),
        ancestors={
            "town": _column([row.town_code for row in rows]),
            "village": _column([row.village_code for row in rows]),
            "grid": _column([row.grid_code for row in rows]),
        },
        geometries=np.asarray(shapely.from_wkb([bytes(row.wkb) for row in rows]), dtype=object),
    )


def _column(values: list[str | None]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
