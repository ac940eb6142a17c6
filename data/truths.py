"""What is planted: chosen before anything else happens, so that all that follows can keep to it.

Every list here is complete: in a month exactly the villages named are unvisited, exactly those named are under their
rule, and all other villages that count meet it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.plane import IntArray
from data.streams import stream
from data.territory import Territory
from geo.months import Month

FIRST_MONTH: Final = Month(2025, 11)
MONTHS: Final = 12

UNVISITED: Final = (1, 2, 3, 11, 2, 1, 1, 3, 2, 3, 4, 7)
"""Unvisited villages of each month at scale 1, the one that is never visited included; February has Spring Festival."""

UNDER: Final = (0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 2, 5)
"""Villages of tier key with one visit where two are asked for."""

_POOL: Final = 30  # villages at scale 1 that are hard to reach: the unvisited ones come from here and recur
_KEY_VILLAGES: Final = 0.15
_KEY_GRIDS: Final = 0.10
_SMALL: Final = 2  # grids of a village small enough to be moved as a whole
_EXCLUDED_VILLAGES: Final = (
    ("整村搬迁，住户已安置到镇区", "县走访办", "2025-06-18"),
    ("水库移民，土地已征收", "县走访办", "2025-08-01"),
    ("列入军事管理区，暂停走访", "县委政法委", "2025-10-09"),
)
_EXCLUDED_GRID: Final = ("工业园区在建，无常住户", "县走访办", "2025-09-22")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An area that leaves the denominator: by row of its level."""

    level: str
    row: int
    reason: str
    by: str
    on: str


@dataclass(frozen=True, slots=True)
class Truths:
    """Rows of villages and grids.

    :ivar unvisited: (villages, months)
    :ivar under: (villages, months)
    """

    key_villages: NDArray[np.bool_]
    key_grids: NDArray[np.bool_]
    excluded: tuple[Exclusion, ...]
    unassigned_village: int
    unassigned_grids: tuple[int, int]
    never_visited: int
    unvisited: NDArray[np.bool_]
    under: NDArray[np.bool_]

    def excluded_rows(self, level: str) -> list[int]:
        """Rows of the excluded areas of a level."""
        return [one.row for one in self.excluded if one.level == level]


def months() -> list[Month]:
    """The months of the sample, in order."""
    found = [FIRST_MONTH]
    while len(found) < MONTHS:
        found.append(found[-1].next())
    return found


def choose(territory: Territory, seed: int, scale: int) -> Truths:
    """Choose the areas; those with an oddity of shape or code are left alone, but for the functional zone."""
    rng = stream(seed, "truths")
    villages = len(territory.villages)
    size = np.bincount(territory.grid_village, minlength=villages)
    row_of = {code: row for row, code in enumerate(territory.villages["code"])}
    odd = territory.oddities
    zone = row_of[odd.functional_zone]
    free = np.ones(villages, dtype=bool)
    free[[zone, *(row_of[code] for code in (odd.enclave, odd.around_enclave, odd.multipart))]] = False
    rural = (territory.villages["kind"] == "village").to_numpy()
    small = _take(free, rural & (size <= _SMALL), len(_EXCLUDED_VILLAGES), rng)
    lonely = int(_take(free, rural & (size == 1), 1, rng)[0])
    pool = _take(free, rural, _POOL * scale, rng)
    key = rng.random(villages) < _KEY_VILLAGES

    unvisited = np.zeros((villages, MONTHS), dtype=bool)
    under = np.zeros((villages, MONTHS), dtype=bool)
    may_fall_short = np.flatnonzero(free & key)
    for month, (none, few) in enumerate(zip(UNVISITED, UNDER, strict=True)):
        named = [int(pool[0])] if month < MONTHS - 1 else [int(pool[0]), zone]
        unvisited[named, month] = True
        unvisited[rng.choice(pool[1:], none * scale - len(named), replace=False), month] = True
        under[rng.choice(may_fall_short, few * scale, replace=False), month] = True

    shared = np.flatnonzero((free & (size > _SMALL))[territory.grid_village])
    idle_grid, built_over = rng.choice(shared, 2, replace=False).tolist()
    lonely_grid = int(np.flatnonzero(territory.grid_village == lonely)[0])
    key_grids = rng.random(len(territory.grids)) < _KEY_GRIDS
    return Truths(
        key_villages=key,
        key_grids=key_grids,
        excluded=_exclusions(small, int(built_over), territory.grid_village),
        unassigned_village=lonely,
        unassigned_grids=(lonely_grid, int(idle_grid)),
        never_visited=int(pool[0]),
        unvisited=unvisited,
        under=under,
    )


def _take(free: NDArray[np.bool_], fits: NDArray[np.bool_], count: int, rng: np.random.Generator) -> IntArray:
    """Choose rows that are free and fit; they are free no longer."""
    chosen = rng.choice(np.flatnonzero(free & fits), count, replace=False)
    free[chosen] = False
    return chosen


def _exclusions(villages: IntArray, grid: int, grid_village: IntArray) -> tuple[Exclusion, ...]:
    """A village is excluded together with its grids, and one grid alone."""
    found = [Exclusion("grid", grid, *_EXCLUDED_GRID)]
    for village, why in zip(villages.tolist(), _EXCLUDED_VILLAGES, strict=True):
        found.append(Exclusion("village", village, *why))
        found += [Exclusion("grid", int(row), *why) for row in np.flatnonzero(grid_village == village)]
    return tuple(found)
