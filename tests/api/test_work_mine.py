"""A cadre's own page: what is due comes first, and only what is hers."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from geo.intake import issues as issue_rows
from geo.services import issues, sheets
from geo.storage.database import make_engine
from geo.storage.queries import counties
from tests import squares
from tests.api import work
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES


@pytest.fixture
def browser(loaded_url: str, client: TestClient) -> TestClient:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        county = counties.resolve(session, COUNTY)
        held = [
            {"staff_no": "C1", "area": code, "role": role, "from": "2025-01-01"}
            for code, role in ((GRIDS[0], "grid_head"), (GRIDS[1], "grid_head"), (VILLAGES[0], "village_link"))
        ] + [{"staff_no": "C2", "area": GRIDS[4], "role": "grid_head", "from": "2025-01-01"}]
        sheets.take_whole(session, county, "assignments", enumerate(held, start=2), "assignments.csv")
        today = datetime.now(UTC).astimezone(county.zone)
        rows = [
            {"id": str(UUID(int=700 + n)), "reported_at": today.isoformat(), "category": "ecology"}
            | {"title": f"垃圾堆放{grid}", "lon": squares.centre(grid)[0], "lat": squares.centre(grid)[1]}
            for n, grid in enumerate((GRIDS[0], GRIDS[4]))
        ]
        good, refused = issue_rows.parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
        assert not refused
        issues.report(session, county, good)
    engine.dispose()
    work.account(loaded_url, "she", "cadre", scope=TOWNS[0], staff_no="C1")
    work.account(loaded_url, "office", "supervisor")
    work.sign_in(client, "she")
    return client


def names(text: str) -> list[str]:
    (section,) = re.findall(r"我的责任区域.*?</section>", text, re.DOTALL)
    return re.findall(r"<strong>([^<]*)</strong>", section)


def test_my_areas_and_no_others(browser: TestClient) -> None:
    page = browser.get("/mine")
    assert page.status_code == 200, page.text
    assert len(names(page.text)) == 3
    assert GRIDS[4] not in page.text
    assert f"垃圾堆放{GRIDS[0]}" in page.text
    assert f"垃圾堆放{GRIDS[4]}" not in page.text
    assert 'href="/field' in page.text


def test_what_was_visited_comes_last(browser: TestClient) -> None:
    before = names(browser.get("/mine").text)
    lon, lat = squares.centre(GRIDS[0])
    now = datetime.now(UTC).isoformat()
    browser_page = browser.get("/field").text
    token = re.search(r'"formToken":"([0-9a-f]{64})"', browser_page)
    assert token
    visit = {"staff_no": "C1", "started_at": now, "lon": lon, "lat": lat, "frame": "wgs84"}
    headers = {"x-form-token": token[1], "accept": "application/json"}
    assert browser.post("/visits", json=[visit], headers=headers).status_code == 201
    page = browser.get("/mine").text
    assert sorted(before) == sorted(names(page))
    assert page.count("本月走访 1 次") == 2  # the grid, and the village around it
    standings = re.findall(r'<li class="own-([a-z]+)"', page)
    met = [one in ("met", "excluded") for one in standings]
    assert met == sorted(met)
    assert standings[-1] == "met"


def test_an_account_of_nobody_is_told_so(browser: TestClient) -> None:
    work.sign_in(browser, "office")
    page = browser.get("/mine")
    assert page.status_code == 200
    assert "没有对应的干部工号" in page.text
