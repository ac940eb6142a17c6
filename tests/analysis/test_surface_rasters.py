"""Rasters read back by rasterio: where a point is, what is unknown, what the tags say."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.io import MemoryFile

from geo.analysis.surface_rasters import geotiff, web_mercator
from geo.analysis.surfaces import Surface, kernel_density

EPSG = 4549  # CGCS2000, central meridian 120° E
BOUNDS = (460_000.0, 3_290_000.0, 470_000.0, 3_296_000.0)
POINT = (463_210.0, 3_294_470.0)
LON, LAT = Transformer.from_crs(EPSG, 4326, always_xy=True).transform(*POINT)


def around_a_point(inside: NDArray[np.bool_] | None = None) -> Surface:
    return kernel_density([POINT[0]], [POINT[1]], bounds=BOUNDS, cell_m=20, bandwidth_m=800, inside=inside)


def western_half() -> NDArray[np.bool_]:
    return np.broadcast_to(np.arange(500) < 200, (300, 500)).copy()


def test_read_back_the_peak_is_where_the_point_is_and_north_is_up() -> None:
    surface = around_a_point()
    with MemoryFile(geotiff(surface, epsg=EPSG)) as memory, memory.open() as raster:
        band = raster.read(1)
        assert raster.crs.to_epsg() == EPSG
        assert tuple(raster.bounds) == BOUNDS
        assert (raster.dtypes, raster.res, raster.compression.name) == (("float32",), (20, 20), "deflate")
        row, column = np.unravel_index(band.argmax(), band.shape)
        assert raster.xy(row, column) == pytest.approx(POINT, abs=10.001)
        assert raster.xy(0, 0) == pytest.approx((BOUNDS[0] + 10, BOUNDS[3] - 10))
        # Where a GIS asks for the point's own coordinates, it reads the peak.
        assert next(raster.sample([POINT]))[0] == pytest.approx(surface.values.max(), rel=1e-6)
    np.testing.assert_allclose(band, surface.values, rtol=1e-6)


def test_tags_say_what_the_values_are_and_what_the_caller_says() -> None:
    with (
        MemoryFile(geotiff(around_a_point(), epsg=EPSG, tags={"from": "2026-01-01"})) as memory,
        memory.open() as raster,
    ):
        tags = raster.tags()
    assert {"unit": "per km²", "bandwidth_m": "800", "kernel": "quartic", "from": "2026-01-01"}.items() <= tags.items()


def test_unknown_is_nodata() -> None:
    inside = western_half()
    with MemoryFile(geotiff(around_a_point(inside), epsg=EPSG)) as memory, memory.open() as raster:
        assert np.isnan(raster.nodata)
        np.testing.assert_array_equal(raster.read_masks(1) > 0, inside)


def test_a_smooth_surface_is_packed_small() -> None:
    surface = around_a_point()
    assert len(geotiff(surface, epsg=EPSG)) < surface.values.size


def test_on_a_web_map_the_peak_is_at_its_longitude_and_latitude() -> None:
    surface = around_a_point()
    warped, corners = web_mercator(surface, epsg=EPSG)
    row, column = np.unravel_index(np.nanargmax(warped.values), warped.values.shape)
    x = warped.bounds.min_x + (column + 0.5) * warped.cell_m
    y = warped.bounds.max_y - (row + 0.5) * warped.cell_m
    lon, lat = Transformer.from_crs(3857, 4326, always_xy=True).transform(x, y)
    assert abs(lon - LON) * 96_000 < 20
    assert abs(lat - LAT) * 111_000 < 20
    assert np.nanmax(warped.values) == pytest.approx(surface.values.max(), rel=0.005)
    assert corners.west < LON < corners.east
    assert corners.south < LAT < corners.north
    assert (warped.unit, warped.bandwidth_m, warped.kernel) == (surface.unit, 800, "quartic")


def test_its_rectangle_covers_the_surface_and_is_that_of_its_cells() -> None:
    warped, corners = web_mercator(around_a_point(), epsg=EPSG)
    rows, columns = warped.values.shape
    bounds = warped.bounds
    assert columns == 500
    assert bounds.max_x - bounds.min_x == pytest.approx(columns * warped.cell_m)
    assert bounds.max_y - bounds.min_y == pytest.approx(rows * warped.cell_m)
    to_degrees = Transformer.from_crs(3857, 4326, always_xy=True)
    west, south = to_degrees.transform(bounds.min_x, bounds.min_y)
    east, north = to_degrees.transform(bounds.max_x, bounds.max_y)
    assert tuple(corners) == pytest.approx((west, south, east, north))
    to_web = Transformer.from_crs(EPSG, 3857, always_xy=True)
    for x in (BOUNDS[0], BOUNDS[2]):
        for y in (BOUNDS[1], BOUNDS[3]):
            web_x, web_y = to_web.transform(x, y)
            assert bounds.min_x - 0.01 <= web_x <= bounds.max_x + 0.01
            assert bounds.min_y - 0.01 <= web_y <= bounds.max_y + 0.01


def test_unknown_cells_do_not_dim_their_neighbours() -> None:
    inside = western_half()
    x = np.random.default_rng(1).uniform(460_000, 464_000, 200_000)
    y = np.random.default_rng(2).uniform(3_290_000, 3_296_000, 200_000)
    surface = kernel_density(x, y, bounds=BOUNDS, cell_m=20, bandwidth_m=2000, inside=inside)
    warped, _ = web_mercator(surface, epsg=EPSG)
    known = warped.values[np.isfinite(warped.values)]
    assert np.nanmin(surface.values) * 0.9999 <= known.min()
    assert known.max() <= np.nanmax(surface.values) * 1.0001
    assert known.size / warped.values.size == pytest.approx(0.4, abs=0.02)


def test_steps_and_holes_stay_what_they_are() -> None:
    surface = around_a_point()
    surface.values[:] = 0
    surface.values[100:200, 100:200] = 1
    surface.values[50, 50] = surface.values[150:160, 300:310] = np.nan
    warped, _ = web_mercator(surface, epsg=EPSG)
    middle = warped.values[20:-20, 20:-20]
    assert (np.nanmin(middle), np.nanmax(middle)) == (0, 1)
    assert np.isnan(middle).sum() == pytest.approx(101, abs=5)
