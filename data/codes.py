"""Codes of the mainland scheme: county 6 digits, then 3 more for the town, the village and the grid.

As in the national scheme, subdistricts are numbered from 001, towns from 101 and townships from 201; communities from
001 and villages from 201.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.ground import Ground
from data.hierarchy import Hierarchy
from data.plane import FloatArray, IntArray

_FIRST: Final = {"subdistrict": 1, "town": 101, "township": 201, "community": 1, "village": 201}
_SUBDISTRICT_SHARE: Final = 3 / 14
_TOWNSHIP_SHARE: Final = 4 / 14
_COMMUNITY_SHARE: Final = {"subdistrict": 0.7, "town": 0.2, "township": 0.06}
_MOST_COMMUNITIES: Final = 199


@dataclass(frozen=True, slots=True)
class Coded:
    """Areas in the order of their codes.

    :ivar village_number: from a village's number in the hierarchy to its row
    """

    town_code: list[str]
    town_kind: list[str]
    village_code: list[str]
    village_kind: list[str]
    village_town: IntArray
    village_number: IntArray
    grid_code: list[str]
    grid_village: IntArray
    grid_cell: IntArray


def codes_of(county: str, ground: Ground, hierarchy: Hierarchy) -> Coded:
    """Kinds by how densely the grids stand, numbers from the middle outwards."""
    cells = np.sort(np.concatenate([ground.mainland, ground.island]))
    village = hierarchy.village[cells]
    centre = _means(ground.mesh.sites[cells], village)
    crowding = _crowding(ground)[cells]
    density = _means(crowding[:, None], village)[:, 0]
    town = hierarchy.coded_town
    town_centre, town_density = _means(centre, town), _means(density[:, None], town)[:, 0]

    town_kind = _town_kinds(town_density)
    town_code = [
        county + number for number in _numbers(np.zeros(len(town_kind), dtype=np.int64), town_kind, town_centre)
    ]
    village_kind = _village_kinds(town, [town_kind[row] for row in town], density)
    off_town = centre - town_centre[town]
    village_code = [
        town_code[row] + number for row, number in zip(town, _numbers(town, village_kind, off_town), strict=True)
    ]
    off_village = ground.mesh.sites[cells] - centre[village]
    grid_numbers = _ranks(village, np.hypot(*off_village.T)) + 1
    grid_code = [f"{village_code[row]}{number:03d}" for row, number in zip(village, grid_numbers, strict=True)]

    town_order, village_order, grid_order = (_order(codes) for codes in (town_code, village_code, grid_code))
    town_row, village_row = np.argsort(town_order), np.argsort(village_order)
    return Coded(
        town_code=[town_code[row] for row in town_order],
        town_kind=[town_kind[row] for row in town_order],
        village_code=[village_code[row] for row in village_order],
        village_kind=[village_kind[row] for row in village_order],
        village_town=town_row[hierarchy.town[village_order]],
        village_number=village_row,
        grid_code=[grid_code[row] for row in grid_order],
        grid_village=village_row[village[grid_order]],
        grid_cell=cells[grid_order],
    )


def _crowding(ground: Ground) -> FloatArray:
    """How close a cell's neighbours stand: one over the mean squared distance."""
    a, b = ground.mesh.contacts.T
    squared = ((ground.mesh.sites[a] - ground.mesh.sites[b]) ** 2).sum(axis=1)
    count = len(ground.mesh.sites)
    degree = np.bincount(np.concatenate([a, b]), minlength=count)
    total = np.bincount(np.concatenate([a, b]), np.concatenate([squared, squared]), count)
    return np.asarray(degree / np.maximum(total, 1.0))


def _means(values: FloatArray, group: IntArray) -> FloatArray:
    size = np.bincount(group)
    return np.stack([np.bincount(group, column) / size for column in values.T], axis=1)


def _ranks(group: IntArray, key: FloatArray) -> IntArray:
    """Rank within the group, 0 for the smallest key."""
    order = np.lexsort([key, group])
    size = np.bincount(group)
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    return ranks


def _order(codes: list[str]) -> IntArray:
    return np.argsort(np.array(codes), kind="stable")


def _numbers(group: IntArray, kinds: list[str], off_centre: FloatArray) -> list[str]:
    """Three digits, counted within the group and kind from the middle outwards."""
    known = sorted(set(kinds))
    kind = np.array([known.index(one) for one in kinds])
    _, both = np.unique(group * len(known) + kind, return_inverse=True)
    ranks = _ranks(both, np.hypot(*off_centre.T))
    return [f"{_FIRST[one] + rank:03d}" for one, rank in zip(kinds, ranks.tolist(), strict=True)]


def _town_kinds(density: FloatArray) -> list[str]:
    rank = np.argsort(np.argsort(-density, kind="stable"), kind="stable")
    subdistricts = round(len(density) * _SUBDISTRICT_SHARE)
    townships = round(len(density) * _TOWNSHIP_SHARE)
    return [
        "subdistrict" if one < subdistricts else "township" if one >= len(density) - townships else "town"
        for one in rank.tolist()
    ]


def _village_kinds(town: IntArray, kind_of_town: list[str], density: FloatArray) -> list[str]:
    """The densest villages of a town are communities, most of them in the subdistricts."""
    size = np.bincount(town)[town]
    share = np.array([_COMMUNITY_SHARE[kind] for kind in kind_of_town])
    communities = np.minimum(np.rint(size * share), _MOST_COMMUNITIES)
    return ["community" if one else "village" for one in _ranks(town, -density) < communities]
