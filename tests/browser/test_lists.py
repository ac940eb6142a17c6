"""The list pages as people use them: without JavaScript, by keyboard, on a desk and on a phone, and on paper."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from geo.services import accounts
from tests import squares, visiting
from tests.benchmarks.serving import served
from tests.reading import writing
from tests.squares import COUNTY, GRIDS

pytestmark = pytest.mark.browser

PASSWORD = "a long pass phrase"
GAPS = "/desk/gaps?month=2025-03&level=grid&show=all"
PAGES = [
    GAPS,
    "/desk/assignments",
    "/desk/assignments?tab=without",
    "/desk/assignments?tab=cadres",
    "/desk/assignments/give",
    "/desk/assignments/hand-over",
    "/desk/rules",
    "/desk/exclusions",
    "/desk/exclusions/exclude",
]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def address(database_url: str, template: str, reachable_root: Path) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "for_the_lists", template)
    with writing(url) as session:
        county = squares.load(session)
        visiting.load_march(session, county)
        held = [{"staff_no": "C1", "area": grid, "role": "grid_head", "from": "2025-01-01"} for grid in GRIDS[1:]]
        visiting.take(session, county, "assignments", *held)
        accounts.add(session, "planner", "planner", county=COUNTY, password=PASSWORD, actor="test")
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base
    _drop_database(url)


@pytest.fixture(scope="module", params=SIZES)
def context(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[BrowserContext]:
    """Signed in, without JavaScript, at one size."""
    width, height = SIZES[request.param]
    made = chromium.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=False, base_url=address
    )
    page = made.new_page()
    page.goto("/signin?next=/account")
    page.fill("#name", "planner")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/account")
    page.close()
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    outside: list[str] = []
    opened.on("request", lambda one: outside.append(one.url) if "127.0.0.1" not in one.url else None)
    yield opened
    opened.close()
    assert outside == []


def is_phone(page: Page) -> bool:
    size = page.viewport_size
    return size is not None and size["width"] < 720


def unfold(page: Page) -> None:
    """Open the filters, which a phone folds away."""
    if is_phone(page) and page.locator(".fold:not([open])").count():
        page.locator(".fold summary").click()


def first_codes(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody [data-label='代码'] > span").all_inner_texts()]


def tab_to(page: Page, name: str, role: str) -> None:
    """Go on with the tabulator until something has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"{name} cannot be reached with the tabulator")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_off_and_the_way_to_other_pages_is_there(page: Page, path: str) -> None:
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("nav.pages").bounding_box()
    assert box is not None
    assert box["height"] > 30
    for control in page.locator(
        "main input:not([type=hidden]):visible, main select:visible, main button:visible"
    ).all():
        place = control.bounding_box()
        assert place is not None
        assert place["height"] >= 38
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= page.viewport_size["width"]  # type: ignore[index]


def test_a_row_is_a_card_on_a_phone_and_figures_stand_right(page: Page) -> None:
    page.goto(GAPS)
    row, cell = page.locator("tbody tr").first, page.locator("tbody td.numeric").first
    said = cell.evaluate("one => getComputedStyle(one, '::before').content")
    if is_phone(page):
        assert row.evaluate("one => getComputedStyle(one).display") == "flex"
        assert said == '"序号"'
        expect(page.locator("#list-sort")).to_be_visible()
        assert row.bounding_box()["height"] < 200  # type: ignore[index]
    else:
        assert row.evaluate("one => getComputedStyle(one).display") == "table-row"
        assert said == "none"
        assert cell.evaluate("one => getComputedStyle(one).textAlign") == "right"
        expect(page.locator("#list-sort")).to_be_hidden()
    assert "tabular-nums" in cell.evaluate("one => getComputedStyle(one).fontVariantNumeric")


def test_the_list_is_sorted_and_searched_by_keyboard(page: Page) -> None:
    page.goto(GAPS)
    before = first_codes(page)
    assert len(before) == len(GRIDS)
    unfold(page)
    if is_phone(page):
        page.locator("#list-sort").select_option("-code")
        page.locator("#list-q").press("Enter")
    else:
        tab_to(page, "代码", "link")
        page.keyboard.press("Enter")
        page.wait_for_url("**sort=code**")
        assert first_codes(page) == sorted(before)
        tab_to(page, "代码", "link")
        page.keyboard.press("Enter")
    page.wait_for_url("**sort=-code**")
    assert first_codes(page) == sorted(before, reverse=True)
    unfold(page)
    tab_to(page, "查找", "searchbox")
    page.keyboard.type(GRIDS[2])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"q={GRIDS[2]}"))
    assert first_codes(page) == [GRIDS[2]]
    assert "sort=-code" in page.url  # the form keeps the order
    page.get_by_role("link", name="清除条件").first.click()
    assert len(first_codes(page)) == len(GRIDS)


def test_an_exclusion_by_keyboard_says_what_is_wrong_and_then_what_it_did(page: Page) -> None:
    code = GRIDS[6] if is_phone(page) else GRIDS[7]
    page.goto("/desk/exclusions/exclude")
    tab_to(page, "代码", "combobox")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    wrong = page.get_by_label("原因")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("没有保存")
    expect(page.get_by_label("代码")).to_have_value(code)
    wrong.fill("整体搬迁")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("已设为不计入。")
    assert code in first_codes(page)
    page.locator("tbody tr", has_text=code).get_by_role("link", name="恢复计入").click()
    page.get_by_label("原因").fill("已回迁")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("已恢复计入。")


def test_a_phone_folds_the_filters_away_until_one_is_set(page: Page) -> None:
    page.goto("/desk/gaps?month=2025-03&level=grid")
    if not is_phone(page):
        expect(page.locator(".fold")).to_be_hidden()
        expect(page.locator(".list-filters")).to_be_visible()
        return
    expect(page.locator(".list-filters")).to_be_hidden()
    expect(page.locator(".ways-form")).to_be_hidden()
    unfold(page)
    expect(page.locator(".list-filters")).to_be_visible()
    expect(page.locator(".ways-form")).to_be_visible()
    page.goto("/desk/gaps?month=2025-03&level=grid&reason=unvisited")
    expect(page.locator(".list-filters")).to_be_visible()


def test_what_a_phone_taps_is_large_enough(page: Page) -> None:
    for path in ("/desk/gaps?month=2025-03&level=grid", "/desk/assignments", "/desk/rules"):
        page.goto(path)
        if is_phone(page):
            for one in page.locator(".bar-end a, .steps a, .leads a:visible, .to-map, .list tbody th a").all():
                place = one.bounding_box()
                assert place is not None
                assert place["height"] >= 40, one.inner_text()


def test_a_list_is_printed_on_one_kind_of_paper_with_its_classes(page: Page) -> None:
    page.goto(GAPS)
    page.emulate_media(media="print")
    assert page.locator("body").evaluate("one => getComputedStyle(one).page") == "broad"
    badge = page.locator(".badge-unvisited").first
    assert badge.evaluate("one => getComputedStyle(one).printColorAdjust") == "exact"
    page.goto("/desk/rules")
    expect(page.locator(".leads").first).to_be_hidden()


def test_on_paper_the_headings_stand_above_every_sheet(page: Page) -> None:
    page.goto(GAPS)
    page.emulate_media(media="print")
    assert page.locator("thead").evaluate("one => getComputedStyle(one).display") == "table-header-group"
    assert page.locator("tbody tr").first.evaluate("one => getComputedStyle(one).display") == "table-row"
    for hidden in (".list-filters", ".ways-form", "nav.pages"):
        expect(page.locator(hidden)).to_be_hidden()
