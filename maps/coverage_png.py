"""The coverage-gap map as one picture, drawn without a browser: for a bulletin, a slide, a printed page."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import STATUSES, CoverageReport
from geo.errors import Lang
from maps import coverage_notes, fonts, labels, picture
from maps.layers import placed
from maps.page import Outline
from maps.palette import BORDER, OUTLINE, STATUS_STYLES, UNASSIGNED
from maps.picture import MARGIN, WIDTH, View
from maps.sheet import INK, Sheet

MARK_PX: Final = 13
"""Radius of the mark of an area that nobody is assigned to, where there is room for it; a dot where there is none."""

_MANY: Final = 1_000
_ROOM_PX: Final = 44
_DASH_PX, _SPACE_PX = 14.0, 8.0
_SWATCH: Final = (44, 26)
_LEGEND: Final = (*STATUSES, "unassigned")


def static_png(
    report: CoverageReport, shapes: Mapping[str, BaseGeometry], outlines: Sequence[Outline], lang: Lang
) -> bytes:
    """A PNG, 1600 pixels wide: title, figures, map, legend and notes.

    :param shapes: area code → polygons in WGS-84 degrees; an area without one is counted and not drawn
    :param outlines: towns, drawn as heavier lines with their names
    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    drawn = placed([shapes.get(row.facts.code) for row in report.rows], "wgs84")
    towns = placed([one.geometry for one in outlines], "wgs84")
    view = picture.view_of([*drawn, *towns])
    chart = Image.new("RGB", (view.width * picture.SMOOTH, view.height * picture.SMOOTH), "#ffffff")
    _paint_areas(chart, view, report, drawn)
    pen = ImageDraw.Draw(chart)
    picture.stroke(pen, view, towns.tolist(), OUTLINE, 3)
    nobody = [shape for row, shape in zip(report.rows, drawn, strict=True) if row.unassigned and shape is not None]
    for shape in nobody:
        picture.stroke(pen, view, [shape], "#ffffff", 6)
        picture.dashes(pen, view, shape, UNASSIGNED, 3.2, dash_px=_DASH_PX, space_px=_SPACE_PX)
    chart = chart.resize((view.width, view.height), Image.Resampling.LANCZOS)
    for shape in nobody:
        _mark(chart, view, shape)
    picture.write_names(chart, view, [(one.name, shape) for one, shape in zip(outlines, towns, strict=True)])
    return _framed(report, chart, lang, drawn=len([one for one in drawn if one is not None]))


def _paint_areas(chart: Image.Image, view: View, report: CoverageReport, drawn: NDArray[np.object_]) -> None:
    """Fills, one mask a class so that holes stay open, then borders."""
    for status, style in STATUS_STYLES.items():
        pairs = zip(report.rows, drawn, strict=True)
        members = [shape for row, shape in pairs if row.status == status and shape is not None]
        members.sort(key=lambda shape: -float(shape.area))
        mask = picture.mask(chart, view, members)
        ground = picture.hatched(chart, style.fill, style.hatch) if style.hatch else style.fill
        chart.paste(ground, mask=mask)
    picture.stroke(ImageDraw.Draw(chart), view, drawn.tolist(), BORDER, 0.9 if len(drawn) < _MANY else 0.5)


def _mark(chart: Image.Image, view: View, shape: BaseGeometry) -> None:
    """A dark disc with "!" where the area has room for it."""
    pen, (x, y) = ImageDraw.Draw(chart), picture.inside(view, shape)
    west, south, east, north = shapely.total_bounds(shape).tolist()
    (left, top), (right, bottom) = view.pixels(np.array([(west, north), (east, south)])).tolist()
    room = min(right - left, bottom - top) >= _ROOM_PX
    radius = MARK_PX if room else 4
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=UNASSIGNED, outline="#ffffff", width=2)
    if room:
        pen.text((x, y), "!", "#ffffff", fonts.chinese(20), anchor="mm", stroke_width=1, stroke_fill="#ffffff")


def _framed(report: CoverageReport, chart: Image.Image, lang: Lang, *, drawn: int) -> bytes:
    """Title and figures above the map, legend and notes below it."""
    words = labels.words(lang)
    sheet = Sheet(WIDTH, MARGIN)
    sheet.write(f"{coverage_notes.place(report)} · {words['title']}", 42)
    month, level = labels.month_name(report.month, lang), labels.level_name(report.level, lang)
    figures = coverage_notes.figures(report)
    told = [f"{words[name]} {figures[name]}" for name in ("rate", "all")]
    told.append(f"{words['visits']} {figures['visits']} {words['visits_unit']}")
    sheet.write(" · ".join([month, level, *told]), 26)
    if not report.rows:
        sheet.write(words["no_areas"], 26)
    elif not drawn:
        sheet.write(words["no_map"], 26)
    sheet.place(chart)
    sheet.place(_legend(figures, sheet.width - 2 * sheet.margin, lang))
    for note in coverage_notes.notes(report, lang):
        sheet.write(note, 22)
    return sheet.png()


def _legend(figures: Mapping[str, str], width: int, lang: Lang) -> Image.Image:
    """The classes as they are drawn, with their counts."""
    words, font = labels.words(lang), fonts.chinese(24)
    row = Image.new("RGB", (width, _SWATCH[1] + 16), "#ffffff")
    pen, x = ImageDraw.Draw(row), 0.0
    for name in _LEGEND:
        _swatch(row, round(x), name)
        x += _SWATCH[0] + 10
        text = f"{words[name]} {figures[name]}"
        pen.text((x, row.height / 2), text, INK, font, anchor="lm")
        x += font.getlength(text) + 40
    return row


def _swatch(row: Image.Image, x: int, name: str) -> None:
    pen, (width, height) = ImageDraw.Draw(row), _SWATCH
    top = (row.height - height) // 2
    box = (x, top, x + width, top + height)
    if name == "unassigned":
        for start in range(0, width, 12):
            right = min(x + start + 7, x + width)
            pen.line([(x + start, top), (right, top)], fill=UNASSIGNED, width=3)
            pen.line([(x + start, top + height), (right, top + height)], fill=UNASSIGNED, width=3)
        for side in (x, x + width):
            pen.line([(side, top + 6), (side, top + height - 6)], fill=UNASSIGNED, width=3)
        centre = (x + width / 2, top + height / 2)
        pen.ellipse((centre[0] - 9, centre[1] - 9, centre[0] + 9, centre[1] + 9), fill=UNASSIGNED)
        pen.text(centre, "!", "#ffffff", fonts.chinese(15), anchor="mm")
        return
    style = next(style for status, style in STATUS_STYLES.items() if status == name)
    if style.hatch is None:
        pen.rectangle(box, fill=style.fill, outline="#7d8c96")
        return
    sample = picture.hatched(Image.new("RGB", (width * 2, height * 2)), style.fill, style.hatch)
    row.paste(sample.resize((width, height), Image.Resampling.LANCZOS), (x, top))
    pen.rectangle(box, outline="#7d8c96")
