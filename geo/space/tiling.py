"""The grid of vector tiles, and the shapes that they draw: Web Mercator, ever plainer towards the whole earth.

From zoom 15 on tiles draw areas as they are. Below, each band of zooms has shapes of its own, which lose less than
about a quarter of a pixel of its largest zoom and are simplified together, so that neighbours and levels still fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.limits import DRAWING_TOLERANCE_M
from geo.space.crs import WEB_MERCATOR
from geo.space.ogc_crs import OgcCrs, to_crs
from geo.space.shapes import Geometries, as_multipolygons, simplify_tree

MAX_ZOOM: Final = 20
EXTENT: Final = 4_096
"""Units of a tile's side."""

BUFFER: Final = 64
"""Units around a tile that are drawn too, so that no outline shows where tiles meet."""

_TOLERANCES_M: Final[dict[int, float]] = {8: 160.0, 10: 40.0, 12: DRAWING_TOLERANCE_M, 14: DRAWING_TOLERANCE_M}
_WORLD_M: Final = 2 * 20_037_508.342789244
_NORTH: Final = 85.05112877980659
_MERCATOR: Final = OgcCrs("", WEB_MERCATOR, swapped=False)


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of Web Mercator: column ``x`` from the west, row ``y`` from the north, of 2^``z`` each."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether it lies on the map.

        >>> Tile(1, 1, 1).exists, Tile(1, 2, 0).exists
        (True, False)
        """
        return 0 <= self.z <= MAX_ZOOM and all(0 <= number < 2**self.z for number in (self.x, self.y))

    @property
    def band(self) -> int | None:
        """The largest zoom that is drawn with the same shapes; None where they are exact.

        >>> [Tile(z, 0, 0).band for z in (0, 8, 9, 12, 14, 15)]
        [8, 8, 10, 12, 14, None]
        """
        return next((last for last in _TOLERANCES_M if self.z <= last), None)

    @property
    def side_m(self) -> float:
        """Its side in metres of the projection."""
        return _WORLD_M / (1 << self.z)

    @property
    def north_west_m(self) -> tuple[float, float]:
        """Its upper left corner in metres of the projection."""
        return self.x * self.side_m - _WORLD_M / 2, _WORLD_M / 2 - self.y * self.side_m


BANDS: Final = tuple(_TOLERANCES_M)


def generalised(drawn: Geometries, parents: Sequence[int], band: int) -> Geometries:
    """Shapes of a band in metres of Web Mercator: valid, on the units of its largest zoom, outer rings clockwise.

    :param drawn: shapes as maps draw them, WGS-84 degrees
    :param parents: index of the parent of each, -1 for none; parents stand before their children
    :return: empty shapes for what is smaller than a unit
    """
    tolerance_m = _TOLERANCES_M[band]
    plainer = tolerance_m > DRAWING_TOLERANCE_M
    shapes = simplify_tree(drawn, parents, tolerance_m=tolerance_m) if plainer else drawn
    return _in_units(_projected(shapes), Tile(band, 0, 0).side_m / EXTENT)


def _projected(geometries: Geometries) -> Geometries:
    return as_multipolygons(to_crs(shapely.transform(geometries, _within_the_world), _MERCATOR))


def _within_the_world(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack((xy[:, 0], np.clip(xy[:, 1], -_NORTH, _NORTH)))


def _in_units(geometries: Geometries, unit_m: float) -> Geometries:
    counted = shapely.transform(geometries, lambda xy: xy / unit_m)
    whole = shapely.transform(counted, np.round)  # neighbours round the vertices that they share alike
    bad = ~shapely.is_valid(whole)
    whole[bad] = shapely.set_precision(counted[bad], 1.0)
    turned = shapely.orient_polygons(as_multipolygons(whole), exterior_cw=True)
    return np.asarray(shapely.transform(turned, lambda xy: xy * unit_m), dtype=object)
