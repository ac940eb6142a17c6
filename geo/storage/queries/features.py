"""Features: filtered by properties, a box and an interval, page by page; areas with their exact geometries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.space.codes import Level
from geo.space.crs import WGS84
from geo.storage.issue_tables import Issue
from geo.storage.queries.areas import in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, Visit

PROPERTIES: Final[Mapping[str, Any]] = {
    "code": Area.code,
    "name": Area.name,
    "kind": Area.kind,
    "parent": Area.parent_code,
    "town": Area.town_code,
    "village": Area.village_code,
    "path": Area.path,
    "households": Area.households,
    "population": Area.population,
    "area_m2": Area.area_m2,
}
FILTERS: Final = ("code", "name", "kind", "parent", "town", "village")


@dataclass(frozen=True, slots=True)
class Found:
    """Features of one page: properties as in `PROPERTIES`, WGS-84 geometries, and how many there are on all pages."""

    properties: Sequence[dict[str, Any]]
    geometries: NDArray[np.object_]
    matched: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which features are wanted.

    :ivar equal: properties and the text that each must be
    :ivar box: in WGS-84; features that touch it
    :ivar begin: first instant of the interval, None where it is open or none was asked for
    :ivar end: its last instant
    :ivar after: id of the last one of the page before
    """

    equal: Mapping[str, str]
    box: BaseGeometry | None = None
    begin: datetime | None = None
    end: datetime | None = None
    after: str | None = None
    limit: int = 1


def located(
    session: Session,
    model: type[Visit] | type[Issue],
    moment: InstrumentedAttribute[datetime],
    columns: Mapping[str, Any],
    asked: Asked,
    conditions: Iterable[ColumnElement[bool]],
) -> tuple[Sequence[Row[Any, Any, Any]], int]:
    """Rows with a position by id, each with its longitude and latitude, and how many there are on all pages.

    :param columns: of what may be asked for; ``asked.after`` and an ``id`` among them are UUIDs
    """
    wanted = [*conditions, *(columns[name] == value for name, value in asked.equal.items())]
    if asked.begin is not None:
        wanted.append(moment >= asked.begin)
    if asked.end is not None:
        wanted.append(moment <= asked.end)
    if asked.box is not None:
        wanted.append(func.ST_Intersects(model.position, func.ST_GeomFromText(asked.box.wkt, WGS84)))
    matched = session.scalar(select(func.count()).select_from(model).where(*wanted)) or 0
    if asked.after is not None:
        wanted.append(model.id > UUID(asked.after))
    query = select(model, func.ST_X(model.position), func.ST_Y(model.position)).where(*wanted)
    return session.execute(query.order_by(model.id).limit(asked.limit)).all(), matched


def areas(
    session: Session,
    version: VersionInfo,
    level: Level,
    *,
    equal: Mapping[str, str],
    box: BaseGeometry | None,
    after: str | None,
    limit: int,
) -> Found:
    """Areas of a level by code.

    :param equal: properties of `FILTERS` and the text that each must be
    :param box: in WGS-84; areas that touch it
    :param after: code of the last one of the page before
    """
    asked: list[ColumnElement[bool]] = [in_version(version), Area.level == level]
    asked += [PROPERTIES[name] == value for name, value in equal.items()]
    if box is not None:
        asked.append(func.ST_Intersects(Area.geom, func.ST_GeomFromText(box.wkt, WGS84)))
    matched = session.scalar(select(func.count()).select_from(Area).where(*asked)) or 0
    if after is not None:
        asked.append(Area.code > after)
    columns = [column.label(name) for name, column in PROPERTIES.items()]
    rows = session.execute(
        select(*columns, func.ST_AsBinary(Area.geom).label("wkb")).where(*asked).order_by(Area.code).limit(limit)
    ).all()
    geometries = shapely.from_wkb([bytes(row.wkb) for row in rows])
    properties = [{name: getattr(row, name) for name in PROPERTIES} for row in rows]
    return Found(properties, np.asarray(geometries, dtype=object), matched)
