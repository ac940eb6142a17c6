"""Polygons: repair, measure, simplify together.

All geometries are arrays of shapely objects in EPSG:4326 unless a name says metres.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

Geometries = NDArray[np.object_]

_METRES_PER_DEGREE: Final = 111_320.0
_GEOD: Final = Geod(ellps="WGS84")
_PARTITION_TOLERANCE: Final = 1e-6
_COORDINATE_GRID_DEG: Final = 1e-7


def as_multipolygons(geometries: Geometries) -> Geometries:
    """Valid, two-dimensional MultiPolygons; what has no area at all, or a coordinate that is no number, becomes None.

    Invalid rings are repaired by the structure method, which keeps the area that the rings enclose.
    """
    flat = _repaired(_finite(shapely.force_2d(geometries)))
    out = _polygons_of(flat)
    collections = shapely.get_type_id(flat) == shapely.GeometryType.GEOMETRYCOLLECTION
    if collections.any():
        # The parts of a valid collection may overlap, those of a MultiPolygon may not.
        out[collections] = _polygons_of(_repaired(out[collections]))
    return out


def area_m2(geometries: Geometries) -> NDArray[np.float64]:
    """Area on the WGS-84 ellipsoid in m² (Karney 2013, as in GeographicLib)."""
    oriented = shapely.orient_polygons(geometries, exterior_cw=False)
    parts, owner = shapely.get_parts(oriented, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.searchsorted(ring, np.arange(len(rings) + 1))
    lon, lat = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    # Holes run the other way round, so their area is negative.
    signed = [_GEOD.polygon_area_perimeter(lon[i:j], lat[i:j])[0] for i, j in itertools.pairwise(ends.tolist())]
    return np.abs(np.bincount(owner[part], signed, len(geometries)))


def union(geometries: Geometries) -> shapely.MultiPolygon:
    """What all of them cover together; fast where they are a coverage, or one but for a few of them."""
    whole = _coverage_union(geometries)
    if whole is None:
        edges = shapely.coverage_invalid_edges(geometries)
        flagged = ~(shapely.is_missing(edges) | shapely.is_empty(edges))
        sound = _coverage_union(geometries[~flagged])
        rest = geometries if sound is None else [*geometries[flagged], sound]
        whole = shapely.union_all(rest)
    return _one(as_multipolygons(np.array([whole], dtype=object)))


def simplify_tree(geometries: Geometries, parents: Sequence[int], *, tolerance_m: float) -> Geometries:
    """Simplify a tree of areas for drawing, so that no gap opens between neighbours at any level.

    The smallest areas that tile their parents are simplified as one coverage, and every parent that its children tile
    is drawn as their union. What does not tile its parent is simplified with its siblings.

    :param parents: index of each area's parent, -1 for none; parents stand before their children
    :param tolerance_m: about the distance that may be lost, in metres (Visvalingam–Whyatt area of its square)
    """
    count = len(geometries)
    if not count:
        return geometries
    children: list[list[int]] = [[] for _ in range(count)]
    for index, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(index)
    tiled = [bool(below) and _tiles(geometries[i], geometries[below]) for i, below in enumerate(children)]
    drawn = np.empty(count, dtype=object)
    for group in _coverages(parents, children, tiled):
        drawn[group] = _simplify_coverage(geometries[group], tolerance_m)
    for index in reversed(range(count)):
        if tiled[index]:
            drawn[index] = _united(drawn[children[index]])
    return _sound(drawn, geometries)


def _united(parts: Geometries) -> BaseGeometry:
    """Their union. Parts of levels that were loaded apart may not share their vertices: those are overlaid."""
    whole = _coverage_union(parts)
    return shapely.union_all(_repaired(parts)) if whole is None else whole


def _coverage_union(parts: Geometries) -> BaseGeometry | None:
    """The union of a coverage; None where the parts are none.

    That shows in the union: an edge that its neighbour does not have exactly so stays in it and crosses or touches
    others, and ground that two parts have is missing from the sum.
    """
    try:
        whole = shapely.coverage_union_all(parts)
    except shapely.errors.GEOSException:
        return None
    same = math.isclose(shapely.area(whole), float(shapely.area(parts).sum()), rel_tol=_PARTITION_TOLERANCE)
    return whole if same and shapely.is_valid(whole) else None


def _coverages(parents: Sequence[int], children: list[list[int]], tiled: list[bool]) -> list[list[int]]:
    """Groups of areas to be simplified together: the leaves below each area that nothing tiles further up."""
    groups: list[list[int]] = []
    starts = [[i for i, parent in enumerate(parents) if parent < 0]]
    while starts:
        group: list[int] = []
        open_ = list(starts.pop())
        while open_:
            index = open_.pop()
            if tiled[index]:
                open_.extend(children[index])
                continue
            group.append(index)
            if children[index]:
                starts.append(children[index])
        groups.append(sorted(group))
    return groups


def _tiles(parent: shapely.Geometry, children: Geometries) -> bool:
    total = shapely.area(parent)
    if not math.isclose(float(shapely.area(children).sum()), total, rel_tol=_PARTITION_TOLERANCE):
        return False
    # Equal areas are not enough: two children that overlap as much as they leave open would pass,
    # and so would a child of the same size that lies elsewhere.
    whole = _coverage_union(children)
    if whole is None:
        return False
    if shapely.equals_exact(parent, whole, normalize=True):
        return True
    return math.isclose(shapely.area(shapely.intersection(parent, whole)), total, rel_tol=_PARTITION_TOLERANCE)


def _simplify_coverage(geometries: Geometries, tolerance_m: float) -> Geometries:
    west, south, east, north = shapely.total_bounds(geometries)
    stretch = np.array([math.cos(math.radians((south + north) / 2)) * _METRES_PER_DEGREE, _METRES_PER_DEGREE])
    origin = np.array([(west + east) / 2, (south + north) / 2])
    metric = shapely.transform(geometries, lambda xy: (xy - origin) * stretch)
    simple = shapely.coverage_simplify(metric, tolerance_m)
    # Vertices that neighbours share go through the same arithmetic, so they stay shared.
    grid = _COORDINATE_GRID_DEG
    back = shapely.transform(simple, lambda xy: np.round((xy / stretch + origin) / grid) * grid)
    return np.asarray(back, dtype=object)


def _sound(drawn: Geometries, originals: Geometries) -> Geometries:
    """Rounding can break a sliver: what came out invalid or empty is repaired, or drawn as it was."""
    repaired = as_multipolygons(drawn)
    lost = shapely.is_missing(repaired)
    repaired[lost] = as_multipolygons(originals[lost])
    return repaired


def _one(geometries: Geometries) -> shapely.MultiPolygon:
    geometry = geometries[0]
    return geometry if geometry is not None else shapely.MultiPolygon()


def _finite(geometries: Geometries) -> Geometries:
    xy, index = shapely.get_coordinates(geometries, return_index=True)
    lost = np.unique(index[~np.isfinite(xy).all(axis=1)])
    return _replaced(geometries, lost, None) if lost.size else geometries


def _repaired(geometries: Geometries) -> Geometries:
    bad = np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))
    if not bad.size:
        return geometries
    return _replaced(geometries, bad, shapely.make_valid(geometries[bad], method="structure", keep_collapsed=False))


def _replaced(geometries: Geometries, index: NDArray[np.intp], by: Geometries | None) -> Geometries:
    out = geometries.copy()
    out[index] = by
    return out


def _polygons_of(geometries: Geometries) -> Geometries:
    out = geometries.copy()
    kinds = shapely.get_type_id(geometries)
    parts, owner = shapely.get_parts(geometries, return_index=True)
    usual = np.isin(kinds, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    usual &= ~shapely.is_empty(geometries)
    usual[owner[shapely.is_empty(parts)]] = False
    single = usual & (kinds == shapely.GeometryType.POLYGON)
    out[single] = shapely.multipolygons(geometries[single][:, np.newaxis])
    for i in np.flatnonzero(~usual):
        geometry = geometries[i]
        polygons = [] if geometry is None else [p for p in _polygons(geometry) if not p.is_empty]
        out[i] = shapely.multipolygons(polygons) if polygons else None
    return out


def _polygons(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    if isinstance(geometry, shapely.Polygon):
        return [geometry]
    if isinstance(geometry, shapely.MultiPolygon | shapely.GeometryCollection):
        return [polygon for part in geometry.geoms for polygon in _polygons(part)]
    return []
