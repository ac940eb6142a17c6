"""Which grid lies in which village, and which village in which town, with what is odd on purpose.

On purpose there are: an enclave (a village of one grid, wholly inside another village), a village of two parts (the
island belongs to a village on the coast), and a functional zone (a village run by a town other than the one its code
names).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.ground import Ground
from data.plane import FloatArray, IntArray
from data.regions import grow, is_connected, medoids, nearest, neighbours
from data.streams import stream

VILLAGES: Final = 218
TOWNS: Final = 14
_ENCLAVE_BETWEEN_M: Final = (9_000.0, 18_000.0)  # from the centre: in the countryside, off the coast
_FEWEST_VILLAGES: Final = 6


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Membership by number, before anything has a code.

    :ivar village: village of each cell, -1 outside the county
    :ivar town: town that runs each village
    :ivar coded_town: town that each village's code names; differs for the functional zone alone
    """

    village: IntArray
    town: IntArray
    coded_town: IntArray
    enclave: int
    around_enclave: int
    with_island: int
    functional_zone: int


def make_hierarchy(ground: Ground, seed: int, scale: int) -> Hierarchy:
    """Villages of about three grids; towns grow with the root of the scale, so that three digits do."""
    rng = stream(seed, "hierarchy")
    sites = ground.mesh.sites
    village = np.full(len(sites), -1, dtype=np.int64)
    open_ = np.zeros(len(sites), dtype=bool)
    open_[ground.mainland] = True
    count = VILLAGES * scale
    enclave, around = count - 2, count - 1
    inner, ring = _enclave_cells(ground, rng)
    village[inner], village[ring] = enclave, around
    open_[[inner, *ring]] = False
    rest = np.flatnonzero(open_)
    seeds = rest[medoids(sites[rest], count - 2, rng)]
    grown = grow(ground.adjacent, sites, seeds, open_)
    village = np.where(grown >= 0, grown, village)
    coast = rest[nearest(sites[ground.island].mean(axis=0, keepdims=True), sites[rest])]
    with_island = int(village[coast[0]])
    adjacent = _village_neighbours(ground, village, count)
    village[ground.island] = with_island
    coded = _towns(_centres(sites, village, count), adjacent, round(TOWNS * np.sqrt(scale)), rng)
    zone, host = _functional_zone(coded, adjacent, {enclave, around, with_island}, rng)
    town = coded.copy()
    town[zone] = host
    return Hierarchy(village, town, coded, enclave, around, with_island, zone)


def _enclave_cells(ground: Ground, rng: np.random.Generator) -> tuple[int, list[int]]:
    """A cell of the countryside and the ring around it, none of them on the coast or the lake."""
    dry = set(ground.mainland.tolist())
    distance = np.hypot(*ground.mesh.sites.T)
    low, high = _ENCLAVE_BETWEEN_M
    candidates = np.flatnonzero((distance > low) & (distance < high))
    for cell in rng.permutation(candidates).tolist():
        ring = ground.adjacent[cell]
        if cell in dry and all(other in dry for near in ring for other in ground.adjacent[near]):
            return cell, ring
    raise ValueError("no room for the enclave")


def _village_neighbours(ground: Ground, village: IntArray, count: int) -> list[list[int]]:
    pairs = village[ground.mesh.contacts]
    return neighbours(pairs[(pairs >= 0).all(axis=1)], count)


def _centres(sites: FloatArray, village: IntArray, count: int) -> FloatArray:
    inside = village >= 0
    size = np.bincount(village[inside], minlength=count)
    return np.stack([np.bincount(village[inside], sites[inside, axis], count) / size for axis in (0, 1)], axis=1)


def _towns(centres: FloatArray, adjacent: list[list[int]], count: int, rng: np.random.Generator) -> IntArray:
    everywhere = np.ones(len(centres), dtype=bool)
    return grow(adjacent, centres, medoids(centres, count, rng), everywhere)


def _functional_zone(
    town: IntArray, adjacent: list[list[int]], taken: set[int], rng: np.random.Generator
) -> tuple[int, int]:
    """A village on the border of its town and the town next to it, which will run it; both stay in one piece."""
    size = np.bincount(town)
    for village in rng.permutation(len(town)).tolist():
        own = int(town[village])
        others = sorted({int(town[near]) for near in adjacent[village]} - {own})
        if village in taken or not others or size[own] <= _FEWEST_VILLAGES:
            continue
        if is_connected(adjacent, set(np.flatnonzero(town == own).tolist()) - {village}):
            return village, others[0]
    raise ValueError("no village can be a functional zone")
