"""A made-up report with every kind of finding, change and problem, on the county of `tests.maps.county`."""

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.analysis.boundaries import BoundaryReport, Problem, Said
from geo.space.checks import Finding
from geo.space.frames import Reading, Score
from geo.space.lineage import Link
from tests.maps.county import partition

CODES = [f"990101{101 + n // 10}{200 + n:03d}" for n in range(20)]
NAMES = {code: f"村{n:02d}" for n, code in enumerate(CODES)}
SHAPES: dict[str, BaseGeometry] = dict(zip(CODES, partition(5, 4), strict=True))
OLD: dict[str, BaseGeometry] = {"OLD-1": SHAPES[CODES[0]], "OLD-2": SHAPES[CODES[1]], CODES[7]: SHAPES[CODES[8]]}


ENCODING = Said("GB18030（据 .cpg）", "GB18030 (by the .cpg)")


def sliver(code: str) -> shapely.MultiPolygon:
    """About 30 cm wide at the west edge of an area."""
    west, south, _, north = SHAPES[code].bounds
    return shapely.multipolygons([shapely.box(west, south, west + 3e-6, north)])


def finding(kind: str, *codes: str, **more: Any) -> Finding:
    at = SHAPES.get(codes[0], SHAPES[CODES[0]])
    values = {"level": "village", "area_m2": 120.5, "width_m": 0.3, "geometry": sliver(CODES[5])} | more
    if kind in ("repaired", "multipart", "hole"):
        values |= {"geometry": at.representative_point(), "width_m": 0.0}
    return Finding(kind, codes=codes, **values)  # type: ignore[arg-type]


def link(relation: str, old: int | str | None, new: int | None, iou: float = 1.0) -> Link:
    old_code = CODES[old] if isinstance(old, int) else old
    new_code = CODES[new] if new is not None else None
    names = [None if code is None else NAMES.get(code, f"旧{code}") for code in (old_code, new_code)]
    return Link("village", relation, old_code, new_code, *names, iou, iou, iou)  # type: ignore[arg-type]


FINDINGS = (
    finding("repaired", CODES[9], detail="Self-intersection[119.5 29.8]", before_m2=100.0, after_m2=220.5),
    finding("overlap", CODES[5], CODES[6], sliver=True),
    finding("gap", CODES[5], CODES[10], CODES[11], area_m2=25_000.0, width_m=12.0),
    finding("outside_parent", CODES[3], "990101101", area_m2=4_000_000.0, width_m=800.0),
    finding("uncovered", "990101102"),
    finding("multipart", CODES[12], count=3),
    finding("hole", CODES[13], count=1),
)
CHANGES = (
    link("merged", "OLD-1", 0),
    link("merged", "OLD-2", 0),
    link("split", 2, 2, 0.5),
    link("moved", 7, 7, 0.8),
    link("renamed", 4, 4),
    link("renumbered", "OLD-3", 14),
    link("new", None, 15),
    link("gone", "OLD-4", None),
    link("same", 16, 16),
)
PROBLEMS = (
    Problem(3, "code", "has no code", "没有代码", forbids=True),
    Problem(0, "parent", "grid x comes under y", "x 归入 y", forbids=False),
)


def report(**changes: Any) -> BoundaryReport:
    values: dict[str, Any] = {
        "county": "990101", "county_name": "云溪县（示例）", "source": "villages.shp", "version": 3, "status": "staged",
        "based_on": 2, "levels": ("village",), "counts": {"county": 1, "village": 20}, "names": NAMES,
        "notes": {"format": Said("Shapefile", "Shapefile"), "encoding": ENCODING},
        "sliver_width_m": 1.0, "overlap_limit_m2": 100.0,
        "scores": (Score(Reading(frame="gcj02"), 0.998), Score(Reading(), 0.95), Score(Reading(swapped=True), 0.0)),
        "findings": FINDINGS, "changes": CHANGES, "problems": PROBLEMS, "moved_m2": {CODES[5]: 12.5, CODES[6]: 12.5},
    }  # fmt: skip
    return BoundaryReport(**(values | changes))
