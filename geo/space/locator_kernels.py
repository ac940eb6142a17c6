"""The compiled loops of the locator: classify cells, look points up, measure distances.

Everything rests on one function, the cell of a coordinate: ``min(int((x - x0) * per_x), n - 1)``. Each of its steps is
monotone in floating point, so a cell is a half-open interval of doubles, the same for vertices and for points.

Rays run to the west. A point is east of an edge, or exactly on it, when ``orientation <= 0`` with the edge taken from
its southern to its northern end; an edge counts for ``south <= y < north``. Both neighbours of a shared edge therefore
evaluate the same expression on the same numbers, and near zero it is evaluated exactly (J. R. Shewchuk, *Adaptive
Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates*, 1997).

In a row of cells, an edge of an area lies west of a cell (counts whenever it spans y), east of it (never counts) or
meets it. Of the edges to the west, consecutive ones telescope: with ``s(v) = (v.y <= y)`` the parity of the edges of a
chain is ``s(first) ^ s(last)``, which inside the row varies only where the chain ends in the row, and there it hands
over to an edge that meets the cell. So a cell needs, per area, the runs of consecutive edges that meet it, one bit for
all that is to the west, and for each end of a run whether it hands over to the west. That is an *entry*:

``area, first vertex, 8 * edges + 4 * (end to the west) + 2 * (start to the west) + (odd number to the west)``

Vertices are one flat array ``x0 y0 x1 y1 ...``; a ring repeats its first vertex at its end.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compiled without the GIL and kept on disk, or only in memory where numba finds no folder that it may write."""
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


inlined = njit(inline="always", error_model="numpy")


class Grid(NamedTuple):
    """The raster: a data rectangle (closed), cells per degree, cells, and a bound of rounding in degrees."""

    west: float
    south: float
    east: float
    north: float
    per_lon: float
    per_lat: float
    columns: int
    rows: int
    margin: float


ORIENTATION_BOUND = 3.3306690738754716e-16
"""Shewchuk's ccwerrboundA, (3 + 16 eps) eps with eps = 2^-53."""

SPLITTER = 134217729.0

WGS84_A = 6378137.0
WGS84_E2 = 0.0066943799901413165

BLOCK = 4096

SLACK = 1.0 + 1e-9
"""A box a trifle wider than the circle in it, so that rounding loses no cell."""


@compiled
def exact_orientation(ux: float, uy: float, px: float, py: float, lx: float, ly: float) -> float:
    """Sign of ``(ux - lx) (py - ly) - (uy - ly) (px - lx)`` without rounding: six exact products, summed exactly."""
    left = (ux, -ux, -lx, -uy, uy, ly)
    right = (py, ly, py, px, lx, px)
    parts = np.zeros(12)
    size = 0
    for i in range(6):
        a, b = left[i], right[i]
        product = a * b
        a_high = SPLITTER * a - (SPLITTER * a - a)
        b_high = SPLITTER * b - (SPLITTER * b - b)
        a_low, b_low = a - a_high, b - b_high
        tail = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
        for term in (tail, product):
            q = term
            for j in range(size):
                total = q + parts[j]
                virtual = total - q
                parts[j] = (q - (total - virtual)) + (parts[j] - virtual)
                q = total
            parts[size] = q
            size += 1
    for j in range(11, -1, -1):
        if parts[j] != 0.0:
            return float(parts[j])
    return 0.0


@inlined
def _odd(entries, e, xy, px, py):  # type: ignore[no-untyped-def]
    """Whether an entry counts an odd number of edges west of a point (or through it)."""
    code = entries[e, 2]
    k = 2 * entries[e, 1]
    last = k + 2 * (code >> 3)
    south_of = xy[k + 1] <= py
    odd = (code & 1 != 0) ^ ((code & 2 != 0) & south_of)
    while k < last:
        next_south_of = xy[k + 3] <= py
        if south_of != next_south_of:
            if south_of:
                lx, ly, ux, uy = xy[k], xy[k + 1], xy[k + 2], xy[k + 3]
            else:
                lx, ly, ux, uy = xy[k + 2], xy[k + 3], xy[k], xy[k + 1]
            a = (ux - lx) * (py - ly)
            b = (uy - ly) * (px - lx)
            side = a - b
            if abs(side) <= ORIENTATION_BOUND * (abs(a) + abs(b)):
                side = exact_orientation(ux, uy, px, py, lx, ly)
            odd ^= side <= 0.0
        south_of = next_south_of
        k += 2
    return odd ^ ((code & 4 != 0) & south_of)


