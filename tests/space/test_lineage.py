"""What became of areas: squares divided, joined, renamed and moved by hand."""

from collections import Counter

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.space.lineage import AreasOf, Link, compare
from geo.space.shapes import as_multipolygons
from tests.squares import box

METRIC = 4549
Shapes = dict[str, shapely.Geometry]


def version(shapes: Shapes, names: dict[str, str] | None = None) -> AreasOf:
    geometries = np.empty(len(shapes), dtype=object)
    geometries[:] = list(shapes.values())
    return AreasOf("village", list(shapes), [(names or {}).get(c, "村") for c in shapes], as_multipolygons(geometries))


def links(old: Shapes, new: Shapes) -> list[tuple[str, str | None, str | None]]:
    return [(one.relation, one.old_code, one.new_code) for one in compare(version(old), version(new))]


def test_nothing_changed() -> None:
    row = {"A": box(0, 0), "B": box(1, 0)}
    assert links(row, row) == [("same", "A", "A"), ("same", "B", "B")]
    assert links({}, {}) == []


def test_an_outline_with_other_vertices_is_the_same_ground() -> None:
    (one,) = compare(version({"A": box(0, 0)}), version({"A": shapely.segmentize(box(0, 0).reverse(), 0.001)}))
    assert one.relation == "same"
    assert one.iou == pytest.approx(1)


def test_another_name_on_the_same_ground() -> None:
    (one,) = compare(version({"A": box(0, 0)}, {"A": "东村"}), version({"A": box(0, 0)}, {"A": "西村"}))
    assert (one.relation, one.old_name, one.new_name) == ("renamed", "东村", "西村")


@pytest.mark.parametrize(("wide", "relation"), [(1.004, "same"), (1.006, "moved")])
def test_the_same_ground_ends_at_an_iou_of_0995(wide: float, relation: str) -> None:
    grown = shapely.box(120, 30, 120 + wide * 0.01, 30.01)
    (one,) = compare(version({"A": box(0, 0)}), version({"A": grown}))
    assert one.relation == relation
    assert one.iou == pytest.approx(1 / wide, abs=1e-6)
    assert (one.share_of_old, one.share_of_new) == (pytest.approx(1), pytest.approx(1 / wide, abs=1e-6))


def test_a_border_moved_between_two_is_two_moved_and_no_more() -> None:
    old = {"A": box(0, 0, wide=4), "B": box(4, 0, wide=4)}
    new = {"A": box(0, 0, wide=5), "B": box(5, 0, wide=3)}
    assert links(old, new) == [("moved", "A", "A"), ("moved", "B", "B")]


def test_two_that_change_places_are_moved() -> None:
    old = {"A": box(0, 0), "B": box(1, 0)}
    assert links(old, {"A": box(1, 0), "B": box(0, 0)}) == [("moved", "A", "A"), ("moved", "B", "B")]


@pytest.mark.parametrize("keeper", ["A", "C"])
def test_two_merged_under_a_new_code_or_that_of_one(keeper: str) -> None:
    old = {"A": box(0, 0, wide=3), "B": box(3, 0), "X": box(4, 0)}
    new = {keeper: box(0, 0, wide=4), "X": box(4, 0)}
    assert links(old, new) == [("merged", "A", keeper), ("merged", "B", keeper), ("same", "X", "X")]


def test_a_tiny_area_given_to_a_large_one_is_merged_though_the_ground_of_the_large_one_is_the_same() -> None:
    old = {"A": shapely.box(120, 30, 120.0499, 30.05), "B": shapely.box(120.0499, 30, 120.05, 30.05)}
    found = compare(version(old), version({"A": box(0, 0, wide=5, high=5)}))
    assert [(one.relation, one.old_code) for one in found] == [("merged", "A"), ("merged", "B")]
    assert found[0].iou > 0.995
    assert found[1].share_of_old == pytest.approx(1)


def test_nothing_is_merged_or_split_where_every_code_goes_on() -> None:
    """B is laid out anew elsewhere, and A has its ground; and the reverse."""
    together = {"A": box(0, 0, wide=6), "B": box(9, 0)}
    apart = {"A": box(0, 0, wide=5), "B": box(5, 0)}
    assert links(apart, together) == [("moved", "A", "A"), ("moved", "B", "B")]
    assert links(together, apart) == [("moved", "A", "A"), ("moved", "B", "B")]


