"""Whose problem: each rule, its sentence in both languages, and which titles are alike."""

from dataclasses import replace

import pytest

from geo.analysis import extent
from geo.analysis.extent import COMMON_AREAS, COMMON_PARENTS, Evidence, alike, propose
from geo.analysis.hotspots import AreaFacts, HotArea, HotCluster

CLUSTER = HotCluster(
    rank=1,
    centre="A",
    members=("A", "B", "C"),
    observed=42,
    expected=10.46,
    relative_risk=5.14,
    log_likelihood_ratio=31.0,
    p=0.001,
    radius_m=2_500.0,
)
FACTS = AreaFacts("A", "甲村", "东镇", "C/T/A", 120, 0.0, 0.0, (17,), (100,))
HOT = HotArea(FACTS, 17, 100.0, 4.04, 17.0, 10.0, 27.0, 15.0, 4.2, 5.5, 0.0001, 0.0123, "hot_95")
SPREAD = Evidence(alike=8, areas=22, parents=COMMON_PARENTS, known_areas=213)


def test_in_a_cluster_it_is_regional() -> None:
    found = propose(Evidence(cluster=CLUSTER))
    assert found.extent == "regional"
    assert found.zh == "所在片区（3 个区域）同类问题 42 件，按走访量应有 10.5 件，相对风险 5.1，p = 0.001"
    assert found.en == (
        "its cluster of 3 areas has 42 of its category where visits would explain 10.5; relative risk 5.1, p = 0.001"
    )


def test_members_out_of_sight_are_counted_too() -> None:
    found = propose(Evidence(cluster=replace(CLUSTER, beyond=4)))
    assert "（7 个区域）" in found.zh
    assert "cluster of 7 areas" in found.en


def test_nothing_outside_is_an_endless_risk() -> None:
    found = propose(Evidence(cluster=replace(CLUSTER, relative_risk=None)))
    assert "相对风险 ∞" in found.zh
    assert "relative risk ∞" in found.en


def test_in_a_hot_area_it_is_regional() -> None:
    found = propose(Evidence(hot=HOT))
    assert found.extent == "regional"
    assert found.zh == "所在区域及周边为热点：本区域 17 件，应有 4.0 件，q = 0.012"
    assert found.en == "its area and those around are hot: 17 where 4.0 were to be expected, q = 0.012"


def test_both_reasons_are_told() -> None:
    found = propose(Evidence(cluster=CLUSTER, hot=HOT))
    for text, mark in ((found.zh, "；"), (found.en, "; ")):
        assert "0.001" in text
        assert text.endswith("0.012")
        assert mark in text


def test_where_it_gathers_comes_before_how_far_it_is_spread() -> None:
    assert propose(replace(SPREAD, cluster=CLUSTER)).extent == "regional"
    assert propose(replace(SPREAD, hot=HOT, same_place=3)).extent == "regional"
    assert propose(replace(SPREAD, same_place=3)).extent == "common"


def test_in_many_areas_of_several_above_it_is_common() -> None:
    found = propose(SPREAD)
    assert found.extent == "common"
    assert found.zh == "走访过的 213 个区域中有 22 个（分属 2 个上级区域）反映同类问题，未见空间聚集"
    assert found.en == "22 of 213 areas that were visited, in 2 areas above, tell of the like; they do not gather"


FEW = [
    {"areas": 21},
    {"areas": COMMON_AREAS - 1, "known_areas": 10},
    {"parents": COMMON_PARENTS - 1},
]


@pytest.mark.parametrize("few", FEW)
def test_in_one_less_it_is_not(few: dict[str, int]) -> None:
    assert propose(replace(SPREAD, **few)).extent == "individual"  # type: ignore[arg-type]


def test_the_same_place_again_is_individual() -> None:
    found = propose(Evidence(alike=1, areas=2, parents=1, same_place=3))
    assert found.extent == "individual"
    assert found.zh.startswith("同一走访对象另有同类问题 3 件")
    assert found.en.startswith("the same place has 3 more of its category")


def test_the_like_in_few_areas_is_individual() -> None:
    found = propose(Evidence(alike=3, areas=2, parents=1))
    assert found.extent == "individual"
    assert found.zh == "同类问题仅见于 2 个区域（共 4 件），未见空间聚集"
    assert found.en == "the like was found in 2 areas only (4 in all); they do not gather"


def test_nothing_like_it_is_individual() -> None:
    found = propose(Evidence(areas=1, parents=1, known_areas=9))
    assert found.extent == "individual"
    assert "未发现同类问题" in found.zh
    assert "nothing like it" in found.en


# titles


def test_the_same_with_other_numbers_marks_and_widths() -> None:
    titles = ["路灯不亮", "路灯不亮 3 盏", "路灯，不亮！", "1. 路灯不亮", "LED 灯", "ＬＥＤ灯", "led灯(2)", "桥面破损"]
    assert alike(titles).tolist() == [0, 0, 0, 0, 1, 1, 1, 2]


def test_half_of_the_pairs_is_enough_and_less_is_not() -> None:
    """ABCDE and ABCDX share AB, BC and CD of five; ABCDE and ABXYZ only AB of seven."""
    assert alike(["ABCDE", "ABCDX"]).tolist() == [0, 0]
    assert alike(["ABCDE", "ABXYZ"]).tolist() == [0, 1]
    assert alike(["ABC", "ABD"]).tolist() == [0, 1], "one of three"
    assert alike(["ABC", "ABCD"]).tolist() == [0, 0], "two of three"
    assert alike(["ABC", "ABCDE"]).tolist() == [0, 0], "just half: two of four"


def test_likeness_is_handed_on() -> None:
    assert alike(["ABCD", "BCDE", "CDEF"]).tolist() == [0, 0, 0]


def test_groups_do_not_depend_on_the_order() -> None:
    titles = ["水渠堵塞", "水渠堵塞了", "垃圾", "路灯不亮", "路灯不亮", "渠堵塞了"]
    there = alike(titles)
    back = alike(titles[::-1])[::-1]
    assert [[one == other for other in there] for one in there] == [[one == other for other in back] for one in back]


def test_one_character() -> None:
    assert alike(["桥", "桥", "路", "桥路"]).tolist() == [0, 0, 1, 2]


def test_titles_that_say_nothing_are_like_nothing() -> None:
    """Numbers and marks alone, or nothing at all."""
    assert alike([]).tolist() == []
    groups = alike(["", "123", "？！", "路灯不亮", ""]).tolist()
    assert len(set(groups)) == 5
    assert len(set(alike(["1", "2"]).tolist())) == 2


@pytest.mark.parametrize("most", [1, 2, 3])
def test_of_too_many_only_the_same_are_alike(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """What is compared is what differs: the same title ten thousand times is one."""
    monkeypatch.setattr(extent, "MAX_COMPARED", most)
    several = ["路灯不亮", "路灯不亮 3", "路灯不亮了", "垃圾"]
    groups = alike(several).tolist()
    assert groups[0] == groups[1] != groups[3]
    assert (groups[2] == groups[0]) == (most >= 3)


def test_more_than_can_be_compared() -> None:
    """Ten thousand titles that differ, in the time of a request."""
    letters = [chr(0x4E00 + number) for number in range(20_000)]
    titles = ["".join(letters[at : at + 2]) for at in range(0, 20_000, 2)]
    groups = alike([*titles, titles[0] + "1"])
    assert len(set(groups.tolist())) == 10_000
    assert groups[-1] == groups[0]
