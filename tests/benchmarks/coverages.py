"""Synthetic coverages for benchmarks: true partitions whose neighbours share wiggly edges, vertex for vertex."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Array = NDArray[np.float64]

AMPLITUDE = 0.25
WAVES = 5


@dataclass(frozen=True)
class Coverage:
    """Areas, the group (village) of each, and the centres of the groups (lon, lat)."""

    polygons: NDArray[np.object_]
    group: NDArray[np.int64]
    centres: Array


def county(seed: int = 1) -> Coverage:
    """3,000 grids of about 300 vertices in 220 villages, 80 km x 66 km."""
    return build(3_000, 300, groups=220, bounds=(119.4, 30.0, 120.24, 30.6), seed=seed)


def province(seed: int = 2) -> Coverage:
    """100,000 grids of about 60 vertices in 7,000 villages, 480 km x 440 km."""
    return build(100_000, 60, groups=7_000, bounds=(118.0, 27.0, 123.0, 31.0), seed=seed)


def build(areas: int, vertices: int, *, groups: int, bounds: tuple[float, float, float, float], seed: int) -> Coverage:
    """About ``areas`` Voronoi polygons over ``bounds`` (west, south, east, north); neighbours share bent edges."""
    rng = np.random.default_rng(seed)
    west, south, east, north = bounds
    columns = round(np.sqrt(areas * (east - west) / (north - south)))
    rows = round(areas / columns)
    step = np.array([(east - west) / columns, (north - south) / rows])
    index = np.stack(np.meshgrid(np.arange(-1, columns + 1), np.arange(-1, rows + 1)), axis=-1).reshape(-1, 2)
    seeds = np.array([west, south]) + (index + 0.5 + rng.uniform(-0.35, 0.35, index.shape)) * step
    straight = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), ordered=True))
    kept = ((index >= 0) & (index < [columns, rows])).all(axis=1)
    polygons = _bend(straight[kept], max(1, round(vertices / 6)), rng)
    centres = rng.uniform([west, south], [east, north], (groups, 2))
    nearest = shapely.STRtree(shapely.points(centres)).nearest(shapely.points(seeds[kept]))
    return Coverage(polygons, nearest, centres)


def clustered_points(coverage: Coverage, count: int, seed: int = 3) -> tuple[Array, Array]:
    """Visits: nine of ten around a village centre (normal, about a village wide), one of ten anywhere."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(coverage.polygons)
    spread = 0.35 * np.sqrt((east - west) * (north - south) / len(coverage.centres))
    points = coverage.centres[rng.integers(len(coverage.centres), size=count)]
    points = points + rng.normal(0.0, spread, points.shape)
    anywhere = rng.random(count) < 0.1
    points[anywhere] = rng.uniform([west, south], [east, north], (int(anywhere.sum()), 2))
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])


def _bend(polygons: NDArray[np.object_], pieces: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """Replace each straight edge by ``pieces`` shorter ones along waves that vanish at its ends."""
    xy, ring = shapely.get_coordinates(polygons, return_index=True)
    corners, corner = np.unique(xy, axis=0, return_inverse=True)
    begins = np.flatnonzero(ring[1:] == ring[:-1])
    pairs = np.stack([corner[begins], corner[begins + 1]], axis=1)
    edges, edge = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    along = np.arange(pieces) / pieces
    start, vector = corners[edges[:, 0]], corners[edges[:, 1]] - corners[edges[:, 0]]
    phases = rng.uniform(0, 2 * np.pi, (len(edges), WAVES, 1))
    waves = np.sin(2 * np.pi * (1 + np.arange(WAVES))[:, None] * along + phases) / (1 + np.arange(WAVES))[:, None]
    offset = AMPLITUDE * np.minimum(along, 1 - along) * waves.mean(axis=1)
    across = np.stack([-vector[:, 1], vector[:, 0]], axis=1)
    lines = start[:, None] + along[:, None] * vector[:, None] + offset[:, :, None] * across[:, None]
    backwards = pairs[:, 0] > pairs[:, 1]
    bent = lines[edge]
    bent[backwards, 1:] = bent[backwards, :0:-1]
    bent[:, 0] = corners[pairs[:, 0]]
    return np.asarray(
        shapely.polygons(shapely.linearrings(bent.reshape(-1, 2), indices=np.repeat(ring[begins], pieces)))
    )
