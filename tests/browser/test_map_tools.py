"""The tools of maps in a real browser: search, long lists, full screen, measuring, location, and a silent basemap."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pyproj
import pytest
import shapely
from playwright.sync_api import Browser, Page, expect

from geo.analysis.coverage import Responsible
from geo.space.crs import CHINA_LAT, CHINA_LON, from_wgs84
from maps import coverage_map, issue_map
from maps.page import Basemap
from tests.browser.conftest import Opened, Site
from tests.browser.test_coverage_map import place, shown
from tests.maps import county, hot_county

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]

CHART = "window[Object.keys(window).find((key) => key.startsWith('map_'))]"
NAMES = {0: "西湖村", 2: "重阳村", 5: "长乐村", 1: "绿湾村"}
"""Of the first areas; number 1 has met its rule and is in no list of gaps."""
GEOD = pyproj.Geod(ellps="WGS84")


def rows() -> list[object]:
    people = (Responsible("g1", "单秀英", "grid_head", "云溪镇"),)
    changes = {at: {"name": name} for at, name in NAMES.items()}
    changes[0] |= {"responsible": people}
    return [county.facts(at, **changes.get(at, {})) for at in range(60)]


REPORT = county.report(rows())
SHAPES = county.shapes(REPORT)
OUTLINES = county.outlines(REPORT, SHAPES)


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    return site.add(coverage_map.draw(REPORT, SHAPES, OUTLINES))


def tool(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("xhc", "西湖村"),
        ("XHC", "西湖村"),
        ("xihucun", "西湖村"),
        ("xi hu", "西湖村"),
        ("xihc", "西湖村"),
        ("xihuc", "西湖村"),
        ("xhcu", "西湖村"),
        ("西湖", "西湖村"),
        ("chongyang", "重阳村"),
        ("zyc", "重阳村"),
        ("changle", "长乐村"),
        ("zlc", "长乐村"),
        ("shanxiuying", "西湖村"),
        ("sxy", "西湖村"),
    ],
)
def test_a_gap_is_found_by_what_is_typed(open_page: Open, address: str, typed: str, name: str) -> None:
    page = open_page(address).page
    page.get_by_role("searchbox").fill(typed)
    assert name in shown(page)
    assert len(shown(page)) < len(REPORT.gaps())
    assert page.locator(".gap-list .gap").count() == len(shown(page))


@pytest.mark.parametrize("typed", ["xhcq", "xhx", "qxhc", "xih8", "hx"])
def test_letters_that_spell_no_name_find_nothing(open_page: Open, address: str, typed: str) -> None:
    page = open_page(address).page
    page.get_by_role("searchbox").fill(typed)
    assert "西湖村" not in shown(page)


def test_an_area_that_is_no_gap_is_found_below_the_list(open_page: Open, address: str) -> None:
    page = open_page(address).page
    for typed in ("lvwan", "luwan", "lwc", "绿湾"):
        page.get_by_role("searchbox").fill(typed)
        assert "绿湾村" in page.locator(".found .gap-name").all_inner_texts(), typed
    page.locator(".found .gap", has_text="绿湾村").click()
    expect(page.get_by_role("dialog", name="绿湾村")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.locator(".found")).to_be_hidden()


def test_the_areas_of_a_town_are_found_by_its_initials(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.get_by_role("searchbox").fill("nsjd")
    mine = {row.facts.name for row in REPORT.gaps() if row.facts.parent_name == "南山街道"}
    assert mine
    assert set(shown(page)) == mine


def test_the_keys_of_the_search(open_page: Open, address: str) -> None:
    page = open_page(address).page
    zoom = page.evaluate(f"{CHART}.getZoom()")
    box = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("xhc/")
    expect(box).to_have_value("xhc/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="西湖村")).to_be_visible()
    assert page.evaluate(f"{CHART}.getZoom()") > zoom
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(shown(page)) == len(REPORT.gaps())
    page.keyboard.press("ArrowDown")
    expect(page.locator(".gap-list .gap").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".gap-list .gap").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()


def test_enter_that_ends_a_composition_chooses_nothing(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.get_by_role("searchbox").fill("xhc")
    page.get_by_role("searchbox").evaluate(
        "(box) => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    page.wait_for_timeout(400)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_clusters_and_areas_of_the_problem_map_are_found_too(open_page: Open, site: Site) -> None:
    report = hot_county.report()
    shapes = hot_county.shapes(report)
    page = open_page(site.add(issue_map.draw(report, shapes, hot_county.outlines(report, shapes)))).page
    page.locator(".reason-all").click()
    page.get_by_role("searchbox").fill("shiqiao")
    found = shown(page)
    wanted = {row.facts.name for row in report.rows if "石桥" in row.facts.name}
    assert wanted <= set(found)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    for name in ("全屏", "量距离", "我的位置"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_positions_are_shifted_as_python_does_it(open_page: Open, address: str) -> None:
    page = open_page(address).page
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(70, 140, 4_000), rng.uniform(0, 57, 4_000)
    lon[:4], lat[:4] = (*CHINA_LON, 105.0, 119.6), (30.0, *CHINA_LAT, 35.0)
    shifted = page.evaluate(
        "(points) => points.map(([lng, lat]) => wangge.inFrame('gcj02', lat, lng))",
        np.column_stack((lon, lat)).tolist(),
    )
    x, y = from_wgs84(lon, lat, "gcj02")
    _, _, metres = GEOD.inv(x, y, [one[1] for one in shifted], [one[0] for one in shifted])
    assert np.max(metres) < 0.01
    assert np.count_nonzero((x != lon) | (y != lat)) > 2_000
    assert page.evaluate("wangge.inFrame('wgs84', 29.5, 119.5)") == [29.5, 119.5]


@pytest.fixture
def at(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """``at(address, lon, lat)``: a page whose browser says that it is there; without a position it refuses."""
    contexts = []

    def go(address: str, lon: float | None = None, lat: float | None = None) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        if lon is not None and lat is not None:
            context.grant_permissions(["geolocation"], origin=site.base)
            context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 40})
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("frame", ["wgs84", "gcj02"])
def test_where_i_am_is_shown_in_the_frame_of_the_map(at: Callable[..., Page], site: Site, frame: str) -> None:
    lon, lat = SHAPES[REPORT.rows[33].facts.code].representative_point().coords[0]
    basemap = Basemap(site.base + "/static/vendor/leaflet/images/layers.png?{z}/{x}/{y}", "", frame)  # type: ignore[arg-type]
    page = at(site.add(coverage_map.draw(REPORT, SHAPES, OUTLINES, basemap=basemap)), lon, lat)
    tool(page, "我的位置")
    expect(page.get_by_role("status").filter(has_text="精度约 40 米")).to_be_visible()
    x, y = from_wgs84(lon, lat, frame)  # type: ignore[arg-type]
    shown_at = page.evaluate(f"[{CHART}.you.at.lng, {CHART}.you.at.lat]")
    assert GEOD.inv(*shown_at, float(x), float(y))[2] < 0.01
    assert page.locator(".leaflet-you-pane path").count() == 2
    page.wait_for_timeout(600)
    # The accuracy circle is 40 m wide on the ground.
    circle = page.locator(".leaflet-you-pane path").first.bounding_box()
    assert circle
    metres = page.evaluate(f"40075016.686 * Math.cos({lat} * Math.PI / 180) / (256 * 2 ** {CHART}.getZoom())")
    assert circle["width"] * metres == pytest.approx(80, abs=3 * metres + 2)
    tool(page, "不显示我的位置")
    assert page.locator(".leaflet-you-pane path").count() == 0


def test_a_refusal_and_a_place_elsewhere_are_said(at: Callable[..., Page], address: str) -> None:
    page = at(address)
    tool(page, "我的位置")
    expect(page.get_by_role("status").filter(has_text="浏览器不允许定位")).to_be_visible()
    expect(page.get_by_role("button", name="我的位置", exact=True)).to_have_attribute("aria-pressed", "false")
    page = at(address, 120.9, 30.2)
    tool(page, "我的位置")
    expect(page.get_by_role("status").filter(has_text="您的位置不在本图范围内")).to_be_visible()
    assert page.locator(".leaflet-you-pane path").count() == 0


def test_full_screen_and_back(open_page: Open, address: str) -> None:
    page = open_page(address).page
    tool(page, "全屏")
    page.wait_for_function("document.fullscreenElement && document.fullscreenElement.matches('.stage')")
    expect(page.locator(".legend")).to_be_visible()
    expect(page.get_by_role("button", name="退出全屏")).to_have_attribute("aria-pressed", "true")
    tool(page, "退出全屏")
    page.wait_for_function("!document.fullscreenElement")
    expect(page.get_by_role("button", name="全屏", exact=True)).to_have_attribute("aria-pressed", "false")


def measured(page: Page, one: tuple[float, float], other: tuple[float, float]) -> tuple[str, float]:
    """What the tool says of the line between two points of the screen, and its length by pyproj."""
    page.mouse.click(*one)
    page.mouse.move(*other)
    page.mouse.click(*other)
    page.mouse.click(*other)
    said = page.locator(".polyline-measure-tooltip-total").last.inner_text()
    box = page.locator(".map").bounding_box()
    assert box
    ends = page.evaluate(
        f"(points) => points.map((at) => {{ const p = {CHART}.containerPointToLatLng(at); return [p.lng, p.lat]; }})",
        [[x - box["x"], y - box["y"]] for x, y in (one, other)],
    )
    return said, GEOD.inv(*ends[0], *ends[1])[2]


def test_distances_are_measured_in_metres_and_kilometres(open_page: Open, address: str) -> None:
    page = open_page(address).page
    tool(page, "量距离")
    expect(page.get_by_role("status").filter(has_text="逐点单击")).to_be_visible()
    here = place(page, REPORT.rows[22].facts.code)
    said, metres = measured(page, here, (here[0] + 260, here[1] - 90))
    number, unit = re.split(r"\s", said)
    assert unit == "公里"
    assert float(number) * 1_000 == pytest.approx(metres, rel=0.01)  # Leaflet measures on a sphere
    # Clicks set points and open no card; the list still leads on.
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate(
        "[...document.querySelectorAll('.tip')].every((tip) => getComputedStyle(tip).display === 'none')"
    )
    tool(page, "结束量距离")
    expect(page.locator(".polyline-measure-tooltip")).to_have_count(0)
    page.mouse.click(*here)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_short_distance_after_zooming_in_english_from_disk(open_page: Open, tmp_path) -> None:
    path = tmp_path / "map.html"
    path.write_text(coverage_map.draw(REPORT, SHAPES, OUTLINES, lang="en", standalone=True), encoding="utf-8")
    page = open_page(path.as_uri()).page
    tool(page, "Measure distance")
    page.evaluate(f"{CHART}.setZoom(15, {{animate: false}})")
    page.wait_for_timeout(200)
    box = page.locator(".map").bounding_box()
    assert box
    here = (box["x"] + 400, box["y"] + 300)
    said, metres = measured(page, here, (here[0] + 60, here[1]))
    number, unit = re.split(r"\s", said)
    assert unit == "m"
    assert float(number) == pytest.approx(metres, rel=0.01, abs=1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Measure distance", exact=True)).to_be_visible()


def test_what_few_use_is_fetched_only_when_it_is_used(open_page: Open, address: str) -> None:
    page = open_page(address).page
    asked = "performance.getEntriesByType('resource').filter((one) => /Measure|Full/.test(one.name)).length"
    assert page.evaluate(asked) == 0
    tool(page, "量距离")
    expect(page.get_by_role("button", name="结束量距离")).to_be_visible()
    assert page.evaluate(asked) == 2


def test_a_tool_that_cannot_be_fetched_says_so(open_page: Open, address: str) -> None:
    opened = open_page(address)
    opened.page.route("**/*Measure.js*", lambda route: route.abort())
    tool(opened.page, "量距离")
    expect(opened.page.get_by_role("status").filter(has_text="这个工具没有载入")).to_be_visible()
    opened.errors.clear()  # the browser's own line about the request
    opened.page.unroute("**/*Measure.js*")
    tool(opened.page, "量距离")
    expect(opened.page.get_by_role("button", name="结束量距离")).to_be_visible()


def test_a_basemap_that_fails_is_noted_and_the_map_works(open_page: Open, site: Site) -> None:
    basemap = Basemap(site.base + "/nothing/{z}/{x}/{y}.png", "")
    opened = open_page(site.add(coverage_map.draw(REPORT, SHAPES, OUTLINES, basemap=basemap)))
    page = opened.page
    note = page.get_by_role("status").filter(has_text="底图服务器没有应答")
    expect(note).to_be_visible()
    page.locator(".gap-list .gap").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("checkbox", name="底图").uncheck()
    expect(note).to_have_count(0)
    opened.errors.clear()  # the browser's own lines about the tiles


def test_a_basemap_that_never_answers_is_noted(open_page: Open, site: Site) -> None:
    basemap = Basemap(site.base + "/never/{z}/{x}/{y}.png", "")
    address = site.add(coverage_map.draw(REPORT, SHAPES, OUTLINES, lang="en", basemap=basemap))
    opened = open_page("about:blank", ready=False)
    opened.page.route("**/never/**", lambda _route: None)
    opened.page.goto(address, wait_until="commit")
    expect(opened.page.get_by_role("status").filter(has_text="The basemap server does not answer")).to_be_visible(
        timeout=15_000
    )


def test_a_basemap_that_answers_is_not_noted(open_page: Open, site: Site) -> None:
    basemap = Basemap(site.base + "/static/vendor/leaflet/images/layers.png?{z}/{x}/{y}", "")
    page = open_page(site.add(coverage_map.draw(REPORT, SHAPES, [], basemap=basemap))).page
    expect(page.locator("img.leaflet-tile-loaded").first).to_be_attached()
    page.wait_for_timeout(7_000)
    expect(page.locator(".map-notes p")).to_have_count(0)


def test_nothing_of_the_tools_is_printed(open_page: Open, address: str) -> None:
    page = open_page(address).page
    tool(page, "量距离")
    expect(page.locator(".map-notes p")).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".tools", ".map-notes", ".leaflet-control-zoom"):
        expect(page.locator(hidden)).to_be_hidden()


def test_a_long_list_is_shown_by_parts_and_the_map_finds_its_row(open_page: Open, site: Site) -> None:
    report = county.report([county.facts(at, columns=40, visits=0) for at in range(1_600)])
    shapes = county.shapes(report, columns=40, steps=3)
    page = open_page(site.add(coverage_map.draw(report, shapes, county.outlines(report, shapes)))).page
    rows = page.locator(".gap-list > li")
    assert rows.count() == 200
    more = page.get_by_role("button", name="再显示 200 条")
    more.click()
    assert rows.count() == 400
    expect(page.locator(".gap-list .gap").nth(200)).to_be_focused()
    gaps = report.gaps()
    far = next(at for at in range(900, 1_000) if not gaps[at].unassigned)
    x, y = place(page, gaps[far].facts.code)
    page.mouse.click(x, y)
    current = page.locator(".gap[aria-current]")
    expect(current.locator(".gap-rank")).to_have_text(f"{far + 1:,}")
    expect(current).to_be_in_viewport()
    assert rows.count() == 200
    expect(page.get_by_role("button", name="显示前面 200 条")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert rows.count() == len(gaps)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rows.count() == 200


def test_far_zooms_draw_plainer_rings_and_near_ones_every_vertex(open_page: Open, site: Site) -> None:
    rows = [county.facts(at, columns=12) for at in range(120)]
    report = county.report(rows)
    shapes = county.shapes(report, columns=12, steps=90)
    page = open_page(site.add(coverage_map.draw(report, shapes, []))).page
    counts = """(zoom) => {
      const map = window[Object.keys(window).find((key) => key.startsWith('map_'))];
      if (zoom) map.setZoom(zoom, {animate: false});
      const size = 256 * 2 ** map.getZoom();
      const { rows } = window[Object.keys(window).find((key) => key.startsWith('areas_'))];
      return rows.map((row) => row.ground.at(size).reduce((sum, ring) => sum + ring.length / 2, 0));
    }"""
    full = [shapely.get_num_coordinates(shape) - 1 for shape in shapes.values()]
    far, near = page.evaluate(counts), page.evaluate(counts, 16)
    assert near == full
    assert sum(far) < 0.4 * sum(full)
    # Which area a point is in is asked of every vertex, at any zoom.
    corners = [[*shape.representative_point().coords[0], code] for code, shape in shapes.items()]
    hit = """(corners) => {
      const map = window[Object.keys(window).find((key) => key.startsWith('map_'))];
      map.showWhole();
      const { rows } = window[Object.keys(window).find((key) => key.startsWith('areas_'))];
      return corners.map(([lng, lat]) => {
        const at = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lng), 0).divideBy(256);
        return rows.filter((row) => row.layer.has(at.x, at.y)).map((row) => row.code);
      });
    }"""
    assert page.evaluate(hit, corners) == [[code] for *_, code in corners]
