"""Bandwidths chosen from the points, as a value that an answer can state.

Both rules work with the Gaussian kernel; the bandwidth of another kernel is the one that smooths alike
(`geo.analysis.kernels.TO_GAUSSIAN`). Neither goes below `MIN_BANDWIDTH_M`, and both give that where the points say
nothing: fewer than two of them, or all in one place.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from geo.analysis.kernels import TO_GAUSSIAN, Kernel
from geo.analysis.points import FloatArray, checked_points
from geo.limits import MIN_BANDWIDTH_M

Method = Literal["silverman", "likelihood"]

NORMAL_IQR: Final = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""

STEPS: Final = range(2, -9, -1)
"""Candidates are the rule of thumb times 2^(k/2): from twice to a sixteenth of it."""

MAX_POINTS: Final = 50_000
"""Points that the likelihood is computed from; of more, every k-th in the order of their coordinates."""

MAX_SCORED: Final = 1_000
"""Points at which it is computed. All of 20,000 points of a normal pattern choose within a step of √2 of the same."""


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A bandwidth and where it comes from.

    :ivar metres: radius of the quartic kernel, standard deviation of the Gaussian one
    :ivar points: how many were given
    :ivar used: how many the rule looked at; fewer than were given where they were thinned
    :ivar raised: whether the rule said less than `MIN_BANDWIDTH_M`, or nothing, and that stands instead
    :ivar candidates: what was compared, in metres, largest first; empty for a rule of thumb
    """

    metres: float
    method: Method
    kernel: Kernel
    points: int
    used: int
    raised: bool
    candidates: tuple[float, ...] = ()


def silverman(
    x_m: ArrayLike, y_m: ArrayLike, weights: ArrayLike | None = None, *, kernel: Kernel = "quartic"
) -> Bandwidth:
    """Rule of thumb: best for a normal pattern, too smooth for one of several centres.

    σ n^(-1/6) for the Gaussian kernel in the plane (Silverman 1986, section 4.3.2), with σ² the mean of both axes'
    squared spread, and a spread the lesser of standard deviation and IQR/1.349 (equation 3.30). With weights, both are
    weighted and n is (Σw)²/Σw² (Kish 1965).

    :param x_m: easting in metres, one number for each point
    :param y_m: northing in metres, the same length
    :param weights: how much each point counts, zero or more; None for one each
    :raises PointsUnusable: a coordinate is not finite, a weight is negative or not finite
    :raises ValueError: arrays of different lengths
    """
    x, y, w = checked_points(x_m, y_m, weights)
    metres = _rule_of_thumb(x, y, w)
    return _stated(metres, "silverman", kernel, points=x.size, used=x.size)


def likelihood_bandwidth(x_m: ArrayLike, y_m: ArrayLike, *, kernel: Kernel = "quartic") -> Bandwidth:
    """Of eleven candidates the one under which the other points best foretell each point.

    Leave-one-out likelihood cross-validation, Σ log f₋ᵢ(xᵢ) (Habbema, Hermans and van den Broek 1974; Duin 1976;
    Silverman 1986, section 3.4.4), with the Gaussian kernel. Points far from all others are known to
    rule the sum; so one point's worth of density, spread evenly over the points' rectangle, is added everywhere, and no
    point costs more than that. Many points in exactly one place draw the choice to the smallest candidate.

    Candidates are the rule of thumb times 2^(k/2), k from 2 to -8. Of more than `MAX_POINTS` points, regularly thinned
    ones are used, and the choice is scaled by (used/points)^(1/6), the rate of the rule of thumb. The likelihood is
    summed at `MAX_SCORED` of them, thinned likewise. The order of the points makes no difference.

    :param x_m: easting in metres, one number for each point
    :param y_m: northing in metres, the same length
    :raises PointsUnusable: a coordinate is not finite
    :raises ValueError: arrays of different lengths
    """
    x, y, _ = checked_points(x_m, y_m, None)
    order = np.lexsort((y, x))[:: -(-x.size // MAX_POINTS) or 1]
    used_x, used_y = x[order], y[order]
    thumb = _rule_of_thumb(used_x, used_y, None)
    if thumb == 0:
        return _stated(0, "likelihood", kernel, points=x.size, used=order.size)
    candidates = [thumb * 2 ** (step / 2) for step in STEPS]
    best = int(np.argmax(_log_likelihoods(used_x, used_y, candidates)))
    scale = (order.size / x.size) ** (1 / 6)
    scaled = [candidate * scale for candidate in candidates]
    return _stated(scaled[best], "likelihood", kernel, points=x.size, used=order.size, candidates=scaled)


def _rule_of_thumb(x: FloatArray, y: FloatArray, weights: FloatArray | None) -> float:
    """Silverman's bandwidth of the Gaussian kernel in metres, 0 where the points say nothing."""
    size = float(x.size) if weights is None else _effective_size(weights)
    if size == 0:
        return 0.0
    spread = math.sqrt((_spread(x, weights) ** 2 + _spread(y, weights) ** 2) / 2)
    return spread * math.pow(size, -1 / 6)


def _effective_size(weights: FloatArray) -> float:
    total = float(weights.sum())
    return total * total / float((weights**2).sum()) if total else 0.0


def _spread(values: FloatArray, weights: FloatArray | None) -> float:
    """The lesser of standard deviation and IQR/1.349; the former where the middle half lies in one place."""
    if np.ptp(values) == 0:
        return 0.0  # the mean of equal numbers may differ from them by rounding, and a spread of 1e-10 m is none
    deviation = math.sqrt(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights))
    lower, upper = np.quantile(values, (0.25, 0.75), weights=weights, method="inverted_cdf")
    robust = float(upper - lower) / NORMAL_IQR
    return min(deviation, robust) if robust > 0 else deviation


def _log_likelihoods(x: FloatArray, y: FloatArray, candidates: Sequence[float]) -> FloatArray:
    """Mean log of the leave-one-out density at regularly chosen points, for candidates that each are the last by √2.

    One exponential a pair is enough: halving h² squares exp(-d²/2h²).
    """
    scored = np.arange(0, x.size, -(-x.size // MAX_SCORED))
    sums = np.empty((scored.size, len(candidates)))
    for row, at in enumerate(scored):
        exponent = (x - x[at]) ** 2
        exponent += (y - y[at]) ** 2
        exponent[at] = np.inf
        exponent *= -0.5 / candidates[0] ** 2
        heights = np.exp(exponent, out=exponent)
        sums[row, 0] = heights.sum()
        for column in range(1, len(candidates)):
            np.multiply(heights, heights, out=heights)
            sums[row, column] = heights.sum()
    density = sums / (2 * np.pi * np.square(candidates) * (x.size - 1))
    ground_m2 = max(np.ptp(x), MIN_BANDWIDTH_M) * max(np.ptp(y), MIN_BANDWIDTH_M)
    everywhere = 1 / x.size
    means: FloatArray = np.log((1 - everywhere) * density + everywhere / ground_m2).mean(axis=0)
    return means


def _stated(
    gaussian_m: float, method: Method, kernel: Kernel, *, points: int, used: int, candidates: Sequence[float] = ()
) -> Bandwidth:
    metres = gaussian_m * TO_GAUSSIAN[kernel]
    return Bandwidth(
        metres=max(metres, MIN_BANDWIDTH_M),
        method=method,
        kernel=kernel,
        points=points,
        used=used,
        raised=metres < MIN_BANDWIDTH_M,
        candidates=tuple(candidate * TO_GAUSSIAN[kernel] for candidate in candidates),
    )