@compiled
def locate(lon, lat, out, grid, cells, starts, entries, xy):  # type: ignore[no-untyped-def]
    """Lowest area of each point into ``out``, -1 outside.

    Everything that a lookup reads lies somewhere else in memory. Block by block, first the cells of all points are
    read, then the lists, entries and first vertices of those that need them, then these are decided: loads that do not
    wait for each other overlap, which makes 18 M points a second of 10 M (100,000 areas). One flat loop: calls that
    pass arrays would cost ten times the test.
    """
    todo = np.empty((min(BLOCK, lon.size) + 1, 2), np.int64)
    touched = np.empty(todo.shape[0])
    for begin in range(0, lon.size, BLOCK):
        n = 0
        for i in range(begin, min(begin + BLOCK, lon.size)):
            px, py = lon[i], lat[i]
            found = -1
            if grid.west <= px <= grid.east and grid.south <= py <= grid.north:
                column = min(int((px - grid.west) * grid.per_lon), grid.columns - 1)
                row = min(int((py - grid.south) * grid.per_lat), grid.rows - 1)
                found = cells[row, column]
            out[i] = found
            todo[n, 0] = i
            n += found < -1
        for j in range(n):
            todo[j, 1] = starts[-2 - out[todo[j, 0]]]
        for j in range(n):
            touched[j] = xy[2 * entries[todo[j, 1], 1]]
        for j in range(n):
            i, e = todo[j]
            px, py, stop = lon[i], lat[i], starts[-1 - out[i]]
            found = -1
            while e < stop and found < 0:
                area = entries[e, 0]
                inside = False
                while e < stop and entries[e, 0] == area:
                    inside ^= _odd(entries, e, xy, px, py)
                    e += 1
                if inside:
                    found = area
            out[i] = found


@inlined
def _squared_distance(xy, k, px, py, m_lon, m_lat):  # type: ignore[no-untyped-def]
    """Squared metres from a point to edge ``k`` (first vertex at ``xy[k]``) in the plane that touches at the point."""
    ax, ay = (xy[k] - px) * m_lon, (xy[k + 1] - py) * m_lat
    dx, dy = (xy[k + 2] - px) * m_lon - ax, (xy[k + 3] - py) * m_lat - ay
    length = dx * dx + dy * dy
    along = 0.0
    if length > 0.0:
        along = min(1.0, max(0.0, -(ax * dx + ay * dy) / length))
    ax, ay = ax + along * dx, ay + along * dy
    return ax * ax + ay * ay


@inlined
def _metres_per_degree(lat):  # type: ignore[no-untyped-def]
    """Of longitude and of latitude: radii of curvature of the WGS-84 ellipsoid, prime vertical and meridian."""
    sine = math.sin(math.radians(lat))
    w2 = 1.0 - WGS84_E2 * sine * sine
    prime_vertical = WGS84_A / math.sqrt(w2)
    meridian = prime_vertical * (1.0 - WGS84_E2) / w2
    return math.radians(prime_vertical * abs(math.cos(math.radians(lat)))), math.radians(meridian)


@inlined
def _put(areas, squares, begin, n, area, square):  # type: ignore[no-untyped-def]
    """Keep the smaller distance of an area among ``begin:n``, or append it; the new n."""
    j = begin
    while j < n and areas[j] != area:
        j += 1
    squares[j] = min(squares[j], square) if j < n else square
    areas[j] = area
    return max(n, j + 1)


