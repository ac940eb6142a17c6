"""People, places and visits of the sample; its planted truths are found again by geopandas alone."""

import json
import time
import uuid
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.sample import Sample, make, write
from geo.space.crs import to_wgs84

COLUMNS = {
    "organisations": ["code", "name", "kind", "area"],
    "cadres": ["staff_no", "name", "organisation", "post", "phone"],
    "assignments": ["staff_no", "area", "role", "from", "to"],
    "places": ["id", "kind", "name", "lon", "lat", "frame", "area", "staff_no"],
    "visits": [
        "id", "staff_no", "started_at", "ended_at", "lon", "lat", "frame", "accuracy_m", "claimed_area", "place",
        "topics", "note",
    ],
    "rules": ["level", "tier", "visits_per_month", "every_days"],
    "area_settings": ["code", "tier", "excluded_reason", "excluded_by", "excluded_on"],
}  # fmt: skip
MONTHS = [str(month) for month in pd.period_range("2025-11", "2026-10", freq="M")]


def faults(sample: Sample) -> pd.Series:
    """Why a row must be refused; empty where it is good."""
    visits = sample.visits
    reason = pd.Series("", index=visits.index)
    reason[(visits["ended_at"] != "") & (visits["ended_at"] < visits["started_at"])] = "ended_before_it_started"
    reason[~visits["staff_no"].isin(sample.cadres["staff_no"])] = "unknown_staff_no"
    reason[visits["lat"] > 90] = "lon_lat_swapped"
    reason[visits["started_at"] > "2027"] = "far_future"
    return reason


def located(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    lon, lat = frame["lon"].to_numpy(copy=True), frame["lat"].to_numpy(copy=True)
    shifted = (frame["frame"] == "gcj02").to_numpy()
    lon[shifted], lat[shifted] = to_wgs84(lon[shifted], lat[shifted], "gcj02")
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=4326)


def grid_of(points: gpd.GeoDataFrame, sample: Sample) -> pd.Series:
    """Code of the grid that contains each point; missing outside of all."""
    joined = points.sjoin(sample.grids[["code", "geometry"]], predicate="within", how="left")
    assert joined.index.is_unique  # a partition: no point is in two grids
    return joined["code"]


@pytest.fixture(scope="module")
def counted(sample: Sample) -> pd.DataFrame:
    """Stored visits with month, grid and village as an outsider would find them."""
    visits = sample.visits[faults(sample) == ""].drop_duplicates().copy()
    visits["month"] = visits["started_at"].str[:7]
    here = visits["lon"].notna()
    visits["grid"] = grid_of(located(visits[here]), sample)
    claimed_grid = visits["claimed_area"].where(visits["claimed_area"].str.len() == 15)
    visits["grid"] = visits["grid"].where(here, claimed_grid)
    visits["village"] = visits["grid"].map(sample.grids.set_index("code")["parent"])
    visits["village"] = visits["village"].where(here, visits["claimed_area"].str[:12])
    return visits


@pytest.fixture(scope="module")
def by_village(sample: Sample, counted: pd.DataFrame) -> pd.DataFrame:
    """Visits of each village and month."""
    table = counted.pivot_table(index="village", columns="month", values="id", aggfunc="count", fill_value=0)
    return table.reindex(index=sample.villages["code"], columns=MONTHS, fill_value=0)


def excluded(sample: Sample, level: str) -> list[str]:
    return [one["code"] for one in sample.planted["excluded"] if one["level"] == level]


@pytest.mark.parametrize("sheet", COLUMNS)
def test_columns(sample: Sample, sheet: str) -> None:
    assert list(getattr(sample, sheet).columns) == COLUMNS[sheet]


def test_people(sample: Sample) -> None:
    assert len(sample.cadres) == 1_200
    assert sample.cadres["staff_no"].is_unique
    assert sample.organisations["kind"].value_counts().to_dict() == {"department": 30, "town": 14}
    assert set(sample.cadres["organisation"]) == set(sample.organisations["code"])
    assert set(sample.organisations["area"]) == {*sample.towns["code"], sample.county}
    assert set(sample.cadres["phone"]) <= {"", "000-0000"}


