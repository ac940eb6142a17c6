"""Lists that people read: columns, choices, order and pages from the query, and the same rows as a file.

A `Table` is made for one request, in the language of its page; `arranged` gives its rows as the query asks for them.
What the page shows of it is made by `api.listings`, so that both test without each other.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, Literal, TypeVar
from urllib.parse import quote

from fastapi import Depends, Query
from fastapi.responses import Response

from api import cells
from api.cells import Cell
from api.dependencies import PLAIN
from api.exports import MEDIA_TYPES
from geo.errors import InvalidChoice, Lang, TooLarge
from geo.limits import MAX_EXPORT_ROWS, MAX_FILTER_CHARS, MAX_LIST_PAGE
from maps import catalogue

Row = TypeVar("Row")
Form = Literal["html", "csv", "xlsx"]
Key = str | int | float | None
Card = Literal["", "lead", "small"]
"""How a cell stands on a card: with its label, without one after the name, or with its label in small print below."""

_BACKWARDS: Final = "-"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what a cell shows.

    :ivar href: where it leads to, if anywhere
    :ivar mark: ``badge-met``, ``badge-under`` … for a badge, ``late`` for red, as in ``wangge.css``
    """

    text: str
    href: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    :ivar name: in the query, ``sort=name`` or ``sort=-name``
    :ivar title: its words, in the page's language
    :ivar value: what files hold, what is searched and, but for ``pieces``, what is shown
    :ivar key: what it is sorted by; ``value`` if not given; None is last in both orders
    :ivar pieces: what is shown instead of ``value``
    :ivar heading: whether it names the row
    :ivar exported: whether files have it; what only leads somewhere is neither exported nor sorted nor searched
    :ivar card: how it stands where a row is a card
    """

    name: str
    title: str
    value: Callable[[Row], Cell]
    key: Callable[[Row], Key] | None = None
    pieces: Callable[[Row], Sequence[Piece]] | None = None
    numeric: bool = False
    heading: bool = False
    exported: bool = True
    card: Card = ""


@dataclass(frozen=True, slots=True)
class Choice(Generic[Row]):
    """A choice that leaves only some rows.

    :ivar name: in the query
    :ivar options: value in the query → words
    :ivar of: the values that a row has
    """

    name: str
    title: str
    options: Mapping[str, str]
    of: Callable[[Row], Collection[str]]


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """What a list is made of.

    :ivar title: what stands above it, and names its files
    :ivar empty: what to do where there is nothing at all
    """

    title: str
    columns: Sequence[Column[Row]]
    choices: Sequence[Choice[Row]] = ()
    empty: str = ""

    def column(self, name: str) -> Column[Row]:
        """The column that the rows are to be sorted by.

        :raises InvalidChoice: there is none of that name
        """
        names = [one.name for one in self.columns if one.exported]
        if name not in names:
            raise InvalidChoice(field="sort", value=name, choices=", ".join(names))
        return next(one for one in self.columns if one.name == name)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query asks of a list, and of every list alike.

    :ivar sort: a column, with ``-`` before it for the other way round; empty for the order of the list itself
    :ivar text: words that a row must have
    :ivar page: from 1
    :ivar whole: all rows on one page, for printing
    """

    sort: str = ""
    text: str = ""
    page: int = 1
    whole: bool = False
    form: Form = "html"

    @property
    def column(self) -> str:
        """Name of the column that rows are sorted by; empty for none."""
        return self.sort.removeprefix(_BACKWARDS)

    @property
    def backwards(self) -> bool:
        """Whether the largest comes first."""
        return self.sort.startswith(_BACKWARDS)


