"""Who is responsible as JSON, CSV, workbook or GeoJSON: all drawn from the one value.

CSV, JSON and GeoJSON are for machines and keep English names; the workbook speaks the reader's language.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

import shapely

from api import cells
from api.columns import Column
from geo.analysis.duty_maps import CLASSES, AreaDuty, CadreDuty, DutyReport, Held
from geo.errors import Lang
from maps import catalogue, labels

Format = Literal["json", "csv", "xlsx", "geojson"]


def _word(key: str, lang: Lang) -> str:
    return catalogue.words("duty_map", lang)[key]


def _people(held: tuple[Held, ...], lang: Lang) -> str:
    return "、".join(f"{one.name}（{labels.role_name(one.role, lang)}）" for one in held)


def _class(row: AreaDuty, lang: Lang) -> str:
    return "" if row.load else _word(row.status, lang)


_AREAS: Final[tuple[Column[AreaDuty], ...]] = (
    Column("code", "代码", "Code", lambda row, _: row.area.code),
    Column("name", "名称", "Name", lambda row, _: row.area.name),
    Column("parent", "上级", "Parent", lambda row, _: row.area.parent_name),
    Column("status", "类别", "Class", _class),
    Column("load", "每人最多负责", "Most held by one person", lambda row, _: row.load),
    Column("households", "户数", "Households", lambda row, _: row.area.households),
    Column("responsible", "负责人", "Responsible", lambda row, lang: _people(row.held, lang)),
    Column("exclusion", "不计入原因", "Excluded because", lambda row, _: row.area.exclusion),
)

_CADRES: Final[tuple[Column[CadreDuty], ...]] = (
    Column("organisation", "单位", "Organisation", lambda row, _: row.organisation_name),
    Column("name", "姓名", "Name", lambda row, _: row.name),
    Column("staff_no", "工号", "Staff number", lambda row, _: row.staff_no),
    Column("roles", "角色", "Roles", lambda row, lang: "、".join(labels.role_name(one, lang) for one in row.roles)),
    Column("areas", "本级区域数", "Areas of the level", lambda row, _: row.areas),
    Column("within", "其中本范围", "Of these in the scope", lambda row, _: len(row.codes)),
    Column("other_levels", "其他层级", "Of other levels", lambda row, _: row.other_levels),
    Column("codes", "区域代码", "Codes", lambda row, _: "、".join(row.codes)),
)


def render(report: DutyReport, form: Format, lang: Lang, shapes: Mapping[str, shapely.Geometry]) -> str | bytes:
    """A report in one form.

    :param shapes: geometries by area code, for GeoJSON
    """
    if form == "xlsx":
        return _xlsx(report, lang)
    if form == "csv":
        return cells.to_csv(["code", "name", "parent", "status", "load", "households", "responsible"], _lines(report))
    if form == "geojson":
        return _geojson(report, shapes)
    told = {"summary": _summary(report), "areas": [_properties(row) for row in report.rows]}
    told["cadres"] = [_cadre(one) for one in report.cadres]
    return json.dumps(told, ensure_ascii=False)


def _lines(report: DutyReport) -> list[list[cells.Cell]]:
    return [
        [
            row.area.code,
            row.area.name,
            row.area.parent_name,
            row.status,
            row.load,
            row.area.households,
            ";".join(f"{one.staff_no} {one.role}" for one in row.held),
        ]
        for row in report.rows
    ]


def _xlsx(report: DutyReport, lang: Lang) -> bytes:
    areas = [[column.value(row, lang) for column in _AREAS] for row in report.listed()]
    cadres = [[column.value(one, lang) for column in _CADRES] for one in report.cadres]
    tables: dict[str, cells.Table] = {
        _word("xlsx_areas", lang): ([column.title(lang) for column in _AREAS], areas),
        _word("xlsx_cadres", lang): ([column.title(lang) for column in _CADRES], cadres),
    }
    level = labels.level_name(report.level, lang)
    figures: list[tuple[cells.Cell, cells.Cell]] = [
        (report.scope_name, f"{report.day} {level}"),
        (_word("all_areas", lang), len(report.rows)),
        (_word("cadres_shown", lang), len(report.cadres)),
    ]
    load = _word("load", lang).format(level=level)
    figures += [
        (f"{load} {_word(name, lang)}" if name.startswith("load") else _word(name, lang), report.count(name))
        for name in CLASSES
    ]
    return cells.to_xlsx(tables, (_word("xlsx_figures", lang), figures))


def _summary(report: DutyReport) -> dict[str, Any]:
    names = ("county", "scope", "level", "version", "role", "organisation")
    told = {name: getattr(report, name) for name in names}
    counts = {name: report.count(name) for name in CLASSES}
    return told | {"day": report.day.isoformat(), "areas": len(report.rows), "cadres": len(report.cadres)} | counts


def _properties(row: AreaDuty) -> dict[str, Any]:
    return {
        "code": row.area.code,
        "name": row.area.name,
        "parent_name": row.area.parent_name,
        "status": row.status,
        "load": row.load,
        "households": row.area.households,
        "responsible": [
            {
                "staff_no": one.staff_no,
                "name": one.name,
                "role": one.role,
                "organisation": one.organisation_name,
                "from": one.since.isoformat(),
            }
            for one in row.held
        ],
    }


def _cadre(one: CadreDuty) -> dict[str, Any]:
    return {
        "staff_no": one.staff_no,
        "name": one.name,
        "organisation": one.organisation_name,
        "roles": list(one.roles),
        "codes": list(one.codes),
        "areas": one.areas,
        "other_levels": one.other_levels,
    }


def _geojson(report: DutyReport, shapes: Mapping[str, shapely.Geometry]) -> str:
    features = [
        {
            "type": "Feature",
            "id": row.area.code,
            "properties": _properties(row),
            "geometry": json.loads(shapely.to_geojson(shapes[row.area.code])) if row.area.code in shapes else None,
        }
        for row in report.rows
    ]
    return json.dumps(
        {"type": "FeatureCollection", "summary": _summary(report), "features": features}, ensure_ascii=False
    )