@compiled
def _sort(areas, squares):  # type: ignore[no-untyped-def]
    """By distance, then by area; insertion, as a point has few candidates."""
    for i in range(1, areas.size):
        area, square, j = areas[i], squares[i], i
        while j > 0 and (squares[j - 1] > square or (squares[j - 1] == square and areas[j - 1] > area)):
            areas[j], squares[j] = areas[j - 1], squares[j - 1]
            j -= 1
        areas[j], squares[j] = area, square


@compiled
def _room(array, size):  # type: ignore[no-untyped-def]
    """The array, or a copy of at least twice its length where ``size`` does not fit."""
    if size <= array.size:
        return array
    larger = np.empty(2 * size, array.dtype)
    larger[: array.size] = array
    return larger


@inlined
def _columns_and_rows(px, py, reach_x, reach_y, grid):  # type: ignore[no-untyped-def]
    """The cells of a box around a point, half-open; none where the box misses the raster or the point is not finite."""
    left = int((max(px - reach_x, grid.west) - grid.west) * grid.per_lon)
    right = int((min(px + reach_x, grid.east) - grid.west) * grid.per_lon)
    bottom = int((max(py - reach_y, grid.south) - grid.south) * grid.per_lat)
    top = int((min(py + reach_y, grid.north) - grid.south) * grid.per_lat)
    return (
        range(min(left, grid.columns - 1), min(right, grid.columns - 1) + 1),
        range(min(bottom, grid.rows - 1), min(top, grid.rows - 1) + 1),
    )


@inlined
def _square(entries, e, stop, xy, point, scale, home):  # type: ignore[no-untyped-def]
    """End of the entries of one area, and its squared distance: 0 inside (seen in the home cell), else to its edges."""
    (px, py), (m_lon, m_lat) = point, scale
    area, inside, nearest = entries[e, 0], False, math.inf
    while e < stop and entries[e, 0] == area:
        if home:
            inside ^= _odd(entries, e, xy, px, py)
        k = 2 * entries[e, 1]
        for edge in range(k, k + 2 * (entries[e, 2] >> 3), 2):
            nearest = min(nearest, _squared_distance(xy, edge, px, py, m_lon, m_lat))
        e += 1
    return e, (0.0 if inside else nearest), inside


@compiled
def candidates(lon, lat, radius_m, grid, cells, starts, entries, xy):  # type: ignore[no-untyped-def]
    """Areas that contain each point or come within its radius: ends (points), areas, squared distances in m²."""
    ends = np.empty(lon.size, np.int64)
    areas, squares = np.empty(lon.size + 16, np.int32), np.empty(lon.size + 16)
    n = 0
    for i in range(lon.size):
        begin, px, py, radius = n, lon[i], lat[i], radius_m[i]
        m_lon, m_lat = _metres_per_degree(py)
        reach_x, reach_y = radius / m_lon * SLACK, radius / m_lat * SLACK
        x_in_reach = grid.west - reach_x <= px <= grid.east + reach_x
        if x_in_reach and grid.south - reach_y <= py <= grid.north + reach_y:
            columns, rows = _columns_and_rows(px, py, reach_x, reach_y, grid)
            home_columns, home_rows = _columns_and_rows(px, py, 0.0, 0.0, grid)
            on_raster = grid.west <= px <= grid.east and grid.south <= py <= grid.north
            for row in rows:
                for column in columns:
                    cell = cells[row, column]
                    home = on_raster and row == home_rows.start and column == home_columns.start
                    if cell >= -1 and not home:  # no edge: nearly all cells of a wide radius
                        continue
                    e, stop = (starts[-2 - cell], starts[-1 - cell]) if cell < -1 else (0, 0)
                    areas, squares = _room(areas, n + 1 + stop - e), _room(squares, n + 1 + stop - e)
                    if cell >= 0 and home:
                        n = _put(areas, squares, begin, n, cell, 0.0)
                    while e < stop:
                        area = entries[e, 0]
                        e, square, inside = _square(entries, e, stop, xy, (px, py), (m_lon, m_lat), home)
                        if inside or (radius > 0.0 and square <= radius * radius):
                            n = _put(areas, squares, begin, n, area, square)
        _sort(areas[begin:n], squares[begin:n])
        ends[i] = n
    return ends, areas[:n], squares[:n]
