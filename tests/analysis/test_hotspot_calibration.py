"""Hot spots as they are judged, on the sample's villages: no more false alarms than promised, and power.

A smaller version of `tests/benchmarks/bench_hotspot_power.py`, which prints the table.
"""

from typing import Final

import pytest
from scipy.stats import binom

from data import sample as samples
from tests import hotspot_power
from tests.hotspot_power import Villages

MAPS: Final = 60
PLANTED: Final = 10


@pytest.fixture(scope="module")
def where() -> Villages:
    return hotspot_power.villages(samples.make())


def test_without_a_cluster_about_one_map_in_twenty_says_otherwise(where: Villages) -> None:
    scans, patches = zip(*hotspot_power.maps(where, "ecology", 1.0, MAPS, seed=2), strict=True)
    high = binom.ppf(0.995, MAPS, 0.05)
    truth = where.planted["ecology"]
    assert 0 < hotspot_power.power(scans, truth).alarms <= high
    assert hotspot_power.power(patches, truth).alarms <= high


@pytest.mark.parametrize("category", ["ecology", "infrastructure"])
def test_a_strong_cluster_is_found_and_little_else(where: Villages, category: str) -> None:
    truth = where.planted[category]  # type: ignore[index]
    scans, patches = zip(*hotspot_power.maps(where, category, 5.0, PLANTED, seed=2), strict=True)  # type: ignore[arg-type]
    scan, gi = hotspot_power.power(scans, truth), hotspot_power.power(patches, truth)
    assert scan.half >= 0.8
    assert scan.touched == 1.0
    assert scan.false < 5
    assert gi.touched >= 0.8
    assert gi.false < truth.sum()
