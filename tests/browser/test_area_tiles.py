"""A county of 6,000 grids in a real browser, from the real service: shapes as tiles, colours from the page's table."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.limits import MAX_MAP_SHAPES
from geo.services import accounts
from geo.storage.database import make_engine
from maps import palette
from tests import squares, visiting
from tests.benchmarks.serving import served
from tests.browser.test_coverage_map import overlaps
from tests.maps import county as drawn
from tests.squares import COUNTY

pytestmark = pytest.mark.browser

PASSWORD = "a long pass phrase"
COLUMNS, ROWS = 80, 75
VILLAGES = [f"{COUNTY}101{201 + at}" for at in range(20)]
CODES = [f"{VILLAGES[at // 300]}{at % 300 + 1:03d}" for at in range(COLUMNS * ROWS)]
SHAPES = drawn.partition(COLUMNS, ROWS, steps=4)
VISITED = 2_987
"""The one grid that was visited in the month, with a head; all others are gaps."""

CHART = "window[Object.keys(window).find((key) => key.startsWith('map_'))]"
# The colour of the tile canvas at a point of the page.
COLOUR = """([x, y]) => {
  for (const canvas of document.querySelectorAll('.leaflet-areas-pane canvas')) {
    const box = canvas.getBoundingClientRect();
    if (x < box.left || y < box.top || x >= box.right || y >= box.bottom) continue;
    const scale = canvas.width / box.width;
    return [...canvas.getContext('2d').getImageData((x - box.left) * scale, (y - box.top) * scale, 1, 1).data];
  }
  return null;
}"""


def load(session: Session) -> None:
    def villages(at: int) -> shapely.Geometry:
        return shapely.union_all(SHAPES[300 * at : 300 * at + 300])

    grids = squares.layer("grid", CODES, list(SHAPES), name=[f"第{at}网格" for at in range(len(CODES))])
    homes = [villages(at) for at in range(20)]
    named = squares.layer("village", VILLAGES, homes, name=["西湖村", *(f"村{at}" for at in range(1, 20))])
    town = squares.layer("town", [f"{COUNTY}101"], [shapely.union_all(homes)], name=["云溪镇"])
    county = squares.load(session, town, named, grids)
    rules = {"level": "grid", "tier": "ordinary", "visits_per_month": 1}
    visiting.take(session, county, "rules", rules)
    held = {"staff_no": "C1", "area": CODES[VISITED], "role": "grid_head", "from": "2025-01-01"}
    visiting.take(session, county, "assignments", held)
    inside = SHAPES[VISITED].representative_point()
    visiting.record(session, county, [visiting.visit(1, lon=inside.x, lat=inside.y)])
    accounts.add(session, "boss", "admin", county=None, password=PASSWORD, actor="test")


@pytest.fixture(scope="module")
def address(database_url: str, template: str, reachable_root: Path) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "of_many_areas", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        load(session)
        session.execute(text("ANALYZE"))  # as autovacuum does a minute after so many rows
    engine.dispose()
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base
    _drop_database(url)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """Signed in, on the map of all grids; nothing may have failed or been refused by the page's policy."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    opened, said = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    opened.set_default_timeout(90_000)  # the first request of a service does much that no later one does
    opened.goto(f"{address}/signin?next=/maps/coverage%3Flevel%3Dgrid%26month%3D2025-03")
    opened.fill("#name", "boss")
    opened.fill("#password", PASSWORD)
    opened.click("button.main")
    opened.wait_for_selector("html[data-ready]", timeout=60_000)
    wait(opened)
    yield opened
    # The browser's own line about a request that a test refused.
    assert [line for line in said if "Failed to load resource" not in line] == []
    context.close()


def place(page: Page, at: int) -> tuple[float, float]:
    """Where an area is on the screen, from its shape as this file made it."""
    inside = SHAPES[at].representative_point()
    x, y = page.evaluate(
        f"""([lng, lat]) => {{
          const map = document.querySelector('.map').getBoundingClientRect();
          const at = {CHART}.latLngToContainerPoint([lat, lng]);
          return [map.left + at.x, map.top + at.y];
        }}""",
        [inside.x, inside.y],
    )
    return x, y


def colour(page: Page, at: int) -> list[int]:
    found: list[int] = page.evaluate(COLOUR, place(page, at))
    return found[:3]


def fill(status: str) -> list[int]:
    return list(bytes.fromhex(next(one for name, one in palette.STATUS_STYLES.items() if name == status).fill[1:]))


