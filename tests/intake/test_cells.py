"""Cells as people type them."""

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.intake import cells

MOMENT = datetime(2026, 10, 12, 9, 30)  # noqa: DTZ001 - county time


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12 9:30",
        "2026-10-12T09:30:00",
        "2026/10/12 09:30",
        "2026/10/12 9:30:00",
        "2026.10.12 9:30",
        "2026年10月12日9时30分",
        "2026年10月12日 9:30",
        "2026 年 10 月 12 日 上午9点30分",
        "20261012 0930",
        "20261012T093000",
        "２０２６－１０－１２　９：３０",
        "2026-10-12 9:30 AM",
    ],
)
def test_usual_forms_of_a_time(text: str) -> None:
    assert cells.time_text(text) == MOMENT.isoformat()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026年10月12日下午3点", "2026-10-12T15:00:00"),
        ("2026-10-12 中午12:05", "2026-10-12T12:05:00"),
        ("2026-10-12 12:05 PM", "2026-10-12T12:05:00"),
        ("2026-10-12 12:05 AM", "2026-10-12T00:05:00"),
        ("2026.10.12", "2026-10-12"),
        ("2026年1月2日", "2026-01-02"),
        ("20261012", "2026-10-12"),
        ("2026-10-12T09:30:00+08:00", "2026-10-12T09:30:00+08:00"),
        ("2026-10-12T01:30Z", "2026-10-12T01:30Z"),
        ("2026-02-30", None),
        ("2026-13-01", None),
        ("2026-10-12 25:00", None),
        ("46307.4", None),
        ("46307", None),
        ("12.10.2026", None),
        ("10/12/2026", None),
        ("昨天", None),
        ("", None),
        ("2026", None),
        ("2026-10", None),
    ],
)
def test_other_times(text: str, read: str | None) -> None:
    assert cells.time_text(text) == read


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - as above
def test_every_form_of_a_time_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for form in (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y.%m.%d %H:%M:%S",
        "%Y年%m月%d日%H时%M分%S秒",
        "%Y%m%d%H%M%S",
    ):
        assert cells.time_text(moment.strftime(form)) == moment.isoformat(), form


@pytest.mark.parametrize(
    ("text", "value", "side"),
    [
        ("119.69", 119.69, None),
        ("119°41′29″E", 119 + 41 / 60 + 29 / 3600, "E"),
        ("119°41'29\"", 119 + 41 / 60 + 29 / 3600, None),
        ("119度41分29秒", 119 + 41 / 60 + 29 / 3600, None),
        ("东经119°41.5′", 119 + 41.5 / 60, "E"),
        ("北纬29度", 29.0, "N"),
        ("N29.68", 29.68, "N"),
        ("29.68s", -29.68, "S"),
        ("西经87°37′", -(87 + 37 / 60), "W"),
        ("１１９．６９", 119.69, None),
        ("-87.6", -87.6, None),
        ("119", 119.0, None),
    ],
)
def test_degrees(text: str, value: float, side: str | None) -> None:
    found = cells.degrees(text)
    assert found is not None
    assert found == (pytest.approx(value, abs=1e-12), side)


@pytest.mark.parametrize(
    "text", ["119,69", "119°60′", "119°41′60″", "E119E", "abc", "", "1e2", "119.69.1", "119°41", "nan"]
)
def test_no_degrees(text: str) -> None:
    assert cells.degrees(text) is None


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59), st.sampled_from("EW"))
def test_minutes_and_seconds_are_read_back(whole: int, minutes: int, seconds: int, side: str) -> None:
    found = cells.degrees(f"{whole}°{minutes}′{seconds}″{side}")
    assert found is not None
    assert abs(found[0]) == pytest.approx(whole + minutes / 60 + seconds / 3600, abs=1e-9)
    assert found[1] == side


@pytest.mark.parametrize("text", ["1.2E+11", "3.3E+14", "1.20E+011", "9e5", "330122101201003000"])
def test_what_a_spreadsheet_has_spoiled(text: str) -> None:
    found = cells.damage(text)
    assert found is not None
    assert "as text" in found[0]
    assert "文本格式" in found[1]


@pytest.mark.parametrize("text", ["C00017", "330122101201003", "E+11", "1234567890123456", "", "甲1.2E+11"])
def test_what_is_as_it_was(text: str) -> None:
    assert cells.damage(text) is None


def test_full_width() -> None:
    assert cells.plain("　Ｃ０００１７（甲）　村") == "C00017(甲) 村"


def test_a_cell_of_many_spaces_is_soon_done_with() -> None:
    begun = time.monotonic()
    assert cells.time_text("2026-10-12" + " " * 30_000 + "x") is None
    assert cells.time_text("2026-10-12" + " " * 30_000 + "9:30") == "2026-10-12T09:30:00"
    assert time.monotonic() - begun < 5
