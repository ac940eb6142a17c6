"""Shapes of vector tiles, made when the first tile of a range of zooms is asked for.

A version of many areas is staged, checked and perhaps never shown: what only tiles need is not made before.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import exists, func, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from geo.space import tiling
from geo.space.crs import WEB_MERCATOR
from geo.storage import reach
from geo.storage.bulk import copy_rows, hex_ewkb
from geo.storage.queries.areas import in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, BoundaryVersion, TileShape

_REPEATED: Final = (
    Area.code,
    Area.level,
    Area.kind,
    Area.name,
    Area.parent_code,
    Area.town_code,
    Area.village_code,
    Area.grid_code,
    Area.households,
    Area.population,
)


def make(session: Session, version: VersionInfo, band: int) -> bool:
    """Make the shapes of a band of a version if there are none yet; whether there were none.

    Who asks meanwhile waits until the caller commits, and finds them.
    """
    with reach.unlimited(session):
        if _made(session, version, band):
            return False
        mine = BoundaryVersion.county_code == version.county, BoundaryVersion.version == version.version
        session.execute(select(BoundaryVersion.version).where(*mine).with_for_update(key_share=True))
        if not _made(session, version, band):
            _write(session, version, band)
    return True


def _made(session: Session, version: VersionInfo, band: int) -> bool:
    mine = TileShape.county_code == version.county, TileShape.version == version.version, TileShape.band == band
    return bool(session.scalar(select(exists().where(*mine))))


def _write(session: Session, version: VersionInfo, band: int) -> None:
    depth = func.length(Area.path) - func.length(func.replace(Area.path, "/", ""))  # parents before their children
    query = select(*_REPEATED, func.ST_AsBinary(Area.drawn).label("drawn")).where(in_version(version))
    rows = session.execute(query.order_by(depth, Area.code)).all()
    if not rows:
        return
    drawn = np.asarray(shapely.from_wkb([bytes(row.drawn) for row in rows]), dtype=object)
    simple = tiling.generalised(drawn, _parents(rows), band)
    kept = [row.level != "county" for row in rows] & ~shapely.is_empty(simple)
    shapes = zip(rows, hex_ewkb(simple, WEB_MERCATOR), kept.tolist(), strict=True)
    copy_rows(
        session,
        TileShape.__tablename__,
        ("county_code", "version", "band", *(column.key for column in _REPEATED), "geom"),
        ((version.county, version.version, band, *row[:-1], shape) for row, shape, keep in shapes if keep),
    )


def _parents(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[int]:
    index = {row.code: i for i, row in enumerate(rows)}
    return [index.get(row.parent_code, -1) for row in rows]
