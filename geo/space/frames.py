"""Which frame the coordinates of a file are in: every way to read them is tried against a reference.

A way to read raw coordinates is a `Reading`: a coordinate reference system, a frame of shifted degrees, and the order
of the axes. Which readings are possible at all follows from the numbers; which one is meant follows from how well the
areas, read that way, cover the same ground as a reference whose frame is known (intersection over union).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geo.space import crs, shapes
from geo.space.crs import CGCS2000, CHINA_LAT, CHINA_LON, WGS84, Frame
from geo.space.shapes import Geometries

GOOD_FIT: Final = 0.9
"""Intersection over union below which even the best reading is not believed."""

CLEAR_LEAD: Final = 0.01
"""By how much the best reading must fit better than the next to be chosen."""

SMALL_LEAD: Final = 0.002
"""The same where the best leaves half of the misfit of the next, or less: of a province hardly any shift shows."""

Outcome = Literal["clear", "tie", "poor", "impossible"]

_WEB_MERCATOR: Final = 3857
_TWD97: Final = (3826, 3825)
_ZONED_3: Final = range(25, 46)
_FIRST_ZONED_3: Final = 4513
_ZONED_6: Final = range(13, 24)
_FIRST_ZONED_6: Final = 4491
_UNZONED_3: Final = range(4534, 4555)
_MILLION: Final = 1_000_000.0
_ZONE_EASTING: Final = (150_000.0, 850_000.0)
_CHINA_NORTHING: Final = (100_000.0, 6_200_000.0)
_TAIWAN_EASTING: Final = (-100_000.0, 500_000.0)
_TAIWAN_NORTHING: Final = (2_300_000.0, 3_000_000.0)
_MERCATOR_LEAST: Final = 1_000.0
_MERCATOR_LIMIT: Final = 20_037_508.4
_OUTLINE_DETAIL: Final = 1e-5
"""Tolerance of the outline that is compared, as a share of its diagonal."""

_FRAME_NAMES: Final[dict[Frame, str]] = {"gcj02": "GCJ-02", "bd09": "BD-09", "wgs84": "WGS-84", "cgcs2000": "CGCS2000"}

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read raw coordinates.

    :ivar epsg: 4326, 3857, 3826, 4491–4554 …
    :ivar frame: ``gcj02`` or ``bd09`` only with degrees
    :ivar swapped: latitude or northing comes first
    """

    epsg: int = WGS84
    frame: Frame = "wgs84"
    swapped: bool = False

    @property
    def name(self) -> str:
        """In words, English.

        >>> Reading(4549, swapped=True).name, Reading(frame="gcj02").name
        ('EPSG:4549, northing first', 'GCJ-02 degrees')
        """
        if self._in_degrees:
            return f"{_FRAME_NAMES[self.frame]} degrees" + (", latitude first" if self.swapped else "")
        return f"EPSG:{self.epsg}" + (", northing first" if self.swapped else "")

    @property
    def name_zh(self) -> str:
        """In words, Chinese."""
        if self._in_degrees:
            return f"{_FRAME_NAMES[self.frame]} 经纬度" + ("，纬度在前" if self.swapped else "")
        return f"EPSG:{self.epsg}" + ("，北坐标在前" if self.swapped else "")

    @property
    def options(self) -> str:
        """What to type for a file to be read this way.

        >>> Reading(4528, swapped=True).options, Reading(frame="bd09").options
        ('--crs EPSG:4528 --axes yx', '--frame bd09')
        """
        system = f"--frame {self.frame}" if self._in_degrees else f"--crs EPSG:{self.epsg}"
        return system + (" --axes yx" if self.swapped else "")

    @property
    def _in_degrees(self) -> bool:
        return self.epsg in (WGS84, CGCS2000)


