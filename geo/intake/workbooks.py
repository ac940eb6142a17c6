"""The first sheet of an xlsx workbook as lines of text, and empty workbooks to fill in."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import FileUnreadable, TooManyRows
from geo.intake import archives
from geo.limits import MAX_SHEET_ROWS

_MIDNIGHT: Final = time(0, 0)
_COLUMN_WIDTH: Final = 18
_EXACT: Final = 10**15
_PREPARED_ROWS: Final = 502
_HELP_WIDTHS: Final = (18, 8, 60, 40)
_NEEDED: Final = PatternFill("solid", start_color="FCE4D6", end_color="FCE4D6")
_OPTIONAL: Final = PatternFill("solid", start_color="EDEDED", end_color="EDEDED")


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet with their number, cells as they are typed: days as 2026-10-31, numbers without ``.0``.

    Of a formula the value is taken that the spreadsheet has computed.

    :raises FileUnreadable: missing, damaged, a bomb, or with a cell that holds an error
    """
    if not path.exists():
        raise FileUnreadable(file=path.name, reason="there is no such file", reason_zh="没有这个文件")
    archives.check(path)
    _refuse_macros(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # What a program wrote into the file as its size need not be true.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MAX_SHEET_ROWS:
                raise TooManyRows(file=path.name, limit=MAX_SHEET_ROWS)
            yield number, [_text(path, number, cell) for cell in cells]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError) as error:
        raise FileUnreadable(
            file=path.name,
            reason="this is not an xlsx workbook; save the sheet as xlsx or csv",
            reason_zh="不是 xlsx 工作簿，请另存为 xlsx 或 csv",
        ) from error


def _number(value: float) -> str:
    """Without ``.0``; one of so many digits was an id that has lost its last ones, and stays as it was shown."""
    if abs(value) >= _EXACT:
        return f"{value:E}"
    return str(int(value)) if value == int(value) else str(value)


def _refuse_macros(path: Path) -> None:
    """A program that came with a sheet is nobody's wish, whatever the file is called."""
    try:
        with zipfile.ZipFile(path) as archive:
            has_macros = any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return
    if has_macros:
        raise FileUnreadable(
            file=path.name,
            reason="this workbook carries macros; save it as xlsx without macros",
            reason_zh="工作簿带有宏，请另存为不含宏的 xlsx",
        )


def _text(path: Path, number: int, cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number(cell)
    text = str(cell)
    if text.startswith("#") and text.endswith(("!", "?", "/A")):
        raise FileUnreadable(
            file=path.name,
            reason=f"row {number} has a cell with the error {text}; mend the formula",
            reason_zh=f"第 {number} 行有错误值 {text}，请改正公式",
        )
    return text


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
