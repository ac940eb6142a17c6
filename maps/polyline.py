"""Geometries as encoded polylines: about five characters a vertex, where GeoJSON takes twenty to forty.

The encoding is the published *Encoded Polyline Algorithm Format*: latitude before longitude with five decimals, each as
the difference to the one before, zigzag, in groups of five bits from the low end, plus 63. Five decimals are a metre,
a tenth of what drawn shapes are simplified by; rounding is the same for all, so vertices that neighbours share stay
shared. All rings are encoded at once in numpy.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Rings = list[list[str]]
"""Polygons of one geometry, each its outer ring followed by its holes; rings do not repeat their first vertex."""

_SCALE: Final = 100_000
_BITS: Final = 5
_MOST_GROUPS: Final = 6  # 30 bits hold 2 * 360e5, a zigzagged step from one end of the earth to the other
_POLYGON: Final = 3


def encode_polygons(geometries: Sequence[BaseGeometry | None]) -> list[Rings]:
    """Polygons and multipolygons in degrees, lon/lat, as encoded rings.

    :return: one entry a geometry, in order; empty where there is no polygon in it
    """
    rings: list[Rings] = [[] for _ in geometries]
    parts, owner = shapely.get_parts(np.array(geometries, dtype=object), return_index=True)
    keep = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    parts, owner = parts[keep], owner[keep]
    lines, part = shapely.get_rings(parts, return_index=True)
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    previous_part = -1
    for text, of in zip(_encode(*_open(vertices, line)), part, strict=True):
        if of != previous_part:
            rings[owner[of]].append([])
            previous_part = of
        rings[owner[of]][-1].append(text)
    return rings


def encode_points(points: NDArray[np.float64]) -> str:
    """Positions in degrees, shape (n, 2), lon/lat, as one line."""
    lines = _encode(points, np.zeros(len(points), dtype=np.intp))
    return lines[0] if lines else ""


def _open(vertices: NDArray[np.float64], line: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Rings without their closing vertex."""
    closing = np.ones(len(line), dtype=bool)
    closing[:-1] = line[1:] != line[:-1]
    return vertices[~closing], line[~closing]


def _encode(vertices: NDArray[np.float64], line: NDArray[np.intp]) -> list[str]:
    """One string a line; vertices of a line stand together, lines are numbered from 0 without gaps."""
    if not len(vertices):
        return []
    values = np.rint(vertices[:, ::-1] * _SCALE).astype(np.int64)
    steps = np.diff(values, axis=0, prepend=0)
    first = np.diff(line, prepend=-1) != 0
    steps[first] = values[first]
    zigzag = ((steps << 1) ^ (steps >> 63)).ravel()
    groups = np.ones(len(zigzag), dtype=np.intp)
    for more in range(1, _MOST_GROUPS):
        groups += zigzag >= 1 << (_BITS * more)
    ends = np.cumsum(groups)
    text = _characters(zigzag, groups, ends - groups)
    starts = np.append((ends - groups)[::2][first], ends[-1])
    return [text[one:other] for one, other in pairwise(starts)]


def _characters(zigzag: NDArray[np.int64], groups: NDArray[np.intp], starts: NDArray[np.intp]) -> str:
    out = np.empty(int(groups.sum()), dtype=np.uint8)
    for group in range(int(groups.max())):
        has = groups > group
        bits = (zigzag[has] >> (_BITS * group)) & 31
        out[starts[has] + group] = bits + 63 + 32 * (groups[has] > group + 1)
    return out.tobytes().decode("ascii")
