"""Observed and expected numbers of areas, their rates, and how much of a rate is chance.

An area with a denominator of zero (nobody was visited, nobody lives there) has no rate: it is NaN, which means unknown,
never low. What was observed there takes no part in the mean of the others either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from geo.analysis.vectors import Floats, amounts, counts
from geo.errors import NumbersUnusable


@dataclass(frozen=True, slots=True)
class AreaRates:
    """Rates of areas; every vector is (areas,), NaN where the denominator is 0.

    :ivar observed: counts
    :ivar expected: counts that would be observed if the area were like all
    :ivar rate: observed per unit of the denominator
    :ivar ratio: observed over expected, the standardised ratio (SMR); NaN where nothing is expected
    :ivar shrunk: empirical-Bayes rate, drawn to the mean of all the more, the smaller the denominator
    :ivar low: lower end of the exact Poisson interval of the rate
    :ivar high: upper end
    """

    observed: Floats
    expected: Floats
    rate: Floats
    ratio: Floats
    shrunk: Floats
    low: Floats
    high: Floats


def area_rates(
    observed: ArrayLike, denominator: ArrayLike, *, expected: ArrayLike | None = None, confidence: float = 0.95
) -> AreaRates:
    """All that is said of each area.

    :param observed: (areas,) counts
    :param denominator: (areas,) visits, households, people …
    :param expected: (areas,) such as `indirectly_standardised` gives; proportional to the denominator if None
    :param confidence: of the interval, two-sided
    :raises NumbersUnusable: lengths that differ, NaN, negative or fractional counts

    >>> rates = area_rates([4, 0, 2], [100, 100, 0])
    >>> rates.expected.tolist(), rates.rate.tolist(), rates.ratio.tolist()
    ([2.0, 2.0, nan], [0.04, 0.0, nan], [2.0, 0.0, nan])
    """
    seen, below = counts(observed, "observed").astype(np.float64), amounts(denominator, "denominator")
    _same_size(seen, below)
    known = below > 0
    if expected is None:
        foreseen = below * _over(seen[known].sum(), below.sum())
    else:
        foreseen = amounts(expected, "expected")
        _same_size(seen, foreseen)
    low, high = poisson_interval(seen, confidence=confidence)
    return AreaRates(
        observed=seen,
        expected=np.where(known, foreseen, np.nan),
        rate=_over(seen, below),
        ratio=_over(seen, np.where(known, foreseen, np.nan)),
        shrunk=empirical_bayes(seen, below),
        low=_over(low, below),
        high=_over(high, below),
    )


def indirectly_standardised(cases_by_stratum: ArrayLike, denominator_by_stratum: ArrayLike) -> Floats:
    """Expected cases of each area if every stratum had everywhere the rate that it has in all areas together.

    ``E_i = Σ_s n_is (Σ_j c_js / Σ_j n_js)`` (N. E. Breslow & N. E. Day, *Statistical Methods in Cancer Research*
    II, 1987, chapter 2). Over all areas expected and observed are equal.

    :param cases_by_stratum: (areas, strata) counts, by category, month …
    :param denominator_by_stratum: (areas, strata)
    :return: (areas,)
    :raises NumbersUnusable: shapes that differ, NaN, negative or fractional counts

    >>> indirectly_standardised([[3, 0], [1, 2]], [[10, 0], [10, 10]]).tolist()
    [2.0, 4.0]
    """
    cases, below = np.asarray(cases_by_stratum, np.float64), np.asarray(denominator_by_stratum, np.float64)
    if cases.ndim != 2 or cases.shape != below.shape:  # noqa: PLR2004 - areas by strata
        raise NumbersUnusable(
            field="cases, denominator", reason="their shapes differ", reason_zh="须为同样大小的区域 × 分层表"
        )
    counts(cases.ravel(), "cases_by_stratum")
    amounts(below.ravel(), "denominator_by_stratum")
    of_stratum = np.nan_to_num(_over(np.where(below > 0, cases, 0.0).sum(axis=0), below.sum(axis=0)))
    expected: Floats = below @ of_stratum
    return expected


def empirical_bayes(observed: ArrayLike, denominator: ArrayLike) -> Floats:
    """Rates drawn to the mean of all, by the method of moments.

    ``m + A / (A + m / n_i) (r_i - m)`` with ``m = Σ c / Σ n`` and ``A = Σ n_i (r_i - m)² / Σ n - m / mean(n)``, the
    variance between areas; where chance alone explains it, A is 0 and every rate is m (R. J. Marshall, *Mapping disease
    and mortality rates using empirical Bayes estimators*, Applied Statistics 40 (1991) 283-294, the global estimator).

    :return: (areas,), NaN where the denominator is 0
    :raises NumbersUnusable: lengths that differ, NaN or negative numbers
    """
    seen, below = amounts(observed, "observed"), amounts(denominator, "denominator")
    _same_size(seen, below)
    known = below > 0
    shrunk = np.full(seen.size, np.nan)
    if known.any():
        n = below[known]
        rate = seen[known] / n
        mean = seen[known].sum() / n.sum()
        between = max(0.0, float((n * np.square(rate - mean)).sum() / n.sum() - mean / n.mean()))
        weight = between / (between + mean / n) if between > 0 else 0.0
        shrunk[known] = mean + weight * (rate - mean)
    return shrunk


def poisson_interval(observed: ArrayLike, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Exact interval of the mean of a Poisson count.

    ``χ²(α/2; 2c) / 2`` and ``χ²(1 - α/2; 2c + 2) / 2``, the lower one 0 for no case (F. Garwood, *Fiducial limits for
    the Poisson distribution*, Biometrika 28 (1936) 437-442).

    :param observed: (areas,) counts
    :param confidence: two-sided, between 0 and 1
    :raises NumbersUnusable: negative or fractional counts, a confidence out of range

    >>> low, high = poisson_interval([0, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 4.7954], [3.6889, 18.3904])
    """
    seen = counts(observed, "observed")
    if not 0.0 < confidence < 1.0:
        raise NumbersUnusable(field="confidence", reason="it is between 0 and 1", reason_zh="须在 0 与 1 之间")
    tail = (1.0 - confidence) / 2.0
    low = np.where(seen > 0, chi2.ppf(tail, 2 * np.maximum(seen, 1)) / 2.0, 0.0)
    return low, chi2.ppf(1.0 - tail, 2 * seen + 2) / 2.0


def _over(above: Floats, below: Floats) -> Floats:
    """A quotient, NaN where it would be by 0."""
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    quotient = np.full(below.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _same_size(one: Floats, other: Floats) -> None:
    if one.size != other.size:
        raise NumbersUnusable(
            field="observed, denominator", reason="their lengths differ", reason_zh="各项的长度不一致"
        )
