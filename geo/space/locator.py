"""From points to areas: a raster of cells over the areas, and an exact test in the cells that an edge meets.

A cell that lies wholly inside one area holds its index, and most points need no more. A cell that an edge meets holds
a list: for each area the few edges that meet the cell and one bit for all edges to the west of it, which a
crossing-number test decides (``locator_kernels``). ``locator_raster`` fills the cells.

The test is half-open, so that every point of a partition belongs to exactly one area, points on shared edges and
corners included: a point on an edge belongs to the area east of it, on a horizontal edge to the area north of it. The
outer border of a coverage follows the same rule: its western and southern edges belong to it, the others do not.
Areas are read by the even-odd rule, the usual meaning of valid polygons; edges are straight in lon/lat; an area across
the antimeridian must have been cut there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from geo.space import locator_kernels, locator_raster
from geo.space.locator_kernels import Grid

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

MEBIBYTE: Final = 1 << 20

BORDER_SHARE: Final = 0.04
"""Share of cells that an edge may meet: smaller cells cost more cache misses than the tests they save (measured)."""

MAX_CELLS: Final = 1 << 26

CELLS_PER_VERTEX: Final = 8
"""At least, so that lists stay short where one far area stretches the extent."""

BYTES_PER_ENTRY: Final = 12
BYTES_PER_START: Final = 8

ROUNDING: Final = 2.0**-46
"""Relative bound of all rounding in the build, about ten times what the formulas can lose."""

CELL_IN_ROUNDINGS: Final = 1024.0

THREADS: Final = 2
POINTS_PER_THREAD: Final = 100_000


@dataclass(frozen=True, slots=True)
class LocatorStats:
    """What was built: sizes of cells in degrees, memory in bytes, time in seconds."""

    areas: int
    vertices: int
    columns: int
    rows: int
    cell_lon: float
    cell_lat: float
    border_cells: int
    entries: int
    memory_bytes: int
    build_seconds: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a point and an area near it, as flat arrays of one length, by point, then distance, then area.

    ``point`` (int64) is the index of the point in flat order, ``area`` (int32) the index of the area, ``distance_m``
    the metres of ground between them, 0 inside.
    """

    point: NDArray[np.int64]
    area: IntArray
    distance_m: FloatArray


class _Rings(NamedTuple):
    """All rings: vertices x0 y0 x1 ..., first vertex of each ring and first ring of each area (both with an end)."""

    xy: FloatArray
    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    surface: float


class Locator:
    """Finds the area of points. Immutable once built, so that any number of threads may read it at once."""

    def __init__(
        self,
        polygons: Sequence[Polygon | MultiPolygon | None] | NDArray[np.object_],
        *,
        memory_limit_mb: int = 512,
    ) -> None:
        """Build the raster, as fine as pays within the limit.

        :param polygons: areas in lon/lat degrees; None and empty ones match nothing
        :param memory_limit_mb: MiB that the finished locator may hold; building takes up to about three times as much
        :raises TypeError: a geometry that is neither a polygon nor a multipolygon
        :raises ValueError: coordinates that are not finite, or a limit that the coarsest useful raster does not fit
        """
        begun = time.perf_counter()
        rings, limit = _flatten(polygons), memory_limit_mb * MEBIBYTE
        for grid, capacity in _rasters(rings, limit):
            found, spans = locator_raster.classify(rings.xy, rings.starts, rings.first, grid, capacity)
            cells = np.empty(grid.rows * grid.columns, np.int32)
            starts, overlap = locator_raster.fill(cells, found, spans)
            memory = rings.xy.nbytes + cells.nbytes + starts.nbytes + BYTES_PER_ENTRY * int(starts[-1])
            if memory <= limit:
                break
        else:
            raise ValueError(
                f"{len(polygons):,} areas with {rings.xy.size // 2:,} vertices do not fit into"
                f" memory_limit_mb={memory_limit_mb}"
            )
        entries = locator_raster.sort_entries(cells, starts, overlap, found, spans)
        index = (cells.reshape(grid.rows, grid.columns), starts[:-1], entries, rings.xy)
        for array in index:
            array.flags.writeable = False
        self._grid, self._index = grid, (grid, *index)
        self._flat_cells = cells.data
        self.stats = LocatorStats(
            areas=len(polygons),
            vertices=rings.xy.size // 2,
            columns=grid.columns,
            rows=grid.rows,
            cell_lon=1.0 / grid.per_lon,
            cell_lat=1.0 / grid.per_lat,
            border_cells=starts.size - 2,
            entries=len(entries),
            memory_bytes=memory,
            build_seconds=time.perf_counter() - begun,
        )

    def __repr__(self) -> str:
        return f"Locator({self.stats})"

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> IntArray:
        """Index of the area of each point; the lowest where areas overlap, -1 outside all and for NaN and infinity.

        :param lon: degrees east, any shape
        :param lat: degrees north, the same shape
        :return: the same shape
        :raises ValueError: shapes that differ

        >>> square = shapely.box(0.0, 0.0, 1.0, 1.0)
        >>> Locator([square]).locate([0.5, 0.0, 1.0], [0.5, 0.5, 0.5]).tolist()
        [0, 0, -1]
        """
        x, y, shape = _points(lon, lat)
        out = np.empty(x.size, np.int32)
        _in_threads(lambda *part: locator_kernels.locate(*part, *self._index), x, y, out)
        return out.reshape(shape)

    def locate_one(self, lon: float, lat: float) -> int:
        """The same for one point, in about a microsecond: most need one cell, which plain Python reads fastest."""
        grid = self._grid
        if not (grid.west <= lon <= grid.east and grid.south <= lat <= grid.north):
            return -1
        column = min(int((lon - grid.west) * grid.per_lon), grid.columns - 1)
        row = min(int((lat - grid.south) * grid.per_lat), grid.rows - 1)
        found: int = self._flat_cells[row * grid.columns + column]
        return found if found >= -1 else int(self.locate((lon,), (lat,))[0])

    def candidates(self, lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike = 0.0) -> Candidates:
        """Every area that contains a point (half-open, as in ``locate``) or comes within ``radius_m`` metres of it.

        Distances are taken in the plane that touches the WGS-84 ellipsoid at the point. Below 60° of latitude they are
        within 0.02 % of the geodesic up to 1 km and 0.2 % up to 10 km; time grows with the square of the radius.

        :param lon: degrees east, any shape
        :param lat: degrees north, the same shape
        :param radius_m: one for all points, or of their shape; 0 asks for containment only
        :raises ValueError: shapes that differ, a radius that is negative or not finite
        """
        x, y, shape = _points(lon, lat)
        radius = np.ascontiguousarray(np.broadcast_to(np.asarray(radius_m, np.float64), shape)).ravel()
        if not (np.isfinite(radius) & (radius >= 0.0)).all():
            raise ValueError("radius_m must be finite and not negative")
        found = _in_threads(lambda *part: locator_kernels.candidates(*part, *self._index), x, y, radius)
        counts = np.concatenate([np.diff(ends, prepend=0) for ends, _, _ in found])
        area, squares = (np.concatenate([part[column] for part in found]) for column in (1, 2))
        return Candidates(np.repeat(np.arange(x.size), counts), area, np.sqrt(squares))


