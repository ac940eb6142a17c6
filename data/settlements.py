"""Settlements: where within their grids people live, and so where they are visited."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.gauge import INSIDE, Gauge
from data.plane import FloatArray, IntArray
from data.streams import stream
from data.territory import Territory

_MOST: Final = 3  # settlements of a grid
_AWAY: Final = np.array([0.15, 0.40, 0.40])  # of each from the middle, standard deviation in radii of the grid
_SPREAD: Final = 0.10  # of each, standard deviation in radii of the grid


@dataclass(frozen=True, slots=True)
class Settlements:
    """Offsets are in metres from the site of the grid's cell.

    :ivar cell: of each grid
    :ivar centres: (grids, settlements, 2), the largest first
    :ivar spread_m: standard deviation of the settlements of each grid
    """

    gauge: Gauge
    cell: IntArray
    centres: FloatArray
    spread_m: FloatArray

    def somewhere(self, grid: IntArray, rng: np.random.Generator) -> FloatArray:
        """Offsets in a settlement of each grid, (n, 2); half of them in its largest."""
        which = np.minimum(rng.geometric(0.5, len(grid)) - 1, _MOST - 1)
        scatter = rng.normal(size=(len(grid), 2)) * self.spread_m[grid, None]
        return np.asarray(self.centres[grid, which] + scatter)

    def positions(self, grid: IntArray, offset_m: FloatArray) -> FloatArray:
        """Where offsets are on the plane, drawn in until they lie inside their grid, metres, (n, 2)."""
        cell = self.cell[grid]
        return np.asarray(self.gauge.sites[cell] + self.gauge.keep_inside(cell, offset_m))


def make_settlements(territory: Territory, seed: int) -> Settlements:
    """Up to three settlements a grid."""
    rng = stream(seed, "settlements")
    gauge, cell = territory.gauge, territory.grid_cell
    radius = gauge.radius_m(cell)
    away = rng.normal(size=(len(cell), _MOST, 2)) * radius[:, None, None] * _AWAY[:, None]
    inside = gauge.keep_inside(np.repeat(cell, _MOST), away.reshape(-1, 2), limit=INSIDE * 0.75)
    return Settlements(gauge, cell, inside.reshape(-1, _MOST, 2), radius * _SPREAD)
