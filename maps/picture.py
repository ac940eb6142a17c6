"""What pictures of maps share: from degrees to pixels, fills with holes, hatching, lines, dashes and names."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from maps import fonts

WIDTH: Final = 1600
MARGIN: Final = 48
MAX_MAP_HEIGHT: Final = 1500
SMOOTH: Final = 2
"""Shapes are drawn so many times larger and scaled down, which smooths their edges."""

_PIXELS_APART: Final = 9 * SMOOTH
_TRIES: Final = ((24, 0), (24, -26), (24, 26), (18, 0), (18, -22), (18, 22))
"""Sizes of a name, and how far below its point it stands, in pixels."""


class View(NamedTuple):
    """From Web Mercator on the unit square to pixels."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    def pixels(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Degrees, (n, 2), lon/lat, as pixels."""
        x = (at[:, 0] + 180) / 360
        y = 0.5 - np.log(np.tan(np.pi / 4 + np.radians(at[:, 1]) / 2)) / (2 * np.pi)
        return np.column_stack(((x - self.west) * self.scale, (y - self.north) * self.scale))


def view_of(shapes: Sequence[BaseGeometry | None]) -> View:
    """All shapes on the width of the picture, or within its height."""
    known = [one for one in shapes if one is not None]
    if not known:
        return View(0, 0, 1, WIDTH - 2 * MARGIN, MAX_MAP_HEIGHT // 4)
    west, south, east, north = shapely.total_bounds(known).tolist()
    unit = View(0, 0, 1, 0, 0).pixels(np.array([(west, north), (east, south)]))
    (left, top), (right, bottom) = unit.tolist()
    across = max(right - left, 1e-9)
    scale = min((WIDTH - 2 * MARGIN) / across, MAX_MAP_HEIGHT / max(bottom - top, 1e-9))
    spare = (WIDTH - 2 * MARGIN) / scale - across
    height = max(1, math.ceil((bottom - top) * scale))
    return View(left - spare / 2, top, scale, WIDTH - 2 * MARGIN, height)


def rings(view: View, shape: BaseGeometry | None) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """Rings in pixels of the enlarged chart, each with whether it is a hole."""
    for polygon in shapely.get_parts(shape) if shape is not None else ():
        if polygon.geom_type != "Polygon":
            continue
        for number, ring in enumerate((polygon.exterior, *polygon.interiors)):
            at = view.pixels(shapely.get_coordinates(ring)) * SMOOTH
            yield [(x, y) for x, y in at.tolist()], number > 0


def mask(chart: Image.Image, view: View, shapes: Sequence[BaseGeometry]) -> Image.Image:
    """The ground of some shapes without their holes; of overlapping ones the later is on top."""
    ground = Image.new("L", chart.size)
    pen = ImageDraw.Draw(ground)
    for shape in shapes:
        for ring, hole in rings(view, shape):
            pen.polygon(ring, fill=0 if hole else 255)
    return ground


def hatched(chart: Image.Image, fill: str, line: str) -> Image.Image:
    """Diagonal lines over the whole chart."""
    ground = Image.new("RGBA", chart.size, fill)
    pen = ImageDraw.Draw(ground)
    width, height = chart.size
    for start in range(-height, width, _PIXELS_APART):
        pen.line([(start, height), (start + height, 0)], fill=line, width=2 * SMOOTH)
    return ground


def stroke(
    pen: ImageDraw.ImageDraw, view: View, shapes: Sequence[BaseGeometry | None], colour: str, width: float
) -> None:
    """A line along all rings; its width in pixels of the finished picture."""
    for shape in shapes:
        for ring, _ in rings(view, shape):
            pen.line(ring, fill=colour, width=max(1, round(width * SMOOTH)), joint="curve")


def dashes(
    pen: ImageDraw.ImageDraw,
    view: View,
    shape: BaseGeometry,
    colour: str,
    width: float,
    *,
    dash_px: float,
    space_px: float,
) -> None:
    """A dashed line along all rings of a shape; lengths in pixels of the finished picture."""
    dash, turn = dash_px * SMOOTH, (dash_px + space_px) * SMOOTH
    for ring, _ in rings(view, shape):
        line = shapely.LineString(ring)
        for start in np.arange(0.0, line.length, turn).tolist():
            part = shapely.ops.substring(line, start, min(start + dash, line.length))
            if part.geom_type == "LineString":
                at = [(float(x), float(y)) for x, y in part.coords]
                pen.line(at, fill=colour, width=max(1, round(width * SMOOTH)), joint="curve")


def write_names(chart: Image.Image, view: View, towns: Sequence[tuple[str, BaseGeometry | None]]) -> None:
    """Names with a white edge, each inside its shape and none over another: the largest shapes first.

    Where a name has no room it is tried above and below, then smaller; then it is left out.
    """
    pen = ImageDraw.Draw(chart)
    taken: list[tuple[float, float, float, float]] = []
    drawn = [(name, shape) for name, shape in towns if shape is not None]
    for name, shape in sorted(drawn, key=lambda one: -float(one[1].area)):
        x, y = inside(view, shape)
        for size, dy in _TRIES:
            font = fonts.chinese(size)
            left, top, right, bottom = pen.textbbox((x, y + dy), name, font, anchor="mm", stroke_width=2)
            if not any(left < r and le < right and top < b and t < bottom for le, t, r, b in taken):
                taken.append((left, top, right, bottom))
                pen.text((x, y + dy), name, "#14222b", font, anchor="mm", stroke_width=3, stroke_fill="#ffffff")
                break


def inside(view: View, shape: BaseGeometry) -> tuple[float, float]:
    """A point inside a shape, in pixels of the finished picture."""
    ((x, y),) = view.pixels(shapely.get_coordinates(shapely.point_on_surface(shape))).tolist()
    return x, y
