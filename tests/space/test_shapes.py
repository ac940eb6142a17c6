"""Repair, areas, and simplification that opens no gap between neighbours at any level."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo.space.shapes import Geometries, area_m2, as_multipolygons, simplify_tree, union

BOW_TIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SNAP_DEG = 1e-7


def array(*geometries: shapely.Geometry | None) -> Geometries:
    out = np.empty(len(geometries), dtype=object)
    out[:] = geometries
    return out


# Repair


@pytest.mark.parametrize(
    ("given_", "area"),
    [
        (box(0, 0, 2, 1), 2.0),
        (BOW_TIE, 2.0),
        (MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), 2.0),
        (MultiPolygon([box(0, 0, 2, 2), box(1, 1, 3, 3)]), 7.0),
        (GeometryCollection([box(0, 0, 1, 1), Point(5, 5), LineString([(0, 0), (9, 9)])]), 1.0),
        (GeometryCollection([box(0, 0, 2, 2), box(1, 1, 3, 3)]), 7.0),
        (GeometryCollection([GeometryCollection([box(0, 0, 1, 1)]), Polygon()]), 1.0),
        (shapely.from_wkt("POLYGON Z ((0 0 7, 1 0 8, 1 1 9, 0 0 7))"), 0.5),
        (Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior]), 8.0),
        (Polygon([(0, 0), (2, 0), (2, 2), (0, 2), (0, 0), (0, 2), (0, 3), (0, 2), (0, 0)]), 4.0),
    ],
)
def test_what_has_an_area_keeps_it_and_becomes_a_valid_flat_multipolygon(given_: shapely.Geometry, area: float) -> None:
    given_array = array(given_)
    out = as_multipolygons(given_array)[0]
    assert isinstance(out, MultiPolygon)
    assert shapely.is_valid(out)
    assert not shapely.has_z(out)
    assert out.area == pytest.approx(area)
    assert given_array[0] is given_


@pytest.mark.parametrize(
    "given_",
    [
        None,
        Point(1, 1),
        LineString([(0, 0), (1, 1)]),
        Polygon(),
        MultiPolygon(),
        GeometryCollection([Point(0, 0)]),
        Polygon([(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_what_has_none_becomes_none(given_: shapely.Geometry | None) -> None:
    assert as_multipolygons(array(given_, box(0, 0, 1, 1)))[0] is None


@pytest.mark.parametrize("ring", ["0 0, 1 0, nan 1, 0 0", "0 0, 1 0, 1 inf, 0 0", "inf inf, inf inf, inf inf, inf inf"])
def test_what_is_not_a_number_has_none(ring: str) -> None:
    with np.errstate(invalid="ignore"):
        nowhere = shapely.from_wkt(f"POLYGON (({ring}))")
    assert as_multipolygons(array(nowhere, box(0, 0, 1, 1))).tolist() == [None, MultiPolygon([box(0, 0, 1, 1)])]


def test_nothing_is_nothing() -> None:
    assert len(as_multipolygons(array())) == 0
    assert len(simplify_tree(array(), [], tolerance_m=10)) == 0


# Areas


def test_areas_are_those_of_the_ellipsoid() -> None:
    """The whole earth of WGS-84 has 510,065,621,724,078.9 m² (GeographicLib)."""
    octants = array(*(box(lon, lat, lon + 90, lat + 90) for lon in range(-180, 180, 90) for lat in (-90, 0)))
    assert area_m2(octants).sum() == pytest.approx(510_065_621_724_078.9, rel=1e-12)


@settings(max_examples=15)
@given(st.floats(74, 134), st.floats(18, 53), st.floats(0.001, 0.05))
def test_areas_agree_with_an_equal_area_projection(lon: float, lat: float, side: float) -> None:
    square = shapely.segmentize(box(lon, lat, lon + side, lat + side), side / 20)
    project = Transformer.from_crs(4326, f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True).transform
    flat = shapely.transform(square, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
    assert area_m2(array(square))[0] == pytest.approx(flat.area, rel=1e-6)


def test_area_does_not_depend_on_the_turn_of_rings_and_holes_count_less() -> None:
    outer, hole = box(119.6, 29.8, 119.7, 29.9), box(119.63, 29.83, 119.66, 29.86)
    whole, small = area_m2(array(outer, hole))
    for turned in (outer.exterior, outer.exterior.reverse()):
        for turned_hole in (hole.exterior, hole.exterior.reverse()):
            assert area_m2(array(Polygon(turned, [turned_hole])))[0] == pytest.approx(whole - small)


def test_union_covers_each_once() -> None:
    assert union(array(box(0, 0, 2, 2), box(1, 1, 3, 3))).area == pytest.approx(7.0)
    assert union(array()).is_empty


# Simplification: a wiggly partition with a tree above it


def wiggly(seed: int, *, columns: int = 6, rows: int = 6) -> list[Polygon]:
    """A partition of squares whose shared edges wander, each edge made once and used by both sides."""
    rng = np.random.default_rng(seed)
    step, points = 0.02, 12
    corners = {(i, j): (119.6 + i * step, 29.7 + j * step) for i in range(columns + 1) for j in range(rows + 1)}

    def edge(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
        shares = np.linspace(0, 1, points)[1:-1]
        (ax, ay), (bx, by) = a, b
        along, aside = (bx - ax, by - ay), (ay - by, bx - ax)
        # Within its own diamond between the two corners an edge meets no other.
        sway = rng.uniform(-0.8, 0.8, len(shares)) * np.minimum(shares, 1 - shares) / 2
        wander = [
            (ax + along[0] * s + aside[0] * w, ay + along[1] * s + aside[1] * w)
            for s, w in zip(shares, sway, strict=True)
        ]
        return [a, *wander, b]

    across = {(i, j): edge(corners[i, j], corners[i + 1, j]) for i in range(columns) for j in range(rows + 1)}
    up = {(i, j): edge(corners[i, j], corners[i, j + 1]) for i in range(columns + 1) for j in range(rows)}
    return [
        Polygon(across[i, j][:-1] + up[i + 1, j][:-1] + across[i, j + 1][::-1][:-1] + up[i, j][::-1][:-1])
        for j in range(rows)
        for i in range(columns)
    ]


def bricks(seed: int) -> list[shapely.Geometry]:
    """Cells laid in pairs like bricks, so that corners of one stand in the middle of the long side of another."""
    cells = wiggly(seed)
    of_brick: dict[tuple[int, int], list[Polygon]] = {}
    for index, cell in enumerate(cells):
        row, column = divmod(index, 6)
        of_brick.setdefault((row, (column + row % 2) // 2), []).append(cell)
    return [shapely.coverage_union_all(pair) for pair in of_brick.values()]


def county(seed: int, *, towns: int = 4, villages: int = 9) -> tuple[Geometries, list[int], list[str]]:
    """One county, its towns, villages and grids; who belongs to whom is drawn by lot, so most are in several parts."""
    rng = np.random.default_rng(seed)
    grids = bricks(seed)
    village_of = np.concatenate([np.arange(villages), rng.integers(0, villages, len(grids) - villages)])
    rng.shuffle(village_of)
    town_of = np.concatenate([np.arange(towns), rng.integers(0, towns, villages - towns)])
    in_town = town_of[village_of]
    shapes_ = [
        shapely.coverage_union_all(grids),
        *(shapely.coverage_union_all([grids[i] for i in np.flatnonzero(in_town == town)]) for town in range(towns)),
        *(shapely.coverage_union_all([grids[i] for i in np.flatnonzero(village_of == one)]) for one in range(villages)),
        *grids,
    ]
    parents = [-1, *[0] * towns, *(town_of + 1).tolist(), *(village_of + 1 + towns).tolist()]
    levels = ["county", *["town"] * towns, *["village"] * villages, *["grid"] * len(grids)]
    return as_multipolygons(array(*shapes_)), parents, levels


def leftover(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(shapely.area(shapely.symmetric_difference(one, other)))


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.sampled_from([20.0, 100.0, 300.0]))
def test_no_gap_opens_at_any_level_and_a_parent_is_drawn_as_its_children(seed: int, tolerance_m: float) -> None:
    shapes_, parents, levels = county(seed)
    drawn = simplify_tree(shapes_, parents, tolerance_m=tolerance_m)
    assert shapely.is_valid(drawn).all()
    assert not shapely.is_empty(drawn).any()
    assert set(shapely.get_type_id(drawn)) == {shapely.GeometryType.MULTIPOLYGON}
    for level in ("town", "village", "grid"):
        mine = drawn[[one == level for one in levels]]
        assert shapely.coverage_is_valid(mine), level
        assert leftover(shapely.coverage_union_all(mine), drawn[0]) < 1e-12
    for index in range(len(drawn)):
        below = [child for child, parent in enumerate(parents) if parent == index]
        if below:
            assert leftover(shapely.coverage_union_all(drawn[below]), drawn[index]) < 1e-12
    before, after = (shapely.get_num_coordinates(one).sum() for one in (shapes_, drawn))
    assert after < before


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_not_more_is_lost_than_was_allowed(seed: int) -> None:
    """Visvalingam-Whyatt drops corners below the square of the tolerance; together they stay of that order."""
    shapes_, parents, _ = county(seed)
    tolerance_m = 50.0
    drawn = simplify_tree(shapes_, parents, tolerance_m=tolerance_m)
    metres = 111_320.0
    for one, other in zip(shapes_, drawn, strict=True):
        assert shapely.hausdorff_distance(one, other) * metres < 5 * tolerance_m


def test_a_tolerance_of_nothing_changes_nothing_but_the_last_digit() -> None:
    shapes_, parents, _ = county(3)
    drawn = simplify_tree(shapes_, parents, tolerance_m=0.01)
    assert max(shapely.hausdorff_distance(shapes_, drawn)) < 2 * SNAP_DEG


def test_the_given_shapes_are_left_alone() -> None:
    shapes_, parents, _ = county(4)
    before = shapely.to_wkb(shapes_).tolist()
    simplify_tree(shapes_, parents, tolerance_m=100)
    assert shapely.to_wkb(shapes_).tolist() == before


def test_holes_and_enclaves_stay() -> None:
    """A town around another one, and a lake that belongs to nobody."""
    cells = wiggly(11, columns=3, rows=3)
    lake = box(119.605, 29.705, 119.612, 29.712)
    ring = shapely.coverage_union_all(cells[:4] + cells[5:])
    shapes_ = as_multipolygons(array(shapely.difference(ring, lake), cells[4]))
    drawn = simplify_tree(shapes_, [-1, -1], tolerance_m=100)
    assert shapely.coverage_is_valid(drawn)
    assert shapely.get_num_interior_rings(drawn[0].geoms[0]) == 2
    assert leftover(Polygon(shapely.get_exterior_ring(drawn[1].geoms[0])), drawn[1]) == 0
    assert drawn[0].contains(Point(119.601, 29.701))
    assert not drawn[0].contains(lake.centroid)


def test_a_hole_of_the_county_is_no_area_of_anybody() -> None:
    cells = wiggly(12, columns=3, rows=3)
    around = cells[:4] + cells[5:]
    shapes_ = as_multipolygons(array(shapely.coverage_union_all(around), *around))
    drawn = simplify_tree(shapes_, [-1] + [0] * 8, tolerance_m=100)
    assert shapely.coverage_is_valid(drawn[1:])
    assert not drawn[0].contains(cells[4].centroid)
    assert leftover(shapely.coverage_union_all(drawn[1:]), drawn[0]) < 1e-12


def test_parts_stay_parts() -> None:
    cells = wiggly(13, columns=4, rows=1)
    scattered = MultiPolygon([cells[0], cells[2]])
    drawn = simplify_tree(as_multipolygons(array(scattered, cells[1], cells[3])), [-1, -1, -1], tolerance_m=100)
    assert shapely.get_num_geometries(drawn[0]) == 2
    assert shapely.coverage_is_valid(drawn)


def test_a_parent_that_its_children_do_not_tile_is_drawn_as_itself() -> None:
    """One of two towns has a village for half of it only; the towns still fit each other."""
    west, east, village, other = wiggly(14, columns=4, rows=1)
    left, right = shapely.coverage_union_all([west, east]), shapely.coverage_union_all([village, other])
    drawn = simplify_tree(as_multipolygons(array(left, right, west, village, other)), [-1, -1, 0, 1, 1], tolerance_m=50)
    assert shapely.coverage_is_valid(drawn[:2])
    assert shapely.coverage_is_valid(drawn[3:])
    assert leftover(shapely.coverage_union_all(drawn[3:]), drawn[1]) < 1e-12
    assert leftover(left, drawn[0]) < 0.02 * left.area


def test_a_child_of_the_same_size_elsewhere_does_not_move_its_parent() -> None:
    """A village that another town runs; equal squares have equal areas."""
    here, there = box(119.6, 29.7, 119.62, 29.72), box(119.62, 29.7, 119.64, 29.72)
    drawn = simplify_tree(as_multipolygons(array(here, there)), [-1, 0], tolerance_m=10)
    assert leftover(drawn[0], here) < 1e-9
    assert leftover(drawn[1], there) < 1e-9


def test_children_that_overlap_as_much_as_they_leave_open_do_not_tile() -> None:
    whole = box(119.6, 29.7, 119.64, 29.74)
    west, shifted = box(119.6, 29.7, 119.62, 29.74), box(119.61, 29.7, 119.63, 29.74)
    drawn = simplify_tree(as_multipolygons(array(whole, west, shifted)), [-1, 0, 0], tolerance_m=10)
    assert leftover(drawn[0], whole) < 1e-9


def test_areas_that_overlap_are_drawn_nevertheless() -> None:
    one, *_ = wiggly(15, columns=1, rows=1)
    other = shapely.transform(one, lambda xy: xy + 0.01)
    drawn = simplify_tree(as_multipolygons(array(one, other)), [-1, -1], tolerance_m=50)
    assert shapely.is_valid(drawn).all()
    for before, after in zip((one, other), drawn, strict=True):
        assert leftover(before, after) < 0.1 * before.area


def test_levels_that_were_loaded_apart_and_share_no_vertices_are_drawn_nevertheless() -> None:
    """The eastern town's border is one line; the villages of the western one meet it at a vertex it does not have."""
    west, east = box(119.6, 29.7, 119.7, 29.8), box(119.7, 29.7, 119.8, 29.8)
    south, north = box(119.6, 29.7, 119.7, 29.75), box(119.6, 29.75, 119.7, 29.8)
    whole = shapely.union_all([west, east])
    given_ = (whole, west, east, south, north)
    drawn = simplify_tree(as_multipolygons(array(*given_)), [-1, 0, 0, 1, 1], tolerance_m=50)
    assert shapely.is_valid(drawn).all()
    for before, after in zip(given_, drawn, strict=True):
        assert leftover(before, after) < 1e-6
    assert shapely.get_num_geometries(drawn[0]) == 1


@pytest.mark.parametrize("side", [1e-5, SNAP_DEG / 5])
def test_what_is_too_small_for_the_tolerance_is_still_there(side: float) -> None:
    tiny = as_multipolygons(array(box(119.6, 29.7, 119.6 + side, 29.7 + side), box(119.6, 29.8, 119.7, 29.9)))
    drawn = simplify_tree(tiny, [-1, -1], tolerance_m=1_000)
    assert not shapely.is_missing(drawn).any()
    assert not shapely.is_empty(drawn).any()
    assert shapely.is_valid(drawn).all()
