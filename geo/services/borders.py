"""Honesty about borders: which areas a position may lie in, given how accurate it is.

An accuracy is taken as browsers give it: the radius that holds the truth in about 95 of 100 cases (W3C Geolocation).
Areas without areas below them divide the ground; those that come within that radius are the candidates. Where there
are several, the position alone does not say which, and the area that the visitor claims decides if it is among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.space.codes import Level
from geo.space.locator import Locator
from geo.storage.queries.areas import LevelShapes

Codes = NDArray[np.object_]
Floats = NDArray[np.float64]
Chain = tuple[str | None, str | None, str | None]
"""Codes of town, village and grid."""

MAX_RADIUS_M: Final = 5_000.0
"""Beyond it a position no longer says anything about grids; the search is as wide as this at most."""

_LEVELS: Final[tuple[Level, ...]] = ("town", "village", "grid")


@dataclass(frozen=True, slots=True)
class Near:
    """What comes near of positions, nearest first: that of position i lies from ``starts[i]`` up to ``starts[i + 1]``.

    :ivar area: index among the areas, -1 for the area that contains the position and has areas below it
    :ivar metres: from the position
    """

    starts: NDArray[np.intp]
    area: NDArray[np.int32]
    metres: Floats

    def of(self, position: int) -> slice:
        """Where the candidates of a position lie."""
        return slice(int(self.starts[position]), int(self.starts[position + 1]))


class Borders:
    """The areas of a version that have none below them, with a locator of their own where they are of several levels.

    :param levels: shapes of the levels, the deepest first
    :param locators: one for each
    """

    def __init__(
        self, levels: Sequence[tuple[Level, LevelShapes]], locators: Sequence[Locator], *, memory_limit_mb: int
    ) -> None:
        chains: list[Chain] = []
        geometries = []
        parents: set[str | None] = set()
        for _, shapes in levels:
            leaf = np.array([code not in parents for code in shapes.codes.tolist()], dtype=bool)
            columns = (shapes.ancestors[one][leaf].tolist() for one in _LEVELS)
            chains += list(zip(*columns, strict=True))
            geometries.append(shapes.geometries[leaf])
            for one in _LEVELS:
                parents |= set(shapes.ancestors[one].tolist())
        self.chains = chains
        if geometries and len(geometries[0]) == len(chains):
            self._locator = locators[0]
        else:
            every = np.concatenate(geometries) if geometries else np.empty(0, dtype=object)
            self._locator = Locator(every, memory_limit_mb=memory_limit_mb)
        self._codes = {deepest(chain) for chain in chains}

    def near(self, lon: Floats, lat: Floats, accuracy_m: Floats, containing: Codes) -> Near:
        """Candidates of positions.

        :param accuracy_m: metres, not NaN
        :param containing: code of the deepest area of each, None for none
        """
        found = self._locator.candidates(lon, lat, np.clip(accuracy_m, 0.0, MAX_RADIUS_M))
        which, codes = pd.factorize(containing)  # far fewer than positions
        between = np.array([*(code not in self._codes for code in codes.tolist()), False])[which]
        if not between.any():
            starts = np.searchsorted(found.point, np.arange(len(lon) + 1))
            return Near(starts, found.area, found.distance_m)
        extra = np.flatnonzero(between)
        point = np.concatenate([extra, found.point])
        order = np.argsort(point, kind="stable")  # what contains it stands first
        return Near(
            starts=np.searchsorted(point[order], np.arange(len(lon) + 1)),
            area=np.concatenate([np.full(len(extra), -1, np.int32), found.area])[order],
            metres=np.concatenate([np.zeros(len(extra)), found.distance_m])[order],
        )

    def codes(self, near: Near, position: int, containing: str | None) -> Iterator[tuple[str, float]]:
        """Codes of the candidates of a position with their distances in metres, nearest first."""
        where = near.of(position)
        for area, metres in zip(near.area[where].tolist(), near.metres[where].tolist(), strict=True):
            code = containing if area < 0 else deepest(self.chains[area])
            if code is not None:
                yield code, metres

    def claimed(self, near: Near, position: int, level: int, code: str) -> Chain | None:
        """The nearest candidate of a position that is the claimed area or lies in it; None where there is none.

        :param level: place of the claimed area in a chain
        """
        for area in near.area[near.of(position)].tolist():
            if area >= 0 and self.chains[area][level] == code:
                chosen: Chain = self.chains[area]
                return chosen
        return None


def deepest(chain: Sequence[str | None]) -> str | None:
    """The grid, else the village, else the town.

    >>> deepest(("990101001", "990101001201", None))
    '990101001201'
    """
    return next((code for code in reversed(chain) if code is not None), None)
