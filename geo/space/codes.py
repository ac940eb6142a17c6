"""Levels, codes and paths of areas.

Mainland codes (scheme ``cn``) say their own place: county 6 digits, town 9, village 12, grid 15. Any other scheme is
opaque text with an explicit parent. A path is the chain of codes from the county down; scope tests are path prefixes,
never code prefixes, because functional zones run villages whose code belongs to another town.
"""

import re
import unicodedata
from typing import Final, Literal, get_args

from geo.errors import InvalidLevel
from geo.limits import MAX_CODE_CHARS

Level = Literal["county", "town", "village", "grid"]
Scheme = Literal["cn", "opaque"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""From the top down."""

CN_DIGITS: Final[dict[Level, int]] = {"county": 6, "town": 9, "village": 12, "grid": 15}

_PADDED: Final = 12
_COUNTRY: Final = "156"
_PRINTABLE: Final = re.compile(r"[^\s/\x00-\x1f\x7f](?:[^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?")


def parse_level(text: str) -> Level:
    """The level of that name; raises `InvalidLevel`."""
    for level in LEVELS:
        if level == text:
            return level
    raise InvalidLevel(level=text, levels=", ".join(LEVELS))


def scheme_of(county_code: str) -> Scheme:
    """Six digits are a mainland county; anything else is opaque.

    >>> scheme_of("330122"), scheme_of("chicago")
    ('cn', 'opaque')
    """
    return "cn" if re.fullmatch(r"[0-9]{6}", county_code) else "opaque"


def is_code(code: str, level: Level, scheme: Scheme) -> bool:
    """Whether the text can be a code of that level.

    >>> is_code("330122101", "town", "cn"), is_code("330122101", "village", "cn"), is_code("a/b", "grid", "opaque")
    (True, False, False)
    """
    if scheme == "cn":
        return re.fullmatch(rf"[0-9]{{{CN_DIGITS[level]}}}", code) is not None
    return len(code) <= MAX_CODE_CHARS and _PRINTABLE.fullmatch(code) is not None


def cn_parent(code: str, level: Level) -> str | None:
    """The parent that a mainland code names by its own digits; None for a county.

    >>> cn_parent("330122101201003", "grid"), cn_parent("330122", "county")
    ('330122101201', None)
    """
    above = LEVELS.index(level) - 1
    return code[: CN_DIGITS[LEVELS[above]]] if above >= 0 else None


def normalise_cn(code: str, level: Level) -> str:
    """A mainland code as this service writes it; anything else as it is, without full-width digits and blanks.

    Codes of higher levels are often padded to twelve digits, and map services put the country's number 156 in front.

    >>> normalise_cn("330122000000", "county"), normalise_cn("330122101000", "town")
    ('330122', '330122101')
    >>> normalise_cn("156330110", "county"), normalise_cn("330122101000", "village")
    ('330110', '330122101000')
    """
    plain = unicodedata.normalize("NFKC", code).strip()
    digits = CN_DIGITS[level]
    if not (plain.isascii() and plain.isdigit()):
        return plain
    own, rest = plain[digits - 3 : digits], plain[digits:]
    if len(plain) == _PADDED and rest and not rest.strip("0") and own.strip("0"):
        return plain[:digits]
    if level == "county" and len(plain) == digits + len(_COUNTRY) and plain.startswith(_COUNTRY):
        return plain.removeprefix(_COUNTRY)
    return plain


def join_path(parent_path: str | None, code: str) -> str:
    """The path of a child.

    >>> join_path("330122", "330122101")
    '330122/330122101'
    """
    return code if parent_path is None else f"{parent_path}/{code}"


def is_under(path: str, scope: str) -> bool:
    """Whether a path lies in a scope: the scope itself or below it.

    >>> is_under("330122/330122101", "330122"), is_under("3301222", "330122")
    (True, False)
    """
    return path == scope or path.startswith(scope + "/")
