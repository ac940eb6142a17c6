"""Bandwidths by rule of thumb and by likelihood: the formulas, a plain loop, and points that say nothing."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate
from scipy.stats import gaussian_kde

from geo.analysis import bandwidths
from geo.analysis.bandwidths import Bandwidth, likelihood_bandwidth, silverman
from geo.analysis.kernels import TO_GAUSSIAN
from geo.errors import PointsUnusable
from geo.limits import MIN_BANDWIDTH_M

Array = NDArray[np.float64]


def normal_points(number: int, spread_m: float = 5000, seed: int = 5) -> tuple[Array, Array]:
    x, y = np.random.default_rng(seed).normal(0, spread_m, (2, number))
    return x + 500_000, y + 3_300_000


def hamlets(number: int, seed: int = 5) -> tuple[Array, Array]:
    """Thirty hamlets of 400 m, far apart beside it."""
    rng = np.random.default_rng(seed)
    centre, hamlet = rng.uniform(0, 40_000, (2, 30)), rng.integers(0, 30, number)
    x, y = centre[:, hamlet] + rng.normal(0, 400, (2, number))
    return x, y


# Kernels that smooth alike


def test_the_quartic_bandwidth_that_smooths_like_a_gaussian() -> None:
    def quartic(u: float) -> float:
        return 3 / math.pi * (1 - u * u) ** 2

    roughness = integrate.quad(lambda u: quartic(u) ** 2 * 2 * math.pi * u, 0, 1)[0]
    variance = integrate.quad(lambda u: quartic(u) * u**2 * math.pi * u, 0, 1)[0]
    assert TO_GAUSSIAN["quartic"] == pytest.approx((roughness / variance**2 * 4 * math.pi) ** (1 / 6))
    assert round(TO_GAUSSIAN["quartic"], 2) == 2.78, "Silverman 1986, table 4.1"


# Rule of thumb


def test_of_a_normal_pattern_it_is_the_formula() -> None:
    assert silverman(*normal_points(100_000), kernel="gaussian").metres == pytest.approx(
        5000 * 100_000 ** (-1 / 6), rel=0.01
    )


def test_of_uniform_points_it_is_scipys_factor_times_the_spread() -> None:
    x, y = np.random.default_rng(1).uniform(0, 10_000, (2, 4000))
    peer = gaussian_kde(np.vstack([x, y]), bw_method="silverman").factor
    spread = math.sqrt((x.var() + y.var()) / 2)
    assert silverman(x, y, kernel="gaussian").metres == pytest.approx(peer * spread, rel=1e-9)


def test_a_few_far_away_change_little() -> None:
    x, y = normal_points(2000)
    far = np.append(x, [9e6] * 5), np.append(y, [-9e6] * 5)
    assert silverman(*far).metres == pytest.approx(silverman(x, y).metres, rel=0.02)


def test_axes_are_alike_and_the_quartic_kernel_gets_its_own() -> None:
    x, y = normal_points(500)
    assert silverman(2 * x, y).metres == pytest.approx(silverman(y, 2 * x).metres)
    assert silverman(x, y).metres == pytest.approx(TO_GAUSSIAN["quartic"] * silverman(x, y, kernel="gaussian").metres)


def test_equal_weights_are_none_and_weightless_points_are_away() -> None:
    x, y = normal_points(501)
    assert silverman(x, y, np.full(501, 0.2)).metres == pytest.approx(silverman(x, y).metres)
    padded = np.append(x, [0.0] * 300), np.append(y, [9e6] * 300), np.append(np.ones(501), np.zeros(300))
    assert silverman(*padded).metres == pytest.approx(silverman(x, y).metres)


def test_unequal_weights_are_fewer_points() -> None:
    x, y = normal_points(50_000)
    weights = np.where(np.arange(50_000) % 2, 9.0, 1.0)
    size = weights.sum() ** 2 / (weights**2).sum()
    assert silverman(x, y, weights, kernel="gaussian").metres == pytest.approx(5000 * size ** (-1 / 6), rel=0.02)


def test_where_more_than_half_lie_in_one_place_the_deviation_stands() -> None:
    x, y = normal_points(100)
    x[:80], y[:80] = 500_000, 3_300_000
    expected = math.sqrt((x.var() + y.var()) / 2) * 100 ** (-1 / 6)
    assert silverman(x, y, kernel="gaussian").metres == pytest.approx(expected)


# Likelihood


def test_the_likelihood_is_that_of_a_plain_loop() -> None:
    x, y = hamlets(150)
    candidates = [4000 / math.sqrt(2) ** step for step in range(11)]
    ground = np.ptp(x) * np.ptp(y)
    expected = []
    for h in candidates:
        terms = []
        for i in range(x.size):
            others = np.arange(x.size) != i
            squared = (x[others] - x[i]) ** 2 + (y[others] - y[i]) ** 2
            density = (np.exp(-squared / (2 * h * h)) / (2 * math.pi * h * h)).mean()
            terms.append(math.log(density * (1 - 1 / 150) + 1 / 150 / ground))
        expected.append(sum(terms) / len(terms))
    np.testing.assert_allclose(bandwidths._log_likelihoods(x, y, candidates), expected, rtol=1e-9)


def test_of_a_normal_pattern_it_is_near_the_rule_of_thumb() -> None:
    x, y = normal_points(5000)
    ratio = likelihood_bandwidth(x, y).metres / silverman(x, y).metres
    assert 0.7 < ratio < 1.5


def test_of_hamlets_it_is_near_the_size_of_one_where_the_rule_of_thumb_is_not() -> None:
    x, y = hamlets(5000)
    best = likelihood_bandwidth(x, y, kernel="gaussian")
    assert 100 < best.metres < 300
    assert silverman(x, y, kernel="gaussian").metres > 2000
    assert best.metres in best.candidates


def test_candidates_are_stated_largest_first_in_the_kernels_own_metres() -> None:
    x, y = normal_points(400)
    thumb = silverman(x, y).metres
    candidates = likelihood_bandwidth(x, y).candidates
    np.testing.assert_allclose(candidates, [thumb * 2 ** (k / 2) for k in range(2, -9, -1)])


def test_points_far_from_all_others_do_not_rule() -> None:
    x, y = hamlets(2000)
    far = np.append(x, [5e5, -5e5]), np.append(y, [5e5, -5e5])
    assert likelihood_bandwidth(*far).metres == pytest.approx(likelihood_bandwidth(x, y).metres, rel=0.5)


def test_order_makes_no_difference_even_where_points_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandwidths, "MAX_POINTS", 300)
    monkeypatch.setattr(bandwidths, "MAX_SCORED", 100)
    x, y = hamlets(1000)
    order = np.random.default_rng(2).permutation(1000)
    assert likelihood_bandwidth(x, y) == likelihood_bandwidth(x[order], y[order])


def test_of_thinned_points_the_choice_is_scaled_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal_points(4000)
    every = likelihood_bandwidth(x, y)
    monkeypatch.setattr(bandwidths, "MAX_POINTS", 500)
    thinned = likelihood_bandwidth(x, y)
    assert (every.used, thinned.used, thinned.points) == (4000, 500, 4000)
    assert thinned.candidates[2] == pytest.approx(silverman(x, y).metres, rel=0.1)
    assert 0.5 < thinned.metres / every.metres < 2


# Points that say nothing

NOTHING = {
    "none": ([], []),
    "one": ([500_000.1], [3_300_000.1]),
    "all in one place": ([500_000.1] * 997, [3_300_000.1] * 997),
}


@pytest.mark.parametrize("rule", [silverman, likelihood_bandwidth])
@pytest.mark.parametrize("name", NOTHING)
def test_where_the_points_say_nothing_the_least_stands(rule: type, name: str) -> None:
    x, y = NOTHING[name]
    found: Bandwidth = rule(x, y)
    assert (found.metres, found.raised, found.points, found.used) == (MIN_BANDWIDTH_M, True, len(x), len(x))
    assert found.candidates == ()


@pytest.mark.parametrize("rule", [silverman, likelihood_bandwidth])
def test_nothing_finer_than_the_least_is_chosen(rule: type) -> None:
    found: Bandwidth = rule(*normal_points(1000, spread_m=30))
    assert (found.metres, found.raised) == (MIN_BANDWIDTH_M, True)
    assert not rule(*normal_points(1000)).raised


@pytest.mark.parametrize("rule", [silverman, likelihood_bandwidth])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0, 1000], [0, 0]),
        ([0, 0, 5000], [0, 0, 1]),
        ([7.0] * 50, range(0, 50_000, 1000)),
        ([0] * 99 + [1e7], [0] * 100),
    ],
)
def test_in_a_line_or_nearly_in_one_place_it_is_a_length(rule: type, x: list[float], y: list[float]) -> None:
    found: Bandwidth = rule(x, y)
    assert MIN_BANDWIDTH_M <= found.metres < 1e8


def test_weights_that_are_all_zero_say_nothing() -> None:
    assert silverman([1, 2, 9000], [1, 2, 3], [0, 0, 0]).raised


@pytest.mark.parametrize("rule", [silverman, likelihood_bandwidth])
def test_coordinates_that_are_no_numbers(rule: type) -> None:
    with pytest.raises(PointsUnusable, match="1 points"):
        rule([1, np.nan], [1, 1])
