"""What is said about an id that is not there, where a spreadsheet may have taken the zeros at its beginning."""

from collections.abc import Mapping, Sequence
from typing import Final

_SHOWN: Final = 3


def hint(id_: str, meant: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """What follows the sentence that there is no such id, in English and Chinese; empty where nothing is to be said.

    :param meant: as `geo.storage.queries.lost_zeros.find` gives it

    >>> hint("17", {"17": ["00017"]})[1]
    '；是否应为 00017？开头的 0 会被表格软件去掉，请把该列设为文本格式后重新填写'
    >>> hint("18", {})
    ('', '')
    """
    found = meant.get(id_, ())[:_SHOWN]
    if not found:
        return "", ""
    en = f"; is it {' or '.join(found)}? A spreadsheet takes the zeros at the beginning: format the column as text and"
    zh = f"；是否应为 {' 或 '.join(found)}？开头的 0 会被表格软件去掉，请把该列设为文本格式后重新填写"
    return f"{en} type it again", zh
