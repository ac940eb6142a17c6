"""Gi* beside esda, under no clustering and with one, and where there is little to compute of."""

import numba
import numpy as np
import pytest
from libpysal.weights import DistanceBand
from numpy.typing import NDArray
from scipy.stats import binom

from geo.analysis.clusters import GetisOrd, classes, getis_ord, local_g
from geo.analysis.contiguity import Neighbours, nearest, within
from geo.errors import NumbersUnusable, TooFewAreas
from geo.limits import MAX_PERMUTATIONS

TOY = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]
TOY_VALUES = [2, 3, 3.2, 5, 8, 7]
# Documented in esda/getisord.py: G_Local(y, w, transform="B"), and with star=True.
TOY_GI = [-1.0136729, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]
TOY_GI_STAR = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]

SIDE = 12
MIDDLE = 78
"""At (6 km, 6 km)."""


def lattice() -> tuple[Neighbours, NDArray[np.float64], NDArray[np.float64]]:
    x, y = (part.ravel() * 1000.0 for part in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    return within(x, y, 1500.0), x, y


def test_the_toy_example_has_the_documented_z() -> None:
    near = within(*np.array(TOY).T, 15)
    peer = DistanceBand(TOY, threshold=15, silence_warnings=True)
    assert [near.of(i).tolist() for i in range(6)] == [sorted(peer.neighbors[i]) for i in range(6)]
    assert local_g(TOY_VALUES, near, star=False) == pytest.approx(TOY_GI, abs=1e-8)
    assert local_g(TOY_VALUES, near, star=True) == pytest.approx(TOY_GI_STAR, abs=1e-8)


@pytest.mark.parametrize("star", [True, False])
def test_z_is_that_of_ord_and_getis_and_knows_no_origin(star: bool) -> None:  # noqa: FBT001
    near, *_ = lattice()
    values = np.random.default_rng(0).normal(0, 5, SIDE * SIDE)
    z = local_g(values, near, star=star)
    assert local_g(values * 3 + 1000, near, star=star) == pytest.approx(z)
    assert local_g(-values, near, star=star) == pytest.approx(-z)
    for i in (0, 7, MIDDLE):
        own = np.append(near.of(i), i) if star else near.of(i)
        pool = values if star else np.delete(values, i)
        k, n = len(own), len(pool)
        spread = pool.std() * np.sqrt(k * (n - k) / (n - 1))
        assert z[i] == pytest.approx((values[own].sum() - k * pool.mean()) / spread)


def test_p_is_that_of_plain_permutations() -> None:
    near, x, _ = lattice()
    rng = np.random.default_rng(4)
    values = rng.gamma(1.0, 1.0, x.size)
    found = getis_ord(values, near, star=False, permutations=9_999, seed=1)
    for i in (0, 5, 30, 60, MIDDLE, 110):
        others = np.delete(values, i)
        sums = rng.permuted(np.tile(others, (9_999, 1)), axis=1)[:, : len(near.of(i))].sum(axis=1)
        middle = others.mean() * len(near.of(i))
        expected = (np.abs(sums - middle) >= abs(values[near.of(i)].sum() - middle)).mean()
        # Four standard errors of the difference of two such shares.
        assert found.p[i] == pytest.approx(expected, abs=4 * np.sqrt(2 * expected * (1 - expected) / 9_999) + 1e-3)


def test_permutations_are_of_the_others_values_without_replacement() -> None:
    # One neighbour of 29 others: it is the largest by chance once in 29, exactly enumerable.
    x = np.arange(30) * 1.0
    near = Neighbours(np.arange(31), np.array([(i + 1) % 30 for i in range(30)], np.int32), "nearest")
    values = np.zeros(30)
    values[1] = 1.0
    found = getis_ord(values, near, star=False, permutations=99_999, seed=3)
    assert found.p[0] == pytest.approx(1 / 29, abs=0.003)
    # All others are its neighbours: nothing to permute.
    everyone = getis_ord(x, within(x, x, 1e3), star=False, permutations=99, seed=3)
    assert (everyone.p == 1.0).all()


def test_where_chance_alone_ruled_one_p_in_twenty_is_below_five_percent() -> None:
    near, *_ = lattice()
    rng = np.random.default_rng(7)
    simulations = 150
    middle, anywhere = 0, 0
    for simulation in range(simulations):
        found = getis_ord(rng.gamma(2.0, 1.0, SIDE * SIDE), near, seed=simulation)
        middle += found.p[MIDDLE] <= 0.05
        anywhere += (found.q <= 0.05).any()
    low, high = binom.ppf([0.005, 0.995], simulations, 0.05)
    assert low <= middle <= high
    # False discoveries of neighbours come together, so that rather fewer maps than one in twenty have any.
    assert 0 < anywhere <= high


def test_a_planted_cluster_among_thousands_is_found_and_little_else() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.uniform(0, 1e5, (2, 3000))
    inside = np.hypot(x - 5e4, y - 5e4) < 6e3
    assert inside.sum() < 50
    values = rng.normal(10, 1, 3000) + 2.0 * inside
    found = getis_ord(values, nearest(x, y, 8), seed=1)
    called = classes(found)
    hot = np.char.startswith(called, "hot")
    assert hot[inside].mean() > 0.8
    assert hot[np.hypot(x - 5e4, y - 5e4) > 1.2e4].sum() <= 2
    assert found.permutations.min() == 999
    assert found.permutations.max() == MAX_PERMUTATIONS
    assert ((found.p * (found.permutations + 1)).round(6) % 1 == 0).all()


def test_cold_is_the_mirror_of_hot() -> None:
    near, x, y = lattice()
    values = np.random.default_rng(9).normal(0, 1, x.size) + 3.0 * (np.hypot(x - 4e3, y - 4e3) < 2500)
    hot, cold = classes(getis_ord(values, near, seed=1)), classes(getis_ord(-values, near, seed=1))
    assert "hot_99" in hot
    mirrored = [name.replace("hot", "?").replace("cold", "hot").replace("?", "cold") for name in hot.tolist()]
    assert cold.tolist() == mirrored


def test_classes_follow_q_and_the_sign_of_z() -> None:
    q = np.array([0.10, 0.05, 0.01, 0.1001, 0.10, 0.05, 0.01, np.nan])
    z = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, np.nan])
    named = classes(GetisOrd(z, q, q, np.zeros(8, np.int64)))
    assert named.tolist() == ["hot_90", "hot_95", "hot_99", "none", "cold_90", "cold_95", "cold_99", "unknown"]


