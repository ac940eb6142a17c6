"""Closed lists as people type them: the code word, or what it is called in Chinese, however it is spelt.

Of the Chinese words of a choice the first is the one that pages and templates show; the others are taken too.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from geo.analysis.issue_flow import CATEGORY_WORDS
from geo.intake.cells import plain

Words = Mapping[str, tuple[str, ...]]

CATEGORIES: Final[Words] = {category: (word,) for category, word in CATEGORY_WORDS.items()}
FRAMES: Final[Words] = {
    "wgs84": ("WGS84", "世界大地", "GPS"),
    "cgcs2000": ("国家2000", "国家大地2000", "大地2000", "2000国家大地", "国家2000大地"),
    "gcj02": ("火星坐标系", "国测局", "高德", "腾讯"),
    "bd09": ("百度坐标系", "bd09ll"),
}
LEVELS: Final[Words] = {
    "town": ("乡镇", "镇", "乡", "街道", "乡镇街道", "镇街"),
    "village": ("村", "行政村", "社区", "村社区", "村(社区)"),
    "grid": ("网格", "全科网格"),
}
ORGANISATION_KINDS: Final[Words] = {
    "town": LEVELS["town"],
    "department": ("部门", "县级部门", "县直部门", "机关部门"),
}
PLACE_KINDS: Final[Words] = {
    "household": ("住户", "农户", "家庭", "户"),
    "enterprise": ("企业",),
    "project": ("项目",),
    "scenic_spot": ("景区", "景点"),
}
ROLES: Final[Words] = {
    "grid_head": ("网格长",),
    "full_time": ("专职网格员",),
    "part_time": ("兼职网格员",),
    "instructor": ("网格指导员",),
    "village_link": ("联村干部",),
    "area_leader": ("包片领导",),
}
TIERS: Final[Words] = {"key": ("重点",), "ordinary": ("一般", "普通")}

_ALL: Final = (CATEGORIES, FRAMES, LEVELS, ORGANISATION_KINDS, PLACE_KINDS, ROLES, TIERS)

_IGNORED: Final = re.compile(r"[\s_\-‐–—]|坐标系?$")
"""``GCJ-02`` is ``gcj02``, ``Grid Head`` is ``grid_head``, and the frame of 火星坐标系 is also called 火星坐标."""


def understood(words: Words, *, empty: str | None = None) -> BeforeValidator:
    """What a model's field reads its code word with; raises where a text is none of the choices.

    :param empty: the code word that an empty cell stands for; None where it must be filled in
    """
    known = {_spelt(one): code for code, several in words.items() for one in (code, *several)}
    shown = shown_of(words)
    *others, last = (f"'{code}'" for code in words)
    en = f"must be one of {', '.join(others)} or {last}"
    zh = f"只能是 {'、'.join(shown.values())}"

    def read(value: object) -> object:
        is_blank = value is None or (isinstance(value, str) and not value.strip())
        if is_blank and empty is not None:
            return empty
        if not isinstance(value, str):
            return value
        if is_blank:
            raise PydanticCustomError("missing", "is needed")
        found = known.get(_spelt(value))
        if found is None:
            raise PydanticCustomError("choice", en, {"zh": zh})
        return found

    return BeforeValidator(read)


def shown_of(words: Words) -> dict[str, str]:
    """The Chinese word of each choice that is shown, by its code word."""
    return {code: several[0] for code, several in words.items()}


def in_chinese(codes: Sequence[str]) -> list[str]:
    """The words of a closed list that a Chinese sheet offers, by its code words.

    >>> in_chinese(["key", "ordinary"])
    ['重点', '一般']
    """
    shown = next(shown_of(words) for words in _ALL if words.keys() == set(codes))
    return [shown[code] for code in codes]


def _spelt(text: str) -> str:
    """How a word is compared.

    >>> _spelt("ＧＣＪ－０２"), _spelt("火星坐标"), _spelt("Grid Head")
    ('gcj02', '火星', 'gridhead')
    """
    return _IGNORED.sub("", plain(text).casefold())
