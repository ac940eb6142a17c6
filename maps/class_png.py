"""A map of areas by class as one picture, drawn without a browser: title, figures, map, legend and notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from maps import fonts, picture
from maps.layers import placed
from maps.page import Outline
from maps.palette import BORDER, OUTLINE, UNASSIGNED, Style
from maps.picture import MARGIN, WIDTH, View
from maps.sheet import INK, Sheet

MARK_PX: Final = 13
"""Radius of the mark of an area that nobody is assigned to, where there is room for it; a dot where there is none."""

_MANY: Final = 1_000
_ROOM_PX: Final = 44
_DASH_PX, _SPACE_PX = 14.0, 8.0
_SWATCH: Final = (44, 26)
_LINE: Final = _SWATCH[1] + 16
_STRIKING: Final = "unassigned"


@dataclass(frozen=True, slots=True)
class ClassMap:
    """What is drawn.

    :ivar classes: of each area, names in ``styles``
    :ivar shapes: polygons of each in WGS-84 degrees; None for one without
    :ivar striking: whether each has nobody, and gets a dashed outline and a mark
    :ivar legend: class and words, in order; ``unassigned`` is drawn as what is striking
    :ivar said: figures under the title, and what to do where nothing can be drawn
    """

    title: str
    said: Sequence[str]
    classes: Sequence[str]
    styles: Mapping[str, Style]
    shapes: Sequence[BaseGeometry | None]
    striking: Sequence[bool]
    outlines: Sequence[Outline]
    legend: Sequence[tuple[str, str]]
    notes: Sequence[str]


def static_png(told: ClassMap) -> bytes:
    """A PNG, 1600 pixels wide.

    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    drawn = placed(told.shapes, "wgs84")
    towns = placed([one.geometry for one in told.outlines], "wgs84")
    view = picture.view_of([*drawn, *towns])
    chart = Image.new("RGB", (view.width * picture.SMOOTH, view.height * picture.SMOOTH), "#ffffff")
    _paint_areas(chart, view, told, drawn)
    pen = ImageDraw.Draw(chart)
    picture.stroke(pen, view, towns.tolist(), OUTLINE, 3)
    nobody = [shape for shape, marked in zip(drawn, told.striking, strict=True) if marked and shape is not None]
    for shape in nobody:
        picture.stroke(pen, view, [shape], "#ffffff", 6)
        picture.dashes(pen, view, shape, UNASSIGNED, 3.2, dash_px=_DASH_PX, space_px=_SPACE_PX)
    chart = chart.resize((view.width, view.height), Image.Resampling.LANCZOS)
    for shape in nobody:
        _mark(chart, view, shape)
    names = [(one.name, shape) for one, shape in zip(told.outlines, towns, strict=True)]
    picture.write_names(chart, view, names)
    return _framed(told, chart)


def _paint_areas(chart: Image.Image, view: View, told: ClassMap, drawn: NDArray[np.object_]) -> None:
    """Fills, one mask a class so that holes stay open, then borders."""
    for name, style in told.styles.items():
        pairs = zip(told.classes, drawn, strict=True)
        members = [shape for of, shape in pairs if of == name and shape is not None]
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


def _framed(told: ClassMap, chart: Image.Image) -> bytes:
    """Title and figures above the map, legend and notes below it."""
    sheet = Sheet(WIDTH, MARGIN)
    sheet.write(told.title, 42)
    for line in told.said:
        sheet.write(line, 26)
    sheet.place(chart)
    sheet.place(_legend(told, sheet.width - 2 * sheet.margin))
    for note in told.notes:
        sheet.write(note, 22)
    return sheet.png()


def _legend(told: ClassMap, width: int) -> Image.Image:
    """The classes as they are drawn, with their words, in as many lines as they need."""
    font, places, x, y = fonts.chinese(24), list[tuple[float, int]](), 0.0, 0
    for _, words in told.legend:
        room = _SWATCH[0] + 10 + font.getlength(words)
        if x and x + room > width:
            x, y = 0.0, y + _LINE
        places.append((x, y))
        x += room + 40
    row = Image.new("RGB", (width, y + _LINE), "#ffffff")
    pen = ImageDraw.Draw(row)
    for (name, words), (left, top) in zip(told.legend, places, strict=True):
        _swatch(row, round(left), top, name, told.styles)
        pen.text((left + _SWATCH[0] + 10, top + _LINE / 2), words, INK, font, anchor="lm")
    return row


def _swatch(row: Image.Image, x: int, y: int, name: str, styles: Mapping[str, Style]) -> None:
    pen, (width, height) = ImageDraw.Draw(row), _SWATCH
    top = y + (_LINE - height) // 2
    box = (x, top, x + width, top + height)
    if name == _STRIKING:
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
    style = styles[name]
    if style.hatch is None:
        pen.rectangle(box, fill=style.fill, outline="#7d8c96")
        return
    sample = picture.hatched(Image.new("RGB", (width * 2, height * 2)), style.fill, style.hatch)
    row.paste(sample.resize((width, height), Image.Resampling.LANCZOS), (x, top))
    pen.rectangle(box, outline="#7d8c96")
