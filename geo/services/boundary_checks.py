"""What there is to say of a plan: its coverage checked, and compared with the version that is in force."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.boundaries import BoundaryReport, Problem, Said
from geo.intake.rejections import Rejection
from geo.limits import MAX_OVERLAP_M2, SLIVER_WIDTH_M
from geo.services.boundary_plans import Plan
from geo.services.planned import DERIVED, PlannedArea
from geo.space.checks import AreaSet, Finding, Repair, check
from geo.space.codes import LEVELS, Level
from geo.space.frames import Reading, Score
from geo.space.lineage import AreasOf, Link, compare
from geo.storage.queries import areas, boundaries, lineage
from geo.storage.queries.boundaries import VersionInfo

_WKT_DECIMALS: Final = 8
_AGAINST_PARENTS: Final = ("outside_parent", "uncovered")


def examine(session: Session, plan: Plan) -> BoundaryReport:
    """Check the levels that were brought, and those right below them against their new parents."""
    brought = [level for level in LEVELS if any(layer.level == level for layer in plan.layers)]
    by_level = {level: [area for area in plan.areas if area.level == level] for level in LEVELS}
    findings: list[Finding] = []
    for level in LEVELS:
        if not by_level[level] or _is_derived(by_level[level]):
            continue
        if level in brought:
            repairs = [one for layer in plan.layers if layer.level == level for one in layer.repairs]
            findings += _check(plan, by_level[level], repairs)
        elif any(_level_of(plan, area.code) in brought for area in _parents(plan, by_level[level])):
            findings += [one for one in _check(plan, by_level[level], ()) if one.kind in _AGAINST_PARENTS]
    changes = links(session, plan.based_on, plan.areas, brought)
    return BoundaryReport(
        county=plan.county.code,
        county_name=next((area.name for area in plan.areas if area.level == "county"), plan.county.code),
        source=plan.source,
        version=None,
        status=None,
        based_on=plan.based_on.version if plan.based_on else None,
        levels=tuple(brought),
        counts={level: len(found) for level, found in by_level.items() if found},
        names=_names(plan.areas, findings, changes),
        notes={key: said for layer in plan.layers for key, said in layer.notes.items()},
        sliver_width_m=SLIVER_WIDTH_M,
        overlap_limit_m2=MAX_OVERLAP_M2,
        scores=tuple(score for layer in plan.layers for score in layer.scores),
        findings=tuple(findings),
        changes=tuple(changes),
        problems=(*_problems(plan.errors, forbids=True), *_problems(plan.warnings, forbids=False)),
        moved_m2=dict(plan.moved_m2),
    )


def links(
    session: Session, before: VersionInfo | None, after: Sequence[PlannedArea], levels: Iterable[Level]
) -> list[Link]:
    """What became of the areas of some levels of the version before; nothing where there was none."""
    if before is None:
        return []
    found: list[Link] = []
    for level in levels:
        new = [area for area in after if area.level == level]
        if not _is_derived(new):
            codes, names = [area.code for area in new], [area.name for area in new]
            old = _areas_of(session, before, level)
            # A level that comes for the first time is no change of anything.
            if old.codes:
                found += compare(old, AreasOf(level, codes, names, _array([area.geometry for area in new])))
    return found


def links_between(session: Session, before: VersionInfo, after: VersionInfo) -> list[Link]:
    """The same for two stored versions: another one took force since the later one was staged."""
    levels: list[Level] = ["town", "village", "grid"]
    pairs = [(_areas_of(session, before, level), _areas_of(session, after, level)) for level in levels]
    return [link for old, new in pairs for link in compare(old, new)]


def _areas_of(session: Session, version: VersionInfo, level: Level) -> AreasOf:
    found = areas.page(session, version, level=level, limit=None)
    shapes = areas.shapes(session, version, [area.code for area in found], drawn=False)
    codes, names = [area.code for area in found], [area.name for area in found]
    return AreasOf(level, codes, names, _array([shapes[code] for code in codes]))


def stored(report: BoundaryReport) -> dict[str, Any]:
    """As JSON for the version's row; the changes are the version's lineage and not repeated."""
    plain = asdict(replace(report, changes=()))
    for finding in plain["findings"]:
        finding["geometry"] = shapely.to_wkt(finding["geometry"], rounding_precision=_WKT_DECIMALS)
    return plain


def of_version(session: Session, version: VersionInfo) -> BoundaryReport:
    """What was found when a version was staged, with its lineage as it is now."""
    plain = boundaries.report_of(session, version.county, version.version)
    changes = tuple(lineage.links(session, version.county, version.version))
    if plain is None:
        return _nothing_stored(session, version, changes)
    findings = [
        Finding(**{**one, "codes": tuple(one["codes"]), "geometry": shapely.from_wkt(one["geometry"])})
        for one in plain.pop("findings")
    ]
    scores = [Score(Reading(**one["reading"]), one["iou"]) for one in plain.pop("scores")]
    problems = [Problem(**one) for one in plain.pop("problems")]
    plain["notes"] = {key: Said(*said) for key, said in plain["notes"].items()}
    plain |= {"version": version.version, "status": version.status, "changes": changes}
    return BoundaryReport(**plain, findings=tuple(findings), scores=tuple(scores), problems=tuple(problems))


def shapes_of(session: Session, version: VersionInfo, report: BoundaryReport) -> dict[str, BaseGeometry]:
    """Drawn shapes of the areas of a stored version that the report is of: its levels, or all if it names none."""
    wanted = [level for level in LEVELS if level in (report.levels or LEVELS)]
    codes = [area.code for level in wanted for area in areas.page(session, version, level=level, limit=None)]
    return areas.shapes(session, version, codes, drawn=True)


def old_shapes(session: Session, report: BoundaryReport) -> dict[str, BaseGeometry]:
    """Drawn shapes of the areas that were changed, as they were in the version that the report compares with."""
    if report.based_on is None:
        return {}
    old = boundaries.get(session, report.county, report.based_on)
    codes = [link.old_code for link in report.changes if link.relation != "same" and link.old_code is not None]
    return areas.shapes(session, old, codes, drawn=True)


def _nothing_stored(session: Session, version: VersionInfo, changes: tuple[Link, ...]) -> BoundaryReport:
    """A version of before checks were stored."""
    county = areas.find(session, version, version.county)
    counts = boundaries.count_by_level(session, version.county, version.version)
    return BoundaryReport(
        county=version.county,
        county_name=county.name if county else version.county,
        source=version.source,
        version=version.version,
        status=version.status,
        based_on=version.based_on,
        levels=(),
        counts={level: counts[level] for level in LEVELS if level in counts},
        names={},
        notes={},
        sliver_width_m=SLIVER_WIDTH_M,
        overlap_limit_m2=MAX_OVERLAP_M2,
        changes=changes,
    )


def _check(plan: Plan, found: Sequence[PlannedArea], repairs: Sequence[Repair]) -> tuple[Finding, ...]:
    parents = _parents(plan, found)
    above = _area_set(plan, parents) if parents else None
    return check(_area_set(plan, found), parents=above, repairs=repairs, sliver_width_m=SLIVER_WIDTH_M)


def _parents(plan: Plan, found: Sequence[PlannedArea]) -> list[PlannedArea]:
    """All areas of the levels that have a child among some, but not a county that is only what lies below it."""
    named = {plan.places[area.code].parent for area in found if area.code in plan.places}
    levels = {area.level for area in plan.areas if area.code in named and area.kind != DERIVED}
    return [area for area in plan.areas if area.level in levels]


def _level_of(plan: Plan, code: str) -> Level | None:
    return next((area.level for area in plan.areas if area.code == code), None)


def _area_set(plan: Plan, found: Sequence[PlannedArea]) -> AreaSet:
    return AreaSet(
        level=found[0].level,
        codes=[area.code for area in found],
        parents=[plan.places[area.code].parent if area.code in plan.places else None for area in found],
        geometries=_array([area.geometry for area in found]),
    )


def _is_derived(found: Sequence[PlannedArea]) -> bool:
    return any(area.kind == DERIVED for area in found)


def _names(found: Sequence[PlannedArea], findings: Sequence[Finding], changes: Sequence[Link]) -> dict[str, str]:
    wanted = {code for finding in findings for code in finding.codes}
    # A grid is told by its village: every village has a first one.
    wanted |= {area.parent for area in found if area.code in wanted and area.level == "grid" and area.parent}
    names = {area.code: area.name for area in found if area.code in wanted}
    for change in changes:
        if change.relation != "same":
            pairs = ((change.old_code, change.old_name), (change.new_code, change.new_name))
            names |= {code: name for code, name in pairs if code is not None and name is not None}
    return names


def _problems(rejections: Iterable[Rejection], *, forbids: bool) -> list[Problem]:
    return [Problem(one.row, one.field, one.en, one.zh, forbids=forbids) for one in rejections]


def _array(geometries: Sequence[shapely.Geometry]) -> Any:
    out = np.empty(len(geometries), dtype=object)
    out[:] = geometries
    return out
