"""Density surfaces on 512 × 512 cells, beside ``scipy.stats.gaussian_kde`` on the same points in the same run.

The peer sums every point to every cell, minutes for a whole surface of 10⁵ points; it gets every 33rd cell, and its
time counts for all in proportion. Its kernel has the shape of the points' covariance, so the points are turned and
stretched until that is a circle: then both have the same Gaussian kernel, and must agree on those cells to 0.5 % of the
peak. Ours is timed for 10⁶ and 5 · 10⁶ points too.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from geo.analysis.bandwidths import likelihood_bandwidth, silverman
from geo.analysis.surfaces import Surface, kernel_density

pytestmark = pytest.mark.bench

Array = NDArray[np.float64]

ROUNDS: Final = 5
SIDE: Final = 512
CELL_M: Final = 100.0
TIMES: Final = 50
BANDWIDTH_M: Final = 500.0
SPREAD_M: Final = 9_000.0
"""Standard deviation of the points along either axis."""

PEER_EVERY: Final = 33
"""One cell in so many is computed by the peer: odd beside 512, so that they lie in all columns."""


def test_a_hundred_thousand_points() -> None:
    x, y = hamlets(100_000)
    peer = gaussian_kde(np.vstack([x, y]), bw_method=BANDWIDTH_M / SPREAD_M)
    seconds = [timed(lambda: surface_of(x, y)) for _ in range(ROUNDS)]
    surface = surface_of(x, y)
    chosen = np.arange(SIDE * SIDE)[::PEER_EVERY]
    begun = time.perf_counter()
    density = peer(np.vstack(centres(chosen)))
    peer_s = (time.perf_counter() - begun) * SIDE * SIDE / chosen.size
    seconds += [timed(lambda: surface_of(x, y)) for _ in range(ROUNDS)]
    error = np.abs(surface.values.ravel()[chosen] - density * x.size * 1e6).max() / surface.values.max()
    ratio = peer_s / statistics.median(seconds)
    larger = {number: hamlets(number) for number in (1_000_000, 5_000_000)}
    rows = {
        "cells, bandwidth": f"{SIDE} × {SIDE}, {BANDWIDTH_M:.0f} m",
        "10⁵ points": spread_of(seconds),
        "gaussian_kde": f"{peer_s:.0f} s ({chosen.size:,} cells computed, scaled linearly to all)",
        "ratio": f"{ratio:.0f}×",
        "largest difference": f"{error:.2%} of the peak",
    }
    for number, points in larger.items():
        rows[f"{number:,} points"] = spread_of(
            [timed(lambda points=points: surface_of(*points)) for _ in range(ROUNDS)]
        )
    rows["silverman, 10⁵"] = f"{timed(lambda: silverman(x, y)) * 1e3:.0f} ms"
    rows["likelihood, 10⁵"] = f"{timed(lambda: likelihood_bandwidth(x, y)) * 1e3:.0f} ms"
    sys.stdout.write("\nsurfaces\n" + "".join(f"  {title:20}{value}\n" for title, value in rows.items()))
    assert error <= 0.005
    assert ratio >= TIMES


def hamlets(number: int) -> tuple[Array, Array]:
    """A county of two hundred hamlets, as wide as it is high."""
    rng = np.random.default_rng(11)
    centre, hamlet = rng.uniform(0, 30_000, (2, 200)), rng.integers(0, 200, number)
    points = centre[:, hamlet] + rng.normal(0, 600, (2, number))
    points -= points.mean(axis=1, keepdims=True)
    x, y = SPREAD_M * np.linalg.solve(np.linalg.cholesky(np.cov(points)), points) + SIDE * CELL_M / 2
    return x, y


def surface_of(x: Array, y: Array) -> Surface:
    side_m = SIDE * CELL_M
    bounds = (0.0, 0.0, side_m, side_m)
    return kernel_density(x, y, bounds=bounds, cell_m=CELL_M, bandwidth_m=BANDWIDTH_M, kernel="gaussian")


def centres(cells: NDArray[np.int64]) -> tuple[Array, Array]:
    row, column = np.divmod(cells, SIDE)
    return (column + 0.5) * CELL_M, (SIDE - row - 0.5) * CELL_M


def spread_of(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.0f} ms (rounds {min(seconds) * 1e3:.0f} to {max(seconds) * 1e3:.0f} ms)"


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
