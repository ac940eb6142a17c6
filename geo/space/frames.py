"""Which frame the coordinates of a file are in: every way to read them is tried against a reference.

A way to read raw coordinates is a `Reading`: a coordinate reference system, a frame of shifted degrees, and the order
of the axes. Which readings are possible at all follows from the numbers; which one is meant follows from how well the
areas, read that way, cover the same ground as a reference whose frame is known (intersection over union).
"""

from dataclasses import dataclass
from typing import Final, Literal

from shapely.geometry.base import BaseGeometry

from geo.space.crs import WGS84, Frame
from geo.space.shapes import Geometries

GOOD_FIT: Final = 0.9
"""Intersection over union below which even the best reading is not believed."""

CLEAR_LEAD: Final = 0.01
"""By how much the best reading must fit better than the next to be chosen."""

Outcome = Literal["clear", "tie", "poor", "impossible"]


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
    raise NotImplementedError


def to_wgs84(geometries: Geometries, reading: Reading) -> Geometries:
    """Raw geometries read one way, as WGS-84 lon/lat."""
    raise NotImplementedError


def diagnose(geometries: Geometries, reference: BaseGeometry) -> Diagnosis:
    """Try every possible reading against a reference in WGS-84."""
    raise NotImplementedError
