"""Colours of the classes: told apart by lightness first, so that they hold without colour and in black-and-white print.

The three solid fills run from light to dark as the need grows (L* about 88, 74 and 37), and differ in hue between blue
and yellow, the axis that the common colour blindnesses keep. What is excluded is hatched on paper white, never a fill
of its own; what nobody is assigned to keeps its fill and gets a dark dashed outline and a mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geo.analysis.coverage import Status


@dataclass(frozen=True, slots=True)
class Style:
    """How one class is drawn.

    :ivar fill: ground of the area, ``#rrggbb``
    :ivar hatch: colour of diagonal lines over the ground; None for a solid fill
    :ivar ink: text that can be read on the fill
    """

    fill: str
    hatch: str | None
    ink: str


STATUS_STYLES: Final[Mapping[Status, Style]] = {
    "met": Style("#c5e3e6", None, "#12343a"),
    "under": Style("#efb13e", None, "#3a2600"),
    "unvisited": Style("#a62b3a", None, "#ffffff"),
    "excluded": Style("#f7f7f4", "#8b959d", "#39434b"),
}

UNASSIGNED: Final = "#10202c"
"""Dashed outline and mark of an area that nobody is assigned to."""

OUTLINE: Final = "#2d3e4b"
"""Town outlines."""

HIGHLIGHT: Final = "#0a5fb4"
"""The area that is pointed at or chosen."""

BORDER: Final = "#5d6f7b"
"""Thin border between areas."""


def css_variables() -> str:
    """The colours as declarations of CSS custom properties, for the page and the legend."""
    lines: list[str] = []
    for status, style in STATUS_STYLES.items():
        lines += [f"--{status}: {style.fill};", f"--{status}-ink: {style.ink};"]
        if style.hatch is not None:
            lines.append(f"--{status}-hatch: {style.hatch};")
    lines += [f"--unassigned: {UNASSIGNED};", f"--outline: {OUTLINE};", f"--highlight: {HIGHLIGHT};"]
    return " ".join(lines)


def for_script() -> dict[str, object]:
    """The colours as the map's script reads them."""
    return {
        "status": {status: {"fill": style.fill, "hatch": style.hatch} for status, style in STATUS_STYLES.items()},
        "unassigned": UNASSIGNED,
        "outline": OUTLINE,
        "highlight": HIGHLIGHT,
        "border": BORDER,
    }
