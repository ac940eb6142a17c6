"""In which encoding the text of a shapefile is: what it declares, if the text agrees, else what the text itself shows.

A ``.dbf`` says its encoding in a ``.cpg`` beside it or in one byte of its header (LDID), or not at all, as most that
come from Chinese desktops. Text that is UTF-8 is nothing else, but nearly every GB18030 text is a possible Big5 text
and the reverse. In the right one most characters are of the everyday set that its standard puts first (level 1).
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

How = Literal["given", "cpg", "ldid", "text"]

_LDID: Final = {0x4D: "GB18030", 0x7A: "GB18030", 0x4F: "Big5", 0x78: "Big5"}
"""Of dBASE's numbers those of Chinese; the Western ones stand in files of any language."""

_SAMPLE_BYTES: Final = 8 * 2**20
_HEADER: Final = 32
_TEXT_FIELD: Final = ord("C")
_FIELDS_END: Final = 0x0D
_GOOD_SHARE: Final = 0.98
_EVERYDAY_SHARE: Final = 1 / 3
"""Accented letters that happen to be pairs of GB18030 are of rare characters."""
_FALLBACK: Final = "ISO-8859-1"
_CALLED: Final = {"utf-8": "UTF-8", "big5": "Big5"}
_GBK_FAMILY: Final = frozenset({"gbk", "gb2312", "gb18030", "cp936"})

# Level 1 of GB 2312 (3,755 characters) and of Big5 (5,401): what everyday text is made of.
_GB_LEVEL_1: Final = (range(0xB0, 0xD8), (range(0xA1, 0xFF),))
_BIG5_LEVEL_1: Final = (range(0xA4, 0xC7), (range(0x40, 0x7F), range(0xA1, 0xFF)))


@dataclass(frozen=True, slots=True)
class FoundEncoding:
    """An encoding, and how it was found.

    :ivar overruled: what was declared and cannot be, since the text is not valid in it
    """

    name: str
    how: How
    overruled: str | None = None


def of_shapefile(path: Path) -> FoundEncoding:
    """The encoding of the ``.dbf`` beside a ``.shp``; UTF-8 where there is none."""
    dbf = _sibling(path, ".dbf")
    if dbf is None:
        return FoundEncoding("UTF-8", "text")
    with dbf.open("rb") as file:
        raw = file.read(_SAMPLE_BYTES)
    texts = [text for text in _texts(raw) if not text.isascii()]
    declared = _declared(path, raw)
    if declared is not None and _share_valid(texts, declared.name) >= _GOOD_SHARE:
        return declared
    return FoundEncoding(judge(texts), "text", declared.name if declared else None)


def judge(texts: Iterable[bytes]) -> str:
    """UTF-8, GB18030 or Big5, by the text itself; ISO-8859-1, in which everything is valid, if it is none of them.

    >>> judge(["桐君街道".encode("gbk")]), judge(["桃園區".encode("big5")]), judge(["桐君街道".encode()])
    ('GB18030', 'Big5', 'UTF-8')
    """
    several = [text for text in texts if not text.isascii()]
    if _share_valid(several, "UTF-8") >= _GOOD_SHARE:
        return "UTF-8"
    everyday = {
        name: _everyday(several, level)
        for name, level in (("GB18030", _GB_LEVEL_1), ("Big5", _BIG5_LEVEL_1))
        if _share_valid(several, name) >= _GOOD_SHARE
    }
    best = max(everyday, key=lambda name: everyday[name], default=_FALLBACK)
    return best if everyday.get(best, 0) >= _EVERYDAY_SHARE else _FALLBACK


def _declared(path: Path, dbf: bytes) -> FoundEncoding | None:
    cpg = _sibling(path, ".cpg")
    if cpg is not None:
        name = canonical(cpg.read_bytes()[:64].decode("ascii", "replace").strip())
        if name is not None:
            return FoundEncoding(name, "cpg")
    number = dbf[29] if len(dbf) > _HEADER else 0
    return FoundEncoding(_LDID[number], "ldid") if number in _LDID else None


def _sibling(path: Path, suffix: str) -> Path | None:
    found = (path.with_suffix(one) for one in (suffix, suffix.upper()))
    return next((one for one in found if one.is_file()), None)


def canonical(said: str) -> str | None:
    """An encoding by the name that GDAL knows too; None for one that there is not.

    ``Big-5``, ``936``, ``ANSI 936`` and ``OEM 936`` are said too; GBK and GB2312 are read as the set around them.

    >>> canonical("gbk"), canonical("ANSI 936"), canonical("latin-1"), canonical("chinese-9")
    ('GB18030', 'GB18030', 'ISO-8859-1', None)
    """
    plain = re.sub(r"^(ANSI|OEM)\s*", "", said, flags=re.IGNORECASE)
    for name in (plain, plain.replace("-", ""), f"cp{plain}"):
        try:
            found = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        return "GB18030" if found in _GBK_FAMILY else _CALLED.get(found, re.sub(r"^iso8859", "ISO-8859", found))
    return None


def _texts(dbf: bytes) -> list[bytes]:
    """Values of the text fields of the records that were read, without padding."""
    header, width = int.from_bytes(dbf[8:10], "little"), int.from_bytes(dbf[10:12], "little")
    if not header or not width:
        return []
    fields, at = [], 1
    for start in range(_HEADER, min(header, len(dbf)) - _HEADER + 1, _HEADER):
        if dbf[start] == _FIELDS_END:
            break
        length = dbf[start + 16]
        if dbf[start + 11] == _TEXT_FIELD:
            fields.append((at, at + length))
        at += length
    records = range(header, len(dbf) - width + 1, width)
    return [dbf[record + begin : record + end].rstrip(b" \x00") for record in records for begin, end in fields]


def _share_valid(texts: list[bytes], encoding: str) -> float:
    return sum(_is_valid(text, encoding) for text in texts) / len(texts) if texts else 1.0


def _is_valid(text: bytes, encoding: str) -> bool:
    """A character that the width of the field has cut in two is no error."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _everyday(texts: list[bytes], level: tuple[range, tuple[range, ...]]) -> float:
    """Share of the characters of two bytes that are of level 1."""
    lead, trail = level
    everyday = several = 0
    for text in texts:
        at = 0
        while at < len(text) - 1:
            if text[at] < 0x80:  # noqa: PLR2004 - ASCII
                at += 1
                continue
            several += 1
            everyday += text[at] in lead and any(text[at + 1] in part for part in trail)
            at += 2
    return everyday / several if several else 0.0
