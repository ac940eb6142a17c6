"""The first page in a real browser: list and map are one, what takes longer comes, and no other host is asked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.live import DESK, MONTH, PHONE, Live, Opened, signed_in

pytestmark = pytest.mark.browser

MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def planner(chromium: Browser, living: Live) -> Iterator[Opened]:
    with signed_in(chromium, living, "planner") as opened:
        yield opened


def whole(page: Page) -> None:
    """Scroll to the end, and wait for what comes then."""
    for section in (".home-heat", ".home-trend"):
        page.locator(section).scroll_into_view_if_needed()
    expect(page.locator(".trend figure")).to_have_count(6, timeout=30_000)
    expect(page.locator(".waiting")).to_have_count(0, timeout=30_000)


def test_everything_comes_and_weighs_little(planner: Opened) -> None:
    planner.asked.clear()
    page = planner.go(f"/?month={MONTH}")
    whole(page)
    frame = page.frame_locator(".home-heat iframe")
    expect(frame.locator(".map canvas").first).to_be_visible()
    expect(frame.locator(".bar")).to_be_hidden()
    figure = page.locator('[data-figure="clusters"] b')
    expect(figure).to_have_text(str(page.locator(".clusters li").count()))
    expect(page.locator('[data-figure="clusters"] .change')).not_to_contain_text("计算")
    addresses = {one.url: one.response() for one in planner.asked}
    weight = sum(len(answer.body()) for answer in addresses.values() if answer and answer.status == 200)
    assert weight < MOST_BYTES
    assert all(address.startswith((planner.base, "data:", "blob:")) for address in addresses)
    assert any("/maps/issues" in address for address in addresses)


def test_the_list_points_at_the_map_and_back(planner: Opened) -> None:
    page = planner.go(f"/?month={MONTH}")
    highlight = page.locator(".home-map .leaflet-highlight-pane path:not([d='M0 0'])")
    expect(highlight).to_have_count(0)
    entry = page.locator(".first-list a").nth(1)
    entry.hover()
    expect(highlight).not_to_have_count(0)
    entry.click()
    card = page.locator(".area-popup")
    expect(card).to_contain_text(entry.locator(".gap-name").inner_text())
    expect(entry).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_the_list_works_by_keyboard(planner: Opened) -> None:
    page = planner.go(f"/?month={MONTH}")
    first, second = page.locator(".first-list a").nth(0), page.locator(".first-list a").nth(1)
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".area-popup")).to_contain_text(second.locator(".gap-name").inner_text())


def test_month_level_and_area_stand_in_the_address(planner: Opened, living: Live) -> None:
    page = planner.go(f"/?month={MONTH}")
    page.locator(".bar .step").first.click()
    expect(page.locator(".steps strong")).to_have_text("2026年9月")
    page.locator(".levels a", has_text="网格").click()
    expect(page.locator(".levels [aria-current]")).to_have_text("网格")
    page.wait_for_selector("html[data-ready]", timeout=20_000)
    page.select_option("#area", living.town)
    page.wait_for_url(f"**area={living.town}**")
    for part in ("month=2026-09", "level=grid", f"area={living.town}"):
        assert part in page.url
    expect(page.locator("#area")).to_have_value(living.town)
    again = page.locator("[data-figure=met] b").inner_text()
    page.reload()
    assert page.locator("[data-figure=met] b").inner_text() == again


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_nothing_is_cut_off_or_overlaps(chromium: Browser, living: Live, size: tuple[int, int]) -> None:
    with signed_in(chromium, living, "supervisor", size=size) as opened:
        page = opened.go(f"/?month={MONTH}")
        whole(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        boxes = page.evaluate(
            "[...document.querySelectorAll('.month-figure dt, .month-figure dd, .home-main h2')].map((one) => {"
            "const box = one.getBoundingClientRect();"
            "return [box.left, box.top, box.right, box.bottom, one.innerText]; })"
        )
        boxes = [one for one in boxes if one[4].strip()]
        for at, (left, top, right, bottom, text) in enumerate(boxes):
            assert left >= 0, text
            assert right <= size[0], text
            for other in boxes[at + 1 :]:
                assert right <= other[0] + 1 or other[2] <= left + 1 or bottom <= other[1] + 1 or other[3] <= top + 1, (
                    text,
                    other[4],
                )


def test_without_script_figures_and_list_stand(chromium: Browser, living: Live) -> None:
    with signed_in(chromium, living, "supervisor", script=False) as opened:
        page = opened.go(f"/?month={MONTH}")
        assert page.locator("[data-figure=unvisited] b").inner_text() != "0"
        assert page.locator(".first-list a").count() >= 1
        page.locator(".home-trend h2 a").click()
        assert page.locator(".trend svg").count() == 6
        assert page.locator("tbody tr").count() == 12


EXTENT = "() => Object.values(window).find((one) => one?.showWhole).whole.toBBoxString().split(',').map(Number)"


def test_the_map_shows_the_town_that_is_chosen(planner: Opened, living: Live) -> None:
    wide = planner.go(f"/?month={MONTH}").evaluate(EXTENT)
    narrow = planner.go(f"/?month={MONTH}&area={living.town}").evaluate(EXTENT)
    assert narrow[2] - narrow[0] < 0.6 * (wide[2] - wide[0])


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_card_stands_on_the_map_beside_its_area(chromium: Browser, living: Live, size: tuple[int, int]) -> None:
    with signed_in(chromium, living, "planner", size=size) as opened:
        page = opened.go(f"/?month={MONTH}")
        page.locator(".first-list a").nth(4).click()
        card, chart = page.locator(".area-popup"), page.locator(".home-map .map")
        expect(card.get_by_role("link", name="打开该区域页面")).to_be_in_viewport()
        outer, inner = chart.bounding_box(), card.bounding_box()
        assert outer
        assert inner
        assert outer["y"] <= inner["y"]
        assert inner["height"] < outer["height"] * 0.7
        assert page.locator(".area-popup .card").evaluate("(one) => getComputedStyle(one).borderTopWidth") == "0px"


def test_without_script_the_map_says_why_it_is_empty(chromium: Browser, living: Live) -> None:
    with signed_in(chromium, living, "supervisor", script=False) as opened:
        names = ("coverage", "issues", "grids", "compare", f"grids/{living.town}")
        for path in ("/", *(f"/maps/{name}" for name in names)):
            page = opened.go(f"{path}?month={MONTH}")
            expect(page.locator("p.no-map", has_text="需要浏览器脚本")).to_be_visible()