@dataclass(frozen=True, slots=True)
class Score:
    """How well one reading fits: intersection over union with the reference, 0 to 1."""

    reading: Reading
    iou: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was tried, best first, and what came of it; ``chosen`` is None unless the outcome is clear."""

    outcome: Outcome
    scores: tuple[Score, ...]
    chosen: Reading | None


def readings(geometries: Geometries) -> tuple[Reading, ...]:
    """The readings that the numbers allow at all."""
    box = shapely.total_bounds(geometries)
    if not np.isfinite(box).all():
        return ()
    west, south, east, north = (float(value) for value in box)
    plain = _unswapped((west, south, east, north))
    turned = _unswapped((south, west, north, east))
    return (*(Reading(epsg, frame) for epsg, frame in plain), *(Reading(epsg, f, swapped=True) for epsg, f in turned))


def _unswapped(box: Box) -> Iterator[tuple[int, Frame]]:
    west, south, east, north = box
    if _within(west, east, (-180, 180)) and _within(south, north, (-90, 90)):
        yield WGS84, "wgs84"
        if _within(west, east, CHINA_LON) and _within(south, north, CHINA_LAT):
            yield WGS84, "gcj02"
            yield WGS84, "bd09"
        return
    for epsg in _projected(box):
        yield epsg, "wgs84"


def _projected(box: Box) -> Iterator[int]:
    west, south, east, north = box
    if _within(south, north, _CHINA_NORTHING):
        zone = int(west // _MILLION)
        if _within(west - zone * _MILLION, east - zone * _MILLION, _ZONE_EASTING):
            if zone in _ZONED_3:
                yield _FIRST_ZONED_3 + zone - _ZONED_3.start
            elif zone in _ZONED_6:
                yield _FIRST_ZONED_6 + zone - _ZONED_6.start
            elif zone == 0:
                # The zones of 6 degrees without prefix (4502–4512) are every other one of these.
                yield from _UNZONED_3
    if _within(west, east, _TAIWAN_EASTING) and _within(south, north, _TAIWAN_NORTHING):
        yield from _TWD97
    if _MERCATOR_LEAST <= max(abs(west), abs(east), abs(south), abs(north)) <= _MERCATOR_LIMIT:
        yield _WEB_MERCATOR


def _within(low: float, high: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= low and high <= limits[1]


def to_wgs84(geometries: Geometries, reading: Reading) -> Geometries:
    """Raw geometries read one way, as WGS-84 lon/lat; None stays None."""

    def read(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (xy[:, 1], xy[:, 0]) if reading.swapped else (xy[:, 0], xy[:, 1])
        if not reading._in_degrees:  # noqa: SLF001 - of this module
            x, y = _transformer(reading.epsg).transform(x, y)
        return np.column_stack(crs.to_wgs84(x, y, reading.frame))

    return np.asarray(shapely.transform(geometries, read), dtype=object)


@lru_cache(maxsize=64)
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, WGS84, always_xy=True)


def diagnose(geometries: Geometries, reference: BaseGeometry) -> Diagnosis:
    """Try every possible reading against a reference in WGS-84.

    :param geometries: polygons in raw coordinates, None among them is skipped
    """
    present = geometries[~shapely.is_missing(geometries)]
    if not len(present):
        return Diagnosis("impossible", (), None)
    outline = _outline(present)
    scores = [Score(reading, _iou(outline, reading, reference)) for reading in readings(np.array([outline]))]
    scores.sort(key=lambda score: -score.iou)
    if not scores or scores[0].iou == 0:
        return Diagnosis("impossible", tuple(scores), None)
    best, second = scores[0].iou, scores[1].iou if len(scores) > 1 else 0.0
    if best < GOOD_FIT:
        return Diagnosis("poor", tuple(scores), None)
    lead = best - second
    if lead >= CLEAR_LEAD or (lead >= SMALL_LEAD and 2 * (1 - best) <= 1 - second):
        return Diagnosis("clear", tuple(scores), scores[0].reading)
    return Diagnosis("tie", tuple(scores), None)


def _outline(geometries: Geometries) -> BaseGeometry:
    """What they cover together, thinned; it is made once, in raw coordinates."""
    whole = shapes.union(geometries)
    west, south, east, north = shapely.bounds(whole)
    return shapely.simplify(whole, _OUTLINE_DETAIL * math.hypot(east - west, north - south))


def _iou(outline: BaseGeometry, reading: Reading, reference: BaseGeometry) -> float:
    read = to_wgs84(np.array([outline]), reading)[0]
    if not np.isfinite(shapely.get_coordinates(read)).all() or not shapely.box(*read.bounds).intersects(reference):
        return 0.0
    mine, theirs = (shapely.make_valid(_flat(one, reference)) for one in (read, reference))
    common = shapely.area(shapely.intersection(mine, theirs))
    return float(common / (shapely.area(mine) + shapely.area(theirs) - common))


def _flat(geometry: BaseGeometry, reference: BaseGeometry) -> BaseGeometry:
    """Degrees of longitude made as long as those of latitude where the reference lies."""
    south, north = shapely.bounds(reference)[[1, 3]]
    scale = np.array([math.cos(math.radians((south + north) / 2)), 1.0])
    return shapely.transform(geometry, lambda xy: xy * scale)
