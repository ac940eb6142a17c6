"""The legend of the problem heatmap on a picture."""

from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw

from geo.errors import Lang
from maps import fonts, issue_labels
from maps.issue_data import SurfaceLayer, surface_note
from maps.issue_palette import CLASS_STYLES, CLUSTER
from maps.sheet import INK, MUTED, Sheet

_SWATCH: Final = (44, 26)
_CLASSES: Final = (
    ("hot", "hot_short"),
    ("cold", "cold_short"),
    ("none", "none"),
    ("unknown", "unknown"),
    ("clusters", "clusters"),
)
_TEXT_PX: Final = 24


def draw_legend(sheet: Sheet, counts: Mapping[str, int], surface: SurfaceLayer | None, lang: Lang) -> None:
    """The classes with their counts; below them the surface's scale with its unit.

    :param counts: areas by family, and significant ``clusters``
    """
    words, font = issue_labels.words(lang), fonts.chinese(_TEXT_PX)
    row = Image.new("RGB", (sheet.width - 2 * sheet.margin, _SWATCH[1] + 16), "#ffffff")
    pen, x = ImageDraw.Draw(row), 0.0
    for name, word in _CLASSES:
        x = _swatch(row, x, name) + 10
        text = f"{words[word]} {counts[name]:,}"
        pen.text((x, row.height / 2), text, INK, font, anchor="lm")
        x += font.getlength(text) + 34
    pen.text((x, row.height / 2), words["confidence"], MUTED, fonts.chinese(20), anchor="lm")
    sheet.place(row)
    if surface is not None:
        sheet.place(_scale(surface, sheet.width - 2 * sheet.margin, lang))


def _swatch(row: Image.Image, x: float, name: str) -> float:
    """One mark of the legend; returns where it ends."""
    pen, (width, height) = ImageDraw.Draw(row), _SWATCH
    top = (row.height - height) // 2
    shown = [style.fill for kind, style in CLASS_STYLES.items() if kind.split("_")[0] == name] or ["#ffffff"]
    shown = sorted(shown, key=lambda colour: -sum(bytes.fromhex(colour[1:])))
    for at, colour in enumerate(shown):
        left = x + at * width / 2
        pen.rectangle((left, top, left + (width / 2 if len(shown) > 1 else width), top + height), fill=colour)
    end = x + (len(shown) * width / 2 if len(shown) > 1 else width)
    if (hatch := CLASS_STYLES["unknown"].hatch) is not None and name == "unknown":
        for start in range(0, width, 9):
            right = min(start + height, width)
            pen.line([(x + start, top + height), (x + right, top + height - (right - start))], fill=hatch, width=2)
    heavy = name == "clusters"
    pen.rectangle((x, top, end, top + height), outline=CLUSTER if heavy else "#7d8c96", width=5 if heavy else 1)
    return end


def _scale(surface: SurfaceLayer, width: int, lang: Lang) -> Image.Image:
    words, font = issue_labels.words(lang), fonts.chinese(20)
    row = Image.new("RGB", (width, 64), "#ffffff")
    pen, step = ImageDraw.Draw(row), 78
    for at, one in enumerate(surface.legend):
        pen.rectangle((at * step, 4, (at + 1) * step, 28), fill=one.colour)
        pen.text((at * step, 46), issue_labels.decimal(one.low), INK, font, anchor="lm")
    x = len(surface.legend) * step + 20
    unit = issue_labels.unit(surface.unit, lang) if surface.legend else words["nothing_drawn"]
    pen.text((x, 16), unit, INK, fonts.chinese(_TEXT_PX), anchor="lm")
    pen.text((x, 46), surface_note(surface, lang), MUTED, font, anchor="lm")
    return row
