"""What a sheet would change, before anything is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from geo.intake.rejections import Rejection
from geo.services import sheets
from geo.services.sheet_kinds import SHEETS, Sheet
from geo.storage.queries.counties import CountyInfo

_AT_ONCE: Final = 1_000
# Where a place lies is stored as a geometry that the sheet does not have.
_NOT_COMPARED: Final = frozenset({"county_code", "lon", "lat", "frame"})


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of the sheet that is new, or differs from what is stored: column → stored, given."""

    row: int
    key: str
    is_new: bool
    fields: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class SheetChanges:
    """All of them, how many rows say what is stored already, and why the others could not be taken."""

    changes: Sequence[RowChange]
    same: int
    refused: Sequence[Rejection]

    @property
    def added(self) -> int:
        """Rows that are new."""
        return sum(one.is_new for one in self.changes)


def compare(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> SheetChanges:
    """What `geo.services.sheets.take` would do with a sheet; nothing of it stays.

    :raises SheetRejected: as `take` would
    """
    sheet = SHEETS[kind]
    found = sheets.prepared(session, county, kind, rows)
    records = found.records
    stored = _stored(session, county, sheet, records)
    changes: list[RowChange] = []
    for number, record in zip(found.numbers, records, strict=True):
        key = tuple(record[name] for name in sheet.key)
        old = stored.get(key)
        fields = {
            name: (old.get(name) if old else None, value)
            for name, value in record.items()
            if name not in _NOT_COMPARED and name in sheet.table.c and (old is None or old.get(name) != value)
        }
        if old is None or fields:
            changes.append(RowChange(number, " ".join(str(part) for part in key), old is None, fields))
    savepoint = session.begin_nested()
    sheets.write(session, county, kind, found, file)
    savepoint.rollback()
    return SheetChanges(changes, len(records) - len(changes), found.refused)


def _stored(
    session: Session, county: CountyInfo, sheet: Sheet, records: Sequence[dict[str, Any]]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    columns = [sheet.table.c[name] for name in sheet.key]
    keys = [tuple(record[name] for name in sheet.key) for record in records]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        query = select(sheet.table).where(
            sheet.table.c.county_code == county.code, tuple_(*columns).in_(keys[begin : begin + _AT_ONCE])
        )
        for row in session.execute(query).mappings():
            found[tuple(row[name] for name in sheet.key)] = dict(row)
    return found
