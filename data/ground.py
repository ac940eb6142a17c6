"""The ground of the county: where its cells lie, which of them are lake and sea, and the island off its coast.

The county keeps its 1,800 km² at every scale, because ten times the ground would reach real islands; the grids get
smaller instead.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.cells import Mesh, mesh_of, relax
from data.plane import FloatArray, IntArray
from data.regions import neighbours
from data.streams import stream

GRIDS: Final = 650
_LAKE_CELLS: Final = 4
_SEA_CELLS: Final = 600  # at scale 1: about as wide as the cells of the countryside
_RADIUS_M: Final = 24_900.0
_STRETCH: Final = np.array([1.16, 0.86])  # the county is wider than high
_COAST: Final = ((2, 0.07, 0.9), (3, 0.09, 2.2), (5, 0.05, 4.0), (7, 0.03, 1.1))  # wave number, amplitude, phase
_SEA_FACTOR: Final = 1.6
_LAKE_CENTRE_M: Final = np.array([-11_000.0, 6_500.0])
_ISLAND_ANGLE: Final = 0.35
_CITY_SHARE, _CITY_SIGMA_M = 0.24, 3_600.0
_SEAT_SHARE, _SEAT_SIGMA_M, _SEATS = 0.22, 1_900.0, 12
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Ground:
    """Cells with what they are.

    :ivar adjacent: neighbours of each cell
    :ivar mainland: cells of the county that hang together
    :ivar island: cells of the county off its coast
    :ivar lake: cells inside the county that belong to nobody
    :ivar sea: cells well off the coast, as a place for positions that are wrong
    """

    mesh: Mesh
    adjacent: list[list[int]]
    mainland: IntArray
    island: IntArray
    lake: IntArray
    sea: IntArray


def make_ground(seed: int, scale: int) -> Ground:
    """Cells for ``650 * scale`` grids, the lake and the sea around."""
    rng = stream(seed, "ground")
    islands, lakes = round(np.sqrt(scale)), _LAKE_CELLS * scale
    on_land = GRIDS * scale - islands + lakes
    sites = np.concatenate([_land_sites(on_land, rng), _sea_sites(_SEA_CELLS * scale, rng)])
    movable = _factor(sites) < _SEA_FACTOR * 0.85
    mesh = mesh_of(relax(sites, movable, _ROUNDS))
    adjacent = neighbours(mesh.contacts, len(sites))
    land = np.arange(len(sites)) < on_land
    lake = _patch(mesh, adjacent, land, _LAKE_CENTRE_M, lakes)
    island = _island(mesh, adjacent, land, islands)
    dry = land.copy()
    dry[lake] = False
    return Ground(
        mesh=mesh,
        adjacent=adjacent,
        mainland=np.flatnonzero(dry),
        island=island,
        lake=lake,
        sea=_open_sea(mesh, adjacent, land, island),
    )


def _factor(xy_m: FloatArray) -> NDArray[np.float64]:
    """1 on the coast, less inside."""
    angle = np.arctan2(xy_m[:, 1] / _STRETCH[1], xy_m[:, 0] / _STRETCH[0])
    coast = 1 + sum(amplitude * np.cos(wave * angle + phase) for wave, amplitude, phase in _COAST)
    return np.asarray(np.hypot(*(xy_m / _STRETCH).T) / (_RADIUS_M * coast))


def _land_sites(count: int, rng: np.random.Generator) -> FloatArray:
    """A dense city, smaller seats of towns, and countryside."""
    seats = rng.uniform(-1, 1, (400, 2)) * _RADIUS_M * 1.2
    seats = seats[_factor(seats) < 0.85][:_SEATS]  # noqa: PLR2004 - away from the coast
    centres = np.concatenate([np.zeros((1, 2)), seats])
    sigmas = np.array([_CITY_SIGMA_M, *[_SEAT_SIGMA_M] * len(seats)])
    weights = np.array([_CITY_SHARE, *[_SEAT_SHARE / len(seats)] * len(seats)])
    draws = count * 4
    kind = rng.choice(len(weights) + 1, draws, p=[*weights, 1 - weights.sum()])
    wide = rng.uniform(-1, 1, (draws, 2)) * _RADIUS_M * 1.6
    urban = np.minimum(kind, len(weights) - 1)
    close = centres[urban] + rng.normal(size=(draws, 2)) * sigmas[urban, None]
    sites = np.where((kind < len(weights))[:, None], close, wide)
    return sites[_factor(sites) < 1][:count]


def _sea_sites(count: int, rng: np.random.Generator) -> FloatArray:
    sites = rng.uniform(-1, 1, (count * 6, 2)) * _RADIUS_M * _SEA_FACTOR * 1.3
    factor = _factor(sites)
    return sites[(factor > 1) & (factor < _SEA_FACTOR)][:count]


def _patch(
    mesh: Mesh, adjacent: list[list[int]], allowed: NDArray[np.bool_], centre_m: FloatArray, count: int
) -> IntArray:
    """Cells around a point that hang together."""
    distance = np.where(allowed, np.hypot(*(mesh.sites - centre_m).T), np.inf)
    patch = {int(distance.argmin())}
    while len(patch) < count:
        shore = {other for cell in patch for other in adjacent[cell]} - patch
        patch.add(min(shore, key=lambda cell: (distance[cell], cell)))
    return np.array(sorted(patch))


def _island(mesh: Mesh, adjacent: list[list[int]], land: NDArray[np.bool_], count: int) -> IntArray:
    """Sea cells around a point that is moved out until none of them touches the land."""
    direction = np.array([np.cos(_ISLAND_ANGLE), np.sin(_ISLAND_ANGLE)]) * _STRETCH
    for distance in np.arange(1.0, _SEA_FACTOR, 0.01):
        cells = _patch(mesh, adjacent, ~land, direction * distance * _RADIUS_M, count)
        if not any(land[other] for cell in cells.tolist() for other in adjacent[cell]):
            return cells
    raise ValueError("no room for the island")


def _open_sea(mesh: Mesh, adjacent: list[list[int]], land: NDArray[np.bool_], island: IntArray) -> IntArray:
    """Sea cells at least two cells off any land, within the frame."""
    near = land.copy()
    near[island] = True
    for _ in range(2):
        near[[other for cell in np.flatnonzero(near).tolist() for other in adjacent[cell]]] = True
    within = _factor(mesh.sites) < _SEA_FACTOR * 0.85
    return np.flatnonzero(~near & within)