@pytest.mark.parametrize("keeper", ["A", "C"])
def test_one_split_under_new_codes_or_its_own(keeper: str) -> None:
    old = {"A": box(0, 0, wide=4), "X": box(4, 0)}
    new = {keeper: box(0, 0, wide=3), "D": box(3, 0), "X": box(4, 0)}
    assert links(old, new) == [("split", "A", keeper), ("split", "A", "D"), ("same", "X", "X")]


def test_another_code_on_the_same_ground() -> None:
    assert links({"A": box(0, 0)}, {"B": box(0, 0)}) == [("renumbered", "A", "B")]
    assert links({"A": box(0, 0, wide=9)}, {"B": box(0, 0, wide=10)}) == [("renumbered", "A", "B")]


@pytest.mark.parametrize(("wide", "expected"), [(12, "renumbered"), (13, "merged")])
def test_another_code_is_renumbered_down_to_an_iou_of_08(wide: int, expected: str) -> None:
    """10/12 and 10/13; what is larger holds the old ground and more."""
    assert links({"A": box(0, 0, wide=10)}, {"B": box(0, 0, wide=wide)}) == [(expected, "A", "B")]


def test_one_dissolved_among_its_neighbours() -> None:
    old = {"A": box(0, 0, wide=5), "D": box(5, 0, wide=4), "B": box(9, 0, wide=5)}
    new = {"A": box(0, 0, wide=7), "B": box(7, 0, wide=7)}
    assert links(old, new) == [("moved", "A", "A"), ("moved", "B", "B"), ("split", "D", "A"), ("split", "D", "B")]


def test_one_that_went_for_the_most_part_to_one_and_for_the_rest_to_another_is_split() -> None:
    old = {"D": box(10, 0, wide=10)}
    assert links(old, {"N": box(1, 0, wide=18), "P": box(19, 0, wide=9)}) == [("split", "D", "N"), ("split", "D", "P")]


def test_one_made_of_pieces_of_its_neighbours() -> None:
    old = {"A": box(0, 0, wide=7), "B": box(7, 0, wide=7)}
    new = {"A": box(0, 0, wide=5), "D": box(5, 0, wide=4), "B": box(9, 0, wide=5)}
    assert links(old, new) == [("moved", "A", "A"), ("split", "A", "D"), ("moved", "B", "B"), ("split", "B", "D")]


def test_gone_and_new() -> None:
    assert links({"A": box(0, 0)}, {"B": box(5, 0)}) == [("gone", "A", None), ("new", None, "B")]
    assert links({"A": box(0, 0)}, {"B": box(1, 0)}) == [("gone", "A", None), ("new", None, "B")]
    assert links({}, {"B": box(0, 0)}) == [("new", None, "B")]


def test_less_than_a_twentieth_of_both_is_noise() -> None:
    """An area of 100 squares beside one that has 4 of them now: neither is of the other's ground."""
    old = {"A": box(0, 0, wide=100)}
    assert links(old, {"B": box(96, 0, wide=100)}) == [("gone", "A", None), ("new", None, "B")]
    assert links(old, {"B": box(94, 0, wide=100)}) == [("split", "A", "B")]


def test_a_code_used_again_elsewhere_keeps_both_areas_linked() -> None:
    old = {"A": box(0, 0), "B": box(1, 0)}
    found = links(old, {"C": box(0, 0, wide=2), "A": box(7, 0)})
    assert found == [("moved", "A", "A"), ("merged", "A", "C"), ("merged", "B", "C")]


def test_a_new_area_inside_one_that_nobody_touched_is_seen() -> None:
    old = {"A": box(0, 0, wide=3, high=3)}
    assert links(old, {**old, "N": box(1, 1)}) == [("split", "A", "A"), ("split", "A", "N")]


