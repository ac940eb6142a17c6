"""Visits written: many by COPY, one at a time where it is corrected or withdrawn."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import func, select, text, update
from sqlalchemy import insert as new_row
from sqlalchemy.orm import Session

from geo.intake.visit_columns import Objects, Visits
from geo.space.crs import WGS84
from geo.storage.bulk import as_lists, copy_table, driver_of, hex_points
from geo.storage.queries.visits import VisitRecord
from geo.storage.tables import VISIT_CHANGES, Visit, VisitRevision

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


@dataclass(frozen=True, slots=True)
class StoredTags:
    """What the service says of each visit: its word, areas and flags (tuples of text)."""

    word: Objects
    town: Objects
    village: Objects
    grid: Objects
    flags: Objects


def new_among(session: Session, county: str, ids: Objects) -> NDArray[np.bool_]:
    """Which of the ids no visit has.

    No other transaction stores or changes visits from here until this one ends, so ids that are not there now stay so:
    COPY goes straight into the table, and two batches at once wait for each other.
    """
    if not len(ids):
        return np.empty(0, dtype=bool)
    take_turn(session)
    query = text("SELECT id::text FROM visits WHERE county_code = :county AND id = ANY(CAST(:ids AS uuid[]))")
    there = {row[0] for row in session.execute(query, {"county": county, "ids": ids.tolist()}).fetchall()}
    return np.fromiter((id_ not in there for id_ in ids.tolist()), dtype=bool, count=len(ids))


@contextmanager
def inserting(
    session: Session, county: str, visits: Visits, tags: StoredTags, *, entered_by: str | None
) -> Iterator[None]:
    """Store visits whose ids are new while the body does something else; it must leave the session alone.

    :param visits: positions in WGS-84
    """
    if not len(visits):
        yield
        return
    table, driver = _table(county, visits, tags, entered_by), driver_of(session)
    with ThreadPoolExecutor(1) as pool:
        copying = pool.submit(copy_table, driver, "visits", table)
        yield
        copying.result()


def take_turn(session: Session) -> None:
    """No other transaction stores or changes visits until this one ends."""
    session.execute(text("SELECT pg_advisory_xact_lock('visits'::regclass::oid::bigint)"))


def rewrite(session: Session, county: str, visit: Visits, tags: StoredTags, *, frame: str | None) -> None:
    """Write anew what one visit says.

    :param visit: one, in WGS-84
    """
    located = not np.isnan(visit.lon[0])
    point = f"SRID={WGS84};POINT({float(visit.lon[0])!r} {float(visit.lat[0])!r})" if located else None
    values = {
        "staff_no": visit.staff_no[0],
        "started_at": _instant(visit.started_at[0]),
        "ended_at": _instant(visit.ended_at[0]),
        "position": point,
        "frame": frame,
        "accuracy_m": None if np.isnan(visit.accuracy_m[0]) else float(visit.accuracy_m[0]),
        "claimed_area": visit.claimed_area[0],
        "place_id": visit.place[0],
        "topics": list(visit.topics[0]),
        "companions": list(visit.companions[0]),
        "findings": visit.findings[0],
        "note": visit.note[0],
        "flags": list(tags.flags[0]),
        "tag": tags.word[0],
        "town_code": tags.town[0],
        "village_code": tags.village[0],
        "grid_code": tags.grid[0],
    }
    _change(session, county, UUID(visit.id[0]), values)


def set_withdrawn(session: Session, county: str, id_: UUID, moment: datetime | None) -> None:
    """A visit is withdrawn from a moment on, or stands again."""
    _change(session, county, id_, {"withdrawn_at": moment})


def _change(session: Session, county: str, id_: UUID, values: Mapping[str, Any]) -> None:
    numbered = {"change": VISIT_CHANGES.next_value(), "changed_at": func.clock_timestamp()}
    session.execute(update(Visit).where(Visit.county_code == county, Visit.id == id_).values(**values, **numbered))
    session.expire_all()


def _instant(moment: np.datetime64) -> datetime | None:
    found = cast("datetime | None", moment.item())
    return found.replace(tzinfo=UTC) if found is not None else None


def note_revision(session: Session, county: str, before: VisitRecord, action: str, actor: str, reason: str) -> None:
    """Keep what a visit said; nobody else changes visits meanwhile."""
    mine = VisitRevision.county_code == county, VisitRevision.visit_id == before.id
    number = 1 + (session.scalar(select(func.max(VisitRevision.number)).where(*mine)) or 0)
    session.execute(
        new_row(VisitRevision).values(
            county_code=county,
            visit_id=before.id,
            number=number,
            actor=actor,
            action=action,
            reason=reason,
            before=before.content(),
        )
    )


def _table(county: str, visits: Visits, tags: StoredTags, entered_by: str | None) -> pa.Table:
    count, located = len(visits), ~np.isnan(visits.lon)
    points = np.full(count, None, dtype=object)
    points[located] = hex_points(visits.lon[located], visits.lat[located])
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
