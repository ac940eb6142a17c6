"""A coverage report as JSON, CSV, workbook, GeoJSON or text: all drawn from the one value.

CSV, JSON and GeoJSON are for machines and keep English names; the workbook and the text table are for people and speak
their language.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import shapely

from api import cells
from api.cells import Cell
from api.columns import Column
from api.schemas.coverage import AreaCoverageOut, CoverageOut, CoverageSummary
from geo.analysis.coverage import AreaCoverage, CoverageReport
from geo.errors import Lang
from maps import labels

Format = Literal["json", "csv", "xlsx", "geojson", "table"]
WebFormat = Literal["json", "csv", "xlsx", "geojson"]
Rows = Sequence[AreaCoverage]

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "json": "application/json",
}


def _word(key: str, lang: Lang) -> str:
    return labels.COVERAGE_WORDS[key].text(lang)


def _people(row: AreaCoverage, lang: Lang) -> str:
    return "、".join(f"{one.name}（{labels.role_name(one.role, lang)}）" for one in row.facts.responsible)


_COLUMNS: Final[tuple[Column[AreaCoverage], ...]] = (
    Column("code", "代码", "Code", lambda row, _: row.facts.code, in_text=True),
    Column("name", "名称", "Name", lambda row, _: row.facts.name, in_text=True),
    Column("parent", "上级", "Parent", lambda row, _: row.facts.parent_name, in_text=True),
    Column("level", "层级", "Level", lambda row, lang: labels.level_name(row.facts.level, lang)),
    Column("tier", "类别", "Tier", lambda row, lang: _word(row.facts.tier, lang)),
    Column("status", "状态", "Status", lambda row, lang: _word(row.status, lang), in_text=True),
    Column("unassigned", "无人负责", "Nobody assigned", lambda row, _: "✓" if row.unassigned else "", in_text=True),
    Column("required", "要求", "Required", lambda row, _: row.required, in_text=True),
    Column("visits", "走访次数", "Visits", lambda row, _: row.facts.visits, in_text=True),
    Column("unlocated", "其中无定位", "Of these without position", lambda row, _: row.facts.unlocated),
    Column("missing", "尚缺", "Missing", lambda row, _: row.missing),
    Column("cadres", "走访干部数", "Cadres", lambda row, _: row.facts.cadres),
    Column("grids_reached", "覆盖网格", "Grids reached", lambda row, _: row.facts.grids_reached),
    Column("grids", "网格数", "Grids", lambda row, _: row.facts.grids),
    Column("households_reached", "走到户数", "Households reached", lambda row, _: row.facts.households_reached),
    Column("households", "户数", "Households", lambda row, _: row.facts.households),
    Column(
        "last_visit",
        "最近走访",
        "Last visit",
        lambda row, _: row.facts.last_visit.isoformat() if row.facts.last_visit else None,
        in_text=True,
    ),
    Column("days_since", "距今天数", "Days since", lambda row, _: row.days_since),
    Column("days_overdue", "超期天数", "Days overdue", lambda row, _: row.days_overdue, in_text=True),
    Column("responsible", "负责人", "Responsible", _people, in_text=True),
    Column(
        "exclusion",
        "不计入原因",
        "Excluded because",
        lambda row, _: row.facts.exclusion.reason if row.facts.exclusion else None,
    ),
)


def render(
    report: CoverageReport, rows: Rows, form: WebFormat, lang: Lang, shapes: Mapping[str, shapely.Geometry]
) -> str | bytes:
    """Some rows of a report in one form.

    :param shapes: geometries by area code, for GeoJSON
    """
    if form == "xlsx":
        return to_xlsx(report, rows, lang)
    if form == "csv":
        return to_csv(rows)
    if form == "geojson":
        return to_geojson(report, rows, shapes)
    return to_json(report, rows)


def to_model(report: CoverageReport, rows: Rows) -> CoverageOut:
    """The wire form."""
    return CoverageOut(summary=CoverageSummary.of(report), areas=[AreaCoverageOut.of(row) for row in rows])


def to_json(report: CoverageReport, rows: Rows) -> str:
    """The wire form as text."""
    return to_model(report, rows).model_dump_json(indent=2)


def to_csv(rows: Rows) -> str:
    """UTF-8 with a mark, so that Excel reads the Chinese; English names, the words of the wire."""
    lines = []
    for row in rows:
        plain: dict[str, str] = {"level": row.facts.level, "tier": row.facts.tier, "status": row.status}
        plain["unassigned"] = "true" if row.unassigned else "false"
        plain["responsible"] = ";".join(f"{one.staff_no} {one.role}" for one in row.facts.responsible)
        lines.append([plain.get(column.name, column.value(row, "en")) for column in _COLUMNS])
    return cells.to_csv([column.name for column in _COLUMNS], lines)


def to_xlsx(report: CoverageReport, rows: Rows, lang: Lang) -> bytes:
    """A workbook of two sheets: the areas, and the figures of the month."""
    areas = "区域" if lang == "zh-CN" else "Areas"
    lines = ([column.value(row, lang) for column in _COLUMNS] for row in rows)
    table = ([column.title(lang) for column in _COLUMNS], lines)
    return cells.to_xlsx({areas: table}, ("汇总" if lang == "zh-CN" else "Summary", _figures(report, lang)))


def to_geojson(report: CoverageReport, rows: Rows, shapes: Mapping[str, shapely.Geometry]) -> str:
    """A FeatureCollection in WGS-84; an area without a shape has a null geometry."""
    features = [
        {
            "type": "Feature",
            "id": row.facts.code,
            "properties": AreaCoverageOut.of(row).model_dump(mode="json"),
            "geometry": json.loads(shapely.to_geojson(shapes[row.facts.code])) if row.facts.code in shapes else None,
        }
        for row in rows
    ]
    summary = CoverageSummary.of(report).model_dump(mode="json")
    return json.dumps({"type": "FeatureCollection", "summary": summary, "features": features}, ensure_ascii=False)


def to_table(report: CoverageReport, rows: Rows, lang: Lang) -> str:
    """Text for a terminal; Chinese characters count two columns."""
    columns = [column for column in _COLUMNS if column.in_text]
    titles, lines = [column.title(lang) for column in columns], ([c.value(row, lang) for c in columns] for row in rows)
    figures = "  ".join(f"{label} {value}" for label, value in _figures(report, lang))
    return "\n".join([figures, "", *cells.to_text(titles, lines)]) + "\n"


def _figures(report: CoverageReport, lang: Lang) -> list[tuple[str, Cell]]:
    counted: list[tuple[str, Cell]] = [
        (report.scope_name, f"{report.month} {labels.level_name(report.level, lang)}"),
        (_word("all", lang), len(report.rows)),
    ]
    counted += [(_word(status, lang), report.count(status)) for status in ("met", "under", "unvisited", "excluded")]
    counted += [
        (_word("unassigned", lang), report.unassigned),
        (_word("rate", lang), labels.percent(report.rate)),
        (_word("visits", lang), report.visits),
    ]
    return counted