def test_assignments_cover_all_but_the_planted(sample: Sample) -> None:
    holders = sample.assignments
    assert set(holders["staff_no"]) <= set(sample.cadres["staff_no"])
    for role, areas in (("area_leader", sample.towns), ("village_link", sample.villages), ("grid_head", sample.grids)):
        level = {"area_leader": "town", "village_link": "village", "grid_head": "grid"}[role]
        held = holders[holders["role"] == role]
        assert set(areas["code"]) - set(held["area"]) == set(sample.planted["unassigned"][level])
        first = held.groupby("area")["from"].min()
        assert (first < "2025-11-01").all()
    nobody = [code for codes in sample.planted["unassigned"].values() for code in codes]
    assert not holders["area"].isin(nobody).any()


def test_one_grid_head_at_a_time(sample: Sample) -> None:
    heads = sample.assignments[sample.assignments["role"] == "grid_head"].sort_values(["area", "from"])
    follows = heads["area"] == heads["area"].shift()
    assert follows.sum() > 20
    assert (heads["from"][follows] == heads["to"].shift()[follows]).all()  # half-open: no day with two, none without
    assert (heads.groupby("area")["to"].last() == "").all()
    ended = sample.assignments[sample.assignments["to"] != ""]
    assert (ended["from"] < ended["to"]).all()
    assert set(ended["role"]) == {"grid_head", "full_time", "part_time"}


def test_places_lie_in_their_grids(sample: Sample) -> None:
    kinds = {"household": 12_000, "enterprise": 600, "project": 80, "scenic_spot": 20}
    assert sample.places["kind"].value_counts().to_dict() == kinds
    assert sample.places["id"].is_unique
    assert (grid_of(located(sample.places), sample) == sample.places["area"]).all()
    assert set(sample.places["staff_no"]) <= {"", *sample.cadres["staff_no"]}


def test_visits_refer_to_what_exists(sample: Sample, counted: pd.DataFrame) -> None:
    assert 58_200 < len(sample.visits) < 61_800
    assert counted["id"].is_unique
    assert all(uuid.UUID(one).version == 4 for one in counted["id"].head(1_000))
    assert set(counted["place"]) <= {"", *sample.places["id"]}
    assert set(counted["claimed_area"]) <= {"", *sample.villages["code"], *sample.grids["code"]}
    assert sorted(set(counted["month"])) == MONTHS
    assert counted["note"].str.contains('<b>围墙</b>"').any()


def test_claims_and_places_agree_with_positions(sample: Sample, counted: pd.DataFrame) -> None:
    inside = counted[counted["grid"].notna()]
    claims = inside[inside["claimed_area"] != ""]
    assert all(grid.startswith(claim) for grid, claim in zip(claims["grid"], claims["claimed_area"], strict=True))
    places = inside["place"].map(sample.places.set_index("id")["area"])
    assert (places[places.notna()] == inside["grid"][places.notna()]).all()


def test_flaws_are_counted(sample: Sample, counted: pd.DataFrame) -> None:
    planted = sample.planted["visits"]
    reasons = faults(sample).value_counts().drop("").to_dict()
    assert planted["rows"] == len(sample.visits)
    assert planted["rejected"] == reasons == dict.fromkeys(reasons, 15)
    assert planted["duplicate"] == sample.visits.duplicated().sum() == sample.visits["id"].duplicated().sum()
    assert planted["stored"] == len(counted)
    assert planted["stored_by_month"] == counted["month"].value_counts().sort_index().to_dict()
    assert planted["outside"] == (counted["grid"].isna() & counted["lon"].notna()).sum()
    flaws = {
        "unlocated": counted["lon"].isna(),
        "poor_accuracy": counted["accuracy_m"] >= 500,
        "gcj02": counted["frame"] == "gcj02",
    }
    for (flaw, rows), share in zip(flaws.items(), (0.02, 0.01, 0.05), strict=True):
        assert planted[flaw] == rows.sum()
        assert rows.mean() == pytest.approx(share, rel=0.2)


def test_unvisited_villages_are_exactly_the_planted(sample: Sample, by_village: pd.DataFrame) -> None:
    counts = by_village.drop(index=excluded(sample, "village"))
    found = {month: counts.index[counts[month] == 0].tolist() for month in MONTHS}
    assert found == sample.planted["unvisited_villages"]
    assert [len(found[month]) for month in MONTHS] == [1, 2, 3, 11, 2, 1, 1, 3, 2, 3, 4, 7]
    assert counts.index[counts.sum(axis=1) == 0].tolist() == sample.planted["never_visited"]
    assert sample.planted["functional_zone"]["village"] in found["2026-10"]


