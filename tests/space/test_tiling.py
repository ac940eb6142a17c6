"""Shapes for tiles: valid, on whole units, turned the right way, and without gaps between neighbours."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo.space.tiling import BANDS, EXTENT, MAX_ZOOM, Tile, generalised
from tests.benchmarks import coverages

UNITS = {band: 2 * 20_037_508.342789244 / 2**band / EXTENT for band in BANDS}


@pytest.fixture(scope="module")
def bands() -> dict[int, np.ndarray]:
    made = coverages.build(60, 300, groups=6, bounds=(119.4, 30.0, 119.6, 30.2), seed=5)
    villages = [shapely.coverage_union_all(made.polygons[made.group == number]) for number in np.unique(made.group)]
    shapes = np.array([*villages, *made.polygons], dtype=object)
    index = {number: at for at, number in enumerate(np.unique(made.group))}
    parents = [-1] * len(villages) + [index[number] for number in made.group]
    return {band: generalised(shapes, parents, band) for band in BANDS}


def leaves(shapes: np.ndarray) -> np.ndarray:
    return np.asarray(shapes[-60:] if len(shapes) > 60 else shapes, dtype=object)


@pytest.mark.parametrize("band", BANDS)
def test_shapes_are_sound_and_on_whole_units(bands: dict[int, np.ndarray], band: int) -> None:
    shapes = bands[band]
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    units = shapely.get_coordinates(shapes) / UNITS[band]
    assert np.abs(units - np.round(units)).max() < 1e-3
    assert not shapely.is_ccw(shapely.get_exterior_ring(shapely.get_parts(shapes))).any()


@pytest.mark.parametrize("band", BANDS)
def test_neighbours_keep_their_edges(bands: dict[int, np.ndarray], band: int) -> None:
    """The union of all has the ground of the sum: nothing overlaps, and no gap opens inside."""
    shapes = leaves(bands[band])
    whole = shapely.union_all(shapes)
    lost = UNITS[band] ** 2 * 60  # rounding may leave a unit or so at a corner
    assert abs(float(shapely.area(shapes).sum()) - whole.area) < lost
    holes = sum(shapely.Polygon(ring).area for part in shapely.get_parts(whole) for ring in part.interiors)
    assert holes < lost


def test_coarser_bands_are_plainer_and_near(bands: dict[int, np.ndarray]) -> None:
    sizes = {band: shapely.get_num_coordinates(leaves(shapes)).sum() for band, shapes in bands.items()}
    assert sizes[8] < sizes[10] < sizes[14]
    for band, near in {8: 800.0, 10: 250.0}.items():
        apart = [a.hausdorff_distance(b) for a, b in zip(leaves(bands[band]), leaves(bands[14]), strict=True)]
        assert max(apart) < near


@given(st.integers(0, MAX_ZOOM), st.floats(-179.99, 179.99), st.floats(-85, 85))
def test_the_tile_of_a_point_holds_it(zoom: int, lon: float, lat: float) -> None:
    """Column and row as the OpenStreetMap wiki gives them; corners as PROJ has Web Mercator."""
    count = 2**zoom
    x = int((lon + 180) / 360 * count)
    y = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * count)
    tile = Tile(zoom, x, y)
    assert tile.exists
    east, north = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    west_m, north_m = tile.north_west_m
    slack = 1e-6 * 4e7
    assert west_m - slack <= east <= west_m + tile.side_m + slack
    assert north_m - tile.side_m - slack <= north <= north_m + slack
