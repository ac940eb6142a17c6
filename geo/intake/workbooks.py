"""The first sheet of an xlsx workbook as lines of text, and empty workbooks to fill in."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import FileUnreadable, TooManyRows, WanggeError
from geo.intake import archives
from geo.limits import MAX_SHEET_ROWS

_MIDNIGHT: Final = time(0, 0)
_COLUMN_WIDTH: Final = 18
_EXACT: Final = 10**15
_LAST_ROW: Final = 2**20
"""No workbook has more; what says that it has is damaged, and would be filled up with empty rows."""
_PREPARED_ROWS: Final = 502
_IS_ERROR: Final = "e"
_HELP_WIDTHS: Final = (18, 8, 60, 40)
_NEEDED: Final = PatternFill("solid", start_color="FCE4D6", end_color="FCE4D6")
_OPTIONAL: Final = PatternFill("solid", start_color="EDEDED", end_color="EDEDED")


class ErrorCell(str):
    """What a cell shows whose formula has failed, such as ``#N/A``; the same as a text is an ordinary one."""

    __slots__ = ()


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet with their number, cells as they are typed: days as 2026-10-31, numbers without ``.0``.

    Rows without a value are passed over. Of a formula the value is taken that the spreadsheet has computed; where it
    could compute none, the cell is an `ErrorCell`.

    :raises FileUnreadable: missing, damaged, or a bomb; damage may show only after many rows
    :raises TooManyRows: more rows have values than are read
    """
    if not path.exists():
        raise FileUnreadable(file=path.name, reason="there is no such file", reason_zh="没有这个文件")
    archives.check(path)
    _refuse_macros(path)
    count = 0
    for number, cells in enumerate(_rows(path), start=1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            count += 1
            if count > MAX_SHEET_ROWS:
                raise TooManyRows(file=path.name, limit=MAX_SHEET_ROWS)
            yield number, texts


def _rows(path: Path) -> Iterator[Sequence[Any]]:
    """Cells of the first sheet, row by row, with the rows that it leaves out."""
    try:
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            # What a program wrote into the file as its size need not be true.
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if number > _LAST_ROW:
                    raise _damaged(path)  # noqa: TRY301 - beside the loop that it ends
                yield cells
    except WanggeError:
        raise
    # openpyxl takes a file for what it should be: of damage it raises whatever it happens to stumble over.
    except Exception as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> FileUnreadable:
    if not archives.listed(path):
        return FileUnreadable(
            file=path.name,
            reason="this is not an xlsx workbook; save the sheet as xlsx or csv",
            reason_zh="不是 xlsx 工作簿，请另存为 xlsx 或 csv",
        )
    return FileUnreadable(
        file=path.name,
        reason="the workbook is damaged and cannot be read to its end; open it, save it anew as xlsx or csv, send that",
        reason_zh="工作簿已损坏，无法完整读取，请打开后重新另存为 xlsx 或 csv 再上传",
    )


def _number(value: float) -> str:
    """Without ``.0``; one of so many digits was an id that has lost its last ones, and stays as it was shown."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= _EXACT:
        return f"{value:E}"
    return str(int(value)) if value == int(value) else str(value)


def _refuse_macros(path: Path) -> None:
    """A program that came with a sheet is nobody's wish, whatever the file is called."""
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in archives.listed(path)):
        raise FileUnreadable(
            file=path.name,
            reason="this workbook carries macros; save it as xlsx without macros",
            reason_zh="工作簿带有宏，请另存为不含宏的 xlsx",
        )


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    return ErrorCell(value) if cell.data_type == _IS_ERROR else str(value)


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column of an empty sheet: its title, whether it must be filled in, what belongs there, and an example.

    :ivar choices: the only words that are taken; empty where any are
    """

    title: str
    is_needed: bool
    told: str
    example: str
    choices: tuple[str, ...] = ()


def template(columns: Sequence[TemplateColumn], *, words: Sequence[str]) -> bytes:
    """An empty sheet with lists to choose from and notes at the titles, and a second sheet that explains and shows.

    :param words: titles of the second sheet: column, needed or not, what belongs there, example
    """
    book = Workbook()
    sheet, help_sheet = book.worksheets[0], book.create_sheet("说明")
    sheet.title = "填写"
    sheet.append([column.title for column in columns])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, start=1):
        _fill_in(sheet, get_column_letter(index), column)
    help_sheet.append(list(words))
    for column in columns:
        help_sheet.append([column.title, words[1] if column.is_needed else "", column.told, column.example])
    for letter, width in zip("ABCD", _HELP_WIDTHS, strict=True):
        help_sheet.column_dimensions[letter].width = width
        help_sheet[f"{letter}1"].font = Font(bold=True)
    for row in help_sheet.iter_rows():
        for cell in row:
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for one in (sheet, help_sheet):
        for_paper(one)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def for_paper(sheet: Worksheet) -> None:
    """Printed, all columns stand beside each other."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _fill_in(sheet: Worksheet, letter: str, column: TemplateColumn) -> None:
    sheet.column_dimensions[letter].width = _COLUMN_WIDTH
    title = sheet[f"{letter}1"]
    title.font = Font(bold=True)
    title.fill = _NEEDED if column.is_needed else _OPTIONAL
    note = Comment("\n".join(part for part in (column.told, column.example) if part), "Wangge")
    note.width, note.height = 260, 90
    title.comment = note
    # Codes are text: a spreadsheet would make numbers of them and lose their zeros.
    for row in range(2, _PREPARED_ROWS):
        sheet[f"{letter}{row}"].number_format = "@"
    if column.choices:
        listed = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
        listed.add(f"{letter}2:{letter}{_PREPARED_ROWS}")
        sheet.add_data_validation(listed)
