"""Slivers are given away, everything else stays where it was."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.space.checks import AreaSet, check
from geo.space.repair import repair
from geo.space.shapes import as_multipolygons
from tests.squares import box

METRE = 1 / 96_486.28
"""Of longitude, at 30° N."""
METRIC = 4549


def areas(*shapes: shapely.Geometry) -> AreaSet:
    geometries = np.empty(len(shapes), dtype=object)
    geometries[:] = shapes
    return AreaSet("village", [f"A{i}" for i in range(len(shapes))], [None] * len(shapes), as_multipolygons(geometries))


def size(geometry: shapely.Geometry) -> float:
    return float(gpd.GeoSeries([shapely.segmentize(geometry, 0.001)], crs=4326).to_crs(METRIC).area.iloc[0])


def shifted_edge(metres: float) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Two squares, the western edge of the second of which lies that much further east."""
    return box(0, 0), shapely.box(120.01 + metres * METRE, 30, 120.02, 30.01)


def enclosed_gap(metres: float) -> AreaSet:
    """The same with a belt above and below, so that the gap is closed."""
    return areas(*shifted_edge(metres), box(0, 1, wide=2), box(0, -1, wide=2))


def test_a_coverage_stays_the_very_same() -> None:
    given_ = areas(*[box(i, j) for i in range(3) for j in range(3)])
    result = repair(given_, width_m=5)
    assert (result.moved_m2, result.left) == ({}, ())
    assert shapely.equals_identical(result.geometries, given_.geometries).all()


def test_a_narrow_overlap_goes_to_one_of_both() -> None:
    given_ = areas(*shifted_edge(-2))
    result = repair(given_, width_m=5)
    assert shapely.coverage_is_valid(result.geometries)
    assert result.left == ()
    (moved,) = result.moved_m2.values()
    assert moved == pytest.approx(2 * 1108.5, rel=0.001)
    assert shapely.union_all(result.geometries).equals_exact(shapely.union_all(given_.geometries), 1e-9, normalize=True)


def test_a_narrow_gap_is_filled_and_the_other_areas_keep_their_ground() -> None:
    given_ = enclosed_gap(2)
    result = repair(given_, width_m=5)
    assert shapely.coverage_is_valid(result.geometries)
    assert (
        check(AreaSet("village", given_.codes, given_.parents, result.geometries), parents=None, sliver_width_m=5) == ()
    )
    (moved,) = result.moved_m2.values()
    assert moved == pytest.approx(2 * 1108.5, rel=0.001)


def test_a_wide_gap_stays() -> None:
    given_ = enclosed_gap(8)
    result = repair(given_, width_m=5)
    assert result.moved_m2 == {}
    found = check(AreaSet("village", given_.codes, given_.parents, result.geometries), parents=None, sliver_width_m=5)
    assert [one.kind for one in found] == ["gap"]


def test_a_wide_overlap_is_left_to_a_person_while_narrow_ones_elsewhere_are_given_away() -> None:
    narrow = [shapely.transform(one, lambda xy: xy + np.array([1, 0])) for one in shifted_edge(-2)]
    given_ = areas(*shifted_edge(-8), *narrow)
    result = repair(given_, width_m=5)
    assert result.left == ("A0", "A1")
    assert shapely.equals_identical(result.geometries[:2], given_.geometries[:2]).all()
    assert set(result.moved_m2) < {"A2", "A3"}
    assert shapely.coverage_is_valid(result.geometries[2:])


def test_doubles_are_left() -> None:
    assert repair(areas(box(0, 0), box(0, 0)), width_m=5).left == ("A0", "A1")
    assert repair(areas(box(0, 0, wide=3, high=3), box(1, 1)), width_m=5).left == ("A0", "A1")


def test_an_area_as_narrow_as_a_sliver_is_not_lost() -> None:
    strip = shapely.box(120.01 - METRE, 30.002, 120.01 + METRE, 30.008)
    given_ = areas(box(0, 0), box(1, 0), strip)
    result = repair(given_, width_m=5)
    assert not shapely.is_missing(result.geometries).any()
    assert not shapely.is_empty(result.geometries).any()
    for code in result.left:
        index = given_.codes.index(code)
        assert result.geometries[index].equals(given_.geometries[index])


def test_nothing_at_all() -> None:
    assert len(repair(areas(), width_m=1).geometries) == 0


@given(st.integers(0, 10**6), st.floats(0.05, 0.8))
@settings(max_examples=15, deadline=None)
def test_shaken_squares_become_a_coverage_and_move_no_more_than_they_were_shaken(seed: int, metres: float) -> None:
    """Every corner of every square is moved on its own by up to ``metres``, so that all borders are slivers."""
    rng = np.random.default_rng(seed)
    grid = [box(i, j) for i in range(4) for j in range(4)]
    given_ = areas(
        *[
            shapely.Polygon(shapely.get_coordinates(one)[:4] + rng.uniform(-metres, metres, (4, 2)) * METRE)
            for one in grid
        ]
    )
    result = repair(given_, width_m=4.0)
    kept = np.array([code not in result.left for code in given_.codes])
    assert kept.all()
    assert shapely.coverage_is_valid(result.geometries)
    assert all(isinstance(one, shapely.MultiPolygon) for one in result.geometries)
    for code, before, after in zip(given_.codes, given_.geometries, result.geometries, strict=True):
        moved = result.moved_m2.get(code, 0.0)
        assert moved == pytest.approx(size(before.symmetric_difference(after)), rel=1e-3, abs=0.1)
        assert moved < 4 * 1200 * 2 * 1.2 * metres
