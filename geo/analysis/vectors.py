"""Vectors of numbers, one for each area, as the statistics take them: checked once, refused as facts."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import NumbersUnusable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_TOTAL: Final = 2**31 - 1
"""Counts together; the compiled loops add them in 32 bits."""


def numbers(values: ArrayLike, field: str) -> Floats:
    """A vector of finite numbers.

    :raises NumbersUnusable: NaN, infinite, or not one number for each area
    """
    vector = np.asarray(values, np.float64)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise NumbersUnusable(
            field=field, reason="it needs one finite number for each area", reason_zh="每个区域须有一个有限的数值"
        )
    return vector


def amounts(values: ArrayLike, field: str) -> Floats:
    """A vector of finite numbers from 0.

    :raises NumbersUnusable: also for negative ones
    """
    vector = numbers(values, field)
    if (vector < 0).any():
        raise NumbersUnusable(field=field, reason="it cannot be negative", reason_zh="不能为负数")
    return vector


def counts(values: ArrayLike, field: str) -> Ints:
    """A vector of whole numbers from 0, together at most `MAX_TOTAL`.

    :raises NumbersUnusable: also for fractions
    """
    vector = amounts(values, field)
    if (vector != np.floor(vector)).any() or vector.sum() > MAX_TOTAL:
        raise NumbersUnusable(
            field=field,
            reason=f"counts are whole numbers, {MAX_TOTAL:,} together at most",
            reason_zh=f"计数须为整数，合计不超过 {MAX_TOTAL:,}",
        )
    return vector.astype(np.int64)
