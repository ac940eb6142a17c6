"""The check map: every finding and change once, at its place, in both languages, and nothing of others' hosts."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from geo.analysis.boundaries import Problem
from geo.errors import Lang
from geo.space.checks import FindingKind
from geo.space.crs import from_wgs84
from geo.space.lineage import RELATIONS
from maps import check_data, check_labels, check_map
from maps.check_labels import CHECK_WORDS, FINDING_WORDS, RELATION_WORDS
from maps.page import Basemap
from maps.polyline import encode_polygons
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


def test_borders_and_shapes_move_into_the_frame_of_the_tiles_too(data_of: Data) -> None:
    page = check_map.draw(checked.report(), SHAPES, OLD, basemap=Basemap("/t/{z}/{x}/{y}", "高德", "gcj02"))
    moved = {code: shifted(shape) for code, shape in {**SHAPES, **OLD}.items()}
    assert data_of(page, "borders")["shapes"] == encode_polygons([shifted(shape) for shape in SHAPES.values()])
    data = data_of(page, "checks")
    (first, _), (change,) = entries(data, "merged"), entries(data, "moved")
    assert data["new"][first[NEW]] == encode_polygons([moved[CODES[0]]])[0]
    assert data["old"][first[OLD_SHAPE]] == encode_polygons([shifted(OLD["OLD-1"])])[0]
    assert data["old"][change[OLD_SHAPE]] == encode_polygons([shifted(OLD[CODES[7]])])[0]


def shifted(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "gcj02")))


def test_an_area_that_is_gone_lies_where_it_was(data_of: Data) -> None:
    """Its old shape alone gives the map its extent, and the entry its place."""
    only = checked.report(findings=(), changes=(checked.link("gone", "OLD-4", None),), problems=())
    page = check_map.draw(only, {}, {"OLD-4": SHAPES[CODES[3]]})
    (gone,) = entries(data_of(page, "checks"), "gone")
    assert shapely.Point(gone[PLACE]).within(SHAPES[CODES[3]])
    west, south, east, north = (round(value, 6) for value in SHAPES[CODES[3]].bounds)
    assert json.dumps({"bounds": [west, south, east, north]})[1:-1] in page
    assert ["原边界", "旧OLD-4 OLD-4"] in gone[FACTS]


def test_notes_point_to_their_area_and_findings_to_their_ground(data_of: Data) -> None:
    data = data_of(check_map.draw(checked.report(), SHAPES, OLD), "checks")
    for kind, code in (("repaired", CODES[9]), ("multipart", CODES[12]), ("hole", CODES[13])):
        (note,) = entries(data, kind)
        assert note[GROUND] == []
        assert data["new"][note[NEW]] == encode_polygons([SHAPES[code]])[0]
    (overlap,) = entries(data, "overlap")
    assert overlap[NEW] is None


@pytest.mark.parametrize(
    ("kind", "zh", "en"),
    [
        ("multipart", "村社 · 3 部分", "Villages · 3 parts"),
        ("hole", "村社 · 1 个孔洞", "Villages · 1 holes"),
        ("overlap", "村社 · 狭缝", "Villages · Sliver"),
        ("gap", "村社", "Villages"),
        ("repaired", "修复前 100.0 m²，修复后 220.5 m²", "100.0 m² before, 220.5 m² after"),
    ],
)
def test_what_is_said_of_a_finding(data_of: Data, kind: str, zh: str, en: str) -> None:
    for lang, text in (("zh-CN", zh), ("en", en)):
        (found,) = entries(data_of(check_map.draw(checked.report(), SHAPES, OLD, lang=lang), "checks"), kind)  # type: ignore[arg-type]
        assert found[DETAIL].endswith(text)
        detail = next((value for label, value in found[FACTS] if label in ("说明", "Detail")), None)
        assert (detail is None) == (kind == "gap")


def test_shares_are_not_mixed_up(data_of: Data) -> None:
    link = replace(checked.link("split", 2, 2, 0.5), share_of_old=0.25, share_of_new=1.0, iou=0.2)
    data = data_of(check_map.draw(checked.report(changes=(link,)), SHAPES, OLD), "checks")
    (split,) = entries(data, "split")
    assert split[FACTS][-3:] == [["占原区域", "25.0 %"], ["占新区域", "100.0 %"], ["重合度", "20.0 %"]]
    assert split[TITLE] == f"村02 ({CODES[2]})"


def test_figures_in_words() -> None:
    zh, en = (dict(check_labels.figures(checked.report(), lang)) for lang in get_args(Lang))
    assert (zh["最大重叠"], zh["重叠上限"], zh["编码"]) == ("120.5 m²", "100.0 m²", "GB18030（据 .cpg）")
    assert (en["Encoding"], en["Merged"], en["Overlap"]) == ("GB18030 (by the .cpg)", "2", "1")
    first = dict(check_labels.figures(checked.report(based_on=None), "en"))
    assert "Merged" not in first, "there is nothing to compare with"
    assert check_labels.names_of(checked.report(), ("nowhere", CODES[0]), "en") == "nowhere, 村00"
    assert check_labels.square_metres(25_000, "en") == "2.50 ha"


def test_what_is_drawn_at_first() -> None:
    page = check_map.draw(checked.report(), SHAPES, OLD)
    boxes = re.findall(r'data-kind="(\w+)"( checked)?', page)
    assert [name for name, on in boxes if not on] == ["warning", "repaired", "multipart", "hole"]
