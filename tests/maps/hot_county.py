"""A made-up report of hot spots on the small county of `tests.maps.county`: two planted clusters, and areas unseen."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.analysis.contiguity import queen
from geo.analysis.hotspot_judging import judge
from geo.analysis.hotspots import AreaFacts, HotspotReport
from geo.analysis.surface_pictures import picture
from geo.analysis.surface_rasters import LonLatBounds
from geo.analysis.surfaces import Bounds, Surface
from geo.months import Month
from maps.issue_data import Frame, IssueBehind, IssuePoint, SurfaceLayer
from maps.page import Outline
from tests.maps import county

MONTHS = (Month(2026, 8), Month(2026, 9), Month(2026, 10))
UNSEEN = (3, 17, 44)
"""Areas that nobody visited."""
SKIPPED = 8
"""An area that was visited in every month but the first."""


def facts(count: int = 60, *, columns: int = 10, many: float = 6.0, **changes: object) -> list[AreaFacts]:
    rng = np.random.default_rng(5)
    made = []
    for at, shape in enumerate(county.partition(columns, -(-count // columns), steps=4)[:count]):
        row, column = divmod(at, columns)
        near = (row, column) in {(1, 1), (1, 2), (2, 1), (2, 2)} or (row >= 4 and column >= 8)
        visits = np.zeros(3, int) if at in UNSEEN else rng.integers(20, 40, 3)
        if at == SKIPPED:
            visits[0] = 0
        issues = rng.poisson(visits * 0.03 * (many if near else 1))
        village = county.facts(at, columns=columns)
        values = {
            "code": village.code, "name": village.name, "parent_name": village.parent_name, "path": village.path,
            "households": village.households, "x_m": shape.centroid.x * 96_000, "y_m": shape.centroid.y * 111_000,
            "issues": tuple(issues.tolist()), "visits": tuple(visits.tolist()),
        }  # fmt: skip
        made.append(AreaFacts(**(values | changes)))  # type: ignore[arg-type]
    return made


def report(given: Sequence[AreaFacts] | None = None, *, columns: int = 10, **changes: object) -> HotspotReport:
    rows = facts() if given is None else list(given)
    polygons = county.partition(columns, max(1, -(-len(rows) // columns)), steps=4)[: len(rows)]
    values: dict[str, object] = {
        "county": "990101", "county_name": "云溪县（示例）", "scope": "990101", "scope_name": "云溪县（示例）",
        "level": "village", "begin": date(2026, 8, 1), "until": date(2026, 10, 31), "categories": (),
        "petitions": True, "version": 2, "issues": sum(sum(one.issues) for one in rows),
        "visits": sum(sum(one.visits) for one in rows), "outside": 3, "months": MONTHS,
        "judged": judge(rows, queen(polygons, tolerance=1e-9)),
    }  # fmt: skip
    return HotspotReport(**(values | changes))  # type: ignore[arg-type]


def shapes(of: HotspotReport, *, columns: int = 10) -> dict[str, BaseGeometry]:
    polygons = county.partition(columns, max(1, -(-len(of.rows) // columns)), steps=4)
    return {row.facts.code: polygon for row, polygon in zip(of.rows, polygons, strict=False)}


def outlines(of: HotspotReport, drawn: dict[str, BaseGeometry]) -> list[Outline]:
    members: dict[str, list[BaseGeometry]] = {}
    for row in of.rows:
        members.setdefault(str(row.facts.parent_name), []).append(drawn[row.facts.code])
    return [Outline(name, name, shapely.union_all(parts)) for name, parts in members.items()]


def surface(kind: str, peak: float) -> SurfaceLayer:
    y, x = np.mgrid[0:60, 0:80]
    values = peak * np.exp(-((x - 15) ** 2 + (y - 40) ** 2) / 200)
    values[:10] = np.nan
    grid = Surface(values, Bounds(0, 0, 80, 60), 1, 1500, "quartic", "per km²" if kind == "absolute" else "per 100")
    made = picture(grid, limits=(0.5, 1, 2, 5), contours=False)
    bounds = LonLatBounds(119.42, 29.66, 119.84, 30.0)
    return SurfaceLayer(
        kind, made.png, bounds, made.legend, 1500, "quartic", grid.unit, 0.5 if kind == "relative" else None
    )  # type: ignore[arg-type]


def frames(of: HotspotReport) -> list[Frame]:
    def layers(peak: float) -> tuple[SurfaceLayer, ...]:
        return surface("relative", peak), surface("absolute", 2 * peak)

    rows = [row.facts for row in of.rows]
    whole = Frame(None, layers(9), tuple(sum(one.issues) for one in rows), tuple(sum(one.visits) for one in rows))
    months = [
        Frame(month, layers(6.0 + at), tuple(one.issues[at] for one in rows), tuple(one.visits[at] for one in rows))
        for at, month in enumerate(MONTHS)
    ]
    return [whole, *months]


def behind(of: HotspotReport, title: str = "桥面破损，雨天积水") -> dict[int, list[IssueBehind]]:
    return {
        one.rank: [IssueBehind(f"w{one.rank}-{n}", title, date(2026, 9, 1 + n), "石桥村") for n in range(3)]
        for one in of.clusters
    }


def points(title: str = "路灯不亮") -> list[IssuePoint]:
    return [
        IssuePoint("p1", 119.5, 29.7, "livelihood", title, "accepted", date(2026, 9, 3)),
        IssuePoint("p2", 119.6, 29.8, "ecology", title, "closed", date(2026, 10, 3)),
    ]
