"""7,701 villages, 368 towns and 22 counties with codes of their own, loaded level by level with explicit parents."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.real.conftest import Wangge

pytestmark = pytest.mark.real

LEVELS = [
    ("counties", "town", 22, {"code": "COUNTYCODE", "name": "COUNTYNAME"}),
    ("towns", "village", 368, {"code": "TOWNCODE", "name": "TOWNNAME", "parent": "COUNTYCODE"}),
    ("villages", "grid", 7_701, {"code": "VILLCODE", "name": "VILLNAME", "parent": "TOWNCODE"}),
]


@pytest.fixture(scope="module")
def taiwan(real_data: Path, wangge: Wangge) -> list[str]:
    file = real_data / "cn_boundaries" / "taiwan_villages-10t.topojson"
    said = []
    for layer, level, _, columns in LEVELS:
        named = [part for field, column in columns.items() for part in ("--column", f"{field}={column}")]
        county = ["--county", "TW", "--county-name", "Trial", "--time-zone", "Asia/Taipei"]
        put = ["--commit", "--activate", "--accept-overlaps", "--lang", "en"]
        said.append(wangge("boundaries", "load", file, "--layer", layer, "--level", level, *named, *county, *put))
    return said


def test_every_level_is_in_force(taiwan: list[str], web: TestClient) -> None:
    assert len(taiwan) == 3
    found: list[dict[str, Any]] = web.get("/boundary-versions").json()["versions"]
    assert [version["status"] for version in found] == ["active", "retired", "retired"]
    assert found[0]["areas"] == {"county": 1, "town": 22, "village": 368, "grid": 7_701}


def test_every_area_stands_under_the_one_that_its_columns_name(
    taiwan: list[str], web: TestClient, real_data: Path
) -> None:
    assert taiwan
    topology = json.loads((real_data / "cn_boundaries" / "taiwan_villages-10t.topojson").read_text(encoding="utf-8"))
    rows = [one["properties"] for one in topology["objects"]["villages"]["geometries"][::500]]
    for row in rows:
        area = web.get(f"/areas/{row['VILLCODE']}").json()
        assert area["path"] == f"TW/{row['COUNTYCODE']}/{row['TOWNCODE']}/{row['VILLCODE']}"
        assert area["name"] == row["VILLNAME"]


def test_what_is_known_of_the_villages_is_found(taiwan: list[str], web: TestClient) -> None:
    """Seven are invalid and eight gaps lie between them, as geopandas and a hand count of the file say."""
    assert taiwan
    report = web.get("/boundary-versions/3/report").json()
    kinds = [one["kind"] for one in report["findings"] if one["level"] == "grid"]
    assert kinds.count("repaired") == 7
    assert kinds.count("gap") == 8
    assert report["changes"] == [], "a level that comes for the first time is no change"
    assert web.get("/boundary-versions/3/changes").json()["counts"] == {}


def test_a_position_is_found_in_its_village(taiwan: list[str], web: TestClient) -> None:
    """Taipei 101 stands in 西村里 of 信義區."""
    assert taiwan
    areas = web.get("/areas/at", params={"lon": 121.5645, "lat": 25.0337}).json()["areas"]
    assert [area["name"] for area in areas[:3]] == ["西村里", "信義區", "台北市"]