async def _asked(
    sort: Annotated[
        str, Query(max_length=64, pattern=PLAIN, description="column to sort by; with - before it, largest first")
    ] = "",
    q: Annotated[str, Query(max_length=MAX_FILTER_CHARS, pattern=PLAIN, description="words that a row must have")] = "",
    page: Annotated[int, Query(ge=1, le=MAX_LIST_PAGE, description="page of the list, from 1")] = 1,
    whole: Annotated[bool, Query(description="all rows on one page, for printing")] = False,  # noqa: FBT002
    format: Annotated[  # noqa: A002 - the name on the wire
        Form, Query(description="html by page; csv or xlsx with all rows that are left, in their order")
    ] = "html",
) -> Asked:
    return Asked(sort, q.strip(), page, whole, format)


AskedQuery = Annotated[Asked, Depends(_asked)]


def arranged(
    table: Table[Row], rows: Iterable[Row], asked: Asked, chosen: Mapping[str, str | None] | None = None
) -> list[Row]:
    """The rows that are left, in the order that is asked for; rows that are equal there keep their own.

    :param chosen: value of each choice by its name; empty or None for all
    :raises InvalidChoice: there is no such column, or no such value of a choice
    """
    left = list(rows)
    for choice in table.choices:
        wanted = (chosen or {}).get(choice.name)
        if not wanted:
            continue
        if wanted not in choice.options:
            raise InvalidChoice(field=choice.name, value=wanted, choices=", ".join(choice.options))
        left = [row for row in left if wanted in choice.of(row)]
    terms = folded(asked.text).split()
    if terms:
        left = [row for row in left if _has(table, row, terms)]
    return _sorted(table.column(asked.column), left, backwards=asked.backwards) if asked.column else left


def file(
    table: Table[Row],
    rows: Sequence[Row],
    form: Literal["csv", "xlsx"],
    lang: Lang,
    *,
    name: str,
    figures: Sequence[tuple[Cell, Cell]] = (),
) -> Response:
    """Rows as a file to be kept, titles in the page's language.

    :param name: of the file, without its ending
    :param figures: what stands beside the rows in a workbook
    :raises TooLarge: there are more than `MAX_EXPORT_ROWS`
    """
    if len(rows) > MAX_EXPORT_ROWS:
        raise TooLarge(what="the number of rows", what_zh="行数", limit=MAX_EXPORT_ROWS)
    columns = [one for one in table.columns if one.exported]
    titles = [one.title for one in columns]
    lines = [[one.value(row) for one in columns] for row in rows]
    words = catalogue.words("tables", lang)
    content: str | bytes = cells.to_csv(titles, lines)
    if form == "xlsx":
        counted = [*figures, (words["rows"], len(rows))]
        content = cells.to_xlsx({words["sheet"]: (titles, lines)}, (words["summary"], counted))
    answer = Response(content, media_type=MEDIA_TYPES[form])
    answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{form}', safe='')}"
    return answer


def folded(text: str) -> str:
    """A text as it is compared: full-width and capital letters are like the others.

    >>> folded("ＡＢ１ 村")
    'ab1 村'
    """
    return unicodedata.normalize("NFKC", text).casefold()


def _has(table: Table[Row], row: Row, terms: Sequence[str]) -> bool:
    values = (one.value(row) for one in table.columns if one.exported and not one.numeric)
    texts = [folded(str(value)) for value in values if value is not None]
    return all(any(term in text for text in texts) for term in terms)


def _sorted(column: Column[Row], rows: Sequence[Row], *, backwards: bool) -> list[Row]:
    keys = [(column.key or column.value)(row) for row in rows]
    numbered = [(_comparable(key), at) for at, key in enumerate(keys) if key is not None]
    # Equal ones keep their order either way: `sorted` reverses the comparison, not the result.
    order = [at for _, at in sorted(numbered, key=lambda one: one[0], reverse=backwards)]
    return [rows[at] for at in [*order, *(at for at, key in enumerate(keys) if key is None)]]


def _comparable(key: str | int | float) -> tuple[bool, float, str]:
    return (True, 0.0, folded(key)) if isinstance(key, str) else (False, float(key), "")
