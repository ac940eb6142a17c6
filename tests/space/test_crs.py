"""Frames against published pairs and against each other; metric systems against what PROJ says of them."""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from geo.space.crs import FRAMES, Frame, from_wgs84, is_wgs84_like, metric_epsg, to_wgs84

ROOT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("WANGGE_REAL_DATA", "../shared/data"))
PAIRS = (DATA if DATA.is_absolute() else ROOT / DATA) / "coords" / "gcj02_bd09_reference_pairs.csv"
GEOD = Geod(ellps="WGS84")

SIX_DECIMALS_M = 0.2
"""Half of the last of six decimals is 0.06 m; the sources round in and out."""

SIMPLE_INVERSE_M = 5.0
"""What a subtracted forward shift ("simple") may be off the true inverse, as its source states."""

# One library's BD-09 goes by another formula; it is up to 86 m off the service that defines the frame.
KNOWN_WRONG_M = 90.0


def tolerance_m(row: dict[str, str]) -> float:
    if "not truth" in row["stated_tolerance"]:
        return KNOWN_WRONG_M
    if row["transform"].startswith("bd09->gcj02"):
        return 1.0
    if "simple" in row["transform"]:
        return SIMPLE_INVERSE_M
    if "0.5 m exact" in row["stated_tolerance"] or "exact/iterative" in row["stated_tolerance"]:
        return 0.5
    return SIX_DECIMALS_M


def convert(lon: float, lat: float, source: str, target: str) -> tuple[float, float]:
    """Between any two frames, by way of WGS-84."""
    x, y = to_wgs84(lon, lat, source)  # type: ignore[arg-type]
    x, y = from_wgs84(x, y, target)  # type: ignore[arg-type]
    return float(x), float(y)


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    return float(GEOD.inv(lon, lat, other_lon, other_lat)[2])


@pytest.mark.real
def test_published_pairs() -> None:
    if not PAIRS.is_file():
        pytest.skip(f"no reference pairs at {PAIRS}; set WANGGE_REAL_DATA")
    with PAIRS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    for row in rows:
        source, target = row["transform"].split(" ")[0].split("->")
        lon, lat, out_lon, out_lat = (float(row[name]) for name in ("in_lon", "in_lat", "out_lon", "out_lat"))
        there = convert(lon, lat, source, target)
        assert metres(*there, out_lon, out_lat) < tolerance_m(row), row
        back = convert(*there, target, source)
        assert metres(*back, lon, lat) < 0.01, row


china_lon, china_lat = st.floats(73.5, 135.1), st.floats(3.5, 53.6)
frames = st.sampled_from(FRAMES)


@settings(max_examples=150)
@given(china_lon, china_lat, frames)
def test_there_and_back_is_the_same_place_everywhere_in_china(lon: float, lat: float, frame: Frame) -> None:
    x, y = to_wgs84(*from_wgs84(lon, lat, frame), frame)
    assert abs(float(x) - lon) < 1e-7
    assert abs(float(y) - lat) < 1e-7


@settings(max_examples=150)
@given(china_lon, china_lat, frames)
def test_the_forward_shift_of_the_inverse_is_what_was_given(lon: float, lat: float, frame: Frame) -> None:
    x, y = from_wgs84(*to_wgs84(lon, lat, frame), frame)
    assert abs(float(x) - lon) < 1e-9
    assert abs(float(y) - lat) < 1e-9


@given(china_lon, china_lat)
def test_shifts_have_the_known_size(lon: float, lat: float) -> None:
    """GCJ-02 is off by some hundreds of metres, BD-09 by about a kilometre more; nobody's village is moved further."""
    assert 20 < metres(lon, lat, *(float(v) for v in from_wgs84(lon, lat, "gcj02"))) < 1_300
    assert 300 < metres(lon, lat, *(float(v) for v in from_wgs84(lon, lat, "bd09"))) < 2_500


def test_the_origin_of_the_shift_where_a_root_has_no_derivative() -> None:
    for lon in (105.0, 105.0 + 1e-12, np.nextafter(105.0, 0)):
        x, y = to_wgs84(*from_wgs84(lon, 35.0, "bd09"), "bd09")
        assert abs(float(x) - lon) < 1e-7
        assert abs(float(y) - 35.0) < 1e-7