def wait(page: Page) -> None:
    """Until every tile of the view is there and drawn."""
    page.wait_for_timeout(400)
    expect(page.locator(".leaflet-areas-pane canvas.leaflet-tile").first).to_be_attached()
    expect(page.locator(".leaflet-areas-pane .leaflet-tile:not(.leaflet-tile-loaded)")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(400)


def test_the_page_has_no_shapes_and_every_area(page: Page) -> None:
    assert len(CODES) > MAX_MAP_SHAPES
    data = page.evaluate("JSON.parse(document.querySelector('[id^=areas_]').textContent)")
    assert "shapes" not in data
    assert data["tiles"]["url"].endswith("version=1")
    expect(page.locator(".gap-count")).to_have_text("5,999")
    assert page.locator(".gap-list > li").count() == 200
    assert not overlaps(page, ".tools", ".leaflet-control-zoom")


def test_tiles_are_coloured_from_the_table(page: Page) -> None:
    page.evaluate(f"{CHART}.setZoom(14, {{animate: false}})")
    x, y = SHAPES[VISITED].representative_point().coords[0]
    page.evaluate(f"([lng, lat]) => {CHART}.setView([lat, lng], 14, {{animate: false}})", [x, y])
    wait(page)
    page.get_by_role("checkbox", name="无人负责").uncheck()
    assert colour(page, VISITED) == fill("met")
    for other in (VISITED + 1, VISITED - 1, VISITED + COLUMNS):
        assert colour(page, other) == fill("unvisited")
    page.get_by_role("checkbox", name="未走访").uncheck()
    wait(page)
    assert page.evaluate(COLOUR, place(page, VISITED + 1))[3] == 0
    assert colour(page, VISITED) == fill("met")


def test_pointing_and_clicking_find_the_row_at_every_zoom(page: Page) -> None:
    rng = np.random.default_rng(1)
    for zoom in (12, 13, 15):
        at = int(rng.integers(len(CODES)))
        x, y = SHAPES[at].representative_point().coords[0]
        page.evaluate(f"([lng, lat, zoom]) => {CHART}.setView([lat, lng], zoom, {{animate: false}})", [x, y, zoom])
        wait(page)
        there = place(page, at)
        page.mouse.move(there[0] - 1, there[1] - 1)
        page.mouse.move(*there)
        expect(page.locator(".leaflet-tooltip")).to_contain_text(f"第{at}网格")
        page.mouse.click(*there)
        expect(page.get_by_role("dialog", name=f"第{at}网格", exact=True)).to_be_visible()
        expect(page.locator(".gap[aria-current]")).to_contain_text(f"第{at}网格")
        expect(page.locator(".gap[aria-current]")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_row_leads_to_its_area_which_is_outlined(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type(CODES[4_321])
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="第4321网格")).to_be_visible()
    wait(page)
    line = list(bytes.fromhex(palette.HIGHLIGHT[1:]))
    ring = shapely.get_coordinates(SHAPES[4_321].exterior)[:-1]
    points = page.evaluate(
        f"""(ring) => {{
          const map = document.querySelector('.map').getBoundingClientRect();
          return ring.map(([lng, lat]) => {{
            const at = {CHART}.latLngToContainerPoint([lat, lng]);
            return [map.left + at.x, map.top + at.y];
          }});
        }}""",
        ring.tolist(),
    )
    seen = [page.evaluate(COLOUR, point) for point in points]
    blue = [one[:3] for one in seen if one and max(abs(a - b) for a, b in zip(one[:3], line, strict=True)) < 40]
    assert len(blue) >= 0.7 * len(points)


def test_initials_of_the_village_find_its_grids(page: Page) -> None:
    page.get_by_role("searchbox").fill("xhc")
    expect(page.locator(".gap-shown")).to_have_text("显示 300 / 5,999")


def test_tools_work_under_the_policy_of_the_page(page: Page) -> None:
    page.get_by_role("button", name="量距离").click()
    expect(page.get_by_role("button", name="结束量距离")).to_be_visible()  # what it needs was fetched
    box = page.locator(".map").bounding_box()
    assert box
    for x in (500, 640):
        page.mouse.click(box["x"] + x, box["y"] + 300)
    expect(page.locator(".polyline-measure-tooltip-total").last).to_contain_text("公里")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="结束量距离").click()
    page.get_by_role("button", name="全屏", exact=True).click()
    expect(page.get_by_role("button", name="退出全屏")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("answer", [503, None])
def test_shapes_that_do_not_come_are_noted_and_the_list_works(page: Page, answer: int | None) -> None:
    page.context.route("**/tiles/**", lambda route: route.fulfill(status=answer) if answer else route.abort())
    page.reload()
    expect(page.get_by_role("status").filter(has_text="有些边界没有载入")).to_be_visible()
    page.locator(".gap-list .gap").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_file_that_stands_alone_keeps_its_shapes(page: Page, address: str) -> None:
    answer = page.context.request.get(f"{address}/maps/coverage?level=grid&month=2025-03&standalone=true")
    assert answer.status == 200
    assert '"shapes":[[[' in answer.text()
    assert "/tiles/" not in answer.text().split("<script>")[0]
