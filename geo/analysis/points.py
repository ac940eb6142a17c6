"""Positions in a metric CRS, checked once before anything is computed from them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import PointsUnusable

FloatArray = NDArray[np.float64]


def checked_points(
    x_m: ArrayLike, y_m: ArrayLike, weights: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Points as arrays of doubles.

    :param x_m: easting in metres, one number for each point
    :param y_m: northing in metres, the same length
    :param weights: how much each point counts, zero or more; None for one each
    :raises PointsUnusable: a coordinate is not finite, a weight is negative or not finite
    :raises ValueError: the arrays are not of one dimension and one length
    """
    x, y = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
    w = None if weights is None else np.asarray(weights, np.float64)
    if x.ndim != 1 or y.shape != x.shape or (w is not None and w.shape != x.shape):
        shapes = [one.shape for one in (x, y, w) if one is not None]
        raise ValueError(f"x_m, y_m and weights have one dimension and one length, not {shapes}")
    lost = x.size - np.count_nonzero(np.isfinite(x) & np.isfinite(y))
    if lost:
        raise PointsUnusable(count=lost, reason="coordinates that are not finite", reason_zh="坐标不是有限的数")
    if w is not None:
        wrong = w.size - np.count_nonzero(np.isfinite(w) & (w >= 0))
        if wrong:
            raise PointsUnusable(
                count=wrong, reason="weights that are negative or not finite", reason_zh="权重为负或不是有限的数"
            )
    return x, y, w
