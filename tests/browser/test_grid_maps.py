"""The maps of grids in a real browser: list and map are one, two maps move as one, on a desk and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from maps import area_page, comparison_map, duty_map
from maps.page import Links
from tests.browser.conftest import Opened, Site
from tests.maps import county, duties

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]
PHONE = {"width": 390, "height": 844, "touch": True}
LINKS = Links("?month=2026-09", None, {"village": "?level=village"}, {"html": "/a.html"}, "?lang=en")
DUTIES, COMPARISON, AREA = duties.duty_report(), duties.comparison(), duties.area_report()
SHAPES = county.shapes(county.report())

# How many vertices the outlines of the pane above the areas have.
OUTLINED = """(at) => [...document.querySelectorAll('.leaflet-highlight-pane')[at].querySelectorAll('path')]
  .reduce((all, path) => all + (path.getAttribute('d') || '').split('L').length - 1, 0)"""
POINT = """([at, code]) => {
  const names = Object.keys(window).filter((key) => key.startsWith('areas_'));
  const model = window[names[at]];
  model.point(code && model.rows.find((row) => row.code === code));
}"""
VIEWS = """() => Object.keys(window).filter((key) => key.startsWith('map_'))
  .map((key) => [window[key].getZoom(), window[key].getCenter().toString()])"""


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    outlines = county.outlines(county.report(), SHAPES)
    drawn = {
        "duties": duty_map.draw(DUTIES, SHAPES, outlines, links=LINKS, area_page="/maps/grids/CODE"),
        "side": comparison_map.draw(COMPARISON, SHAPES, outlines, links=LINKS),
        "difference": comparison_map.draw(COMPARISON, SHAPES, outlines, links=LINKS, view="difference"),
    }
    codes = [AREA.coverage.facts.code, *(row.facts.code for row in AREA.children), *AREA.beside]
    drawn["area"] = area_page.draw(AREA, dict(zip(codes, county.partition(3, 2), strict=False)), links=LINKS)
    return {name: site.add(html) for name, html in drawn.items()}


def wide(page: Page) -> bool:
    """Whether anything makes the page wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


@pytest.mark.parametrize("name", ["duties", "side", "difference", "area"])
def test_pages_open_at_both_sizes(open_page: Open, pages: dict[str, str], name: str) -> None:
    for size in ({}, PHONE):
        page = open_page(pages[name], **size).page
        assert not wide(page)
        for chart in page.locator(".map").all():
            box = chart.bounding_box()
            assert box
            assert box["height"] > 120
            assert box["width"] > 300


def test_a_cadre_lights_up_all_his_areas(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["duties"]).page
    most = max(DUTIES.cadres, key=lambda one: len(one.codes))
    page.locator("[data-cadre]").nth(DUTIES.cadres.index(most)).click()
    expect(page.locator(".marked")).to_contain_text(f"{most.name} 负责的 {len(most.codes)} 个区域")
    lit = page.evaluate(OUTLINED, 0)
    assert lit > 2 * len(most.codes)
    page.keyboard.press("Escape")
    expect(page.locator(".marked")).to_be_hidden()
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    assert page.evaluate(OUTLINED, 0) == 0


def test_an_area_on_the_map_marks_its_cadre_in_the_list(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["duties"]).page
    row = next(row for row in DUTIES.rows if row.held)
    page.evaluate(POINT, [0, row.area.code])
    at = [one.staff_no for one in DUTIES.cadres].index(row.held[0].staff_no)
    expect(page.locator("[data-cadre].of-area")).to_have_count(1)
    expect(page.locator("[data-cadre].of-area .gap-name")).to_have_text(DUTIES.cadres[at].name)


def test_the_list_of_areas_begins_with_nobody_and_opens_cards(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["duties"]).page
    page.locator(".tab[data-list=areas]").click()
    first = DUTIES.listed()[0]
    entry = page.locator("[data-area]:visible").first
    expect(entry).to_contain_text("无人负责")
    entry.click()
    card = page.get_by_role("dialog", name=first.area.name)
    expect(card).to_contain_text(first.area.code)
    expect(card.locator(".open a")).to_have_attribute("href", f"/maps/grids/{first.area.code}")


def test_finding_narrows_the_list(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["duties"]).page
    name = DUTIES.cadres[3].name
    page.locator("#duty-find").fill(name)
    shown = page.locator("[data-cadre]:visible .gap-name").all_inner_texts()
    assert shown == [one.name for one in DUTIES.cadres if name in one.name]
    page.locator("#duty-find").fill("没有这个人")
    expect(page.locator(".no-match")).to_be_visible()


def test_two_maps_move_as_one_and_are_pointed_at_as_one(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["side"]).page
    page.locator(".map").first.hover()
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(700)
    one, other = page.evaluate(VIEWS)
    assert one == other
    page.mouse.down()
    page.mouse.move(500, 500, steps=4)
    page.mouse.up()
    page.wait_for_timeout(500)
    moved = page.evaluate(VIEWS)
    assert moved[0] == moved[1] != one
    page.locator("a.whole").first.click()
    page.wait_for_timeout(400)
    assert len({str(view) for view in page.evaluate(VIEWS)}) == 1
    code = COMPARISON.rows[0].code
    for at in (0, 1):
        page.evaluate(POINT, [at, code])
        assert page.evaluate(OUTLINED, 0) == page.evaluate(OUTLINED, 1) > 0
        page.evaluate(POINT, [at, None])
        assert page.evaluate(OUTLINED, 0) == page.evaluate(OUTLINED, 1) == 0


def test_each_map_has_its_own_buttons(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["side"]).page
    for chart in page.locator(".map").all():
        expect(chart.locator("a.whole")).to_have_count(1)


def test_what_changed_opens_both_months(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["difference"]).page
    row = COMPARISON.changed()[0]
    page.locator("[data-area]").first.click()
    card = page.get_by_role("dialog", name=row.shown.facts.name)
    assert row.before
    assert row.after
    for one in (row.before, row.after):
        expect(card).to_contain_text(f"{one.facts.visits} / {one.required} 次")


def test_a_row_of_the_table_shows_its_area(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["area"]).page
    page.locator("tr[data-row]").first.hover()
    assert page.evaluate(OUTLINED, 0) > 0
    page.evaluate(POINT, [0, AREA.children[1].facts.code])
    expect(page.locator("tr.pointed")).to_have_count(1)
    expect(page.locator("tr.pointed")).to_contain_text(AREA.children[1].facts.name)


def test_lists_stand_without_script(chromium, pages: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["duties"])
    assert page.locator("[data-cadre]:visible").count() == len(DUTIES.cadres)
    assert page.locator("[data-area]:visible").count() == len(DUTIES.rows)
    page.goto(pages["difference"])
    assert page.locator(".gap-list [data-area]:visible").count() == len(COMPARISON.changed())
    context.close()


def test_two_months_stand_one_below_the_other_on_a_phone(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["side"], **PHONE).page
    for chart in page.locator(".map").all():
        box = chart.bounding_box()
        assert box
        assert box["height"] >= 240
    legend, last = page.locator(".legend").bounding_box(), page.locator(".map").last.bounding_box()
    assert legend
    assert last
    assert legend["y"] >= last["y"] + last["height"]
    page.locator(".changes .gap-list .gap").last.scroll_into_view_if_needed()
    expect(page.locator(".changes .gap-list .gap").last).to_be_in_viewport()
