"""How far inside its cell a position lies, and how to keep it there, without a point-in-polygon test."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.borders import REACH
from data.cells import Mesh
from data.plane import FloatArray, IntArray

INSIDE: Final = 0.55
"""Gauge up to which a position lies inside its cell whatever its borders do: they stray to ``1 - REACH`` at most."""

assert INSIDE < 1 - REACH  # noqa: S101 - two constants of two files


@dataclass(frozen=True, slots=True)
class Gauge:
    """The gauge of a cell is 0 at its site and 1 on its straight edges.

    :ivar sites: metres, (cells, 2)
    :ivar pulls: for each cell and neighbour the vector whose product with an offset from the site is 1 on their
        straight edge, zero-padded, (cells, most neighbours, 2)
    """

    sites: FloatArray
    pulls: FloatArray

    @classmethod
    def of(cls, mesh: Mesh) -> "Gauge":
        """The gauge of all cells of a mesh."""
        cell, other = np.concatenate([mesh.contacts, mesh.contacts[:, ::-1]]).T
        order = np.argsort(cell, kind="stable")
        cell, other = cell[order], other[order]
        degree = np.bincount(cell, minlength=len(mesh.sites))
        rank = np.arange(len(cell)) - np.repeat(np.cumsum(degree) - degree, degree)
        towards = mesh.sites[other] - mesh.sites[cell]
        pulls = np.zeros((len(mesh.sites), int(degree.max()), 2))
        pulls[cell, rank] = 2 * towards / (towards**2).sum(axis=1)[:, None]
        return cls(mesh.sites, pulls)

    def radius_m(self, cells: IntArray) -> FloatArray:
        """Half the distance to the neighbours, on average, (n,)."""
        pull = np.hypot(self.pulls[cells, :, 0], self.pulls[cells, :, 1])
        return np.asarray((pull > 0).sum(axis=1) / pull.sum(axis=1))

    def keep_inside(self, cells: IntArray, offsets_m: FloatArray, *, limit: float = INSIDE) -> FloatArray:
        """Offsets from the sites of their cells, shortened where their gauge is over the limit.

        :param cells: cell of each offset
        :return: metres, (n, 2)
        """
        gauge = np.zeros(len(cells))
        for neighbour in range(self.pulls.shape[1]):  # one neighbour at a time keeps 10^7 positions within memory
            np.maximum(gauge, (self.pulls[cells, neighbour] * offsets_m).sum(axis=1), out=gauge)
        return np.asarray(offsets_m * np.minimum(1.0, limit / np.maximum(gauge, limit))[:, None])
