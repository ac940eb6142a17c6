"""Maps as Chromium prints them, read from a real PDF, since what is on the screen is not what is printed."""

import io
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from maps import area_page, check_map, comparison_map, coverage_map, duty_map, issue_map
from maps.comparison_palette import CHANGE_STYLES
from maps.duty_palette import DUTY_STYLES
from maps.issue_palette import CLASS_STYLES
from maps.page import Links
from maps.palette import STATUS_STYLES
from tests.browser.conftest import Opened, Site
from tests.maps import checked, county, duties, hot_county

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]

DPI = 60
PAPER_PX = 703
DRAWN_FOR = "(({ x, y }) => [x, y])(Object.values(window).find((one) => one?.showWhole).getSize())"
SOME_PX = 1_000
"""At 60 dots an inch: some two square centimetres, more than all swatches of a legend together."""


def sheets(page: Page) -> list[NDArray[np.uint8]]:
    """The pages as they are printed, (height, width, 3)."""
    pdf = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    drawn = subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-"],
        input=pdf,
        capture_output=True,
        check=True,
    ).stdout
    found, stream = [], io.BytesIO(drawn)
    while stream.tell() < len(drawn):
        head = [stream.readline() for _ in range(3)]
        width, height = (int(one) for one in head[1].split())
        found.append(np.frombuffer(stream.read(3 * width * height), np.uint8).reshape(height, width, 3))
    return found


def coloured(sheet: NDArray[np.uint8]) -> int:
    """How many pixels have any colour but grey."""
    return int((np.ptp(sheet.astype(int), axis=2) > 20).sum())


def painted(sheet: NDArray[np.uint8], colour: str) -> int:
    """How many pixels have a colour, about."""
    wanted = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8).astype(int)
    return int((np.abs(sheet.astype(int) - wanted).max(axis=2) < 8).sum())


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    links, report, hot = Links(area_page="/maps/grids/CODE"), county.report(), hot_county.report()
    shapes, hot_shapes, area = county.shapes(report), hot_county.shapes(hot), duties.area_report()
    outlines = county.outlines(report, shapes)
    codes = [area.coverage.facts.code, *(row.facts.code for row in area.children), *area.beside]
    drawn = {
        "coverage": coverage_map.draw(report, shapes, outlines, links=links),
        "problems": issue_map.draw(hot, hot_shapes, hot_county.outlines(hot, hot_shapes), links=links),
        "duties": duty_map.draw(duties.duty_report(), shapes, outlines, links=links),
        "side": comparison_map.draw(duties.comparison(), shapes, outlines, links=links),
        "difference": comparison_map.draw(duties.comparison(), shapes, outlines, links=links, view="difference"),
        "check": check_map.draw(checked.report(), checked.SHAPES, checked.OLD, links=links),
        "area": area_page.draw(area, dict(zip(codes, county.partition(3, 2), strict=False)), links=links),
    }
    return {name: site.add(html) for name, html in drawn.items()}


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("coverage", STATUS_STYLES["under"].fill),
        ("problems", CLASS_STYLES["none"].fill),
        ("duties", DUTY_STYLES["load_1"].fill),
        ("side", STATUS_STYLES["under"].fill),
        ("difference", CHANGE_STYLES["still_met"].fill),
        ("area", STATUS_STYLES["unvisited"].fill),
    ],
)
def test_areas_are_printed_in_their_colours(open_page: Open, pages: dict[str, str], name: str, colour: str) -> None:
    page = open_page(pages[name]).page
    assert painted(sheets(page)[0], colour) > SOME_PX
    expect(page.locator(".map canvas").first).to_be_attached()
    assert page.locator(".map img:not(.leaflet-tile)").count() == 0


def test_findings_are_printed_on_their_ground(open_page: Open, pages: dict[str, str]) -> None:
    assert coloured(sheets(open_page(pages["check"]).page)[0]) > 5 * SOME_PX


def test_the_map_of_an_area_is_drawn_for_the_width_of_the_paper(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["area"]).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    width, height = page.evaluate(
        "(({ x, y }) => [x, y])(Object.values(window).find((one) => one?.showWhole).getSize())"
    )
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_PX, "height": 1_032})
    box = page.locator(".map").bounding_box()
    assert box
    assert (box["width"], box["height"]) == pytest.approx((width, height), abs=1)
    assert width > 0.98 * PAPER_PX


def test_only_the_list_that_is_shown_is_printed(open_page: Open, pages: dict[str, str]) -> None:
    page = open_page(pages["duties"]).page
    for shown, other in (("cadres", "areas"), ("areas", "cadres")):
        page.locator(f".tab[data-list={shown}]").click()
        page.emulate_media(media="print")
        expect(page.locator(f"section[data-list={shown}]")).to_be_visible()
        expect(page.locator(f"section[data-list={other}]")).to_be_hidden()
        expect(page.locator(".tab:visible")).to_have_count(1)
        page.emulate_media(media="screen")
