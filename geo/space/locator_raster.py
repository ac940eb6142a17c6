"""The compiled build of the locator's raster: which cells the edges of an area meet, and which it fills.

Areas one by one, rows one by one; a cell and an entry are what ``locator_kernels`` says. Every doubt (rounding at the
borders of a row) is taken as "meets": such a cell costs a test and can never give a wrong answer.
"""

import numpy as np

from geo.space.locator_kernels import compiled, inlined


@compiled
def edge_columns(xy, k, row, grid):  # type: ignore[no-untyped-def]
    """First and last column in which edge ``k`` may meet a row that it reaches; never too few.

    The edge is taken from south to north, so that neighbours mark the same cells.
    """
    lx, ly, ux, uy = xy[2 * k], xy[2 * k + 1], xy[2 * k + 2], xy[2 * k + 3]
    if uy < ly:
        lx, ly, ux, uy = ux, uy, lx, ly
    low, high = min(lx, ux), max(lx, ux)
    first = min(int((ly - grid.south) * grid.per_lat), grid.rows - 1)
    last = min(int((uy - grid.south) * grid.per_lat), grid.rows - 1)
    if first < last:
        slope = (ux - lx) / (uy - ly)
        bottom, top = lx, ux
        if row > first:
            bottom = lx + (grid.south + row / grid.per_lat - grid.margin - ly) * slope
        if row < last:
            top = lx + (grid.south + (row + 1) / grid.per_lat + grid.margin - ly) * slope
        low, high = max(low, min(bottom, top) - grid.margin), min(high, max(bottom, top) + grid.margin)
        low, high = min(low, grid.east), max(high, grid.west)
    return (
        min(int((low - grid.west) * grid.per_lon), grid.columns - 1),
        min(int((high - grid.west) * grid.per_lon), grid.columns - 1),
    )


@compiled
def _room(array, size):  # type: ignore[no-untyped-def]
    """The array, or a copy of at least twice its length where ``size`` rows do not fit."""
    if size <= array.shape[0]:
        return array
    larger = np.empty((max(size, 2 * array.shape[0]), array.shape[1]), array.dtype)
    larger[: array.shape[0]] = array
    return larger


@compiled
def _bucket_rows(xy, ring_starts, rings, grid, row_starts, by_row):  # type: ignore[no-untyped-def]
    """Edges of one area by the rows that they reach, in the order of the ring within a row.

    :return: ``by_row`` (edge, first column, last column), grown where needed, first row, last row, first column, last
        column; the edges of row r stand from ``row_starts[r]`` to ``row_starts[r + 1]``
    """
    bottom, top, left, right = grid.rows, -1, grid.columns, -1
    for counting in (True, False):
        for ring in range(rings[0], rings[1]):
            for k in range(ring_starts[ring], ring_starts[ring + 1] - 1):
                a = min(int((xy[2 * k + 1] - grid.south) * grid.per_lat), grid.rows - 1)
                b = min(int((xy[2 * k + 3] - grid.south) * grid.per_lat), grid.rows - 1)
                a, b = min(a, b), max(a, b)
                bottom, top = min(bottom, a), max(top, b)
                for row in range(a, b + 1):
                    if counting:
                        row_starts[row + 2] += 1
                    else:
                        first, last = edge_columns(xy, k, row, grid)
                        left, right = min(left, first), max(right, last)
                        j = row_starts[row + 1]
                        by_row[j, 0], by_row[j, 1], by_row[j, 2] = k, first, last
                        row_starts[row + 1] = j + 1
        if counting and top >= 0:
            row_starts[bottom + 1] = 0
            for row in range(bottom, top + 1):
                row_starts[row + 2] += row_starts[row + 1]
            by_row = _room(by_row, row_starts[top + 2])
    return by_row, bottom, top, left, right


@inlined
def _bucket_columns(xy, row, grid, edges, by_row, by_cell, scratch, columns):  # type: ignore[no-untyped-def]
    """The same within one row: edges by the columns that they meet; ``west[c]`` is whether the parity changes at c.

    :return: ``by_cell``, grown where needed; the edges of column c stand from ``column_starts[c]`` on
    """
    first_edge, end_edge = edges
    left, right = columns
    column_starts, west = scratch
    column_starts[left : right + 3] = 0
    west[left : right + 3] = False
    for j in range(first_edge, end_edge):
        k, first, last = by_row[j]
        a = min(int((xy[2 * k + 1] - grid.south) * grid.per_lat), grid.rows - 1)
        b = min(int((xy[2 * k + 3] - grid.south) * grid.per_lat), grid.rows - 1)
        west[last + 1] ^= (a < row) != (b < row)
        for column in range(first, last + 1):
            column_starts[column + 2] += 1
    for column in range(left, right + 1):
        column_starts[column + 2] += column_starts[column + 1]
    by_cell = _room(by_cell, column_starts[right + 2])
    for j in range(first_edge, end_edge):
        k, first, last = by_row[j]
        for column in range(first, last + 1):
            by_cell[column_starts[column + 1], 0] = k
            column_starts[column + 1] += 1
    return by_cell


@inlined
def _hands_over(xy, vertex, row, column, grid):  # type: ignore[no-untyped-def]
    """Whether a vertex lies in the row, west of the cell: there a run gives way to the edges west of the cell."""
    in_row = min(int((xy[2 * vertex + 1] - grid.south) * grid.per_lat), grid.rows - 1) == row
    return in_row and min(int((xy[2 * vertex] - grid.west) * grid.per_lon), grid.columns - 1) < column


