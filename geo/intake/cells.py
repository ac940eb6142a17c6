"""Cells as people type them: dates in the usual forms, degrees with minutes, full-width digits, spoiled ids."""

import re
from datetime import datetime
from typing import Final

_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3002: ord(".")}
_DAY: Final = r"(?P<year>\d{4})\s*(?:-|/|\.|年)\s*(?P<month>\d{1,2})\s*(?:-|/|\.|月)\s*(?P<day>\d{1,2})\s*日?"
_CLOCK: Final = (
    r"(?:(?:\s+|T|(?<=日))\s*(?P<half>上午|下午|晚上|中午|早上|AM|PM)?\s*(?P<hour>\d{1,2})\s*(?:[::时點点]\s*(?P<minute>\d{1,2})?"
    r"\s*(?:[::分]\s*(?P<second>\d{1,2})?\s*秒?)?)?\s*(?P<late>AM|PM)?)?"
)
_WRITTEN: Final = re.compile(f"{_DAY}{_CLOCK}", re.IGNORECASE)
_DIGITS: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:\s*T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
)
_WITH_ZONE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})")
_AFTERNOON: Final = frozenset({"下午", "晚上", "PM"})
_NOON: Final = 12

_SIDES: Final = {"东经": "E", "西经": "W", "北纬": "N", "南纬": "S", "東經": "E", "北緯": "N"}
_DEGREES: Final = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<sign>[-+−])?(?P<degrees>\d{1,3}(?:\.\d+)?)\s*(?:[°º度]\s*"
    r"(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*[′'’分]\s*(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:″|\"|''|”|秒)\s*)?)?)?"
    r"(?P<after>[NSEW])?",
    re.IGNORECASE,
)
_SIXTY: Final = 60.0
_EXPONENT: Final = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,3}")
_KEPT_DIGITS: Final = 15
"""A spreadsheet keeps so many digits of a number; the others become zeros."""


def plain(text: str) -> str:
    """Full-width digits, letters and punctuation in their usual form, without spaces around; Chinese stays.

    >>> plain("　３３０１２２（甲）")
    '330122(甲)'
    """
    return text.translate(_FULL_WIDTH).strip()


def time_text(text: str) -> str | None:
    """A day, or a day with a time, as ISO text; None for what is neither or never was.

    >>> time_text("2026年10月12日 下午3点5分"), time_text("2026/10/12 9:30"), time_text("20261012")
    ('2026-10-12T15:05:00', '2026-10-12T09:30:00', '2026-10-12')
    """
    cell = " ".join(plain(text).split())  # a long run of spaces could be shared out in very many ways
    if _WITH_ZONE.fullmatch(cell):
        return cell
    found = _WRITTEN.fullmatch(cell) or _DIGITS.fullmatch(cell)
    if found is None:
        return None
    part = found.groupdict()
    half = (part.get("half") or part.get("late") or "").upper()
    hour = int(part["hour"]) if part["hour"] else None
    if hour is not None and half in _AFTERNOON and hour < _NOON:
        hour += _NOON
    if hour == _NOON and half in ("AM", "早上"):
        hour = 0
    year, month, day, minute, second = (int(part[name] or 0) for name in ("year", "month", "day", "minute", "second"))
    try:
        moment = datetime(year, month, day, hour or 0, minute, second)  # noqa: DTZ001 - county time
    except ValueError:
        return None
    return moment.date().isoformat() if hour is None else moment.isoformat()


def degrees(text: str) -> tuple[float, str | None] | None:
    """Degrees, and the side of the earth (N, S, E, W) if the cell says it; south and west are negative.

    >>> degrees("119°41′29″E")[1], round(degrees("东经119度41.5分")[0], 4), degrees("119,69")
    ('E', 119.6917, None)
    """
    cell = plain(text)
    for words, letter in _SIDES.items():
        cell = cell.replace(words, letter)
    found = _DEGREES.fullmatch(cell)
    if found is None or (found["before"] and found["after"]):
        return None
    minutes, seconds = float(found["minutes"] or 0), float(found["seconds"] or 0)
    if minutes >= _SIXTY or seconds >= _SIXTY:
        return None
    value = float(found["degrees"]) + minutes / _SIXTY + seconds / _SIXTY**2
    side = (found["before"] or found["after"] or "").upper() or None
    negative = side in ("S", "W") or found["sign"] in ("-", "−")
    return (-value if negative else value), side


def damage(text: str) -> tuple[str, str] | None:
    """Why a spreadsheet has spoiled an id, in English and Chinese; None where it has not.

    >>> damage("3.30122E+14") is None, damage("330122101201003") is None, damage("330122101201003000") is None
    (False, True, False)
    """
    if _EXPONENT.fullmatch(text):
        return (
            "a spreadsheet made a number of it; format the column as text and type it again",
            "编号被表格软件转成了数字，请把该列设为文本格式后重新填写",
        )
    if text.isdigit() and len(text) > _KEPT_DIGITS and not text[_KEPT_DIGITS:].strip("0"):
        return (
            "a spreadsheet keeps 15 digits and has set the others to 0; format the column as text and type it again",
            "表格软件只保留 15 位数字，其后变成了 0，请把该列设为文本格式后重新填写",
        )
    return None
