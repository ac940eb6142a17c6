"""Cells of sheets, workbooks and text tables. Text that a spreadsheet would take for a formula is kept as text."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

Cell = str | int | float | None
Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
"""Titles, and rows below them."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_MAX_COLUMN_WIDTH: Final = 40
_MEASURED_ROWS: Final = 200
_FIGURE_WIDTH: Final = 28
_MARK: Final = "\ufeff"


def to_csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """UTF-8 with a mark, so that Excel reads the Chinese."""
    out = io.StringIO()
    out.write(_MARK)
    writer = csv.writer(out)
    writer.writerow(titles)
    writer.writerows([_text_only(value) for value in row] for row in rows)
    return out.getvalue()


def to_xlsx(tables: Mapping[str, Table], figures: tuple[str, Iterable[tuple[Cell, Cell]]]) -> bytes:
    """A workbook: a sheet for each table, its titles bold and frozen, and one of labels and values last."""
    book = empty_book()
    for name, table in tables.items():
        add_table(book, name, table)
    sheet = book.create_sheet(figures[0])
    for label, value in figures[1]:
        sheet.append([in_workbook(label), in_workbook(value)])
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = _FIGURE_WIDTH
    return saved(book)


def empty_book() -> Workbook:
    """A workbook without a sheet."""
    book = Workbook(write_only=False)
    book.remove(book.worksheets[0])
    return book


def add_table(book: Workbook, name: str, table: Table) -> Worksheet:
    """A sheet of a table, its titles bold and frozen, with a filter."""
    titles, rows = table
    sheet: Worksheet = book.create_sheet(name)
    sheet.append(list(titles))
    for row in rows:
        sheet.append([in_workbook(value) for value in row])
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    for index, cells in enumerate(sheet.iter_cols(min_row=1, max_row=min(sheet.max_row, _MEASURED_ROWS)), start=1):
        cells[0].font = Font(bold=True)
        widest = max(width(str(cell.value or "")) for cell in cells)
        sheet.column_dimensions[get_column_letter(index)].width = min(widest + 2, _MAX_COLUMN_WIDTH)
    return sheet


def saved(book: Workbook) -> bytes:
    """The file."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def to_text(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[str]:
    """Lines for a terminal, in columns; Chinese characters count two."""
    cells = [list(titles), *(["—" if value is None else str(value) for value in row] for row in rows)]
    widths = [max(width(line[i]) for line in cells) for i in range(len(titles))]
    lines = [
        "  ".join(text + " " * (size - width(text)) for text, size in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("─" * size for size in widths))
    return lines


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _text_only(value: Cell) -> Cell:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def in_workbook(value: Cell) -> Cell:
    """A workbook is XML, which has no control characters."""
    return _text_only(ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value)
