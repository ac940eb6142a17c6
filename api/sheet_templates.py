"""Empty sheets to fill in: a title for each column, what belongs there, and an example."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geo.errors import InvalidChoice, Lang
from geo.intake import choices, headers, workbooks
from geo.intake.batches import ROWS
from geo.intake.workbooks import TemplateColumn
from geo.services.sheet_kinds import SHEETS

_NAMES_OF_PEOPLE: Final = "姓名"
_BATCHES: Final[Mapping[str, type[BaseModel]]] = {str(kind): row for kind, row in ROWS.items()}
_HELP: Final[Mapping[Lang, tuple[str, ...]]] = {
    "zh-CN": ("列", "必填", "填写要求", "示例"),
    "en": ("column", "required", "what belongs there", "example"),
}
_TIME: Final = ("时间，按本县当地时间", "a time, that of the county")
_DAY: Final = ("日期", "a day")
_CODE: Final = ("区域代码，按文本填写", "code of an area, as text")
_TOLD: Final[Mapping[str, tuple[tuple[str, str], str]]] = {
    "id": (
        ("编号，按文本填写；走访和问题可不填", "an id, as text; visits and issues need none"),
        "0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01",
    ),
    "staff_no": (("干部工号，按文本填写", "staff number of a cadre, as text"), "C00017"),
    "started_at": (_TIME, "2026-10-12 09:30"),
    "ended_at": (_TIME, "2026-10-12 10:05"),
    "reported_at": (_TIME, "2026-10-12 09:30"),
    "due_on": (_DAY, "2026-10-31"),
    "from": (("起始日", "first day"), "2026-10-01"),
    "to": (("不再生效的第一天，长期有效则不填", "first day no longer in force; empty for open"), "2027-01-01"),
    "excluded_on": (_DAY, "2026-10-31"),
    "lon": (("经度，度；也可写成 119°41′29″E", "degrees east; 119°41′29″E is taken too"), "119.6914"),
    "lat": (("纬度，度", "degrees north"), "29.6802"),
    "frame": (
        ("坐标系，不填为 WGS84；手机地图多为火星坐标系（GCJ-02）", "frame; wgs84 if empty, phone maps mostly gcj02"),
        "gcj02",
    ),
    "accuracy_m": (("定位精度，米", "accuracy of the position, metres"), "12"),
    "claimed_area": (_CODE, "330122101201003"),
    "area": (_CODE, "330122101201"),
    "code": (("代码，按文本填写", "a code, as text"), "330122101201"),
    "place": (("走访对象的编号", "id of a place"), "P0001501"),
    "topics": (("多项用 ; 分隔", "several with ; between"), "治水剿劣;基层社会治理"),
    "companions": (("姓名或工号，多人用 ; 分隔", "names or staff numbers with ; between"), "C00018;C00021"),
    "findings": (("走访中发现、不单独列为问题的情况", "what was found and is no issue of its own"), "村口路面有坑洼"),
    "note": (("备注", "a note"), "家中无人，电话联系"),
    "category": (("问题类别", "category of the issue"), "infrastructure"),
    "title": (("一句话说明问题", "the issue in one line"), "村道路灯不亮"),
    "detail": (("详细情况", "the details"), "自村口至文化礼堂 12 盏"),
    "visit": (("在哪次走访中发现，填走访编号", "id of the visit on which it was found"), ""),
    "handler": (("承办单位代码", "code of the organisation that handles it"), "D07"),
    "liaison": (("联络部门代码", "code of the organisation that keeps in touch"), "D01"),
    "days": (("天数", "days"), "15"),
    "organisation": (("单位代码", "code of the organisation"), "D07"),
}


def render(kind: str, name: str, lang: Lang) -> bytes:
    """A template as csv or xlsx, by the suffix of its name; titles in the language of the county or in English.

    :param kind: a key of `geo.services.sheet_kinds.SHEETS`, or ``visits`` or ``issues``
    :raises InvalidChoice: another suffix
    """
    row: type[BaseModel] = SHEETS[kind].row if kind in SHEETS else _BATCHES[kind]
    columns = [_column(kind, field.alias or key, field, lang) for key, field in row.model_fields.items()]
    suffix = name.rpartition(".")[2].lower()
    if suffix == "xlsx":
        return workbooks.template(columns, words=_HELP[lang])
    if suffix != "csv":
        raise InvalidChoice(field="--template", value=name, choices="*.xlsx, *.csv")
    out = io.StringIO()
    csv.writer(out).writerow([column.title for column in columns])
    return ("\ufeff" + out.getvalue()).encode()


def _column(kind: str, column: str, field: FieldInfo, lang: Lang) -> TemplateColumn:
    told, example = _TOLD.get(column, (("", ""), ""))
    codes = _choices(field.annotation)
    offered = choices.in_chinese(codes) if codes and lang == "zh-CN" else codes
    if example in codes:
        example = offered[codes.index(example)]
    return TemplateColumn(
        title=_title(kind, column, lang),
        is_needed=field.is_required(),
        told=told[lang == "en"] + (f" ({' / '.join(offered)})" if offered else ""),
        example=example,
        choices=tuple(offered),
    )


def _title(kind: str, column: str, lang: Lang) -> str:
    if lang == "en":
        return column
    return _NAMES_OF_PEOPLE if (kind, column) == ("cadres", "name") else headers.title_of(column)


def _choices(annotation: Any) -> list[str]:
    """The words of a closed list, wherever it stands in the type."""
    found = [one for one in get_args(annotation) if isinstance(one, str)]
    return found or [word for one in get_args(annotation) for word in _choices(one)]
