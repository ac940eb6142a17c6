"""Cells grouped into connected regions: villages out of grids, towns out of villages."""

import heapq

import numpy as np
import shapely
from numpy.typing import NDArray

from data.plane import FloatArray, IntArray

Labels = NDArray[np.int64]


def medoids(points: FloatArray, count: int, rng: np.random.Generator, *, rounds: int = 4) -> IntArray:
    """Points that stand evenly among the others: k-medoids, Voronoi iteration (Park and Jun 2009).

    :return: ``count`` different rows of ``points``
    """
    chosen = np.sort(rng.choice(len(points), count, replace=False))
    for _ in range(rounds):
        group = nearest(points, points[chosen])
        size = np.bincount(group, minlength=count)
        mean = np.stack([np.bincount(group, points[:, axis], count) for axis in (0, 1)], axis=1) / size[:, None]
        off = np.hypot(*(points - mean[group]).T)
        order = np.lexsort([off, group])
        chosen = order[np.concatenate([[0], np.cumsum(size)[:-1]])]
    return np.asarray(chosen)


def nearest(points: FloatArray, targets: FloatArray) -> IntArray:
    """The row of the nearest target of each point."""
    tree = shapely.STRtree(np.asarray(shapely.points(targets)))
    pairs = tree.query_nearest(shapely.points(points), all_matches=False)
    found = np.empty(len(points), dtype=np.int64)
    found[pairs[0]] = pairs[1]
    return found


def neighbours(pairs: IntArray, count: int) -> list[list[int]]:
    """Adjacency lists, each sorted, of undirected pairs."""
    lists: list[set[int]] = [set() for _ in range(count)]
    for a, b in pairs.tolist():
        if a != b:
            lists[a].add(b)
            lists[b].add(a)
    return [sorted(found) for found in lists]


def grow(adjacent: list[list[int]], points: FloatArray, seeds: IntArray, open_: NDArray[np.bool_]) -> Labels:
    """Give each open node to the seed that is nearest along the graph, so that every region hangs together.

    :return: the row of the seed, -1 where a node is closed or cannot be reached
    """
    label = np.full(len(points), -1, dtype=np.int64)
    queue = [(0.0, int(seed), row) for row, seed in enumerate(seeds)]
    heapq.heapify(queue)
    while queue:
        cost, node, region = heapq.heappop(queue)
        if label[node] >= 0:
            continue
        label[node] = region
        here = points[node]
        for other in adjacent[node]:
            if label[other] < 0 and open_[other]:
                step = points[other] - here
                heapq.heappush(queue, (cost + float(np.hypot(step[0], step[1])), other, region))
    return label


def is_connected(adjacent: list[list[int]], members: set[int]) -> bool:
    """Whether the members reach one another without leaving themselves."""
    if not members:
        return False
    reached = {min(members)}
    stack = list(reached)
    while stack:
        for other in adjacent[stack.pop()]:
            if other in members and other not in reached:
                reached.add(other)
                stack.append(other)
    return reached == members
