"""Slivers between areas taken away, so that neighbours share their edges exactly."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geo.space.checks import AreaSet
from geo.space.overlaps import gaps, grounds, invalid, overlaps, united
from geo.space.shapes import Geometries, as_multipolygons

_METRES_PER_DEGREE: Final = 111_320.0
_SNAP_M: Final = 0.001
_DECIMALS: Final = 12


@dataclass(frozen=True, slots=True)
class Repaired:
    """Areas after the repair, in their order.

    :ivar moved_m2: code → ground that the area won or lost; only areas of which at least a trace (`DUST_M2`) moved
    :ivar left: codes of areas that stay exactly as they were, since a person has to decide about them
    """

    geometries: Geometries
    moved_m2: Mapping[str, float]
    left: tuple[str, ...]


def repair(areas: AreaSet, *, width_m: float) -> Repaired:
    """Give away the gaps and overlaps that are narrower than ``width_m``; what is not `left` is a valid coverage then.

    A gap goes to the neighbour with which it shares the longest border, where no circle of that diameter fits into it;
    wider ones stay, and so does a gap that is open to the outside. An overlap goes to the area with the longest border
    along it. GEOS gives every overlap away, whatever its width; so both areas of an overlap as wide as ``width_m``
    (twice its area over its perimeter) or wider are left out, with their slivers along other areas too. An area that
    would vanish, such as one as narrow as the sliver, is left as well.

    :param areas: valid MultiPolygons, EPSG:4326; at best of one county, for one scale of longitude serves all
    """
    before = areas.geometries
    flagged = invalid(before)
    if not flagged.any() and all(gap.width_m >= width_m for gap in gaps(united(before, flagged))):
        return Repaired(before, {}, ())
    wide = [one for one in overlaps(before, flagged) if one.ground.width_m >= width_m]
    left = {index for one in wide for index in (one.first, one.second)}
    after = before.copy()
    while True:
        kept = np.array([i for i in range(len(before)) if i not in left], dtype=np.intp)
        cleaned = _cleaned(before[kept], width_m)
        lost = {int(i) for i in kept[shapely.is_missing(cleaned)]}
        if not lost:
            break
        # What it lost went to its neighbours: they are cleaned again without it.
        left |= lost
    after[kept] = cleaned
    return Repaired(after, _moved(areas, after), tuple(areas.codes[i] for i in sorted(left)))


def _cleaned(geometries: Geometries, width_m: float) -> Geometries:
    """A coverage; None where nothing is left of an area."""
    if not len(geometries):
        return geometries
    west, south, east, north = shapely.total_bounds(geometries)
    stretch = np.array([math.cos(math.radians((south + north) / 2)) * _METRES_PER_DEGREE, _METRES_PER_DEGREE])
    origin = np.array([(west + east) / 2, (south + north) / 2])
    metric = shapely.transform(geometries, lambda xy: (xy - origin) * stretch)
    clean = shapely.coverage_clean(metric, gap_width=width_m, snapping_distance=_SNAP_M)  # type: ignore[attr-defined]
    # Vertices that neighbours share go through the same arithmetic; rounding (to 0.1 µm) gives those that nothing moved
    # the coordinates that they had.
    return as_multipolygons(shapely.transform(clean, lambda xy: np.round(xy / stretch + origin, _DECIMALS)))


def _moved(areas: AreaSet, after: Geometries) -> dict[str, float]:
    changed = np.flatnonzero(~shapely.equals_exact(areas.geometries, after, normalize=True))
    moved = grounds(shapely.symmetric_difference(areas.geometries[changed], after[changed]))
    return {areas.codes[i]: one.area_m2 for i, one in zip(changed.tolist(), moved, strict=True) if one is not None}
