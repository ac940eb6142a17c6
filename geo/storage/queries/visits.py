"""Visits: stored in bulk, read by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.storage.queries import features
from geo.storage.queries.features import Asked
from geo.storage.tables import Cadre, Place, Visit, VisitRevision

COORDINATE_DIGITS: Final = 9
"""A tenth of a millimetre: below it two positions are the same."""


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """A visit as it is stored: position in WGS-84, tags of the active version."""

    id: UUID
    staff_no: str
    started_at: datetime
    ended_at: datetime | None
    lon: float | None
    lat: float | None
    frame: str | None
    accuracy_m: float | None
    claimed_area: str | None
    place: str | None
    topics: tuple[str, ...]
    note: str | None
    findings: str | None
    companions: tuple[str, ...]
    flags: tuple[str, ...]
    entered_by: str | None
    received_at: datetime
    withdrawn_at: datetime | None
    change: int
    tag: str
    town: str | None
    village: str | None
    grid: str | None

    def content(self) -> dict[str, Any]:
        """What its sender said, comparable and JSON-able; the tags are ours and not part of it."""
        return content_of(
            staff_no=self.staff_no,
            started_at=self.started_at,
            ended_at=self.ended_at,
            lon=self.lon,
            lat=self.lat,
            frame=self.frame,
            accuracy_m=self.accuracy_m,
            claimed_area=self.claimed_area,
            place=self.place,
            topics=self.topics,
            note=self.note,
            findings=self.findings,
            companions=self.companions,
        )


def content_of(
    *,
    started_at: datetime,
    ended_at: datetime | None,
    lon: float | None,
    lat: float | None,
    topics: Sequence[str],
    companions: Sequence[str],
    **texts: str | float | None,
) -> dict[str, Any]:
    """What a visit says, in a form that two of them can be compared in; ``lon`` and ``lat`` in WGS-84."""
    return {
        **texts,
        "started_at": started_at.astimezone(UTC).isoformat(),
        "ended_at": ended_at.astimezone(UTC).isoformat() if ended_at else None,
        "lon": None if lon is None else round(lon, COORDINATE_DIGITS),
        "lat": None if lat is None else round(lat, COORDINATE_DIGITS),
        "topics": list(topics),
        "companions": list(companions),
    }


def known_staff(session: Session, county: str, numbers: Collection[str]) -> set[str]:
    """Which of the staff numbers belong to a cadre."""
    return set(session.scalars(select(Cadre.staff_no).where(Cadre.county_code == county, Cadre.staff_no.in_(numbers))))


def households_among(session: Session, county: str, ids: Collection[str]) -> set[str]:
    """Which of the places are households."""
    query = select(Place.id).where(Place.county_code == county, Place.kind == "household", Place.id.in_(ids))
    return set(session.scalars(query))


def known_places(session: Session, county: str, ids: Collection[str]) -> set[str]:
    """Which of the ids belong to a place."""
    if not ids:
        return set()
    query = select(Place.id).where(Place.county_code == county, Place.id == func.any(list(ids)))
    return set(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Revision:
    """What a visit said before a change."""

    number: int
    at: datetime
    actor: str
    action: str
    reason: str
    before: dict[str, Any]


def revisions(session: Session, county: str, id_: UUID) -> list[Revision]:
    """Every change of a visit, the oldest first."""
    query = (
        select(VisitRevision)
        .where(VisitRevision.county_code == county, VisitRevision.visit_id == id_)
        .order_by(VisitRevision.number)
    )
    return [
        Revision(one.number, one.at, one.actor, one.action, one.reason, one.before) for one in session.scalars(query)
    ]


def changed(session: Session, county: str, *, after: int, since: datetime | None, limit: int) -> list[VisitRecord]:
    """Visits in the order of their last change, from after a number, or from a moment on; withdrawn ones included."""
    query = (
        select(Visit, func.ST_X(Visit.position), func.ST_Y(Visit.position))
        .where(Visit.county_code == county, Visit.change > after)
        .order_by(Visit.change)
        .limit(limit)
    )
    if since is not None:
        query = query.where(Visit.changed_at >= since)
    return [_record(visit, lon, lat) for visit, lon, lat in session.execute(query)]


def contents(session: Session, county: str, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """What is stored under these ids, and what each said before it was corrected."""
    if not ids:
        return {}
    found = {str(record.id): [record.content()] for record in by_ids(session, county, ids)}
    earlier = select(VisitRevision.visit_id, VisitRevision.before).where(
        VisitRevision.county_code == county, VisitRevision.visit_id == func.any(_uuids(ids))
    )
    for visit_id, before in session.execute(earlier):
        if str(visit_id) in found:
            found[str(visit_id)].append(before)
    return found


def _uuids(ids: Collection[str]) -> list[UUID]:
    return [UUID(one) for one in set(ids)]


def by_ids(session: Session, county: str, ids: Collection[str]) -> list[VisitRecord]:
    """The visits of these ids that are there."""
    query = select(Visit, func.ST_X(Visit.position), func.ST_Y(Visit.position)).where(
        Visit.county_code == county, Visit.id == func.any(_uuids(ids))
    )
    return [_record(visit, lon, lat) for visit, lon, lat in session.execute(query)]


def page(
    session: Session,
    county: str,
    *,
    begin: datetime | None,
    end: datetime | None,
    area: tuple[str, str] | None,
    staff_no: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[VisitRecord]:
    """Visits in the order of their start, then id.

    :param begin: inclusive
    :param end: exclusive
    :param area: column (``town_code``, ``village_code`` or ``grid_code``) and code
    :param after: start and id of the last one that was seen
    """
    query = (
        select(Visit, func.ST_X(Visit.position), func.ST_Y(Visit.position))
        .where(Visit.county_code == county, Visit.withdrawn_at.is_(None))
        .order_by(Visit.started_at, Visit.id)
        .limit(limit)
    )
    if begin is not None:
        query = query.where(Visit.started_at >= begin)
    if end is not None:
        query = query.where(Visit.started_at < end)
    if area is not None:
        query = query.where(getattr(Visit, area[0]) == area[1])
    if staff_no is not None:
        query = query.where(Visit.staff_no == staff_no)
    if after is not None:
        query = query.where(func.row(Visit.started_at, Visit.id) > func.row(*after))
    return [_record(visit, lon, lat) for visit, lon, lat in session.execute(query)]


def matching(session: Session, county: str, asked: Asked) -> tuple[list[VisitRecord], int]:
    """Visits that began in an interval, by id, and how many there are on all pages.

    :param asked: ``equal`` names ``id``, ``staff_no``, ``tag``, ``town``, ``village`` or ``grid``
    """
    conditions = (Visit.county_code == county, Visit.withdrawn_at.is_(None))
    rows, matched = features.located(session, Visit, Visit.started_at, _MATCHED, asked, conditions)
    return [_record(visit, lon, lat) for visit, lon, lat in rows], matched


_MATCHED: Final[Mapping[str, Any]] = {
    "id": Visit.id,
    "staff_no": Visit.staff_no,
    "tag": Visit.tag,
    "town": Visit.town_code,
    "village": Visit.village_code,
    "grid": Visit.grid_code,
}


def _record(visit: Visit, lon: float | None, lat: float | None) -> VisitRecord:
    return VisitRecord(
        id=visit.id,
        staff_no=visit.staff_no,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        lon=lon,
        lat=lat,
        frame=visit.frame,
        accuracy_m=visit.accuracy_m,
        claimed_area=visit.claimed_area,
        place=visit.place_id,
        topics=tuple(visit.topics),
        note=visit.note,
        findings=visit.findings,
        companions=tuple(visit.companions),
        flags=tuple(visit.flags),
        entered_by=visit.entered_by,
        received_at=visit.received_at,
        withdrawn_at=visit.withdrawn_at,
        change=visit.change,
        tag=visit.tag,
        town=visit.town_code,
        village=visit.village_code,
        grid=visit.grid_code,
    )
