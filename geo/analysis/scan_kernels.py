"""The compiled loops of the spatial scan: which windows there are, the best of each centre, the best of each replicate.

The windows around one centre are a list of areas, nearest first, cut off at the cap. An area at the same distance as
the one before it enters together with it; all but the last of such a group are stored as ``~area``: the window is not
to be judged there.

Likelihood ratios need logarithms, and a scan of 3,000 areas with 999 replicates judges 4.5·10⁹ windows. Nearly all are
dismissed by a bound without any. Each ratio is a sum of ``E ((1+u) ln(1+u) - u)`` over groups that count ``E (1+u)``,
as the ``u E`` add up to 0; such a term is at most ``E u²/2`` for an excess (u > 0), and at most ``E u²`` for a lack.
With the excess of cases inside ``d = c - E``, of ``C`` cases (and ``Q`` controls, ``E'`` of them expected inside):

``LLR <= d² (1/(2E) + 1/(C-E))`` (Poisson), ``... + d² (1/E' + 1/(2(Q-E')))`` (Bernoulli).

Only windows whose bound is above the best ratio so far are computed. Replicates stand side by side in blocks, so that
one step along a list adds and compares a whole block with vector instructions: in single precision, with a threshold
lowered by more than its rounding.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit, prange

BLOCK: Final = 32
"""Replicates that are counted side by side: four vector registers, and the cases of 3,000 areas fit the L2 cache."""

TIE: Final = 1.0 + 2e-9
"""Squared distances within this ratio are the same distance: rounding of coordinates is no difference."""

LOWERED: Final = 1.0 - 1e-6
"""What a threshold is multiplied with; single precision rounds by 6e-8."""

SHARE_SLACK: Final = 1.0 + 1e-12
"""The cap is inclusive; a sum of many populations is rounded."""


def compiled(*, parallel: bool) -> Callable[[Callable[..., Any]], Any]:
    """Compiled without the GIL and kept on disk, or only in memory where numba finds no folder that it may write."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, nogil=True, error_model="numpy", parallel=parallel)(function)
        except RuntimeError:
            return njit(nogil=True, error_model="numpy", parallel=parallel)(function)

    return decorate


@compiled(parallel=False)
def windows(nearest, squared, population, cap):  # type: ignore[no-untyped-def]
    """Areas of the windows around some centres: where each centre's list starts, and the lists.

    :param nearest: (centres, areas), areas by distance
    :param squared: (centres, areas), squared distances in the same order
    :param cap: largest population of a window
    """
    centres, areas = nearest.shape
    starts = np.zeros(centres + 1, np.int64)
    for i in range(centres):
        size, inside, people = 0, 0, 0.0
        while size < areas:
            people += population[nearest[i, size]]
            size += 1
            if people > cap * SHARE_SLACK:
                break
            if size == areas or squared[i, size] > squared[i, size - 1] * TIE:
                inside = size
        starts[i + 1] = starts[i] + inside
    order = np.empty(starts[centres], np.int32)
    for i in range(centres):
        for k in range(starts[i + 1] - starts[i]):
            last = k + 1 == starts[i + 1] - starts[i] or squared[i, k + 1] > squared[i, k] * TIE
            order[starts[i] + k] = nearest[i, k] if last else ~nearest[i, k]
    return starts, order


@compiled(parallel=False)
def log_likelihood_ratio(c, n, people, cases, bernoulli):  # type: ignore[no-untyped-def]
    """Of ``c`` cases among ``n`` inside; 0 where the rate inside is not above the one outside (Kulldorff 1997).

    Poisson: ``c ln(c/E) + (C-c) ln((C-c)/(C-E))`` with ``E = C n/N``. Bernoulli: the same for the cases plus the same
    for the controls, ``n - c`` of ``N - C``, which are the paper's terms collected.
    """
    expected = cases * (n / people)
    if c <= expected or n >= people:
        return 0.0
    ratio = c * math.log(c / expected)
    if c < cases:
        ratio += (cases - c) * math.log((cases - c) / (cases - expected))
    if bernoulli:
        controls, others = people - cases, n - c
        expected = controls * (n / people)
        if others > 0.0:
            ratio += others * math.log(others / expected)
        if others < controls:
            ratio += (controls - others) * math.log((controls - others) / (controls - expected))
    return ratio


@compiled(parallel=False)
def best_windows(starts, order, observed, population, people, cases, bernoulli):  # type: ignore[no-untyped-def]
    """Largest likelihood ratio around each centre, and how many areas its window has; the smallest where several do."""
    centres = starts.size - 1
    ratios, sizes = np.zeros(centres), np.zeros(centres, np.int64)
    for i in range(centres):
        c, n = 0.0, 0.0
        for k in range(starts[i], starts[i + 1]):
            area = order[k]
            judged = area >= 0
            area = area if judged else ~area
            c += observed[area]
            n += population[area]
            if judged:
                ratio = log_likelihood_ratio(c, n, people, cases, bernoulli)
                if ratio > ratios[i]:
                    ratios[i], sizes[i] = ratio, k + 1 - starts[i]
    return ratios, sizes


@compiled(parallel=False)
def excess_at_one(n, expected, people, cases, bernoulli):  # type: ignore[no-untyped-def]
    """Excess of cases among ``n`` at which the bound of the ratio is 1, lowered; it grows with the ratio's root."""
    bound = 0.5 / expected + 1.0 / (cases - expected)
    if bernoulli:
        bound += 1.0 / (n - expected) + 0.5 / (people - cases - n + expected)
    return np.float32(LOWERED / math.sqrt(bound))


@compiled(parallel=True)
def raise_maxima(starts, order, replicates, population, people, cases, bernoulli, maxima):  # type: ignore[no-untyped-def]
    """Raise each replicate's maximum to the largest likelihood ratio of these windows.

    :param replicates: (blocks, areas, `BLOCK`) cases
    :param maxima: (blocks, `BLOCK`), changed in place; each block is the work of one thread, whichever
    """
    p = cases / people
    # Not the constant: loops of a known short length are unrolled before they can become vector instructions.
    width = maxima.shape[1]
    for block in prange(replicates.shape[0]):
        counts, best, dealt = np.zeros(width, np.int32), maxima[block].copy(), replicates[block]
        root = np.sqrt(best).astype(np.float32)
        for i in range(starts.size - 1):
            counts[:] = 0
            n = 0.0
            for k in range(starts[i], starts[i + 1]):
                judged = order[k] >= 0
                area = np.uint32(order[k] if judged else ~order[k])
                n += population[area]
                row = dealt[area]
                for b in range(width):
                    counts[b] += row[b]
                expected = n * p
                least, spread = np.float32(expected * LOWERED), excess_at_one(n, expected, people, cases, bernoulli)
                above = False
                for b in range(width):
                    above |= np.float32(counts[b]) > least + spread * root[b]
                if judged and above:
                    for b in range(width):
                        if np.float32(counts[b]) > least + spread * root[b]:
                            ratio = log_likelihood_ratio(float(counts[b]), n, people, cases, bernoulli)
                            if ratio > best[b]:
                                best[b], root[b] = ratio, math.sqrt(ratio)
        maxima[block] = best
