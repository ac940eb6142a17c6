"""Power and false alarms of hot spots on the sample's two planted clusters, at three strengths and at none.

Nothing is timed (in all it takes 160 s of one core): 200 maps each, by the scan (p <= 0.05, `REPLICATES` replicates
instead of the service's 999) and by Gi* with FDR (hot at 95 or 99 %). See `tests/hotspot_power.py` for how a map is
drawn.
"""

import sys
from typing import Final

import pytest
from scipy.stats import binom

from data import sample as samples
from tests import hotspot_power
from tests.hotspot_power import REPLICATES, Power, Villages

pytestmark = pytest.mark.bench

MAPS: Final = 200
STRENGTHS: Final = (1.0, 2.0, 3.0, 5.0)
METHODS: Final = ("scan", "Gi*")


@pytest.fixture(scope="module")
def where() -> Villages:
    return hotspot_power.villages(samples.make())


def test_power_and_false_alarms(where: Villages) -> None:
    table: dict[tuple[str, str, float], Power] = {}
    for category, truth in where.planted.items():
        for strength in STRENGTHS:
            both = zip(*hotspot_power.maps(where, category, strength, MAPS, seed=1), strict=True)
            for method, found in zip(METHODS, both, strict=True):
                table[method, category, strength] = hotspot_power.power(found, truth)
    show(where, table)
    maps = MAPS * len(where.planted)
    low, high = binom.ppf([0.005, 0.995], maps, 0.05)
    alarms = {method: sum(table[method, category, 1.0].alarms for category in where.planted) for method in METHODS}
    sys.stdout.write(f"  false alarms of {maps} maps without a cluster: {alarms}, 5 % within {low:.0f} to {high:.0f}\n")
    assert low <= alarms["scan"] <= high
    assert alarms["Gi*"] <= high
    for method in METHODS:
        for category in where.planted:
            rows = [table[method, category, strength] for strength in STRENGTHS]
            assert [one.half for one in rows] == sorted(one.half for one in rows)
            assert [one.villages for one in rows] == sorted(one.villages for one in rows)
    assert all(table["scan", category, 5.0].half > 0.9 for category in where.planted)


def show(where: Villages, table: dict[tuple[str, str, float], Power]) -> None:
    sys.stdout.write(f"\npower, {MAPS} maps a row, scan with {REPLICATES} replicates\n")
    sys.stdout.write(
        "  method category        strength  Jaccard>=0.5  any overlap  planted villages named  false villages a map"
        "  maps with any\n"
    )
    for (method, category, strength), row in table.items():
        sys.stdout.write(
            f"  {method:7}{category:16}{strength:8.0f}{row.half:14.1%}{row.touched:13.1%}"
            f"{row.villages:24.1%}{row.false:22.2f}{row.alarms / row.maps:15.1%}\n"
        )
    sizes = {category: int(truth.sum()) for category, truth in where.planted.items()}
    sys.stdout.write(f"  planted villages: {sizes} of {len(where.codes)}\n")
