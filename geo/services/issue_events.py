"""What happens to issues after they were reported: checked against where each stands, and added to its events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo.analysis.issue_flow import Event, EventKind, ExtentProposal, Impossible, State, after, replay
from geo.errors import EventRefused, InvalidChoice, NotAllowed, UnknownIssue, UnknownOrganisation
from geo.intake.issues import EventRow
from geo.limits import CLOCK_SKEW_MINUTES
from geo.months import local_day
from geo.services import extents
from geo.services.accounts import Access
from geo.storage import reach
from geo.storage.queries import assignments, issue_writing, issues
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import Counts, Filter, IssueRecord, StoredEvent

OF_HANDLERS: Final[frozenset[EventKind]] = frozenset({"accepted", "replied", "resolved"})
"""What the organisation that handles an issue says itself; everything else is for those who may assign."""

_WITH_LAST_DAY: Final[frozenset[EventKind]] = frozenset({"assigned", "transferred", "extended"})
_NEXT: Final = timedelta(microseconds=1)

FEWEST_PETITIONS: Final = 3
"""Petitions are counted for everybody from here on; fewer could be traced to a family."""


@dataclass(frozen=True, slots=True)
class History:
    """An issue with its events and where they led."""

    record: IssueRecord
    events: tuple[StoredEvent, ...]
    state: State


def history(session: Session, county: str, id_: UUID) -> History:
    """An issue with its events; raises `UnknownIssue`."""
    record = issues.get(session, county, id_)
    happened = issues.events(session, county, [id_]).get(id_, []) if record else []
    state = replay(one.event for one in happened)
    if record is None or state is None:
        raise UnknownIssue(id=id_)
    return History(record, tuple(happened), state)


def add(session: Session, county: CountyInfo, id_: UUID, row: EventRow, *, by: Access) -> History:
    """Add an event to an issue.

    :raises UnknownIssue, UnknownOrganisation: the issue, the one it is merged into, or the organisation is not there
    :raises NotAllowed: it is not for this account to say
    :raises EventRefused: it makes no sense where the issue stands
    """
    add_all(session, county, [(id_, row)], by=by)
    return history(session, county.code, id_)


def add_all(
    session: Session, county: CountyInfo, rows: Sequence[tuple[UUID, EventRow]], *, by: Access | None = None
) -> None:
    """Add events to issues, each checked against where its issue stands after those before it; all or none.

    :param by: who says so; None for anything
    :raises UnknownIssue, UnknownOrganisation, NotAllowed, EventRefused: as `add`, for the first that cannot be added
    """
    issue_writing.take_turn(session)
    now, name = datetime.now(UTC), by.name if by else "system"
    stands, numbers = _stands(session, county.code, rows)
    known = issues.known_organisations(session, county.code, {row.organisation for _, row in rows if row.organisation})
    proposed = _proposals(session, county, [id_ for id_, row in rows if row.kind == "judged"])
    happened: list[tuple[UUID, int, Event, str]] = []
    for id_, row in rows:
        state = stands.get(id_)
        if state is None:
            raise UnknownIssue(id=id_)
        if by is not None:
            _check_allowed(session, county.code, state, row.kind, by)
        event = _event(row, now, state, proposed.get(id_))
        _check_names(county.code, id_, event, known, stands)
        stands[id_] = _moved(id_, state, event)
        _check_due(county, id_, state, event)
        numbers[id_] += 1
        happened.append((id_, numbers[id_], event, name))
    issue_writing.add_events(session, county.code, happened)
    about = dict.fromkeys(id_ for id_, _ in rows)
    issue_writing.stand(session, county.code, [(id_, stands[id_], numbers[id_]) for id_ in about])
    session.expire_all()


def allowed(session: Session, county: str, found: History, by: Access) -> tuple[EventKind, ...]:
    """What can happen next by this account's saying."""
    if by.may("assign"):
        return found.state.possible
    if not by.may("record") or not _handles(session, county, found.state, by):
        return ()
    return tuple(kind for kind in found.state.possible if kind in OF_HANDLERS)


