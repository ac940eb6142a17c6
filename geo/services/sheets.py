"""Sheets of people, places, rules and area settings: taken whole or not at all; sent again they change nothing.

Rows are matched by their natural key (a staff number, a code, an id), so a sheet adds what is new and corrects what is
there; nothing is removed by leaving it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from pydantic import ValidationError
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import SheetRejected
from geo.intake import people
from geo.intake.rejections import Rejection, from_validation
from geo.services.tagging import tagger
from geo.space.crs import to_wgs84
from geo.storage import tables
from geo.storage.bulk import hex_ewkb, upsert
from geo.storage.queries import boundaries
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

SHEETS: Final[Mapping[str, Sheet]] = {
    "organisations": Sheet(people.OrganisationRow, _table(tables.Organisation), ("code",), {"area": "area_code"}, {}),
    "cadres": Sheet(
        people.CadreRow,
        _table(tables.Cadre),
        ("staff_no",),
        {"organisation": "organisation_code"},
        {"organisation_code": (_table(tables.Organisation), "code")},
    ),
    "assignments": Sheet(
        people.AssignmentRow,
        _table(tables.Assignment),
        ("area_code", "role", "staff_no", "from_day"),
        {"area": "area_code"},
        {"staff_no": _CADRE},
    ),
    "places": Sheet(people.PlaceRow, _table(tables.Place), ("id",), {"area": "area_code"}, {"staff_no": _CADRE}),
    "rules": Sheet(people.RuleRow, _table(tables.VisitRule), ("level", "tier"), {}, {}),
    "settings": Sheet(people.AreaSettingRow, _table(tables.AreaSetting), ("code",), {}, {}),
}


def take(
    session: Session, county: CountyInfo, kind: str, rows: Iterable[tuple[int, Mapping[str, Any]]], file: str
) -> int:
    """Add or correct the rows of a sheet.

    :param kind: a key of `SHEETS`
    :return: how many rows the sheet had
    :raises SheetRejected: a row cannot be taken; nothing of the sheet is
    """
    sheet = SHEETS[kind]
    numbers, values = _validated(sheet, rows, file)
    records = [_record(sheet, county, value) for value in values]
    _check(session, county, sheet, numbers, records, file)
    if kind == "places":
        _locate(session, county, records)
    try:
        with session.begin_nested():
            if records:
                columns = list(records[0])
                rows_ = (tuple(record[column] for column in columns) for record in records)
                upsert(session, sheet.table, columns, ["county_code", *sheet.key], rows_)
    except IntegrityError as error:
        raise _refused(file, _from_database(error)) from error
    return len(records)


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


def _record(sheet: Sheet, county: CountyInfo, value: people.SheetRow) -> dict[str, Any]:
    fields = {sheet.columns.get(name, name): field for name, field in value.model_dump().items()}
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
    for column, (target, target_column) in sheet.references.items():
        wanted = {record[column] for record in records if record[column] is not None}
        query = select(target.c[target_column]).where(
            target.c.county_code == county.code, target.c[target_column].in_(wanted)
        )
        known = set(session.scalars(query))
        for number, record in zip(numbers, records, strict=True):
            if record[column] is not None and record[column] not in known:
                en = f"{record[column]} is not among the {target.name}; import them first"
                raise _refused(file, Rejection(number, column, en, f"{record[column]} 不存在，请先导入 {target.name}"))


def _locate(session: Session, county: CountyInfo, records: list[dict[str, Any]]) -> None:
    """Positions become WGS-84, and the area that contains them decides over the one that the sheet names."""
    active = boundaries.find_active(session, county.code)
    located = [record for record in records if record["lon"] is not None]
    lon = np.array([record["lon"] for record in located], dtype=np.float64)
    lat = np.array([record["lat"] for record in located], dtype=np.float64)
    for frame in {record["frame"] for record in located}:
        mine = np.array([record["frame"] == frame for record in located])
        lon[mine], lat[mine] = to_wgs84(lon[mine], lat[mine], frame)
    found = tagger(session, active).tag(lon, lat).deepest.tolist() if active else [None] * len(located)
    points = hex_ewkb(np.asarray(shapely.points(lon, lat), dtype=object)) if located else []
    for record in records:
        record["position"] = None
    for record, area, point in zip(located, found, points, strict=True):
        record["position"], record["area_code"] = point, area or record["area_code"]
    for record in records:
        del record["lon"], record["lat"]


def _from_database(error: IntegrityError) -> Rejection:
    """What only the database can see: a second head of a grid."""
    detail = str(error.orig).strip().splitlines()[-1]
    if "ex_assignments_one_grid_head" in str(error.orig):
        return Rejection(
            0, "role", f"a grid has one head at a time: {detail}", f"同一网格同一时间只能有一名网格长：{detail}"
        )
    return Rejection(0, "row", detail, detail)


def _refused(file: str, rejection: Rejection) -> SheetRejected:
    return SheetRejected(
        file=file, row=rejection.row, field=rejection.field, reason=rejection.en, reason_zh=rejection.zh
    )
