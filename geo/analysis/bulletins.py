"""The monthly bulletin (通报) as one value: figures, the lists behind them, and what differs from the edition before.

Every number is a `Figure` that says how it follows from a list of the same value, so that anybody can count again
(`recount`). Areas and organisations are told of, never persons.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final, Literal

from geo.space.codes import Level

Cell = str | int | float | None
How = Literal["rows", "sum", "median", "ratio", "test"]
"""Rows of a list; the sum or median of a column; met over all but the excluded; a statistic of the spatial scan."""

FORMAT: Final = 1
"""Of the stored snapshot."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the bulletin.

    :ivar list_name: the list behind it; None for a statistic and for a ratio of other figures
    :ivar column: that is summed, or of which the median is taken
    :ivar where: column and value; only the rows that have it count
    :ivar of: names of the figures of a ratio: part, whole, and what is left out of the whole
    :ivar before: name of the same figure of the month before
    """

    name: str
    value: int | float | None
    list_name: str | None = None
    how: How = "rows"
    column: str | None = None
    where: tuple[tuple[str, Cell], ...] = ()
    of: tuple[str, ...] = ()
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: names of its columns, and rows of as many cells. The first column tells rows apart."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def values(self, column: str) -> list[Cell]:
        """One column."""
        at = self.columns.index(column)
        return [row[at] for row in self.rows]

    def places(self, where: Iterable[tuple[str, Cell]]) -> list[int]:
        """Numbers, from 0, of the rows that have these values."""
        wanted = [(self.columns.index(column), value) for column, value in where]
        return [number for number, row in enumerate(self.rows) if all(row[at] == value for at, value in wanted)]

    def records(self, where: Iterable[tuple[str, Cell]] = ()) -> list[dict[str, Cell]]:
        """Rows by the names of the columns."""
        return [dict(zip(self.columns, self.rows[number], strict=True)) for number in self.places(where)]


@dataclass(frozen=True, slots=True)
class Part:
    """A town or an organisation that has a line of its own; the code is empty for what belongs to none."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked next month of the areas of a level and tier: exactly one of the two is set."""

    level: Level
    tier: Literal["key", "ordinary"]
    visits_per_month: int | None
    every_days: int | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that belongs to an edition, and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure that is another one in this edition; None where it was or is not there."""

    name: str
    old: int | float | None
    new: int | float | None


@dataclass(frozen=True, slots=True)
class ListChange:
    """Rows that came to a list or left it, by what tells them apart, with their names."""

    list_name: str
    came: tuple[Part, ...]
    left: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs from the edition before."""

    figures: tuple[FigureChange, ...] = ()
    lists: tuple[ListChange, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything does."""
        return bool(self.figures or self.lists)


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The bulletin of a county's month.

    :ivar as_of: day that days are counted to
    :ivar running: the month is not over: a draft at most
    :ivar scanned_with: version of the boundaries that issues were compared in; tags are those in force when it was made
    :ivar tested: whether there were issues and visits enough to look for clusters
    :ivar edition: 0 for a draft
    :ivar reason: why there is an edition after the first
    """

    county: str
    county_name: str
    month: str
    level: Level
    as_of: date
    running: bool
    version: int
    in_force_from: date
    scanned_with: int
    tested: bool
    figures: tuple[Figure, ...]
    lists: tuple[Listing, ...]
    towns: tuple[Part, ...]
    organisations: tuple[Part, ...]
    asked: tuple[Asked, ...]
    files: tuple[StoredFile, ...] = ()
    edition: int = 0
    reason: str | None = None
    differences: Differences = Differences()
    format: int = FORMAT

    def listing(self, name: str) -> Listing:
        """A list by its name."""
        return next(one for one in self.lists if one.name == name)

    def numbered(self) -> dict[str, tuple[int, Figure]]:
        """Figures by name, each with its mark in the text: 1 for the first."""
        return {one.name: (number, one) for number, one in enumerate(self.figures, start=1)}

    @property
    def is_empty(self) -> bool:
        """Whether the month has neither a visit nor an issue."""
        values = {one.name: one.value for one in self.figures}
        return not any(values.get(name) for name in ("visits", "reported", "ended", "open"))


def recount(bulletin: Bulletin, figure: Figure, known: Mapping[str, Figure] | None = None) -> int | float | None:
    """A figure counted again from the list behind it.

    :param known: figures by name, where they are at hand
    """
    if figure.how == "test":
        return figure.value
    if figure.how == "ratio":
        by_name = known or {one.name: one for one in bulletin.figures}
        part, whole, out = (by_name[name].value or 0 for name in figure.of)
        return part / (whole - out) if whole - out else None
    listing = bulletin.listing(figure.list_name or "")
    rows = listing.places(figure.where)
    if figure.how == "rows":
        return len(rows)
    column = listing.values(figure.column or "")
    numbers = [value for row in rows if isinstance(value := column[row], int | float)]
    if not numbers:
        return 0 if figure.how == "sum" and not rows else None
    return sum(numbers) if figure.how == "sum" else median(numbers)


def differences(old: Bulletin, new: Bulletin) -> Differences:
    """What another edition says otherwise."""
    before, after = ({one.name: one.value for one in each.figures} for each in (old, new))
    figures = [
        FigureChange(name, before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    names = dict.fromkeys(one.name for each in (old, new) for one in each.lists)
    return Differences(tuple(figures), tuple(one for name in names if (one := _of_list(old, new, name))))


def _of_list(old: Bulletin, new: Bulletin, name: str) -> ListChange | None:
    before, after = (_named_rows(each, name) for each in (old, new))
    came = tuple(part for key, part in after.items() if key not in before)
    left = tuple(part for key, part in before.items() if key not in after)
    return ListChange(name, came, left) if came or left else None


def _named_rows(bulletin: Bulletin, name: str) -> dict[str, Part]:
    listing = next((one for one in bulletin.lists if one.name == name), None)
    if listing is None:
        return {}
    label = next((listing.columns.index(one) for one in ("name", "title") if one in listing.columns), 0)
    return {str(row[0]): Part(str(row[0]), str(row[label] or "")) for row in listing.rows}
