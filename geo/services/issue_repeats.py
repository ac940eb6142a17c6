"""What may be one issue twice: rows under an id that is taken, and reports of what is reported already."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.analysis.issue_flow import Category
from geo.limits import MAX_SIMILAR, SIMILAR_WITHIN_M
from geo.storage.queries import issues
from geo.storage.queries.issues import IssueRecord, StoredEvent


@dataclass(frozen=True, slots=True)
class Similar:
    """An open issue of the same category at the same place or near; ``metres`` is None where either has no position."""

    id: UUID
    title: str
    metres: float | None


def similar_to(
    session: Session,
    county: str,
    category: Category,
    *,
    lon: float | None,
    lat: float | None,
    place: str | None,
    but: Collection[UUID] = (),
) -> tuple[Similar, ...]:
    """Open issues that one of a category, here or at a place, may repeat; positions in WGS-84."""
    near = issues.similar(
        session, county, category, lon=lon, lat=lat, place=place, within_m=SIMILAR_WITHIN_M, limit=MAX_SIMILAR, but=but
    )
    return tuple(Similar(one.id, one.title, metres) for one, metres in near)


def first_said(session: Session, county: str, records: Collection[IssueRecord]) -> dict[UUID, dict[str, Any]]:
    """What the reporters of stored issues said: to whom each was given since, and until when, is no part of it."""
    happened = issues.events(session, county, [one.id for one in records])
    return {
        one.id: one.content() | of_reporter(_first_handler(one, happened[one.id]), happened[one.id][0].event.due_on)
        for one in records
    }


def of_reporter(handler: str | None, due_on: date | None) -> dict[str, Any]:
    """What a row says of who handles it until when, beside `IssueRecord.content`."""
    return {"handler": handler, "due_on": due_on.isoformat() if due_on else None}


def different(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """Names of what was sent and is not what is kept. A row without a last day leaves it to the county's limits."""
    unsaid = () if sent["due_on"] else ("due_on",)
    return [name for name, value in sent.items() if value != kept[name] and name not in unsaid]


def _first_handler(record: IssueRecord, happened: Sequence[StoredEvent]) -> str | None:
    """Whom the row named: it is given to that one by its reporter in the very moment of the report."""
    given = happened[1] if len(happened) > 1 else None
    if given is None or given.event.kind != "assigned" or given.actor != record.entered_by:
        return None
    return given.event.organisation if given.event.at == record.reported_at else None
