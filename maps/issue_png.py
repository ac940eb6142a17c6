"""The problem heatmap as one picture, drawn without a browser: for a bulletin, a slide, a printed page."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from geo.analysis.hotspots import HotspotReport
from geo.errors import Lang
from maps import fonts, issue_labels, issue_notes, labels
from maps.issue_data import SurfaceLayer, clusters, family
from maps.issue_legend import Sheet, draw_legend
from maps.issue_palette import CLASS_STYLES, CLUSTER
from maps.layers import placed
from maps.page import Outline
from maps.palette import BORDER, OUTLINE

WIDTH: Final = 1600
MARGIN: Final = 48
MAX_MAP_HEIGHT: Final = 1500
SMOOTH: Final = 2
"""Shapes are drawn so many times larger and scaled down, which smooths their edges."""

SURFACE_OPACITY: Final = 0.85
GROUND: Final = "#ffffff"

_PIXELS_APART: Final = 9 * SMOOTH


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


def static_png(
    report: HotspotReport,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    surface: SurfaceLayer | None,
    lang: Lang,
) -> bytes:
    """A PNG, 1600 pixels wide: title, map and legend.

    :param shapes: area code → polygons in WGS-84 degrees
    :param outlines: towns, drawn as heavier lines with their names
    :param surface: below the areas, which are then outlined where they are hot or cold; None to fill areas by class
    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    drawn = placed([shapes.get(row.facts.code) for row in report.rows], "wgs84")
    towns = placed([one.geometry for one in outlines], "wgs84")
    told, ground = clusters(report, drawn.tolist(), {})
    heavy = [(one["rank"], shape) for one, shape in zip(told, ground, strict=True) if one["significant"] and shape]
    view = _view([*drawn, *towns])
    chart = Image.new("RGBA", (view.width * SMOOTH, view.height * SMOOTH), GROUND)
    if surface is not None:
        _paint_surface(chart, view, surface)
    _paint_areas(chart, view, report, drawn, filled=surface is None)
    pen = ImageDraw.Draw(chart)
    _stroke(pen, view, towns.tolist(), OUTLINE, 2.4)
    for _, shape in heavy:
        _stroke(pen, view, [shape], "#ffffff", 8)
        _stroke(pen, view, [shape], CLUSTER, 4.5)
    chart = chart.resize((view.width, view.height), Image.Resampling.LANCZOS)
    _write_names(chart, view, [(one.name, shape) for one, shape in zip(outlines, towns, strict=True)], heavy)
    return _framed(report, chart, surface, lang)


def _view(shapes: Sequence[BaseGeometry | None]) -> View:
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


def _rings(view: View, shape: BaseGeometry | None) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """Rings in pixels of the enlarged chart, each with whether it is a hole."""
    for polygon in shapely.get_parts(shape) if shape is not None else ():
        if polygon.geom_type != "Polygon":
            continue
        for number, ring in enumerate((polygon.exterior, *polygon.interiors)):
            at = view.pixels(shapely.get_coordinates(ring)) * SMOOTH
            yield [(x, y) for x, y in at.tolist()], number > 0


def _paint_surface(chart: Image.Image, view: View, surface: SurfaceLayer) -> None:
    west, south, east, north = surface.bounds
    (left, top), (right, bottom) = (view.pixels(np.array([(west, north), (east, south)])) * SMOOTH).round().tolist()
    picture = Image.open(io.BytesIO(surface.png)).convert("RGBA")
    picture = picture.resize((max(1, int(right - left)), max(1, int(bottom - top))), Image.Resampling.BILINEAR)
    picture.putalpha(picture.getchannel("A").point(lambda value: round(value * SURFACE_OPACITY)))
    over = Image.new("RGBA", chart.size)
    over.paste(picture, (int(left), int(top)))
    chart.alpha_composite(over)


