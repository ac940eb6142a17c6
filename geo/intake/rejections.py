"""Why a row was refused: its number, the field, and a sentence in both languages that says what to type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from geo.errors import Lang


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused row. ``row`` counts as the sender sees it: the line of a sheet, or the place in a list from 1."""

    row: int
    field: str
    en: str
    zh: str

    def text(self, lang: Lang) -> str:
        """The reason in one language."""
        return self.zh if lang == "zh-CN" else self.en

    def located(self, lang: Lang) -> str:
        """Row, field and reason in one language; row 0 stands for none."""
        if lang == "zh-CN":
            return f"{f'第 {self.row} 行 ' if self.row else ''}{self.field}：{self.zh}"
        return f"{f'row {self.row}, ' if self.row else ''}{self.field}: {self.en}"


class Spoiled(dict[str, Any]):
    """Cells of a row that cannot be read for what they are, by the names of their columns.

    :ivar why: what is wrong with it
    :ivar surplus: cells that stand under no name
    """

    def __init__(self, cells: Mapping[str, Any], why: Rejection, *, surplus: Iterable[str] = ()) -> None:
        super().__init__(cells)
        self.why, self.surplus = why, tuple(surplus)

    def as_it_came(self) -> dict[str, Any]:
        """All cells, those without a name under names that `is_nameless` knows."""
        return {**self, **{f"+{number}": cell for number, cell in enumerate(self.surplus, start=1)}}


def is_nameless(name: str) -> bool:
    """Whether a column was made up for cells that stood under no name.

    >>> is_nameless("+2"), is_nameless("note")
    (True, False)
    """
    return name[:1] == "+" and name[1:].isdecimal()


def set_aside(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> tuple[list[Any], list[Rejection]]:
    """Rows that can be looked at, and why the others cannot."""
    whole, refused = [], []
    for row in rows:
        if isinstance(row[1], Spoiled):
            refused.append(row[1].why)
        else:
            whole.append(row)
    return whole, refused


def as_it_came(cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a refused row is given back as."""
    return cells.as_it_came() if isinstance(cells, Spoiled) else cells


_WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is needed", "必须填写"),
    "extra_forbidden": ("is not a column of this sheet", "不是本表的列"),
    "string_type": ("must be text", "必须是文字"),
    "string_unicode": ("is not valid text", "不是有效的文字"),
    "string_pattern_mismatch": ("must not contain control characters", "不能含有控制字符"),
    "string_too_short": ("is needed", "必须填写"),
    "string_too_long": ("is longer than {max_length} characters", "超过 {max_length} 个字符"),
    "float_type": ("must be a number", "必须是数字"),
    "float_parsing": ("must be a number", "必须是数字"),
    "int_type": ("must be a whole number", "必须是整数"),
    "int_parsing": ("must be a whole number", "必须是整数"),
    "int_parsing_size": ("must be a whole number of fewer digits", "整数位数过多"),
    "int_from_float": ("must be a whole number", "必须是整数"),
    "finite_number": ("must be a finite number", "必须是有限的数字"),
    "greater_than_equal": ("must be at least {ge:g}", "不能小于 {ge:g}"),
    "less_than_equal": ("must be at most {le:g}", "不能大于 {le:g}"),
    "literal_error": ("must be one of {expected}", "只能是 {expected}"),
    "uuid_parsing": ("must be a UUID such as 0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01", "必须是 UUID"),
    "uuid_type": ("must be a UUID such as 0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01", "必须是 UUID"),
    "date_type": ("must be a day such as 2026-10-31", "必须是日期，如 2026-10-31"),
    "date_from_datetime_parsing": ("must be a day such as 2026-10-31", "必须是日期，如 2026-10-31"),
    "date_from_datetime_inexact": ("must be a day such as 2026-10-31", "必须是日期，如 2026-10-31"),
    "date_parsing": ("must be a day such as 2026-10-31", "必须是日期，如 2026-10-31"),
    "model_type": ("must be an object with named fields", "必须是带字段名的对象"),
    "datetime_type": ("must be a time such as 2026-10-12T09:30:00", "必须是时间，如 2026-10-12T09:30:00"),
    "datetime_parsing": ("must be a time such as 2026-10-12T09:30:00", "必须是时间，如 2026-10-12T09:30:00"),
    "datetime_from_date_parsing": ("must be a time such as 2026-10-12T09:30:00", "必须是时间，如 2026-10-12T09:30:00"),
    "tuple_type": ("must be a list of texts, or one text with ; between", "必须是文字列表，或用 ; 分隔的文字"),
    "json_invalid": ("is not valid JSON", "不是有效的 JSON"),
    "list_type": ("must be a list", "必须是列表"),
    "too_short": ("must have at least {min_length}", "至少要有 {min_length} 项"),
    "too_long": ("must have at most {max_length}", "最多只能有 {max_length} 项"),
    "dict_type": ("must be an object with named fields", "必须是带字段名的对象"),
}


def from_validation(row: int, error: ValidationError) -> Rejection:
    """The first thing that is wrong with a row; the sender mends it and sees the next, if there is one."""
    detail = error.errors(include_url=False)[0]
    field = str(detail["loc"][0]) if detail["loc"] else str(detail.get("ctx", {}).get("field", "row"))
    return Rejection(row, field, *sentence(detail))


def sentence(detail: ErrorDetails) -> tuple[str, str]:
    """What is wrong, in English and in Chinese."""
    context: dict[str, Any] = detail.get("ctx", {})
    if "zh" in context:
        return detail["msg"], str(context["zh"]).format(**context)
    en, zh = _WORDS.get(detail["type"], (detail["msg"].replace("{", "{{").replace("}", "}}"), "无效的值"))
    # Pydantic joins the choices of a closed list in English.
    chinese = {**context, "expected": str(context.get("expected", "")).replace(", ", "、").replace(" or ", "、")}
    return en.format(**context), zh.format(**chinese)
