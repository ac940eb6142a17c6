"""Voronoi cells and how they touch: the stuff that grids, the lake and the sea are made of."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.plane import FloatArray, IntArray, to_units

_KEY_BASE = 2**32
"""Above any coordinate in units, so that x * base + y is one whole number per vertex."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Cells around sites, with edges held once and shared by the two cells that touch there.

    :ivar sites: metres, (cells, 2)
    :ivar vertices: units of 1e-7 degree, (vertices, 2)
    :ivar edge_ends: vertices of each edge, lower number first, (edges, 2)
    :ivar edge_cells: the cells on both sides, -1 beyond the frame, (edges, 2)
    :ivar half_cell: cell of each half-edge; half-edges follow one another around their cell
    :ivar half_edge: edge of each half-edge
    :ivar half_reversed: whether the cell's ring runs from the higher vertex to the lower
    """

    sites: FloatArray
    vertices: IntArray
    edge_ends: IntArray
    edge_cells: IntArray
    half_cell: IntArray
    half_edge: IntArray
    half_reversed: NDArray[np.bool_]

    @property
    def contacts(self) -> IntArray:
        """Pairs of cells that share an edge, (pairs, 2)."""
        return self.edge_cells[(self.edge_cells >= 0).all(axis=1)]


def mesh_of(sites: FloatArray) -> Mesh:
    """The Voronoi mesh of sites.

    :param sites: metres, (cells, 2), no two alike
    """
    coords, cell = shapely.get_coordinates(_cells(sites), return_index=True)
    closes = np.append(cell[1:] != cell[:-1], True)
    units, cell = to_units(coords[~closes]), cell[~closes].astype(np.int64)
    keys, corner = np.unique(units[:, 0] * _KEY_BASE + units[:, 1], return_inverse=True)
    follower = _next_in_ring(cell)
    start, end = corner, corner[follower]
    # Cocircular sites leave edges shorter than a unit; both cells drop them alike.
    real = start != end
    start, end, cell = start[real], end[real], cell[real]
    edge_keys, edge = np.unique(np.minimum(start, end) * _KEY_BASE + np.maximum(start, end), return_inverse=True)
    return Mesh(
        sites=sites,
        vertices=np.stack([keys // _KEY_BASE, keys % _KEY_BASE], axis=1),
        edge_ends=np.stack([edge_keys // _KEY_BASE, edge_keys % _KEY_BASE], axis=1),
        edge_cells=_both_sides(edge, cell, len(edge_keys)),
        half_cell=cell,
        half_edge=edge,
        half_reversed=start > end,
    )


def relax(sites: FloatArray, movable: NDArray[np.bool_], rounds: int) -> FloatArray:
    """Move sites to the centroids of their cells (Lloyd 1982): cells become rounder, their density stays."""
    for _ in range(rounds):
        centroids = shapely.get_coordinates(shapely.centroid(_cells(sites)))
        sites = np.where(movable[:, None], centroids, sites)
    return sites


def _cells(sites: FloatArray) -> NDArray[np.object_]:
    return np.asarray(shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), ordered=True)))


def _next_in_ring(cell: IntArray) -> IntArray:
    follower = np.arange(1, len(cell) + 1)
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    last = np.append(first[1:], len(cell)) - 1
    follower[last] = first
    return follower


def _both_sides(edge: IntArray, cell: IntArray, edges: int) -> IntArray:
    order = np.argsort(edge, kind="stable")
    edge, cell = edge[order], cell[order]
    second = np.append(False, edge[1:] == edge[:-1])
    sides = np.full((edges, 2), -1, dtype=np.int64)
    sides[edge[~second], 0] = cell[~second]
    sides[edge[second], 1] = cell[second]
    return sides
