"""Straight Voronoi edges made into borders that look surveyed, and rings put together from them.

Each edge is displaced once, inside a rhombus around it that no other edge's rhombus overlaps, so neighbours share every
vertex and no two borders cross. The subdivision is that of "noisy edges" (A. Patel, mapgen2); midpoint displacement
after Fournier, Fussell and Carpenter 1982.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.cells import Mesh
from data.plane import UNITS_PER_DEGREE, FloatArray, IntArray, to_metres, to_units

REACH: Final = 0.42
"""How far a border may stray: this share of the way from the straight edge to the site of the cell."""

_SLIMMEST: Final = 0.40  # half a rhombus over its length: longer edges may stray further, none may double back
_HALVINGS: Final = ((0.35, 2), (1.0, 3), (np.inf, 4))  # (up to this multiple of the median length, halvings)


@dataclass(frozen=True, slots=True)
class Borders:
    """Polylines of all edges, end to end.

    :ivar points: units of 1e-7 degree; each edge brings both its ends
    :ivar first: where the edge's points begin
    :ivar steps: segments of the edge
    """

    points: IntArray
    first: IntArray
    steps: IntArray


def draw_borders(mesh: Mesh, rng: np.random.Generator) -> Borders:
    """Displace every edge between two cells; those of the frame stay straight."""
    ends = to_metres(mesh.vertices[mesh.edge_ends])
    length = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    reach = np.minimum(_free_height(mesh, ends, length) * REACH, length * _SLIMMEST)
    halvings = np.zeros(len(length), dtype=np.int64)
    for bound, count in reversed(_HALVINGS):
        halvings[length < bound * np.median(length)] = count
    halvings[(length < 1.0) | (mesh.edge_cells < 0).any(axis=1)] = 0
    steps = 2**halvings
    first = np.concatenate([[0], np.cumsum(steps + 1)[:-1]])
    points = np.empty((int((steps + 1).sum()), 2), dtype=np.int64)
    for count in np.unique(halvings):
        chosen = np.flatnonzero(halvings == count)
        lines = _halve(ends[chosen], reach[chosen], int(count), rng)
        points[first[chosen, None] + np.arange(2**count + 1)] = to_units(lines)
    return Borders(points, first, steps)


def polygons_of(mesh: Mesh, borders: Borders, cells: IntArray) -> NDArray[np.object_]:
    """The polygon of each cell named, in degrees."""
    wanted = np.full(len(mesh.sites), -1, dtype=np.int64)
    wanted[cells] = np.arange(len(cells))
    half = np.flatnonzero(wanted[mesh.half_cell] >= 0)
    half = half[np.argsort(wanted[mesh.half_cell[half]], kind="stable")]
    edge = mesh.half_edge[half]
    # A ring takes all points of an edge but the last, which the next edge begins with.
    count = borders.steps[edge]
    owner = np.repeat(np.arange(len(half)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    backwards = mesh.half_reversed[half][owner]
    step = np.where(backwards, count[owner] - step, step)
    coords = borders.points[borders.first[edge][owner] + step] / UNITS_PER_DEGREE
    rings = shapely.linearrings(coords, indices=wanted[mesh.half_cell[half]][owner])
    return np.asarray(shapely.orient_polygons(shapely.polygons(rings)))


def _free_height(mesh: Mesh, ends: FloatArray, length: FloatArray) -> FloatArray:
    """Height above each edge's middle of the triangle that the edge makes with the nearer of its two sites, metres.

    The triangles of different edges do not overlap, because each lies in its own part of a convex cell.
    """
    along = (ends[:, 1] - ends[:, 0]) / length[:, None]
    heights = []
    for side in (0, 1):
        site = mesh.sites[mesh.edge_cells[:, side]] - ends[:, 0]
        foot = (site * along).sum(axis=1)
        height = np.abs(along[:, 0] * site[:, 1] - along[:, 1] * site[:, 0])
        heights.append(height * (length / 2) / np.maximum(foot, length - foot))
    return np.asarray(np.minimum(heights[0], heights[1]))


def _halve(ends: FloatArray, reach: FloatArray, halvings: int, rng: np.random.Generator) -> FloatArray:
    """Halve edges again and again inside their rhombi.

    :return: (edges, 2**halvings + 1, 2)
    """
    start, end = ends[:, 0], ends[:, 1]
    along = end - start
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    middle = (start + end) / 2
    quads = np.stack([start, middle + normal * reach[:, None], end, middle - normal * reach[:, None]], axis=1)[:, None]
    for _ in range(halvings):
        a, p, b, q = np.moveaxis(quads, 2, 0)
        centre = p + (q - p) * rng.uniform(0.2, 0.8, (*p.shape[:2], 1))
        left = np.stack([a, (a + p) / 2, centre, (a + q) / 2], axis=2)
        right = np.stack([centre, (p + b) / 2, b, (q + b) / 2], axis=2)
        quads = np.stack([left, right], axis=2).reshape(len(ends), -1, 4, 2)
    return np.concatenate([quads[:, :, 0], end[:, None]], axis=1)
