"""Visits: stored in bulk, read by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from geo.space.crs import WGS84
from geo.storage.bulk import copy_rows, hex_ewkb
from geo.storage.tables import Cadre, Place, Visit

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
    "tag",
    "town_code",
    "village_code",
    "grid_code",
)

_COORDINATE_DIGITS: Final = 9
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
    tag: str
    town: str | None
    village: str | None
    grid: str | None

    def content(self) -> dict[str, Any]:
        """What its sender said, comparable and JSON-able; the tags are ours and not part of it."""
        return {
            "staff_no": self.staff_no,
            "started_at": self.started_at.astimezone(UTC).isoformat(),
            "ended_at": self.ended_at.astimezone(UTC).isoformat() if self.ended_at else None,
            "lon": None if self.lon is None else round(self.lon, _COORDINATE_DIGITS),
            "lat": None if self.lat is None else round(self.lat, _COORDINATE_DIGITS),
            "frame": self.frame,
            "accuracy_m": self.accuracy_m,
            "claimed_area": self.claimed_area,
            "place": self.place,
            "topics": list(self.topics),
            "note": self.note,
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


def insert_new(session: Session, county: str, records: Sequence[VisitRecord]) -> set[UUID]:
    """Store the records whose id is new, in the order of their ids, so that two batches at once never deadlock.

    :return: the ids that were stored
    """
    if not records:
        return set()
    columns = ", ".join(_COLUMNS)
    session.execute(
        text("CREATE TEMP TABLE incoming (LIKE visits INCLUDING DEFAULTS INCLUDING GENERATED) ON COMMIT DROP")
    )
    copy_rows(session, "incoming", _COLUMNS, _rows(county, records))
    stored = session.execute(
        text(
            f"INSERT INTO visits ({columns}) SELECT {columns} FROM incoming ORDER BY id"  # noqa: S608 - names from above
            " ON CONFLICT (county_code, id) DO NOTHING RETURNING id"
        )
    ).scalars()
    ids = set(stored)
    session.execute(text("DROP TABLE incoming"))
    return ids


def contents(session: Session, county: str, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """What is stored under these ids."""
    if not ids:
        return {}
    return {record.id: record.content() for record in _select(session, county, list(set(ids)))}


def _select(session: Session, county: str, ids: list[UUID]) -> list[VisitRecord]:
    query = select(Visit, func.ST_X(Visit.position), func.ST_Y(Visit.position)).where(
        Visit.county_code == county, Visit.id == func.any(ids)
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
        tag=visit.tag,
        town=visit.town_code,
        village=visit.village_code,
        grid=visit.grid_code,
    )


def _rows(county: str, records: Sequence[VisitRecord]) -> list[tuple[Any, ...]]:
    lon = np.array([np.nan if record.lon is None else record.lon for record in records], dtype=np.float64)
    lat = np.array([np.nan if record.lat is None else record.lat for record in records], dtype=np.float64)
    points = hex_ewkb(np.asarray(shapely.points(np.nan_to_num(lon), np.nan_to_num(lat)), dtype=object))
    return [
        (
            county,
            record.id,
            record.staff_no,
            record.started_at,
            record.ended_at,
            None if record.lon is None else point,
            record.frame,
            record.accuracy_m,
            record.claimed_area,
            record.place,
            record.topics,
            record.note,
            record.tag,
            record.town,
            record.village,
            record.grid,
        )
        for record, point in zip(records, points, strict=True)
    ]
