"""Sheets of people, places, rules and area settings, taken row by row; sent again they change nothing.

Rows are matched by their natural key (a staff number, a code, an id), so a sheet adds what is new and corrects what is
there; nothing is removed by leaving it out. A row that cannot be taken rejects itself and no other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import SheetRejected
from geo.intake import people
from geo.intake.rejections import Rejection
from geo.services import household_ids, sheet_checks
from geo.services.sheet_kinds import SHEETS, Sheet
from geo.services.tagging import tagger
from geo.space.crs import FRAMES, to_wgs84
from geo.storage.bulk import hex_points, upsert
from geo.storage.queries import boundaries, counties
from geo.storage.queries.counties import CountyInfo


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that can be taken, as records of the table, with their numbers; and why the others cannot."""

    numbers: list[int]
    records: list[dict[str, Any]]
    refused: list[Rejection]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many rows of a sheet were taken, and why the others were not, in the order of their numbers."""

    count: int
    refused: Sequence[Rejection]


def take(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> Taken:
    """Add or correct the rows of a sheet that can be taken.

    :param kind: a key of `geo.services.sheet_kinds.SHEETS`
    :raises SheetRejected: somebody else wrote meanwhile what forbids a row; nothing of the sheet is taken
    """
    found = prepared(session, county, kind, rows)
    write(session, county, kind, found, file)
    return Taken(len(found.records), found.refused)


def take_whole(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> int:
    """The same where all rows belong together, as those of a form do.

    :return: how many rows there were
    :raises SheetRejected: a row cannot be taken; nothing is
    """
    found = prepared(session, county, kind, rows)
    if found.refused:
        raise _refused(file, found.refused[0])
    write(session, county, kind, found, file)
    return len(found.records)


def prepared(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> Prepared:
    """The rows of a sheet checked, before any is written."""
    sheet = SHEETS[kind]
    numbers, values, refused = people.parse(rows, sheet.row)
    records = [_record(session, sheet, county, value) for value in values]
    wrong = sheet_checks.check(session, county, sheet, numbers, records)
    kept = [at for at in range(len(records)) if at not in wrong]
    return Prepared(
        [numbers[at] for at in kept],
        [records[at] for at in kept],
        sorted([*refused, *wrong.values()], key=lambda one: one.row),
    )


def write(session: Session, county: CountyInfo, kind: str, found: Prepared, file: str) -> None:
    """Write what `prepared` gave.

    :raises SheetRejected: the database refuses a row; nothing of the sheet is written
    """
    sheet, records = SHEETS[kind], found.records
    if kind == "organisations":
        _place(records)
        for record in records:
            del record["frame"]
    elif kind == "places":
        _locate(session, county, records)
    elif kind == "assignments":
        # As an activation does, which writes assignments too: neither waits for the other in a circle.
        counties.hold(session, county.code, alone=False)
    with session.begin_nested():
        for numbers, part in _in_order(session, sheet, found):
            try:
                _upsert(session, sheet, part)
            except IntegrityError as error:
                row = numbers[_first_refused(session, sheet, part)]
                raise _refused(file, _from_database(row, error)) from error


def _in_order(
    session: Session, sheet: Sheet, found: Prepared
) -> Iterator[tuple[Sequence[int], Sequence[dict[str, Any]]]]:
    """All at once; of assignments first those that are corrected, so that one ends before another begins."""
    rows = list(zip(found.numbers, found.records, strict=True))
    parts = [rows]
    if sheet is SHEETS["assignments"]:
        there = sheet_checks.stored_keys(session, sheet, found.records)
        parts = [
            [row for row in rows if (sheet_checks.key_of(sheet, row[1]) in there) is known] for known in (True, False)
        ]
    for part in parts:
        yield [number for number, _ in part], [record for _, record in part]


def _record(session: Session, sheet: Sheet, county: CountyInfo, value: people.SheetRow) -> dict[str, Any]:
    fields = {sheet.columns.get(name, name): field for name, field in value.model_dump().items()}
    if sheet.row is people.RouteRow and fields["area_code"] is None:
        fields["area_code"] = county.code
    if sheet.row is people.PlaceRow and fields["kind"] == "household" and household_ids.are_hashed(session):
        fields |= {"id": household_ids.hashed(session, fields["id"]), "name": None}
    return {"county_code": county.code, **fields}


def _locate(session: Session, county: CountyInfo, records: list[dict[str, Any]]) -> None:
    """Positions become WGS-84, and the area that contains them decides over the one that the sheet names.

    No visit comes and no version changes meanwhile: both count by the area of a place.
    """
    counties.hold(session, county.code, alone=True)
    active = boundaries.find_active(session, county.code)
    lon, lat = _place(records)
    claimed = np.array([record["claimed_area"] for record in records], dtype=object)
    homes = tagger(session, active).homes(lon, lat, claimed).tolist() if active else claimed.tolist()
    for record, home in zip(records, homes, strict=True):
        record["area_code"] = home


def _place(records: list[dict[str, Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of records in WGS-84, NaN for none; they become the ``position`` of each."""
    lon = np.array([np.nan if record["lon"] is None else record["lon"] for record in records], dtype=np.float64)
    lat = np.array([np.nan if record["lat"] is None else record["lat"] for record in records], dtype=np.float64)
    frames = np.array([record["frame"] for record in records])
    for frame in FRAMES:
        mine = frames == frame
        lon[mine], lat[mine] = to_wgs84(lon[mine], lat[mine], frame)
    points = hex_points(np.nan_to_num(lon), np.nan_to_num(lat))
    for record, point in zip(records, points, strict=True):
        record["position"] = None if record["lon"] is None else point
        del record["lon"], record["lat"]
    return lon, lat


def _upsert(session: Session, sheet: Sheet, records: Sequence[dict[str, Any]]) -> None:
    with session.begin_nested():
        if records:
            columns = list(records[0])
            rows = (tuple(record[column] for column in columns) for record in records)
            upsert(session, sheet.table, columns, ["county_code", *sheet.key], rows)


def _first_refused(session: Session, sheet: Sheet, records: Sequence[dict[str, Any]]) -> int:
    """Which of the records the database refuses: the end of the shortest beginning of the sheet that it does not take.

    It was refused as a whole, so at least one end is found; halving finds it in a few tries.
    """
    taken, refused = 0, len(records)
    while refused - taken > 1:
        middle = (taken + refused) // 2
        savepoint = session.begin_nested()
        try:
            _upsert(session, sheet, records[:middle])
        except IntegrityError:
            refused = middle
        else:
            taken = middle
        savepoint.rollback()
    return refused - 1


def _from_database(row: int, error: IntegrityError) -> Rejection:
    """What only the database can see: what somebody else wrote meanwhile."""
    detail = str(error.orig).strip().splitlines()[-1]
    if "ex_assignments_one_grid_head" in str(error.orig):
        # Both stand in the sentence, the one that was there last: Key (…)=(county, area, [day,day)).
        *_, (area, since) = re.findall(r"\)=\([^,]+, (.+?), \[([\d-]+),", detail)
        told = sheet_checks.second_head(f"{area} has one since {since}", f"{area} 自 {since} 起已有网格长")
        return Rejection(row, "role", *told)
    return Rejection(row, "row", detail, detail)


def _refused(file: str, rejection: Rejection) -> SheetRejected:
    return SheetRejected(
        file=file, row=rejection.row, field=rejection.field, reason=rejection.en, reason_zh=rejection.zh
    )
