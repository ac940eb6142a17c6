"""Ground that old and new areas share, as parts of either.

Areas are of a cylindrical equal-area plane, so that shares are those of m².
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.space.shapes import Geometries

SAME_GROUND: Final = 0.995
"""IoU from which two outlines are the same ground: what a redrawing of the same border leaves."""

NOTICEABLE: Final = 0.05
"""Ground that is less than this share of the old and of the new area is noise of the drawing."""

Pair = tuple[int, int]
"""Index of an old area and of a new one."""

Coded = tuple[Sequence[str], Geometries]
"""Codes of areas, and their valid geometries in EPSG:4326."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shared ground of an old and a new area."""

    of_old: float = 0.0
    of_new: float = 0.0
    iou: float = 0.0

    @property
    def noticeable(self) -> bool:
        """Not mere noise."""
        return self.of_old >= NOTICEABLE or self.of_new >= NOTICEABLE


_ALL: Final = Shares(1.0, 1.0, 1.0)


def shared_ground(old: Coded, new: Coded) -> dict[Pair, Shares]:
    """Every pair that shares ground worth noticing.

    Outlines that nobody touched are paired by their bytes; they, and areas that still stand on the same ground under
    their code, are compared with others only where those are not settled themselves.
    """
    settled = dict.fromkeys(_untouched(old, new), _ALL)
    if len(settled) == len(old[0]) == len(new[0]):
        return settled
    olds, news = _equal_area(old[1]), _equal_area(new[1])
    redrawn = _measured(olds, news, _of_one_code(old[0], new[0], settled))
    settled |= {pair: shared for pair, shared in redrawn.items() if shared.iou >= SAME_GROUND}
    rest_old = np.setdiff1d(np.arange(len(olds)), [i for i, _ in settled])
    rest_new = np.setdiff1d(np.arange(len(news)), [j for _, j in settled])
    pairs = np.concatenate([_touching(olds, rest_old, news), _touching(news, rest_new, olds)[:, ::-1]])
    found = _measured(olds, news, np.unique(pairs, axis=0))
    return settled | {pair: shared for pair, shared in found.items() if shared.noticeable}


def _of_one_code(old: Sequence[str], new: Sequence[str], but: Container[Pair]) -> NDArray[np.intp]:
    position = {code: j for j, code in enumerate(new)}
    pairs = [(i, position[code]) for i, code in enumerate(old) if code in position and (i, position[code]) not in but]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _measured(olds: Geometries, news: Geometries, pairs: NDArray[np.intp]) -> dict[Pair, Shares]:
    first, second = pairs.T
    common = shapely.area(shapely.intersection(olds[first], news[second]))
    old_size, new_size = shapely.area(olds[first]), shapely.area(news[second])
    columns = (common / old_size, common / new_size, common / (old_size + new_size - common))
    rows = zip(first.tolist(), second.tolist(), *(column.tolist() for column in columns), strict=True)
    return {(i, j): Shares(*three) for i, j, *three in rows}


def _untouched(old: Coded, new: Coded) -> Iterator[Pair]:
    """Pairs of the same bytes: those of one code first, then others, each area once."""
    before, after = shapely.to_wkb(old[1]), shapely.to_wkb(new[1])
    position = {code: j for j, code in enumerate(new[0])}
    taken: set[int] = set()
    open_: list[int] = []
    for i, code in enumerate(old[0]):
        j = position.get(code)
        if j is not None and before[i] == after[j]:
            taken.add(j)
            yield i, j
        else:
            open_.append(i)
    by_bytes = {after[j]: j for j in range(len(new[0])) if j not in taken}
    for i in open_:
        j = by_bytes.pop(before[i], None)
        if j is not None:
            yield i, j


def _touching(ours: Geometries, which: NDArray[np.intp], theirs: Geometries) -> NDArray[np.intp]:
    if not (which.size and len(theirs)):
        return np.empty((0, 2), dtype=np.intp)
    source, other = shapely.STRtree(theirs).query(ours[which], predicate="intersects")
    return np.column_stack([which[source], other])


def _equal_area(geometries: Geometries) -> Geometries:
    """Lambert's cylindrical projection of the sphere (Snyder 1987, p. 76): equal areas stay equal."""
    return np.asarray(
        shapely.transform(geometries, lambda xy: np.column_stack([xy[:, 0], np.degrees(np.sin(np.radians(xy[:, 1])))])),
        dtype=object,
    )
