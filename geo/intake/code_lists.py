"""A county's own list of codes, joined by name to areas that have none.

Names join only where nothing else can be meant: written alike, or alike once both are in one form, within the right
parent, one to one. What is only similar is suggested and never taken.
"""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from geo.errors import SheetRejected
from geo.intake import sheets
from geo.intake.rejections import Rejection, Spoiled
from geo.space import names
from geo.space.codes import CN_DIGITS, Level, cn_parent, normalise_cn

How = Literal["exact", "normalised"]

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": (
        "code",
        "区划代码",
        "行政区代码",
        "行政区划代码",
        "统计用区划代码",
        "村代码",
        "编码",
        "XZQDM",
        "DM",
        "adcode",
    ),
    "name": ("name", "村名", "区划名称", "行政区名称", "行政区划名称", "村名称", "乡镇名称", "XZQMC", "MC"),
    "parent": ("parent", "streetCode", "上级代码", "parent_code", "areaCode"),
    "parent_name": ("parent_name", "streetName", "上级名称", "所属乡镇", "乡镇", "街道"),
}
_KNOWN: Final = frozenset(name for several in _COLUMNS.values() for name in several)
_SUGGESTIONS: Final = 3
_SIMILAR: Final = 0.5
_TOWN_ENDING: Final = "000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a code list."""

    code: str
    name: str
    parent: str | None
    parent_name: str | None


@dataclass(frozen=True, slots=True)
class Join:
    """What a join by name found.

    :ivar codes: one a row, None where nothing was taken
    :ivar how: the same for how it was found
    :ivar refused: why a row has no code, with what is similar
    :ivar left: lines of the list that no row took
    """

    codes: tuple[str | None, ...]
    how: tuple[How | None, ...]
    refused: tuple[Rejection, ...]
    left: tuple[Entry, ...]

    def count(self, how: How) -> int:
        """Rows that were joined in one way."""
        return self.how.count(how)


def read_codes(path: Path) -> list[Entry]:
    """A csv with a code and a name in each line, and the parent's code or name if it has them.

    :raises SheetRejected: no such columns, a line without a code or name, or a code that stands twice
    """
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    for number, fields in sheets.rows(path, columns=_KNOWN):
        if isinstance(fields, Spoiled):
            raise _rejected(path, number, fields.why.field, fields.why.en, fields.why.zh)
        columns = {field: next((one for one in usual if one in fields), None) for field, usual in _COLUMNS.items()}
        values = {field: fields[column] or None if column else None for field, column in columns.items()}
        for field in ("code", "name"):
            if columns[field] is None:
                raise _rejected(
                    path,
                    1,
                    field,
                    f"there is no such column among {', '.join(fields)}; the first line has to name the columns",
                    f"现有列 {'、'.join(fields)} 中没有这一列，首行须为列名",
                )
            if values[field] is None:
                raise _rejected(path, number, field, "is needed", "必须填写")
        code = str(values["code"])
        if code in lines:
            raise _rejected(
                path,
                number,
                "code",
                f"{code} stands already in row {lines[code]}",
                f"{code} 已在第 {lines[code]} 行出现",
            )
        lines[code] = number
        entries.append(Entry(code, str(values["name"]), values["parent"], values["parent_name"]))
    return entries


def _rejected(path: Path, row: int, field: str, en: str, zh: str) -> SheetRejected:
    return SheetRejected(file=path.name, row=row, field=field, reason=en, reason_zh=zh)


