"""Findings on squares counted by hand, and against an overlay of geopandas in a metric frame."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import MultiPolygon, Polygon

from geo.space.checks import AreaSet, Finding, Repair, check
from geo.space.overlaps import DUST_M2
from geo.space.shapes import as_multipolygons
from tests.squares import SIDE, box

METRIC = 4549
GEOD = Geod(ellps="WGS84")


def areas(shapes: dict[str, shapely.Geometry], *, parents: dict[str, str] | None = None) -> AreaSet:
    geometries = np.empty(len(shapes), dtype=object)
    geometries[:] = list(shapes.values())
    return AreaSet("village", list(shapes), [(parents or {}).get(c) for c in shapes], as_multipolygons(geometries))


def findings(shapes: dict[str, shapely.Geometry], *, width: float = 1.0) -> list[Finding]:
    return list(check(areas(shapes), parents=None, sliver_width_m=width))


def size(geometry: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(geometry, 0.0005))[0])


def kinds(found: list[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.codes) for one in found]


def test_squares_side_by_side_are_faultless() -> None:
    assert findings({f"{i}{j}": box(i, j) for i in range(4) for j in range(3)}) == []


def test_nothing_to_check() -> None:
    assert findings({}) == []
    assert check(areas({}), parents=areas({"T": box(0, 0)}), sliver_width_m=1)[0].kind == "uncovered"


# Overlaps


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        (box(0, 0, wide=2), box(1, 0, wide=2), box(1, 0)),
        (box(0, 0), box(0, 0), box(0, 0)),
        (box(0, 0, wide=3, high=3), box(1, 1), box(1, 1)),
        (box(1, 1), box(0, 0, wide=3, high=3), box(1, 1)),
        (box(0, 0, wide=3, high=3), box(0, 1), box(0, 1)),
        (box(0, 0, wide=2), box(1, 0), box(1, 0)),
        (box(0, 1, wide=3), box(1, 0, high=3), box(1, 1)),
    ],
    ids=["partly", "the same", "inside", "around", "inside at an edge", "half", "cross"],
)
def test_common_ground_of_two(first: Polygon, second: Polygon, common: Polygon) -> None:
    (one,) = findings({"A": first, "B": second})
    assert (one.kind, one.codes, one.level) == ("overlap", ("A", "B"), "village")
    assert one.geometry.equals(common)
    assert one.area_m2 == pytest.approx(size(common), rel=1e-7)
    assert one.width_m == pytest.approx(2 * size(common) / GEOD.geometry_area_perimeter(common)[1], rel=1e-7)
    assert not one.sliver


def test_three_of_the_same_are_three_pairs_amid_neighbours() -> None:
    grid = {f"{i}{j}": box(i, j) for i in range(3) for j in range(3)}
    found = findings({**grid, "X": box(1, 1), "Y": box(1, 1)})
    assert sorted(kinds(found)) == [("overlap", pair) for pair in [("11", "X"), ("11", "Y"), ("X", "Y")]]


def test_an_overlap_of_several_pieces_is_one_finding_as_wide_as_its_widest_piece() -> None:
    comb = shapely.union_all([box(0, 0, wide=5), box(0, 1), shapely.box(120.04, 30.01, 120.04001, 30.02)])
    (one,) = [f for f in findings({"A": comb, "B": box(0, 1, wide=5)}, width=2.0) if f.kind == "overlap"]
    assert shapely.get_num_geometries(one.geometry) == 2
    assert one.area_m2 == pytest.approx(sum(size(piece) for piece in one.geometry.geoms))
    assert one.width_m > 100
    assert not one.sliver


def test_touching_at_a_corner_or_at_an_edge_with_other_vertices_is_no_overlap() -> None:
    assert findings({"A": box(0, 0), "B": box(1, 1)}) == []
    assert findings({"A": box(0, 0, high=2), "B": box(1, 0), "C": box(1, 1)}) == []


@pytest.mark.parametrize(("metres", "seen"), [(1e-7, False), (1e-4, True)])
def test_dust_is_no_finding(metres: float, *, seen: bool) -> None:
    """An edge is 1.1 km long: 1e-7 m of it are 1e-4 m², 1e-4 m are 0.1 m²."""
    west = 120.01 - metres / 96_000
    found = findings({"A": box(0, 0), "B": shapely.box(west, 30, 120.02, 30.01)})
    assert bool(found) is seen
    assert all(one.area_m2 >= DUST_M2 for one in found)


@pytest.mark.parametrize(("width", "sliver"), [(1.9, False), (2.1, True)])
def test_a_strip_of_two_metres_is_a_sliver_below_the_stated_width(width: float, *, sliver: bool) -> None:
    strip = shapely.box(120.01 - 2 / 96_486.28, 30, 120.02, 30.01)
    (one,) = findings({"A": box(0, 0), "B": strip}, width=width)
    assert one.width_m == pytest.approx(2.0, rel=0.005)
    assert one.sliver is sliver


def test_a_strip_is_measured_between_edges_that_are_straight_in_degrees() -> None:
    """One metre over 0.1° of a parallel. A geodesic between the ends of the edge would lie a metre beside it."""
    metre = 1 / 110_850
    above = shapely.box(120, 30 - metre, 120.1, 30.01)
    below = shapely.segmentize(shapely.box(120, 29.99, 120.1, 30), 0.005)
    (one,) = findings({"A": above, "B": below})
    assert one.area_m2 == pytest.approx(9_648.6, rel=0.001)
    assert one.width_m == pytest.approx(1.0, rel=0.001)


# Gaps


def ring_of_eight() -> dict[str, shapely.Geometry]:
    return {f"{i}{j}": box(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)}


def test_enclosed_ground_is_a_gap_of_those_that_share_an_edge_with_it() -> None:
    (one,) = findings(ring_of_eight())
    assert (one.kind, sorted(one.codes)) == ("gap", ["01", "10", "12", "21"])
    assert one.geometry.equals(box(1, 1))
    assert one.area_m2 == pytest.approx(size(box(1, 1)), rel=1e-7)


def test_ground_that_is_open_to_the_outside_is_no_gap() -> None:
    ring = ring_of_eight()
    del ring["10"]
    assert findings(ring) == []


def test_an_island_in_a_lake_leaves_the_water_and_its_own_pond() -> None:
    outer = Polygon(box(0, 0, wide=5, high=5).exterior, [box(1, 1, wide=3, high=3).exterior])
    pond = shapely.box(120.024, 30.024, 120.026, 30.026)
    island = Polygon(box(2, 2).exterior, [pond.exterior])
    found = [one for one in findings({"A": outer, "I": island}) if one.kind == "gap"]
    assert [set(one.codes) for one in found] == [{"A", "I"}, {"I"}]
    assert found[0].area_m2 == pytest.approx(size(box(1, 1, wide=3, high=3)) - size(box(2, 2)), rel=1e-7)
    assert found[1].geometry.equals(pond)


def test_a_gap_beside_areas_that_overlap_is_found_too() -> None:
    ring = ring_of_eight()
    ring["22"] = box(2, 2, wide=2)
    ring["32"] = box(3, 2)
    assert sorted(one.kind for one in findings(ring)) == ["gap", "overlap"]


# Parents


def nested(children: dict[str, shapely.Geometry], parents: dict[str, shapely.Geometry]) -> list[Finding]:
    below = areas(children, parents={code: code[0] for code in children})
    return list(check(below, parents=areas(parents), sliver_width_m=1))


def test_children_that_tile_their_parents_are_faultless() -> None:
    children = {f"T{i}{j}": box(i, j) for i in range(2) for j in range(2)} | {"U1": box(2, 0, high=2)}
    assert nested(children, {"T": box(0, 0, wide=2, high=2), "U": box(2, 0, high=2)}) == []


def test_what_sticks_out_and_what_stays_open() -> None:
    children = {"T1": box(0, 0), "T2": box(1, 0, high=2), "U1": box(3, 0)}
    found = nested(children, {"T": box(0, 0, wide=2), "U": box(2, 0, wide=2), "V": box(8, 8)})
    assert [(one.kind, one.codes) for one in found] == [
        ("outside_parent", ("T2", "T")),
        ("uncovered", ("U",)),
        ("uncovered", ("V",)),
    ]
    assert found[0].geometry.equals(box(1, 1))
    assert found[1].geometry.equals(box(2, 0))
    assert found[2].geometry.equals(box(8, 8))


def test_ground_of_another_parent_does_not_cover() -> None:
    """The child stands in U, but T is its parent: its ground is outside, and T is open."""
    found = nested({"T1": box(1, 0), "U1": box(1, 0)}, {"T": box(0, 0), "U": box(1, 0)})
    assert kinds(found) == [("overlap", ("T1", "U1")), ("outside_parent", ("T1", "T")), ("uncovered", ("T",))]


def test_an_area_without_a_known_parent_is_not_compared() -> None:
    below = areas({"X1": box(0, 0), "N": box(1, 0)}, parents={"X1": "X"})
    assert kinds(list(check(below, parents=areas({"T": box(2, 0)}), sliver_width_m=1))) == [("uncovered", ("T",))]


# What is only noted


def test_parts_and_holes_are_counted_with_a_point_in_the_area() -> None:
    parts = MultiPolygon([box(0, 0, wide=2), box(3, 0), box(5, 0)])
    holed = Polygon(box(0, 2, wide=5, high=3).exterior, [box(1, 3).exterior, box(3, 3).exterior])
    found = findings({"P": parts, "H": holed, "F": box(1, 3), "G": box(3, 3)})
    assert [(one.kind, one.codes, one.count) for one in found] == [("multipart", ("P",), 3), ("hole", ("H",), 2)]
    assert found[0].area_m2 == pytest.approx(2 * size(box(3, 0)), rel=1e-6)
    assert found[1].area_m2 == pytest.approx(2 * size(box(1, 3)), rel=1e-6)
    assert found[0].geometry.within(parts)
    assert found[1].geometry.within(holed)


def test_a_repair_says_the_area_before_and_after() -> None:
    bow = Polygon([(120, 30), (120.01, 30.01), (120.01, 30), (120, 30.01)])
    twice = MultiPolygon([box(0, 0, wide=2), box(1, 0, wide=2)])
    with np.errstate(invalid="ignore"):
        odd = shapely.GeometryCollection(
            [shapely.Point(1, 1, 1), MultiPolygon([Polygon([(0, 0), (1, 0), (1, math.nan)])])]
        )
    repairs = [
        Repair(code, "why", raw, after)
        for code, raw, after in [
            ("BOW", bow, as_multipolygons(np.array([bow]))[0]),
            ("TWICE", twice, box(0, 0, wide=3)),
            ("ODD", odd, box(0, 0)),
        ]
    ]
    found = {
        one.codes[0]: one for one in check(areas({"A": box(0, 0)}), parents=None, repairs=repairs, sliver_width_m=1)
    }
    assert {one.kind for one in found.values()} == {"repaired"}
    assert {one.detail for one in found.values()} == {"why"}
    square = size(box(0, 0))
    assert found["BOW"].before_m2 == pytest.approx(0, abs=1e-3 * square)
    assert found["BOW"].after_m2 == pytest.approx(square / 2, rel=1e-3)
    assert found["TWICE"].before_m2 == pytest.approx(4 * square, rel=1e-6)
    assert found["TWICE"].area_m2 == pytest.approx(square, rel=1e-6)
    assert found["ODD"].before_m2 == 0


def test_findings_come_by_kind_then_size() -> None:
    found = findings({
        "A": box(0, 0, wide=3), "B": box(1, 0, wide=2), "C": box(9, 0), "D": box(9, 0),
        "R": Polygon(box(0, 5, wide=3, high=3).exterior, [box(1, 6).exterior]),
    })  # fmt: skip
    assert kinds(found) == [("overlap", ("A", "B")), ("overlap", ("C", "D")), ("gap", ("R",)), ("hole", ("R",))]


# Against others


@st.composite
def partitions(draw: st.DrawFn) -> dict[str, shapely.Geometry]:
    """A block of grid squares dealt out to a few areas, of any shape and in any number of parts."""
    wide, high = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    owners = draw(st.lists(st.integers(0, 4), min_size=wide * high, max_size=wide * high))
    cells = [box(i % wide, i // wide) for i in range(wide * high)]
    return {
        f"A{owner}": shapely.union_all([cell for cell, own in zip(cells, owners, strict=True) if own == owner])
        for owner in sorted(set(owners))
    }


@given(partitions())
@settings(max_examples=80, deadline=None)
def test_no_partition_has_a_fault(shapes: dict[str, shapely.Geometry]) -> None:
    children = {f"T{code}": shape for code, shape in shapes.items()}
    found = nested(children, {"T": shapely.union_all(list(shapes.values()))})
    assert {one.kind for one in found} <= {"multipart", "hole"}


@given(partitions(), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_sizes_are_those_of_an_overlay(shapes: dict[str, shapely.Geometry], seed: int) -> None:
    """Each area is thrown about a little; pairs and sizes are compared with `geopandas.overlay` in metres."""
    rng = np.random.default_rng(seed)
    thrown = {
        code: shapely.transform(s, lambda xy: xy + rng.uniform(-0.4, 0.4, 2) * SIDE) for code, s in shapes.items()
    }
    frame = gpd.GeoDataFrame({"code": list(thrown)}, geometry=list(thrown.values()), crs=4326).to_crs(METRIC)
    both = gpd.overlay(frame, frame, how="intersection", keep_geom_type=False)
    both = both[both["code_1"] < both["code_2"]]
    expected = {(a, b): area for a, b, area in zip(both["code_1"], both["code_2"], both.area, strict=True) if area > 1}
    found = {one.codes: one.area_m2 for one in findings(thrown) if one.kind == "overlap" and one.area_m2 > 1}
    assert found == pytest.approx(expected, rel=1e-3)
    holes = [Polygon(r).area for p in shapely.get_parts(frame.union_all()) for r in p.interiors]
    enclosed = sum(one.area_m2 for one in findings(thrown) if one.kind == "gap")
    assert enclosed <= sum(holes) * 1.001 + 1
