"""Where issues stood at a moment: the same as replaying what had happened by then, one moment at a time."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.issue_flow import EVENT_KINDS, OPEN, Event, Impossible, State, after, replay
from geo.analysis.standings import IssueFigures, figures, is_circling, is_overdue, states_at
from tests.analysis.test_issue_flow import NEEDS, START, event, led_by


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events that are possible, one after the other, some at the same moment."""
    found = [event("reported", 0, due_on=date(2026, 10, 20))]
    state = after(None, found[0])
    for kind, hours in draw(st.lists(st.tuples(st.sampled_from(EVENT_KINDS), st.integers(0, 60)), max_size=14)):
        fields = dict(NEEDS.get(kind, {}))
        if kind in {"assigned", "transferred"}:
            fields["organisation"] = draw(st.sampled_from(["D1", "D2", "D3"]))
        if kind == "extended":
            fields["due_on"] = (state.due_on or date(2026, 10, 20)) + timedelta(days=3)
        one = Event(kind, found[-1].at + timedelta(hours=hours), **fields)  # type: ignore[arg-type]
        try:
            state = after(state, one)
        except Impossible:
            continue
        found.append(one)
    return found


@given(histories(), st.lists(st.integers(-10, 500), min_size=1, max_size=6).map(sorted))
def test_states_are_those_of_what_had_happened(events: list[Event], hours: list[int]) -> None:
    ends = [START + timedelta(hours=one) for one in hours]
    assert states_at(events, ends) == [replay(one for one in events if one.at < end) for end in ends]


def counted(states: Iterable[State], begin: datetime, day: date) -> IssueFigures:
    """Read from the definitions, one by one."""
    kept = [one for one in states if one.status != "merged"]
    waiting = [one for one in kept if one.status in {"reported", "assigned", "accepted"}]
    return IssueFigures(
        len([one for one in kept if begin <= one.reported_at]),
        len([one for one in kept if one.ended_at and begin <= one.ended_at]),
        len(waiting),
        len([one for one in waiting if one.due_on and one.due_on < day]),
        len([one for one in waiting if not one.answered_at]),
        len([one for one in waiting if max(one.received.values(), default=0) >= 2]),
    )


@given(st.lists(histories(), max_size=12), st.integers(0, 400))
def test_figures_are_counts_of_the_states(several: list[list[Event]], hours: int) -> None:
    end = START + timedelta(hours=hours)
    states = [one for (one,) in (states_at(events, [end]) for events in several) if one is not None]
    for begin in (START - timedelta(days=1), START + timedelta(days=3)):
        assert figures(states, begin=begin, day=date(2026, 10, 25)) == counted(states, begin, date(2026, 10, 25))


def test_an_issue_that_was_merged_counts_nowhere() -> None:
    found = figures([led_by("merged")], begin=START - timedelta(days=1), day=date(2026, 11, 1))
    assert found == IssueFigures(0, 0, 0, 0, 0, 0)


def test_the_last_day_itself_is_not_overdue() -> None:
    (state,) = states_at([event("reported", 0, due_on=date(2026, 10, 31))], [START + timedelta(days=30)])
    assert state is not None
    assert not is_overdue(state, date(2026, 10, 31))
    assert is_overdue(state, date(2026, 11, 1))


def test_what_is_over_goes_in_no_circles() -> None:
    round_trip = [
        event("reported", 0),
        event("assigned", 1),
        event("transferred", 2),
        event("transferred", 3, organisation="D1"),
        event("accepted", 4),
    ]
    ended = [*round_trip, event("resolved", 5)]
    (going,), (gone,) = (states_at(events, [START + timedelta(days=1)]) for events in (round_trip, ended))
    assert going is not None
    assert gone is not None
    assert going.status in OPEN
    assert is_circling(going)
    assert gone.in_circles
    assert not is_circling(gone)
