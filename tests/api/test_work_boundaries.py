"""Boundary versions in a browser: brought, looked at, activated and taken back."""

import json
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from tests import squares
from tests.api import work
from tests.squares import COUNTY, GRIDS, VILLAGES

PATH = "/desk/boundaries"
# The border of the first two villages moves by half a square: the grids of the second lose half of their ground.
HALF = squares.SIDE / 2


def grids(*, shift: float = 0.0, overlap: float = 0.0) -> bytes:
    found = []
    for code in GRIDS:
        village, row = VILLAGES.index(code[:12]), int(code[12:]) - 1
        west, south, east, north = squares.box(village, row).bounds
        east += (shift + overlap) if village == 0 else 0
        west += shift if village == 1 else 0
        shape = shapely.box(west, south, east, north)
        found.append(
            {
                "type": "Feature",
                "properties": {"code": code, "name": f"网格{code[-3:]}"},
                "geometry": shapely.geometry.mapping(shape),
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": found}).encode()


@pytest.fixture
def browser(loaded_url: str, client: TestClient) -> TestClient:
    work.account(loaded_url, "admin", "admin")
    work.account(loaded_url, "planner", "planner")
    work.sign_in(client, "admin")
    return client


def bring(browser: TestClient, content: bytes, name: str = "网格.geojson", **typed: str) -> Any:
    page = browser.get(PATH)
    return work.send(browser, page, PATH, {"level": "grid", **typed}, {"file": (name, content)})


def statuses(browser: TestClient) -> dict[int, str]:
    found = browser.get("/boundary-versions", headers={"accept": "application/json"}).json()["versions"]
    return {one["version"]: one["status"] for one in found}


def test_a_file_becomes_a_version_in_force_and_goes_back(browser: TestClient) -> None:
    (before,) = statuses(browser)
    staged = bring(browser, grids(shift=HALF))
    assert staged.status_code == 200, staged.text
    assert str(staged.url).endswith(f"{PATH}/{before + 1}?county={COUNTY}&lang=zh-CN&done=staged")
    assert "已存为待启用" in staged.text
    assert statuses(browser) == {before: "active", before + 1: "staged"}
    activate, back = f"{PATH}/{before + 1}/activate", f"{PATH}/{before + 1}/rollback"
    asked = work.send(browser, staged, activate, {"from_day": "2025-04-01"})
    assert asked.status_code == 200
    assert "请输入版本号" in asked.text
    assert statuses(browser)[before + 1] == "staged"  # what was tried was taken back
    promised = next(line for line in asked.text.splitlines() if "改归其他区域" in line)
    wrong = work.send(browser, asked, activate, {"confirm": str(before)})
    assert "输入的版本号不符" in wrong.text
    assert statuses(browser)[before + 1] == "staged"
    done = work.send(browser, wrong, activate, {"confirm": str(before + 1)})
    assert statuses(browser) == {before: "retired", before + 1: "active"}
    assert promised.strip().removeprefix("<dt>走访归属</dt><dd>").removesuffix("</dd>") in done.text
    again = work.send(browser, wrong, activate, {"confirm": str(before + 1)})
    assert again.status_code in (409, 422)  # sent twice, done once
    asked = work.send(browser, done, back, {})
    done = work.send(browser, asked, back, {"confirm": str(before + 1)})
    assert statuses(browser) == {before: "active", before + 1: "staged"}
    assert "重新生效" in done.text
    log = browser.get(f"{PATH}?format=csv").text
    assert "admin" in log


def test_a_file_with_errors_writes_nothing(browser: TestClient) -> None:
    before = statuses(browser)
    twice = json.loads(grids())
    twice["features"].append(twice["features"][0])
    refused = bring(browser, json.dumps(twice).encode(), columns="code=code\nname=name")
    assert refused.status_code == 422
    assert "已经出现过" in refused.text
    assert "code=code\nname=name" in work.fields(work.forms(refused.text)[PATH])["columns"]
    for content, name, typed in (
        (b"nothing", "a.geojson", {}),
        (b"", "a.shp", {}),
        (grids(), "../../etc/x.geojson", {"columns": "what"}),
        (grids(), "a.geojson", {"crs": "EPSG:nothing"}),
    ):
        answer = bring(browser, content, name, **typed)
        assert answer.status_code in (422, 413), (name, answer.text)
        assert 'class="said bad"' in answer.text
    assert statuses(browser) == before


def test_overlaps_are_refused_with_the_way_out(browser: TestClient) -> None:
    (before,) = statuses(browser)
    staged = bring(browser, grids(overlap=HALF))
    activate = f"{PATH}/{before + 1}/activate"
    refused = work.send(browser, staged, activate, {})
    assert refused.status_code == 409
    assert "/maps/check?" in refused.text
    assert "accept_overlaps" in work.forms(refused.text)[activate]
    asked = work.send(browser, refused, activate, {"accept_overlaps": "true"})
    done = work.send(browser, asked, activate, {"confirm": str(before + 1)})
    assert statuses(browser)[before + 1] == "active"
    assert "接受重叠" in done.text


def test_what_was_shown_must_still_be_so(browser: TestClient) -> None:
    (before,) = statuses(browser)
    bring(browser, grids(shift=HALF))
    other = bring(browser, grids(shift=-HALF))
    activate = f"{PATH}/{before + 2}/activate"
    stale = work.send(browser, other, activate, {})
    page = browser.get(f"{PATH}/{before + 1}")
    asked = work.send(browser, page, f"{PATH}/{before + 1}/activate", {})
    work.send(browser, asked, f"{PATH}/{before + 1}/activate", {"confirm": str(before + 1)})
    late = work.send(browser, stale, activate, {"confirm": str(before + 2)})
    assert late.status_code == 422
    assert statuses(browser)[before + 2] == "staged"


def test_who_may_look_may_not_change(browser: TestClient) -> None:
    (before,) = statuses(browser)
    token = work.fields(work.forms(browser.get(PATH).text)[PATH])["form_token"]
    work.sign_in(browser, "planner")
    page = browser.get(PATH)
    assert page.status_code == 200
    assert work.forms(page.text) == {}
    assert browser.get(f"{PATH}/{before}").status_code == 200
    for path in (PATH, f"{PATH}/{before}/activate", f"{PATH}/{before}/rollback"):
        assert browser.post(path, data={"form_token": token, "level": "grid"}).status_code == 403
