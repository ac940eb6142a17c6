"""Surfaces as rasters: a GeoTIFF for any GIS, and the same values on the grid of web maps."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform_bounds

from geo.analysis.surfaces import Bounds, Surface
from geo.space.crs import WEB_MERCATOR, WGS84

FLOAT_PREDICTOR: Final = 3
"""TIFF predictor for floating point, which made a surface of 512² cells a fifth smaller."""


class LonLatBounds(NamedTuple):
    """A rectangle in degrees of WGS-84."""

    west: float
    south: float
    east: float
    north: float


def geotiff(surface: Surface, *, epsg: int, tags: Mapping[str, str] | None = None) -> bytes:
    """A GeoTIFF of one band of float32, deflated; unknown cells are NaN, which is declared as nodata.

    The tags ``unit``, ``bandwidth_m`` and ``kernel`` say what the values are.

    :param epsg: CRS of the surface's points and bounds
    :param tags: more of them, such as the window of time, or others in their place
    """
    rows, columns = surface.values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=columns,
            height=rows,
            count=1,
            dtype="float32",
            nodata=np.nan,
            crs=CRS.from_epsg(epsg),
            transform=_transform(surface),
            compress="deflate",
            predictor=FLOAT_PREDICTOR,
        ) as raster:
            raster.write(surface.values.astype(np.float32), 1)
            own = {"unit": surface.unit, "bandwidth_m": f"{surface.bandwidth_m:g}", "kernel": surface.kernel}
            raster.update_tags(**own | dict(tags or {}))
        return bytes(memory.read())


def web_mercator(surface: Surface, *, epsg: int) -> tuple[Surface, LonLatBounds]:
    """The values on a grid of EPSG:3857, where an image lies true on a web map, and the rectangle of that grid.

    It has as many columns as the surface, and square cells.

    Values are interpolated between those of the four nearest cells that are known; unknown ones never mix in. Values,
    bandwidth and unit still speak of metres of ground. Bounds and ``cell_m`` are in the metres of EPSG:3857, of which
    1 / cos(latitude) make one of ground.

    :param epsg: CRS of the surface's points and bounds
    """
    source, target = CRS.from_epsg(epsg), CRS.from_epsg(WEB_MERCATOR)
    west, south, east, north = _bounds_in(epsg, WEB_MERCATOR, surface.bounds)
    cell_m = (east - west) / surface.values.shape[1]
    rows = math.ceil((north - south) / cell_m)
    bounds = Bounds(west, north - rows * cell_m, east, north)
    warped = replace(surface, values=np.full((rows, surface.values.shape[1]), np.nan), bounds=bounds, cell_m=cell_m)
    reproject(
        surface.values,
        warped.values,
        src_transform=_transform(surface),
        src_crs=source,
        src_nodata=np.nan,
        dst_transform=_transform(warped),
        dst_crs=target,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    return warped, LonLatBounds(*_bounds_in(WEB_MERCATOR, WGS84, bounds))


@lru_cache
def _bounds_in(epsg: int, other: int, bounds: Bounds) -> tuple[float, float, float, float]:
    """Bounds in another system; kept, as finding the way takes longer than warping, and maps of months share them."""
    west, south, east, north = transform_bounds(CRS.from_epsg(epsg), CRS.from_epsg(other), *bounds)
    return west, south, east, north


def _transform(surface: Surface) -> Affine:
    """Column and row to metres; not by rasterio's own helpers, which warn under affine 3."""
    return Affine(surface.cell_m, 0.0, surface.bounds.min_x, 0.0, -surface.cell_m, surface.bounds.max_y)
