"""Which areas are neighbours: by shared borders, by nearness, or within a distance.

All weights are binary. An area without a neighbour (an enclave, a village across a lake) would have nothing to be
compared with: it is attached to its nearest other area, both ways, and the answer says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from geo.analysis.vectors import Floats, Ints, numbers
from geo.errors import NumbersUnusable

Kind = Literal["queen", "nearest", "within"]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Neighbours of each area, itself not among them.

    :ivar indptr: (areas + 1,); the neighbours of area ``i`` are ``indices[indptr[i]:indptr[i + 1]]``, ascending
    :ivar kind: how they were found
    :ivar attached: area without a neighbour of its own, and the nearest other one that it was attached to
    """

    indptr: Ints
    indices: NDArray[np.int32]
    kind: Kind
    attached: tuple[tuple[int, int], ...] = ()

    @property
    def islands(self) -> tuple[int, ...]:
        """Areas that had no neighbour of their own."""
        return tuple(area for area, _ in self.attached)

    @property
    def counts(self) -> Ints:
        """(areas,) how many neighbours each has."""
        return np.diff(self.indptr)

    def of(self, area: int) -> NDArray[np.int32]:
        """Neighbours of one area."""
        return self.indices[self.indptr[area] : self.indptr[area + 1]]

    def among(self, kept: NDArray[np.bool_]) -> "Neighbours":
        """Only the areas that are kept, numbered anew; who was a neighbour only of others may be left without any."""
        number = np.cumsum(kept) - 1
        left = np.repeat(np.arange(kept.size), self.counts)
        both = kept[left] & kept[self.indices]
        attached = tuple((int(number[a]), int(number[b])) for a, b in self.attached if kept[a] and kept[b])
        return _rows(number[left[both]], number[self.indices[both]], int(kept.sum()), self.kind, attached)


def queen(polygons: Sequence[BaseGeometry], *, tolerance: float = 0.0) -> Neighbours:
    """Areas that share an edge or a corner.

    :param tolerance: largest gap between two borders that still counts as shared, in the unit of the coordinates; 0
        where a border has the same vertices on both sides, or crosses
    :raises NumbersUnusable: an empty shape
    """
    shapes = np.asarray(polygons, dtype=object)
    if (shapely.is_missing(shapes) | shapely.is_empty(shapes)).any():
        raise NumbersUnusable(field="polygons", reason="a shape is empty", reason_zh="有区域没有图形")
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="dwithin", distance=tolerance)
    lonely = _lonely(left, right, shapes.size)
    of, nearest = tree.query_nearest(shapes[lonely], exclusive=True, all_matches=False)
    return _attached(left, right, shapes.size, "queen", lonely[of], nearest)


def nearest(x: ArrayLike, y: ArrayLike, k: int) -> Neighbours:
    """The k nearest other areas by centroid; not always mutual.

    :param x: (areas,) projected coordinates
    :raises NumbersUnusable: NaN, lengths that differ, fewer than k other areas
    """
    points = _points(x, y)
    if not 0 < k < len(points):
        raise NumbersUnusable(
            field="k", reason=f"it is from 1 to {len(points) - 1}", reason_zh=f"须为 1 至 {len(points) - 1}"
        )
    # Areas in one place are all at distance 0, so the first one found need not be the area itself.
    found = KDTree(points).query(points, k + 1)[1]
    own = found == np.arange(len(points))[:, None]
    own[~own.any(axis=1), -1] = True
    return _rows(np.repeat(np.arange(len(points)), k), found[~own], len(points), "nearest")


def within(x: ArrayLike, y: ArrayLike, distance_m: float) -> Neighbours:
    """Areas whose centroids are at most so far apart.

    :param x: (areas,) projected coordinates in metres
    :raises NumbersUnusable: NaN, lengths that differ, a distance that is not above 0
    """
    points = _points(x, y)
    if not distance_m > 0:
        raise NumbersUnusable(field="distance_m", reason="it must be above 0", reason_zh="须大于 0")
    tree = KDTree(points)
    pairs = tree.query_pairs(distance_m, output_type="ndarray").astype(np.int64)
    left, right = np.concatenate((pairs, pairs[:, ::-1])).T
    lonely = _lonely(left, right, len(points))
    others = tree.query(points[lonely], 2)[1][:, 1] if len(points) > 1 else np.empty(0, np.int64)
    return _attached(left, right, len(points), "within", lonely[: others.size], others)


def _points(x: ArrayLike, y: ArrayLike) -> Floats:
    xs, ys = numbers(x, "x"), numbers(y, "y")
    if xs.size != ys.size:
        raise NumbersUnusable(field="x, y", reason="their lengths differ", reason_zh="各项的长度不一致")
    return np.column_stack((xs, ys))


def _lonely(left: Ints, right: Ints, areas: int) -> Ints:
    """Areas that are the left one of no pair of two."""
    return np.flatnonzero(np.bincount(left[left != right], minlength=areas) == 0)


def _attached(left: Ints, right: Ints, areas: int, kind: Kind, lonely: Ints, others: Ints) -> Neighbours:
    """Neighbours of these pairs and of those that were attached, both ways."""
    left, right = np.concatenate((left, lonely, others)), np.concatenate((right, others, lonely))
    pairs = tuple(zip(lonely.tolist(), others.tolist(), strict=True))
    return _rows(left, right, areas, kind, pairs)


def _rows(left: Ints, right: Ints, areas: int, kind: Kind, attached: tuple[tuple[int, int], ...] = ()) -> Neighbours:
    """Pairs as rows, sorted, each once, without the areas themselves."""
    codes = np.unique((left * areas + right)[left != right])
    counts = np.bincount(codes // max(areas, 1), minlength=areas)
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return Neighbours(indptr, (codes % max(areas, 1)).astype(np.int32), kind, attached)
