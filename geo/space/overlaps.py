"""Ground that two areas of a level both have, and ground that they enclose and none of them has.

Arrays of valid MultiPolygons in EPSG:4326; sizes m² on the WGS-84 ellipsoid, widths metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geo.space.shapes import Geometries, union

DUST_M2: Final = 0.01
"""A piece of less is no finding: rounding leaves as much along edges that neighbours cut at different places."""

_METRES_PER_DEGREE: Final = 111_320.0
_TOUCH_DEG: Final = 1e-8
_STRAIGHT_DEG: Final = 0.001
"""Edges are straight in degrees. A geodesic between the ends of one of 10 km along a parallel lies up to 1 m beside it,
which is more than a sliver; between points of this distance it is 0.1 mm."""
_GEOD: Final = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Ground:
    """One or more pieces of ground: their area together; the width (2 × area / perimeter) of the widest."""

    geometry: shapely.MultiPolygon
    area_m2: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Ground of two areas, by their index: ``first < second``."""

    first: int
    second: int
    ground: Ground


def grounds(geometries: Geometries) -> list[Ground | None]:
    """The polygons of each geometry without dust; None where nothing else is."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    # A collection may hold a MultiPolygon.
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    kept = np.flatnonzero(_plane_m2(parts) >= DUST_M2)
    pieces: list[list[tuple[BaseGeometry, float, float]]] = [[] for _ in geometries]
    for index, piece in zip(owner[kept], shapely.orient_polygons(parts[kept]), strict=True):
        area, perimeter = _GEOD.geometry_area_perimeter(shapely.segmentize(piece, _STRAIGHT_DEG))
        pieces[index].append((piece, abs(area), 2 * abs(area) / perimeter))
    return [_ground(found) if found else None for found in pieces]


def invalid(geometries: Geometries) -> NDArray[np.bool_]:
    """Areas with an edge that its neighbour does not have exactly so; without them the others are a coverage.

    Of two areas one of which lies inside the other only the inner one is told.
    """
    edges = shapely.coverage_invalid_edges(geometries)
    return np.asarray(~(shapely.is_missing(edges) | shapely.is_empty(edges)), dtype=np.bool_)


def overlaps(geometries: Geometries, flagged: NDArray[np.bool_]) -> list[Overlap]:
    """Every pair of areas with common ground, by index.

    :param flagged: what `invalid` says of them; no others can overlap each other
    """
    suspects = np.flatnonzero(flagged)
    if not suspects.size:
        return []
    source, other = shapely.STRtree(geometries).query(geometries[suspects], predicate="intersects")
    both = np.sort(np.column_stack([suspects[source], other]), axis=1)
    both = np.unique(both[both[:, 0] < both[:, 1]], axis=0)
    common = grounds(shapely.intersection(geometries[both[:, 0]], geometries[both[:, 1]]))
    return [
        Overlap(int(first), int(second), ground)
        for (first, second), ground in zip(both, common, strict=True)
        if ground is not None
    ]


def united(geometries: Geometries, flagged: NDArray[np.bool_]) -> shapely.MultiPolygon:
    """What they cover together; fast where few are flagged by `invalid`."""
    if not len(geometries):
        return shapely.MultiPolygon()
    whole = np.array([shapely.coverage_union_all(geometries[~flagged])], dtype=object)
    return union(np.concatenate([whole, geometries[flagged]]) if flagged.any() else whole)


def gaps(whole: shapely.MultiPolygon) -> list[Ground]:
    """The holes of a union, without what of the union lies inside them."""
    parts = shapely.get_parts(whole)
    holes = [shapely.Polygon(ring) for part in parts for ring in part.interiors]
    if not holes:
        return []
    # Islands are taken out with their own holes filled: those are gaps of their own.
    filled = np.array([shapely.Polygon(part.exterior) for part in parts], dtype=object)
    tree = shapely.STRtree(filled)
    found = []
    for hole in holes:
        islands = filled[tree.query(hole, predicate="covers")]
        found.append(shapely.difference(hole, shapely.union_all(islands)) if islands.size else hole)
    return [ground for ground in grounds(np.array(found, dtype=object)) if ground is not None]


def neighbours(pieces: Sequence[BaseGeometry], geometries: Geometries) -> list[list[int]]:
    """Indexes of the areas that share an edge with each piece; a common corner is not enough."""
    out: list[list[int]] = [[] for _ in pieces]
    if not pieces:
        return out
    wider = shapely.buffer(np.array(pieces, dtype=object), _TOUCH_DEG, join_style="mitre")
    piece, area = shapely.STRtree(geometries).query(wider, predicate="intersects")
    along = shapely.length(shapely.intersection(shapely.boundary(geometries[area]), wider[piece]))
    # At a corner the boundary runs through the margin only.
    for index, neighbour in sorted(zip(piece[along > 10 * _TOUCH_DEG], area[along > 10 * _TOUCH_DEG], strict=True)):
        out[index].append(int(neighbour))
    return out


def _ground(pieces: list[tuple[BaseGeometry, float, float]]) -> Ground:
    polygons, areas, widths = zip(*pieces, strict=True)
    return Ground(shapely.multipolygons(list(polygons)), sum(areas), max(widths))


def _plane_m2(polygons: Geometries) -> NDArray[np.float64]:
    """Area to about a percent; 0 of what is no polygon."""
    lat = shapely.bounds(polygons)[:, [1, 3]].mean(axis=1) if len(polygons) else np.empty(0)
    return np.asarray(shapely.area(polygons) * np.cos(np.radians(lat)) * _METRES_PER_DEGREE**2, dtype=np.float64)
