"""Visits: stored in bulk, read by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from geo.intake.visit_columns import Objects, Visits
from geo.space.crs import WGS84
from geo.storage.bulk import as_lists, copy_table, hex_ewkb
from geo.storage.tables import Cadre, Place, Visit, VisitRevision

_COLUMNS: Final = (
    "county_code",
    "id",
    "staff_no",
    "started_at",
    "ended_at",
    "position",
    "frame",
    "accuracy_m",
    "claimed_area",
    "place_id",
    "topics",
    "note",
    "findings",
    "companions",
    "flags",
    "entered_by",
    "tag",
    "town_code",
    "village_code",
    "grid_code",
)

_COORDINATE_DIGITS: Final = 9
"""A tenth of a millimetre: below it two positions are the same."""


@dataclass(frozen=True, slots=True)
class StoredTags:
    """What the service says of each visit: its word, areas and flags (tuples of text)."""

    word: Objects
    town: Objects
    village: Objects
    grid: Objects
    flags: Objects


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
        "lon": None if lon is None else round(lon, _COORDINATE_DIGITS),
        "lat": None if lat is None else round(lat, _COORDINATE_DIGITS),
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


def new_among(session: Session, county: str, ids: Objects) -> NDArray[np.bool_]:
    """Which of the ids no visit has.

    No other transaction stores or changes visits from here until this one ends, so ids that are not there now stay so:
    COPY goes straight into the table, and two batches at once wait for each other.
    """
    if not len(ids):
        return np.empty(0, dtype=bool)
    session.execute(text("SELECT pg_advisory_xact_lock('visits'::regclass::oid::bigint)"))
    query = text("SELECT id::text FROM visits WHERE county_code = :county AND id = ANY(CAST(:ids AS uuid[]))")
    there = {row[0] for row in session.execute(query, {"county": county, "ids": ids.tolist()}).fetchall()}
    return np.fromiter((id_ not in there for id_ in ids.tolist()), dtype=bool, count=len(ids))


def insert(session: Session, county: str, visits: Visits, tags: StoredTags, *, entered_by: str | None) -> None:
    """Store visits whose ids are new, with positions in WGS-84."""
    if len(visits):
        copy_table(session, "visits", _table(county, visits, tags, entered_by))


def _table(county: str, visits: Visits, tags: StoredTags, entered_by: str | None) -> pa.Table:
    count, located = len(visits), ~np.isnan(visits.lon)
    points = np.full(count, None, dtype=object)
    points[located] = hex_ewkb(np.asarray(shapely.points(visits.lon[located], visits.lat[located]), dtype=object))
    frames = visits.frame.copy()
    frames[~located] = None
    texts = {
        "county_code": [county] * count,
        "id": visits.id,
        "staff_no": visits.staff_no,
        "position": points,
        "frame": frames,
        "claimed_area": visits.claimed_area,
        "place_id": visits.place,
        "topics": as_lists(visits.topics),
        "note": visits.note,
        "findings": visits.findings,
        "companions": as_lists(visits.companions),
        "flags": as_lists(tags.flags),
        "entered_by": [entered_by] * count,
        "tag": tags.word,
        "town_code": tags.town,
        "village_code": tags.village,
        "grid_code": tags.grid,
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    for name, times in (("started_at", visits.started_at), ("ended_at", visits.ended_at)):
        arrays[name] = pc.cast(pa.array(times), pa.timestamp("us", "UTC"))
    arrays["accuracy_m"] = pa.array(visits.accuracy_m, from_pandas=True)
    return pa.table({name: arrays[name] for name in _COLUMNS})


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
        .where(Visit.county_code == county)
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


def matching(
    session: Session,
    county: str,
    *,
    equal: Mapping[str, str],
    begin: datetime | None,
    until: datetime | None,
    box: BaseGeometry | None,
    after: UUID | None,
    limit: int,
) -> tuple[list[VisitRecord], int]:
    """Visits by id, and how many there are on all pages.

    :param equal: ``id``, ``staff_no``, ``tag``, ``town``, ``village`` or ``grid`` and the text that each must be
    :param until: the last instant, inclusive
    :param box: in WGS-84; visits whose position lies in it
    """
    asked: list[ColumnElement[bool]] = [Visit.county_code == county]
    asked += [_MATCHED[name] == value for name, value in equal.items()]
    if begin is not None:
        asked.append(Visit.started_at >= begin)
    if until is not None:
        asked.append(Visit.started_at <= until)
    if box is not None:
        asked.append(func.ST_Intersects(Visit.position, func.ST_GeomFromText(box.wkt, WGS84)))
    matched = session.scalar(select(func.count()).select_from(Visit).where(*asked)) or 0
    if after is not None:
        asked.append(Visit.id > after)
    query = select(Visit, func.ST_X(Visit.position), func.ST_Y(Visit.position)).where(*asked)
    rows = session.execute(query.order_by(Visit.id).limit(limit))
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
