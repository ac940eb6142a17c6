"""Months of a county's calendar.

A month is half-open, ``[first, next first)``, in the county's own time zone. Instants are always aware; a naive
time is refused here so that it cannot be compared by accident.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from geo.errors import InvalidMonth

_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})")
FIRST_YEAR, LAST_YEAR = 1949, 2199


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, ordered by time.

    >>> Month.parse("2026-10").next()
    Month(year=2026, number=11)
    >>> str(Month(2026, 1).previous())
    '2025-12'
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.number <= 12):  # noqa: PLR2004 - months of a year
            raise InvalidMonth(month=f"{self.year:04d}-{self.number:02d}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``YYYY-MM``; raises `InvalidMonth` for anything else."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise InvalidMonth(month=text)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that a day lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """The first day, inclusive."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """The last day, inclusive."""
        return self._first_day_after - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return self.last_day.day

    def next(self) -> "Month":
        """The month after."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def previous(self) -> "Month":
        """The month before."""
        return Month.of(self.first_day - timedelta(days=1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant of the month and the first of the next: ``[start, end)``."""
        return (
            datetime.combine(self.first_day, time(), tzinfo=zone),
            datetime.combine(self._first_day_after, time(), tzinfo=zone),
        )

    @property
    def _first_day_after(self) -> date:
        # Not by way of next(): the last month there is has an end too.
        return date(self.year + self.number // 12, self.number % 12 + 1, 1)


FIRST_MONTH: Final = Month(FIRST_YEAR, 1)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The county's calendar day of an aware instant."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(zone).date()


def month_of(moment: datetime, zone: ZoneInfo) -> Month:
    """The county's month of an aware instant."""
    return Month.of(local_day(moment, zone))