def test_everything_at_once_in_the_order_of_the_codes() -> None:
    old = {f"V{i}": box(2 * i, 0, wide=2) for i in range(8)}
    new = {
        "V0": box(0, 0, wide=2),
        "M": box(2, 0, wide=4),
        "S1": box(6, 0),
        "S2": box(7, 0),
        "V4": box(8, 0, wide=3),
        "V5": box(11, 0),
        "R": box(12, 0, wide=2),
        "N": box(20, 0),
    }
    expected = [
        ("same", "V0", "V0"),
        ("merged", "V1", "M"),
        ("merged", "V2", "M"),
        ("split", "V3", "S1"),
        ("split", "V3", "S2"),
        ("moved", "V4", "V4"),
        ("moved", "V5", "V5"),
        ("renumbered", "V6", "R"),
        ("gone", "V7", None),
        ("new", None, "N"),
    ]
    assert links(old, new) == expected
    backwards = dict(reversed(new.items()))
    assert links(dict(reversed(old.items())), backwards) == expected


SWAPPED = {"merged": "split", "split": "merged", "gone": "new", "new": "gone"}


@st.composite
def reforms(draw: st.DrawFn) -> tuple[Shapes, Shapes]:
    """A row of towns of four squares; each is kept, renumbered, split in two, merged from two, closed or opened."""
    old: Shapes = {}
    new: Shapes = {}
    for i in range(draw(st.integers(1, 6))):
        whole, halves = box(5 * i, 0, wide=4), {f"H{i}a": box(5 * i, 0, wide=2), f"H{i}b": box(5 * i + 2, 0, wide=2)}
        match draw(st.sampled_from(["same", "renumbered", "split", "merged", "gone", "new"])):
            case "same":
                old[f"A{i}"] = new[f"A{i}"] = whole
            case "renumbered":
                old[f"A{i}"], new[f"B{i}"] = whole, whole
            case "split":
                old[f"A{i}"] = whole
                new |= halves
            case "merged":
                old |= halves
                new[f"A{i}"] = whole
            case "gone":
                old[f"A{i}"] = whole
            case _:
                new[f"A{i}"] = whole
    return old, new


@given(reforms())
@settings(max_examples=60, deadline=None)
def test_backwards_merged_is_split_and_new_is_gone(reform: tuple[Shapes, Shapes]) -> None:
    old, new = reform
    there, back = links(old, new), links(new, old)
    assert Counter((SWAPPED.get(r, r), b, a) for r, a, b in there) == Counter(back)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_every_area_is_linked_and_shares_are_those_of_an_overlay(seed: int) -> None:
    """Squares thrown about at random under codes drawn at random; shares as `geopandas.overlay` has them in metres."""
    rng = np.random.default_rng(seed)

    def thrown() -> Shapes:
        codes = rng.choice(list("ABCDEFGHIJ"), 6, replace=False)
        return {code: box(i % 3, i // 3) for i, code in enumerate(codes)} | {
            code: shapely.transform(box(i, 3), lambda xy: xy + rng.uniform(-0.01, 0.01, 2))
            for i, code in enumerate("XYZ")
        }

    old, new = thrown(), thrown()
    found = compare(version(old), version(new))
    assert {one.old_code for one in found} - {None} == set(old)
    assert {one.new_code for one in found} - {None} == set(new)
    assert len({(one.old_code, one.new_code) for one in found}) == len(found)
    before, after = (
        gpd.GeoDataFrame({"code": list(s)}, geometry=list(s.values()), crs=4326).to_crs(METRIC) for s in (old, new)
    )
    both = gpd.overlay(before, after, how="intersection", keep_geom_type=False)
    common = {(a, b): area for a, b, area in zip(both["code_1"], both["code_2"], both.area, strict=True)}
    sizes = [dict(zip(frame["code"], frame.area, strict=True)) for frame in (before, after)]
    for one in found:
        if one.old_code is None or one.new_code is None:
            continue
        shared = common.get((one.old_code, one.new_code), 0.0)
        _compare_shares(one, shared, sizes[0][one.old_code], sizes[1][one.new_code])


def _compare_shares(one: Link, shared: float, old: float, new: float) -> None:
    if shared < 0.0501 * max(old, new):
        return
    assert one.share_of_old == pytest.approx(shared / old, abs=1e-3)
    assert one.share_of_new == pytest.approx(shared / new, abs=1e-3)
    assert one.iou == pytest.approx(shared / (old + new - shared), abs=1e-3)