def warm_up() -> None:
    """Compile the loops, or load them from disk where they were compiled before (seconds, or a fraction of one)."""
    locator = Locator([shapely.box(0.0, 0.0, 1.0, 1.0)])
    locator.locate(0.5, 0.5)
    locator.candidates(0.5, 0.5, 1.0)


def _in_threads(work: Callable[..., Any], *columns: NDArray[Any]) -> list[Any]:
    """What a kernel gives for columns of one length, part by part in their order."""
    threads = min(THREADS, 1 + columns[0].size // POINTS_PER_THREAD)
    if threads == 1:
        return [work(*columns)]
    parts = zip(*(np.array_split(column, threads) for column in columns), strict=True)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda part: work(*part), parts))


def _points(lon: ArrayLike, lat: ArrayLike) -> tuple[FloatArray, FloatArray, tuple[int, ...]]:
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"lon has shape {x.shape} and lat {y.shape}")
    return np.ascontiguousarray(x).ravel(), np.ascontiguousarray(y).ravel(), x.shape


def _flatten(polygons: Sequence[Polygon | MultiPolygon | None] | NDArray[np.object_]) -> _Rings:
    areas = np.empty(len(polygons), object)
    areas[:] = polygons
    kinds = shapely.get_type_id(areas)
    wrong = np.flatnonzero(~np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)))
    if wrong.size:
        raise TypeError(f"area {wrong[0]} is a {areas[wrong[0]].geom_type}, not a polygon or multipolygon")
    areas[shapely.is_empty(areas)] = None
    parts, area_of_part = shapely.get_parts(areas, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    area_of_ring = area_of_part[part_of_ring]
    broken = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if broken.size:
        raise ValueError(f"area {area_of_ring[ring_of_vertex[broken[0]]]} has a coordinate that is not finite")
    return _Rings(
        xy=np.ascontiguousarray(xy).ravel(),
        starts=np.searchsorted(ring_of_vertex, np.arange(rings.size + 1)),
        first=np.searchsorted(area_of_ring, np.arange(areas.size + 1)),
        surface=float(shapely.area(parts).sum()),
    )


def _rasters(rings: _Rings, limit: int) -> Iterator[tuple[Grid, int]]:
    """Rasters to try, from the one that pays most down to one cell a ring, with the entries that each should need.

    Rings that go ``a`` times over the width of the extent and ``b`` times over its height enter ``a * columns +
    b * rows`` cells, the fewest for a given number of cells when both terms are equal. Where areas lie ``depth`` deep,
    every cell inside takes as many entries.
    """
    if rings.xy.size == 0:
        yield Grid(np.inf, np.inf, -np.inf, -np.inf, 1.0, 1.0, 1, 1, 0.0), 0
        return
    x, y = rings.xy[::2], rings.xy[1::2]
    west, south, east, north = (float(bound) for bound in (x.min(), y.min(), x.max(), y.max()))
    margin = ROUNDING * max(1.0, -west, -south, east, north)
    smallest = CELL_IN_ROUNDINGS * margin
    width, height = max(east - west, smallest), max(north - south, smallest)
    depth = rings.surface / (width * height)
    within_ring = np.ones(x.size - 1, bool)
    within_ring[rings.starts[1:-1] - 1] = False
    a = max(1.0, float(np.abs(np.diff(x))[within_ring].sum()) / width)
    b = max(1.0, float(np.abs(np.diff(y))[within_ring].sum()) / height)
    count = min(max(a * b / BORDER_SHARE**2, CELLS_PER_VERTEX * x.size), MAX_CELLS)
    least = min(count, rings.starts.size)
    while count >= least:
        columns = int(max(1.0, min(np.sqrt(count * b / a), width / smallest)))
        rows = int(max(1.0, min(np.sqrt(count * a / b), height / smallest)))
        entries = int(a * columns + b * rows) + 2 * rings.starts.size
        lists = BYTES_PER_START * min(entries, columns * rows)
        shared = int(max(0.0, depth - 1.0) * columns * rows)
        if rings.xy.nbytes + 4 * columns * rows + BYTES_PER_ENTRY * (entries + shared) + lists <= limit:
            yield Grid(west, south, east, north, columns / width, rows / height, columns, rows, margin), entries
        count *= 0.8
