"""Yuhang: the real outlines of 12 towns with their real codes, and points made up in and around them as visits."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from tests.real.conftest import Look, Wangge

pytestmark = pytest.mark.real

COUNTY = "330110"
TOWNS = 12
POINTS = 6_000
MONTHS = ["2025-03", "2025-04", "2025-05"]


@pytest.fixture(scope="module")
def towns_file(real_data: Path, reachable_root: Path) -> Path:
    """The outlines say names only; the codes of 2023 are put beside them where the names are equal."""
    outlines = json.loads((real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson").read_text(encoding="utf-8"))
    codes = pd.read_csv(real_data / "cn_codes" / "yuhang_330110_towns_2023.csv", dtype=str).set_index("name")["code"]
    for feature in outlines["features"]:
        name = feature["properties"]["name"]
        feature["properties"] = {"code": codes[name], "name": name}
    path = reachable_root / "yuhang_towns.geojson"
    path.write_text(json.dumps(outlines, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def towns(towns_file: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(towns_file)


@pytest.fixture(scope="module")
def visits(towns: gpd.GeoDataFrame) -> pd.DataFrame:
    """Points over the bounds of the district, a good part of them outside; one town has none in the last month."""
    rng = np.random.default_rng(330110)
    west, south, east, north = towns.total_bounds
    made = pd.DataFrame(
        {
            "staff_no": "C1",
            "lon": rng.uniform(west, east, POINTS).round(7),
            "lat": rng.uniform(south, north, POINTS).round(7),
            "month": rng.choice(MONTHS, POINTS),
        }
    )
    made["started_at"] = [
        f"{month}-{day:02d}T{hour:02d}:00"
        for month, day, hour in zip(
            made["month"], rng.integers(1, 31, POINTS), rng.integers(0, 24, POINTS), strict=True
        )
    ]
    left_out = shapely.intersects_xy(towns.geometry.iloc[0], made["lon"], made["lat"]) & (made["month"] == MONTHS[-1])
    return made[~left_out]


@pytest.fixture(scope="module")
def loaded(wangge: Wangge, real_data: Path, visits: pd.DataFrame, reachable_root: Path) -> str:
    """The file as it is: names find their codes in the list of the county, the frame is found beside an outline."""
    found = ("--codes", real_data / "cn_codes" / "yuhang_330110_towns_2023.csv", "--county", COUNTY)
    outline = ("--reference", real_data / "cn_boundaries" / "china_counties_2891_tianditu_cgcs2000.topojson")
    load = ("boundaries", "load", real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson", "--level", "town")
    put = ("--county-name", "余杭区", "--commit", "--activate", "--from", "2025-01-01")
    said = wangge(*load, *found, *outline, *put)
    assert f"镇街 {TOWNS}\n" in said
    assert f"名称一致 {TOWNS}，换写法后一致 0，未找到 0，代码表剩余 0" in said
    assert "WGS-84 经纬度 0.973 · GCJ-02 经纬度 0.927" in said
    sheets = {
        "organisations": "code,name,kind\nD1,走访办,department\n",
        "cadres": "staff_no,name,organisation\nC1,测试干部,D1\n",
        "visits": visits.drop(columns="month").to_csv(index=False),
    }
    for kind, content in sheets.items():
        path = reachable_root / f"yuhang_{kind}.csv"
        path.write_text(content, encoding="utf-8")
        said = wangge(kind, "import", path)
    return said


def test_all_are_taken(loaded: str, visits: pd.DataFrame) -> None:
    assert f"{len(visits)} rows: {len(visits)} stored, 0 duplicate, 0 in conflict, 0 rejected" in loaded


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("month", MONTHS)
def test_every_town_equals_the_spatial_join(
    web: TestClient, towns: gpd.GeoDataFrame, visits: pd.DataFrame, month: str
) -> None:
    mine = visits[visits["month"] == month]
    points = gpd.GeoDataFrame(mine, geometry=gpd.points_from_xy(mine.lon, mine.lat, crs=4326))
    joined = points.sjoin(towns, predicate="within")
    counts = joined["code"].value_counts().reindex(towns["code"], fill_value=0).to_dict()
    answer = web.get("/coverage", params={"month": month, "level": "town"}).json()
    assert {area["code"]: area["visits"] for area in answer["areas"]} == counts
    assert {area["code"]: area["name"] for area in answer["areas"]} == dict(
        zip(towns["code"], towns["name"], strict=True)
    )
    outside = len(points) - joined.index.nunique()
    assert answer["summary"]["outside"] == outside > 0
    nobody = [area["code"] for area in answer["areas"] if area["status"] == "unvisited"]
    assert nobody == ([towns["code"].iloc[0]] if month == MONTHS[-1] else [])


@pytest.mark.browser
@pytest.mark.usefixtures("loaded")
def test_the_map_shows_every_town(wangge: Wangge, look_at: Look, tmp_path: Path, towns: gpd.GeoDataFrame) -> None:
    page = tmp_path / "yuhang.html"
    wangge("map", "coverage", MONTHS[-1], "--level", "town", "--standalone", "-o", page)
    seen = look_at(page)
    assert (seen.errors, seen.outside) == ([], [])
    assert sorted(seen.drawn) == sorted(towns["code"])
    assert sorted(seen.listed) == sorted(towns["name"])
