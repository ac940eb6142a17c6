"""Boundary versions over HTTP: the list, what changed, the report and the map; a running service sees the new one."""

import io
import time
from datetime import date
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from geo.services import boundaries, boundary_plans
from geo.storage.database import make_engine
from tests.squares import COUNTY, GRIDS, VILLAGES, box, layer
from tests.visiting import visit

MERGED = f"{VILLAGES[0]}009"


def put_into_force(url: str) -> None:
    """The grids of the first village merged, two renamed."""
    engine = make_engine(url)
    polygons: list[shapely.Geometry] = [box(0, 0, high=2), *(box(i // 2, i % 2) for i in range(2, 8))]
    names: list[object] = [f"grid {code}" for code in (MERGED, *GRIDS[2:6])] + ["新一", "新二"]
    with Session(engine) as session, session.begin():
        plan = boundary_plans.plan(session, layer("grid", [MERGED, *GRIDS[2:]], polygons, name=names))
        staged = boundaries.stage(session, plan)
        boundaries.activate(session, COUNTY, staged.version, from_day=date(2025, 6, 1))
    engine.dispose()


@pytest.fixture
def second(loaded: TestClient, loaded_url: str) -> TestClient:
    put_into_force(loaded_url)
    return loaded


def test_versions_the_newest_first(second: TestClient) -> None:
    versions = second.get("/boundary-versions").json()["versions"]
    assert [(one["version"], one["status"]) for one in versions] == [(2, "active"), (1, "retired")]
    assert versions[0]["areas"] == {"county": 1, "town": 2, "village": 4, "grid": 7}
    assert (versions[0]["in_force_from"], versions[0]["in_force_until"]) == ("2025-06-01", None)
    assert (versions[1]["in_force_from"], versions[1]["in_force_until"]) == ("2025-01-01", "2025-06-01")
    assert (versions[0]["based_on"], versions[1]["based_on"]) == (1, None)
    assert versions[0]["overlaps_accepted"] is False


def test_changes_without_what_stayed(second: TestClient) -> None:
    body = second.get("/boundary-versions/2/changes").json()
    assert body["counts"] == {"same": 4, "renamed": 2, "merged": 2}
    assert {(one["relation"], one["old_code"], one["new_code"]) for one in body["changes"]} == {
        ("merged", GRIDS[0], MERGED),
        ("merged", GRIDS[1], MERGED),
        ("renamed", GRIDS[6], GRIDS[6]),
        ("renamed", GRIDS[7], GRIDS[7]),
    }
    assert body["next"] is None


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_changes_page_by_page(second: TestClient, limit: int) -> None:
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        body = second.get("/boundary-versions/2/changes", params=asked).json()
        assert len(body["changes"]) <= limit
        found += body["changes"]
        if body["next"] is None:
            break
        asked["cursor"] = body["next"]
    assert found == second.get("/boundary-versions/2/changes").json()["changes"]


def test_changes_of_one_relation(second: TestClient) -> None:
    for relation, count in (("same", 4), ("merged", 2), ("split", 0)):
        body = second.get("/boundary-versions/2/changes", params={"relation": relation}).json()
        assert {one["relation"] for one in body["changes"]} <= {relation}
        assert len(body["changes"]) == count
    assert second.get("/boundary-versions/2/changes?relation=vanished").status_code == 422


def test_the_first_version_changed_nothing(second: TestClient) -> None:
    body = second.get("/boundary-versions/1/changes").json()
    assert (body["counts"], body["changes"], body["carried"]) == ({}, [], [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/boundary-versions/9/changes", 404),
        ("/boundary-versions/9/report", 404),
        ("/maps/check?version=9", 404),
        ("/boundary-versions/0/changes", 422),
        ("/boundary-versions/x/changes", 422),
        ("/boundary-versions/99999999999/changes", 422),
        ("/boundary-versions/1/changes?cursor=x", 422),
        ("/boundary-versions/1/changes?cursor=99999999999", 422),
        ("/boundary-versions/1/changes?limit=0", 422),
        ("/boundary-versions/1/report?format=pdf", 422),
        ("/boundary-versions?county=000000", 404),
        ("/maps/check?version=0", 422),
    ],
)
def test_what_is_refused(service: TestClient, path: str, status: int) -> None:
    answer = service.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "\n" not in answer.json()["detail"]


def test_the_report_in_every_form(second: TestClient) -> None:
    plain = second.get("/boundary-versions/2/report")
    assert plain.json()["based_on"] == 1
    assert plain.headers["content-type"] == "application/json"
    sheet = second.get("/boundary-versions/2/report?format=csv")
    assert sheet.text.count("merged") == 2
    assert f"check-{COUNTY}-2.csv" in sheet.headers["content-disposition"]
    book = load_workbook(io.BytesIO(second.get("/boundary-versions/2/report?format=xlsx&lang=en").content))
    assert book.sheetnames == ["Findings", "Changes", "Problems", "Summary"]


def test_the_map_of_a_version(second: TestClient) -> None:
    page = second.get("/maps/check").text
    assert "第 2 版" in page
    assert "/boundary-versions/2/report?county=990199&amp;lang=zh-CN&amp;format=xlsx" in page
    assert "Version 1" in second.get("/maps/check?version=1&lang=en").text
    alone = second.get("/maps/check?standalone=true")
    assert alone.headers["content-disposition"] == 'attachment; filename="check-2.html"'
    assert "/static/" not in alone.text.replace("application/json", "")


def test_a_running_service_notices_the_new_version_at_once(loaded: TestClient, loaded_url: str) -> None:
    """Its locators are made anew, and what it tags goes by the new grids."""
    at = {"lon": 120.005, "lat": 30.005}
    before = loaded.get("/areas/at", params=at).json()
    assert (before["boundary_version"], before["areas"][0]["code"]) == (1, GRIDS[0])
    put_into_force(loaded_url)
    begun = time.monotonic()
    after = loaded.get("/areas/at", params=at).json()
    assert (after["boundary_version"], after["areas"][0]["code"]) == (2, MERGED)
    assert time.monotonic() - begun < 2
    sent = loaded.post("/visits", json=[visit(99, "2025-07-01T09:00:00", **at)])
    assert sent.status_code == 201
    assert [one["grid"] for one in loaded.get("/visits?month=2025-07").json()["visits"]] == [MERGED]
