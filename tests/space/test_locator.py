"""The locator against exact rational arithmetic, against shapely, and against the geodesic.

The reference of the half-open rule is written out in fractions, for any rings whatever: lattices make points, vertices,
edges and cell borders coincide, and coarse and fine rasters are tried alike.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Point, Polygon

from geo.space import locator, locator_kernels
from geo.space.locator import Locator, warm_up
from geo.space.locator_kernels import Grid
from tests.benchmarks.coverages import Coverage, build

Array = NDArray[np.float64]
Ring = Sequence[tuple[float, float]]

BOUNDS = (119.4, 30.0, 119.9, 30.4)
RASTERS = {"fine": (0.04, 8.0), "coarse": (0.5, 0.0), "one cell": (1e9, 0.0)}


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


@pytest.fixture(scope="module")
def partition() -> Coverage:
    return build(300, 60, groups=10, bounds=BOUNDS, seed=7)


@pytest.fixture(params=RASTERS)
def raster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    share, cells_per_vertex = RASTERS[request.param]
    monkeypatch.setattr(locator, "BORDER_SHARE", share)
    monkeypatch.setattr(locator, "CELLS_PER_VERTEX", cells_per_vertex)
    return str(request.param)


def contains_exactly(polygon: Polygon | MultiPolygon, x: float, y: float) -> bool:
    """Even-odd, ray to the west, half-open: an edge counts for south <= y < north and from itself to the east."""
    odd = False
    px, py = Fraction(x), Fraction(y)
    for ring in shapely.get_rings(shapely.get_parts(polygon)):
        corners = [(Fraction(a), Fraction(b)) for a, b in shapely.get_coordinates(ring).tolist()]
        for (ax, ay), (bx, by) in pairwise(corners):
            if (ay <= py) != (by <= py):
                odd ^= px >= ax + (py - ay) * (bx - ax) / (by - ay)
    return odd


def containing(found: Locator, x: Array, y: Array) -> list[list[int]]:
    """Areas of each point, ascending, by the question that returns all of them."""
    pairs = found.candidates(x, y)
    areas: list[list[int]] = [[] for _ in x]
    for point, area in zip(pairs.point.tolist(), pairs.area.tolist(), strict=True):
        areas[point].append(area)
    return areas


def with_neighbours(x: Array, y: Array) -> tuple[Array, Array]:
    """Each point and the eight doubles around it."""
    columns = np.stack([np.nextafter(x, -np.inf), x, np.nextafter(x, np.inf)])
    rows = np.stack([np.nextafter(y, -np.inf), y, np.nextafter(y, np.inf)])
    shape = (3, 3, x.size)
    return np.broadcast_to(columns, shape).ravel(), np.broadcast_to(rows[:, None], shape).ravel()


def cell_corners(
    found: Locator, bounds: tuple[float, ...], rng: np.random.Generator, count: int
) -> tuple[Array, Array]:
    """Points on the borders of cells, on one or on both axes."""
    x = bounds[0] + rng.integers(0, found.stats.columns + 1, count) * found.stats.cell_lon
    y = bounds[1] + rng.integers(0, found.stats.rows + 1, count) * found.stats.cell_lat
    anywhere = rng.random(count) < 0.3
    x[anywhere] = rng.uniform(bounds[0], bounds[2], anywhere.sum())
    return x, y


rings = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=12)
areas_of_rings = st.lists(st.lists(rings, min_size=1, max_size=3), min_size=1, max_size=4)
frames = st.sampled_from(
    [(0.0, 0.0, 1.0), (119.3, 29.7, 0.1), (-179.9, -89.7, 1e-5), (0.1, 0.1, 1 / 3), (100.0, 3.0, 1e-11)]
)


@settings(max_examples=100, deadline=None)
@given(areas=areas_of_rings, frame=frames, raster=st.sampled_from(sorted(RASTERS)), seed=st.integers(0, 2**32 - 1))
def test_any_rings_are_read_as_exact_arithmetic_reads_them(
    areas: list[list[Ring]], frame: tuple[float, float, float], raster: str, seed: int
) -> None:
    west, south, scale = frame

    def moved(ring: Ring) -> Ring:
        return [(west + scale * x, south + scale * y) for x, y in ring]

    polygons = [MultiPolygon([Polygon(moved(ring)) for ring in area]) for area in areas]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locator, "BORDER_SHARE", RASTERS[raster][0])
        patch.setattr(locator, "CELLS_PER_VERTEX", RASTERS[raster][1])
        found = Locator(polygons)
    rng = np.random.default_rng(seed)
    x, y = west + scale * rng.integers(0, 17, 10) / 2, south + scale * rng.integers(0, 17, 10) / 2
    x, y = with_neighbours(
        np.append(x, west + scale * rng.uniform(0, 8, 3)), np.append(y, south + scale * rng.uniform(0, 8, 3))
    )
    corner_x, corner_y = cell_corners(found, tuple(shapely.total_bounds(polygons)), rng, 40)
    x, y = np.append(x, corner_x), np.append(y, corner_y)
    expected = [[i for i, area in enumerate(polygons) if contains_exactly(area, *p)] for p in zip(x, y, strict=True)]
    assert containing(found, x, y) == expected
    assert found.locate(x, y).tolist() == [areas[0] if areas else -1 for areas in expected]


def test_a_partition_gives_every_point_to_exactly_one(partition: Coverage, raster: str) -> None:
    found = Locator(partition.polygons)
    rng = np.random.default_rng(1)
    union = shapely.union_all(partition.polygons)
    corners = np.unique(shapely.get_coordinates(partition.polygons), axis=0)
    pieces = shapely.get_coordinates(partition.polygons[::7])
    on_edges = pieces[:-1] + rng.random((len(pieces) - 1, 1)) * np.diff(pieces, axis=0)
    x, y = with_neighbours(*corners[rng.permutation(len(corners))[:1500]].T)
    corner_x, corner_y = cell_corners(found, tuple(shapely.total_bounds(union)), rng, 3000)
    x = np.concatenate([x, corners[:, 0], on_edges[:, 0], corner_x])
    y = np.concatenate([y, corners[:, 1], on_edges[:, 1], corner_y])
    inside = shapely.contains_xy(union.buffer(-1e-9), x, y)
    assert inside.sum() > 10_000
    pairs = found.candidates(x, y)
    assert (np.bincount(pairs.point, minlength=x.size)[inside] == 1).all()
    assert (found.locate(x, y)[pairs.point] == pairs.area).all()
    assert raster


def test_points_of_shared_edges_are_where_exact_arithmetic_puts_them(partition: Coverage) -> None:
    polygons = partition.polygons[:40]
    found = Locator(polygons)
    x, y = with_neighbours(*shapely.get_coordinates(polygons)[::60].T)
    expected = [[i for i, area in enumerate(polygons) if contains_exactly(area, *p)] for p in zip(x, y, strict=True)]
    assert containing(found, x, y) == expected


def test_agrees_with_shapely_away_from_edges(partition: Coverage, raster: str) -> None:
    rng = np.random.default_rng(2)
    count = 20_000 if raster == "one cell" else 250_000
    x, y = rng.uniform(119.35, 119.95, count), rng.uniform(29.95, 30.45, count)
    expected = np.full(count, -1)
    points, areas = shapely.STRtree(partition.polygons).query(shapely.points(x, y), predicate="within")
    expected[points] = areas
    assert (Locator(partition.polygons).locate(x, y) == expected).all()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("south_west", [(119.4, 30.0), (0.0, 0.0)])
def test_edges_that_hug_the_borders_of_cells(
    monkeypatch: pytest.MonkeyPatch, south_west: tuple[float, float], *, turned: bool
) -> None:
    """Edges through corners of cells, from parallel to the border but for the last bit to a slant: rounding decides.

    One cell needs no classification, so the test of edges alone is the reference.
    """
    rng = np.random.default_rng(11)
    (west, south), columns, rows = south_west, 500, 1000
    east, north, cross = west + 0.5, south + 0.4, rng.integers(1, columns, rows - 1) / columns
    borders = south + np.arange(1, rows) * (north - south) / rows
    slant = 10.0 ** rng.uniform(-17, -3.8, rows - 1) * rng.choice([-1, 1], rows - 1)
    edges = np.stack([borders - slant * cross, borders + slant * (1 - cross)], axis=1)
    ends = np.vstack([[[south, south]], edges, [[north, north]]])
    strips = [
        Polygon([(west, low[0]), (east, low[1]), (east, high[1]), (west, high[0])]) for low, high in pairwise(ends)
    ]
    row = rng.integers(0, rows - 1, 100_000)
    x = west + 0.5 * np.where(rng.random(row.size) < 0.7, cross[row], rng.random(row.size))
    y = borders[row] + slant[row] * ((x - west) / 0.5 - cross[row]) * rng.integers(0, 2, row.size)
    x, y = (np.abs(a + rng.integers(-4, 5, a.size) * np.spacing(a)) for a in (x, y))
    if turned:
        strips = [shapely.transform(strip, lambda xy: xy[:, ::-1]) for strip in strips]
        west, south, east, north, columns, rows, x, y = south, west, north, east, rows, columns, y, x
    answers = []
    for n_x, n_y in ((columns, rows), (1, 1)):
        margin = locator.ROUNDING * max(east, north)
        grid = Grid(west, south, east, north, n_x / (east - west), n_y / (north - south), n_x, n_y, margin)
        monkeypatch.setattr(locator, "_rasters", lambda *_, grid=grid: iter([(grid, 1)]))
        answers.append(Locator(strips).locate(x, y))
    assert (answers[0] == answers[1]).all()


def test_the_order_of_areas_is_irrelevant(partition: Coverage) -> None:
    order = np.random.default_rng(3).permutation(len(partition.polygons))
    x, y = shapely.get_coordinates(partition.polygons).T
    usual = Locator(partition.polygons).locate(x, y)
    shuffled = Locator(partition.polygons[order]).locate(x, y)
    assert (np.where(shuffled >= 0, order[shuffled], -1) == usual).all()


def test_direction_and_start_of_rings_are_irrelevant(partition: Coverage) -> None:
    polygons = partition.polygons[:60]
    turned = [Polygon(np.roll(np.array(p.exterior.coords)[:-1], 11, axis=0)[::-1]) for p in polygons]
    x, y = with_neighbours(*shapely.get_coordinates(polygons).T)
    assert (Locator(polygons).locate(x, y) == Locator(turned).locate(x, y)).all()


def test_holes_enclaves_parts_overlaps_and_gaps() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 5, 5))
    enclave = shapely.box(2, 2, 4, 5)
    parts = MultiPolygon([shapely.box(12, 0, 14, 2), shapely.box(12, 5, 14, 7)])
    overlap = shapely.box(9, 1, 13, 1.5)
    found = Locator([ring, enclave, parts, overlap])
    x = np.array([1.0, 3.0, 4.5, 13.5, 13.5, 13.5, 9.5, 12.5, 11.0, 11.0])
    y = np.array([1.0, 3.0, 3.0, 1.0, 6.0, 3.0, 1.2, 1.2, 1.2, 3.0])
    assert containing(found, x, y) == [[0], [1], [], [2], [2], [], [0, 3], [2, 3], [3], []]
    assert found.locate(x, y).tolist() == [0, 1, -1, 2, 2, -1, 0, 2, 3, -1]


def test_edges_belong_to_the_east_and_to_the_north() -> None:
    west_east_north = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 2, 2)]
    x, y = [0.0, 1.0, 2.0, 0.5, 1.0, 0.0, 0.5, 2.0], [0.5, 0.5, 0.5, 1.0, 1.0, 0.0, 2.0, 2.0]
    assert Locator(west_east_north).locate(x, y).tolist() == [0, 1, -1, 2, 2, 0, -1, -1]


def test_tiny_and_huge_areas_together() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(-170, 170, 500), rng.uniform(-80, 80, 500)
    half = 10.0 ** rng.uniform(-10, -3, 500)
    tiny = shapely.box(x - half, y - half, x + half, y + half)
    huge = shapely.box(-180, -90, 180, 90)
    found = Locator([*tiny, huge])
    assert found.locate(x, y).tolist() == list(range(500))
    outside = found.locate(x + 1.01 * half, y)
    expected = shapely.STRtree(tiny).query(shapely.points(x + 1.01 * half, y), predicate="within")
    assert (outside == 500).sum() == 500 - len(np.unique(expected[0]))
    assert containing(found, x[:3], y[:3]) == [[0, 500], [1, 500], [2, 500]]


def test_thousands_of_areas_in_one_cell_far_from_another(partition: Coverage) -> None:
    far = shapely.box(-60.0, -30.0, -59.0, -29.0)
    found = Locator([far, *partition.polygons])
    x, y = np.random.default_rng(5).uniform([[119.35], [29.95]], [[119.95], [30.45]], (2, 5000))
    alone = Locator(partition.polygons).locate(x, y)
    assert (found.locate(x, y) == np.where(alone < 0, -1, alone + 1)).all()
    assert found.locate_one(-59.5, -29.5) == 0


@pytest.mark.parametrize("polygons", [[], [None], [Polygon()], [MultiPolygon(), None]])
def test_nothing_matches_nothing(polygons: list[Polygon | None]) -> None:
    found = Locator(polygons)
    assert found.locate([0.0, np.nan], [0.0, 0.0]).tolist() == [-1, -1]
    assert found.locate_one(0.0, 0.0) == -1
    assert found.candidates([0.0], [0.0], 1e6).point.size == 0


def test_missing_areas_keep_their_places() -> None:
    found = Locator([None, Polygon(), shapely.box(0, 0, 1, 1), None, shapely.box(1, 0, 2, 1)])
    assert found.locate([0.5, 1.5], [0.5, 0.5]).tolist() == [2, 4]


def test_what_is_no_position_is_outside() -> None:
    found = Locator([shapely.box(-180, -90, 180, 90)])
    strange = [np.nan, np.inf, -np.inf, 1e300, 181.0]
    assert found.locate(strange, np.zeros(5)).tolist() == [-1] * 5
    assert found.locate(np.zeros(5), strange).tolist() == [-1] * 5
    assert [found.locate_one(value, 0.0) for value in strange] == [-1] * 5
    assert found.candidates([np.nan, 0.0, np.inf], [0.0, np.nan, 0.0], 50.0).point.size == 0


def test_shapes_are_kept_and_checked() -> None:
    found = Locator([shapely.box(0, 0, 1, 1)])
    assert found.locate(0.5, 0.5).shape == ()
    assert found.locate(np.full((2, 3), 0.5), np.full((2, 3), 0.5)).shape == (2, 3)
    assert found.locate(np.full((6, 4), 0.5).T[::2], np.full((6, 4), 0.5).T[::2]).tolist() == [[0] * 6] * 2
    assert found.locate([], []).dtype == np.int32
    with pytest.raises(ValueError, match="lon has shape"):
        found.locate([1.0, 2.0], [1.0])


def test_what_is_no_area_is_refused() -> None:
    with pytest.raises(TypeError, match="area 1 is a Point"):
        Locator([shapely.box(0, 0, 1, 1), Point(0, 0)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="area 0 has a coordinate that is not finite"):
        Locator([Polygon([(0, 0), (1, np.inf), (1, 1)])])


def test_one_point_is_located_like_many(partition: Coverage) -> None:
    found = Locator(partition.polygons)
    x, y = np.random.default_rng(6).uniform([[119.35], [29.95]], [[119.95], [30.45]], (2, 3000))
    x, y = np.append(x, partition.polygons[5].exterior.xy[0]), np.append(y, partition.polygons[5].exterior.xy[1])
    assert [found.locate_one(*p) for p in zip(x.tolist(), y.tolist(), strict=True)] == found.locate(x, y).tolist()


def test_many_points_in_threads_and_threads_of_readers(partition: Coverage) -> None:
    found = Locator(partition.polygons)
    x, y = np.random.default_rng(7).uniform([[119.35], [29.95]], [[119.95], [30.45]], (2, 300_001))
    expected = np.concatenate([found.locate(x[i : i + 50_000], y[i : i + 50_000]) for i in range(0, x.size, 50_000)])
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(lambda _: found.locate(x, y), range(8)):
            assert (answer == expected).all()


@pytest.mark.parametrize("limit", [2, 5, 20])
def test_the_memory_limit_is_kept(partition: Coverage, limit: int) -> None:
    towns = [shapely.box(119.4, 30.0 + 0.1 * i, 119.9, 30.1 + 0.1 * i) for i in range(4)]
    for polygons in (partition.polygons, [*partition.polygons, *towns, *towns]):
        found = Locator(polygons, memory_limit_mb=limit)
        held = sum(array.nbytes for array in found._index[1:])
        assert held <= found.stats.memory_bytes <= limit << 20
        assert found.locate_one(119.65, 30.2) >= 0


def test_a_limit_that_cannot_be_kept_is_named(partition: Coverage) -> None:
    many = np.repeat(partition.polygons, 4)
    with pytest.raises(ValueError, match=f"{len(many):,} areas .* memory_limit_mb=1"):
        Locator(many, memory_limit_mb=1)


def geodesic_distances(polygons: Sequence[Polygon], lon: float, lat: float) -> Array:
    """Azimuthal equidistant around the point: distances from its centre are geodesic; edges are straight in lon/lat."""
    plane = Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)
    fine = shapely.segmentize(np.array(polygons), 0.002)
    return np.asarray(shapely.distance(shapely.transform(fine, plane.transform, interleaved=False), Point(0, 0)))


@pytest.mark.parametrize(("radius_m", "error"), [(100.0, 2e-4), (1_000.0, 2e-4), (10_000.0, 2e-3)])
@pytest.mark.parametrize("south", [0.0, 30.0, -45.0, 59.5])
def test_candidates_are_those_within_the_geodesic_distance(radius_m: float, error: float, south: float) -> None:
    bounds = (119.4, south, 119.9, south + 0.4)
    polygons = build(150, 40, groups=2, bounds=bounds, seed=8).polygons
    found = Locator(polygons)
    points = np.random.default_rng(9).uniform([119.35, south - 0.05], [119.95, south + 0.45], (25, 2))
    pairs = found.candidates(*points.T, radius_m)
    assert (np.diff(pairs.point) >= 0).all()
    for i, (lon, lat) in enumerate(points.tolist()):
        expected = geodesic_distances(list(polygons), lon, lat)
        area, distance = pairs.area[pairs.point == i], pairs.distance_m[pairs.point == i]
        assert len(set(area)) == len(area)
        assert sorted(zip(distance, area, strict=True)) == list(zip(distance, area, strict=True))
        assert distance == pytest.approx(expected[area], rel=error, abs=1e-3)
        assert set(np.flatnonzero(expected < radius_m * (1 - error))) <= set(area)
        assert set(area) <= set(np.flatnonzero(expected <= radius_m * (1 + error)))


def test_each_point_has_its_own_radius() -> None:
    found = Locator([shapely.box(120.0, 30.0, 120.01, 30.01), shapely.box(120.01, 30.0, 120.02, 30.01)])
    pairs = found.candidates([120.009, 120.009, 120.03], [30.005] * 3, [0.0, 200.0, 1000.0])
    assert list(zip(pairs.point.tolist(), pairs.area.tolist(), strict=True)) == [(0, 0), (1, 0), (1, 1), (2, 1)]
    assert pairs.distance_m == pytest.approx([0.0, 0.0, 96.48, 964.81], abs=0.05)
    assert (pairs.point.dtype, pairs.area.dtype) == (np.int64, np.int32)
    for radius in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="radius_m"):
            found.candidates([120.0], [30.0], radius)


def test_areas_that_overlap_a_filled_cell_are_all_candidates() -> None:
    county, town = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 0.5, 1)
    found = Locator([county, town, county])
    assert containing(found, np.array([0.25, 0.75]), np.array([0.5, 0.5])) == [[0, 1, 2], [0, 2]]


ulps = st.integers(-3, 3)


@given(a=st.tuples(*[st.floats(-180, 180)] * 4), along=st.floats(0, 1), dx=ulps, dy=ulps)
def test_orientation_has_the_exact_sign(a: tuple[float, float, float, float], along: float, dx: int, dy: int) -> None:
    lx, ly, ux, uy = a
    px, py = lx + along * (ux - lx), ly + along * (uy - ly)
    px, py = px + dx * np.spacing(px), py + dy * np.spacing(py)
    u, p, low = [(Fraction(x), Fraction(y)) for x, y in ((ux, uy), (px, py), (lx, ly))]
    exact = (u[0] - low[0]) * (p[1] - low[1]) - (u[1] - low[1]) * (p[0] - low[0])
    if exact == 0 or abs(exact) > Fraction(1, 10**280):
        assert np.sign(locator_kernels.exact_orientation(ux, uy, px, py, lx, ly)) == np.sign(exact)


def test_without_a_folder_to_write_the_loops_are_compiled_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def njit(**options: object) -> object:
        asked.append(options)
        if "cache" in options:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(locator_kernels, "njit", njit)
    assert locator_kernels.compiled(len) is len
    assert ["cache" in options for options in asked] == [True, False]


def test_threads_answer_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    squares = [shapely.box(x, y, x + 0.01, y + 0.01) for x in (0.0, 0.01, 0.02) for y in (0.0, 0.01)]
    finder = Locator(squares)
    rng = np.random.default_rng(8)
    lon, lat, radius = rng.uniform(-0.01, 0.04, 500), rng.uniform(-0.01, 0.03, 500), rng.uniform(0, 800, 500)
    alone, where = finder.candidates(lon, lat, radius), finder.locate(lon, lat)
    monkeypatch.setattr(locator, "POINTS_PER_THREAD", 100)
    together = finder.candidates(lon, lat, radius)
    assert np.array_equal(finder.locate(lon, lat), where)
    for name in ("point", "area", "distance_m"):
        assert np.array_equal(getattr(together, name), getattr(alone, name))
