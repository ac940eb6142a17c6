"""What a page shows of a list: headings that sort, a form that filters, rows, and the way to the other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple

from api import addresses
from api.cells import Cell
from api.tables import Asked, Column, Piece, Row, Table, arranged
from geo.errors import Lang
from geo.limits import LIST_ROWS, MAX_PRINTED_ROWS
from maps import catalogue

Sorted = Literal["ascending", "descending", "none"]
_NEAR: Final = 2
_BRIEF: Final = 16
"""Characters of a cell that is not broken: a code of a grid has fifteen."""


class Head(NamedTuple):
    """Title of a column; ``href`` sorts by it, or the other way round."""

    title: str
    numeric: bool
    href: str
    sorted: Sorted


class Shown(NamedTuple):
    """A cell; ``label`` is its column's title, for cards.

    :ivar marks: classes of ``tables.css``: a ``brief`` cell (a day, a code) stands in one line, one that only
        ``leads`` somewhere is left out on paper, and ``nothing`` stands in one that is left out of a card
    """

    label: str
    pieces: Sequence[Piece]
    heading: bool
    marks: str


class Select(NamedTuple):
    """A choice in the form: value, words and whether it stands now."""

    name: str
    title: str
    options: Sequence[tuple[str, str, bool]]


class PageLink(NamedTuple):
    """A page of the list; no number where some are left out."""

    number: int | None
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list as its template reads it.

    :ivar rows: all that are left, in their order: what a file holds
    :ivar kept: names and values that its form sends along
    :ivar printed: address of all rows on one page, where they are on several and not too many
    """

    title: str
    path: str
    text: str
    rows: Sequence[Row]
    total: int
    range: str
    heads: Sequence[Head]
    lines: Sequence[Sequence[Shown]]
    selects: Sequence[Select]
    kept: Sequence[tuple[str, str]]
    pages: Sequence[PageLink]
    downloads: Mapping[str, str]
    reset: str
    printed: str
    filtered: bool
    empty: str
    words: Mapping[str, str]


def listing(
    table: Table[Row],
    rows: Sequence[Row],
    asked: Asked,
    *,
    path: str,
    lang: Lang,
    chosen: Mapping[str, str | None] | None = None,
    kept: Mapping[str, str | None] | None = None,
) -> Listing[Row]:
    """Rows as a page shows them; a page beyond the last is the last.

    :param path: of the page
    :param chosen: value of each choice of the table by its name
    :param kept: what else the page was asked for, and every link keeps
    :raises InvalidChoice: there is no such column, or no such value of a choice
    """
    left = arranged(table, rows, asked, chosen)
    words = catalogue.words("tables", lang)
    whole = asked.whole and len(left) <= MAX_PRINTED_ROWS
    size = max(1, len(left)) if whole else LIST_ROWS
    pages = max(1, -(-len(left) // size))
    page = min(asked.page, pages)
    shown = left[(page - 1) * size : page * size]
    choices = {one.name: (chosen or {}).get(one.name) for one in table.choices}
    state = {**(kept or {}), **choices, "q": asked.text, "sort": asked.sort}

    def to(**changes: str | None) -> str:
        return addresses.to(path, state, **changes)

    first = (page - 1) * size + 1
    return Listing(
        title=table.title,
        path=path,
        text=asked.text,
        rows=left,
        total=len(left),
        range=words["range"].format(x=first, y=first + len(shown) - 1, n=len(left)) if shown else words["no_rows"],
        heads=[_head(one, asked, to(sort=_next(one, asked))) for one in table.columns],
        lines=[[_cell(one, row) for one in table.columns] for row in shown],
        selects=_selects(table, asked, choices, words),
        kept=[(key, value) for key, value in (kept or {}).items() if value],
        pages=[
            PageLink(number, to(page=str(number)) if number else "", number == page) for number in _near(page, pages)
        ],
        downloads={form: to(format=form) for form in ("xlsx", "csv")} if left else {},
        reset=to(q=None, sort=None, **dict.fromkeys(choices)),
        printed=to(whole="true") if len(shown) < len(left) <= MAX_PRINTED_ROWS else "",
        filtered=bool(asked.text or any(choices.values())),
        empty=words["none_left"] if rows else table.empty or words["none"],
        words=words,
    )


def text_of(value: Cell) -> str:
    """A value as it is shown: thousands set apart, a dash for nothing.

    >>> text_of(12345), text_of(None), text_of("村")
    ('12,345', '—', '村')
    """
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else f"{value:,}"


def _head(column: Column[Row], asked: Asked, href: str) -> Head:
    stands: Sorted = "none"
    if column.name == asked.column:
        stands = "descending" if asked.backwards else "ascending"
    return Head(column.title, column.numeric, href if column.exported else "", stands)


def _next(column: Column[Row], asked: Asked) -> str:
    """Largest first for numbers, smallest first for text; then the other way round."""
    if column.name == asked.column:
        return column.name if asked.backwards else f"-{column.name}"
    return f"-{column.name}" if column.numeric else column.name


def _cell(column: Column[Row], row: Row) -> Shown:
    pieces = column.pieces(row) if column.pieces else [Piece(text_of(column.value(row)))]
    brief = sum(len(one.text) for one in pieces) <= _BRIEF
    shown = pieces or [Piece("—")]
    marks = {
        "numeric": column.numeric,
        "brief": brief and not column.numeric,
        f"card-{column.card}": bool(column.card),
        "leads": not column.exported,
        "nothing": all(one.text == "—" for one in shown),
    }
    return Shown(column.title, shown, column.heading, " ".join(mark for mark, holds in marks.items() if holds))


def _selects(
    table: Table[Row], asked: Asked, choices: Mapping[str, str | None], words: Mapping[str, str]
) -> list[Select]:
    found = [
        Select(
            one.name,
            one.title,
            [("", words["all"], not choices[one.name])]
            + [(value, word, value == choices[one.name]) for value, word in one.options.items()],
        )
        for one in table.choices
    ]
    orders = [("", words["own_order"], not asked.sort)]
    for column in table.columns:
        if column.exported:
            for sort, arrow in ((column.name, "↑"), (f"-{column.name}", "↓")):
                orders.append((sort, f"{column.title} {arrow}", sort == asked.sort))
    return [*found, Select("sort", words["sort"], orders)]


def _near(page: int, pages: int) -> list[int | None]:
    """The first, the last and those around the one that is shown; None where some are left out.

    >>> _near(5, 10)
    [1, None, 3, 4, 5, 6, 7, None, 10]
    >>> _near(1, 1)
    []
    """
    if pages == 1:
        return []
    numbers = sorted({1, pages, *range(max(1, page - _NEAR), min(pages, page + _NEAR) + 1)})
    found: list[int | None] = []
    for number in numbers:
        if found and number - (found[-1] or 0) > 1:
            found.append(None)
        found.append(number)
    return found
