"""Sheets of people, places, rules and area settings: taken whole or not at all; sent again they change nothing.

Rows are matched by their natural key (a staff number, a code, an id), so a sheet adds what is new and corrects what is
there; nothing is removed by leaving it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import SheetRejected
from geo.intake import people
from geo.intake.rejections import Rejection, from_validation
from geo.services import household_ids
from geo.services.tagging import tagger
from geo.space.crs import FRAMES, to_wgs84
from geo.storage import issue_tables, tables
from geo.storage.bulk import hex_points, upsert
from geo.storage.queries import boundaries, counties
from geo.storage.queries.counties import CountyInfo


@dataclass(frozen=True, slots=True)
class Sheet:
    """How one kind of sheet is stored: its table, what finds a row again, and which columns must exist elsewhere.

    :ivar columns: names in the table of what the sheet calls otherwise
    :ivar references: column of the table to (table, column) that it points at
    """

    row: type[people.SheetRow]
    table: Table
    key: tuple[str, ...]
    columns: Mapping[str, str]
    references: Mapping[str, tuple[Table, str]]


def _table(model: type[tables.Base]) -> Table:
    found = model.__table__
    assert isinstance(found, Table)  # noqa: S101 - declared as one
    return found


_CADRE: Final = (_table(tables.Cadre), "staff_no")
_ORGANISATION: Final = (_table(tables.Organisation), "code")
_AREA: Final = (_table(tables.Area), "code")
"""Of any boundary version: a staged one may be prepared for, a retired one has a past."""

SHEETS: Final[Mapping[str, Sheet]] = {
    "organisations": Sheet(
        people.OrganisationRow,
        _table(tables.Organisation),
        ("code",),
        {"area": "area_code"},
        {"area_code": _AREA},
    ),
    "cadres": Sheet(
        people.CadreRow,
        _table(tables.Cadre),
        ("staff_no",),
        {"organisation": "organisation_code"},
        {"organisation_code": _ORGANISATION},
    ),
    "assignments": Sheet(
        people.AssignmentRow,
        _table(tables.Assignment),
        ("area_code", "role", "staff_no", "from_day"),
        {"area": "area_code"},
        {"staff_no": _CADRE, "area_code": _AREA},
    ),
    "places": Sheet(
        people.PlaceRow,
        _table(tables.Place),
        ("id",),
        {"area": "claimed_area"},
        {"staff_no": _CADRE, "claimed_area": _AREA},
    ),
    "rules": Sheet(people.RuleRow, _table(tables.VisitRule), ("level", "tier"), {}, {}),
    "limits": Sheet(people.LimitRow, _table(issue_tables.IssueLimit), ("category",), {}, {}),
    "routes": Sheet(
        people.RouteRow,
        _table(issue_tables.IssueRoute),
        ("category", "area_code"),
        {"area": "area_code"},
        {"area_code": _AREA, "handler": _ORGANISATION, "liaison": _ORGANISATION},
    ),
    "settings": Sheet(people.AreaSettingRow, _table(tables.AreaSetting), ("code",), {}, {"code": _AREA}),
}


def take(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> int:
    """Add or correct the rows of a sheet.

    :param kind: a key of `SHEETS`
    :return: how many rows the sheet had
    :raises SheetRejected: a row cannot be taken; nothing of the sheet is
    """
    numbers, records = prepared(session, county, SHEETS[kind], rows, file)
    write(session, county, kind, numbers, records, file)
    return len(records)


def prepared(
    session: Session, county: CountyInfo, sheet: Sheet, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> tuple[list[int], list[dict[str, Any]]]:
    """Row numbers and records of the table, checked as far as that can be done before they are written.

    :raises SheetRejected: a row cannot be taken
    """
    numbers, values = _validated(sheet, rows, file)
    records = [_record(session, sheet, county, value) for value in values]
    _check(session, county, sheet, numbers, records, file)
    return numbers, records


def write(
    session: Session, county: CountyInfo, kind: str, numbers: Sequence[int], records: list[dict[str, Any]], file: str
) -> None:
    """Write what `prepared` gave.

    :raises SheetRejected: the database refuses a row; nothing of the sheet is written
    """
    sheet = SHEETS[kind]
    if kind == "organisations":
        _place(records)
        for record in records:
            del record["frame"]
    elif kind == "places":
        _locate(session, county, records)
    elif kind == "assignments":
        # As an activation does, which writes assignments too: neither waits for the other in a circle.
        counties.hold(session, county.code, alone=False)
    try:
        _upsert(session, sheet, records)
    except IntegrityError as error:
        row = numbers[_first_refused(session, sheet, records)]
        raise _refused(file, _from_database(row, error)) from error


def _validated(
    sheet: Sheet, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> tuple[list[int], list[people.SheetRow]]:
    numbers: list[int] = []
    values: list[people.SheetRow] = []
    for number, fields in rows:
        try:
            values.append(sheet.row.model_validate(fields))
        except ValidationError as error:
            raise _refused(file, from_validation(number, error)) from error
        numbers.append(number)
    return numbers, values


def _record(session: Session, sheet: Sheet, county: CountyInfo, value: people.SheetRow) -> dict[str, Any]:
    fields = {sheet.columns.get(name, name): field for name, field in value.model_dump().items()}
    if sheet.row is people.RouteRow and fields["area_code"] is None:
        fields["area_code"] = county.code
    if sheet.row is people.PlaceRow and fields["kind"] == "household" and household_ids.are_hashed(session):
        fields |= {"id": household_ids.hashed(session, fields["id"]), "name": None}
    return {"county_code": county.code, **fields}


def _check(
    session: Session,
    county: CountyInfo,
    sheet: Sheet,
    numbers: Sequence[int],
    records: Sequence[dict[str, Any]],
    file: str,
) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for number, record in zip(numbers, records, strict=True):
        key = tuple(record[name] for name in sheet.key)
        if key in seen:
            said = " ".join(str(part) for part in key)
            reason = Rejection(
                number, sheet.key[0], f"{said} stands already in row {seen[key]}", f"{said} 与第 {seen[key]} 行重复"
            )
            raise _refused(file, reason)
        seen[key] = number
    names = {column: name for name, column in sheet.columns.items()}
    for column, (target, target_column) in sheet.references.items():
        wanted = {record[column] for record in records if record[column] is not None}
        query = select(target.c[target_column]).where(
            target.c.county_code == county.code, target.c[target_column].in_(wanted)
        )
        known = set(session.scalars(query))
        for number, record in zip(numbers, records, strict=True):
            if record[column] is not None and record[column] not in known:
                en = f"{record[column]} is not among the {target.name}; import them first"
                zh = f"{record[column]} 不存在，请先导入 {target.name}"
                raise _refused(file, Rejection(number, names.get(column, column), en, zh))


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
    """What only the database can see: a second head of a grid."""
    detail = str(error.orig).strip().splitlines()[-1]
    if "ex_assignments_one_grid_head" in str(error.orig):
        return Rejection(
            row, "role", f"a grid has one head at a time: {detail}", f"同一网格同一时间只能有一名网格长：{detail}"
        )
    return Rejection(row, "row", detail, detail)


def _refused(file: str, rejection: Rejection) -> SheetRejected:
    return SheetRejected(
        file=file, row=rejection.row, field=rejection.field, reason=rejection.en, reason_zh=rejection.zh
    )
