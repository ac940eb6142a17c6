"""What hot spots need of the areas of a level and never changes: centroids, neighbours, and the county's outline."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.contiguity import Neighbours, queen
from geo.space.codes import Level
from geo.space.crs import WGS84
from geo.storage import reach
from geo.storage.queries import areas
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo

TOUCHING_M: Final = 1.0
"""Borders that were drawn twice do not meet exactly."""

_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Ground:
    """The areas of a level of one version, by code.

    :ivar parents: names of the areas right above, by code
    :ivar centroids: (areas, 2) easting and northing in the county's metric system
    :ivar shapes: (areas,) polygons in that system
    """

    areas: tuple[AreaInfo, ...]
    parents: dict[str, str]
    centroids: NDArray[np.float64]
    neighbours: Neighbours
    shapes: NDArray[np.object_]

    def outline(self, scope: AreaInfo) -> BaseGeometry:
        """The ground of a scope, in the county's metric system."""
        mine = [one.path == scope.path or one.path.startswith(f"{scope.path}/") for one in self.areas]
        inside: BaseGeometry = shapely.union_all(self.shapes[np.array(mine, dtype=bool)])
        return inside


def of(session: Session, county: CountyInfo, version: VersionInfo, level: Level) -> Ground:
    """The ground of a level, made at its first use and kept."""
    return _cache.get(session, county, version, level)


@lru_cache
def to_metres(epsg: int) -> Transformer:
    """From longitude and latitude to a metric system; kept, as finding the way takes a tenth of a second."""
    return Transformer.from_crs(WGS84, epsg, always_xy=True)


class _Cache:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grounds: OrderedDict[tuple[object, ...], Ground] = OrderedDict()

    def get(self, session: Session, county: CountyInfo, version: VersionInfo, level: Level) -> Ground:
        key = (str(session.get_bind().engine.url), county, version.version, version.loaded_at, level)
        with self._lock:
            ground = self._grounds.get(key)
            if ground is None:
                # It is kept for everybody.
                with reach.unlimited(session):
                    ground = self._grounds[key] = _made(session, county, version, level)
                while len(self._grounds) > _KEPT:
                    self._grounds.popitem(last=False)
            self._grounds.move_to_end(key)
            return ground


_cache = _Cache()


def _made(session: Session, county: CountyInfo, version: VersionInfo, level: Level) -> Ground:
    infos = areas.page(session, version, level=level, limit=None)
    parents = areas.by_codes(session, version, sorted({one.parent for one in infos if one.parent}))
    exact = areas.shapes(session, version, [one.code for one in infos], drawn=False)
    transform = to_metres(county.metric_epsg).transform
    shapes = np.empty(len(infos), dtype=object)
    shapes[:] = [exact[one.code] for one in infos]
    shapes = shapely.transform(shapes, lambda xy: np.column_stack(transform(*xy.T)))
    centroids = shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2)
    return Ground(
        areas=tuple(infos),
        parents={code: one.name for code, one in parents.items()},
        centroids=centroids,
        neighbours=queen(list(shapes), tolerance=TOUCHING_M),
        shapes=shapes,
    )