def join(
    rows: Sequence[str | None],
    parents: Sequence[str | None],
    entries: Iterable[Entry],
    *,
    level: Level,
    county: str | None = None,
) -> Join:
    """Find the codes of areas by their names.

    :param rows: names, one a row
    :param parents: code or name of each row's parent, None where the file is silent
    :param county: only codes of this one, where codes say their county
    """
    wanted = list(_of_level(entries, level, county))
    codes: list[str | None] = [None] * len(rows)
    how: list[How | None] = [None] * len(rows)
    taken: set[str] = set()
    for form, kind in _FORMS:
        keys = [form(name) if name and codes[i] is None else None for i, name in enumerate(rows)]
        open_ = [entry for entry in wanted if entry.code not in taken]
        for index, entry in _one_to_one(keys, parents, open_, form):
            codes[index], how[index] = entry.code, kind
            taken.add(entry.code)
    left = tuple(entry for entry in wanted if entry.code not in taken)
    refused = tuple(_refused(i, rows[i], parents[i], left) for i, code in enumerate(codes) if code is None)
    return Join(tuple(codes), tuple(how), refused, left)


_FORMS: Final[tuple[tuple[Callable[[str], str], How], ...]] = (
    (str, "exact"),
    (names.plain, "normalised"),
    (names.bare, "normalised"),
)


def _of_level(entries: Iterable[Entry], level: Level, county: str | None) -> Iterator[Entry]:
    """Lines that can be of the level: by their digits, and all of them where codes say nothing."""
    for entry in entries:
        code = normalise_cn(entry.code, level)
        if code.isdigit() and len(code) in (*CN_DIGITS.values(), len(entry.code)):
            is_town = level == "village" and code.endswith(_TOWN_ENDING)
            if len(code) != CN_DIGITS[level] or is_town or not code.startswith(county or ""):
                continue
            yield Entry(code, entry.name, cn_parent(code, level), entry.parent_name)
        else:
            yield Entry(code, entry.name, entry.parent, entry.parent_name)


def _one_to_one(
    keys: Sequence[str | None], parents: Sequence[str | None], entries: Sequence[Entry], form: Callable[[str], str]
) -> Iterator[tuple[int, Entry]]:
    """Rows and lines of one key, where each has only the other; two rows for one line take nothing."""
    by_key: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_key[form(entry.name)].append(entry)
    known = {entry.parent for entry in entries}
    claims: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for index, key in enumerate(keys):
        found = [entry for entry in by_key.get(key or "", []) if _is_under(entry, parents[index], known)]
        if key and len(found) == 1:
            claims[found[0].code].append((index, found[0]))
    yield from (several[0] for several in claims.values() if len(several) == 1)


def _is_under(entry: Entry, parent: str | None, known: Set[str | None]) -> bool:
    """A row that names its parent, by code or name, is only joined there.

    :param known: every parent that the list names by its code
    """
    if parent is None or (entry.parent is None and entry.parent_name is None):
        return True
    if entry.parent is not None and parent in (entry.parent, f"{entry.parent}000"):
        return True
    if entry.parent_name is None:
        # A name says nothing where the list has only codes.
        return parent not in known and not parent.isdigit()
    return names.bare(parent) == names.bare(entry.parent_name)


def _refused(index: int, name: str | None, parent: str | None, left: Sequence[Entry]) -> Rejection:
    if name is None:
        return Rejection(index + 1, "name", "has neither a code nor a name", "既没有代码也没有名称")
    known = {entry.parent for entry in left}
    near = _similar(name, [entry for entry in left if _is_under(entry, parent, known)] or left)
    several = ", ".join(f"{entry.name} ({entry.code})" for entry in near)
    several_zh = "、".join(f"{entry.name}（{entry.code}）" for entry in near)
    en = f"“{name}” has no code in the list"
    zh = f"“{name}”在代码表中没有对应的代码"
    if near:
        en += f"; similar, and not taken: {several}; write the name as in the list, or give the code"
        zh += f"；相近但未采用：{several_zh}；请按代码表改写名称，或直接填写代码"
    return Rejection(index + 1, "name", en, zh)


def _similar(name: str, entries: Sequence[Entry]) -> list[Entry]:
    by_bare: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_bare[names.bare(entry.name)].append(entry)
    close = difflib.get_close_matches(names.bare(name), by_bare, n=_SUGGESTIONS, cutoff=_SIMILAR)
    return [entry for key in close for entry in by_bare[key]][:_SUGGESTIONS]
