"""The workbook of a bulletin: every figure with its formula and a link to the rows behind it, a sheet for each list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from api import cells
from api.cells import Cell
from geo.analysis.bulletins import Bulletin, Figure, Listing
from geo.errors import Lang
from maps import bulletin_words as words
from maps.packed import settled

_LINK: Final = Font(color="0A5FB4", underline="single")
_FORMULA_COLUMN, _LINK_COLUMN, _VALUE_COLUMN, _BEFORE_COLUMN = 8, 7, 3, 4
_SHARE, _DECIMAL, _COUNT = "0.0%", "0.000", "#,##0"


@dataclass(frozen=True, slots=True)
class _Sheets:
    """What formulas speak of: the names of the sheets in one language, and the lines of the figures."""

    bulletin: Bulletin
    lang: Lang

    def cell(self, listing: Listing, column: str, row: int | str) -> str:
        return f"${get_column_letter(listing.columns.index(column) + 1)}${row}"

    def range(self, listing: Listing, column: str, first: int = 0, last: int | None = None) -> str:
        """A column from one row to another, from 0."""
        end = len(listing.rows) - 1 if last is None else last
        sheet = quote_sheetname(words.list_name(listing.name, self.lang))
        return f"{sheet}!{self.cell(listing, column, first + 2)}:{self.cell(listing, column, end + 2)}"

    def line(self, name: str) -> int:
        """The row of a figure in the sheet of figures."""
        return self.bulletin.numbered()[name][0] + 1


def render(bulletin: Bulletin, lang: Lang) -> bytes:
    """The workbook; the same bytes for the same bulletin."""
    book = cells.empty_book()
    sheet = _add_figures(book, bulletin, lang)
    for listing in bulletin.lists:
        titles = [words.column(column, lang) for column in listing.columns]
        rows = (
            [words.cell(column, value, lang) for column, value in zip(listing.columns, row, strict=True)]
            for row in listing.rows
        )
        cells.add_table(book, words.list_name(listing.name, lang), (titles, rows))
    _link(sheet, _Sheets(bulletin, lang))
    return settled(cells.saved(book), bulletin.as_of)


def _add_figures(book: Workbook, bulletin: Bulletin, lang: Lang) -> Worksheet:
    titles = ("mark", "indicator", "this_month", "last_month", "change", "how", "open_list", "recount")
    numbered = bulletin.numbered()

    def line(number: int, figure: Figure) -> list[Cell]:
        before = numbered.get(figure.before or "", (0, None))[1]
        name = words.figure_name(bulletin, figure.name, lang)
        known = figure.value is not None and before is not None and before.value is not None
        change = (figure.value or 0) - (before.value or 0) if known and before else None
        told = None if before is None else before.value
        return [number, name, figure.value, told, change, _how(bulletin, figure, lang), None, None]

    rows = [line(number, figure) for number, figure in numbered.values()]
    table = ([words.word(one, lang) for one in titles], rows)
    sheet = cells.add_table(book, words.word("figures_sheet", lang), table)
    sheet.column_dimensions["G"].width, sheet.column_dimensions["H"].width = 20, 16
    return sheet


def _how(bulletin: Bulletin, figure: Figure, lang: Lang) -> str:
    """How the figure follows from its list, in words."""
    if figure.how == "ratio":
        marks = [bulletin.numbered()[name][0] for name in figure.of]
        return words.word("how_ratio", lang, **dict(zip("abc", marks, strict=True)))
    name = words.column(figure.column, lang) if figure.column else ""
    said = [words.word(f"how_{figure.how}", lang, column=name)]
    for column, value in figure.where:
        told = words.cell(column, value, lang)
        said.append(words.word("where", lang, column=words.column(column, lang), value="" if told is None else told))
    return "；".join(said) if lang == "zh-CN" else "; ".join(said)


def _link(sheet: Worksheet, sheets: _Sheets) -> None:
    """Links, formulas and forms of numbers, once all sheets are there."""
    for name, (_, figure) in sheets.bulletin.numbered().items():
        row = sheets.line(name)
        form = _SHARE if name.endswith("rate") else _COUNT if isinstance(figure.value, int) else _DECIMAL
        for column in (_VALUE_COLUMN, _BEFORE_COLUMN, _BEFORE_COLUMN + 1, _FORMULA_COLUMN):
            sheet.cell(row, column).number_format = form
        formula = _formula(figure, sheets)
        if formula:
            sheet.cell(row, _FORMULA_COLUMN).value = formula
        if figure.list_name is None:
            continue
        cell = sheet.cell(row, _LINK_COLUMN)
        cell.value = words.list_name(figure.list_name, sheets.lang)
        place = target(sheets.bulletin, figure, sheets.lang)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place)
        cell.font = _LINK


def target(bulletin: Bulletin, figure: Figure, lang: Lang) -> str:
    """The rows behind a figure where they stand together, else the whole list; its titles where it is empty."""
    listing = bulletin.listing(figure.list_name or "")
    sheet = quote_sheetname(words.list_name(listing.name, lang))
    places = listing.places(figure.where) if _together(listing.places(figure.where)) else list(range(len(listing.rows)))
    last = get_column_letter(len(listing.columns))
    return f"{sheet}!A{places[0] + 2}:{last}{places[-1] + 2}" if places else f"{sheet}!A1:{last}1"


def _together(places: Sequence[int]) -> bool:
    return not places or places[-1] - places[0] + 1 == len(places)


def _formula(figure: Figure, sheets: _Sheets) -> str | None:
    """The figure counted again by the workbook itself."""
    if figure.how == "ratio":
        part, whole, out = (f"C{sheets.line(name)}" for name in figure.of)
        return f'=IF({whole}-{out}=0,"",{part}/({whole}-{out}))'
    if figure.how == "test":
        return None
    listing = sheets.bulletin.listing(figure.list_name or "")
    if figure.how == "median":
        return _median(figure, listing, sheets)
    return f"={_counted(figure, listing, sheets)}" if listing.rows else "=0"


def _counted(figure: Figure, listing: Listing, sheets: _Sheets) -> str:
    """Rows, or the sum of a column, of those that meet the conditions."""
    told = [(column, words.cell(column, value, sheets.lang)) for column, value in figure.where]
    parts = [f"--({sheets.range(listing, column)}={_literal(value)})" for column, value in told]
    if figure.how == "sum":
        summed = sheets.range(listing, figure.column or "")
        return f"SUMPRODUCT({','.join([*parts, summed])})" if parts else f"SUM({summed})"
    return f"SUMPRODUCT({','.join(parts)})" if parts else f"COUNTA({sheets.range(listing, listing.columns[0])})"


def _median(figure: Figure, listing: Listing, sheets: _Sheets) -> str | None:
    places = listing.places(figure.where)
    if not places or not _together(places):
        return None
    return f"=MEDIAN({sheets.range(listing, figure.column or '', places[0], places[-1])})"


def _literal(value: Cell) -> str:
    """A value as a formula has it."""
    shown = cells.in_workbook(value)
    if isinstance(shown, int | float):
        return str(shown)
    return '"' + str(shown or "").replace('"', '""') + '"'
