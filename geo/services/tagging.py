"""Which area a position belongs to: the locators of a boundary version, kept in memory.

A position is tagged to the deepest area that contains it; the areas above are those of its path, since functional zones
run villages whose ground lies in another town. Where no grid contains it the village is asked, then the town.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.limits import LOCATOR_MEMORY_MB
from geo.services.borders import Borders, Chain, deepest
from geo.space.codes import Level
from geo.space.locator import Locator
from geo.space.succession import common_chain, translations
from geo.storage import reach
from geo.storage.queries import areas, boundaries, lineage
from geo.storage.queries.boundaries import VersionInfo

Codes = NDArray[np.object_]
Floats = NDArray[np.float64]

_TAGGED_LEVELS: Final[tuple[Level, ...]] = ("grid", "village", "town")
_KEPT_VERSIONS: Final = 4
_NOWHERE: Final[Chain] = (None, None, None)
METRES_PER_DEGREE: Final = 111_195.0
"""Of a great circle on the mean sphere: enough where "far" means a kilometre."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Codes of town, village and grid, one a position; None where there is none.

    :ivar word: ``inside``, ``near_border`` (the position may as well lie in another area), ``outside`` (of every area)
        or ``unlocated``
    """

    town: Codes
    village: Codes
    grid: Codes
    word: Codes

    @property
    def deepest(self) -> Codes:
        """The grid, else the village, else the town; None outside all of them."""
        return np.where(self.grid != None, self.grid, np.where(self.village != None, self.village, self.town))  # noqa: E711 - elementwise

    @property
    def chains(self) -> Codes:
        """``word/town/village/grid``, empty where there is none: one text to compare."""
        codes = zip(self.word.tolist(), self.town.tolist(), self.village.tolist(), self.grid.tolist(), strict=True)
        out = np.empty(len(self.town), dtype=object)
        out[:] = [f"{word}/{town or ''}/{village or ''}/{grid or ''}" for word, town, village, grid in codes]
        return out

    def take(self, index: NDArray[Any]) -> "Tags":
        """The tags of some positions: a mask, or places in the order wanted."""
        return Tags(self.town[index], self.village[index], self.grid[index], self.word[index])


class Tagger:
    """The locators of one version. Read-only once made, so that threads share it."""

    def __init__(self, session: Session, version: VersionInfo) -> None:
        self.version = version
        self._levels = [(level, areas.level_shapes(session, version, level)) for level in _TAGGED_LEVELS]
        self._levels = [(level, shapes) for level, shapes in self._levels if len(shapes.codes)]
        share = max(1, LOCATOR_MEMORY_MB // max(1, len(self._levels)))
        self._locators = [Locator(shapes.geometries, memory_limit_mb=share) for _, shapes in self._levels]
        self._borders = Borders(self._levels, self._locators, memory_limit_mb=share)
        self._bounds = _bounds([shapes.geometries for _, shapes in self._levels])
        self._by_code = {
            code: (shapes, index)
            for _, shapes in reversed(self._levels)
            for index, code in enumerate(shapes.codes.tolist())
        }
        self._translated = self._translations(session)

    def tag(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Tags:
        """Tags of positions, WGS-84 degrees, shape (n,)."""
        tags = _no_tags(len(lon))
        open_ = np.arange(len(lon))
        for (_, shapes), locator in zip(self._levels, self._locators, strict=True):
            found = locator.locate(lon[open_], lat[open_])
            hit = found >= 0
            _fill(tags, open_[hit], shapes, found[hit])
            tags.word[open_[hit]] = "inside"
            open_ = open_[~hit]
            if not len(open_):
                break
        return tags

    def deepest_of(self, lon: float, lat: float) -> str | None:
        """Code of the deepest area of one position, None outside all of them."""
        for (_, shapes), locator in zip(self._levels, self._locators, strict=True):
            found = locator.locate_one(lon, lat)
            if found >= 0:
                code: str = shapes.codes[found]
                return code
        return None

    def tag_all(self, lon: Floats, lat: Floats, accuracy_m: Floats, claimed: Codes) -> Tags:
        """Tags of visits: by position, by the claimed area where the position is NaN, by both near a border.

        :param accuracy_m: radius of the position, NaN where it is not known and the position is taken as it is
        :param claimed: codes, None for none
        """
        tags = self.tag(lon, lat)
        without = np.flatnonzero(np.isnan(lon))
        claims = self.tag_claims(claimed[without].tolist())
        tags.town[without], tags.village[without], tags.grid[without] = claims.town, claims.village, claims.grid
        tags.word[without] = "unlocated"
        self._mind_borders(tags, lon, lat, accuracy_m, claimed)
        return tags

    def contradicted(self, tags: Tags, claimed: Codes) -> NDArray[np.bool_]:
        """Where a claimed area is neither the one that the position lies in nor a candidate near it."""
        rows = list(zip(claimed.tolist(), tags.town.tolist(), tags.village.tolist(), tags.grid.tolist(), strict=True))
        # Few of the pairs of a claim and a tag differ.
        wrong = {one: one[0] is not None and not _agrees(self._chain(one[0]), *one[1:]) for one in set(rows)}
        return np.array([wrong[one] for one in rows], dtype=bool)

    def _mind_borders(self, tags: Tags, lon: Floats, lat: Floats, accuracy_m: Floats, claimed: Codes) -> None:
        rows = np.flatnonzero(~np.isnan(lon) & (accuracy_m > 0))
        if not len(rows):
            return
        containing = tags.deepest[rows]
        near = self._borders.near(lon[rows], lat[rows], accuracy_m[rows], containing)
        others = np.diff(near.starts) - (containing != None)  # noqa: E711 - elementwise
        close = np.flatnonzero(others > 0)
        tags.word[rows[close]] = "near_border"
        levels = (tags.town, tags.village, tags.grid)
        claims = {code: _lowest(self._chain(code)) for code in set(claimed[rows[close]].tolist()) - {None}}
        for position in close[claimed[rows[close]] != None].tolist():  # noqa: E711 - elementwise
            row = rows[position]
            level, code = claims[claimed[row]]
            # The village around a gap is not yet the grid beside it that is claimed.
            if code is not None and levels[level][row] != code:
                chosen = self._borders.claimed(near, position, level, code)
                if chosen is not None:
                    tags.town[row], tags.village[row], tags.grid[row] = chosen

    def candidates_of(self, lon: Floats, lat: Floats, accuracy_m: Floats) -> list[list[tuple[str, float]]]:
        """For each position the areas that it may lie in, with their distances in metres, nearest first.

        :param accuracy_m: radius of the position, NaN for a position that is taken as it is
        """
        containing = self.tag(lon, lat).deepest
        near = self._borders.near(lon, lat, np.nan_to_num(accuracy_m), containing)
        return [list(self._borders.codes(near, i, code)) for i, code in enumerate(containing.tolist())]

    def metres_to(self, code: str, lon: float, lat: float) -> float | None:
        """Metres of ground from a position to an area, or to what became of it; None for an unknown one."""
        found = self._by_code.get(deepest(self._chain(code)) or code)
        if found is None:
            return None
        shapes, index = found
        plane = shapely.transform(
            shapes.geometries[index],
            lambda xy: (xy - (lon, lat)) * (METRES_PER_DEGREE * np.cos(np.radians(lat)), METRES_PER_DEGREE),
        )
        return float(shapely.distance(plane, shapely.Point(0.0, 0.0)))

    def tag_claims(self, codes: Sequence[str | None]) -> Tags:
        """Tags of claimed areas; a county, None or an unknown code gives none.

        A code of another version stands for the area that has its ground in this one, and where several have it for
        the smallest that holds them all.
        """
        tags = _no_tags(len(codes))
        for position, code in enumerate(codes):
            if code:
                tags.town[position], tags.village[position], tags.grid[position] = self._chain(code)
        return tags

    def homes(self, lon: NDArray[np.float64], lat: NDArray[np.float64], claimed: Codes) -> Codes:
        """Areas of places: the deepest that contains the position, else the claimed one; None if neither is there."""
        homes = self.tag(lon, lat).deepest
        without = np.flatnonzero(homes == None)  # noqa: E711 - elementwise
        homes[without] = self.tag_claims(claimed[without].tolist()).deepest
        return homes

    def candidates(self, lon: float, lat: float, radius_m: float) -> list[tuple[str, float]]:
        """Areas of the smallest level that has any within a radius of one position: code and metres, nearest first."""
        for (_, shapes), locator in zip(self._levels, self._locators, strict=True):
            found = locator.candidates(np.array([lon]), np.array([lat]), radius_m)
            if len(found.area):
                return list(zip(shapes.codes[found.area].tolist(), found.distance_m.tolist(), strict=True))
        return []

    def knows(self, code: str) -> bool:
        """Whether a town, village or grid has this code, or had it and another holds its ground."""
        return self._chain(code)[0] is not None or code in self._by_code

    def _chain(self, code: str) -> Sequence[str | None]:
        """Codes of town, village and grid of an area of this version, or of what became of one of another version."""
        if code not in self._by_code:
            return self._translated.get(code, _NOWHERE)
        shapes, index = self._by_code[code]
        return [shapes.ancestors[level][index] for level in ("town", "village", "grid")]

    def _translations(self, session: Session) -> dict[str, Sequence[str | None]]:
        county, number = self.version.county, self.version.version
        chain = lineage.chain(session, county)
        if number not in chain:
            return {}
        at = chain.index(number)
        steps = [lineage.successions(session, county, version) for version in chain]
        found: dict[str, frozenset[str]] = {}
        # What was claimed while a version was in force that has been taken back since is known by that version alone.
        for taken_back in (*lineage.staged_on(session, county, chain[-1]), None):
            later = [*steps[at + 1 :], *([lineage.successions(session, county, taken_back)] if taken_back else [])]
            found |= translations(steps[1 : at + 1], later, self._by_code.keys())
        return {code: common_chain([self._chain(one) for one in codes]) for code, codes in found.items()}

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all areas, in degrees; NaN while there is only the county's outline."""
        return self._bounds


