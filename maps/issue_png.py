"""The problem heatmap as one picture, drawn without a browser: for a bulletin, a slide, a printed page."""

import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from geo.analysis.hotspots import HotspotReport
from geo.errors import Lang
from maps import fonts, issue_labels, issue_notes, labels, picture
from maps.issue_data import SurfaceLayer, clusters, family
from maps.issue_legend import draw_legend
from maps.issue_palette import CLASS_STYLES, CLUSTER
from maps.layers import placed
from maps.page import Outline
from maps.palette import BORDER, OUTLINE
from maps.picture import MARGIN, SMOOTH, WIDTH, View
from maps.sheet import Sheet

SURFACE_OPACITY: Final = 0.85
GROUND: Final = "#ffffff"


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
    view = picture.view_of([*drawn, *towns])
    chart = Image.new("RGBA", (view.width * SMOOTH, view.height * SMOOTH), GROUND)
    if surface is not None:
        _paint_surface(chart, view, surface)
    _paint_areas(chart, view, report, drawn, filled=surface is None)
    pen = ImageDraw.Draw(chart)
    picture.stroke(pen, view, towns.tolist(), OUTLINE, 2.4)
    for _, shape in heavy:
        picture.stroke(pen, view, [shape], "#ffffff", 8)
        picture.stroke(pen, view, [shape], CLUSTER, 4.5)
    chart = chart.resize((view.width, view.height), Image.Resampling.LANCZOS)
    picture.write_names(chart, view, [(one.name, shape) for one, shape in zip(outlines, towns, strict=True)])
    _number(chart, view, heavy)
    return _framed(report, chart, surface, lang)


def _paint_surface(chart: Image.Image, view: View, surface: SurfaceLayer) -> None:
    west, south, east, north = surface.bounds
    (left, top), (right, bottom) = (view.pixels(np.array([(west, north), (east, south)])) * SMOOTH).round().tolist()
    ground = Image.open(io.BytesIO(surface.png)).convert("RGBA")
    ground = ground.resize((max(1, int(right - left)), max(1, int(bottom - top))), Image.Resampling.BILINEAR)
    ground.putalpha(ground.getchannel("A").point(lambda value: round(value * SURFACE_OPACITY)))
    over = Image.new("RGBA", chart.size)
    over.paste(ground, (int(left), int(top)))
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
            chart.paste(picture.hatched(chart, style.fill, style.hatch), mask=picture.mask(chart, view, members))
        elif filled:
            chart.paste(style.fill, mask=picture.mask(chart, view, members))
        elif name != "none":
            edges += [(style.fill, shape) for shape in members]
    picture.stroke(pen, view, drawn.tolist(), BORDER, 0.9)
    for colour, shape in edges:
        picture.stroke(pen, view, [shape], "#ffffff", 5)
        picture.stroke(pen, view, [shape], colour, 3)


def _number(chart: Image.Image, view: View, heavy: Sequence[tuple[object, BaseGeometry]]) -> None:
    """Numbers of clusters, over the names of towns."""
    pen, font = ImageDraw.Draw(chart), fonts.chinese(24)
    for rank, shape in heavy:
        x, y = picture.inside(view, shape)
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill=CLUSTER, outline="#ffffff", width=3)
        pen.text((x, y), str(rank), "#ffffff", font, anchor="mm")


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
