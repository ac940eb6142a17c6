"""Words, numbers and dates that people see, in Chinese and English. One catalogue; a test holds it complete."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from geo.analysis.coverage import AreaFacts, VisitRule
from geo.errors import Lang
from geo.months import Month
from maps import catalogue
from maps.catalogue import Word

_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

LEVEL_WORDS: Final[Mapping[str, Word]] = catalogue.section("levels")

KIND_WORDS: Final[Mapping[str, Word]] = catalogue.section("kinds")

ROLE_WORDS: Final[Mapping[str, Word]] = catalogue.section("roles")

PLACE_WORDS: Final[Mapping[str, Word]] = catalogue.section("place_kinds")

COVERAGE_WORDS: Final[Mapping[str, Word]] = catalogue.section("coverage")


def words(lang: Lang) -> dict[str, str]:
    """The catalogue of the coverage map in one language."""
    return catalogue.words("coverage", lang)


def level_name(level: str, lang: Lang) -> str:
    """A level of areas; an unknown one as it is."""
    return LEVEL_WORDS[level].text(lang) if level in LEVEL_WORDS else level


def kind_name(facts: AreaFacts, lang: Lang) -> str:
    """What sort of area it is: its kind where one is known, else its level."""
    return area_kind(facts.kind, facts.level, lang)


def area_kind(kind: str | None, level: str, lang: Lang) -> str:
    """The same of a kind and a level alone."""
    known = kind or level
    return KIND_WORDS[known].text(lang) if known in KIND_WORDS else known


def role_name(role: str, lang: Lang) -> str:
    """A role of an assignment; an unknown one as it is."""
    return ROLE_WORDS[role].text(lang) if role in ROLE_WORDS else role


def place_kind(kind: str, lang: Lang) -> str:
    """A kind of places; an unknown one as it is."""
    return PLACE_WORDS[kind].text(lang) if kind in PLACE_WORDS else kind


def rule_text(rule: VisitRule, lang: Lang) -> str:
    """A visit rule in words.

    >>> rule_text(VisitRule("village", "key", visits_per_month=2), "zh-CN")
    '每月 2 次'
    """
    if rule.every_days is not None:
        return Word("每 {n} 天 1 次", "every {n} days").text(lang).format(n=rule.every_days)
    return Word("每月 {n} 次", "{n} per month").text(lang).format(n=rule.visits_per_month)


def month_name(month: Month, lang: Lang) -> str:
    """A month.

    >>> month_name(Month(2026, 10), "zh-CN"), month_name(Month(2026, 10), "en")
    ('2026年10月', 'October 2026')
    """
    return f"{month.year}年{month.number}月" if lang == "zh-CN" else f"{_MONTHS_EN[month.number - 1]} {month.year}"


def day(when: date, lang: Lang) -> str:
    """A day.

    >>> day(date(2026, 10, 31), "zh-CN"), day(date(2026, 10, 31), "en")
    ('2026年10月31日', '31 October 2026')
    """
    if lang == "zh-CN":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTHS_EN[when.month - 1]} {when.year}"


def number(value: int) -> str:
    """A count with thousands set apart, the same in both languages.

    >>> number(12345)
    '12,345'
    """
    return f"{value:,}"


def percent(share: float | None) -> str:
    """A share of 0 to 1 with one decimal; a dash where there is none.

    >>> percent(0.70123), percent(None)
    ('70.1%', '—')
    """
    return "—" if share is None else f"{share:.1%}"
