"""Readings of raw coordinates, told apart by a reference."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.space import crs, frames
from geo.space.frames import Reading
from geo.space.shapes import Geometries

# A county of nine villages that is neither round nor square, so that a turned or shifted one fits badly.
WEST, SOUTH, STEP = 119.9, 30.2, 0.1
CELLS = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2), (0, 3), (1, 3), (0, 4)]
READINGS = [
    Reading(),
    Reading(frame="gcj02"),
    Reading(frame="bd09"),
    Reading(4528),
    Reading(4498),
    Reading(4549),
    Reading(3857),
]


@pytest.fixture
def county() -> Geometries:
    cells = [
        shapely.box(*(WEST + STEP * x, SOUTH + STEP * y), WEST + STEP * (x + 1), SOUTH + STEP * (y + 1))
        for x, y in CELLS
    ]
    return shapely.segmentize(np.array(cells), 0.01)


def written(geometries: Geometries, reading: Reading) -> Geometries:
    """WGS-84 geometries as a file in some reading has them."""

    def write(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = crs.from_wgs84(xy[:, 0], xy[:, 1], reading.frame)
        x, y = Transformer.from_crs(4326, reading.epsg, always_xy=True).transform(x, y)
        return np.column_stack((y, x) if reading.swapped else (x, y))

    return shapely.transform(geometries, write)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_every_reading_is_recognised_and_undone(county: Geometries, reading: Reading, *, swapped: bool) -> None:
    asked = Reading(reading.epsg, reading.frame, swapped)
    raw = written(county, asked)
    found = frames.diagnose(raw, shapely.union_all(county))
    assert (found.outcome, found.chosen) == ("clear", asked)
    back = shapely.get_coordinates(frames.to_wgs84(raw, asked))
    assert np.abs(back - shapely.get_coordinates(county)).max() * 111_320 < 0.001


def test_scores_are_those_of_an_overlay_counted_by_hand() -> None:
    half = np.array([shapely.box(120.0, 30.0, 120.1, 30.1)])
    found = frames.diagnose(half, shapely.box(120.0, 30.0, 120.2, 30.1))
    best = found.scores[0]
    assert best.reading == Reading()
    assert best.iou == pytest.approx(0.5, abs=1e-6)
    assert (found.outcome, found.chosen) == ("poor", None)


def test_a_square_as_wide_as_the_shift_does_not_show_is_a_tie() -> None:
    """A province of eight degrees: half a kilometre is a thousandth of it."""
    square = shapely.box(104.0, 28.0, 112.0, 36.0)
    found = frames.diagnose(np.array([square]), shapely.buffer(square, 0.002))
    assert (found.outcome, found.chosen) == ("tie", None)
    assert found.scores[0].iou > frames.GOOD_FIT


def test_a_perfect_fit_of_a_province_is_a_tie_too() -> None:
    """The best is exact, the next misses a thousandth: which is right cannot be told from so little."""
    square = shapely.box(104.0, 28.0, 112.0, 36.0)
    found = frames.diagnose(np.array([square]), square)
    assert found.scores[0].iou == pytest.approx(1)
    assert found.scores[1].iou > 0.998
    assert found.outcome == "tie"


def test_elsewhere_is_impossible(county: Geometries) -> None:
    found = frames.diagnose(county, shapely.box(87.0, 43.0, 88.0, 44.0))
    assert (found.outcome, found.chosen) == ("impossible", None)


def test_shifted_frames_are_only_tried_in_china() -> None:
    assert frames.readings(np.array([shapely.box(2.0, 48.0, 3.0, 49.0)])) == (Reading(), Reading(swapped=True))


def test_nothing_fits_numbers_that_no_system_has() -> None:
    assert frames.readings(np.array([shapely.box(9e8, 9e8, 9.1e8, 9.1e8)])) == ()
    assert frames.readings(np.array([None])) == ()


@pytest.mark.parametrize("zone", range(25, 46))
def test_the_zone_is_read_from_the_easting(zone: int) -> None:
    easting = zone * 1e6 + 500_000
    found = frames.readings(np.array([shapely.box(easting, 3_300_000, easting + 9_000, 3_310_000)]))
    told = CRS.from_epsg(found[0].epsg).coordinate_operation
    assert told is not None
    assert {param.name: param.value for param in told.params}["False easting"] == easting


def test_taiwan_is_read_in_its_own_projection() -> None:
    towns = np.array([shapely.box(121.4, 24.9, 121.6, 25.2), shapely.box(121.6, 25.0, 121.7, 25.1)])
    raw = written(towns, Reading(3826))
    assert frames.diagnose(raw, shapely.union_all(towns)).chosen == Reading(3826)


def test_missing_polygons_are_skipped(county: Geometries) -> None:
    raw = np.append(county, np.array([None]))
    assert frames.diagnose(raw, shapely.union_all(county)).chosen == Reading()
    assert frames.to_wgs84(raw, Reading(frame="gcj02"))[-1] is None


def test_options_are_what_to_type() -> None:
    assert Reading(4549, swapped=True).options == "--crs EPSG:4549 --axes yx"
    assert Reading(frame="bd09").options == "--frame bd09"
    assert Reading(swapped=True).options == "--frame wgs84 --axes yx"
