"""Issues of the sample; its planted clusters and what became of the issues are found again from the rows alone."""

import uuid
from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from scipy import stats

from data.issues import PER_VISIT
from data.problems import COMMON, INDIVIDUAL
from data.sample import Sample, make
from geo.analysis.issue_flow import CATEGORIES, OPEN, Event, State, after
from tests.data.outsider import MONTHS, excluded, faults, grid_of, located

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def visits(sample: Sample) -> pd.DataFrame:
    """Visits to areas, with the village that contains or else claims each, by id."""
    kept = sample.visits[faults(sample) == ""].drop_duplicates("id")
    grid = grid_of(located(kept), sample).where(kept["lon"].notna(), kept["claimed_area"])
    return kept.assign(village=grid.str[:12])[grid.notna()].set_index("id")


@pytest.fixture(scope="module")
def found(sample: Sample, visits: pd.DataFrame) -> pd.DataFrame:
    """Issues with the village where they were found and their month."""
    village = sample.issues["visit"].map(visits["village"])
    return sample.issues.assign(
        village=village.where(sample.issues["visit"] != "", sample.issues["claimed_area"]),
        month=sample.issues["reported_at"].str[:7],
    )


@pytest.fixture(scope="module")
def states(sample: Sample) -> dict[str, State]:
    """Where each issue stands after all that happened to it."""
    return replayed(sample)


def replayed(sample: Sample) -> dict[str, State]:
    days = dict(zip(sample.limits["category"], sample.limits["days"], strict=True))
    stands: dict[str, State] = {}
    for one in sample.issues.itertuples():
        at = datetime.fromisoformat(one.reported_at).replace(tzinfo=ZONE)
        due = date.fromisoformat(one.due_on) if one.due_on else at.date() + pd.Timedelta(days=days[one.category])
        state = after(None, Event("reported", at, due_on=due))
        stands[one.id] = after(state, Event("assigned", at, organisation=one.handler)) if one.handler else state
    for one in sample.issue_events.itertuples():
        at = datetime.fromisoformat(one.at).replace(tzinfo=ZONE)
        due_on = date.fromisoformat(one.due_on) if one.due_on else None
        event = Event(one.kind, at, one.organisation or None, due_on, one.into or None, one.note or None)
        stands[one.issue] = after(stands[one.issue], event)  # raises what is not possible
    return stands


def test_issues_are_of_visits_and_of_every_category(sample: Sample, visits: pd.DataFrame, found: pd.DataFrame) -> None:
    assert 1_500 < len(found) < 3_000
    assert found["id"].is_unique
    assert all(uuid.UUID(one).version == 4 for one in found["id"])
    assert set(found["category"]) == set(CATEGORIES)
    assert found["reported_at"].is_monotonic_increasing
    letters = found[found["visit"] == ""]
    assert set(letters["category"]) == {"petition"}
    assert letters["lon"].isna().all()
    named = found[found["visit"] != ""]
    assert (named["reported_at"] > named["visit"].map(visits["started_at"])).all()
    assert (named["month"] == named["visit"].map(visits["started_at"]).str[:7]).all()
    own = named[named["lon"].notna()]
    for column in ("lon", "lat", "frame", "accuracy_m", "claimed_area", "place"):
        assert (own[column] == own["visit"].map(visits[column])).all(), column
    assert 0.4 < len(own) / len(found) < 0.7
    organisations = {"", *sample.organisations["code"]}
    assert set(found["handler"]) | set(found["liaison"]) | set(sample.issue_events["organisation"]) <= organisations


def test_counts_partition_by_village_category_and_month(sample: Sample, found: pd.DataFrame) -> None:
    assert sorted(set(found["month"])) == MONTHS
    planted = {
        (village, category, month): count
        for village, categories in sample.planted["issues"]["counts"].items()
        for category, by_month in categories.items()
        for month, count in by_month.items()
    }
    assert planted == Counter(zip(found["village"], found["category"], found["month"], strict=True))
    unvisited = sample.planted["unvisited_villages"]
    assert not {(village, month) for village, _, month in planted} & {
        (village, month) for month in MONTHS for village in unvisited[month]
    }


def test_planted_villages_hang_together_and_stand_apart(sample: Sample) -> None:
    villages = sample.villages.set_index("code")
    first, second = sample.planted["issues"]["clusters"]
    assert (first["category"], second["category"]) == ("ecology", "infrastructure")
    assert 8 <= len(first["villages"]) <= 12
    assert 5 <= len(second["villages"]) <= 8
    assert len(first["towns"]) >= 2
    shapes = [villages.loc[one["villages"]].union_all() for one in (first, second)]
    assert [shape.geom_type for shape in shapes] == ["Polygon", "Polygon"]
    assert not shapes[0].intersects(shapes[1])
    for one in (first, second):
        assert one["towns"] == sorted(set(villages.loc[one["villages"], "parent"]))
    assert not set(first["towns"]) & set(second["towns"])
    planted = set(first["villages"]) | set(second["villages"])
    assert not planted & {*excluded(sample, "village"), *sample.planted["never_visited"]}


