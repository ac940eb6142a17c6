"""The check map in a real browser: list and map are one, on a desk and on a phone, with no other host."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from maps import check_map
from maps.page import Links
from tests.browser.conftest import Opened, Site
from tests.maps import checked
from tests.maps.checked import CODES, OLD, SHAPES

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]
PHONE = {"width": 390, "height": 844, "touch": True}
SIZES = pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])

MODEL = "window[Object.keys(window).find((key) => key.startsWith('checks_'))]"
CHART = "window[Object.keys(window).find((key) => key.startsWith('map_'))]"
# Where the mark of an entry of one kind is on the screen.
PLACE = f"""(kind) => {{
  const row = {MODEL}.rows.find((one) => one.kind === kind);
  const map = document.querySelector('.map').getBoundingClientRect();
  const at = {CHART}.latLngToContainerPoint(row.place);
  return [map.left + at.x, map.top + at.y];
}}"""
# How many pixels of a canvas are painted.
PAINTED = """(pane) => {
  const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let at = 3; at < pixels.length; at += 4) painted += pixels[at] > 0;
  return painted;
}"""
ENTRIES = 17


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    links = Links(downloads={"xlsx": "/a.xlsx", "html": "/a.html"}, language="?lang=en")
    return site.add(check_map.draw(checked.report(), SHAPES, OLD, links=links))


def shown(page: Page) -> list[str]:
    return page.locator(".gap-list li:visible .gap-name").all_inner_texts()


def wait_for_card(page: Page, title: str) -> None:
    expect(page.locator(".card h3")).to_have_text(title)


@SIZES
def test_nothing_overflows_and_every_entry_is_listed(open_page: Open, address: str, size: dict[str, int]) -> None:
    page = open_page(address, **size).page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(".gap-count")).to_have_text(str(ENTRIES))
    assert page.locator(".gap-list li").count() == ENTRIES == page.evaluate(f"{MODEL}.rows.length")
    first = page.locator(".gap-list li").first
    expect(first.locator(".gap-name")).to_have_text("没有代码")
    expect(first).to_contain_text("无位置")


@SIZES
def test_a_line_of_the_list_goes_to_its_place(open_page: Open, address: str, size: dict[str, int]) -> None:
    page = open_page(address, **size).page
    before = page.evaluate(f"{CHART}.getZoom()")
    page.locator(".gap", has_text="村05、村06").click()
    wait_for_card(page, "村05、村06")
    expect(page.locator(".card")).to_contain_text("120.5 m²")
    assert page.evaluate(f"{CHART}.getZoom()") > before
    south, west, north, east = page.evaluate(
        f"(() => {{ const b = {CHART}.getBounds(); return [b.getSouth(), b.getWest(), b.getNorth(), b.getEast()]; }})()"
    )
    x0, y0, x1, y1 = checked.sliver(CODES[5]).bounds
    assert west <= x0 <= x1 <= east
    assert south <= y0 <= y1 <= north
    expect(page.locator(".gap[aria-current]")).to_contain_text("村05、村06")
    if size is PHONE:
        expect(page.locator(".gaps")).to_have_class("gaps folded")


def test_a_mark_on_the_map_chooses_its_line(open_page: Open, address: str) -> None:
    page = open_page(address).page
    x, y = page.evaluate(PLACE, "gap")
    page.locator("label", has_text="重叠").locator("input").uncheck()
    page.locator("label", has_text="上级未覆盖").locator("input").uncheck()
    page.mouse.click(x, y)
    wait_for_card(page, "村05、村10、村11")
    expect(page.locator(".gap[aria-current] .gap-name")).to_have_text("村05、村10、村11")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)


def test_the_list_is_narrowed_by_kind_and_by_text(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.locator(".reason", has_text="合并").click()
    assert len(shown(page)) == 2
    expect(page.locator(".gap-shown")).to_have_text(f"显示 2 / {ENTRIES} 条")
    page.locator(".reason", has_text="全部").click()
    page.locator("#gap-filter").fill(CODES[14])
    assert shown(page) == [f"旧OLD-3 (OLD-3) → 村14 ({CODES[14]})"]
    page.locator("#gap-filter").fill("没有这个")
    assert shown(page) == []
    expect(page.locator(".empty").first).to_have_text("没有符合条件的条目")


def test_the_legend_switches_what_is_drawn(open_page: Open, address: str) -> None:
    page = open_page(address).page
    boxes = page.locator(".legend input")
    assert boxes.count() == 16 + 2
    # Notes are many on real maps and come when they are asked for.
    off = boxes.evaluate_all("all => all.filter(b => !b.checked).map(b => b.dataset.kind)")
    assert off == ["warning", "repaired", "multipart", "hole"]
    marks, olds = page.evaluate(PAINTED, "marks"), page.evaluate(PAINTED, "olds")
    assert marks > 0
    assert olds > 0
    page.locator(".legend label", has_text="多部分").locator("input").check()
    page.wait_for_function(f"({PAINTED})('marks') > {marks}")
    page.locator(".legend label", has_text="原边界").locator("input").uncheck()
    page.wait_for_function(f"({PAINTED})('olds') === 0")


def test_an_entry_of_a_kind_that_is_off_is_shown_when_it_is_chosen(open_page: Open, address: str) -> None:
    page = open_page(address).page
    box = page.locator(".legend label", has_text="多部分").locator("input")
    assert not box.is_checked()
    page.locator(".gap", has_text="多部分").click()
    wait_for_card(page, "村12")
    assert box.is_checked()


def test_how_it_was_read_unfolds(open_page: Open, address: str) -> None:
    page = open_page(address).page
    facts = page.locator(".facts-fold .facts")
    assert not facts.is_visible()
    page.locator(".facts-fold summary").click()
    expect(facts).to_contain_text("GB18030（据 .cpg）")
    assert page.locator(".map").bounding_box()["height"] > 300  # type: ignore[index]


def test_the_sheet_of_a_phone_folds(open_page: Open, address: str) -> None:
    page = open_page(address, **PHONE).page
    tall = page.locator(".map").bounding_box()
    page.locator(".grip").click()
    expect(page.locator(".gaps-body")).to_be_hidden()
    low = page.locator(".map").bounding_box()
    assert tall
    assert low
    assert low["height"] > tall["height"] + 100
    page.locator(".grip").click()
    expect(page.locator(".gaps-body")).to_be_visible()


def test_a_page_that_stands_alone_works_from_disk(open_page: Open, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("page") / "check.html"
    file.write_text(check_map.draw(checked.report(), SHAPES, OLD, lang="en", standalone=True), encoding="utf-8")
    page = open_page(file.as_uri()).page
    page.locator(".gap", has_text="Overlap").first.click()
    wait_for_card(page, "村05, 村06")


def test_nothing_found(open_page: Open, site: Site) -> None:
    page = open_page(site.add(check_map.draw(checked.report(findings=(), changes=(), problems=()), SHAPES, {}))).page
    expect(page.locator(".empty").first).to_have_text("没有发现问题")
    assert page.locator(".reasons button").count() == 0
