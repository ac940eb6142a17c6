"""Coordinate reference systems as OGC interfaces name them, with the order of the axes that each stands for.

``CRS84`` is longitude, latitude. An EPSG name stands for the order that EPSG states: latitude first in degrees,
northing first in Gauss-Krüger, easting first in Web Mercator (OGC API – Features, part 2).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from geo.space.crs import CGCS2000, WGS84

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
_STRAIGHT_PARTS: Final = 16
"""Pieces of the sides of a box that is moved into another system, where they are straight no longer."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class OgcCrs:
    """A system that features may be asked for in.

    :ivar epsg: its number; that of WGS-84 for CRS84
    :ivar swapped: latitude or northing comes first
    """

    uri: str
    epsg: int
    swapped: bool


def offered(metric_epsg: int) -> list[OgcCrs]:
    """CRS84, WGS-84, CGCS2000, Web Mercator and the county's own metric system."""
    return [OgcCrs(CRS84, WGS84, swapped=False), *(_of_epsg(one) for one in (WGS84, CGCS2000, 3857, metric_epsg))]


@lru_cache(maxsize=16)
def _of_epsg(epsg: int) -> OgcCrs:
    first = CRS.from_epsg(epsg).axis_info[0].direction
    return OgcCrs(f"{_EPSG}{epsg}", epsg, swapped=first == "north")


@lru_cache(maxsize=32)
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def to_crs(geometries: NDArray[np.object_], target: OgcCrs) -> NDArray[np.object_]:
    """WGS-84 lon/lat geometries in a system, in its order of axes."""
    if target.epsg == WGS84 and not target.swapped:
        return geometries

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = _transformer(WGS84, target.epsg).transform(xy[:, 0], xy[:, 1])
        return np.column_stack((y, x) if target.swapped else (x, y))

    return np.asarray(shapely.transform(geometries, move), dtype=object)


def box_of(values: Box, source: OgcCrs) -> BaseGeometry:
    """A bounding box in a system as WGS-84 polygons; in degrees it may run over the antimeridian, from west to east.

    :raises ValueError: south of north, or west of east where degrees do not run round the earth
    """
    west, south, east, north = (values[1], values[0], values[3], values[2]) if source.swapped else values
    in_degrees = source.epsg in (WGS84, CGCS2000)
    if south > north or (west > east and not in_degrees):
        raise ValueError("the first corner must be the south-western one")
    if in_degrees:
        parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        return shapely.union_all([_rectangle(left, south, right, north) for left, right in parts])
    size = max(east - west, north - south) / _STRAIGHT_PARTS
    box = _rectangle(west, south, east, north)
    box = shapely.segmentize(box, size) if size else box
    back = _transformer(source.epsg, WGS84)
    return shapely.transform(box, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box; a line or a point where it has no width."""
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)
