"""Households, enterprises, projects and scenic spots, in the settlements of their grids."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.names import place_names
from data.people import People
from data.plane import FloatArray, IntArray, to_degrees
from data.settlements import Settlements
from data.streams import stream
from data.territory import Territory
from geo.space.crs import from_wgs84

COUNTS: Final = {"household": 12_000, "enterprise": 600, "project": 80, "scenic_spot": 20}
"""Places at scale 1."""

_WITH_PARTNER: Final = {"household": 0.20, "enterprise": 0.95, "project": 0.95, "scenic_spot": 0.0}
_PARTNER_FROM_DEPARTMENT: Final = 0.4  # of enterprises, projects and scenic spots; the others' are of the town
_GCJ02: Final = 0.04


@dataclass(frozen=True, slots=True)
class Places:
    """The sheet, in the order of the grids, and what visits need of it.

    :ivar offset_m: of each place from the site of its grid's cell, (places, 2)
    :ivar first, size: the places of each grid
    :ivar partner: number of the cadre of the place (一对一), -1 for none
    """

    sheet: pd.DataFrame
    offset_m: FloatArray
    first: IntArray
    size: IntArray
    partner: IntArray


def make_places(territory: Territory, settlements: Settlements, people: People, seed: int, scale: int) -> Places:
    """Households where households are; the rest anywhere."""
    rng = stream(seed, "places")
    kind = np.repeat(list(COUNTS), [count * scale for count in COUNTS.values()]).astype(object)
    grids, homes = len(territory.grids), COUNTS["household"] * scale
    share = territory.grids["households"].to_numpy() / territory.grids["households"].sum()
    grid = np.concatenate([rng.choice(grids, homes, p=share), rng.integers(0, grids, len(kind) - homes)])
    order = np.argsort(grid, kind="stable")
    kind, grid = kind[order], grid[order]
    offset_m = settlements.somewhere(grid, rng)
    partner = _partners(kind, territory.village_town[territory.grid_village[grid]], people, rng)
    lon, lat, frame = _positions(to_degrees(settlements.positions(grid, offset_m)), rng)
    sheet = pd.DataFrame(
        {
            "id": [f"P{number:07d}" for number in range(1, len(kind) + 1)],
            "kind": kind,
            "name": place_names(kind.tolist(), rng),
            "lon": lon,
            "lat": lat,
            "frame": frame,
            "area": territory.grids["code"].to_numpy()[grid],
            "staff_no": np.where(partner >= 0, people.staff_no[partner], ""),
        }
    )
    return Places(
        sheet=sheet,
        offset_m=offset_m,
        first=np.searchsorted(grid, np.arange(grids)),
        size=np.bincount(grid, minlength=grids),
        partner=partner,
    )


def _partners(kind: NDArray[np.object_], town: IntArray, people: People, rng: np.random.Generator) -> IntArray:
    count = len(kind)
    from_town = people.of_town(town, rng.integers(0, 2**31, count))
    from_department = (kind != "household") & (rng.random(count) < _PARTNER_FROM_DEPARTMENT)
    partner = np.where(from_department, people.of_departments(count, rng), from_town)
    return np.where(rng.random(count) < np.array([_WITH_PARTNER[one] for one in kind]), partner, -1)


def _positions(lon_lat: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, NDArray[np.object_]]:
    """Longitude, latitude and frame; a few come from web maps."""
    lon, lat = lon_lat[:, 0].copy(), lon_lat[:, 1].copy()
    shifted = rng.random(len(lon)) < _GCJ02
    lon[shifted], lat[shifted] = (np.round(one, 7) for one in from_wgs84(lon[shifted], lat[shifted], "gcj02"))
    return lon, lat, np.where(shifted, "gcj02", "wgs84").astype(object)
