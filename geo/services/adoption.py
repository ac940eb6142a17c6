"""Areas that a version takes over come under the new areas above them, where theirs are no more or stood too high."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geo.intake.rejections import Rejection
from geo.services.planned import PlannedArea
from geo.space.codes import CN_DIGITS, LEVELS, Level, Scheme


@dataclass(frozen=True, slots=True)
class Adopted:
    """The areas, and what is to be told of those whose parent was found by ground."""

    areas: Sequence[PlannedArea]
    told: Sequence[Rejection]


def adopt(
    kept: Sequence[PlannedArea], new: Sequence[PlannedArea], *, levels_before: Collection[str], scheme: Scheme
) -> Adopted:
    """Give kept areas a parent among the new ones: the one that their code names, else the one with most ground.

    That is done for an area whose parent is no more, and for one that stood under a higher level only because the
    level between was not there yet.

    :param kept: of the version before, with the parent that they had
    :param levels_before: of that version
    """
    there = {area.code: area for area in (*kept, *new)}
    by_level = {level: [area for area in new if area.level == level] for level in LEVELS}
    brought = [level for level in LEVELS if by_level[level] and level not in levels_before]
    areas, told = [], []
    for area in kept:
        above = there.get(area.parent) if area.parent else None
        stood = LEVELS.index(above.level) if above else -1
        came = [level for level in brought if stood < LEVELS.index(level) < LEVELS.index(area.level)]
        if area.parent is None or (above is not None and not came):
            areas.append(area)
            continue
        named = _named(area, there) if scheme == "cn" else None
        parent = named or _by_ground(area, by_level)
        if parent is None:
            areas.append(area)
            continue
        areas.append(replace(area, parent=parent.code))
        if named is None:
            told.append(_told(area, parent))
    return Adopted(areas, told)


def _named(area: PlannedArea, there: Mapping[str, PlannedArea]) -> PlannedArea | None:
    """The area of the nearest level above whose code begins this one."""
    loaded = {one.level for one in there.values()}
    above = next(level for level in reversed(LEVELS[: LEVELS.index(area.level)]) if level in loaded)
    found = there.get(area.code[: CN_DIGITS[above]])
    return found if found is not None and found.level == above else None


def _by_ground(area: PlannedArea, by_level: Mapping[Level, Sequence[PlannedArea]]) -> PlannedArea | None:
    """Of the nearest level above that was brought, the area that has most of the ground; None if none has any."""
    for level in reversed(LEVELS[: LEVELS.index(area.level)]):
        candidates = by_level[level]
        if not candidates:
            continue
        polygons = np.array([one.geometry for one in candidates], dtype=object)
        near = shapely.STRtree(polygons).query(area.geometry, predicate="intersects")
        common = shapely.area(shapely.intersection(polygons[near], area.geometry))
        return candidates[near[int(common.argmax())]] if len(near) and common.max() > 0 else None
    return None


def _told(area: PlannedArea, parent: PlannedArea) -> Rejection:
    """Of no row of the file: the area comes from the version before."""
    return Rejection(
        0,
        "parent",
        f"{area.level} {area.code} {area.name} of the version before comes under {parent.code} {parent.name}, "
        f"which has most of its ground; it was under {area.parent}",
        f"原有的 {area.code} {area.name}（原属 {area.parent}）归入大部分地块所在的 {parent.code} {parent.name}",
    )
