"""Imports: begun, carried on part by part, read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from geo.intake.batches import Kind
from geo.storage.import_tables import Import, ImportFlag, ImportRejection

Status = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class ImportInfo:
    """How far an import has come."""

    county: str
    id: UUID
    kind: Kind
    file: str
    status: Status
    actor: str
    titles: dict[str, str]
    done: int
    stored: int
    duplicate: int
    conflict: int
    rejected: int
    message: dict[str, str] | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was refused, as it came."""

    row: int
    cells: dict[str, Any]
    field: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Flagged:
    """A row that was stored and looked odd."""

    row: int
    id: UUID
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Oddities:
    """What looked odd about the rows of an import.

    :ivar counts: rows by flag; a row may have several
    :ivar rows: rows with any flag
    :ivar first: some of them, in their order
    """

    counts: Mapping[str, int]
    rows: int
    first: tuple[Flagged, ...]


def begin(session: Session, county: str, id_: UUID, kind: Kind, file: str, actor: str) -> None:
    """Note that a file has come."""
    session.execute(insert(Import).values(county_code=county, id=id_, kind=kind, file=file, actor=actor))


def get(session: Session, county: str, id_: UUID) -> ImportInfo | None:
    """One import."""
    found = session.scalar(
        select(Import).where(Import.county_code == county, Import.id == id_).execution_options(populate_existing=True)
    )
    return _info(found) if found else None


def page(session: Session, county: str, *, actor: str | None, limit: int) -> list[ImportInfo]:
    """The latest imports, of one account or of all."""
    query = select(Import).where(Import.county_code == county).order_by(Import.created_at.desc()).limit(limit)
    if actor is not None:
        query = query.where(Import.actor == actor)
    return [_info(one) for one in session.scalars(query)]


def waiting(session: Session) -> list[tuple[str, UUID]]:
    """County and id of the imports that are not finished, the oldest first."""
    query = select(Import.county_code, Import.id).where(Import.status == "waiting").order_by(Import.created_at)
    return [(county, id_) for county, id_ in session.execute(query)]


def claim(session: Session, id_: UUID) -> bool:
    """Whether nobody else carries an import on; it is ours until the session's connection is given back."""
    return bool(session.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:id, 0))"), {"id": str(id_)}))


def release(session: Session, id_: UUID) -> None:
    """Let somebody else carry it on."""
    session.scalar(text("SELECT pg_advisory_unlock(hashtextextended(:id, 0))"), {"id": str(id_)})


def add_part(
    session: Session,
    county: str,
    id_: UUID,
    counts: Mapping[str, int],
    refused: Sequence[Refused],
    titles: Mapping[str, str],
    flagged: Sequence[Flagged] = (),
) -> None:
    """Note what became of some more rows, in the transaction that stores them."""
    columns = {name: getattr(Import, name) + counts.get(name, 0) for name in _OUTCOMES}
    session.execute(
        update(Import)
        .where(Import.county_code == county, Import.id == id_)
        .values(**columns, done=Import.done + sum(counts.values()), titles=[list(pair) for pair in titles.items()])
    )
    rows = [
        {"county_code": county, "import_id": id_, "row": one.row, "cells": one.cells, "field": one.field}
        | {"en": one.en, "zh": one.zh}
        for one in refused
    ]
    if rows:
        session.execute(insert(ImportRejection), rows)
    odd = [
        {"county_code": county, "import_id": id_, "row": one.row, "visit_id": one.id, "flags": list(one.flags)}
        for one in flagged
    ]
    if odd:
        session.execute(insert(ImportFlag), odd)


_OUTCOMES = ("stored", "duplicate", "conflict", "rejected")


def finish(session: Session, county: str, id_: UUID, status: Status, message: Mapping[str, str] | None = None) -> None:
    """Nothing more comes of it."""
    session.execute(
        update(Import)
        .where(Import.county_code == county, Import.id == id_)
        .values(status=status, message=dict(message) if message else None, finished_at=func.now())
    )


def refused(session: Session, county: str, id_: UUID, *, limit: int | None = None) -> list[Refused]:
    """Rows that were refused, in their order."""
    query = (
        select(ImportRejection)
        .where(ImportRejection.county_code == county, ImportRejection.import_id == id_)
        .order_by(ImportRejection.row)
        .limit(limit)
    )
    return [Refused(one.row, one.cells, one.field, one.en, one.zh) for one in session.scalars(query)]


def oddities(session: Session, county: str, id_: UUID, *, limit: int) -> Oddities:
    """What looked odd about the rows of an import, with the first of them."""
    mine = ImportFlag.county_code == county, ImportFlag.import_id == id_
    flag = func.unnest(ImportFlag.flags).label("flag")
    each = select(flag).where(*mine).subquery()
    counts = session.execute(select(each.c.flag, func.count()).group_by(each.c.flag).order_by(each.c.flag))
    rows = session.scalar(select(func.count()).select_from(ImportFlag).where(*mine))
    first = session.scalars(select(ImportFlag).where(*mine).order_by(ImportFlag.row).limit(limit))
    return Oddities(
        {row[0]: row[1] for row in counts},
        rows or 0,
        tuple(Flagged(one.row, one.visit_id, tuple(one.flags)) for one in first),
    )


def _info(one: Import) -> ImportInfo:
    return ImportInfo(
        county=one.county_code,
        id=one.id,
        kind="visits" if one.kind == "visits" else "issues",
        file=one.file,
        status="done" if one.status == "done" else "failed" if one.status == "failed" else "waiting",
        actor=one.actor,
        titles={pair[0]: pair[1] for pair in one.titles},
        done=one.done,
        stored=one.stored,
        duplicate=one.duplicate,
        conflict=one.conflict,
        rejected=one.rejected,
        message=one.message,
        created_at=one.created_at,
        finished_at=one.finished_at,
    )
