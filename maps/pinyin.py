"""Readings of the characters of names, so that a page finds 西湖村 by ``xhc``, ``xihucun`` or ``xihu``.

A page carries each character once with all its readings, not each name spelt out: names of a county share some hundred
characters, and of a character that is read in several ways each reading finds it (重: ``zhong`` and ``chong``).
"""

from collections.abc import Iterable
from functools import lru_cache

BETWEEN = "'"
"""Between two readings of one character."""


def packed(texts: Iterable[str]) -> str:
    """All characters of some texts with their readings, as one line: each character followed by its readings.

    Characters without a reading are left out. The same characters give the same line, in whichever order they came.

    >>> packed(["西湖村", "湖西"])
    '村cun湖hu西xi'
    """
    characters = sorted(set().union(*texts)) if (texts := list(texts)) else []
    found = ((one, readings(one)) for one in characters)
    return "".join(one + BETWEEN.join(several) for one, several in found if several)


@lru_cache(maxsize=30_000)
def readings(character: str) -> tuple[str, ...]:
    """Ways to read a character, without tones, the usual one first; ``v`` and ``u`` both stand for ü.

    >>> readings("重"), readings("吕"), readings("a")
    (('zhong', 'chong', 'tong'), ('lv', 'lu'), ())
    """
    import pypinyin  # noqa: PLC0415 - its dictionaries take a third of a second, and most commands draw no page

    found = pypinyin.pinyin(character, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore")
    plain = [reading for several in found for reading in several if reading.isascii() and reading.isalpha()]
    return tuple(dict.fromkeys([*plain, *(reading.replace("v", "u") for reading in plain)]))
