"""The county's areas: a true partition at every level, with codes, kinds, names, households and population.

Rows of every level stand in the order of their codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.borders import draw_borders, polygons_of
from data.codes import Coded, codes_of
from data.gauge import Gauge
from data.ground import Ground, make_ground
from data.hierarchy import Hierarchy, make_hierarchy
from data.names import COUNTY_NAME, RARE_NAME, grid_name, stems
from data.plane import IntArray, to_degrees
from data.streams import stream
from geo.space.crs import WGS84

COUNTY: Final = "990101"
"""No province has the number 99."""

_HOUSEHOLDS: Final = {"community": 225.0, "village": 182.0}  # of a grid, on average
_SUFFIX: Final = {"subdistrict": "街道", "town": "镇", "township": "乡", "community": "社区", "village": "村"}


@dataclass(frozen=True, slots=True)
class Oddities:
    """Codes of the villages that are odd on purpose (see `data.hierarchy`), and a point on the lake.

    :ivar zone_coded_under: town that the functional zone's code names
    :ivar zone_run_by: town that it belongs to
    """

    hole_lon_lat: tuple[float, ...]
    enclave: str
    around_enclave: str
    multipart: str
    functional_zone: str
    zone_coded_under: str
    zone_run_by: str
    rare_name: str


@dataclass(frozen=True, slots=True)
class Territory:
    """Areas as frames, and the numbers that lead from one level to the next.

    :ivar grid_cell: cell of each grid
    :ivar grid_village: row of each grid's village
    :ivar village_town: row of the town that runs each village
    """

    ground: Ground
    gauge: Gauge
    grid_cell: IntArray
    grid_village: IntArray
    village_town: IntArray
    outline: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    oddities: Oddities


def make_territory(seed: int, scale: int) -> Territory:
    """Draw the county."""
    ground = make_ground(seed, scale)
    hierarchy = make_hierarchy(ground, seed, scale)
    coded = codes_of(COUNTY, ground, hierarchy)
    grid_shapes = polygons_of(ground.mesh, draw_borders(ground.mesh, stream(seed, "borders")), coded.grid_cell)
    village_shapes = _union(grid_shapes, coded.grid_village)
    town_shapes = _union(village_shapes, coded.village_town)
    county_shape = _union(town_shapes, np.zeros(len(town_shapes), dtype=np.int64))
    grid_counts = _households(coded, seed)
    village_counts = _sum(grid_counts, coded.grid_village)
    town_counts = _sum(village_counts, coded.village_town)
    town_names, village_names = _names(coded, seed)
    return Territory(
        ground=ground,
        gauge=Gauge.of(ground.mesh),
        grid_cell=coded.grid_cell,
        grid_village=coded.grid_village,
        village_town=coded.village_town,
        outline=_frame([COUNTY], [COUNTY_NAME], [None], ["county"], town_counts.sum(axis=0)[None], county_shape),
        towns=_frame(
            coded.town_code, town_names, [COUNTY] * len(town_names), coded.town_kind, town_counts, town_shapes
        ),
        villages=_frame(
            coded.village_code,
            village_names,
            [coded.town_code[row] for row in coded.village_town],
            coded.village_kind,
            village_counts,
            village_shapes,
        ),
        grids=_frame(
            coded.grid_code,
            [grid_name(int(code[-3:])) for code in coded.grid_code],
            [coded.village_code[row] for row in coded.grid_village],
            ["grid"] * len(coded.grid_code),
            grid_counts,
            grid_shapes,
        ),
        oddities=_oddities(ground, hierarchy, coded),
    )


def _union(shapes: NDArray[np.object_], parent: IntArray) -> NDArray[np.object_]:
    """The shapes of the parents; every vertex is kept, so that the levels fit one another too."""
    order = np.argsort(parent, kind="stable")
    members = np.split(shapes[order], np.flatnonzero(np.diff(parent[order])) + 1)
    return np.asarray(shapely.orient_polygons([shapely.coverage_union_all(group) for group in members]))


def _sum(counts: IntArray, parent: IntArray) -> IntArray:
    sums = np.zeros((int(parent.max()) + 1, counts.shape[1]), dtype=np.int64)
    np.add.at(sums, parent, counts)
    return sums


def _households(coded: Coded, seed: int) -> IntArray:
    """Households and population of each grid, (grids, 2)."""
    rng = stream(seed, "households")
    mean = np.array([_HOUSEHOLDS[coded.village_kind[row]] for row in coded.grid_village])
    households = np.maximum(20, np.rint(mean * rng.gamma(9.0, 1 / 9.0, len(mean)))).astype(np.int64)
    people = np.rint(households * rng.uniform(2.6, 3.4, len(mean))).astype(np.int64)
    return np.stack([households, people], axis=1)


def _names(coded: Coded, seed: int) -> tuple[list[str], list[str]]:
    """Names of towns, all different, and of villages, different within the town that runs or codes them."""
    rng = stream(seed, "names")
    towns = [
        stem + _SUFFIX[kind] for stem, kind in zip(stems(rng)[: len(coded.town_code)], coded.town_kind, strict=True)
    ]
    unused = [iter(stems(rng)) for _ in towns]
    taken: set[tuple[str, str]] = set()
    villages = []
    for code, kind, town in zip(coded.village_code, coded.village_kind, coded.village_town.tolist(), strict=True):
        both = (code[:9], coded.town_code[town])
        stem = next(stem for stem in unused[town] if not any((one, stem) in taken for one in both))
        taken.update((one, stem) for one in both)
        villages.append(stem + _SUFFIX[kind])
    villages[_rare_row(coded)] = RARE_NAME
    return towns, villages


def _rare_row(coded: Coded) -> int:
    return coded.village_kind.index("village")


def _frame(
    codes: list[str],
    names: list[str],
    parents: Sequence[str | None],
    kinds: list[str],
    counts: IntArray,
    shapes: NDArray[np.object_],
) -> gpd.GeoDataFrame:
    columns = {
        "code": codes,
        "name": names,
        "parent": parents,
        "kind": kinds,
        "households": counts[:, 0],
        "population": counts[:, 1],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84)


def _oddities(ground: Ground, hierarchy: Hierarchy, coded: Coded) -> Oddities:
    def code(village: int) -> str:
        return coded.village_code[int(coded.village_number[village])]

    zone = int(coded.village_number[hierarchy.functional_zone])
    return Oddities(
        hole_lon_lat=tuple(to_degrees(ground.mesh.sites[ground.lake[0]]).tolist()),
        enclave=code(hierarchy.enclave),
        around_enclave=code(hierarchy.around_enclave),
        multipart=code(hierarchy.with_island),
        functional_zone=coded.village_code[zone],
        zone_coded_under=coded.village_code[zone][:9],
        zone_run_by=coded.town_code[int(coded.village_town[zone])],
        rare_name=coded.village_code[_rare_row(coded)],
    )
