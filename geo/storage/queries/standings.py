"""Issues that were open at some time within an interval, with what happened to them up to its end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import Event, EventKind
from geo.space.codes import Level
from geo.storage.issue_tables import Issue, IssueEvent
from geo.storage.queries import issues
from geo.storage.queries.issues import IssueRecord

_MOVES: Final[tuple[EventKind, ...]] = (
    "reported", "assigned", "transferred", "accepted", "resolved", "confirmed", "closed", "merged", "reopened",
)  # fmt: skip
"""After which an issue is open, or no longer."""

_OPENS: Final[tuple[EventKind, ...]] = ("reported", "assigned", "transferred", "accepted", "reopened")


Within = tuple[Level, Sequence[str]]
"""Areas of a level, by code."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Issues of a county, reported before ``end`` and not over before ``begin``.

    :ivar within: the areas that they lie in; None for the whole county
    """

    county: str
    begin: datetime
    end: datetime
    within: Within | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """On the table of issues."""
        found: list[ColumnElement[bool]] = [
            Issue.county_code == self.county,
            Issue.reported_at < self.end,
            or_(Issue.ended_at.is_(None), Issue.ended_at >= self.begin),
        ]
        if self.within is not None:
            level, codes = self.within
            found.append(column(level).in_(codes))
        return found


def column(level: Level) -> ColumnElement[Any]:
    """Where an issue says which area of a level it lies in."""
    found: ColumnElement[Any] = getattr(Issue, f"{level}_code")
    return found


def records(session: Session, asked: Asked) -> list[IssueRecord]:
    """The issues as they stand now, the latest first."""
    return issues.where(session, asked.county, asked.conditions(), latest_first=True)


def events(session: Session, asked: Asked) -> dict[UUID, list[Event]]:
    """What happened to each of them before the end, in order."""
    query = (
        select(
            IssueEvent.issue_id,
            IssueEvent.kind,
            IssueEvent.at,
            IssueEvent.organisation,
            IssueEvent.due_on,
            IssueEvent.merged_into,
            IssueEvent.extent,
        )
        .join(Issue, (Issue.county_code == IssueEvent.county_code) & (Issue.id == IssueEvent.issue_id))
        .where(*asked.conditions(), IssueEvent.county_code == asked.county, IssueEvent.at < asked.end)
        .order_by(IssueEvent.issue_id, IssueEvent.number)
    )
    found: dict[UUID, list[Event]] = defaultdict(list)
    for row in session.execute(query):
        into = str(row.merged_into) if row.merged_into else None
        found[row.issue_id].append(Event(row.kind, row.at, row.organisation, row.due_on, into, extent=row.extent))
    return dict(found)


def open_by_area(session: Session, county: str, level: Level, end: datetime) -> dict[str, int]:
    """How many issues of each area of a level were open just before a moment; areas without are left out."""
    last = (
        select(IssueEvent.kind)
        .where(
            IssueEvent.county_code == Issue.county_code,
            IssueEvent.issue_id == Issue.id,
            IssueEvent.at < end,
            IssueEvent.kind.in_(_MOVES),
        )
        .order_by(IssueEvent.number.desc())
        .limit(1)
        .correlate(Issue)
        .scalar_subquery()
    )
    query = (
        select(column(level), func.count())
        .where(*Asked(county, end, end).conditions(), column(level).is_not(None), last.in_(_OPENS))
        .group_by(column(level))
    )
    return {row[0]: row[1] for row in session.execute(query)}
