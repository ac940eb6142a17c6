"""The figures of the sample county's months, beside what pandas counts in its files."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.analysis import overview as analysis
from geo.errors import FutureMonth, UnknownArea
from geo.months import Month
from geo.services import coverage, hotspots, overview, standings
from geo.services.accounts import Access
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries import standings as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach

MONTHS = [Month(2025, 11), Month(2026, 2), Month(2026, 10)]
OPENING = {"reported", "assigned", "transferred", "accepted", "reopened"}
MOVES = OPENING | {"resolved", "confirmed", "closed", "merged"}


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
def happened(sample: Sample, here: CountyInfo) -> pd.DataFrame:
    """Every event of the files, the reports included, in order; ``at`` as a moment."""
    reports = sample.issues[["id", "reported_at"]].rename(columns={"id": "issue", "reported_at": "at"})
    events = pd.concat([reports.assign(kind="reported"), sample.issue_events], ignore_index=True)
    at = pd.to_datetime(events["at"], format="ISO8601")
    moments = at.dt.tz_localize(here.zone.key) if at.dt.tz is None else at
    return events.assign(at=moments, order=range(len(events))).sort_values(["at", "order"], kind="stable")


def open_in_files(happened: pd.DataFrame, end: datetime) -> set[str]:
    """Issues whose last move before a moment leaves them open."""
    moves = happened[(happened["at"] < end) & happened["kind"].isin(MOVES)]
    last = moves.groupby("issue")["kind"].last()
    return set(last[last.isin(OPENING)].index)


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_open_issues_are_those_of_the_files(
    loaded: Session, here: CountyInfo, happened: pd.DataFrame, month: Month
) -> None:
    found = standings.of_month(loaded, here, month)
    end = month.bounds(here.zone)[1]
    assert {str(one.record.id) for one in found.open} == open_in_files(happened, end)
    assert found.figures.open == len(found.open) > 20
    assert found.figures.overdue == sum(one.overdue for one in found.open)
    assert found.figures.in_circles == sum(one.in_circles for one in found.open)
    replied = set(happened[(happened["at"] < end) & (happened["kind"] == "replied")]["issue"])
    unanswered = {str(one.record.id) for one in found.open if one.unanswered}
    assert unanswered == open_in_files(happened, end) - replied
    assert found.figures.unanswered == len(unanswered)
    waited = [one.waiting_days for one in found.open]
    assert waited == sorted(waited, reverse=True)


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_reported_in_the_month_are_those_of_the_files(
    loaded: Session, here: CountyInfo, happened: pd.DataFrame, month: Month
) -> None:
    begin, end = month.bounds(here.zone)
    before = happened[happened["at"] < end]
    merged = before[before["kind"].isin(["merged", "reopened"])].groupby("issue")["kind"].last()
    reports = before[(before["kind"] == "reported") & (before["at"] >= begin)]["issue"]
    expected = set(reports) - set(merged[merged == "merged"].index)
    assert standings.of_month(loaded, here, month).figures.reported == len(expected) > 50


@pytest.mark.parametrize("level", ["town", "village", "grid"])
@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_open_issues_of_the_map_are_those_of_the_list(
    loaded: Session, here: CountyInfo, month: Month, level: Any
) -> None:
    report = coverage.report(loaded, here, month, level=level)
    listed = pd.Series([getattr(one.record, level) for one in standings.open_at(loaded, here, month)]).dropna()
    shown = {row.facts.code: row.facts.open_issues for row in report.rows if row.facts.open_issues}
    assert shown == listed.value_counts().to_dict()
    assert len(shown) > 5


def test_one_value_for_coverage_issues_and_clusters(loaded: Session, here: CountyInfo) -> None:
    month = MONTHS[-1]
    found = overview.overview(loaded, here, month)
    report = coverage.report(loaded, here, month)
    assert found.coverage == report
    figures = found.figures
    assert (figures.met, figures.under, figures.unvisited, figures.excluded) == tuple(
        report.count(status) for status in ("met", "under", "unvisited", "excluded")
    )
    assert figures.met + figures.under + figures.unvisited + figures.excluded == figures.all == 218
    assert (figures.unassigned, figures.rate, figures.visits) == (report.unassigned, report.rate, report.visits)
    assert figures.households == sum(row.facts.households or 0 for row in report.rows)
    assert figures.issues == standings.of_month(loaded, here, month).figures
    assert found.regional == overview.regional(loaded, here, month)
    assert figures.clusters == len(found.regional or ())
    before = overview.overview(loaded, here, month.previous())
    assert found.previous == before.figures
    for name in analysis.COUNTED:
        one, other = analysis.value(figures, name), analysis.value(before.figures, name)
        assert one is not None
        assert other is not None
        assert analysis.change(figures, found.previous, name) == one - other


def test_regional_is_where_it_was_planted(loaded: Session, here: CountyInfo, sample: Sample) -> None:
    """The two planted clusters are found, by category, in the year to the month; every other one is not significant."""
    found = overview.regional(loaded, here, MONTHS[-1])
    planted = {one["category"]: set(one["villages"]) for one in sample.planted["issues"]["clusters"]}
    assert len(planted) == 2
    for one in found:
        report = hotspots.report(loaded, here, one.begin, one.until, categories=(one.category,))
        assert one.cluster in report.clusters
        assert one.cluster.p <= 0.05
        known = {row.facts.code: row.facts.name for row in report.rows}
        assert one.names == tuple(known[code] for code in one.cluster.members)
    for category, villages in planted.items():
        members = {code for one in found if one.category == category for code in one.cluster.members}
        assert len(members & villages) >= len(villages) * 0.7


def test_the_trend_is_the_overview_of_every_month(loaded: Session, here: CountyInfo) -> None:
    found = overview.trend(loaded, here, MONTHS[-1], months=5)
    assert [one.month for one in found] == [Month(2026, number) for number in range(6, 11)]
    for one in found[1::2]:
        assert one == overview.overview(loaded, here, one.month, clusters=False).figures


def test_a_scope_counts_its_own(loaded: Session, here: CountyInfo, sample: Sample) -> None:
    month = MONTHS[-1]
    whole = standings.of_month(loaded, here, month)
    towns = sorted(sample.towns["code"])
    parts = [standings.of_month(loaded, here, month, area=code).figures for code in towns]
    outside = [one for one in whole.open if one.record.town is None]
    assert sum(one.open for one in parts) == whole.figures.open - len(outside)
    assert sum(one.overdue for one in parts) == whole.figures.overdue - sum(one.overdue for one in outside)
    assert standings.over_months(loaded, here, [month.previous(), month], area=towns[0])[1] == parts[0]


def test_who_sees_a_town_gets_its_figures(loaded: Session, here: CountyInfo, sample: Sample) -> None:
    month, town = MONTHS[-1], sorted(sample.towns["code"])[3]
    expected = overview.overview(loaded, here, month, area=town)
    access = Access(0, "somebody", "supervisor", Reach(here.code, "town", town), None)
    reach.limit(loaded, access.reach)
    try:
        found = overview.overview(loaded, here, month, area=access.area)
        again = standings.of_month(loaded, here, month)
    finally:
        reach.limit(loaded, None)
    assert found.figures == expected.figures
    assert again.figures == expected.figures.issues


def test_what_cannot_be_asked(loaded: Session, here: CountyInfo) -> None:
    with pytest.raises(FutureMonth):
        standings.of_month(loaded, here, Month(2099, 1))
    with pytest.raises(UnknownArea):
        standings.of_month(loaded, here, MONTHS[-1], area="990199999")
    with pytest.raises(UnknownArea):
        overview.overview(loaded, here, MONTHS[-1], area="nowhere")


def test_an_empty_month_has_figures(loaded: Session, here: CountyInfo) -> None:
    found = overview.overview(loaded, here, Month(2024, 3), read_with="now")
    assert (found.figures.visits, found.figures.issues.open, found.figures.clusters) == (0, 0, 0)
    assert found.figures.unvisited + found.figures.excluded + found.figures.met == found.figures.all


def test_open_by_area_leaves_out_what_was_reopened_later(loaded: Session, here: CountyInfo) -> None:
    """Whole months are walked; the counts by SQL are those by replaying."""
    for number in range(1, 11):
        end = Month(2026, number).bounds(here.zone)[1]
        counts = queries.open_by_area(loaded, here.code, "village", end)
        replayed = pd.Series(
            [one.record.village for one in standings.open_at(loaded, here, Month(2026, number))]
        ).dropna()
        assert counts == replayed.value_counts().to_dict()
