"""The coverage map in a real browser: list and map are one, on a desk and on a phone, with no other host."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import CoverageReport, Responsible
from maps import coverage_map
from maps.page import Basemap, Links
from tests.browser.conftest import Opened, Site
from tests.maps import county

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]
PHONE = {"width": 390, "height": 844, "touch": True}

# What the page's own script drew: a pixel of the area canvas, in page coordinates.
PIXEL = """([x, y]) => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas'), box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  return [...canvas.getContext('2d').getImageData((x - box.left) * scale, (y - box.top) * scale, 1, 1).data];
}"""
# How many pixels of the upper canvas (outlines and marks) are dark.
DARK_ON_MARKS = """() => {
  const canvas = document.querySelector('.leaflet-marks-pane canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let dark = 0;
  for (let at = 0; at < pixels.length; at += 4) dark += pixels[at + 3] > 128 && pixels[at] < 100;
  return dark;
}"""
# Where an area's own point is on the screen.
PLACE = """(code) => {
  const name = Object.keys(window).find((key) => key.startsWith('areas_'));
  const row = window[name].rows.find((one) => one.code === code);
  const map = document.querySelector('.map').getBoundingClientRect();
  const at = window[Object.keys(window).find((key) => key.startsWith('map_'))].latLngToContainerPoint(row.anchor);
  return [map.left + at.x, map.top + at.y];
}"""


@pytest.fixture(scope="module")
def report() -> CoverageReport:
    return county.report()


@pytest.fixture(scope="module")
def shapes(report: CoverageReport) -> dict[str, BaseGeometry]:
    return county.shapes(report)


@pytest.fixture(scope="module")
def address(site: Site, report: CoverageReport, shapes: dict[str, BaseGeometry]) -> str:
    links = Links(
        "?month=2026-09",
        "?month=2026-11",
        {"town": "?level=town", "village": "?level=village", "grid": "?level=grid"},
        {"xlsx": "/a.xlsx", "csv": "/a.csv", "geojson": "/a.geojson", "html": "/a.html"},
        "?lang=en",
    )
    return site.add(coverage_map.draw(report, shapes, county.outlines(report, shapes), links=links))


def shown(page: Page) -> list[str]:
    return page.locator(".gap-list li:visible .gap-name").all_inner_texts()


def place(page: Page, code: str) -> tuple[float, float]:
    x, y = page.evaluate(PLACE, code)
    return x, y


def overlaps(page: Page, one: str, other: str) -> bool:
    a, b = (page.locator(name).first.bounding_box() for name in (one, other))
    assert a, one
    assert b, other
    return (
        a["x"] < b["x"] + b["width"] - 1
        and b["x"] < a["x"] + a["width"] - 1
        and a["y"] < b["y"] + b["height"] - 1
        and b["y"] < a["y"] + a["height"] - 1
    )


def test_list_names_the_gaps_worst_first(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    assert shown(page) == [row.facts.name for row in report.gaps()]
    assert page.locator(".gap-rank").first.inner_text() == "1"
    never = next(row for row in report.gaps() if row.days_since is None)
    row = page.locator(".gap-list li", has_text=never.facts.name).first
    expect(row).to_contain_text("从未走访")
    expect(row).to_contain_text(f"0 / {never.required} 次")


def test_every_status_has_its_fill_and_excluded_is_hatched(
    open_page: Open, address: str, report: CoverageReport
) -> None:
    page = open_page(address).page
    for status in ("met", "under", "unvisited"):
        row = next(row for row in report.rows if row.status == status and not row.unassigned)
        fill = page.evaluate(
            "(s) => getComputedStyle(document.documentElement).getPropertyValue('--' + s).trim()", status
        )
        assert page.evaluate(PIXEL, place(page, row.facts.code))[:3] == list(bytes.fromhex(fill[1:]))
    excluded = next(row for row in report.rows if row.status == "excluded")
    x, y = place(page, excluded.facts.code)
    assert len({tuple(page.evaluate(PIXEL, (x + step, y))) for step in range(12)}) > 2


def test_row_goes_to_the_area_and_opens_its_card(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    gap = report.gaps()[3]
    page.locator(".gap-list .gap").nth(3).click()
    card = page.get_by_role("dialog", name=gap.facts.name)
    expect(card).to_be_visible()
    expect(card).to_contain_text(gap.facts.code)
    for cadre in gap.facts.responsible:
        expect(card).to_contain_text(cadre.name)
    expect(page.locator(".gap[aria-current]")).to_contain_text(gap.facts.name)
    x, y = place(page, gap.facts.code)
    box = page.locator(".map").bounding_box()
    assert box
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.locator(".gap").nth(3)).to_be_focused()


def test_keyboard_alone_is_enough(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    page.locator(".gap-list .gap").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=report.gaps()[1].facts.name)).to_be_visible()
    outline = page.locator(".gap").nth(1).evaluate("(row) => getComputedStyle(row).outlineStyle")
    assert outline == "solid"


def test_pointing_at_the_map_shows_the_row_and_the_tip(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    gap = report.gaps()[4]
    page.mouse.move(*place(page, gap.facts.code))
    expect(page.locator(".gap.pointed")).to_contain_text(gap.facts.name)
    expect(page.locator(".leaflet-tooltip")).to_contain_text(gap.facts.name)


def test_clicking_the_map_opens_any_area(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    met = next(row for row in report.rows if row.status == "met" and row.facts.grids and not row.unassigned)
    page.mouse.click(*place(page, met.facts.code))
    card = page.get_by_role("dialog", name=met.facts.name)
    expect(card).to_contain_text("覆盖网格")
    expect(card).to_contain_text(f"{met.facts.grids_reached} / {met.facts.grids}")
    expect(card).to_contain_text("网格长")


def test_filters_narrow_the_list_and_keep_the_ranks(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    page.locator(".reason-under").click()
    assert shown(page) == [row.facts.name for row in report.gaps() if row.status == "under"]
    page.locator(".reason-all").click()
    wanted = report.gaps()[6]
    page.get_by_role("searchbox").fill(wanted.facts.code)
    assert shown(page) == [wanted.facts.name]
    assert page.locator(".gap-list li:visible .gap-rank").inner_text() == "7"
    page.get_by_role("searchbox").fill("没有这个村")
    expect(page.get_by_text("没有符合筛选条件的区域")).to_be_visible()


def test_legend_switches_classes_and_layers(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    met = next(row for row in report.rows if row.status == "met" and not row.unassigned)
    at = place(page, met.facts.code)
    assert page.evaluate(PIXEL, at)[3] == 255
    page.get_by_role("checkbox", name="已达标").uncheck()
    page.wait_for_timeout(100)
    assert page.evaluate(PIXEL, at)[3] == 0
    assert page.locator(".name").count() > 5
    page.get_by_role("checkbox", name="地名").uncheck()
    assert page.locator(".name").count() == 0
    dark = page.evaluate(DARK_ON_MARKS)
    page.get_by_role("checkbox", name="镇街界线").uncheck()
    page.wait_for_timeout(100)
    without_outlines = page.evaluate(DARK_ON_MARKS)
    assert 0 < without_outlines < dark / 3
    page.get_by_role("checkbox", name="无人负责").uncheck()
    page.wait_for_timeout(100)
    assert page.evaluate(DARK_ON_MARKS) == 0


def test_excluded_areas_are_listed_with_reason_person_and_day(open_page: Open, address: str) -> None:
    page = open_page(address).page
    section = page.locator(".others-excluded")
    section.locator("summary").click()
    expect(section.locator("li").first).to_contain_text("整村拆迁，已无住户")
    expect(section.locator("li").first).to_contain_text("县走访办 沈明")
    expect(section.locator("li").first).to_contain_text("2026年9月12日")
    section.locator(".gap").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("不计入原因")


def test_on_a_phone_nothing_overlaps_and_the_list_gives_way(open_page: Open, address: str) -> None:
    page = open_page(address, **PHONE).page
    for one, other in (
        (".map", ".gaps"),
        (".figures", ".map"),
        (".bar", ".figures"),
        (".legend", ".leaflet-control-zoom"),
    ):
        assert not overlaps(page, one, other), (one, other)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    head = page.locator(".bar").bounding_box()
    assert head
    assert head["height"] < 90
    page.locator(".gaps .downloads a").last.scroll_into_view_if_needed()
    expect(page.locator(".gaps .downloads a").last).to_be_in_viewport()
    page.locator(".gap").first.scroll_into_view_if_needed()
    before = page.locator(".map").bounding_box()
    assert before
    assert before["height"] >= 300
    page.locator(".gap").first.tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(500)  # the map moves until the whole card is in it
    after = page.locator(".map").bounding_box()
    card = page.get_by_role("dialog").bounding_box()
    assert after
    assert card
    assert after["height"] > before["height"] + 200
    assert after["y"] <= card["y"]
    assert card["y"] + card["height"] <= after["y"] + after["height"]
    page.locator(".grip").tap()
    expect(page.locator(".gap").first).to_be_visible()


def test_one_file_works_from_disk(open_page: Open, report: CoverageReport, shapes, tmp_path) -> None:
    path = tmp_path / "map.html"
    html = coverage_map.draw(report, shapes, county.outlines(report, shapes), standalone=True)
    path.write_text(html, encoding="utf-8")
    page = open_page(path.as_uri()).page
    page.locator(".gap-list .gap").first.click()
    expect(page.get_by_role("dialog", name=report.gaps()[0].facts.name)).to_be_visible()


def test_text_from_data_never_runs(open_page: Open, site: Site) -> None:
    texts = [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "\"quotes' & <b>",
        "{{7*7}}",
        "长" * 200,
        "㛃𠮷",
    ]
    rows = [
        county.facts(at, code=f"c{at}", name=text, parent_name=text, responsible=(Responsible("1", text, text, text),))
        for at, text in enumerate(texts)
    ]
    rows = [
        county.facts(0, **{slot: getattr(row, slot) for slot in ("code", "name", "parent_name", "responsible")})
        for row in rows
    ]
    report = county.report(rows)
    page = open_page(site.add(coverage_map.draw(report, county.shapes(report, columns=3), []))).page
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    assert sorted(shown(page)) == sorted(texts)
    for at, text in enumerate(shown(page)):
        page.locator(".gap-list .gap").nth(at).click()
        card = page.get_by_role("dialog", name=text, exact=True)
        expect(card).to_be_visible()
        expect(card.locator("h3")).to_have_text(text)
        assert card.locator("img, script, b b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1440


def test_empty_report_and_areas_without_shapes(open_page: Open, site: Site) -> None:
    page = open_page(site.add(coverage_map.draw(county.report([]), {}, []))).page
    expect(page.get_by_text("这个范围内没有该层级的区域")).to_be_visible()
    report = county.report()
    page = open_page(site.add(coverage_map.draw(report, {}, [], lang="en"))).page
    expect(page.locator(".others-shapeless summary")).to_contain_text("60")
    expect(page.locator(".gap-list li").first).to_contain_text("no shape")
    page.locator(".gap-list .gap").first.click()
    expect(page.get_by_role("dialog", name=report.gaps()[0].facts.name)).to_be_visible()


def test_basemap_tiles_are_asked_of_their_address_only(
    open_page: Open, site: Site, report: CoverageReport, shapes
) -> None:
    basemap = Basemap(site.base + "/static/vendor/leaflet/images/layers.png?{z}/{x}/{y}", "© <测绘>", "gcj02")
    page = open_page(site.add(coverage_map.draw(report, shapes, [], basemap=basemap))).page
    expect(page.locator("img.leaflet-tile").first).to_be_attached()
    expect(page.locator(".leaflet-control-attribution")).to_have_text("© <测绘>")
    page.get_by_role("checkbox", name="底图").uncheck()
    assert page.locator("img.leaflet-tile").count() == 0


def test_printing_shows_the_whole_list_and_comes_back(open_page: Open, address: str, report: CoverageReport) -> None:
    page = open_page(address).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".gap-list li:visible").count() == len(report.gaps())
    expect(page.locator(".others-excluded li").first).to_be_visible()
    expect(page.locator(".filters")).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".filters")).to_be_visible()
    assert page.locator(".others-excluded").get_attribute("open") is None
