"""Which column of a boundary file is the code, the name, the parent …: usual names, or what was said."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import geopandas as gpd

from geo.errors import CodesMissing, ColumnMissing, InvalidChoice
from geo.space.codes import LEVELS, Level

FIELDS: Final = ("code", "name", "parent", "kind", "households", "population")

_DBF_NAME_CHARS: Final = 10

# Levels as columns call them. Survey offices in mainland China, Taiwan's open data, and English.
_LEVEL_WORDS: Final[Mapping[Level, tuple[str, ...]]] = {
    "county": ("县", "区县", "县区", "县级", "COUNTY", "county_"),
    "town": ("乡镇", "镇街", "街道", "乡", "镇", "TOWN", "town_"),
    "village": ("村", "村社", "社区", "行政村", "村庄", "VILL", "village_", "village"),
    "grid": ("网格", "GRID", "grid_"),
}
_CODE_WORDS: Final = ("代码", "编码", "编号", "CODE", "DM")
_NAME_WORDS: Final = ("名称", "名", "NAME", "MC")

_GENERAL: Final[Mapping[str, tuple[str, ...]]] = {
    "code": (
        *(
            "code",
            "代码",
            "编码",
            "区划代码",
            "行政区代码",
            "行政区划代码",
            "行政代码",
            "XZQDM",
            "XZQHDM",
            "ZLDWDM",
            "QHDM",
        ),
        *("DM", "adcode", "area_code", "gb", "PAC", "id"),
    ),
    "name": (
        *("name", "名称", "区划名称", "行政区名称", "行政区划名称", "XZQMC", "XZQHMC", "ZLDWMC", "QHMC", "MC", "nom"),
        *("村名", "label"),
    ),
    "parent": ("parent", "parent_code", "上级代码", "上级编码", "所属代码", "SJDM"),
    "kind": ("kind", "类型", "类别"),
    "households": ("households", "户数", "总户数"),
    "population": ("population", "人口", "人口数", "总人口"),
}


def mapped(
    file: str, raw: gpd.GeoDataFrame, level: Level, given: Mapping[str, str], *, needed: Sequence[str]
) -> dict[str, str]:
    """Field → column of the file. Columns without a single value are not guessed.

    :param given: what was said; goes before any guess
    :param needed: fields without which nothing can be done
    :raises InvalidChoice: a field that there is not
    :raises ColumnMissing: a column that was said or is needed, and is not there
    :raises CodesMissing: there are names, and no codes
    """
    present = [str(column) for column in raw.columns if column != raw.geometry.name]
    found: dict[str, str] = {}
    for field, column in given.items():
        if field not in FIELDS:
            raise InvalidChoice(field="--column", value=field, choices=", ".join(FIELDS))
        if column not in present:
            raise _missing(file, field, present)
        found[field] = column
    filled = [column for column in present if column not in found.values() and raw[column].notna().any()]
    folded = {column.casefold(): column for column in reversed(filled)}
    for field in FIELDS:
        guess = next((folded[name] for name in _names(field, level) if name in folded), None)
        if field not in found and guess is not None:
            found[field] = guess
    for field in needed:
        if field == "code" and "code" not in found and "name" in found:
            raise CodesMissing(file=file, columns=", ".join(present), name=found["name"])
        if field not in found:
            raise _missing(file, field, present)
    return found


def _missing(file: str, field: str, present: Sequence[str]) -> ColumnMissing:
    return ColumnMissing(file=file, column=field, columns=", ".join(present) or "—")


def _names(field: str, level: Level) -> Iterator[str]:
    """Usual names, casefolded, the most telling first; shapefiles keep ten characters of them."""
    for name in (*_of_level(field, level), *_GENERAL[field]):
        yield name.casefold()
    for name in _GENERAL[field]:
        if len(name) > _DBF_NAME_CHARS:
            yield name[:_DBF_NAME_CHARS].casefold()


def _of_level(field: str, level: Level) -> Iterator[str]:
    """Names that say the level, as 村代码 or TOWNCODE; the parent of an area goes by those of the level above."""
    above = LEVELS.index(level) - 1
    wanted = LEVELS[above] if field == "parent" and above >= 0 else level
    words = {"code": _CODE_WORDS, "parent": _CODE_WORDS, "name": _NAME_WORDS}.get(field, ())
    if field == "parent" and above < 0:
        return
    yield from (prefix + word for word in words for prefix in _LEVEL_WORDS[wanted])