def counts(session: Session, county: str, wanted: Filter, *, today: date, by: Access) -> list[Counts | None]:
    """Counts by category; None stands for a category that is too small to be told to this account."""
    with reach.with_petitions(session):
        found = issues.counts(session, county, wanted, today=today)
    if by.may("detail"):
        return list(found)
    return [one if one.category != "petition" or one.issues >= FEWEST_PETITIONS else None for one in found]


def _stands(
    session: Session, county: str, rows: Sequence[tuple[UUID, EventRow]]
) -> tuple[dict[UUID, State], dict[UUID, int]]:
    """Where the issues stand that events are about or merge into, and how many events each has."""
    ids = {id_ for id_, _ in rows} | {row.into for _, row in rows if row.into}
    seen = {record.id for record in issues.by_ids(session, county, ids)}
    happened = issues.events(session, county, seen)
    replayed = {id_: replay(one.event for one in found) for id_, found in happened.items()}
    stands = {id_: state for id_, state in replayed.items() if state is not None}
    return stands, {id_: len(happened[id_]) for id_ in stands}


def _moved(id_: UUID, state: State, event: Event) -> State:
    try:
        return after(state, event)
    except Impossible as error:
        raise EventRefused(
            id=id_, reason=error.why[0], reason_zh=error.why[1], possible=", ".join(error.possible)
        ) from error


def _check_allowed(session: Session, county: str, state: State, kind: EventKind, by: Access) -> None:
    if by.may("assign") or (kind in OF_HANDLERS and _handles(session, county, state, by)):
        return
    raise NotAllowed(
        account=by.name,
        role=by.role,
        why=f"{kind} is for supervisors, and accepting, replying and resolving for who handles it",
        why_zh="受理、答复、办结由承办单位进行，其他由主管人员进行",
    )


def _handles(session: Session, county: str, state: State, by: Access) -> bool:
    """Whether an account speaks for the organisation that handles an issue; a service speaks for those it serves."""
    if by.role == "service":
        return True
    if by.staff_no is None or state.handler is None:
        return False
    with reach.unlimited(session):
        return assignments.organisation_of(session, county, by.staff_no) == state.handler


def _proposals(session: Session, county: CountyInfo, ids: Sequence[UUID]) -> dict[UUID, ExtentProposal]:
    """What is kept beside what people say of whose problem an issue is."""
    return extents.proposals(session, county, issues.by_ids(session, county.code, ids)) if ids else {}


def _event(row: EventRow, now: datetime, state: State, proposal: ExtentProposal | None) -> Event:
    # A report, or what was said since, may be some minutes ahead of this clock.
    moment = row.at.astimezone(UTC) if row.at else max(now, state.last_at + _NEXT)
    if moment > now + timedelta(minutes=CLOCK_SKEW_MINUTES):
        raise InvalidChoice(field="at", value=row.at, choices="a moment that is not in the future")
    into = str(row.into) if row.into else None
    return Event(row.kind, moment, row.organisation, row.due_on, into, row.note, row.extent, proposal)


def _check_due(county: CountyInfo, id_: UUID, state: State, event: Event) -> None:
    """Raise where a last day had passed before the issue was there, or before it was given to who is to keep it."""
    if event.due_on is None or event.kind not in _WITH_LAST_DAY:
        return
    given = event.at if event.kind in ("assigned", "transferred") else state.reported_at
    first = local_day(max(given, state.reported_at), county.zone)
    if event.due_on < first:
        raise EventRefused(
            id=id_,
            reason=f"the last day {event.due_on} lies before {first}, when it was reported or given",
            reason_zh=f"期限 {event.due_on} 早于上报或交办之日 {first}",
            possible=", ".join(state.possible),
        )


def _check_names(county: str, id_: UUID, event: Event, known: set[str], stands: Mapping[UUID, State]) -> None:
    if event.organisation and event.organisation not in known:
        raise UnknownOrganisation(county=county, code=event.organisation)
    if event.into:
        other = stands.get(UUID(event.into))
        if other is None:
            raise UnknownIssue(id=event.into)
        if UUID(event.into) == id_ or other.status == "merged":
            raise InvalidChoice(field="into", value=event.into, choices="another issue that is not merged itself")
