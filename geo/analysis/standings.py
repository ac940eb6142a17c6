"""Where issues stood at a moment, from their events: the figures of a month, and how they went over several."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from geo.analysis.issue_flow import OPEN, Event, State, follow


@dataclass(frozen=True, slots=True)
class IssueFigures:
    """Counts of the issues of a month; what was merged counts as the issue that it is part of.

    :ivar reported: in the month
    :ivar ended: in the month: resolved, and not reopened by its end
    :ivar open: at the month's end, or now while it runs, as the following
    :ivar overdue: open, and their last day has passed
    :ivar unanswered: open, and nobody has replied yet
    :ivar in_circles: open, and an organisation was given them a second time
    """

    reported: int
    ended: int
    open: int
    overdue: int
    unanswered: int
    in_circles: int


def states_at(events: Iterable[Event], ends: Sequence[datetime]) -> list[State | None]:
    """Where an issue stood just before each of several moments, in their order; None before it was reported.

    :param events: as they were stored, in order
    :param ends: ascending
    """
    waiting, state, found = iter(events), None, list[State | None]()
    upcoming = next(waiting, None)
    for end in ends:
        while upcoming is not None and upcoming.at < end:
            state = follow(state, upcoming)
            upcoming = next(waiting, None)
        found.append(state)
    return found


def is_open(state: State) -> bool:
    """Whether somebody still waits for something to be done."""
    return state.status in OPEN


def is_overdue(state: State, day: date) -> bool:
    """Whether it is open and its last day lies before a day."""
    return is_open(state) and state.due_on is not None and state.due_on < day


def is_unanswered(state: State) -> bool:
    """Whether it is open and nobody has replied."""
    return is_open(state) and state.answered_at is None


def is_circling(state: State) -> bool:
    """Whether it is open and an organisation was given it a second time (转圈)."""
    return is_open(state) and state.in_circles


def figures(states: Iterable[State], *, begin: datetime, day: date) -> IssueFigures:
    """Counts of a month.

    :param states: where each issue stood at its end
    :param begin: of the month
    :param day: that days are counted to
    """
    counted = [one for one in states if one.status != "merged"]
    waiting = [one for one in counted if is_open(one)]
    return IssueFigures(
        reported=sum(one.reported_at >= begin for one in counted),
        ended=sum(one.ended_at is not None and one.ended_at >= begin for one in counted),
        open=len(waiting),
        overdue=sum(is_overdue(one, day) for one in waiting),
        unanswered=sum(is_unanswered(one) for one in waiting),
        in_circles=sum(is_circling(one) for one in waiting),
    )
