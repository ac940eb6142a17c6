"""The check map: every finding and change once, at its place, in both languages, and nothing of others' hosts."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
import shapely

from geo.analysis.boundaries import Problem
from geo.errors import Lang
from geo.space.checks import FindingKind
from geo.space.crs import from_wgs84
from geo.space.lineage import RELATIONS
from maps import check_data, check_labels, check_map
from maps.check_labels import CHECK_WORDS, FINDING_WORDS, RELATION_WORDS
from maps.page import Basemap
from tests.maps import checked
from tests.maps.checked import CODES, OLD, SHAPES

Data = Callable[[str, str], dict[str, Any]]
KIND, TITLE, DETAIL, SIZE, FACTS, PLACE, GROUND, NEW, OLD_SHAPE = range(9)


def entries(data: dict[str, Any], kind: str) -> list[list[Any]]:
    names = [one[0] for one in data["kinds"]]
    return [one for one in data["entries"] if names[one[KIND]] == kind] if kind in names else []


@pytest.mark.parametrize("lang", get_args(Lang))
def test_every_kind_is_there_as_often_as_it_was_found(data_of: Data, lang: Lang) -> None:
    data = data_of(check_map.draw(checked.report(), SHAPES, OLD, lang=lang), "checks")
    counts = {one[0]: one[5] for one in data["kinds"]}
    assert counts == {
        **dict.fromkeys(get_args(FindingKind), 1),
        **dict.fromkeys(set(RELATIONS) - {"same"}, 1),
        "merged": 2,
        "forbids": 1,
        "warning": 1,
    }
    assert {kind: len(entries(data, kind)) for kind in counts} == counts
    words = {**FINDING_WORDS, **RELATION_WORDS}
    for name, word, *_ in data["kinds"]:
        assert word == (words.get(name) or CHECK_WORDS[name]).text(lang)
    order = [one[KIND] for one in data["entries"]]
    assert order == sorted(order), "what must be mended comes first"
    assert data["kinds"][0][0] == "forbids"


def test_a_finding_lies_where_it_was_found(data_of: Data) -> None:
    data = data_of(check_map.draw(checked.report(), SHAPES, OLD), "checks")
    (overlap,) = entries(data, "overlap")
    assert overlap[TITLE] == "村05、村06"
    assert overlap[SIZE] == "120.5 m²"
    assert shapely.Point(overlap[PLACE]).within(checked.sliver(CODES[5]))
    # A sliver of 30 cm must not be rounded away.
    (ring,) = overlap[GROUND]
    drawn = shapely.Polygon(list(zip(ring[::2], ring[1::2], strict=True)))
    assert drawn.area == pytest.approx(checked.sliver(CODES[5]).area, rel=1e-2)
    assert ["宽度（m）", "0.30"] in overlap[FACTS]


def test_a_change_shows_what_was_and_what_is(data_of: Data) -> None:
    data = data_of(check_map.draw(checked.report(), SHAPES, OLD), "checks")
    first, second = entries(data, "merged")
    assert first[TITLE] == f"旧OLD-1 (OLD-1) → 村00 ({CODES[0]})"
    assert first[NEW] == second[NEW], "one shape for both"
    assert first[OLD_SHAPE] != second[OLD_SHAPE]
    assert shapely.Point(first[PLACE]).within(SHAPES[CODES[0]])
    (gone,) = entries(data, "gone")
    assert (gone[PLACE], gone[NEW], gone[OLD_SHAPE]) == (None, None, None), "its shape is not known here"
    (moved,) = entries(data, "moved")
    assert moved[SIZE] == "80.0 %"
    assert ["占原区域", "80.0 %"] in moved[FACTS]


def test_problems_have_a_row_and_no_place(data_of: Data) -> None:
    data = data_of(check_map.draw(checked.report(), SHAPES, OLD, lang="en"), "checks")
    (forbids,), (warning,) = entries(data, "forbids"), entries(data, "warning")
    assert (forbids[TITLE], forbids[DETAIL], forbids[PLACE]) == ("has no code", "Row 3 · code", None)
    assert warning[DETAIL] == "parent", "no row is row 0"


def test_what_the_page_says_of_the_whole() -> None:
    page = check_map.draw(checked.report(), SHAPES, OLD)
    for text in ("第 3 版", "待启用", "对照第 2 版", "GB18030（据 .cpg）", "GCJ-02 经纬度 0.998", "村社 20", "25.0 m²"):
        assert text in page
    assert "纬度在前" not in page, "what does not fit at all is not worth a word"


def test_nothing_found_says_so(data_of: Data) -> None:
    page = check_map.draw(checked.report(findings=(), changes=(), problems=()), SHAPES, {})
    assert CHECK_WORDS["none"].zh in page
    assert data_of(page, "checks")["entries"] == []


def test_names_are_text_and_nothing_else(data_of: Data) -> None:
    evil = "</script><img src=x onerror=alert(1)>{{7*7}}"
    names = dict.fromkeys(CODES, evil)
    problem = Problem(1, "name", evil, evil, forbids=True)
    page = check_map.draw(checked.report(names=names, county_name=evil, problems=(problem,)), SHAPES, OLD)
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>.*?</h1>", page, re.DOTALL)[0]
    assert evil in entries(data_of(page, "checks"), "forbids")[0][TITLE]


def test_more_than_the_page_holds_is_said(data_of: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_data, "MAX_ENTRIES", 5)
    many = tuple(replace(checked.FINDINGS[1], area_m2=float(n)) for n in range(12))
    page = check_map.draw(checked.report(findings=many), SHAPES, OLD)
    data = data_of(page, "checks")
    assert len(entries(data, "overlap")) == 5
    assert next(one[5] for one in data["kinds"] if one[0] == "overlap") == 12
    assert CHECK_WORDS["more"].zh.format(n=7) in page


def test_everything_moves_into_the_frame_of_the_tiles(data_of: Data) -> None:
    basemap = Basemap("/tiles/{z}/{x}/{y}.png", "高德", "gcj02")
    plain, moved = (
        entries(data_of(check_map.draw(checked.report(), SHAPES, OLD, basemap=given), "checks"), "overlap")[0]
        for given in (None, basemap)
    )
    lon, lat = from_wgs84(*plain[PLACE], "gcj02")
    assert moved[PLACE] == pytest.approx([float(lon), float(lat)], abs=1e-5)
    lon, lat = from_wgs84(plain[GROUND][0][0], plain[GROUND][0][1], "gcj02")
    assert moved[GROUND][0][:2] == pytest.approx([float(lon), float(lat)], abs=1e-7)


@pytest.mark.parametrize("standalone", [False, True])
def test_no_address_of_another_host(*, standalone: bool) -> None:
    page = check_map.draw(checked.report(), SHAPES, OLD, standalone=standalone)
    tags = re.findall(
        r"<(?:script|link|img)[^>]*>", re.sub(r"(<script>).*?(</script>)", r"\1\2", page, flags=re.DOTALL)
    )
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", " ".join(tags))
    assert addresses
    assert all(address.startswith(("/static/", "data:")) for address in addresses)
    assert standalone == (not any(address.startswith("/static/") for address in addresses))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert check_map.draw(checked.report(), SHAPES, OLD) == check_map.draw(checked.report(), SHAPES, OLD)


def test_sizes_grow_into_larger_units() -> None:
    told = [check_labels.square_metres(value, "zh-CN") for value in (0.04, 9_999, 10_000, 999_999, 1_000_000)]
    assert told == ["0.0 m²", "9,999.0 m²", "1.00 公顷", "100.00 公顷", "1.00 km²"]


CATALOGUES = ("FINDING_WORDS", "RELATION_WORDS", "CARRIED_WORDS", "NOTE_WORDS", "STATUS_WORDS", "CHECK_WORDS")


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_word_has_both_languages_and_the_same_values(name: str) -> None:
    for key, word in getattr(check_labels, name).items():
        assert word.zh, key
        assert word.en, key
        assert sorted(re.findall(r"{(\w+)}", word.zh)) == sorted(re.findall(r"{(\w+)}", word.en)), key


def test_closed_lists_are_complete() -> None:
    assert set(FINDING_WORDS) == set(get_args(FindingKind))
    assert set(RELATION_WORDS) == set(RELATIONS)
    assert {kind.name for kind in check_data.KINDS} == {*FINDING_WORDS, *RELATION_WORDS, "forbids", "warning"} - {
        "same"
    }
    signs = [(kind.sign.zh, kind.sign.en) for kind in check_data.KINDS]
    assert len(set(signs)) == len(signs), "told apart without colour"
