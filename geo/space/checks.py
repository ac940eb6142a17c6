"""What is wrong with a set of areas as a coverage, each finding with its place and its size on the ground.

Sizes are m² on the WGS-84 ellipsoid, widths metres; geometries are EPSG:4326. The width of a finding is twice its area
over its perimeter, which is the width of a long thin strip; of several pieces the widest counts. Pieces smaller than
`geo.space.overlaps.DUST_M2` are none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.space.codes import Level
from geo.space.overlaps import Ground, gaps, grounds, invalid, neighbours, overlaps, united
from geo.space.shapes import Geometries, area_m2

FindingKind = Literal["repaired", "overlap", "gap", "outside_parent", "uncovered", "multipart", "hole"]
_ORDER: Final[tuple[FindingKind, ...]] = get_args(FindingKind)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    - ``repaired``: an invalid geometry of one area; ``area_m2`` is the difference of ``before_m2`` and ``after_m2``,
      ``detail`` why it was invalid. The area before is what its rings add up to: loops of a ring that run against each
      other cancel out, ground that two parts have counts twice
    - ``overlap``: ground of two areas of one level
    - ``gap``: ground that areas of one level enclose and none of them has; ``codes`` are the neighbours
    - ``outside_parent``: ground of an area that its parent does not have; ``codes`` are the area and its parent
    - ``uncovered``: ground of a parent that none of its children has, all of it where it has no child; ``codes`` is
      the parent
    - ``multipart``: an area of several parts (``count``), ``area_m2`` is all but the largest; ``hole``: one with holes
      (``count``), ``area_m2`` is theirs; both are only noted

    :ivar geometry: the ground itself, or for ``repaired``, ``multipart`` and ``hole`` a point in the area
    :ivar sliver: narrower than the stated width
    """

    kind: FindingKind
    level: Level
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    geometry: BaseGeometry
    sliver: bool = False
    detail: str = ""
    count: int = 0
    before_m2: float | None = None
    after_m2: float | None = None


@dataclass(frozen=True, slots=True)
class AreaSet:
    """Areas to check: all of one level, in one order."""

    level: Level
    codes: Sequence[str]
    parents: Sequence[str | None]
    geometries: Geometries


@dataclass(frozen=True, slots=True)
class Repair:
    """A geometry that was invalid as it came, and what it was made into."""

    code: str
    reason: str
    before: BaseGeometry
    after: BaseGeometry


def check(
    areas: AreaSet, *, parents: AreaSet | None, repairs: Sequence[Repair] = (), sliver_width_m: float
) -> tuple[Finding, ...]:
    """Everything there is to say of one level, by kind in the order above, the largest first.

    An area whose parent is None or not among ``parents`` is not compared with one.

    :param areas: their geometries are valid MultiPolygons
    :param parents: the areas that ``areas.parents`` name; None where there are none to compare with
    """
    flagged = invalid(areas.geometries)
    found = [
        *_repaired(repairs, areas.level),
        *_overlapping(areas, flagged, sliver_width_m),
        *_gaps(areas, flagged, sliver_width_m),
        *(_against_parents(areas, parents, flagged, sliver_width_m) if parents is not None else ()),
        *_multipart(areas),
        *_holes(areas),
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), -one.area_m2, one.codes)))


def _repaired(repairs: Sequence[Repair], level: Level) -> Iterator[Finding]:
    for one in repairs:
        before, after = _ring_m2(one.before), _ring_m2(one.after)
        yield Finding(
            kind="repaired",
            level=level,
            codes=(one.code,),
            area_m2=abs(after - before),
            width_m=0.0,
            geometry=shapely.point_on_surface(one.after),
            detail=one.reason,
            before_m2=before,
            after_m2=after,
        )


def _ring_m2(geometry: BaseGeometry) -> float:
    """Area of every polygon in it, as its rings add up; 0 of what has coordinates that are no numbers."""
    parts = shapely.get_parts(shapely.get_parts(shapely.force_2d(geometry)))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    finite = [bool(np.isfinite(shapely.get_coordinates(one)).all()) for one in polygons]
    return float(area_m2(polygons[np.array(finite, dtype=np.bool_)]).sum())


def _overlapping(areas: AreaSet, flagged: NDArray[np.bool_], sliver_width_m: float) -> Iterator[Finding]:
    for one in overlaps(areas.geometries, flagged):
        codes = (areas.codes[one.first], areas.codes[one.second])
        yield _finding("overlap", areas.level, codes, one.ground, sliver_width_m)


def _gaps(areas: AreaSet, flagged: NDArray[np.bool_], sliver_width_m: float) -> Iterator[Finding]:
    found = gaps(united(areas.geometries, flagged))
    around = neighbours([ground.geometry for ground in found], areas.geometries)
    for ground, beside in zip(found, around, strict=True):
        yield _finding("gap", areas.level, tuple(areas.codes[i] for i in beside), ground, sliver_width_m)


def _against_parents(
    areas: AreaSet, parents: AreaSet, flagged: NDArray[np.bool_], sliver_width_m: float
) -> Iterator[Finding]:
    """The union of the children against the parent: only where it sticks out is each child asked."""
    children: dict[str, list[int]] = defaultdict(list)
    for index, code in enumerate(areas.parents):
        if code is not None:
            children[code].append(index)
    unions = np.array([united(areas.geometries[i], flagged[i]) for i in map(children.__getitem__, parents.codes)])
    outside = grounds(shapely.difference(unions, parents.geometries))
    uncovered = grounds(shapely.difference(parents.geometries, unions))
    for parent, geometry, out, open_ in zip(parents.codes, parents.geometries, outside, uncovered, strict=True):
        if open_ is not None:
            yield _finding("uncovered", areas.level, (parent,), open_, sliver_width_m)
        if out is None:
            continue
        suspects = np.array(children[parent])
        suspects = suspects[shapely.intersects(areas.geometries[suspects], out.geometry)]
        for index, ground in zip(
            suspects, grounds(shapely.difference(areas.geometries[suspects], geometry)), strict=True
        ):
            if ground is not None:
                yield _finding("outside_parent", areas.level, (areas.codes[index], parent), ground, sliver_width_m)


def _multipart(areas: AreaSet) -> Iterator[Finding]:
    for index in np.flatnonzero(shapely.get_num_geometries(areas.geometries) > 1).tolist():
        sizes = area_m2(shapely.get_parts(areas.geometries[index]))
        yield _note("multipart", areas, index, float(sizes.sum() - sizes.max()), len(sizes))


def _holes(areas: AreaSet) -> Iterator[Finding]:
    parts, owner = shapely.get_parts(areas.geometries, return_index=True)
    counts = np.bincount(owner, shapely.get_num_interior_rings(parts), len(areas.codes)).astype(int)
    for index in np.flatnonzero(counts).tolist():
        rings = [ring for part in shapely.get_parts(areas.geometries[index]) for ring in part.interiors]
        size = float(area_m2(shapely.polygons(rings)).sum())
        yield _note("hole", areas, index, size, int(counts[index]))


def _finding(kind: FindingKind, level: Level, codes: tuple[str, ...], ground: Ground, sliver_width_m: float) -> Finding:
    narrow = ground.width_m < sliver_width_m
    return Finding(kind, level, codes, ground.area_m2, ground.width_m, ground.geometry, sliver=narrow)


def _note(kind: FindingKind, areas: AreaSet, index: int, size_m2: float, count: int) -> Finding:
    point = shapely.point_on_surface(areas.geometries[index])
    return Finding(kind, areas.level, (areas.codes[index],), size_m2, 0.0, point, count=count)