outside = st.one_of(
    st.tuples(st.floats(-180, 71), st.floats(-90, 90)),
    st.tuples(st.floats(139, 180), st.floats(-90, 90)),
    st.tuples(st.floats(-180, 180), st.floats(57, 90)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 0)),
)


@given(outside, frames)
def test_outside_china_nothing_is_shifted(place: tuple[float, float], frame: Frame) -> None:
    assert tuple(map(float, from_wgs84(*place, frame))) == place
    assert tuple(map(float, to_wgs84(*place, frame))) == place


@given(china_lon, china_lat)
def test_cgcs2000_is_taken_as_wgs84(lon: float, lat: float) -> None:
    for frame in ("wgs84", "cgcs2000"):
        assert tuple(map(float, to_wgs84(lon, lat, frame))) == (lon, lat)
        assert tuple(map(float, from_wgs84(lon, lat, frame))) == (lon, lat)


@pytest.mark.parametrize("frame", FRAMES)
def test_arrays_go_through_as_single_points_do_and_are_left_alone(frame: Frame) -> None:
    lon, lat = np.array([116.404, np.nan, -87.6, 119.6]), np.array([39.915, 30.0, 41.8, 29.8])
    kept = lon.copy(), lat.copy()
    x, y = to_wgs84(lon, lat, frame)
    np.testing.assert_array_equal([lon, lat], kept)
    for index in (0, 2, 3):
        alone = to_wgs84(lon[index], lat[index], frame)
        np.testing.assert_allclose([x[index], y[index]], [float(v) for v in alone], rtol=0, atol=1e-10)
    assert math.isnan(x[1])
    none_x, none_y = to_wgs84([], [], frame)
    assert none_x.shape == none_y.shape == (0,)


# Metric systems


def central_meridian(crs: CRS) -> float:
    assert crs.coordinate_operation is not None
    named = {one.name: one.value for one in crs.coordinate_operation.params}
    return float(named["Longitude of natural origin"])


@settings(max_examples=60)
@given(st.floats(73.51, 136.49))
def test_a_county_is_measured_from_the_nearest_central_meridian(lon: float) -> None:
    crs = CRS.from_epsg(metric_epsg(lon))
    assert crs.is_projected
    assert crs.geodetic_crs is not None
    assert crs.geodetic_crs.to_epsg() == 4490
    assert "3-degree" in crs.name
    assert abs(central_meridian(crs) - lon) <= 1.5
    assert crs.axis_info[0].unit_name == "metre"


@pytest.mark.parametrize("meridian", range(75, 136, 3))
def test_every_central_meridian(meridian: int) -> None:
    assert central_meridian(CRS.from_epsg(metric_epsg(meridian))) == meridian
    assert metric_epsg(meridian) == 4534 + (meridian - 75) // 3


@settings(max_examples=60)
@given(st.one_of(st.floats(-180, 73.49), st.floats(136.51, 180)))
def test_other_countries_are_measured_in_utm(lon: float) -> None:
    crs = CRS.from_epsg(metric_epsg(lon))
    assert "UTM" in crs.name
    distance = abs(central_meridian(crs) - lon)
    assert min(distance, 360 - distance) <= 3


@pytest.mark.parametrize("name", ["EPSG:4326", "EPSG:4490", "OGC:CRS84"])
def test_degrees_that_are_stored_as_they_are(name: str) -> None:
    # CRS84 may go through a transformation that changes nothing; the others must not need one.
    assert is_wgs84_like(CRS.from_user_input(name)) or name == "OGC:CRS84"


def test_an_esri_prj_of_cgcs2000_is_known() -> None:
    assert is_wgs84_like(CRS.from_wkt(CRS.from_epsg(4490).to_wkt("WKT1_ESRI")))


@pytest.mark.parametrize("name", ["EPSG:4549", "EPSG:3857", "EPSG:4214", "EPSG:4610", "EPSG:4267"])
def test_degrees_of_another_datum_and_metres_are_not(name: str) -> None:
    assert not is_wgs84_like(CRS.from_user_input(name))
