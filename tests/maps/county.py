"""A small made-up county for the tests of pictures: a true partition with wiggly edges, and every class in it."""

from collections.abc import Sequence
from datetime import date, timedelta

import folium
import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import (
    AreaCoverage,
    AreaFacts,
    CoverageReport,
    Exclusion,
    Responsible,
    Tier,
    VisitRule,
    assess_all,
)
from geo.months import Month
from geo.space.codes import Level
from maps.page import Outline

MONTH = Month(2026, 10)
AS_OF = date(2026, 10, 31)
RULES = (VisitRule("village", "key", visits_per_month=2), VisitRule("village", "ordinary", visits_per_month=1))
PLACES = [
    "石桥",
    "上坞",
    "下坞",
    "前山",
    "后畈",
    "东溪",
    "西溪",
    "里仁",
    "和平",
    "长岭",
    "竹口",
    "新塘",
    "黄泥",
    "大源",
    "小源",
    "青龙",
    "白沙",
    "高坪",
    "横路",
    "双溪",
]
TOWNS = ["云溪镇", "青石镇", "白马乡", "南山街道", "古塘镇", "龙潭乡"]


def partition(columns: int, rows: int, *, steps: int = 12, seed: int = 7) -> list[Polygon]:
    """Polygons row by row, about 0.4° wide in all; neighbours share every vertex of their border."""
    rng = np.random.default_rng(seed)
    width, height = 0.42 / columns, 0.34 / rows
    at = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1).astype(float)
    at += rng.uniform(-0.22, 0.22, at.shape)
    at = np.array([119.42, 29.66]) + at * [width, height]

    def border(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """A line that wanders to both sides of its chord, least near its ends, so that no two lines cross."""
        along = np.linspace(0, 1, steps + 1)[:, None]
        wander = rng.normal(0, 1 / np.sqrt(steps), (steps + 1, 1)).cumsum(axis=0)
        wander = (wander - along * wander[-1]) * np.sin(np.pi * along) * 0.13
        turned = ((other - one) / [width, height])[::-1] * [-width, height]
        return one + along * (other - one) + wander * turned

    flat = [[border(at[r, c], at[r, c + 1]) for c in range(columns)] for r in range(rows + 1)]
    up = [[border(at[r, c], at[r + 1, c]) for c in range(columns + 1)] for r in range(rows)]
    return [
        Polygon(np.concatenate([flat[r][c][:-1], up[r][c + 1][:-1], flat[r + 1][c][:0:-1], up[r][c][:0:-1]]).round(9))
        for r in range(rows)
        for c in range(columns)
    ]


def facts(at: int, *, level: Level = "village", columns: int = 10, **changes: object) -> AreaFacts:
    """One area; its number decides its class, so that each occurs."""
    rng = np.random.default_rng([at, 3])
    town = min(5, (at % columns) * 3 // columns + 3 * (at // columns % 6 // 3))
    name = f"{PLACES[at % 20]}{'' if at < 20 else '一二三四五六七八九'[at // 20 % 9]}{'社区' if at % 9 == 4 else '村'}"
    kind = at % 12
    visits = 0 if kind in (0, 5) else 1 if kind in (2, 7) else int(rng.integers(2, 12))
    last = None if kind == 0 and at % 24 == 0 else AS_OF - timedelta(days=int(rng.integers(0, 30)) + 40 * (visits == 0))
    people = tuple(
        Responsible(
            f"g{at:04d}{n}",
            f"{'王李张刘陈杨'[int(rng.integers(6))]}{['建国', '秀英', '伟', '芳', '志强', '海燕'][n + at % 4]}",
            role,
            TOWNS[town],
        )
        for n, role in enumerate(("grid_head", "full_time", "village_link")[: 1 + at % 3])
    )
    tier: Tier = "key" if at % 5 == 2 else "ordinary"
    code = f"990101{100 + town}{200 + at:03d}"
    values: dict[str, object] = {
        "code": code, "name": name, "level": level, "kind": "community" if name.endswith("社区") else "village",
        "path": f"990101/990101{100 + town}/{code}", "parent_name": TOWNS[town],
        "households": 180 + at, "population": 520 + 3 * at, "tier": tier,
        "exclusion": Exclusion("整村拆迁，已无住户", "县走访办 沈明", date(2026, 9, 12)) if kind == 9 else None,
        "visits": visits, "unlocated": int(visits > 5), "cadres": min(visits, 3), "households_reached": visits * 4,
        "grids": 4, "grids_reached": min(4, visits), "last_visit": last, "last_before": last if visits == 0 else None,
        "open_issues": at % 4, "responsible": () if at % 14 == 5 else people,
    }  # fmt: skip
    return AreaFacts(**(values | changes))  # type: ignore[arg-type]


def report(
    rows: Sequence[AreaFacts] | None = None, *, rules: Sequence[VisitRule] = RULES, **changes: object
) -> CoverageReport:
    """A report of those areas; sixty villages when none are given."""
    given = [facts(at) for at in range(60)] if rows is None else rows
    assessed: tuple[AreaCoverage, ...] = assess_all(given, rules, month=MONTH, as_of=AS_OF)
    values: dict[str, object] = {
        "county": "990101", "county_name": "云溪县（示例）", "scope": "990101", "scope_name": "云溪县（示例）",
        "month": MONTH, "level": "village", "boundaries": "then", "version": 2,
        "in_force_from": date(2026, 1, 1), "as_of": AS_OF,
        "rows": assessed, "outside": 12, "untagged": 0,
    }  # fmt: skip
    return CoverageReport(**(values | changes))  # type: ignore[arg-type]


def shapes(of: CoverageReport, *, columns: int = 10, steps: int = 12) -> dict[str, BaseGeometry]:
    """A polygon for every area of a report, in its order."""
    polygons = partition(columns, -(-len(of.rows) // columns), steps=steps)
    return {row.facts.code: polygon for row, polygon in zip(of.rows, polygons, strict=False)}


def outlines(of: CoverageReport, drawn: dict[str, BaseGeometry]) -> list[Outline]:
    """The towns that the areas make up."""
    members: dict[str, list[BaseGeometry]] = {}
    for row in of.rows:
        if row.facts.code in drawn:
            members.setdefault(str(row.facts.parent_name), []).append(drawn[row.facts.code])
    codes = {name: f"990101{100 + at}" for at, name in enumerate(TOWNS)}
    return [Outline(codes[name], name, shapely.coverage_union_all(parts)) for name, parts in members.items()]


def plain_choropleth(*drawn: tuple[CoverageReport, dict[str, BaseGeometry]]) -> str:
    """The peer: the same areas as folium draws them when nothing else is asked of it, a layer for each report."""
    chart = folium.Map(location=[29.83, 119.63], zoom_start=11, tiles=None)
    for report, shapes in drawn:
        visits = {row.facts.code: row.facts.visits for row in report.rows}
        features = [
            {"type": "Feature", "id": code, "properties": {}, "geometry": shapely.geometry.mapping(shape)}
            for code, shape in shapes.items()
        ]
        collection = {"type": "FeatureCollection", "features": features}
        layer = folium.Choropleth(collection, data=visits, key_on="feature.id").add_to(chart)
        # Its legend needs d3 from a content network; without it the peer is lighter and faster.
        for name in [name for name in layer._children if name.startswith("color_map")]:
            del layer._children[name]
    page: str = chart.get_root().render()
    return page
