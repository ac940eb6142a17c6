"""Chicago: 77 community areas under codes of their own as villages of one county, 25,000 dated events as visits."""

import csv
import io
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from tests.real.conftest import Look, Wangge

pytestmark = pytest.mark.real

AREAS = 77
EVENTS = 25_000
OUTSIDE = 54
MONTHS = [str(month) for month in pd.period_range("2017-01", "2019-09", freq="M")]


@pytest.fixture(scope="module")
def communities(real_data: Path) -> gpd.GeoDataFrame:
    # The file calls its CRS by a home-made name; its numbers are WGS-84 degrees.
    raw = gpd.read_file(real_data / "points" / "chicago_comm.shp").set_crs(4326, allow_override=True)
    return raw.assign(code=raw["NID"].astype(int).astype(str))[["code", "community", "geometry"]]


@pytest.fixture(scope="module")
def events(real_data: Path) -> pd.DataFrame:
    raw = pd.read_csv(real_data / "points" / "chicago_crimes_25000.csv.gz")
    at = pd.to_datetime(raw["date"], format="%m/%d/%Y %H:%M")
    return raw.assign(at=at, month=at.dt.strftime("%Y-%m"))


@pytest.fixture(scope="module")
def expected(communities: gpd.GeoDataFrame, events: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Month → area → events, by a spatial join; months and areas without any are there with 0."""
    points = gpd.GeoDataFrame(events, geometry=gpd.points_from_xy(events.longitude, events.latitude, crs=4326))
    joined = points.sjoin(communities[["code", "geometry"]], predicate="within")
    assert joined.index.is_unique
    assert len(points) - len(joined) == OUTSIDE
    table = pd.crosstab(joined["month"], joined["code"]).reindex(
        index=MONTHS, columns=communities["code"], fill_value=0
    )
    assert table.to_numpy().sum() == EVENTS - OUTSIDE
    return {month: {str(code): int(n) for code, n in row.items()} for month, row in table.iterrows()}


@pytest.fixture(scope="module")
def sheet(events: pd.DataFrame, reachable_root: Path) -> Path:
    """The events as a visits sheet in county time; the recorded community is what the visitor claims."""
    claimed = events["community_area"].map(lambda code: "" if pd.isna(code) else str(int(code)))
    visits = pd.DataFrame(
        {
            "id": [uuid5(NAMESPACE_URL, f"event:{number:.0f}") for number in events["id"]],
            "staff_no": "C1",
            "started_at": events["at"].dt.strftime("%Y-%m-%dT%H:%M"),
            "lon": events["longitude"],
            "lat": events["latitude"],
            "claimed_area": claimed,
        }
    )
    path = reachable_root / "events.csv"
    visits.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def loaded(wangge: Wangge, real_data: Path, sheet: Path, reachable_root: Path) -> str:
    """What the import of the visits said, after areas and one cadre."""
    areas = ("boundaries", "load", real_data / "points" / "chicago_comm.shp", "--level", "village")
    county = ("--county", "chicago", "--county-name", "Chicago", "--time-zone", "America/Chicago")
    columns = ("--column", "code=NID", "--column", "name=community", "--column", "population=POP2010")
    assert "dry run" in wangge(*areas, *county, *columns)
    wangge(*areas, *county, *columns, "--commit", "--activate", "--from", "2017-01-01")
    organisations, cadres = reachable_root / "organisations.csv", reachable_root / "cadres.csv"
    organisations.write_text("code,name,kind\nD1,Office,department\n", encoding="utf-8")
    cadres.write_text("staff_no,name,organisation\nC1,Cadre,D1\n", encoding="utf-8")
    wangge("organisations", "import", organisations)
    wangge("cadres", "import", cadres)
    return wangge("visits", "import", sheet)


def test_every_event_is_taken_and_none_twice(wangge: Wangge, loaded: str, sheet: Path) -> None:
    assert f"{EVENTS} rows: {EVENTS} stored, 0 duplicate, 0 in conflict, 0 rejected" in loaded
    assert f"{EVENTS} rows: 0 stored, {EVENTS} duplicate, 0 in conflict, 0 rejected" in wangge(
        "visits", "import", sheet
    )


@pytest.mark.usefixtures("loaded")
def test_every_area_and_month_equals_the_spatial_join(
    web: TestClient, expected: dict[str, dict[str, int]], communities: gpd.GeoDataFrame
) -> None:
    outside = 0
    names = dict(zip(communities["code"], communities["community"], strict=True))
    for month in MONTHS:
        answer = web.get("/coverage", params={"month": month, "level": "village"}).json()
        assert {area["code"]: area["visits"] for area in answer["areas"]} == expected[month], month
        assert {area["code"]: area["name"] for area in answer["areas"]} == names
        assert answer["summary"]["visits"] == sum(expected[month].values())
        assert (answer["summary"]["unlocated"], answer["summary"]["untagged"]) == (0, 0)
        outside += answer["summary"]["outside"]
    assert outside == OUTSIDE
    assert any(count == 0 for row in expected.values() for count in row.values()), "cells of zero are compared too"


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("month", ["2017-01", "2018-03", "2019-09"])
def test_the_command_says_the_same(wangge: Wangge, expected: dict[str, dict[str, int]], month: str) -> None:
    rows = csv.DictReader(io.StringIO(wangge("coverage", month, "--format", "csv").removeprefix("\ufeff")))
    assert {row["code"]: int(row["visits"]) for row in rows} == expected[month]


@pytest.mark.usefixtures("loaded")
def test_last_visits_equal_the_latest_event_so_far(
    web: TestClient, communities: gpd.GeoDataFrame, events: pd.DataFrame
) -> None:
    points = gpd.GeoDataFrame(events, geometry=gpd.points_from_xy(events.longitude, events.latitude, crs=4326))
    joined = points.sjoin(communities[["code", "geometry"]], predicate="within")
    for month in ("2017-01", "2018-11", "2019-08"):
        latest = joined[joined["month"] <= month].groupby("code")["at"].max().dt.strftime("%Y-%m-%d").to_dict()
        areas = web.get("/coverage", params={"month": month}).json()["areas"]
        assert {area["code"]: area["last_visit"] for area in areas if area["last_visit"]} == latest


@pytest.mark.browser
@pytest.mark.usefixtures("loaded")
def test_the_map_shows_every_area_and_asks_nobody(
    wangge: Wangge, look_at: Look, tmp_path: Path, expected: dict[str, dict[str, int]]
) -> None:
    page = tmp_path / "chicago.html"
    wangge("map", "coverage", "2019-08", "--standalone", "-o", page)
    seen = look_at(page)
    assert (seen.errors, seen.outside) == ([], [])
    assert sorted(seen.drawn) == sorted(expected["2019-08"])
    assert len(seen.drawn) == len(seen.listed) == AREAS, "nobody is assigned anywhere, so all of them are listed"
