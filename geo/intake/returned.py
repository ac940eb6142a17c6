"""The answer to a sheet: its refused rows as they came, with what is wrong and what to type, to mend and send again."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import Lang
from geo.intake.headers import ADDED_COLUMNS, ADDED_TITLES
from geo.intake.rejections import Rejection, as_it_came, is_nameless
from geo.intake.workbooks import for_paper

_WIDTH: Final = 18
_REASON_WIDTH: Final = 60
_WRONG: Final = PatternFill("solid", start_color="FFF2CC", end_color="FFF2CC")
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_NO_CHARACTER: Final = dict.fromkeys([*(code for code in range(32) if code not in (9, 10, 13)), 0xFFFE, 0xFFFF])
"""What the format of workbooks cannot hold."""


def render(
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    reasons: Mapping[int, tuple[str, str]],
    titles: Mapping[str, str],
    form: str,
) -> bytes:
    """A csv or xlsx sheet of refused rows.

    :param rows: number and cells of each, by the names of columns
    :param reasons: by number, the field that is wrong and the sentence that says so
    :param titles: titles of the columns as they came, by name and in their order
    """
    came = {name for _, cells in rows for name in cells}
    nameless = sorted(filter(is_nameless, came), key=lambda name: (len(name), name))
    names = [*(titles or sorted(came - {*nameless})), *nameless]
    chinese = any(not title.isascii() for title in titles.values())
    header = [
        *(titles.get(name, "" if name in nameless else name) for name in names),
        *(ADDED_TITLES if chinese else ADDED_COLUMNS),
    ]
    lines = [[*(_text(cells.get(name)) for name in names), str(row), reasons[row][1]] for row, cells in rows]
    if form == "csv":
        out = io.StringIO()
        csv.writer(out).writerows([header, *([inert(text) for text in line] for line in lines)])
        return ("\ufeff" + out.getvalue()).encode()
    wrong = [reasons[row][0] for row, _ in rows]
    return _workbook(header, lines, [names.index(field) if field in names else None for field in wrong])


def of_sheet(
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    refused: Sequence[Rejection],
    titles: Mapping[str, str],
    form: str,
    lang: Lang,
) -> bytes:
    """The same of the rows of a whole sheet, of which only the refused ones are given back."""
    reasons = {one.row: (one.field, one.text(lang)) for one in refused}
    return render([(row, as_it_came(cells)) for row, cells in rows if row in reasons], reasons, titles, form)


def inert(text: str) -> str:
    """What a spreadsheet that opens a csv does not take for a formula: an apostrophe stands before it.

    >>> inert("=1+1"), inert("-87.6")
    ("'=1+1", '-87.6')
    """
    return f"'{text}" if text[:1] in _FORMULAS and not _NUMBER.fullmatch(text) else text


def meant(text: str) -> str:
    """What `inert` was given; raises nothing, and leaves all other texts alone.

    >>> meant("'=1+1"), meant("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULAS and text[1:2] else text


def _workbook(header: Sequence[str], lines: Sequence[Sequence[str]], wrong: Sequence[int | None]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "未导入"
    sheet.freeze_panes = "A2"
    for at, title in enumerate(header, start=1):
        cell = _cell(sheet, 1, at)
        _write(cell, title)
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = _REASON_WIDTH if at == len(header) else _WIDTH
    for number, (line, mistaken) in enumerate(zip(lines, wrong, strict=True), start=2):
        for at, text in enumerate(line, start=1):
            cell = _cell(sheet, number, at)
            _write(cell, text)
            cell.number_format = "@"  # codes stay text when they are mended
        sheet.cell(number, len(header)).alignment = Alignment(wrap_text=True, vertical="top")
        if mistaken is not None:
            sheet.cell(number, mistaken + 1).fill = _WRONG
    for_paper(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # noqa: S101 - nothing is merged
    return cell


def _write(cell: Cell, text: str) -> None:
    cell.value = text.translate(_NO_CHARACTER)
    cell.data_type = "s"  # whatever it begins with, it is no formula


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return str(value)
