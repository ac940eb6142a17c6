"""Rates of areas against published tables and a peer, and where the denominator is zero."""

import numpy as np
import pytest
from esda.smoothing import Empirical_Bayes
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from geo.analysis.rates import area_rates, empirical_bayes, indirectly_standardised, poisson_interval
from geo.errors import NumbersUnusable

SEEN = [3, 0, 12, 7, 1, 30, 2]
BELOW = [50, 10, 80, 90, 40, 100, 60]


def test_empirical_bayes_is_that_of_esda() -> None:
    assert empirical_bayes(SEEN, BELOW) == pytest.approx(Empirical_Bayes(SEEN, BELOW).r.ravel())


def test_rates_that_chance_explains_are_the_mean() -> None:
    assert empirical_bayes([5, 5, 6, 4], [100] * 4).tolist() == [0.05] * 4
    assert empirical_bayes([0, 0, 0], [10, 20, 30]).tolist() == [0.0] * 3


def test_a_small_denominator_draws_a_rate_more() -> None:
    seen, below = [*SEEN, 2, 20], [*BELOW, 10, 100]
    shrunk = empirical_bayes(seen, below)
    mean = sum(seen) / sum(below)
    assert mean < shrunk[-2] < shrunk[-1] < 0.2


def test_poisson_interval_is_exact() -> None:
    low, high = poisson_interval(range(40), confidence=0.9)
    seen = np.arange(40)
    assert poisson.sf(seen[1:] - 1, low[1:]) == pytest.approx(0.05)
    assert poisson.cdf(seen, high) == pytest.approx(0.05)
    assert low[0] == 0.0


def test_expected_is_proportional_and_adds_up() -> None:
    rates = area_rates(SEEN, BELOW)
    assert rates.expected.sum() == pytest.approx(sum(SEEN))
    assert rates.expected / rates.expected[0] == pytest.approx(np.array(BELOW) / BELOW[0])
    assert rates.rate == pytest.approx(np.array(SEEN) / BELOW)
    assert rates.ratio == pytest.approx(np.array(SEEN) / rates.expected)
    assert ((rates.low <= rates.rate) & (rates.rate <= rates.high)).all()


def test_where_the_denominator_is_zero_all_is_unknown_and_the_others_are_as_without_it() -> None:
    with_gap, without = area_rates([*SEEN, 4], [*BELOW, 0]), area_rates(SEEN, BELOW)
    for field in ("expected", "rate", "ratio", "shrunk", "low", "high"):
        assert np.isnan(getattr(with_gap, field)[-1]), field
        assert getattr(with_gap, field)[:-1].tolist() == getattr(without, field).tolist(), field
    assert with_gap.observed[-1] == 4


@pytest.mark.parametrize(("seen", "below"), [([], []), ([0, 0], [0, 0]), ([3, 0], [0, 0])])
def test_nothing_known_is_no_error(seen: list[int], below: list[int]) -> None:
    rates = area_rates(seen, below)
    assert np.isnan(rates.rate).all()
    assert np.isnan(rates.shrunk).all()


def test_no_cases_at_all() -> None:
    rates = area_rates([0, 0], [5, 9])
    assert rates.rate.tolist() == [0.0, 0.0]
    assert np.isnan(rates.ratio).all()


def test_indirect_standardisation_by_hand() -> None:
    # Rates of the strata: 4/20 and 2/10.
    expected = indirectly_standardised([[3, 0], [1, 2]], [[10, 0], [10, 10]])
    assert expected.tolist() == [2.0, 4.0]
    assert area_rates([3, 3], [10, 20], expected=expected).ratio.tolist() == [1.5, 0.75]


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=n)))
def test_expected_and_observed_are_equal_over_all_areas(table: list[list[int]]) -> None:
    cases = np.array(table)
    below = cases * 2 + 1
    assert indirectly_standardised(cases, below).sum() == pytest.approx(cases.sum())
    assert indirectly_standardised(cases[:, :1], below[:, :1]) == pytest.approx(
        area_rates(cases[:, 0], below[:, 0]).expected
    )


def test_a_stratum_without_denominator_expects_nothing() -> None:
    assert indirectly_standardised([[1, 5], [1, 0]], [[10, 0], [10, 0]]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("seen", "below"), [([1], [1, 2]), ([-1], [1]), ([0.5], [1]), ([1], [-1]), ([np.nan], [1]), ([1], [np.inf])]
)
def test_what_cannot_be_a_rate_is_refused(seen: list[float], below: list[float]) -> None:
    with pytest.raises(NumbersUnusable):
        area_rates(seen, below)


def test_shapes_and_confidence_are_checked() -> None:
    with pytest.raises(NumbersUnusable):
        indirectly_standardised([[1, 2]], [[1], [2]])
    with pytest.raises(NumbersUnusable):
        indirectly_standardised([[1, -2]], [[1, 2]])
    with pytest.raises(NumbersUnusable):
        area_rates([1], [1], expected=[1, 2])
    for confidence in (0.0, 1.0, float("nan")):
        with pytest.raises(NumbersUnusable):
            poisson_interval([1], confidence=confidence)
