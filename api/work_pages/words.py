"""Moments and counts as the work pages say them."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from geo.errors import Lang
from geo.space.codes import LEVELS
from maps import labels


def moment(when: datetime | None, zone: ZoneInfo) -> str:
    """Day and minute in the county's calendar.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 10, 12, 1, 30, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    '2026-10-12 09:30'
    """
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}" if when else ""


def by_level(counts: Mapping[str, int], lang: Lang) -> str:
    """How many areas of each level."""
    found = [(level, counts[level]) for level in LEVELS if counts.get(level)]
    return " · ".join(f"{labels.level_name(level, lang)} {labels.number(count)}" for level, count in found)