def test_villages_under_their_rule_are_exactly_the_planted(sample: Sample, by_village: pd.DataFrame) -> None:
    tiers = sample.area_settings.set_index("code")["tier"]
    rules = sample.rules[sample.rules["level"] == "village"].set_index("tier")["visits_per_month"]
    required = by_village.index.to_series().map(tiers).fillna("ordinary").map(rules)
    under = by_village.lt(required, axis=0) & (by_village > 0)
    under = under.drop(index=excluded(sample, "village"))
    assert {month: under.index[under[month]].tolist() for month in MONTHS} == sample.planted["under_villages"]
    assert (tiers.reindex(sample.planted["under_villages"]["2026-10"]) == "key").all()
    assert len(sample.planted["under_villages"]["2026-10"]) == 5


def test_a_visit_at_the_month_s_edge_tells_county_time_from_utc(counted: pd.DataFrame, sample: Sample) -> None:
    utc = pd.to_datetime(counted["started_at"]).dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC")
    in_utc = set(zip(counted["village"], utc.dt.strftime("%Y-%m"), strict=True))
    hidden = [
        (village, month)
        for month, villages in sample.planted["unvisited_villages"].items()
        for village in villages
        if (village, month) in in_utc
    ]
    assert len(hidden) >= 10


def test_grids_show_a_mixture(sample: Sample, counted: pd.DataFrame) -> None:
    table = counted.pivot_table(index="grid", columns="month", values="id", aggfunc="count", fill_value=0)
    october = table.reindex(index=sample.grids["code"], columns=MONTHS, fill_value=0)["2026-10"]
    assert 0.75 < (october >= 2).mean() < 0.95
    assert (october == 1).sum() > 20
    assert (october == 0).sum() > 20


def test_towns_are_visited_enough(sample: Sample, by_village: pd.DataFrame) -> None:
    towns = by_village.groupby(sample.villages.set_index("code")["parent"]).sum()
    assert (towns >= 8).all(axis=None)


def test_exclusions_have_reason_person_and_day(sample: Sample) -> None:
    settings = sample.area_settings[sample.area_settings["excluded_reason"] != ""]
    as_planted = sorted((one["code"], one["reason"], one["by"], one["on"]) for one in sample.planted["excluded"])
    assert sorted(settings.drop(columns="tier").itertuples(index=False, name=None)) == as_planted
    assert len(excluded(sample, "village")) == 3
    assert (settings["excluded_on"] < "2025-11").all()
    inside = sample.grids[sample.grids["parent"].isin(excluded(sample, "village"))]
    assert set(inside["code"]) < set(excluded(sample, "grid"))


def test_working_hours_with_evenings_and_weekends(counted: pd.DataFrame) -> None:
    start = pd.to_datetime(counted["started_at"])
    weekend = (start.dt.day_of_week >= 5).mean()
    assert 0.08 < weekend < 0.2
    assert 0.1 < (start.dt.hour >= 18).mean() < 0.25
    assert start.dt.hour.between(6, 20).all()


def test_same_seed_same_files(sample: Sample, tmp_path: Path) -> None:
    begin = time.perf_counter()
    again = make()
    assert time.perf_counter() - begin < 30
    first, second = write(sample, tmp_path / "first"), write(again, tmp_path / "second")
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        if one.suffix != ".gpkg":
            assert one.read_bytes() == other.read_bytes(), one.name
    for layer, frame in (
        ("county", again.outline),
        ("towns", again.towns),
        ("villages", again.villages),
        ("grids", again.grids),
    ):
        for folder in ("first", "second"):
            read = gpd.read_file(tmp_path / folder / "boundaries.gpkg", layer=layer)
            assert read.drop(columns="geometry").astype(object).equals(frame.drop(columns="geometry").astype(object))
            assert read.geometry.geom_equals(frame.geometry).all()


def test_another_seed_is_another_county(sample: Sample) -> None:
    assert not make(seed=7).visits.equals(sample.visits)


def test_files_say_that_all_is_fictional(sample: Sample, tmp_path: Path) -> None:
    write(sample, tmp_path)
    assert (tmp_path / "visits.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    readme = (tmp_path / "README.txt").read_text("utf-8")
    assert "虚构" in readme
    assert "fictional" in readme
    assert json.loads((tmp_path / "planted.json").read_text("utf-8")) == sample.planted
    rules = pd.read_csv(tmp_path / "rules.csv", dtype=str, keep_default_na=False)
    assert rules["visits_per_month"].tolist() == ["4", "8", "1", "2", "2", ""]


def test_scale_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        make(scale=0)
