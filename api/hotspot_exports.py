"""Hot spots as JSON, CSV, workbook, GeoJSON or text: all drawn from the one value.

CSV, JSON and GeoJSON are for machines and keep English names; the workbook and the table speak the reader's language.
"""

import json
from collections.abc import Mapping
from typing import Final

import shapely

from api import cells
from api.cells import Cell
from api.exports import Format
from api.schemas.hotspots import HotAreaOut, HotClusterOut, HotspotsOut, HotspotSummary
from geo.analysis.hotspots import HotArea, HotCluster, HotspotReport
from geo.errors import Lang

_AREA_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "code": ("代码", "Code"),
    "name": ("名称", "Name"),
    "parent_name": ("上级", "Parent"),
    "status": ("类别", "Class"),
    "observed": ("问题数", "Issues"),
    "expected": ("应有数", "Expected"),
    "visits": ("走访次数", "Visits"),
    "households": ("户数", "Households"),
    "rate": ("每百次（户）问题数", "Rate per 100"),
    "low": ("95%下限", "95 % from"),
    "high": ("95%上限", "to"),
    "shrunk": ("收缩后", "Shrunk"),
    "ratio": ("实际与应有之比", "Observed / expected"),
    "z": ("Gi* z", "Gi* z"),
    "p": ("p", "p"),
    "q": ("q（FDR）", "q (FDR)"),
}
_IN_TEXT: Final = ("code", "name", "parent_name", "status", "observed", "expected", "visits", "rate", "q")
_CLUSTER_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "rank": ("序号", "No."),
    "members": ("成员", "Members"),
    "observed": ("问题数", "Issues"),
    "expected": ("应有数", "Expected"),
    "relative_risk": ("相对风险", "Relative risk"),
    "log_likelihood_ratio": ("对数似然比", "LLR"),
    "p": ("p", "p"),
    "radius_m": ("半径（米）", "Radius, m"),
}
_STATUS: Final[Mapping[str, tuple[str, str]]] = {
    "hot_99": ("热点 99%", "hot, 99 %"),
    "hot_95": ("热点 95%", "hot, 95 %"),
    "hot_90": ("热点 90%", "hot, 90 %"),
    "none": ("不显著", "not significant"),
    "cold_90": ("冷点 90%", "cold, 90 %"),
    "cold_95": ("冷点 95%", "cold, 95 %"),
    "cold_99": ("冷点 99%", "cold, 99 %"),
    "unknown": ("未知（无人走访）", "unknown: nobody looked"),
}
_DIGITS: Final = 4


def render(report: HotspotReport, form: Format, lang: Lang, shapes: Mapping[str, shapely.Geometry]) -> str | bytes:
    """A report in one form.

    :param shapes: geometries by area code, for GeoJSON
    """
    if form == "json":
        return to_model(report, lang).model_dump_json(indent=2)
    if form == "geojson":
        return _geojson(report, lang, shapes)
    if form == "csv":
        rows = [HotAreaOut.of(one).model_dump(mode="json") for one in report.rows]
        return cells.to_csv(list(HotAreaOut.model_fields), [list(row.values()) for row in rows])
    if form == "xlsx":
        areas, clusters = _tables(report, lang, list(_AREA_TITLES))
        names = ("区域", "聚集", "说明") if lang == "zh-CN" else ("Areas", "Clusters", "Notes")
        return cells.to_xlsx({names[0]: areas, names[1]: clusters}, (names[2], _figures(report, lang)))
    return _text(report, lang)


def to_model(report: HotspotReport, lang: Lang) -> HotspotsOut:
    """The wire form."""
    return HotspotsOut(
        summary=HotspotSummary.of(report, lang),
        areas=[HotAreaOut.of(one) for one in report.rows],
        clusters=[HotClusterOut.of(one) for one in report.clusters],
    )


def _geojson(report: HotspotReport, lang: Lang, shapes: Mapping[str, shapely.Geometry]) -> str:
    features = [
        {
            "type": "Feature",
            "id": one.facts.code,
            "properties": HotAreaOut.of(one).model_dump(mode="json"),
            "geometry": json.loads(shapely.to_geojson(shapes[one.facts.code])) if one.facts.code in shapes else None,
        }
        for one in report.rows
    ]
    model = to_model(report, lang)
    told = {"summary": model.summary.model_dump(mode="json")}
    told["clusters"] = [one.model_dump(mode="json") for one in model.clusters]  # type: ignore[assignment]
    return json.dumps({"type": "FeatureCollection", **told, "features": features}, ensure_ascii=False)


def _tables(report: HotspotReport, lang: Lang, columns: list[str]) -> tuple[cells.Table, cells.Table]:
    """The areas, the hottest first, and the clusters."""
    at = 0 if lang == "zh-CN" else 1
    hottest = sorted(report.rows, key=lambda one: (one.z is None, -(one.z or 0), -(one.ratio or 0), one.facts.code))
    areas = ([_AREA_TITLES[name][at] for name in columns], [_area(one, columns, at) for one in hottest])
    names = {one.facts.code: one.facts.name for one in report.rows}
    clusters = (
        [titles[at] for titles in _CLUSTER_TITLES.values()],
        [_cluster(one, names) for one in report.clusters],
    )
    return areas, clusters


def _area(area: HotArea, columns: list[str], at: int) -> list[Cell]:
    row = HotAreaOut.of(area).model_dump()
    row["status"] = _STATUS[area.status][at]
    return [_short(row[name]) for name in columns]


def _cluster(cluster: HotCluster, names: Mapping[str, str]) -> list[Cell]:
    members = "、".join(names[code] for code in cluster.members) + (f" +{cluster.beyond}" if cluster.beyond else "")
    row = HotClusterOut.of(cluster).model_dump() | {"members": members}
    return [_short(row[name]) for name in _CLUSTER_TITLES]


def _short(value: Cell) -> Cell:
    return round(value, _DIGITS) if isinstance(value, float) else value


def _text(report: HotspotReport, lang: Lang) -> str:
    areas, clusters = _tables(report, lang, list(_IN_TEXT))
    lines = [f"{label}  {value}" for label, value in _figures(report, lang)]
    for titles, rows in (clusters, areas):
        lines += ["", *cells.to_text(titles, rows)]
    return "\n".join(lines) + "\n"


def _figures(report: HotspotReport, lang: Lang) -> list[tuple[Cell, Cell]]:
    summary = HotspotSummary.of(report, lang).model_dump(mode="json")
    choices = summary.pop("choices")
    told = {**summary, **choices}
    return [(name, _cell(value)) for name, value in told.items()]


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        return "; ".join("→".join(one) if isinstance(one, list | tuple) else str(one) for one in value)
    return value if isinstance(value, str | int | float) or value is None else str(value)
