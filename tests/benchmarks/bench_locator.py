"""Points to areas, beside ``geopandas.sjoin(predicate="within")`` on the same points in the same run.

A county (3,000 areas, 10⁶ points) and a province (100,000 areas, 10⁷ points). The peer gets its points and areas as
geometries made beforehand, so only the join is timed; the locator gets plain arrays and is built beforehand, its build
time stands in the table. Random points meet no edge, so both must agree on every one.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from geo.space.locator import Locator, warm_up
from tests.benchmarks.coverages import Coverage, clustered_points, county, province

pytestmark = pytest.mark.bench

Array = NDArray[np.float64]

ROUNDS: Final = 5
ONE_BY_ONE: Final = 100_000
COUNTY_TIMES: Final = 20
PROVINCE_TIMES: Final = 15


def test_county_million_points() -> None:
    ratio, disagreements = measure("county", county(), points=1_000_000, peer_rounds=5)
    assert disagreements == 0
    assert ratio >= COUNTY_TIMES


def test_province_ten_million_points() -> None:
    ratio, disagreements = measure("province", province(), points=10_000_000, peer_rounds=1)
    assert disagreements == 0
    assert ratio >= PROVINCE_TIMES


def measure(name: str, coverage: Coverage, *, points: int, peer_rounds: int) -> tuple[float, int]:
    """How many times as fast as the peer, and on how many points they disagree; prints the table."""
    warm_up()
    x, y = clustered_points(coverage, points)
    locator = Locator(coverage.polygons)
    one_by_one = list(zip(x[:ONE_BY_ONE].tolist(), y[:ONE_BY_ONE].tolist(), strict=True))
    one_s = timed(lambda: [locator.locate_one(lon, lat) for lon, lat in one_by_one])
    seconds, peer_seconds, expected = side_by_side(coverage, locator, x, y, peer_rounds)
    ours, peer = points / statistics.median(seconds), points / statistics.median(peer_seconds)
    disagreements = int((locator.locate(x, y) != expected).sum())
    stats, vertices = locator.stats, shapely.get_num_coordinates(coverage.polygons).mean()
    slowest, fastest = points / max(seconds), points / min(seconds)
    rows = {
        "areas × vertices": f"{len(coverage.polygons):,} × {vertices:.0f}",
        "cells": f"{stats.columns} × {stats.rows}, {stats.border_cells / stats.columns / stats.rows:.1%} meet an edge",
        "build": f"{stats.build_seconds:.2f} s, {stats.memory_bytes / 2**20:.0f} MiB",
        "points/s": f"{ours / 1e6:.1f} M (rounds {slowest / 1e6:.1f} to {fastest / 1e6:.1f} M)",
        "sjoin points/s": f"{peer / 1e6:.2f} M",
        "ratio": f"{ours / peer:.0f}×",
        "one point": f"{one_s / ONE_BY_ONE * 1e6:.1f} µs",
        "disagreements": f"{disagreements} of {points:,}",
    }
    sys.stdout.write(f"\n{name}\n" + "".join(f"  {title:18}{value}\n" for title, value in rows.items()))
    return ours / peer, disagreements


def side_by_side(
    coverage: Coverage, locator: Locator, x: Array, y: Array, peer_rounds: int
) -> tuple[list[float], list[float], NDArray[np.int64]]:
    """Seconds of each round, ours before and after each of the peer's so that a busy machine slows both; its answer."""
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y, crs=4326))
    areas = geopandas.GeoDataFrame(geometry=coverage.polygons, crs=4326)
    ours = [timed(lambda: locator.locate(x, y)) for _ in range(ROUNDS)]
    peer = []
    for _ in range(peer_rounds):
        begun = time.perf_counter()
        pairs = geopandas.sjoin(points, areas, predicate="within")
        peer.append(time.perf_counter() - begun)
        ours += [timed(lambda: locator.locate(x, y)) for _ in range(ROUNDS)]
    area = np.full(x.size, -1)
    area[pairs.index] = pairs["index_right"]
    return ours, peer, area


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