@pytest.mark.parametrize("strength", [1.0, 2.0, 4.0, 5.0])
def test_rates_per_visit(sample: Sample, visits: pd.DataFrame, strength: float) -> None:
    made = sample if strength == 4 else make(strength=strength)
    assert made.visits.equals(sample.visits)
    planted = made.planted["issues"]
    assert planted["strength"] == strength
    village = made.issues["visit"].map(visits["village"])
    visits_of = visits["village"].value_counts()
    for cluster, same in zip(planted["clusters"], sample.planted["issues"]["clusters"], strict=True):
        assert cluster["villages"] == same["villages"]
        issues = village[made.issues["category"] == cluster["category"]].value_counts()
        inside = [int(counts.reindex(cluster["villages"]).sum()) for counts in (issues, visits_of)]
        outside = [int(counts.sum()) - within for counts, within in zip((issues, visits_of), inside, strict=True)]
        assert inside == [cluster["issues"], cluster["visits"]]
        rate = PER_VISIT[cluster["category"]]
        low, high = stats.poisson.interval(0.998, rate * strength * inside[1])
        assert low <= inside[0] <= high
        low, high = stats.poisson.interval(0.998, rate * outside[1])
        assert low <= outside[0] <= high * 1.05  # some are found twice


def test_raw_counts_follow_the_effort(visits: pd.DataFrame, found: pd.DataFrame) -> None:
    table = pd.DataFrame({"visits": visits["village"].value_counts(), "issues": found["village"].value_counts()})
    table = table.fillna(0)
    assert table["visits"].quantile(0.9) > 3 * table["visits"].quantile(0.1)
    assert stats.spearmanr(table["visits"], table["issues"]).statistic > 0.7


def test_common_and_individual(sample: Sample, found: pd.DataFrame) -> None:
    planted = sample.planted["issues"]
    common = found[found["title"] == COMMON]
    assert planted["common"] == {"title": COMMON, "villages": sorted(set(common["village"]))}
    assert len(planted["common"]["villages"]) > 80
    assert set(sample.villages.set_index("code").loc[planted["common"]["villages"], "parent"]) == set(
        sample.towns["code"]
    )
    once = found[found["id"].isin(planted["individual"])]
    assert sorted(once["title"]) == sorted(INDIVIDUAL)
    assert not found["title"].isin(INDIVIDUAL)[~found["id"].isin(planted["individual"])].any()


def test_duplicates_lie_near_one_another(sample: Sample, found: pd.DataFrame) -> None:
    pairs = sample.planted["issues"]["duplicates"]
    assert len(pairs) == 24
    issues = found.set_index("id")
    visits = sample.visits.drop_duplicates("id").set_index("id")
    for pair in pairs:
        first, again = issues.loc[pair["first"]], issues.loc[pair["again"]]
        assert (first["category"], first["title"]) == (again["category"], again["title"])
        assert first["reported_at"] < again["reported_at"]
        both = located(visits.loc[[first["visit"], again["visit"]]])
        assert both["place"].iloc[0] == both["place"].iloc[1] != ""
        here, there = both.to_crs(4550).geometry
        assert here.distance(there) < 250


def test_every_event_is_possible_where_its_issue_stands(sample: Sample, states: dict[str, State]) -> None:
    planted = sample.planted["issues"]
    events = sample.issue_events
    assert events["at"].is_monotonic_increasing
    assert events["at"].max() < "2026-11-01"
    last_day = date.fromisoformat(planted["on"])
    assert last_day == date(2026, 10, 31)
    assert planted["in_circles"] == sorted(one for one, state in states.items() if state.in_circles)
    assert planted["unanswered"] == sorted(one for one, state in states.items() if state.answered_at is None)
    assert planted["merged"] == sorted(one for one, state in states.items() if state.status == "merged")
    assert planted["overdue"] == sorted(
        one for one, state in states.items() if state.status in OPEN and state.due_on and state.due_on < last_day
    )
    assert len(planted["in_circles"]) == 12
    assert 0 < len(planted["merged"]) < len(planted["duplicates"])
    assert 0.02 < len(planted["overdue"]) / len(states) < 0.2
    assert 0.02 < len(planted["unanswered"]) / len(states) < 0.2
    assert len(planted["reopened"]) > 20
    assert set(events["kind"]) == {
        "merged", "assigned", "transferred", "accepted", "extended", "replied", "resolved", "confirmed", "closed",
        "reopened",
    }  # fmt: skip


def test_a_county_three_times_as_large_has_three_times_the_issues() -> None:
    sample = make(scale=3)
    assert 4_500 < len(sample.issues) < 9_000
    assert len(sample.planted["issues"]["duplicates"]) == 72
    assert len(sample.planted["issues"]["in_circles"]) == 36
    assert len(replayed(sample)) == len(sample.issues)


def test_a_strength_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="strength"):
        make(strength=0.5)
