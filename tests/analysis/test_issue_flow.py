"""The life of an issue: no state without its event, and replaying the events gives the state."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geo.analysis.issue_flow import (
    EVENT_KINDS,
    EXTENTS,
    OPEN,
    STATUSES,
    Event,
    EventKind,
    Extent,
    Impossible,
    State,
    after,
    replay,
)

START = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
NEEDS: dict[EventKind, dict[str, object]] = {
    "assigned": {"organisation": "D1"},
    "transferred": {"organisation": "D2"},
    "extended": {"note": "材料未到", "due_on": date(2027, 1, 1)},
    "merged": {"into": "other"},
    "replied": {"note": "已安排维修"},
    "reopened": {"note": "又坏了"},
    "judged": {"extent": "common"},
}


def event(kind: EventKind, hours: float = 1, **more: object) -> Event:
    return Event(kind, START + timedelta(hours=hours), **{**NEEDS.get(kind, {}), **more})  # type: ignore[arg-type]


def led_by(*kinds: EventKind) -> State:
    state = replay(event(kind, hours) for hours, kind in enumerate(("reported", *kinds)))
    assert state is not None
    return state


LEADING: dict[str, tuple[EventKind, ...]] = {
    "reported": (),
    "assigned": ("assigned",),
    "accepted": ("assigned", "accepted"),
    "resolved": ("assigned", "accepted", "resolved"),
    "confirmed": ("assigned", "accepted", "resolved", "confirmed"),
    "closed": ("assigned", "accepted", "resolved", "closed"),
    "merged": ("merged",),
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_what_is_possible_happens_and_nothing_else(status: str, kind: EventKind) -> None:
    state = led_by(*LEADING[status])
    assert state.status == status
    if kind in state.possible:
        assert after(state, event(kind, 9)).last_at == START + timedelta(hours=9)
    else:
        with pytest.raises(Impossible) as caught:
            after(state, event(kind, 9))
        assert caught.value.possible == state.possible
        assert all(caught.value.why)


def test_only_a_report_begins() -> None:
    for kind in EVENT_KINDS[1:]:
        with pytest.raises(Impossible) as caught:
            after(None, event(kind))
        assert caught.value.possible == ("reported",)


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("transferred", {"organisation": None}),
        ("transferred", {"organisation": "D1"}),
        ("extended", {"note": " "}),
        ("extended", {"due_on": None}),
        ("replied", {"note": None}),
        ("merged", {"into": None}),
        ("judged", {"extent": None}),
    ],
)
def test_what_an_event_is_about(kind: EventKind, lacks: dict[str, object]) -> None:
    with pytest.raises(Impossible):
        after(led_by("assigned"), event(kind, 9, **lacks))


def test_time_does_not_go_back() -> None:
    state = led_by("assigned")
    with pytest.raises(Impossible, match="before the last event"):
        after(state, event("accepted", 0.5))
    assert after(state, event("accepted", 1)).status == "accepted"


def test_an_extension_leads_on() -> None:
    state = after(led_by("assigned"), event("extended", 2))
    assert state.due_on == date(2027, 1, 1)
    with pytest.raises(Impossible):
        after(state, event("extended", 3))
    assert after(state, event("extended", 3, due_on=date(2027, 1, 2))).due_on == date(2027, 1, 2)


def test_going_in_circles() -> None:
    state = led_by("assigned", "transferred")
    assert (state.handler, state.transfers, state.in_circles) == ("D2", 1, False)
    third = after(state, event("transferred", 5, organisation="D3"))
    assert not third.in_circles
    again = after(third, event("transferred", 6, organisation="D1"))
    assert (again.handler, again.transfers, again.in_circles) == ("D1", 3, True)


def test_an_issue_that_is_reopened_waits_again() -> None:
    closed = led_by("assigned", "accepted", "replied", "resolved", "closed")
    assert closed.ended_at == START + timedelta(hours=4)
    state = after(closed, event("reopened", 9))
    assert (state.status, state.handler, state.ended_at) == ("assigned", "D1", None)
    assert state.answered_at == closed.answered_at
    apart = after(led_by("merged"), event("reopened", 9))
    assert (apart.status, apart.merged_into) == ("reported", None)


class Life(RuleBasedStateMachine):
    """Events at random, possible or not."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[Event] = []
        self.state: State | None = None

    @initialize()
    def report(self) -> None:
        self.happened = [event("reported", 0)]
        self.state = after(None, self.happened[0])

    @rule(
        kind=st.sampled_from(EVENT_KINDS),
        organisation=st.sampled_from([None, "D1", "D2", "D3"]),
        note=st.sampled_from([None, "", "因为"]),
        days=st.integers(0, 400),
        minutes=st.integers(-30, 600),
        extent=st.sampled_from([None, *EXTENTS]),
    )
    def happen(
        self,
        kind: EventKind,
        organisation: str | None,
        note: str | None,
        days: int,
        minutes: int,
        extent: Extent | None,
    ) -> None:
        assert self.state is not None
        one = Event(
            kind,
            self.state.last_at + timedelta(minutes=minutes),
            organisation,
            date(2026, 10, 12) + timedelta(days=days),
            "other" if note else None,
            note,
            extent,
        )
        before = self.state
        try:
            self.state = after(before, one)
        except Impossible as error:
            assert self.state is before
            assert error.possible == before.possible  # noqa: PT017 - either is right
        else:
            assert kind in before.possible
            self.happened.append(one)

    @precondition(lambda self: self.state is not None)
    @invariant()
    def replaying_gives_the_state(self) -> None:
        assert replay(self.happened) == self.state

    @precondition(lambda self: self.state is not None)
    @invariant()
    def no_state_without_its_event(self) -> None:
        state = self.state
        assert state is not None
        kinds = [one.kind for one in self.happened]
        given = [one.organisation for one in self.happened if one.kind in ("assigned", "transferred")]
        assert state.status == "reported" or state.status in kinds or "transferred" in kinds
        assert (state.handler is None) == (not given)
        assert state.handler in (given or [None])
        assert state.transfers == kinds.count("transferred")
        assert state.in_circles == (len(set(given)) < len(given))
        assert (state.answered_at is None) == ("replied" not in kinds)
        assert (state.ended_at is None) == (state.status in OPEN)
        assert (state.merged_into is None) == (state.status != "merged")
        assert state.extent == next((one.extent for one in reversed(self.happened) if one.kind == "judged"), None)
        assert state.possible


TestLife = Life.TestCase


@given(st.lists(st.sampled_from(EVENT_KINDS), max_size=8))
def test_the_order_of_times_is_that_of_events(kinds: list[EventKind]) -> None:
    state = led_by()
    for hours, kind in enumerate(kinds, start=2):
        try:
            state = after(state, event(kind, hours))
        except Impossible:
            continue
        assert state.last_at == START + timedelta(hours=hours)