def _paint_areas(
    chart: Image.Image, view: View, report: HotspotReport, drawn: NDArray[np.object_], *, filled: bool
) -> None:
    """Fills, one mask a class so that holes stay open, then borders, then the edges of hot and cold areas."""
    pen = ImageDraw.Draw(chart)
    edges: list[tuple[str, BaseGeometry]] = []
    for name, style in CLASS_STYLES.items():
        members = [shape for row, shape in zip(report.rows, drawn, strict=True) if row.status == name and shape]
        members.sort(key=lambda shape: -float(shape.area))
        if style.hatch is not None:
            chart.paste(_hatched(chart, style.fill, style.hatch), mask=_mask(chart, view, members))
        elif filled:
            chart.paste(style.fill, mask=_mask(chart, view, members))
        elif name != "none":
            edges += [(style.fill, shape) for shape in members]
    _stroke(pen, view, drawn.tolist(), BORDER, 0.9)
    for colour, shape in edges:
        _stroke(pen, view, [shape], "#ffffff", 5)
        _stroke(pen, view, [shape], colour, 3)


def _mask(chart: Image.Image, view: View, shapes: Sequence[BaseGeometry]) -> Image.Image:
    mask = Image.new("L", chart.size)
    pen = ImageDraw.Draw(mask)
    for shape in shapes:
        for ring, hole in _rings(view, shape):
            pen.polygon(ring, fill=0 if hole else 255)
    return mask


def _hatched(chart: Image.Image, fill: str, line: str) -> Image.Image:
    """Diagonal lines over the whole chart."""
    ground = Image.new("RGBA", chart.size, fill)
    pen = ImageDraw.Draw(ground)
    width, height = chart.size
    for start in range(-height, width, _PIXELS_APART):
        pen.line([(start, height), (start + height, 0)], fill=line, width=2 * SMOOTH)
    return ground


def _stroke(
    pen: ImageDraw.ImageDraw, view: View, shapes: Sequence[BaseGeometry | None], colour: str, width: float
) -> None:
    for shape in shapes:
        for ring, _ in _rings(view, shape):
            pen.line(ring, fill=colour, width=max(1, round(width * SMOOTH)), joint="curve")


def _write_names(
    chart: Image.Image,
    view: View,
    towns: Sequence[tuple[str, BaseGeometry | None]],
    heavy: Sequence[tuple[object, BaseGeometry]],
) -> None:
    """Names of towns, and numbers of clusters over them."""
    pen, font = ImageDraw.Draw(chart), fonts.chinese(24)
    for name, shape in towns:
        if shape is not None:
            x, y = _inside(view, shape)
            pen.text((x, y), name, "#14222b", font, anchor="mm", stroke_width=3, stroke_fill="#ffffff")
    for rank, shape in heavy:
        x, y = _inside(view, shape)
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill=CLUSTER, outline="#ffffff", width=3)
        pen.text((x, y), str(rank), "#ffffff", font, anchor="mm")


def _inside(view: View, shape: BaseGeometry) -> tuple[float, float]:
    ((x, y),) = view.pixels(shapely.get_coordinates(shapely.point_on_surface(shape))).tolist()
    return x, y


def _framed(report: HotspotReport, chart: Image.Image, surface: SurfaceLayer | None, lang: Lang) -> bytes:
    """Title above, what could not be said below it, legend below the map."""
    words = issue_labels.words(lang)
    place = report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"
    when, level = issue_labels.window(report.begin, report.until, lang), labels.level_name(report.level, lang)
    categories = [issue_labels.CATEGORY_WORDS[one].text(lang) for one in report.categories] or [words["all"]]
    rate = issue_labels.RATE_WORDS[report.judged.choices.denominator].text(lang)
    sheet = Sheet(WIDTH, MARGIN)
    sheet.write(f"{place} · {words['title']}", 42)
    sheet.write(f"{when} · {level} · {words['categories']} {words['between'].join(categories)} · {rate}", 26)
    for message in issue_notes.messages(report, lang):
        sheet.write(message, 26)
    sheet.place(chart)
    counts = {name: sum(family(row) == name for row in report.rows) for name in ("hot", "cold", "none", "unknown")}
    draw_legend(sheet, counts | {"clusters": sum(one.significant for one in report.clusters)}, surface, lang)
    for note in issue_notes.notes(report, lang):
        sheet.write(note, 22)
    return sheet.png()
