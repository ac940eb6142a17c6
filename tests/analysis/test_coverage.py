"""Coverage against the words of the design: requirement, status, rate, days overdue, the order of the gap list."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.coverage import (
    STATUSES,
    AreaCoverage,
    AreaFacts,
    CoverageReport,
    Exclusion,
    Responsible,
    Tier,
    VisitRule,
    assess,
    assess_all,
)
from geo.months import Month

OCTOBER = Month(2026, 10)
FEBRUARY = Month(2026, 2)
ONCE = VisitRule("village", "ordinary", visits_per_month=1)
SOMEBODY = (Responsible("C1", "张三", "grid_head", "桐君街道"),)
LEFT_OUT = Exclusion("整村拆迁", "李四", date(2026, 1, 5))

NOBODY_KNOWS = AreaFacts(
    code="330122101201",
    name="某村",
    level="village",
    kind=None,
    path="330122/330122101/330122101201",
    parent_name="桐君街道",
    households=100,
    population=300,
    tier="ordinary",
    exclusion=None,
    visits=0,
    unlocated=0,
    cadres=0,
    households_reached=0,
    grids=2,
    grids_reached=0,
    last_visit=None,
    last_before=None,
    responsible=SOMEBODY,
)


def judged(
    *,
    rule: VisitRule = ONCE,
    month: Month = OCTOBER,
    as_of: date | None = None,
    visits: int = 0,
    last_visit: date | None = None,
    last_before: date | None = None,
    exclusion: Exclusion | None = None,
    responsible: tuple[Responsible, ...] = SOMEBODY,
    code: str = "330122101201",
    tier: Tier = "ordinary",
) -> AreaCoverage:
    facts = replace(
        NOBODY_KNOWS,
        visits=visits,
        last_visit=last_visit,
        last_before=last_before,
        exclusion=exclusion,
        responsible=responsible,
        code=code,
        tier=tier,
    )
    return assess(facts, rule, month=month, as_of=as_of or month.last_day)


def report(rows: list[AreaCoverage]) -> CoverageReport:
    return CoverageReport(
        county="330122",
        county_name="某县",
        scope="330122",
        scope_name="某县",
        month=OCTOBER,
        level="village",
        boundaries="then",
        version=1,
        in_force_from=date(2025, 1, 1),
        as_of=OCTOBER.last_day,
        rows=tuple(rows),
    )


def every(days: int) -> VisitRule:
    return VisitRule("village", "ordinary", every_days=days)


# Requirement and status


@pytest.mark.parametrize(
    ("asked", "visits", "status", "missing"),
    [
        (1, 0, "unvisited", 1),
        (1, 1, "met", 0),
        (1, 7, "met", 0),
        (4, 0, "unvisited", 4),
        (4, 1, "under", 3),
        (4, 3, "under", 1),
        (4, 4, "met", 0),
    ],
)
def test_so_many_visits_a_month(asked: int, visits: int, status: str, missing: int) -> None:
    row = judged(rule=VisitRule("village", "ordinary", visits_per_month=asked), visits=visits)
    assert (row.required, row.status, row.missing) == (asked, status, missing)


@pytest.mark.parametrize(
    ("days", "month", "required"),
    [
        *((1, OCTOBER, 31), (7, FEBRUARY, 4), (7, OCTOBER, 4), (10, OCTOBER, 3), (16, OCTOBER, 1), (31, OCTOBER, 1)),
        *((15, FEBRUARY, 1), (28, FEBRUARY, 1), (29, Month(2024, 2), 1)),
    ],
)
def test_every_n_days_asks_for_the_periods_that_fit_into_the_month(days: int, month: Month, required: int) -> None:
    for last in (None, month.first_day - timedelta(days=1), date(2020, 1, 1)):
        assert judged(rule=every(days), month=month, last_before=last).required == required


def test_a_period_longer_than_the_month_asks_for_one_visit_in_the_month_in_which_it_falls_due() -> None:
    due_on_the_last_day = OCTOBER.last_day - timedelta(days=60)
    assert judged(rule=every(60), last_before=due_on_the_last_day).required == 1
    assert judged(rule=every(60), last_before=due_on_the_last_day + timedelta(days=1)).required == 0
    assert judged(rule=every(60), last_before=date(2024, 1, 1)).required == 1
    assert judged(rule=every(60), last_before=None).required == 1


def test_where_nothing_falls_due_nothing_is_asked_and_nothing_is_a_gap() -> None:
    row = judged(rule=every(90), last_visit=date(2026, 9, 20), last_before=date(2026, 9, 20))
    assert (row.required, row.status, row.missing, row.reasons) == (0, "met", 0, ())
    assert (row.days_since, row.days_overdue) == (41, 0)


@given(st.integers(32, 400), st.integers(0, 800))
def test_one_visit_every_n_days_falls_due_in_exactly_one_month(days: int, back: int) -> None:
    last = date(2026, 9, 30) - timedelta(days=back)
    due = last + timedelta(days=days)
    month = Month.of(due)
    if month > Month.of(last):
        assert judged(rule=every(days), month=month, last_before=last).required == 1
    if month.previous() > Month.of(last):
        assert judged(rule=every(days), month=month.previous(), last_before=last).required == 0


@pytest.mark.parametrize(
    ("visits_per_month", "every_days"), [(None, None), (1, 30), (0, None), (None, 0), (-1, None), (None, -7)]
)
def test_a_rule_asks_for_one_thing(visits_per_month: int | None, every_days: int | None) -> None:
    with pytest.raises(ValueError, match="visit rule"):
        VisitRule("village", "key", visits_per_month, every_days)


def test_each_area_is_judged_by_the_rule_of_its_level_and_tier() -> None:
    rules = [
        VisitRule("village", "key", visits_per_month=4),
        VisitRule("village", "ordinary", every_days=10),
        VisitRule("grid", "key", visits_per_month=9),
    ]
    facts = [replace(NOBODY_KNOWS, tier="key"), NOBODY_KNOWS, replace(NOBODY_KNOWS, level="town")]
    rows = assess_all(facts, rules, month=OCTOBER, as_of=OCTOBER.last_day)
    assert [row.required for row in rows] == [4, 3, 1]


# Days


def test_days_are_counted_to_the_last_day_of_a_past_month() -> None:
    row = judged(rule=every(20), visits=1, last_visit=date(2026, 10, 1))
    assert (row.days_since, row.days_overdue) == (30, 10)


def test_days_are_counted_to_today_while_the_month_runs() -> None:
    row = judged(rule=every(20), as_of=date(2026, 10, 12), last_visit=date(2026, 9, 12), last_before=date(2026, 9, 12))
    assert (row.days_since, row.days_overdue) == (30, 10)
    assert row.status == "unvisited"


@pytest.mark.parametrize(("since", "overdue"), [(0, 0), (29, 0), (30, 0), (31, 1), (61, 31)])
def test_overdue_begins_the_day_after_the_period(since: int, overdue: int) -> None:
    row = judged(rule=every(30), last_visit=OCTOBER.last_day - timedelta(days=since))
    assert (row.days_since, row.days_overdue) == (since, overdue)


@pytest.mark.parametrize(
    ("asked", "month", "period"), [(1, OCTOBER, 31), (1, FEBRUARY, 28), (2, FEBRUARY, 14), (4, FEBRUARY, 7)]
)
def test_the_period_of_so_many_a_month_is_the_month_over_them(asked: int, month: Month, period: int) -> None:
    rule = VisitRule("village", "ordinary", visits_per_month=asked)
    last = month.last_day - timedelta(days=period)
    assert judged(rule=rule, month=month, last_visit=last).days_overdue == 0
    assert judged(rule=rule, month=month, last_visit=last - timedelta(days=1)).days_overdue == 1


def test_more_visits_a_month_than_it_has_days_are_a_visit_a_day() -> None:
    rule = VisitRule("village", "ordinary", visits_per_month=40)
    assert judged(rule=rule, last_visit=OCTOBER.last_day).days_overdue == 0
    assert judged(rule=rule, last_visit=OCTOBER.last_day - timedelta(days=2)).days_overdue == 1


def test_never_visited_is_not_a_number_of_days() -> None:
    row = judged()
    assert (row.days_since, row.days_overdue) == (None, None)


def test_a_visit_of_a_clock_that_runs_ahead_past_midnight_was_zero_days_ago() -> None:
    row = judged(visits=1, as_of=date(2026, 10, 12), last_visit=date(2026, 10, 13))
    assert (row.days_since, row.days_overdue) == (0, 0)


# Denominator, rate and gaps


def test_an_excluded_area_leaves_the_denominator_and_stays_in_the_list() -> None:
    rows = [judged(visits=1), judged(code="2"), judged(code="3", exclusion=LEFT_OUT, responsible=())]
    whole = report(rows)
    assert whole.rate == 1 / 2
    assert rows[2] in whole.rows
    assert (rows[2].status, rows[2].missing, rows[2].reasons, rows[2].unassigned) == ("excluded", 0, (), False)
    assert whole.gaps() == (rows[1],)
    assert whole.unassigned == 0


@pytest.mark.parametrize("visits", [0, 1, 9])
def test_an_excluded_area_is_excluded_whatever_was_done_there(visits: int) -> None:
    assert judged(visits=visits, exclusion=LEFT_OUT).status == "excluded"


def test_an_unassigned_area_stays_in_the_denominator_and_in_the_gap_list_even_if_visited() -> None:
    rows = [judged(visits=1, responsible=(), last_visit=OCTOBER.last_day), judged(code="2", visits=1)]
    whole = report(rows)
    assert whole.rate == 1.0
    assert whole.unassigned == 1
    assert [row.reasons for row in whole.gaps()] == [("unassigned",)]


def test_there_is_no_rate_of_nothing() -> None:
    assert report([]).rate is None
    assert report([judged(exclusion=LEFT_OUT)]).rate is None
    assert report([judged()]).rate == 0.0


def test_gaps_stand_worst_first() -> None:
    """Unassigned first; then never visited, then by days overdue; at the same days the key ones first."""
    last, overdue = OCTOBER.last_day, 31
    expected = [
        judged(code="nobody assigned, never visited", responsible=()),
        judged(code="nobody assigned, 9 days", responsible=(), last_visit=last - timedelta(days=overdue + 9)),
        judged(code="nobody assigned, visited", responsible=(), visits=1, last_visit=last),
        judged(code="z: never visited, key", tier="key"),
        judged(code="never visited, ordinary"),
        judged(code="200 days, ordinary", last_visit=last - timedelta(days=overdue + 200)),
        judged(code="z: 50 days, key", tier="key", last_visit=last - timedelta(days=overdue + 50)),
        judged(code="50 days, ordinary", last_visit=last - timedelta(days=overdue + 50)),
        judged(
            code="under, not overdue",
            rule=VisitRule("village", "ordinary", visits_per_month=4),
            visits=3,
            last_visit=last,
        ),
    ]
    met = judged(code="met", visits=1, last_visit=last)
    shuffled = [*expected[::2], met, *expected[1::2]]
    assert [row.facts.code for row in report(shuffled).gaps()] == [row.facts.code for row in expected]


def test_reasons() -> None:
    assert judged(responsible=()).reasons == ("unassigned", "unvisited")
    assert judged(rule=VisitRule("village", "key", visits_per_month=2), visits=1).reasons == ("under",)
    assert judged(visits=1).reasons == ()


# Identities

days = st.dates(date(2024, 1, 1), date(2026, 9, 30))
rules = st.one_of(
    st.builds(VisitRule, st.just("village"), st.sampled_from(["key", "ordinary"]), visits_per_month=st.integers(1, 5)),
    st.builds(VisitRule, st.just("village"), st.sampled_from(["key", "ordinary"]), every_days=st.integers(1, 200)),
)


@st.composite
def areas(draw: st.DrawFn) -> AreaFacts:
    visits = draw(st.integers(0, 5))
    before = draw(st.none() | days)
    return replace(
        NOBODY_KNOWS,
        code=f"330122{draw(st.integers(0, 999_999)):06}",
        tier=draw(st.sampled_from(["key", "ordinary"])),
        visits=visits,
        unlocated=draw(st.integers(0, visits)),
        last_before=before,
        last_visit=draw(st.dates(OCTOBER.first_day, OCTOBER.last_day)) if visits else before,
        exclusion=draw(st.none() | st.just(LEFT_OUT)),
        responsible=draw(st.sampled_from([(), SOMEBODY])),
    )


county = st.lists(areas(), max_size=15, unique_by=lambda one: one.code)


@settings(max_examples=60)
@given(county, st.lists(rules, max_size=2, unique_by=lambda rule: rule.tier))
def test_identities(facts: list[AreaFacts], given_rules: list[VisitRule]) -> None:
    whole = report(list(assess_all(facts, given_rules, month=OCTOBER, as_of=OCTOBER.last_day)))
    counts = {status: whole.count(status) for status in STATUSES}
    assert sum(counts.values()) == len(facts)
    counted = len(facts) - sum(one.exclusion is not None for one in facts)
    assert counts["met"] + counts["under"] + counts["unvisited"] == counted
    assert whole.rate == (counts["met"] / counted if counted else None)
    assert whole.visits == sum(one.visits for one in facts)
    assert whole.unlocated == sum(one.unlocated for one in facts)
    gaps = whole.gaps()
    assert {row.facts.code for row in gaps} == {
        row.facts.code
        for row in whole.rows
        if row.facts.exclusion is None and (not row.facts.responsible or row.facts.visits < row.required)
    }
    assert sum(row.missing for row in whole.rows) == sum(row.missing for row in gaps)
    for row in whole.rows:
        assert (row.missing == 0) == (row.status in ("met", "excluded"))
        assert row.days_overdue is None or 0 <= row.days_overdue <= (row.days_since or 0)


@settings(max_examples=60)
@given(county, st.lists(rules, max_size=2, unique_by=lambda rule: rule.tier), st.randoms(use_true_random=False))
def test_the_order_of_areas_and_rules_never_matters(
    facts: list[AreaFacts], given_rules: list[VisitRule], chance: random.Random
) -> None:
    shuffled = facts.copy()
    chance.shuffle(shuffled)
    one = report(list(assess_all(facts, given_rules, month=OCTOBER, as_of=OCTOBER.last_day)))
    other = report(list(assess_all(shuffled, given_rules[::-1], month=OCTOBER, as_of=OCTOBER.last_day)))
    assert one.gaps() == other.gaps()
    assert {row.facts.code: row for row in one.rows} == {row.facts.code: row for row in other.rows}


@given(areas(), rules)
def test_one_more_visit_never_makes_it_worse(facts: AreaFacts, rule: VisitRule) -> None:
    order = ["unvisited", "under", "met", "excluded"]
    before = assess(facts, rule, month=OCTOBER, as_of=OCTOBER.last_day)
    more = replace(facts, visits=facts.visits + 1, last_visit=OCTOBER.last_day)
    after = assess(more, rule, month=OCTOBER, as_of=OCTOBER.last_day)
    assert order.index(after.status) >= order.index(before.status)
    assert after.missing <= before.missing
    assert after.days_overdue == 0