@compiled
def classify(xy, ring_starts, first_rings, grid, capacity):  # type: ignore[no-untyped-def]
    """Cells that the edges of each area meet, and the spans of cells that it fills.

    :param xy: vertices; ``ring_starts``: (rings + 1) first vertex of each ring; ``first_rings``: (areas + 1)
    :param capacity: entries to make room for at first
    :return: entries (n, 4): cell, area, first vertex, code; spans (m, 3): first cell, end cell, area. Both by area.
    """
    entries, n = np.empty((capacity, 4), np.int32), 0
    spans, m = np.empty((capacity, 3), np.int32), 0
    row_starts = np.zeros(grid.rows + 2, np.int64)
    column_starts = np.zeros(grid.columns + 2, np.int64)
    west = np.zeros(grid.columns + 2, np.bool_)
    by_row = np.empty((1024, 3), np.int32)
    by_cell = np.empty((1024, 1), np.int32)
    for area in range(first_rings.size - 1):
        rings = (first_rings[area], first_rings[area + 1])
        by_row, bottom, top, left, right = _bucket_rows(xy, ring_starts, rings, grid, row_starts, by_row)
        for row in range(bottom, top + 1):
            of_row, columns = (row_starts[row], row_starts[row + 1]), (left, right)
            by_cell = _bucket_columns(xy, row, grid, of_row, by_row, by_cell, (column_starts, west), columns)
            entries = _room(entries, n + column_starts[right + 1])
            spans = _room(spans, m + right - left + 1)
            odd, filled_from = False, -1
            for column in range(left, right + 1):
                odd ^= west[column]
                cell = row * grid.columns + column
                j, stop = column_starts[column], column_starts[column + 1]
                if filled_from >= 0 and j < stop:
                    spans[m, 0], spans[m, 1], spans[m, 2] = filled_from, cell, area
                    m += 1
                    filled_from = -1
                elif odd and j == stop and filled_from < 0:
                    filled_from = cell
                first_bit = int(odd)
                while j < stop:
                    k, edges = by_cell[j, 0], 1
                    while j + edges < stop and by_cell[j + edges, 0] == k + edges:
                        edges += 1
                    code = 8 * edges + first_bit
                    code += 2 * int(_hands_over(xy, k, row, column, grid))
                    code += 4 * int(_hands_over(xy, k + edges, row, column, grid))
                    entries[n, 0], entries[n, 1], entries[n, 2], entries[n, 3] = cell, area, k, code
                    n, j, first_bit = n + 1, j + edges, 0
        row_starts[bottom : top + 3] = 0
    return entries[:n], spans[:m]


@compiled
def _count(cells, lists, entries, spans):  # type: ignore[no-untyped-def]
    """Start of each list, one place late, so that filling them moves it to where it belongs."""
    starts = np.zeros(lists + 2, np.int64)
    for e in range(entries.shape[0]):
        starts[-cells[entries[e, 0]]] += 1
    for s in range(spans.shape[0]):
        for cell in range(spans[s, 0], spans[s, 1]):
            if cells[cell] < -1:
                starts[-cells[cell]] += 1
    for i in range(1, lists + 2):
        starts[i] += starts[i - 1]
    return starts


@compiled
def fill(cells, entries, spans):  # type: ignore[no-untyped-def]
    """Fill the raster, flat: -1 outside, an area, or ``-2 - i`` where list i decides.

    :return: starts (lists + 2) for ``sort_entries``, the last one the number of entries; whether areas overlap
    """
    cells[:] = -1
    for e in range(entries.shape[0]):
        cells[entries[e, 0]] = -2
    overlap = False
    for s in range(spans.shape[0]):
        for cell in range(spans[s, 0], spans[s, 1]):
            taken = cells[cell] != -1
            cells[cell] = -2 if taken else spans[s, 2]
            overlap |= taken
    lists = 0
    for cell in range(cells.size):
        if cells[cell] < -1:
            cells[cell] = -2 - lists
            lists += 1
    starts = _count(cells, lists, entries, spans[: spans.shape[0] if overlap else 0])
    return starts, overlap


@inlined
def _put(lists, starts, cell, area, vertex, code):  # type: ignore[no-untyped-def]
    """Append an entry to the list of a cell: each start runs ahead until its list is full."""
    place = starts[-1 - cell]
    lists[place, 0], lists[place, 1], lists[place, 2] = area, vertex, code
    starts[-1 - cell] = place + 1


@compiled
def sort_entries(cells, starts, overlap, entries, spans):  # type: ignore[no-untyped-def]
    """Entries by list, areas ascending: (n, 3) of area, first vertex, code. Moves ``starts`` to where they belong.

    A cell that one area fills and another shares has an entry without edges, for which an odd number lies to the west.
    """
    lists = np.empty((starts[-1], 3), np.int32)
    e = 0
    for s in range(spans.shape[0] if overlap else 0):
        while e < entries.shape[0] and entries[e, 1] <= spans[s, 2]:
            _put(lists, starts, cells[entries[e, 0]], entries[e, 1], entries[e, 2], entries[e, 3])
            e += 1
        for cell in range(spans[s, 0], spans[s, 1]):
            if cells[cell] < -1:
                _put(lists, starts, cells[cell], spans[s, 2], 0, 1)
    for rest in range(e, entries.shape[0]):
        _put(lists, starts, cells[entries[rest, 0]], entries[rest, 1], entries[rest, 2], entries[rest, 3])
    return lists
