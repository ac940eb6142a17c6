"""Vector tiles, encoded by PostGIS. Queries are built once and kept: building one takes as long as most tiles do."""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SmallInteger, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from geo.space.codes import Level
from geo.space.crs import WEB_MERCATOR, WGS84
from geo.space.tiling import BUFFER, EXTENT, Tile
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, TileShape

PROPERTIES: Final = ("code", "name", "level", "kind", "parent", "households", "population")
_ENVELOPE: Final = func.ST_TileEnvelope(bindparam("z"), bindparam("x"), bindparam("y"))
_WITH_BUFFER: Final = func.ST_Expand(_ENVELOPE, bindparam("margin_m"))
_WITH_TWO: Final = func.ST_Expand(_ENVELOPE, bindparam("margin_m") * 2)


def render(session: Session, version: VersionInfo, level: Level, tile: Tile, *, layer: str) -> bytes:
    """The areas of a level in a tile as a Mapbox Vector Tile; empty where there is none.

    :param layer: its name in the tile
    """
    query = _exact() if tile.band is None else _on_units() if tile.z == tile.band else _generalised()
    west_m, north_m = tile.north_west_m
    asked = {
        "county": version.county,
        "version": version.version,
        "level": level,
        "layer": layer,
        "band": tile.band,
        "z": tile.z,
        "x": tile.x,
        "y": tile.y,
        "margin_m": tile.side_m * BUFFER / EXTENT,
        "west_m": west_m,
        "north_m": north_m,
        "units_per_m": EXTENT / tile.side_m,
    }
    return bytes(session.scalar(query, asked) or b"")


@cache
def _exact() -> Select[Any]:
    near = func.ST_ClipByBox2D(Area.geom, func.ST_Transform(_WITH_TWO, WGS84))  # a town has 20,000 vertices
    met = Area.geom.intersects(func.ST_Transform(_WITH_BUFFER, WGS84))
    return _encoded(Area, _clipped(func.ST_Transform(near, WEB_MERCATOR)), met)


@cache
def _generalised() -> Select[Any]:
    return _encoded(TileShape, _clipped(TileShape.geom), _in_band())


@cache
def _on_units() -> Select[Any]:
    """Shapes that are on the tile's own units: only those that it cuts need clipping, which costs the most."""
    scale: Any = bindparam("units_per_m")
    moved = func.ST_TransScale(TileShape.geom, -bindparam("west_m"), -bindparam("north_m"), scale, -scale)
    uncut = (TileShape.geom.contained(_WITH_BUFFER), func.ST_SnapToGrid(moved, 1))
    return _encoded(TileShape, case(uncut, else_=_clipped(TileShape.geom)), _in_band())


def _encoded(model: type[Area] | type[TileShape], geom: ColumnElement[Any], met: ColumnElement[bool]) -> Select[Any]:
    columns = (
        model.code,
        model.name,
        model.level,
        model.kind,
        model.parent_code.label("parent"),
        model.households,
        model.population,
    )
    mine = (
        model.county_code == bindparam("county"),
        model.version == bindparam("version"),
        model.level == bindparam("level"),
    )
    row = select(*columns, geom.label("geom")).where(*mine, met).order_by(model.code).subquery("tile")
    return select(func.ST_AsMVT(row.table_valued(), bindparam("layer"), EXTENT, "geom")).select_from(row)


def _clipped(geom: Any) -> ColumnElement[Any]:
    clipped: ColumnElement[Any] = func.ST_AsMVTGeom(geom, _ENVELOPE, EXTENT, BUFFER)
    return clipped


def _in_band() -> ColumnElement[bool]:
    mine = TileShape.band == cast(bindparam("band"), SmallInteger)  # the index has no operator for smallint = integer
    met: ColumnElement[bool] = mine & TileShape.geom.intersects(_WITH_BUFFER)
    return met
