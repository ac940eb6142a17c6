"""Visits of the sample; its planted truths are found again by geopandas alone."""

import uuid

import pandas as pd
import pytest

from data.sample import Sample
from tests.data.outsider import MONTHS, excluded, faults, grid_of, located


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


def test_visitors_are_of_the_town_or_partners_of_the_place(sample: Sample, counted: pd.DataFrame) -> None:
    inside = counted[counted["village"].notna()]
    town = "T" + inside["village"].map(sample.villages.set_index("code")["parent"])
    own = inside["staff_no"].map(sample.cadres.set_index("staff_no")["organisation"]) == town
    partner = inside["place"].map(sample.places.set_index("id")["staff_no"]) == inside["staff_no"]
    assert (own | partner).all()
    assert own.mean() > 0.9


def test_a_new_head_takes_over_the_visits(sample: Sample, counted: pd.DataFrame) -> None:
    heads = sample.assignments[(sample.assignments["role"] == "grid_head")]
    heads = heads[heads.duplicated("area", keep=False)].replace({"to": {"": "9999"}})
    both = counted.merge(heads, left_on="grid", right_on="area", suffixes=("", "_head"))
    then = both[(both["started_at"] >= both["from"]) & (both["started_at"].str[:10] < both["to"])]
    other = both.drop(index=then.index)
    assert (then["staff_no"] == then["staff_no_head"]).mean() > 0.5
    assert (other["staff_no"] == other["staff_no_head"]).mean() < 0.2


def test_doubtful_positions_claim_an_area(counted: pd.DataFrame) -> None:
    doubtful = counted[counted["lon"].isna() | (counted["accuracy_m"] >= 500)]
    assert (doubtful["claimed_area"].str.len() == 15).mean() == pytest.approx(0.75, abs=0.05)
    assert doubtful["claimed_area"].str.len().isin([12, 15]).all()


def test_positions_outside_are_far_from_any_area(sample: Sample, counted: pd.DataFrame) -> None:
    outside = located(counted[counted["grid"].isna() & counted["lon"].notna()]).to_crs(4550)
    off_m = outside.distance(sample.outline.to_crs(4550).geometry[0])
    assert off_m.min() > 150
    on_lake = off_m < 2_000
    assert 0.15 < on_lake.mean() < 0.45


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


def test_working_hours_with_evenings_and_weekends(counted: pd.DataFrame) -> None:
    start = pd.to_datetime(counted["started_at"])
    weekend = (start.dt.day_of_week >= 5).mean()
    assert 0.08 < weekend < 0.2
    assert 0.1 < (start.dt.hour >= 18).mean() < 0.25
    assert start.dt.hour.between(6, 20).all()
