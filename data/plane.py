"""The local plane in which the sample is drawn: metres east and north of its centre, in the open sea off Zhejiang.

No real place lies within 80 km, so that no real family is given an invented visit. An equirectangular plane is enough:
the county is 70 km wide, and what is drawn is fictional.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CENTRE_LON: Final = 124.4
CENTRE_LAT: Final = 29.7

UNITS_PER_DEGREE: Final = 10_000_000
"""Coordinates have 7 decimals (about 1 cm); they are whole numbers of this unit until the last step."""

_M_PER_DEGREE: Final = np.array([96_760.0, 110_850.0])  # of longitude and of latitude at 29.7° N
_CENTRE: Final = np.array([CENTRE_LON, CENTRE_LAT])


def to_units(xy_m: FloatArray) -> IntArray:
    """Metres as whole units of 1e-7 degree, shape (..., 2)."""
    degrees = _CENTRE + xy_m / _M_PER_DEGREE
    return np.asarray(np.rint(degrees * UNITS_PER_DEGREE), dtype=np.int64)


def to_metres(units: IntArray) -> FloatArray:
    """Units of 1e-7 degree as metres, shape (..., 2)."""
    return np.asarray((units / UNITS_PER_DEGREE - _CENTRE) * _M_PER_DEGREE)


def to_degrees(xy_m: FloatArray) -> FloatArray:
    """Metres as lon, lat with 7 decimals, shape (..., 2)."""
    return np.asarray(to_units(xy_m) / UNITS_PER_DEGREE)
