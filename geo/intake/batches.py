"""Files of visits or issues as rows: sheets (csv, xlsx), where every cell is text, or one JSON object a line."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geo.errors import SheetRejected
from geo.intake import headers, ndjson, returned, sheets
from geo.intake.issues import IssueRow
from geo.intake.located import Row
from geo.intake.rejections import Spoiled
from geo.intake.visits import VisitRow

Kind = Literal["visits", "issues"]
Numbered = tuple[int, Mapping[str, Any]]
Item = TypeVar("Item")

ROWS: Final[Mapping[Kind, type[Row]]] = {"visits": VisitRow, "issues": IssueRow}
NDJSON: Final = ".ndjson"
SUFFIXES: Final = (".csv", ".xlsx", NDJSON)


def read(path: Path, kind: Kind) -> Iterator[Numbered]:
    """Rows with their number, as the sender counts them: rows of a sheet, the header being one, or lines.

    One that cannot be read for what it is comes as `Spoiled`.

    :raises FileUnreadable, FileEmpty: it is no such file, is damaged, or has no row; damage may show after many rows
    :raises TooManyRows: a workbook of too many
    :raises SheetRejected: a column is missing, or is none of the kind's
    """
    if path.suffix.lower() == NDJSON:
        yield from ndjson.rows(path)
        return
    yield from sheet(path, kind, ROWS[kind])


def sheet(path: Path, kind: str, row: type[BaseModel]) -> Iterator[Numbered]:
    """The same for a sheet (csv, xlsx) of whatever kind, whose columns are the fields of a model.

    :raises FileUnreadable, FileEmpty, SheetRejected: as `read`
    """
    rows = sheets.rows(path, columns=frozenset(_fields(row)))
    first = next(rows)
    _check_header(path, kind, _fields(row), _without_added(first[1]))
    every = itertools.chain([first], rows)
    if first[1].keys() & set(headers.ADDED_COLUMNS):
        yield from ((number, _without_added(fields)) for number, fields in every)
    else:
        yield from every


def look_through(path: Path, kind: Kind) -> None:
    """Read a file to its end, and raise what `read` raises wherever in it; the rows are not kept."""
    deque(read(path, kind), maxlen=0)


def titles(path: Path, kind: Kind) -> dict[str, str]:
    """Titles of the columns of a sheet as they came, by name; of lines of JSON nothing."""
    if path.suffix.lower() == NDJSON:
        return {}
    return sheet_titles(path, ROWS[kind])


def sheet_titles(path: Path, row: type[BaseModel]) -> dict[str, str]:
    """The same for a sheet of whatever kind."""
    return sheets.titles(path, columns=frozenset(_fields(row)))


def parts(rows: Iterable[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Rows in lists of at most ``size``."""
    taken = iter(rows)
    while part := list(itertools.islice(taken, size)):
        yield part


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same, each made in a thread while the one before is being used."""
    taken = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, taken, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, taken, None)
            yield item


def _without_added(fields: Mapping[str, str]) -> dict[str, str]:
    """A sheet of refused rows that was mended comes back with two columns and some apostrophes that it had not."""
    bare = {name: returned.meant(value) for name, value in fields.items() if name not in headers.ADDED_COLUMNS}
    return Spoiled(bare, fields.why, surplus=fields.surplus) if isinstance(fields, Spoiled) else bare


def _fields(row: type[BaseModel]) -> dict[str, FieldInfo]:
    """By the names that columns have."""
    return {field.alias or name: field for name, field in row.model_fields.items()}


def _check_header(file: Path, kind: str, fields: Mapping[str, FieldInfo], first: Mapping[str, str]) -> None:
    for name, field in fields.items():
        if field.is_required() and name not in first:
            raise SheetRejected(
                file=file.name,
                row=1,
                field=name,
                reason=f"there is no such column, or {headers.title_of(name)}",
                reason_zh=f"没有“{headers.title_of(name)}”这一列",
            )
    for name in first:
        if name not in fields:
            known = ", ".join(fields)
            raise SheetRejected(
                file=file.name,
                row=1,
                field=name,
                reason=f"is not a column of {kind} ({known})",
                reason_zh=f"不是本表的列（{'、'.join(headers.title_of(one) for one in fields)}）",
            )
