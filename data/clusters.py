"""Where problems gather on purpose: two groups of neighbouring villages, each with more issues of one category."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.plane import FloatArray, IntArray
from data.regions import neighbours
from data.streams import stream
from data.territory import Territory
from data.truths import Truths
from geo.analysis.issue_flow import Category

PLANTED: Final[tuple[tuple[Category, int, int], ...]] = (("ecology", 10, 2), ("infrastructure", 6, 1))
"""Category, villages, and towns that they must be of, at least."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Rows of villages that hang together."""

    category: Category
    villages: tuple[int, ...]


def choose_clusters(territory: Territory, truths: Truths, seed: int) -> tuple[Cluster, ...]:
    """Compact groups; no two share a town or touch, and none has a village that is odd, excluded or never visited."""
    rng = stream(seed, "clusters")
    town = territory.village_town
    adjacent, centres = _contacts(territory), _centres(territory)
    free = _ordinary(territory, truths)
    found = []
    for category, size, towns in PLANTED:
        groups = (_around(row, size, adjacent, centres, free) for row in rng.permutation(np.flatnonzero(free)).tolist())
        members = next(group for group in groups if len(group) == size and len(set(town[group].tolist())) >= towns)
        found.append(Cluster(category, tuple(sorted(members))))
        free[np.isin(town, town[members])] = False
        free[[other for row in members for other in adjacent[row]]] = False
    return tuple(found)


def _contacts(territory: Territory) -> list[list[int]]:
    """Villages that share a border, by row."""
    village = np.full(len(territory.ground.mesh.sites), -1, dtype=np.int64)
    village[territory.grid_cell] = territory.grid_village
    pairs = village[territory.ground.mesh.contacts]
    return neighbours(pairs[(pairs >= 0).all(axis=1)], len(territory.villages))


def _centres(territory: Territory) -> FloatArray:
    """The mean of the sites of each village's grids, metres, (villages, 2)."""
    sites = territory.gauge.sites[territory.grid_cell]
    size = np.bincount(territory.grid_village)
    return np.stack([np.bincount(territory.grid_village, sites[:, axis]) / size for axis in (0, 1)], axis=1)


def _ordinary(territory: Territory, truths: Truths) -> NDArray[np.bool_]:
    odd = territory.oddities
    apart = [odd.enclave, odd.around_enclave, odd.multipart, odd.functional_zone]
    ordinary = ~territory.villages["code"].isin(apart).to_numpy()
    ordinary[[truths.never_visited, *truths.excluded_rows("village")]] = False
    return np.asarray(ordinary)


def _around(row: int, size: int, adjacent: list[list[int]], centres: FloatArray, free: NDArray[np.bool_]) -> list[int]:
    """The village and free ones around it, the nearest first; fewer than asked for where there are no more."""
    away: IntArray | FloatArray = np.hypot(*(centres - centres[row]).T)
    members, edge = [row], {other for other in adjacent[row] if free[other]}
    while edge and len(members) < size:
        nearest = min(edge, key=lambda other: (away[other], other))
        members.append(nearest)
        edge |= {other for other in adjacent[nearest] if free[other]}
        edge -= set(members)
    return members
