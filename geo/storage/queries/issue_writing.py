"""Issues and their events written: a batch at a time, in one statement each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import cast, func, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import Event, State
from geo.space.crs import WGS84
from geo.storage.issue_tables import ISSUE_CHANGES, Issue, IssueEvent

_ONE_STATEMENT: Final = {"render_nulls": True}
"""Else there is one for every run of rows with the same columns missing."""
_STANDING: Final = (
    "id", "status", "handler", "due_on", "transfers", "in_circles", "answered_at", "ended_at", "merged_into",
    "extent", "events",
)  # fmt: skip


def take_turn(session: Session) -> None:
    """No other transaction stores or changes issues until this one ends."""
    session.execute(text("SELECT pg_advisory_xact_lock('issues'::regclass::oid::bigint)"))


def add(session: Session, county: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new issues: columns of the table, with ``lon`` and ``lat`` in WGS-84 instead of ``position``."""
    found = []
    for row in rows:
        lon, lat = row["lon"], row["lat"]
        position = None if lon is None else f"SRID={WGS84};POINT({lon!r} {lat!r})"
        rest = {name: value for name, value in row.items() if name not in ("lon", "lat")}
        found.append({"county_code": county, "position": position, **rest})
    if found:
        session.execute(insert(Issue), found, execution_options=_ONE_STATEMENT)


def add_events(session: Session, county: str, rows: Sequence[tuple[UUID, int, Event, str]]) -> None:
    """Add events: issue, number, event, who brought it about."""
    found = [
        {
            "county_code": county,
            "issue_id": issue,
            "number": number,
            "kind": event.kind,
            "at": event.at,
            "actor": actor,
            "organisation": event.organisation,
            "due_on": event.due_on,
            "merged_into": UUID(event.into) if event.into else None,
            "note": event.note,
            "extent": event.extent,
            "proposal": asdict(event.proposal) if event.proposal else None,
        }
        for issue, number, event, actor in rows
    ]
    if found:
        session.execute(insert(IssueEvent), found, execution_options=_ONE_STATEMENT)


def stand(session: Session, county: str, stood: Sequence[tuple[UUID, State, int]]) -> None:
    """Write where issues stand after their events: issue, state, number of events."""
    rows = [{"id": id_, "events": count, **columns_of(state)} for id_, state, count in stood]
    lists = (cast([row[name] for row in rows], ARRAY(getattr(Issue, name).type)) for name in _STANDING)
    after = func.unnest(*lists).table_valued(*_STANDING, name="stood").render_derived()
    session.execute(
        update(Issue)
        .where(Issue.county_code == county, Issue.id == after.c.id)
        .values(
            {name: after.c[name] for name in _STANDING if name != "id"}
            | {"change": ISSUE_CHANGES.next_value(), "changed_at": func.clock_timestamp()}
        ),
        execution_options={"synchronize_session": False},
    )


def columns_of(state: State) -> dict[str, Any]:
    """Where an issue stands, as columns of the table."""
    return {
        "status": state.status,
        "handler": state.handler,
        "due_on": state.due_on,
        "transfers": state.transfers,
        "in_circles": state.in_circles,
        "answered_at": state.answered_at,
        "ended_at": state.ended_at,
        "merged_into": UUID(state.merged_into) if state.merged_into else None,
        "extent": state.extent,
    }
