"""The life of an issue: what can happen to it, in which order, and what follows from what happened.

An issue is the sequence of its events. Everything that is known of where it stands is computed from them by `after`, so
that a stored state can always be checked by replaying.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, get_args

EventKind = Literal[
    "reported",
    "merged",
    "assigned",
    "transferred",
    "accepted",
    "extended",
    "replied",
    "resolved",
    "confirmed",
    "closed",
    "reopened",
    "judged",
]
Status = Literal["reported", "assigned", "accepted", "resolved", "confirmed", "closed", "merged"]
Extent = Literal["individual", "common", "regional"]
Category = Literal["livelihood", "development", "infrastructure", "ecology", "petition", "party"]

EVENT_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
EXTENTS: Final[tuple[Extent, ...]] = get_args(Extent)
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)

OPEN: Final[frozenset[Status]] = frozenset({"reported", "assigned", "accepted"})
"""Somebody still waits for something to be done."""

_POSSIBLE: Final[Mapping[Status, tuple[EventKind, ...]]] = {
    "reported": ("assigned", "replied", "resolved", "merged", "judged"),
    "assigned": ("accepted", "transferred", "extended", "replied", "merged", "judged"),
    "accepted": ("transferred", "extended", "replied", "resolved", "merged", "judged"),
    "resolved": ("replied", "confirmed", "closed", "reopened", "judged"),
    "confirmed": ("closed", "reopened", "judged"),
    "closed": ("reopened", "judged"),
    "merged": ("reopened",),
}
_LEADS_TO: Final[Mapping[EventKind, Status]] = {
    "assigned": "assigned",
    "transferred": "assigned",
    "accepted": "accepted",
    "resolved": "resolved",
    "confirmed": "confirmed",
    "closed": "closed",
    "merged": "merged",
}


@dataclass(frozen=True, slots=True)
class ExtentProposal:
    """Whose problem it seems to be, and why, in a sentence of each language."""

    extent: Extent
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    :ivar organisation: who is to handle it from now on, of ``assigned`` and ``transferred``
    :ivar due_on: the new last day, of ``extended``; the first one, of ``reported`` and ``assigned``
    :ivar into: the issue that stands for this one now, of ``merged``
    :ivar note: what was said; the reason, where one is needed
    :ivar extent: whose problem it is, of ``judged``
    :ivar proposal: what was proposed then
    """

    kind: EventKind
    at: datetime
    organisation: str | None = None
    due_on: date | None = None
    into: str | None = None
    note: str | None = None
    extent: Extent | None = None
    proposal: ExtentProposal | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where an issue stands.

    :ivar received: how often each organisation was given it
    :ivar answered_at: when it was first replied to
    :ivar ended_at: when it was last resolved or merged; None while it is open
    :ivar extent: whose problem it is, as it was judged last
    """

    status: Status
    reported_at: datetime
    last_at: datetime
    handler: str | None = None
    due_on: date | None = None
    transfers: int = 0
    received: Mapping[str, int] = field(default_factory=dict)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    merged_into: str | None = None
    extent: Extent | None = None

    @property
    def in_circles(self) -> bool:
        """Whether an organisation was given it a second time (转圈)."""
        return any(times > 1 for times in self.received.values())

    @property
    def possible(self) -> tuple[EventKind, ...]:
        """What can happen next."""
        return _POSSIBLE[self.status]


class Impossible(Exception):
    """An event that makes no sense where an issue stands.

    :ivar why: the reason in English and Chinese
    :ivar possible: what could happen instead
    """

    def __init__(self, why: tuple[str, str], possible: tuple[EventKind, ...]) -> None:
        self.why, self.possible = why, possible
        super().__init__(why[0])


def after(state: State | None, event: Event) -> State:
    """Where an issue stands after one more event; raises `Impossible`.

    >>> from datetime import UTC
    >>> begun = after(None, Event("reported", datetime(2026, 10, 12, tzinfo=UTC)))
    >>> after(begun, Event("assigned", datetime(2026, 10, 13, tzinfo=UTC), organisation="D07")).handler
    'D07'
    """
    if state is None:
        if event.kind != "reported":
            raise Impossible(("an issue begins with being reported", "问题必须先上报"), ("reported",))
        return State("reported", event.at, event.at, due_on=event.due_on)
    if event.kind not in state.possible:
        raise Impossible(
            (
                f"an issue that is {state.status} cannot be {event.kind}",
                f"状态为“{WORDS[state.status]}”的问题不能进行“{EVENT_WORDS[event.kind]}”",
            ),
            state.possible,
        )
    if event.at < state.last_at:
        raise Impossible(("it lies before the last event", "时间早于上一个事件"), state.possible)
    _needs(state, event)
    return _moved(state, event)


def _moved(state: State, event: Event) -> State:
    moved = replace(state, last_at=event.at, status=_LEADS_TO.get(event.kind, state.status))
    if event.kind in ("assigned", "transferred") and event.organisation:
        received = {**state.received, event.organisation: state.received.get(event.organisation, 0) + 1}
        moved = replace(moved, handler=event.organisation, received=received, due_on=event.due_on or state.due_on)
        moved = replace(moved, transfers=state.transfers + (event.kind == "transferred"))
    elif event.kind == "extended":
        moved = replace(moved, due_on=event.due_on)
    elif event.kind == "judged":
        moved = replace(moved, extent=event.extent)
    elif event.kind == "merged":
        moved = replace(moved, merged_into=event.into)
    elif event.kind == "reopened":
        moved = replace(moved, status="assigned" if state.handler else "reported", merged_into=None, ended_at=None)
    if event.kind == "replied" and state.answered_at is None:
        moved = replace(moved, answered_at=event.at)
    if event.kind in ("resolved", "merged"):
        moved = replace(moved, ended_at=event.at)
    return moved


def replay(events: Iterable[Event]) -> State | None:
    """Where an issue stands after all of its events; None without any."""
    state: State | None = None
    for event in events:
        state = after(state, event)
    return state


def follow(state: State | None, event: Event) -> State:
    """The same as `after` for an event that was stored, and so was possible: nothing is checked again."""
    if state is None:
        return State("reported", event.at, event.at, due_on=event.due_on)
    return _moved(state, event)


def _needs(state: State, event: Event) -> None:
    """Raise where an event lacks what it is about."""
    if event.kind in ("assigned", "transferred"):
        if not event.organisation:
            raise Impossible(("name the organisation that is to handle it", "请写明承办单位"), state.possible)
        if event.organisation == state.handler and event.kind == "transferred":
            raise Impossible(
                (f"{event.organisation} handles it already", f"{event.organisation} 已是承办单位"), state.possible
            )
    elif event.kind == "extended":
        if not (event.note and event.note.strip()):
            raise Impossible(("say why it takes longer", "请写明延期原因"), state.possible)
        if event.due_on is None or (state.due_on is not None and event.due_on <= state.due_on):
            raise Impossible(("name a new last day after the present one", "请写明晚于现期限的新期限"), state.possible)
    elif event.kind == "judged" and event.extent is None:
        raise Impossible(
            ("say whose problem it is: individual, common or regional", "请写明是个性、共性还是区域性问题"),
            state.possible,
        )
    elif event.kind == "merged" and not event.into:
        raise Impossible(("name the issue that it becomes part of", "请写明并入哪一个问题"), state.possible)
    elif event.kind in ("replied", "reopened") and not (event.note and event.note.strip()):
        raise Impossible(("say what was answered, or why", "请写明答复内容或原因"), state.possible)


WORDS: Final[Mapping[Status, str]] = {
    "reported": "已上报",
    "assigned": "已交办",
    "accepted": "已受理",
    "resolved": "已办结",
    "confirmed": "已确认",
    "closed": "已归档",
    "merged": "已合并",
}
EVENT_WORDS: Final[Mapping[EventKind, str]] = {
    "reported": "上报",
    "merged": "合并",
    "assigned": "交办",
    "transferred": "转办",
    "accepted": "受理",
    "extended": "延期",
    "replied": "答复",
    "resolved": "办结",
    "confirmed": "确认",
    "closed": "归档",
    "reopened": "重办",
    "judged": "定性",
}
CATEGORY_WORDS: Final[Mapping[Category, str]] = {
    "livelihood": "民生",
    "development": "发展",
    "infrastructure": "基建",
    "ecology": "生态",
    "petition": "信访",
    "party": "党建",
}
