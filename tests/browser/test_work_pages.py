"""The pages in which work is done, as they are worked with: by keyboard, at both sizes, with and without JavaScript."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import shapely
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from geo.intake import issues as issue_rows
from geo.services import accounts, issues
from geo.storage.database import make_engine
from tests import squares, visiting
from tests.benchmarks.serving import served
from tests.squares import COUNTY, GRIDS, VILLAGES

pytestmark = pytest.mark.browser

PASSWORD = "a long pass phrase"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def address(database_url: str, template: str, reachable_root: Path) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "for_the_work", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        county = visiting_county(session)
        rows = [
            {"id": str(UUID(int=900 + n)), "reported_at": f"2025-03-{10 + n}T09:00:00", "category": "infrastructure"}
            | {"title": f"路灯不亮{n}", "lon": squares.centre(GRIDS[n])[0], "lat": squares.centre(GRIDS[n])[1]}
            for n in range(3)
        ]
        good, _ = issue_rows.parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
        issues.report(session, county, good)
        accounts.add(session, "li", "admin", county=COUNTY, password=PASSWORD, actor="test")
        accounts.add(session, "wang", "cadre", county=COUNTY, staff_no="C1", password=PASSWORD, actor="test")
    engine.dispose()
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base
    _drop_database(url)


def visiting_county(session: Session) -> squares.CountyInfo:
    county = squares.load(session)
    for grid in GRIDS[:3]:
        visiting.take(
            session, county, "assignments", {"staff_no": "C1", "area": grid, "role": "grid_head", "from": "2025-01-01"}
        )
    return county


@pytest.fixture(params=[("desk", True), ("phone", False)], ids=["desk with scripts", "phone without"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    size, scripts = request.param
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    assert errors == []
    context.close()


def sign_in(page: Page, address: str, name: str = "li") -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/signin")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/signin" not in url)


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    wide = page.locator("main").bounding_box()
    size = page.viewport_size
    assert wide is not None
    assert size is not None
    assert wide["x"] + wide["width"] <= size["width"] + 1


def test_an_answer_outlives_the_session_by_keyboard(page: Page, address: str) -> None:
    sign_in(page, address)
    page.goto(f"{address}/desk/issues?lang=en")
    fits(page)
    page.get_by_role("link", name="路灯不亮1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h2").first).to_have_text("路灯不亮1")
    fits(page)
    before = page.locator(".timeline li").count()
    step = page.locator("details:has(#event-replied)")
    step.locator("summary").focus()
    page.keyboard.press("Enter")
    note = step.locator("textarea")
    note.focus()
    page.keyboard.type("Mended by Friday <b>")
    page.context.clear_cookies()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("What you typed is kept")).to_be_visible()
    page.fill("#name", "li")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".typed")).to_contain_text("Mended by Friday <b>")
    fits(page)
    button = page.get_by_role("button", name="Send")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("Mended by Friday <b>")
    expect(page.locator(".timeline li")).to_have_count(before + 1)


def test_boundaries_are_brought_and_put_into_force(page: Page, address: str, tmp_path: Path) -> None:
    sign_in(page, address)
    page.goto(f"{address}/desk/boundaries?lang=en")
    fits(page)
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": code[-3:]},
            "geometry": shapely.geometry.mapping(squares.box(VILLAGES.index(code[:12]), int(code[12:]) - 1)),
        }
        for code in GRIDS
    ]
    file = tmp_path / "grids.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    page.set_input_files("#file", file)
    page.select_option("#level", "grid")
    page.get_by_role("button", name="Check and stage").click()
    expect(page.locator(".said")).to_contain_text("is staged")
    fits(page)
    number = page.url.partition("/desk/boundaries/")[2].partition("?")[0]
    page.get_by_role("button", name="See what would change").click()
    page.fill("#confirm", number)
    fits(page)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text(f"Version {number} is in force")
    page.get_by_role("button", name="See what would change").click()
    page.fill("#confirm", number)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Taken back")


def test_a_sheet_with_a_bad_row_says_which(page: Page, address: str, tmp_path: Path) -> None:
    sign_in(page, address)
    page.goto(f"{address}/desk/imports?lang=en")
    fits(page)
    sheet = tmp_path / "visits.csv"
    sheet.write_text("staff_no,started_at,lon,lat\nC1,gestern,120.001,30.001\n")
    page.set_input_files("#file", sheet)
    page.select_option("#kind-of-sheet", "visits")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".rejected tbody tr")).to_have_count(1)
    expect(page.locator(".rejected")).to_contain_text("gestern")
    fits(page)


def test_a_cadres_page_fits_a_phone(page: Page, address: str) -> None:
    sign_in(page, address, "wang")
    page.goto(f"{address}/mine")
    fits(page)
    expect(page.locator(".own").first.locator("li")).to_have_count(3)
    expect(page.get_by_role("link", name="路灯不亮0")).to_be_visible()
    expect(page.get_by_role("link", name="记录走访或问题")).to_be_visible()


def test_near_me_is_sorted_in_the_browser(chromium: Browser, address: str) -> None:
    lon, lat = squares.centre(GRIDS[2])
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        geolocation={"longitude": lon, "latitude": lat, "accuracy": 9},
        permissions=["geolocation"],
    )
    page = context.new_page()
    sign_in(page, address, "wang")
    page.goto(f"{address}/mine")
    asked: list[str] = []
    page.on("request", lambda one: None if "/static/" in one.url else asked.append(one.url))  # an icon may come late
    page.get_by_role("button", name="离我最近的").click()
    expect(page.locator("#near li").first).to_contain_text("路灯不亮2")
    expect(page.locator("#near li").first).to_contain_text("0 m")
    assert asked == []  # the position stays here
    context.close()


def test_what_is_not_there_says_so(page: Page, address: str) -> None:
    sign_in(page, address)
    page.goto(f"{address}/desk/issues?lang=en")
    answer = page.goto(f"{address}/desk/issues/{UUID(int=1)}?lang=en", referer=f"{address}/desk/issues?lang=en")
    assert answer is not None
    assert answer.status == 404
    fits(page)
    page.get_by_role("link", name="Back").click()
    expect(page.locator("table.list")).to_be_visible()
