"""A report of hot spots as the compact JSON that the map's script reads, and what the map needs besides the report."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.analysis.hotspots import PER, HotArea, HotCluster, HotspotReport
from geo.analysis.issue_flow import CATEGORIES, STATUSES, Category, Status
from geo.analysis.kernels import Kernel
from geo.analysis.surface_pictures import LegendClass
from geo.analysis.surface_rasters import LonLatBounds
from geo.errors import Lang
from geo.months import Month
from geo.space.crs import Frame as Datum
from maps import issue_labels, labels
from maps.issue_labels import CATEGORY_WORDS, ISSUE_WORDS, KERNEL_WORDS, STATUS_WORDS
from maps.layers import shifted

MAX_BEHIND: Final = 60
"""Issues that a cluster's card lists; how many more there are is said."""

COLUMNS: Final = (
    "code", "name", "above", "parent", "status", "households", "denominator", "expected", "rate", "low", "high",
    "shrunk", "ratio", "z", "q",
)  # fmt: skip

FAMILIES: Final = ("hot", "cold", "none", "unknown")
"""Classes that are switched and listed together; the part of their name before ``_``."""


@dataclass(frozen=True, slots=True)
class SurfaceLayer:
    """A surface as a picture on the grid of web maps.

    :ivar bounds: what the picture covers
    :ivar unit: of the legend's numbers, as `geo.analysis.surfaces.Surface` names it
    :ivar minimum_per_km2: visits below which nothing is said; None for a surface of counts
    """

    kind: Literal["absolute", "relative"]
    png: bytes
    bounds: LonLatBounds
    legend: tuple[LegendClass, ...]
    bandwidth_m: float
    kernel: Kernel
    unit: str
    minimum_per_km2: float | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One month of the window, or the whole.

    :ivar month: None for the whole window
    :ivar observed: issues by area, in the report's order
    :ivar visits: likewise
    """

    month: Month | None
    surfaces: tuple[SurfaceLayer, ...]
    observed: tuple[int, ...]
    visits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IssueBehind:
    """An issue inside a cluster, as its card lists it."""

    id: str
    title: str
    day: date
    area_name: str


@dataclass(frozen=True, slots=True)
class IssuePoint:
    """An issue with its position, for those who may see it. WGS-84, degrees."""

    id: str
    lon: float
    lat: float
    category: Category
    title: str
    status: Status
    day: date


def family(row: HotArea) -> str:
    """One of `FAMILIES`."""
    return row.status.partition("_")[0]


def table(report: HotspotReport) -> dict[str, object]:
    """The areas, and the order in which a list shows them: hot, cold, the others, the unknown; each surest first."""
    places = range(len(report.rows))
    ranked = sorted(places, key=lambda at: _rank(report.rows[at]))
    return {
        "columns": COLUMNS,
        "rows": [_values(row) for row in report.rows],
        "order": ranked,
        "denominator": report.judged.choices.denominator,
    }


def clusters(
    report: HotspotReport, shapes: Sequence[BaseGeometry | None], behind: Mapping[int, Sequence[IssueBehind]]
) -> tuple[list[dict[str, object]], list[BaseGeometry | None]]:
    """The clusters, and of each the ground of its members together; None where no member has a shape.

    :param shapes: one an area, in the report's order
    :param behind: rank of a cluster → its issues, latest first
    """
    position = {row.facts.code: at for at, row in enumerate(report.rows)}
    members = [[position[code] for code in one.members if code in position] for one in report.clusters]
    ground = [_union([shapes[at] for at in inside]) for inside in members]
    told = zip(report.clusters, members, strict=True)
    return [_cluster(one, inside, behind.get(one.rank, ())) for one, inside in told], ground


def frame_data(report: HotspotReport, frames: Sequence[Frame], lang: Lang, datum: Datum) -> list[dict[str, object]]:
    """The frames with their figures and pictures; the whole window alone where none is given."""
    whole = Frame(
        None, (), tuple(row.observed for row in report.rows), tuple(sum(row.facts.visits) for row in report.rows)
    )
    return [
        {
            "name": labels.month_name(one.month, lang) if one.month else ISSUE_WORDS["whole_window"].text(lang),
            "whole": one.month is None,
            "month": str(one.month) if one.month else "",
            "observed": one.observed,
            "visits": one.visits,
            "figures": figures(report, one),
            "surfaces": {layer.kind: _surface(layer, lang, datum) for layer in one.surfaces},
        }
        for one in frames or (whole,)
    ]


def figures(report: HotspotReport, frame: Frame) -> dict[str, str]:
    """Issues, visits, issues per 100 visits of the areas that were visited, and how many are unknown."""
    pairs = list(zip(frame.observed, frame.visits, strict=True))
    visits = sum(frame.visits)
    counted = sum(observed for observed, visited in pairs if visited)
    whole = frame.month is None
    unseen = [row.status == "unknown" or not (whole or n) for row, n in zip(report.rows, frame.visits, strict=True)]
    return {
        "issues": labels.number(report.issues if whole else sum(frame.observed)),
        "visits": labels.number(report.visits if whole else visits),
        "rate_per_100": issue_labels.decimal(PER * counted / visits) if visits else "—",
        "unknown": labels.number(sum(unseen)),
    }


def points(given: Sequence[IssuePoint], lang: Lang) -> dict[str, object]:
    """The single issues; categories and states as positions in lists of words."""
    return {
        "categories": [CATEGORY_WORDS[one].text(lang) for one in CATEGORIES],
        "states": [STATUS_WORDS[one].text(lang) for one in STATUSES],
        "issues": [
            [one.id, CATEGORIES.index(one.category), one.title, STATUSES.index(one.status), one.day.isoformat()]
            for one in given
        ],
    }


def _rank(row: HotArea) -> tuple[int, float, str]:
    z = row.z or 0.0
    return FAMILIES.index(family(row)), row.q if row.q is not None else 1.0, f"{-abs(z):012.4f}{row.facts.code}"


def _values(row: HotArea) -> list[object]:
    facts = row.facts
    numbers = (row.denominator, row.expected, row.rate, row.low, row.high, row.shrunk, row.ratio, row.z, row.q)
    above = facts.path.removesuffix(facts.code)
    told = [facts.code, facts.name, above, facts.parent_name or "", row.status, facts.households]
    return [*told, *(None if one is None else float(f"{one:.4g}") for one in numbers)]


def _union(shapes: Sequence[BaseGeometry | None]) -> BaseGeometry | None:
    drawn = [one for one in shapes if one is not None]
    return shapely.union_all(drawn) if drawn else None


def _cluster(one: HotCluster, members: list[int], behind: Sequence[IssueBehind]) -> dict[str, object]:
    return {
        "rank": one.rank,
        "members": members,
        "beyond": one.beyond,
        "observed": one.observed,
        "expected": float(f"{one.expected:.4g}"),
        "relative_risk": None if one.relative_risk is None else float(f"{one.relative_risk:.4g}"),
        "p": one.p,
        "radius_m": round(one.radius_m),
        "significant": one.significant,
        "behind": [[issue.id, issue.title, issue.day.isoformat(), issue.area_name] for issue in behind[:MAX_BEHIND]],
        "behind_n": len(behind),
    }


def _surface(layer: SurfaceLayer, lang: Lang, datum: Datum) -> dict[str, object]:
    corners = np.array(layer.bounds).reshape(2, 2)
    ticks = _ticks([one.low for one in layer.legend])
    return {
        "image": base64.b64encode(layer.png).decode("ascii"),
        "bounds": [[round(lat, 6), round(lon, 6)] for lon, lat in shifted(corners, datum).tolist()],
        "legend": [[tick, one.colour] for tick, one in zip(ticks, layer.legend, strict=True)],
        "unit": issue_labels.unit(layer.unit, lang),
        "note": surface_note(layer, lang),
    }


def _ticks(limits: Sequence[float]) -> list[str]:
    """Lower limits of classes with as few digits as tell them apart.

    >>> _ticks([0.371, 0.556, 1.11]), _ticks([0.123, 0.124])
    (['0.37', '0.56', '1.1'], ['0.123', '0.124'])
    """
    short = [issue_labels.decimal(one, 2) for one in limits]
    return short if len(set(short)) == len(short) else [issue_labels.decimal(one) for one in limits]


def surface_note(layer: SurfaceLayer, lang: Lang) -> str:
    """Kernel, bandwidth, and where the surface says nothing."""
    kernel, metres = KERNEL_WORDS[layer.kernel].text(lang), issue_labels.decimal(layer.bandwidth_m, 4)
    note = ISSUE_WORDS["surface_note"].text(lang).format(kernel=kernel, metres=metres)
    if layer.minimum_per_km2 is None:
        return note
    from_zero = bool(layer.legend) and layer.legend[0].low == 0
    below = (
        ISSUE_WORDS["blank_unknown" if from_zero else "blank_or_low"]
        .text(lang)
        .format(n=issue_labels.decimal(layer.minimum_per_km2, 2))
    )
    return f"{note}；{below}" if lang == "zh-CN" else f"{note}; {below}"
