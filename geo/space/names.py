"""Names of villages and towns in the forms in which two registers may write the same one."""

import re
import unicodedata
from typing import Final

_BLANK: Final = re.compile(r"[\s·•・\-—_]+")

# What one register adds to a name and another leaves out; the office of a village is the village.
_OFFICES: Final = (
    (re.compile(r"(?:村民委员会|村委会|行政村)$"), "村"),
    (re.compile(r"(?:社区居民委员会|社区居委会|居民委员会|居委会|社区居民会)$"), "社区"),
    (re.compile(r"街道办事处$|街道办$"), "街道"),
    (re.compile(r"(?<=[乡镇])人民政府$"), ""),
)
_KINDS: Final = re.compile(r"(?:村|社区|街道|镇|民族乡|乡)$")


def plain(name: str) -> str:
    """Without full-width forms, blanks, dots and dashes, and with the place in place of its office.

    >>> plain("旧县村　村委会"), plain("西武山村委会"), plain("洋塘社区居民委员会"), plain("桐君街道办事处")
    ('旧县村', '西武山村', '洋塘社区', '桐君街道')
    """
    text = _BLANK.sub("", unicodedata.normalize("NFKC", name))
    for pattern, kind in _OFFICES:
        shorter, found = pattern.subn(kind, text)
        if found and shorter != kind:
            # 旧县村村委会 has its kind twice.
            return shorter.removesuffix(kind * 2) + kind if kind and shorter.endswith(kind * 2) else shorter
    return text


def bare(name: str) -> str:
    """The proper name, without what kind of place it is; a name that is nothing else stays.

    >>> bare("旧县村村委会"), bare("旧县街道"), bare("莪山畲族乡"), bare("村")
    ('旧县', '旧县', '莪山畲族', '村')
    """
    text = plain(name)
    return _KINDS.sub("", text) or text
