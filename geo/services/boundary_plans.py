"""What a boundary file would make of a county: the tree of the next version, checked before anything is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from geo.errors import CountyUnclear
from geo.intake.boundary_files import BoundaryLayer
from geo.intake.rejections import Rejection
from geo.services.adoption import adopt
from geo.services.planned import DERIVED, PlannedArea
from geo.space import hierarchy, shapes
from geo.space.checks import AreaSet
from geo.space.codes import CN_DIGITS, LEVELS, Level, Scheme, is_code, scheme_of
from geo.space.crs import metric_epsg
from geo.space.repair import repair
from geo.storage.queries import boundaries, counties
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo


@dataclass(frozen=True, slots=True)
class Plan:
    """The next version as it would be. ``errors`` forbid it, ``warnings`` are told.

    :ivar layers: what was brought
    :ivar moved_m2: code → ground that the repair of slivers gave to it or took from it
    """

    county: CountyInfo
    is_new_county: bool
    based_on: VersionInfo | None
    source: str
    areas: Sequence[PlannedArea]
    places: dict[str, hierarchy.Place]
    errors: Sequence[Rejection]
    warnings: Sequence[Rejection]
    layers: Sequence[BoundaryLayer] = ()
    moved_m2: Mapping[str, float] = field(default_factory=dict)

    def count(self, level: Level) -> int:
        """Areas of one level."""
        return sum(area.level == level for area in self.areas)


def plan(
    session: Session,
    *layers: BoundaryLayer,
    county: str | None = None,
    county_name: str | None = None,
    time_zone: str = "Asia/Shanghai",
    repair_width_m: float | None = None,
) -> Plan:
    """Put layers into the active version of their county: their levels are replaced, the others stay.

    :param county: needed where the codes are opaque and no county, or more than one, is stored
    :param county_name: name of a county that no file brings as an area
    :param repair_width_m: give away gaps and overlaps of the layers that are narrower than this
    """
    code = county or county_of(session, layers[0].level, layers[0].areas["code"].tolist())
    mended, moved, left = _mended(layers, repair_width_m)
    known = counties.find(session, code)
    info = known or CountyInfo(code, scheme_of(code), ZoneInfo(time_zone), _epsg(layers[0]))
    active = boundaries.find_active(session, code) if known else None
    new = [area for layer in mended for area in _new_areas(layer)]
    kept = _kept_areas(session, active, {layer.level for layer in layers}) if active else []
    before = boundaries.count_by_level(session, code, active.version) if active else {}
    adopted = adopt(kept, new, levels_before=before, scheme=info.scheme)
    areas = _with_county([*adopted.areas, *new], code, county_name)
    tree = hierarchy.build(
        (hierarchy.Node(area.code, area.level, area.parent) for area in areas), county=code, scheme=info.scheme
    )
    rows = {area.code: area.row or 0 for area in areas}
    refused = [rejection for layer in layers for rejection in layer.refused]
    errors = [*refused, *_bad_codes(new, info.scheme, code), *_duplicates(areas), *_orphans(tree, rows)]
    warnings = [rejection for layer in mended for rejection in _repaired(layer)]
    warnings += [*left, *adopted.told]
    source = ", ".join(layer.source for layer in layers)
    areas.sort(key=lambda area: (LEVELS.index(area.level), area.code))
    return Plan(info, known is None, active, source, areas, dict(tree.places), errors, warnings, mended, moved)


def county_of(session: Session, level: Level, codes: Sequence[str | None]) -> str:
    """The county that mainland codes name, or the only one that is stored.

    :raises CountyUnclear: several counties are named, or none and not exactly one is stored
    """
    if codes and all(code is not None and is_code(code, level, "cn") for code in codes):
        named = sorted({str(code)[: CN_DIGITS["county"]] for code in codes})
        if len(named) > 1:
            raise CountyUnclear(found=", ".join(named))
        return named[0]
    stored = counties.all_codes(session)
    if len(stored) != 1:
        raise CountyUnclear(found=", ".join(stored) or f"no codes of {CN_DIGITS[level]} digits")
    return stored[0]


def _mended(
    layers: Sequence[BoundaryLayer], width_m: float | None
) -> tuple[Sequence[BoundaryLayer], dict[str, float], list[Rejection]]:
    """Layers without slivers, the ground that moved, and the areas that a person has to look at."""
    if width_m is None:
        return layers, {}, []
    mended: list[BoundaryLayer] = []
    moved: dict[str, float] = {}
    left: list[Rejection] = []
    for layer in layers:
        codes = layer.areas["code"].tolist()
        areas = AreaSet(layer.level, codes, [None] * len(codes), layer.areas.geometry.to_numpy())
        done = repair(areas, width_m=width_m)
        moved |= done.moved_m2
        mended.append(replace(layer, areas=layer.areas.set_geometry(done.geometries, crs=layer.areas.crs)))
        rows = dict(zip(codes, layer.areas["row"].tolist(), strict=True))
        left += [
            Rejection(
                int(rows[code]),
                "geometry",
                f"{code} overlaps a neighbour by {width_m:g} m or more and was left as it is; mend it in the file",
                f"{code} 与相邻区域重叠达 {width_m:g} 米或更宽，未作修复，请在文件中改正",
            )
            for code in done.left
        ]
    return mended, moved, left


def _epsg(layer: BoundaryLayer) -> int:
    west, _, east, _ = layer.areas.total_bounds
    return metric_epsg((west + east) / 2)


def _new_areas(layer: BoundaryLayer) -> list[PlannedArea]:
    return [
        PlannedArea(
            code=record.code,
            level=layer.level,
            name=record.name,
            kind=record.kind,
            parent=record.parent if layer.level != "county" else None,
            households=_count(record.households),
            population=_count(record.population),
            geometry=record.geometry,
            row=int(record.row),
        )
        for record in layer.areas.itertuples(index=False)
    ]


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float | np.integer) else None


def _kept_areas(session: Session, version: VersionInfo, replaced: Collection[Level]) -> list[PlannedArea]:
    others = [level for level in LEVELS if level not in replaced]
    return [
        PlannedArea(
            code=row.code,
            level=row.level,
            name=row.name,
            kind=row.kind,
            parent=row.parent_code,
            households=row.households,
            population=row.population,
            geometry=to_shape(row.geom),
        )
        for row in boundaries.area_rows(session, version.county, version.version, others)
    ]


def _with_county(areas: list[PlannedArea], code: str, name: str | None) -> list[PlannedArea]:
    """A county that was never loaded is derived anew from the highest level there is."""
    county = next((area for area in areas if area.level == "county"), None)
    if county is not None and county.kind != DERIVED:
        return areas
    below = [area for area in areas if area.level != "county"]
    top = min((LEVELS.index(area.level) for area in below), default=0)
    highest = [area.geometry for area in below if LEVELS.index(area.level) == top]
    return [
        PlannedArea(
            code=code,
            level="county",
            name=name or (county.name if county else code),
            kind=DERIVED,
            parent=None,
            households=None,
            population=None,
            geometry=shapes.union(np.array(highest, dtype=object)),
        ),
        *below,
    ]


def _bad_codes(areas: Iterable[PlannedArea], scheme: Scheme, county: str) -> list[Rejection]:
    bad: list[Rejection] = []
    for area in areas:
        if not is_code(area.code, area.level, scheme):
            digits = CN_DIGITS[area.level] if scheme == "cn" else 0
            en = f"{area.code!r} is not a {area.level} code" + (f" of {digits} digits" if digits else "")
            zh = f"“{area.code}”不是{digits}位代码" if digits else f"“{area.code}”不能用作代码"
            bad.append(Rejection(area.row or 0, "code", en, zh))
        elif area.level == "county" and area.code != county:
            bad.append(
                Rejection(
                    area.row or 0, "code", f"{area.code} is not the county {county}", f"{area.code} 不是本县 {county}"
                )
            )
    return bad


def _duplicates(areas: Iterable[PlannedArea]) -> list[Rejection]:
    seen: dict[str, list[PlannedArea]] = defaultdict(list)
    for area in areas:
        seen[area.code].append(area)
    return [
        Rejection(
            again.row or 0,
            "code",
            f"{code} stands already {_where(first)}",
            f"{code} 已经出现过（{_where(first)}）",
        )
        for code, (first, *more) in seen.items()
        for again in more
    ]


def _where(area: PlannedArea) -> str:
    return f"row {area.row}" if area.row else f"{area.level} {area.name}"


def _orphans(tree: hierarchy.Tree, rows: dict[str, int]) -> list[Rejection]:
    return [_orphan(node, parent, rows.get(node.code, 0)) for node, parent in tree.orphans]


def _orphan(node: hierarchy.Node, parent: str, row: int) -> Rejection:
    if not row:
        return Rejection(
            0,
            "parent",
            f"{node.level} {node.code} of the version before has the parent {parent}, which the file no longer has, "
            "and no other has its ground; put it into the file",
            f"原有的 {node.code} 的上级 {parent} 已不在文件中，也没有其他区域包含其地块，请在文件中补上",
        )
    return Rejection(
        row,
        "parent",
        f"{node.level} {node.code} has the parent {parent}, which is not there; load that level first, "
        "or name the column with --column parent=NAME",
        f"{node.code} 的上级 {parent} 不存在；请先载入上级，或用 --column parent=列名 指定上级列",
    )


def _repaired(layer: BoundaryLayer) -> list[Rejection]:
    return [
        Rejection(row, "geometry", "was invalid and has been repaired", "图形无效，已修复") for row in layer.repaired
    ]
