"""The service on the issues of the sample: its lists name exactly what is planted."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.analysis.issue_flow import replay
from geo.months import Month, local_day
from geo.services import issue_events, issue_repeats
from geo.storage.database import make_engine
from geo.storage.issue_tables import IssueEvent
from geo.storage.queries import counties, issue_writing
from geo.storage.queries import issues as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import Filter, IssueRecord
from tests.data import outsider


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def here(loaded: Session, sample: Sample) -> CountyInfo:
    return counties.resolve(loaded, sample.county)


@pytest.fixture(scope="module")
def stored(loaded: Session, here: CountyInfo) -> list[IssueRecord]:
    return queries.page(loaded, here.code, Filter(), after=None, limit=None)


def ids(session: Session, county: CountyInfo, wanted: Filter) -> list[str]:
    return sorted(str(one.id) for one in queries.page(session, county.code, wanted, after=None, limit=None))


def test_all_are_stored_where_they_were_found(sample: Sample, here: CountyInfo, stored: list[IssueRecord]) -> None:
    assert {str(one.id) for one in stored} == set(sample.issues["id"])
    planted = {
        (village, category, month): count
        for village, categories in sample.planted["issues"]["counts"].items()
        for category, months in categories.items()
        for month, count in months.items()
    }
    month = {one.id: str(Month.of(local_day(one.reported_at, here.zone))) for one in stored}
    assert Counter((one.village, one.category, month[one.id]) for one in stored) == planted
    unlocated = [one for one in stored if one.lon is None]
    assert {one.tag for one in unlocated} == {"unlocated"}
    assert len(unlocated) > 40


def test_circles_overdue_and_unanswered_are_exactly_the_planted(
    loaded: Session, here: CountyInfo, sample: Sample
) -> None:
    planted = sample.planted["issues"]
    day = date.fromisoformat(planted["on"])
    assert ids(loaded, here, Filter(in_circles=True)) == planted["in_circles"]
    assert ids(loaded, here, Filter(overdue_on=day)) == planted["overdue"]
    assert ids(loaded, here, Filter(answered=False)) == planted["unanswered"]
    assert ids(loaded, here, Filter(status="merged")) == planted["merged"]
    assert len(ids(loaded, here, Filter(overdue_on=day + timedelta(days=1)))) >= len(planted["overdue"])


def test_months_partition_the_issues(loaded: Session, here: CountyInfo, sample: Sample) -> None:
    bounds = [Month.parse(month).bounds(here.zone) for month in outsider.MONTHS]
    of_months = [ids(loaded, here, Filter(begin=begin, end=end)) for begin, end in bounds]
    assert all(of_months)
    assert sorted(one for found in of_months for one in found) == sorted(sample.issues["id"])


def test_replaying_the_events_gives_where_each_issue_stands(
    loaded: Session, here: CountyInfo, sample: Sample, stored: list[IssueRecord]
) -> None:
    happened = queries.events(loaded, here.code, {one.id for one in stored})
    for record in stored:
        state = replay(one.event for one in happened[record.id])
        assert state is not None
        columns = issue_writing.columns_of(state)
        assert columns == {name: getattr(record, name) for name in columns}
        assert [one.number for one in happened[record.id]] == list(range(1, record.events + 1))
    handled_at_once = (sample.issues["handler"] != "").sum()
    count = loaded.scalar(select(func.count()).select_from(IssueEvent))
    assert count == len(sample.issues) + handled_at_once + len(sample.issue_events)


def test_duplicates_are_offered_while_open(loaded: Session, here: CountyInfo, sample: Sample) -> None:
    open_ = set(ids(loaded, here, Filter(is_open=True)))
    offered = 0
    for pair in sample.planted["issues"]["duplicates"]:
        first, again = (next(one for one in queries.by_ids(loaded, here.code, [UUID(pair[name])])) for name in pair)
        near = issue_repeats.similar_to(
            loaded, here.code, again.category, lon=again.lon, lat=again.lat, place=again.place, but=[again.id]
        )
        assert first.place == again.place is not None
        found = {str(one.id) for one in near}
        assert pair["again"] not in found
        assert (pair["first"] in found) == (pair["first"] in open_)
        offered += pair["first"] in open_
    assert offered


def test_limits_give_the_last_day(here: CountyInfo, sample: Sample, stored: list[IssueRecord]) -> None:
    days = dict(zip(sample.limits["category"], sample.limits["days"], strict=True))
    extended = set(sample.issue_events.loc[sample.issue_events["kind"] == "extended", "issue"])
    own = set(sample.issues.loc[sample.issues["due_on"] != "", "id"])
    plain = [one for one in stored if str(one.id) not in extended | own]
    assert len(plain) > 1_000
    for one in plain:
        assert one.due_on == local_day(one.reported_at, here.zone) + timedelta(days=days[one.category])


def test_the_routes_propose_who_was_given_the_issue_first(
    loaded: Session, here: CountyInfo, stored: list[IssueRecord]
) -> None:
    routes = queries.routes(loaded, here.code)
    assert {category for category, area in routes if area == here.code} == {one.category for one in stored}
    for record in stored[:200]:
        given = [
            one.event.organisation
            for one in issue_events.history(loaded, here.code, record.id).events
            if one.event.kind == "assigned"
        ]
        way = routes.get((record.category, record.town or ""), routes[record.category, here.code])
        assert given in ([], [way[0]])
