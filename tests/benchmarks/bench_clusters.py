"""The scan beside a plain numpy loop, and Gi* beside esda, in one run: 3,000 areas, 999 replicates or permutations.

The numpy loop goes over centres and windows as the definition reads, on sorted neighbours that it gets for nothing. It
would take many minutes, so it is measured on `NAIVE_REPLICATES` replicates and `NAIVE_CENTRES` centres, and scaled up.
"""

import statistics
import sys
import time
import warnings
from typing import Final

import numba
import numpy as np
import pytest
from esda.getisord import G_Local
from libpysal.graph import Graph
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.analysis import scan, scan_kernels
from geo.analysis.clusters import getis_ord, spatial_scan
from geo.analysis.contiguity import nearest

pytestmark = pytest.mark.bench

Array = NDArray[np.float64]

AREAS: Final = 3_000
CASES: Final = 9_000
TIMES: Final = 999
ROUNDS: Final = 3
NAIVE_REPLICATES: Final = 2
NAIVE_CENTRES: Final = 150
SCAN_TIMES: Final = 20
SCAN_SECONDS: Final = 10.0


def test_scan_of_three_thousand_areas() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1e5, (2, AREAS))
    population = rng.lognormal(4, 1, AREAS)
    cases = rng.multinomial(CASES, population / population.sum())
    spatial_scan(cases, population, x, y, replicates=1, seed=1)
    seconds, naive = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        found = spatial_scan(cases, population, x, y, replicates=TIMES, seed=1)
        seconds.append(time.perf_counter() - begun)
        naive.append(naive_seconds(population, np.column_stack((x, y))))
    ours, theirs = statistics.median(seconds), statistics.median(naive)
    show(
        "scan, 3,000 areas, 999 replicates",
        {
            "threads": str(numba.get_num_threads()),
            "seconds": f"{ours:.2f} (rounds {min(seconds):.2f} to {max(seconds):.2f})",
            "numpy loop": f"{theirs:,.0f} s (scaled from {NAIVE_REPLICATES} replicates, {NAIVE_CENTRES} centres)",
            "ratio": f"{theirs / ours:.0f}×",
            "p of the first": str(found[0].p_value),
        },
    )
    assert theirs / ours >= SCAN_TIMES
    assert ours < SCAN_SECONDS


def naive_seconds(population: Array, points: Array) -> float:
    """What the numpy loop would take for all centres and replicates; checks that its maxima are those of the kernel."""
    rng = np.random.default_rng(2)
    chosen = rng.choice(AREAS, NAIVE_CENTRES, replace=False)
    everyone = population.sum()
    order, squared = scan._by_distance(points[chosen], points)
    replicates = rng.multinomial(CASES, population / everyone, NAIVE_REPLICATES)
    largest = np.zeros(NAIVE_REPLICATES)
    begun = time.perf_counter()
    for r, cases in enumerate(replicates):
        for centre in order:
            c, n = 0, 0.0
            for area in centre:
                c, n = c + cases[area], n + population[area]
                if n > everyone / 2:
                    break
                expected = CASES * n / everyone
                if c > expected:
                    ratio = c * np.log(c / expected) + (CASES - c) * np.log((CASES - c) / (CASES - expected))
                    largest[r] = max(largest[r], ratio)
    seconds = time.perf_counter() - begun
    starts, windows = scan_kernels.windows(order, squared, population, everyone / 2)
    dealt = np.zeros((1, AREAS, scan_kernels.BLOCK), np.int32)
    dealt[0, :, :NAIVE_REPLICATES] = replicates.T
    maxima = np.zeros((1, scan_kernels.BLOCK))
    scan_kernels.raise_maxima(starts, windows, dealt, population, everyone, float(CASES), False, maxima)  # noqa: FBT003
    assert maxima[0, :NAIVE_REPLICATES] == pytest.approx(largest)
    return seconds * (AREAS / NAIVE_CENTRES) * (TIMES / NAIVE_REPLICATES)


def test_gi_star_of_three_thousand_areas() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1e5, (2, AREAS))
    values = rng.normal(10, 1, AREAS) + 2.0 * (np.hypot(x - 5e4, y - 5e4) < 6e3)
    near = nearest(x, y, 8)
    graph = Graph.from_sparse(csr_array((np.ones(near.indices.size), near.indices, near.indptr)))
    ours, theirs = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for _ in range(ROUNDS + 1):
            begun = time.perf_counter()
            found = getis_ord(values, near, permutations=TIMES, seed=1)
            ours.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            peer = G_Local(values, graph, transform="B", star=True, permutations=TIMES, seed=1, n_jobs=1)
            theirs.append(time.perf_counter() - begun)
    # The first round compiles.
    mine, others = statistics.median(ours[1:]), statistics.median(theirs[1:])
    more = int((found.permutations > TIMES).sum())
    gap = np.abs(np.minimum(1.0, 2 * peer.p_sim) - found.p)[found.p < 1]
    show(
        "Gi*, 3,000 areas, 999 permutations",
        {
            "seconds": f"{mine:.2f}, of which {more} areas had up to {found.permutations.max():,} permutations",
            "esda": f"{others:.2f} s (one thread, 999 for all)",
            "ratio": f"{others / mine:.1f}×",
            "difference of p": f"median {np.median(gap):.3f}, largest {gap.max():.3f} (esda's doubled)",
            "called at 95 %": f"{(found.q <= 0.05).sum()} areas; by esda's p {called(2 * peer.p_sim)}",
        },
    )
    assert found.z == pytest.approx(peer.Zs)


def called(p: Array) -> int:
    """Areas that the rule of Benjamini and Hochberg calls at 5 %, spelled out."""
    ranked = np.sort(p) <= 0.05 * np.arange(1, p.size + 1) / p.size
    return int(np.flatnonzero(ranked).max(initial=-1) + 1)


def show(title: str, rows: dict[str, str]) -> None:
    sys.stdout.write(f"\n{title}\n" + "".join(f"  {name:18}{value}\n" for name, value in rows.items()))