def _bounds(geometries: Sequence[NDArray[np.object_]]) -> tuple[float, float, float, float]:
    if not geometries:
        return (np.nan,) * 4
    west, south, east, north = shapely.total_bounds(np.concatenate(geometries))
    return float(west), float(south), float(east), float(north)


def _no_tags(count: int) -> Tags:
    town, village, grid = (np.full(count, None, dtype=object) for _ in range(3))
    return Tags(town, village, grid, np.full(count, "outside", dtype=object))


def _agrees(claim: Sequence[str | None], *tagged: str | None) -> bool:
    """Whether a claim says the same as a tag, as deep as both go; a claim that is known no more says nothing."""
    for said, found in zip(claim, tagged, strict=True):
        if said is None:
            return True
        if said != found:
            return found is None and any(tagged)
    return True


def _lowest(chain: Sequence[str | None]) -> tuple[int, str | None]:
    """Place and code of the lowest area of a chain."""
    return max(((place, code) for place, code in enumerate(chain) if code is not None), default=(0, None))


def _fill(tags: Tags, where: NDArray[np.intp], shapes: areas.LevelShapes, index: NDArray[np.integer]) -> None:
    tags.town[where] = shapes.ancestors["town"][index]
    tags.village[where] = shapes.ancestors["village"][index]
    tags.grid[where] = shapes.ancestors["grid"][index]


class _Cache:
    """The taggers of the last few versions, by database and version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taggers: OrderedDict[tuple[object, ...], Tagger] = OrderedDict()

    def get(self, session: Session, version: VersionInfo) -> Tagger:
        # Claims of other versions are read by way of what became of their areas, so a later activation counts too.
        head = version if version.status == "active" else boundaries.find_active(session, version.county)
        since = head and head.activated_at
        key = (str(session.get_bind().engine.url), version.county, version.version, version.loaded_at, since)
        with self._lock:
            tagger = self._taggers.get(key)
            if tagger is None:
                # It is kept for everybody.
                with reach.unlimited(session):
                    tagger = self._taggers[key] = Tagger(session, version)
                while len(self._taggers) > _KEPT_VERSIONS:
                    self._taggers.popitem(last=False)
            self._taggers.move_to_end(key)
            return tagger


_cache = _Cache()


def tagger(session: Session, version: VersionInfo) -> Tagger:
    """The tagger of a version, made at its first use and kept."""
    return _cache.get(session, version)
