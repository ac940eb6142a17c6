"""Words of the problem heatmap: classes, clusters, surfaces, months, and what is said where nothing can be."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from geo.analysis.clusters import Class
from geo.analysis.hotspots import Denominator
from geo.analysis.issue_flow import WORDS as STATUS_WORDS_ZH
from geo.analysis.issue_flow import Category, Status
from geo.analysis.kernels import Kernel
from geo.errors import Lang
from geo.months import Month
from maps import catalogue, labels
from maps.catalogue import Word
from maps.labels import COVERAGE_WORDS

CLASS_WORDS: Final[Mapping[Class, Word]] = catalogue.section("hotspot_classes")

CATEGORY_WORDS: Final[Mapping[Category, Word]] = catalogue.section("categories")

STATUS_WORDS: Final[Mapping[Status, Word]] = {
    status: Word(zh, status.capitalize()) for status, zh in STATUS_WORDS_ZH.items()
}

DENOMINATOR_WORDS: Final[Mapping[str, Word]] = catalogue.section("denominators")

RATE_WORDS: Final[Mapping[Denominator, Word]] = catalogue.section("rates")

UNIT_WORDS: Final[Mapping[str, Word]] = catalogue.section("units")

KERNEL_WORDS: Final[Mapping[Kernel, Word]] = catalogue.section("kernels")

_SHARED: Final = (
    "levels", "downloads", "other_language", "account", "no_script", "date", "month_names", "legend", "outlines",
    "names", "basemap", "whole", "zoom_in", "zoom_out", "close", "no_map", "sheet", "shown", "code", "path", "no_shape",
    "no_areas",
)  # fmt: skip

ISSUE_WORDS: Final[Mapping[str, Word]] = {one: COVERAGE_WORDS[one] for one in _SHARED} | catalogue.section("issue_map")


def words(lang: Lang) -> dict[str, str]:
    """The catalogue of the problem heatmap in one language."""
    return {key: word.text(lang) for key, word in ISSUE_WORDS.items()}


def window(begin: date, until: date, lang: Lang) -> str:
    """A window of days, by months where it is whole ones.

    >>> window(date(2026, 1, 1), date(2026, 3, 31), "zh-CN"), window(date(2026, 1, 1), date(2026, 1, 31), "en")
    ('2026年1月 – 2026年3月', 'January 2026')
    """
    if begin.day == 1 and (until + timedelta(days=1)).day == 1:
        ends = [labels.month_name(Month.of(one), lang) for one in (begin, until)]
    else:
        ends = [labels.day(one, lang) for one in (begin, until)]
    return ends[0] if ends[0] == ends[1] else " – ".join(ends)


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, thousands set apart; a dash where there is none.

    >>> decimal(0.012345), decimal(1234.5), decimal(12.0), decimal(None)
    ('0.0123', '1,234', '12', '—')
    """
    if value is None:
        return "—"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):g}"


def denominator(name: str, lang: Lang) -> str:
    """What issues are compared with; an unknown one as it is."""
    return DENOMINATOR_WORDS[name].text(lang) if name in DENOMINATOR_WORDS else name


def unit(name: str, lang: Lang) -> str:
    """The unit of a surface; an unknown one as it is."""
    return UNIT_WORDS[name].text(lang) if name in UNIT_WORDS else name
