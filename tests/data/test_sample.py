"""People, places, settings and files of the sample."""

import json
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.sample import Sample, make, write
from tests.data.outsider import excluded, grid_of, located

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
    "limits": ["category", "days"],
    "routes": ["category", "area", "handler", "liaison"],
    "issues": [
        "id", "reported_at", "category", "title", "detail", "lon", "lat", "frame", "accuracy_m", "claimed_area",
        "place", "visit", "handler", "liaison", "due_on",
    ],
    "issue_events": ["issue", "kind", "at", "organisation", "due_on", "into", "note"],
}  # fmt: skip


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
    leaders = sample.assignments.loc[sample.assignments["role"] == "area_leader", "staff_no"]
    assert set(sample.cadres.set_index("staff_no")["post"][leaders]) == {"党（工）委书记"}


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


def test_exclusions_have_reason_person_and_day(sample: Sample) -> None:
    settings = sample.area_settings[sample.area_settings["excluded_reason"] != ""]
    as_planted = sorted((one["code"], one["reason"], one["by"], one["on"]) for one in sample.planted["excluded"])
    assert sorted(settings.drop(columns="tier").itertuples(index=False, name=None)) == as_planted
    assert len(excluded(sample, "village")) == 3
    assert (settings["excluded_on"] < "2025-11").all()
    inside = sample.grids[sample.grids["parent"].isin(excluded(sample, "village"))]
    assert inside.groupby("parent").size().max() <= 2
    assert set(inside["code"]) < set(excluded(sample, "grid"))


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
