"""The maps of grids as text: what is in them, that nothing of the data becomes markup, and that they stay offline."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import Responsible
from geo.analysis.duty_maps import CLASSES, LOADS, Held
from maps import area_page, bars, comparison_map, comparison_palette, duty_map, duty_palette
from maps.forms import Form, Select
from maps.page import Basemap, Links, Outline
from tests.maps import county, duties
from tests.maps.test_coverage_map import HOSTILE, Tags
from tests.maps.test_palette import DEFICIENCIES, contrast, lab, linear

LINKS = Links("?month=2026-09", "?month=2026-11", {"town": "?level=town"}, {"csv": "/c"}, "?lang=en")
SHAPE = county.partition(1, 1)[0]
Draw = Callable[..., str]


def draw_duties(text: str = "石桥村", **options: object) -> str:
    area = duties.duty_area(county.facts(0, name=text, kind=text, parent_name=text, code="990101100200"))
    held = [Held(area.code, "village_link", duties.DAY, "S1", text, "D1", text)]
    report = duties.duty_report([area, replace(area, code="990101100201", name=text, exclusion=text)], held)
    form = Form("/maps/grids", {"area": text}, (Select("organisation", "全部", text, ((text, text),)),))
    given = {"form": form, "area_page": "/maps/grids/CODE?lang=en", **options}
    return duty_map.draw(replace(report, scope_name=text), {area.code: SHAPE}, [Outline("1", text, SHAPE)], **given)  # type: ignore[arg-type]


def draw_comparison(text: str = "石桥村", **options: object) -> str:
    found = duties.comparison()
    people = (Responsible("1", text, text, text),)
    rows = tuple(
        replace(
            row, after=row.after and replace(row.after, facts=replace(row.after.facts, name=text, responsible=people))
        )
        for row in found.rows[:3]
    )
    shapes: dict[str, BaseGeometry] = {found.rows[0].code: SHAPE}
    return comparison_map.draw(replace(found, rows=rows), shapes, [Outline("1", text, SHAPE)], **options)  # type: ignore[arg-type]


def draw_area(text: str = "石桥村", **options: object) -> str:
    report = duties.area_report(text)
    shapes = dict.fromkeys((report.coverage.facts.code, report.children[0].facts.code, *report.beside), SHAPE)
    return area_page.draw(report, shapes, area_page="/maps/grids/CODE", issue_page="/desk/issues/ID", **options)  # type: ignore[arg-type]


PAGES: dict[str, Draw] = {
    "duties": draw_duties,
    "side": draw_comparison,
    "difference": lambda *given, **options: draw_comparison(*given, view="difference", **options),
    "area": draw_area,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("standalone", [False, True])
def test_text_from_data_stays_text(page: str, text: str, standalone: bool) -> None:  # noqa: FBT001
    options = {"standalone": standalone, "basemap": Basemap("/t/{z}/{x}/{y}", "x")}
    drawn, plain = (Tags(PAGES[page](name, **options)) for name in (text, "石桥村"))
    assert [tag for tag, _ in drawn.found] == [tag for tag, _ in plain.found]
    squeezed = re.sub(r"\s+", " ", drawn.text)
    assert re.sub(r"\s+", " ", text) in squeezed


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_no_handler_and_no_other_host(page: str, lang: str) -> None:
    for standalone in (False, True):
        html = PAGES[page](lang=lang, standalone=standalone, links=LINKS)
        assert f'<html lang="{lang}">' in html
        for tag, attributes in Tags(html).found:
            assert not [name for name in attributes if name.startswith("on")], tag
            for name in ("src", "href", "action"):
                value = attributes.get(name) or ""
                assert not re.match(r"(https?:)?//|javascript:", value), value
                assert not (standalone and value.startswith("/static/"))
        assert "cdn." not in re.sub(r"<script>.*?</script>|<style>.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_same_report_gives_same_bytes(page: str) -> None:
    assert PAGES[page]() == PAGES[page]()


def test_duties_count_and_list_as_the_report_does(data_of: Callable[[str, str], dict[str, object]]) -> None:
    report = duties.duty_report()
    html = duty_map.draw(report, {}, [], area_page="/maps/grids/CODE")
    shown = dict(re.findall(r'data-layer="(\w+)" checked>.*?<b>([^<]*)</b>', html))
    assert shown == {name: str(report.count(name)) for name in CLASSES}
    assert len({row.status for row in report.rows}) == 6
    listed = [int(at) for at in re.findall(r'data-area="(\d+)"', html)]
    assert [report.rows[at].area.code for at in listed] == [row.area.code for row in report.listed()]
    assert html.count("data-cadre=") == len(report.cadres)
    data = json.loads(re.findall(r'id="areas_\d+">(.*?)</script>', html)[0])
    rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
    assert [row["load"] for row in rows] == [row.load for row in report.rows]
    told = data_of(html, "lists")["cadres"]
    assert [[one.name, one.areas] for one in report.cadres] == [[name, n] for name, _, n in told]  # type: ignore[union-attr]
    for row, one in zip(rows, report.rows, strict=True):
        assert [report.cadres[cadre].staff_no for cadre, *_ in row["holders"]] == [each.staff_no for each in one.held]


def test_an_area_without_shape_is_listed_and_said_to_have_none() -> None:
    report = duties.duty_report()
    code = report.rows[0].area.code
    html = duty_map.draw(report, {row.area.code: SHAPE for row in report.rows[1:]}, [])
    assert html.count("<small>无图形</small>") == 1
    assert code in html


@pytest.mark.parametrize("view", ["side", "difference"])
def test_comparison_counts_and_lists_as_the_report_does(view: comparison_map.View) -> None:
    found = duties.comparison()
    html = comparison_map.draw(found, {}, [], view=view)
    shown = dict(re.findall(r'data-figure="(\w+)">([^<]*)', html))
    assert shown == {name: str(found.count(name)) for name in comparison_palette.CHANGE_STYLES}
    head = html.split('class="others"')[0]
    listed = [found.rows[int(at)].code for at in re.findall(r'data-area="(\d+)"', head)]
    assert listed == [row.code for row in found.changed()]
    assert len(listed) > 5
    assert len(re.findall(r'class="map"', html)) == (2 if view == "side" else 1)
    assert html.count('"shapes"') == (3 if view == "side" else 2), "areas once, outlines of each map"
    synced = re.findall(r"(map_\d+)\.sync\((map_\d+)\)", html)
    assert len(synced) == (2 if view == "side" else 0)
    assert all(one != other for one, other in synced)


def test_bars_are_in_proportion_and_named() -> None:
    drawn = bars.svg([bars.Bar("1月", 4, 2, "met", "四次"), bars.Bar("2月", 1, None, "under", "<b>")], "走访")
    tall = [float(one) for one in re.findall(r'<rect[^>]* height="([\d.]+)"', drawn)]
    assert tall[0] / tall[1] == pytest.approx(4, rel=0.01)
    assert drawn.count("<line") == 1
    assert "<b>" not in drawn
    assert "<title>四次</title>" in drawn


def test_area_page_shows_every_section(data_of: Callable[[str, str], dict[str, object]]) -> None:
    html = draw_area("石桥村")
    assert 'href="/desk/issues/0190f3c2"' in html
    assert 'href="/maps/grids/990101100202"' in html
    assert html.count("<rect class=") == 12
    assert "共 12 件，列出最新 1 件" in html
    assert [row[5] for row in data_of(html, "areas")["rows"]][-1] == "of_beside"  # type: ignore[attr-defined]
    hidden = replace(duties.area_report(children=0), descent=None, visits=(), issues=(), open_issues=0, places=())
    empty = area_page.draw(hidden, {})
    for said in ("没有下级区域", "还没有走访记录", "没有未办结问题", "没有登记走访对象", "边界沿革仅限"):
        assert said in empty


# colours


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize(
    "fills",
    [
        [duty_palette.DUTY_STYLES[name].fill for name in LOADS],
        [style.fill for style in comparison_palette.CHANGE_STYLES.values() if style.hatch is None],
    ],
    ids=["loads", "changes"],
)
def test_fills_differ_for_every_eye(deficiency: str, fills: list[str]) -> None:
    seen = [lab(DEFICIENCIES[deficiency] @ linear(fill)) for fill in fills]
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(one - other) >= 13


def test_loads_darken_in_even_steps() -> None:
    lightness = [lab(linear(duty_palette.DUTY_STYLES[name].fill))[0] for name in LOADS]
    steps = [one - other for one, other in pairwise(lightness)]
    assert max(steps) - min(steps) < 1
    assert min(steps) > 14


def test_changes_differ_in_black_and_white() -> None:
    fills = [style.fill for style in comparison_palette.CHANGE_STYLES.values() if style.hatch is None]
    lightness = sorted(float(lab(linear(fill))[0]) for fill in fills)
    assert min(other - one for one, other in pairwise(lightness)) >= 11


@pytest.mark.parametrize("styles", [duty_palette.DUTY_STYLES, comparison_palette.CHANGE_STYLES])
def test_text_can_be_read_on_every_fill(styles: dict[str, object]) -> None:
    for style in styles.values():
        assert contrast(style.fill, style.ink) >= 4.5, style  # type: ignore[attr-defined]
