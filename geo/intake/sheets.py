"""Sheets as csv (UTF-8 with or without a mark, or GB18030) or xlsx; English or Chinese column names in any order."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from geo.errors import FileEmpty, FileUnreadable
from geo.intake import workbooks

ADDED_COLUMNS: Final = ("row", "reason")
"""What `write_rejected` puts beside the columns that came."""

CHINESE_COLUMNS: Final[dict[str, str]] = {
    "代码": "code",
    "编号": "id",
    "工号": "staff_no",
    "姓名": "name",
    "名称": "name",
    "类型": "kind",
    "单位": "organisation",
    "职务": "post",
    "电话": "phone",
    "区域": "area",
    "区域代码": "area",
    "角色": "role",
    "起": "from",
    "止": "to",
    "经度": "lon",
    "纬度": "lat",
    "坐标系": "frame",
    "结对干部": "staff_no",
    "开始时间": "started_at",
    "结束时间": "ended_at",
    "精度(米)": "accuracy_m",
    "精度（米）": "accuracy_m",
    "走访对象": "place",
    "中心工作": "topics",
    "备注": "note",
    "层级": "level",
    "类别": "tier",
    "每月次数": "visits_per_month",
    "间隔天数": "every_days",
    "排除原因": "excluded_reason",
    "经手人": "excluded_by",
    "排除日期": "excluded_on",
}


_TITLES: Final = {"staff_no": "工号", "code": "代码", "name": "名称", "area": "区域", "claimed_area": "所在区域"}
"""Of English names that have several Chinese ones, the one that a template has."""


def title_of(column: str) -> str:
    """The Chinese title of a column.

    >>> title_of("staff_no"), title_of("from")
    ('工号', '起')
    """
    chinese = {english: title for title, english in reversed(CHINESE_COLUMNS.items())}
    return _TITLES.get(column) or chinese.get(column, column)


def rows(path: Path, *, columns: frozenset[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a sheet with their number in it, the header being row 1; empty rows are passed over.

    A row counts once however many lines a quoted cell has, as spreadsheets count. Spaces around a cell go; cells that a
    short row leaves out are empty; a column without a name must be empty, and is left out.

    :param columns: the names that the sheet may have; what is called 所在区域 is the one of ``area`` and
        ``claimed_area`` that it has
    :raises FileUnreadable: missing, not text, or with a cell that stands under no column name
    :raises FileEmpty: no row below the header
    """
    header: list[str] | None = None
    any_row = False
    for number, cells in _lines(path):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [_english(cell.strip(), columns) for cell in cells]
            _check_header(path, header)
            continue
        any_row = True
        yield number, _fields(path, number, header, cells)
    if not any_row:
        raise FileEmpty(file=path.name)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    if path.suffix.lower() == ".xlsx":
        yield from workbooks.lines(path)
        return
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        where = f"line {reader.line_num}: {error}"
        raise FileUnreadable(file=path.name, reason=where, reason_zh=f"第 {reader.line_num} 行：{error}") from error


def _fields(path: Path, number: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    pairs = list(zip_longest(header, (cell.strip() for cell in cells), fillvalue=""))
    nameless = next((cell for name, cell in pairs if not name and cell), None)
    if nameless is not None:
        raise FileUnreadable(
            file=path.name,
            reason=f"row {number} has “{nameless[:40]}” under no column name",
            reason_zh=f"第 {number} 行的“{nameless[:40]}”没有对应的列名",
        )
    return {name: cell for name, cell in pairs if name}


def _check_header(path: Path, header: list[str]) -> None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileUnreadable(
            file=path.name,
            reason=f"column {twice[0]} stands twice in the header",
            reason_zh=f"表头中“{twice[0]}”列出现两次",
        )


def _english(name: str, columns: frozenset[str]) -> str:
    if name == "所在区域":
        return "claimed_area" if "claimed_area" in columns else "area"
    return name if name in columns else CHINESE_COLUMNS.get(name, name)


def _text(path: Path) -> str:
    if not path.exists():
        raise FileUnreadable(file=path.name, reason="there is no such file", reason_zh="没有这个文件")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileUnreadable(
            file=path.name, reason=f"cannot be read ({error.strerror})", reason_zh=f"无法读取（{error.strerror}）"
        ) from error
    if b"\0" in raw:
        raise FileUnreadable(
            file=path.name,
            reason="this is not a csv file; save the sheet as csv or xlsx",
            reason_zh="不是 csv 文件，请把表格另存为 csv 或 xlsx",
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileUnreadable(
        file=path.name,
        reason="neither UTF-8 nor GB18030; save it as UTF-8",
        reason_zh="既不是 UTF-8 也不是 GB18030，请另存为 UTF-8",
    )


def write_rejected(path: Path, sheet: Sequence[tuple[int, Mapping[str, str]]], reasons: Mapping[int, str]) -> None:
    """Write the refused rows as they came, with why, so that they can be mended and sent again.

    :param reasons: line of the sheet → reason
    :raises FileUnreadable: it cannot be written
    """
    header = list(sheet[0][1])
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*header, *ADDED_COLUMNS])
            for number, fields in sheet:
                if number in reasons:
                    writer.writerow([*(fields.get(name, "") for name in header), number, reasons[number]])
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise FileUnreadable(file=str(path), reason=reason, reason_zh=f"无法写入（{error.strerror}）") from error
