"""A row of a sheet as its author meant it: cells in usual forms, axes where they belong, spoiled ids refused."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from geo.intake import cells
from geo.intake.rejections import Rejection
from geo.space.crs import MAX_LAT

_IDS: Final = (
    "id",
    "code",
    "staff_no",
    "area",
    "claimed_area",
    "organisation",
    "place",
    "visit",
    "handler",
    "liaison",
    "phone",
)
_TIMES: Final = ("started_at", "ended_at", "reported_at")
_DAYS: Final = ("due_on", "from", "to", "excluded_on")
_NUMBERS: Final = ("accuracy_m", "days", "visits_per_month", "every_days")
_COMMA: Final = re.compile(r"[-+]?\d{1,3},\d+")
_DAY_CHARS: Final = len("2026-10-31")

Row = tuple[int, Mapping[str, Any]]


def tidy(rows: Sequence[Row]) -> tuple[list[Row], list[Rejection]]:
    """Rows with their cells in the forms that the models take, and why the others cannot be read.

    What is no text, as the values of a form may be, stays as it is.
    """
    good: list[Row] = []
    refused: list[Rejection] = []
    for number, fields in rows:
        wrong, row = _tidied(number, fields)
        if wrong is None:
            good.append((number, row))
        else:
            refused.append(wrong)
    return good, refused


def _tidied(number: int, fields: Mapping[str, Any]) -> tuple[Rejection | None, dict[str, Any]]:
    row = dict(fields)
    for name in _IDS:
        if not isinstance(row.get(name), str):
            continue
        row[name] = cells.plain(row[name])
        why = cells.damage(row[name])
        if why is not None:
            return Rejection(number, name, *why), row
    _rewrite(row, _NUMBERS, cells.plain)
    _rewrite(row, _TIMES, lambda cell: cells.time_text(cell) or cell)
    _rewrite(row, _DAYS, _day)
    return _axes(number, row), row


def _rewrite(row: dict[str, Any], names: Sequence[str], change: Callable[[str], str]) -> None:
    for name in names:
        if isinstance(row.get(name), str) and row[name]:
            row[name] = change(row[name])


def _day(cell: str) -> str:
    """The day of a cell that says one, with or without a time; what says none stays, for the model to refuse."""
    found = cells.time_text(cell)
    return found[:_DAY_CHARS] if found else cell


def _axes(number: int, row: dict[str, Any]) -> Rejection | None:
    """Degrees become numbers, and go to the other column where they can only have been meant for it."""
    read: dict[str, tuple[float, str | None]] = {}
    for name in ("lon", "lat"):
        cell = row.get(name)
        if not isinstance(cell, str) or not (cell := cells.plain(cell)):
            continue
        found = cells.degrees(cell)
        if found is None:
            if _COMMA.fullmatch(cell):
                en = f"write {cell.replace(',', '.')} with a point, not with a comma"
                return Rejection(number, name, en, f"请用小数点，不要用逗号：{cell.replace(',', '.')}")
            return None  # the model says what is wrong
        read[name] = found
    if len(read) < 2:  # noqa: PLR2004 - both or the model's reason
        return None
    (lon, of_lon), (lat, of_lat) = read["lon"], read["lat"]
    northern, eastern = ("N", "S"), ("E", "W")
    exchanged = (of_lon in northern and of_lat not in northern) or (of_lat in eastern and of_lon not in eastern)
    if not exchanged and (of_lon in northern or of_lat in eastern):
        return Rejection(number, "lat", "both cells say the same axis", "两格写的是同一个方向的坐标")
    if exchanged or (of_lon is None and of_lat is None and abs(lat) > MAX_LAT >= abs(lon)):
        lon, lat = lat, lon
    row["lon"], row["lat"] = lon, lat
    return None
