"""Names of columns: English or Chinese, with the marks that people put around them."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from geo.intake import cells

ADDED_COLUMNS: Final = ("row", "reason")
"""What is put beside the columns that came, where refused rows are given back."""

ADDED_TITLES: Final = ("原行号", "原因")

CHINESE_COLUMNS: Final[dict[str, str]] = {
    "代码": "code",
    "编号": "id",
    "工号": "staff_no",
    "姓名": "name",
    "名称": "name",
    "类型": "kind",
    "单位": "organisation",
    "职务": "post",
    "电话": "phone",
    "区域": "area",
    "区域代码": "area",
    "角色": "role",
    "起": "from",
    "止": "to",
    "经度": "lon",
    "纬度": "lat",
    "坐标系": "frame",
    "结对干部": "staff_no",
    "开始时间": "started_at",
    "结束时间": "ended_at",
    "精度(米)": "accuracy_m",
    "精度（米）": "accuracy_m",
    "走访对象": "place",
    "中心工作": "topics",
    "备注": "note",
    "层级": "level",
    "每月次数": "visits_per_month",
    "间隔天数": "every_days",
    "排除原因": "excluded_reason",
    "经手人": "excluded_by",
    "排除日期": "excluded_on",
    "同行人员": "companions",
    "走访发现": "findings",
    "发现时间": "reported_at",
    "问题类别": "category",
    "标题": "title",
    "详情": "detail",
    "内容": "detail",
    "走访编号": "visit",
    "承办单位": "handler",
    "联络部门": "liaison",
    "期限": "due_on",
    "办理期限": "due_on",
    "天数": "days",
    "期限天数": "days",
    "原行号": "row",
    "原因": "reason",
}

_BY_SHEET: Final[dict[str, tuple[str, ...]]] = {
    "所在区域": ("claimed_area", "area"),
    "类别": ("category", "tier"),
}
"""What a Chinese name stands for, the first that a sheet may have."""

_AROUND: Final = re.compile(r"[*\s]|[(\[【](?:必填|选填|°|度|m|required|optional)[)\]】]", re.IGNORECASE)
_LOOKED_AT: Final = 10
_KNOWN_NAMES: Final = 2


_TITLES: Final = {
    "staff_no": "工号",
    "code": "代码",
    "name": "名称",
    "area": "区域",
    "claimed_area": "所在区域",
    "tier": "类别",
    "category": "问题类别",
    "detail": "详情",
    "due_on": "期限",
    "days": "天数",
}
"""Of English names that have several Chinese ones, the one that a template has."""


def title_of(column: str) -> str:
    """The Chinese title of a column.

    >>> title_of("staff_no"), title_of("from")
    ('工号', '起')
    """
    chinese = {english: title for title, english in reversed(CHINESE_COLUMNS.items())}
    return _TITLES.get(column) or chinese.get(column, column)


def english(title: str, columns: frozenset[str]) -> str:
    """The name of a column by its title; the title itself where it is not known.

    :param columns: the names that the sheet may have

    >>> english("开始时间（必填）*", frozenset({"started_at"})), english("天气", frozenset())
    ('started_at', '天气')
    """
    if title in columns or title in CHINESE_COLUMNS:
        return title if title in columns else CHINESE_COLUMNS[title]
    bare = _AROUND.sub("", cells.plain(title))
    if bare in _BY_SHEET:
        return next((name for name in _BY_SHEET[bare] if name in columns), _BY_SHEET[bare][-1])
    if bare in columns or bare in ADDED_COLUMNS:
        return bare
    return CHINESE_COLUMNS.get(bare) or CHINESE_COLUMNS.get(bare.replace("(", "（").replace(")", "）"), title)


def is_header(line: Iterable[str], columns: frozenset[str]) -> bool:
    """Whether a row names columns, and is no title or explanation above them."""
    titles = [cell.strip() for cell in line if cell.strip()]
    known = sum(english(title, columns) in columns for title in titles)
    return known >= min(_KNOWN_NAMES, len(columns)) or (known == len(titles) == 1)


def header_of(lines: Sequence[tuple[int, list[str]]], columns: frozenset[str]) -> int:
    """Which of the first rows is the header: the first that names columns, else the first of all."""
    found = (at for at, (_, line) in enumerate(lines[:_LOOKED_AT]) if is_header(line, columns))
    return next(found, 0)
