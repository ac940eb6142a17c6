"""Frames and coordinate reference systems.

Stored positions are EPSG:4326; CGCS2000 (EPSG:4490) differs by centimetres and is taken as the same. Phones and web
maps in China give GCJ-02 or BD-09, which are shifted by hundreds of metres. GCJ-02 has no published standard; the
forward shift is the one that map libraries agree on (Krasovsky 1940 ellipsoid, two sums of sines), BD-09 is a second
shift on top of it. Both inverses are iterated until the forward shift returns the given point.
"""

from collections.abc import Callable
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

Frame = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
FRAMES: Final[tuple[Frame, ...]] = get_args(Frame)

WGS84: Final = 4326
CGCS2000: Final = 4490
WEB_MERCATOR: Final = 3857

MAX_LON: Final = 180.0
MAX_LAT: Final = 90.0

FloatArray = NDArray[np.float64]
_Shift = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]

_KRASOVSKY_A: Final = 6378245.0
_KRASOVSKY_EE: Final = 0.00669342162296594323
_ORIGIN_LON: Final = 105.0
_ORIGIN_LAT: Final = 35.0
CHINA_LON: Final = (72.004, 137.8347)
CHINA_LAT: Final = (0.8293, 55.8271)
_BD_TURN: Final = np.pi * 3000.0 / 180.0
_CONVERGED_DEG: Final = 1e-11
_MAX_ROUNDS: Final = 30

_CM_ZONES: Final = range(75, 136, 3)
_FIRST_CM_EPSG: Final = 4534


def to_wgs84(lon: ArrayLike, lat: ArrayLike, frame: Frame) -> tuple[FloatArray, FloatArray]:
    """Positions of a frame as WGS-84.

    :param lon: degrees east, any shape
    :param lat: degrees north, the same shape
    :return: lon, lat; the forward shift of the result is within 1e-9° of what was given
    """
    x, y = _arrays(lon, lat)
    if frame == "bd09":
        x, y = _invert(_gcj02_to_bd09, x, y)
    if frame in ("gcj02", "bd09"):
        x, y = _invert(_wgs84_to_gcj02, x, y)
    return x, y


def from_wgs84(lon: ArrayLike, lat: ArrayLike, frame: Frame) -> tuple[FloatArray, FloatArray]:
    """WGS-84 positions in another frame; points outside China stay where they are.

    >>> lon, lat = from_wgs84(116.404, 39.915, "gcj02")
    >>> round(float(lon), 5), round(float(lat), 5)
    (116.41024, 39.9164)
    """
    x, y = _arrays(lon, lat)
    if frame in ("gcj02", "bd09"):
        x, y = _wgs84_to_gcj02(x, y)
    if frame == "bd09":
        x, y = _gcj02_to_bd09(x, y)
    return x, y


def metric_epsg(lon: float) -> int:
    """The county's own metric CRS: CGCS2000 3-degree Gauss-Krüger of the nearest central meridian (EPSG 4534–4554).

    Outside 73.5°–136.5° E it is the UTM zone on WGS-84, so that trials with other countries measure right too.

    >>> metric_epsg(119.6)
    4549
    """
    zone = round(lon / 3) * 3
    if zone in _CM_ZONES:
        return _FIRST_CM_EPSG + (zone - _CM_ZONES.start) // 3
    return 32600 + int((lon + 180) // 6) % 60 + 1


def is_wgs84_like(crs: CRS) -> bool:
    """Whether coordinates of this CRS can be stored as they are: lon/lat on WGS-84 or CGCS2000."""
    if not crs.is_geographic:
        return False
    return crs.to_epsg(min_confidence=70) in (WGS84, CGCS2000)


def _arrays(lon: ArrayLike, lat: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)


def _in_china(lon: FloatArray, lat: FloatArray) -> NDArray[np.bool_]:
    inside = (lon >= CHINA_LON[0]) & (lon <= CHINA_LON[1]) & (lat >= CHINA_LAT[0]) & (lat <= CHINA_LAT[1])
    return np.asarray(inside)


def _waves(t: FloatArray, *terms: tuple[float, float]) -> FloatArray:
    """Sum of ``amplitude * sin(frequency * pi * t) * 2/3``."""
    return sum((amplitude * np.sin(frequency * np.pi * t) for amplitude, frequency in terms), np.zeros_like(t)) * (
        2 / 3
    )


def _wgs84_to_gcj02(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, y = lon - _ORIGIN_LON, lat - _ORIGIN_LAT
    root = np.sqrt(np.abs(x))
    shared = _waves(x, (20.0, 6.0), (20.0, 2.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
    north = north + _waves(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
    east = east + _waves(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
    phi = np.radians(lat)
    w2 = 1.0 - _KRASOVSKY_EE * np.sin(phi) ** 2
    meridian_radius = _KRASOVSKY_A * (1.0 - _KRASOVSKY_EE) / (w2 * np.sqrt(w2))
    parallel_radius = _KRASOVSKY_A / np.sqrt(w2) * np.cos(phi)
    inside = _in_china(lon, lat)
    return (
        np.where(inside, lon + np.degrees(east / parallel_radius), lon),
        np.where(inside, lat + np.degrees(north / meridian_radius), lat),
    )


def _gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    inside = _in_china(lon, lat)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, lon),
        np.where(inside, radius * np.sin(angle) + 0.006, lat),
    )


def _invert(forward: _Shift, lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fixed-point iteration: the shifts vary so slowly (below 1e-2 per degree) that each round gains two digits."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_MAX_ROUNDS):
        forward_lon, forward_lat = forward(x, y)
        off_lon, off_lat = lon - forward_lon, lat - forward_lat
        x, y = x + off_lon, y + off_lat
        # NaN in, NaN out: a missing position must not keep the others from being called converged.
        if not np.any((np.abs(off_lon) > _CONVERGED_DEG) | (np.abs(off_lat) > _CONVERGED_DEG)):
            break
    return x, y