def test_a_single_high_area_among_low_ones_is_neither_hot_nor_cold() -> None:
    near, x, y = lattice()
    values = np.random.default_rng(9).normal(10, 1, x.size) - 4.0 * (np.hypot(x - 6e3, y - 6e3) < 2500)
    values[MIDDLE] = 60.0
    found = getis_ord(values, near, seed=1)
    assert (found.z[MIDDLE] > 0, found.p[MIDDLE], classes(found)[MIDDLE]) == (True, 1.0, "none")


def test_the_unknown_take_no_part() -> None:
    near, x, _ = lattice()
    values = np.random.default_rng(1).normal(10, 1, x.size)
    unknown = np.random.default_rng(2).random(x.size) < 0.3
    values[unknown] = np.nan
    found = getis_ord(values, near, seed=1)
    kept = ~unknown
    for part in (found.z, found.p, found.q):
        assert np.isnan(part).tolist() == unknown.tolist()
    assert (found.permutations[unknown] == 0).all()
    assert (classes(found) == "unknown").tolist() == unknown.tolist()
    alone = getis_ord(values[kept], near.among(kept), seed=1)
    assert found.z[kept] == pytest.approx(alone.z)
    assert found.p[kept].tolist() == alone.p.tolist()


def test_an_area_whose_neighbours_are_all_unknown_is_not_called_anything() -> None:
    near, x, _ = lattice()
    values = np.random.default_rng(1).normal(10, 1, x.size)
    values[near.of(MIDDLE)] = np.nan
    values[MIDDLE] = 100.0
    for star in (True, False):
        found = getis_ord(values, near, star=star, seed=1)
        assert found.p[MIDDLE] == 1.0
        assert classes(found)[MIDDLE] == "none"


def test_equal_values_have_no_hot_spot() -> None:
    near, x, _ = lattice()
    found = getis_ord(np.full(x.size, 0.1), near, seed=1)
    assert (found.z == 0).all()
    assert (found.p == 1).all()
    assert (found.q == 1).all()
    assert set(classes(found)) == {"none"}


def test_one_value_unlike_the_others_makes_no_warning() -> None:
    near, x, _ = lattice()
    values = np.zeros(x.size)
    values[MIDDLE] = 1.0
    for star in (True, False):
        assert np.isfinite(getis_ord(values, near, star=star, seed=1).z).all()


def test_29_areas_are_refused_and_30_not() -> None:
    near, x, _ = lattice()
    values = np.full(x.size, np.nan)
    values[:29] = np.arange(29)
    with pytest.raises(TooFewAreas) as refused:
        getis_ord(values, near, seed=1)
    assert refused.value.facts == {"count": 29, "minimum": 30}
    values[29] = 3.0
    assert np.isfinite(getis_ord(values, near, seed=1).z).sum() == 30


@pytest.mark.parametrize(
    ("values", "permutations"),
    [([1.0] * 30, 999), ([np.inf] * SIDE * SIDE, 999), ([[1.0] * SIDE * SIDE], 9), ([1.0] * SIDE * SIDE, 0)],
)
def test_what_cannot_be_used_is_refused(values: list[float], permutations: int) -> None:
    with pytest.raises(NumbersUnusable):
        getis_ord(values, lattice()[0], permutations=permutations, seed=1)


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads() -> None:
    near, x, _ = lattice()
    values = np.random.default_rng(1).gamma(1.0, 1.0, x.size)
    before = numba.get_num_threads()
    answers = []
    try:
        for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(threads)
            answers.append(getis_ord(values, near, seed=5).p.tolist())
    finally:
        numba.set_num_threads(before)
    assert all(answer == answers[0] for answer in answers)
    assert getis_ord(values, near, seed=6).p.tolist() != answers[0]
