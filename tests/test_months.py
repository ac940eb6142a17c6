"""Months partition time: every instant lies in exactly one, whatever the zone and whatever the input."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidMonth
from geo.months import FIRST_YEAR, LAST_YEAR, Month, local_day, month_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHICAGO = ZoneInfo("America/Chicago")

months = st.builds(Month, st.integers(FIRST_YEAR + 1, LAST_YEAR - 1), st.integers(1, 12))
moments = st.datetimes(datetime(1950, 1, 2), datetime(2198, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@pytest.mark.parametrize("text", ["2026-10", " 2026-10 ", "1949-01", "2199-12"])
def test_reads_what_it_writes(text: str) -> None:
    assert str(Month.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-1", "2026-13", "2026-00", "26-10", "2026-10-01", "2026/10", "202610", "now"),
        *("２０２６-１０", "٢٠٢٦-١٠", "2026-10\n2026-11", "1948-12", "2200-01", "0000-00"),
    ],
)
def test_anything_else_is_refused_with_what_was_typed(text: str) -> None:
    with pytest.raises(InvalidMonth) as caught:
        Month.parse(text)
    assert caught.value.facts == {"month": text}


@pytest.mark.parametrize(
    ("text", "days"), [("2026-02", 28), ("2024-02", 29), ("2100-02", 28), ("2026-04", 30), ("2026-12", 31)]
)
def test_days_of_a_month(text: str, days: int) -> None:
    month = Month.parse(text)
    assert month.days == days
    assert month.last_day == date(month.year, month.number, days)


def test_the_last_month_there_is_has_an_end_too() -> None:
    assert Month(2199, 12).last_day == date(2199, 12, 31)
    assert Month(2199, 12).bounds(SHANGHAI)[1] == datetime(2200, 1, 1, tzinfo=SHANGHAI)
    with pytest.raises(InvalidMonth):
        Month(2199, 12).next()
    with pytest.raises(InvalidMonth):
        Month(1949, 1).previous()


@given(months)
def test_next_and_previous_are_inverse_and_leave_no_day_out(month: Month) -> None:
    assert month.next().previous() == month == month.previous().next()
    assert month.last_day + timedelta(days=1) == month.next().first_day
    assert month.previous() < month < month.next()


@given(months, st.sampled_from([SHANGHAI, CHICAGO]))
def test_a_month_ends_at_the_instant_at_which_the_next_begins(month: Month, zone: ZoneInfo) -> None:
    start, end = month.bounds(zone)
    assert end == month.next().bounds(zone)[0]
    assert start < end
    assert month_of(start, zone) == month
    assert month_of(end, zone) == month.next()
    assert month_of(end.astimezone(UTC) - timedelta(microseconds=1), zone) == month


@given(moments, st.sampled_from([SHANGHAI, CHICAGO]))
def test_every_instant_lies_in_the_month_of_its_county_day_and_in_no_other(moment: datetime, zone: ZoneInfo) -> None:
    month = month_of(moment, zone)
    holding = [one for one in (month.previous(), month, month.next()) if _holds(one, moment, zone)]
    assert holding == [month]


def _holds(month: Month, moment: datetime, zone: ZoneInfo) -> bool:
    start, end = month.bounds(zone)
    return start <= moment < end


def test_the_day_is_the_county_s_and_not_that_of_greenwich() -> None:
    evening = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
    assert local_day(evening, SHANGHAI) == date(2026, 10, 1)
    assert month_of(evening - timedelta(microseconds=1), SHANGHAI) == Month(2026, 9)
    assert month_of(evening, SHANGHAI) == Month(2026, 10)
    assert month_of(evening, CHICAGO) == Month(2026, 9)


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_day(datetime(2026, 10, 1), SHANGHAI)  # noqa: DTZ001 - on purpose
