"""Coverage of places on the sample county against a count of its rows with pandas alone, for every kind and month."""

import calendar
from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.analysis.place_coverage import LISTED
from geo.months import Month
from geo.services import place_coverage
from geo.storage.database import make_engine
from geo.storage.queries import counties
from tests.data import outsider


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def counted(sample: Sample) -> pd.DataFrame:
    """Every visit that counts and names a place, with its day and month."""
    visits = sample.visits[outsider.faults(sample) == ""].drop_duplicates("id")
    visits = visits[visits["place"] != ""].copy()
    visits["day"], visits["month"] = visits["started_at"].str[:10], visits["started_at"].str[:7]
    return visits


@pytest.mark.parametrize("month", outsider.MONTHS)
def test_every_place_of_every_month_agrees_with_pandas(
    loaded: Session, sample: Sample, counted: pd.DataFrame, month: str
) -> None:
    end = f"{month}-{calendar.monthrange(*map(int, month.split('-')))[1]}"
    places = sample.places.set_index("id")
    places["visits"] = counted[counted["month"] == month].groupby("place").size()
    places["visits"] = places["visits"].fillna(0).astype(int)
    places["last"] = counted[counted["day"] <= end].groupby("place")["day"].max()
    places["days"] = (pd.Timestamp(end) - pd.to_datetime(places["last"])).dt.days
    places["home"] = outsider.grid_of(outsider.located(places), sample).fillna(places["area"])
    listed = places[places["kind"] != "household"].copy()
    names = sample.cadres.set_index("staff_no")["name"]

    found = place_coverage.report(loaded, counties.resolve(loaded, sample.county), Month.parse(month))
    got = pd.DataFrame(
        {
            "kind": [one.kind for one in found.places],
            "visits": [one.visits for one in found.places],
            "last": [one.last_visit.isoformat() if one.last_visit else None for one in found.places],
            "days": [found.days_since(one) for one in found.places],
            "home": [one.home.code if one.home else None for one in found.places],
            "cadre": [one.partner.name if one.partner else None for one in found.places],
        },
        index=pd.Index([one.id for one in found.places], name="id"),
    )
    listed["cadre"] = listed["staff_no"].map(names)
    expected = listed[list(got.columns)]
    pd.testing.assert_frame_equal(got.sort_index(), expected.sort_index(), check_dtype=False)

    listed["seen"], listed["has"] = listed["visits"] > 0, listed["cadre"].notna()
    order = listed.reset_index().sort_values(["seen", "has", "last", "id"], na_position="first")
    assert list(got.index) == order["id"].tolist()

    by_kind = places.groupby("kind")["visits"].agg(["size", lambda visits: (visits > 0).sum()])
    assert {kind: (one.all, one.visited) for kind, one in found.counts.items()} == {
        kind: tuple(by_kind.loc[kind]) for kind in (*LISTED, "household")
    }
    homes = places[places["kind"] == "household"].groupby("home")["visits"]
    assert {one.home.code: (one.count.all, one.count.visited) for one in found.households if one.home} == {
        code: (len(visits), (visits > 0).sum()) for code, visits in homes
    }
    assert all(one.visited + one.unvisited == one.all for one in found.counts.values())


def test_the_towns_add_up_to_the_county(loaded: Session, sample: Sample) -> None:
    county, october = counties.resolve(loaded, sample.county), Month(2026, 10)
    whole = place_coverage.report(loaded, county, october)
    towns = [place_coverage.report(loaded, county, october, area=code) for code in sample.towns["code"]]
    assert sorted(one.id for town in towns for one in town.places) == sorted(one.id for one in whole.places)
    for kind, count in whole.counts.items():
        assert sum(town.counts[kind].all for town in towns) == count.all > 0
        assert sum(town.counts[kind].visited for town in towns) == count.visited > 0
