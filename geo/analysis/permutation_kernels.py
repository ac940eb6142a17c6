"""The compiled loop of Gi*'s permutations: how often chance gathers as much around an area.

Conditional permutation (L. Anselin, *Local indicators of spatial association*, Geographical Analysis 27 (1995) 93-115):
the area keeps its own value, its k neighbours get k of the others' values, without replacement: the first k steps of a
Fisher-Yates shuffle, which goes on from the order that the shuffle before left, as any order is as good.

999 permutations tell no p below 0.001 and so, among thousands of areas, no significance that survives the control of
false discoveries. So an area whose count of values as extreme is below `ENOUGH` gets ten times the permutations, and so
on up to the largest number; the others stop early (the idea of J. Besag & P. Clifford, *Sequential Monte Carlo
p-values*, Biometrika 78 (1991) 301-304). The p of such an area is (M + 1) / (R + 1) of the R at which it stopped. It is
a valid one: for any level a there is a first stage R with (`ENOUGH` + 1) / (R + 1) <= a; an area that stopped before
has p > a, one that goes on had (M + 1) / (R + 1) < a there, so that p <= a implies what R permutations alone would have
found at level a.

Random numbers are those of splitmix64 (G. Steele, D. Lea & C. Flood, *Fast splittable pseudorandom number generators*,
OOPSLA 2014), a sequence of its own for each area, so the number of threads changes nothing.
"""

from typing import Final

import numpy as np
from numba import prange

from geo.analysis.scan_kernels import compiled

ENOUGH: Final = 20
"""As-extreme values after which an area's p is known well enough: to about a fifth."""

STEP: Final = np.uint64(0x9E3779B97F4A7C15)
"""Splitmix64's step from one state to the next."""

SLACK: Final = 1e-9
"""Sums of the same values in another order differ by rounding; values range from 0 to 1."""


@compiled(parallel=False)
def mixed(state):  # type: ignore[no-untyped-def]
    """Output of splitmix64 for one state."""
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled(parallel=True)
def as_extreme(values, indptr, indices, first, most, seed):  # type: ignore[no-untyped-def]
    """How far the neighbours' sum is above its mean, permutations that are as far from it, and all that were made.

    All three are (areas,).

    :param values: (areas,) from 0 to 1
    :param first: permutations of every area
    :param most: permutations that none exceeds
    """
    areas, whole = values.size, values.sum()
    above, found, made = np.zeros(areas), np.zeros(areas, np.int64), np.zeros(areas, np.int64)
    for i in prange(areas):
        k = indptr[i + 1] - indptr[i]
        mean = k * (whole - values[i]) / (areas - 1)
        observed = -mean
        for j in range(indptr[i], indptr[i + 1]):
            observed += values[indices[j]]
        others = np.concatenate((values[:i], values[i + 1 :]))
        state = mixed(np.uint64(seed) + np.uint64(i) * STEP)
        extreme, stop, r = 0, first, 0
        while r < stop:
            total = -mean
            for j in range(k):
                state += STEP
                drawn = j + np.int64(((mixed(state) >> np.uint64(32)) * np.uint64(areas - 1 - j)) >> np.uint64(32))
                value = others[drawn]
                others[drawn] = others[j]
                others[j] = value
                total += value
            extreme += abs(total) >= abs(observed) - SLACK
            r += 1
            if r == stop and extreme < ENOUGH:
                stop = min(10 * (stop + 1) - 1, most)
        above[i], found[i], made[i] = observed, extreme, r
    return above, found, made
