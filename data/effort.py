"""How many visits each grid gets in each month: uneven, and in keeping with the planted truths."""

from typing import Final

import numpy as np

from data.plane import FloatArray, IntArray
from data.streams import stream
from data.territory import Territory
from data.truths import MONTHS, Truths

VISITS: Final = 59_400
"""Visits to the areas at scale 1; those outside, duplicates and refused rows bring the sheet to about 60,000 rows."""

_MONTH: Final = np.array([1.0, 0.95, 0.9, 0.55, 1.1, 1.05, 1.0, 1.0, 0.95, 0.9, 1.05, 1.15])
_UNEVENNESS: Final = 1.1  # shape of the gamma of the grids' shares: about an eighth get less than a fifth of the mean
_EXCLUDED: Final = 0.05  # of the usual visits go to excluded areas
_UNDER: Final = 1  # visit where a rule asks for two


def plan_visits(territory: Territory, truths: Truths, seed: int, scale: int) -> IntArray:
    """Visits of each grid and month, (grids, months).

    Villages that nothing is planted for get as many as their rule asks for, at least.
    """
    rng = stream(seed, "effort")
    village, villages = territory.grid_village, len(territory.villages)
    weight = np.sqrt(territory.grids["households"].to_numpy()) * rng.gamma(_UNEVENNESS, size=len(village))
    weight[truths.excluded_rows("grid")] *= _EXCLUDED
    expected = weight[:, None] * _MONTH
    expected[(truths.unvisited | truths.under)[village]] = 0
    counts = rng.poisson(expected * (VISITS * scale / expected.sum()))
    main = _main_grids(weight, village, villages)
    required = np.repeat(np.where(truths.key_villages, 2, 1)[:, None], MONTHS, axis=1)
    required[truths.under] = _UNDER
    required[truths.unvisited] = 0
    required[truths.excluded_rows("village")] = 0
    visited = np.zeros((villages, MONTHS), dtype=np.int64)
    np.add.at(visited, village, counts)
    counts[main] += np.maximum(0, required - visited)
    return np.asarray(counts, dtype=np.int64)


def _main_grids(weight: FloatArray, village: IntArray, villages: int) -> IntArray:
    """The most visited grid of each village."""
    order = np.lexsort([weight, village])
    return np.asarray(order[np.cumsum(np.bincount(village, minlength=villages)) - 1])
