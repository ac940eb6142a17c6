"""Neighbours by border, nearness and distance, and those that have none."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.analysis.contiguity import Neighbours, nearest, queen, within
from geo.errors import NumbersUnusable


def rows(near: Neighbours) -> list[list[int]]:
    return [near.of(i).tolist() for i in range(len(near.counts))]


def squares(*corners: tuple[float, float]) -> list[BaseGeometry]:
    return [shapely.box(x, y, x + 1, y + 1) for x, y in corners]


def test_a_queen_moves_over_edges_and_corners() -> None:
    near = queen(squares((0, 0), (1, 0), (1, 1), (2, 2)))
    assert rows(near) == [[1, 2], [0, 2], [0, 1, 3], [2]]
    assert (near.kind, near.islands) == ("queen", ())


def test_a_gap_within_the_tolerance_is_a_shared_border() -> None:
    shapes = squares((0, 0), (1.001, 0), (2.5, 0))
    assert rows(queen(shapes, tolerance=0.002)) == [[1], [0, 2], [1]]
    assert queen(shapes, tolerance=0.002).attached == ((2, 1),)
    assert queen(shapes).attached == ((0, 1), (1, 0), (2, 1))


def test_an_enclave_is_the_neighbour_of_what_encloses_it() -> None:
    around = shapely.box(0, 0, 9, 9).difference(shapely.box(4, 4, 5, 5))
    assert rows(queen([around, shapely.box(4, 4, 5, 5)])) == [[1], [0]]


def test_an_island_is_attached_to_the_nearest_area_both_ways() -> None:
    near = queen(squares((0, 0), (1, 0), (9, 0), (12, 0)))
    assert rows(near) == [[1], [0, 2], [1, 3], [2]] or rows(near) == [[1], [0], [3], [2]]
    assert near.attached == ((2, 3), (3, 2))
    assert near.islands == (2, 3)


def test_one_area_alone_and_none() -> None:
    for near in (queen(squares((0, 0))), within([0], [0], 5)):
        assert (rows(near), near.attached) == ([[]], ())
    assert rows(queen([])) == []
    assert rows(within([], [], 5)) == []


def test_an_empty_shape_is_refused() -> None:
    with pytest.raises(NumbersUnusable):
        queen([*squares((0, 0)), shapely.Polygon()])


def test_nearest_leaves_the_area_itself_out_where_several_share_a_place() -> None:
    near = nearest([0, 0, 0, 5, 6], [0] * 5, 2)
    assert all(i not in near.of(i) for i in range(5))
    assert near.counts.tolist() == [2] * 5
    assert near.of(4).tolist()[-1] == 3
    assert rows(nearest([0, 1, 3], [0, 0, 0], 1)) == [[1], [0], [1]]


@pytest.mark.parametrize("k", [0, 3])
def test_nearest_needs_so_many_others(k: int) -> None:
    with pytest.raises(NumbersUnusable):
        nearest([0, 1, 2], [0, 0, 0], k)


def test_within_is_inclusive_and_attaches_the_lonely() -> None:
    near = within([0, 10, 20.5, 100], [0] * 4, 10)
    assert rows(near) == [[1], [0, 2], [1, 3], [2]]
    assert near.attached == ((2, 1), (3, 2))


@pytest.mark.parametrize("distance", [0.0, -1.0, float("nan")])
def test_a_distance_is_above_zero(distance: float) -> None:
    with pytest.raises(NumbersUnusable):
        within([0, 1], [0, 0], distance)


@pytest.mark.parametrize(("x", "y"), [([0, np.nan], [0, 0]), ([0, 1], [0])])
def test_points_are_finite_pairs(x: list[float], y: list[float]) -> None:
    for find in (lambda: within(x, y, 1), lambda: nearest(x, y, 1)):
        with pytest.raises(NumbersUnusable):
            find()


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=20),
    st.floats(0.5, 4),
    st.data(),
)
def test_neighbours_by_distance_are_mutual_and_stay_so_among_some(
    points: list[tuple[int, int]], distance: float, data: st.DataObject
) -> None:
    x, y = np.array(points, float).T
    near = within(x, y, distance)
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    expected = (apart <= distance) & ~np.eye(len(points), dtype=bool)
    for a, b in near.attached:
        assert not expected[a].any()
        assert apart[a, b] == np.delete(apart[a], a).min()
    for a, b in near.attached:
        expected[a, b] = expected[b, a] = True
    assert rows(near) == [np.flatnonzero(row).tolist() for row in expected]
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(points), max_size=len(points))))
    assert rows(near.among(kept)) == [np.flatnonzero(row).tolist() for row in expected[kept][:, kept]]
    assert len(near.among(kept).attached) == sum(kept[a] and kept[b] for a, b in near.attached)
