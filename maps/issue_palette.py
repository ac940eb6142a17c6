"""Colours of hot spots. Surfaces bring their own, see `geo.analysis.surface_pictures`."""

from collections.abc import Mapping
from typing import Final

from geo.analysis.clusters import Class
from maps.palette import BORDER, HIGHLIGHT, OUTLINE, Style

CLASS_STYLES: Final[Mapping[Class, Style]] = {
    "hot_99": Style("#9e2a1c", None, "#ffffff"),
    "hot_95": Style("#dc7240", None, "#2b0f00"),
    "hot_90": Style("#f3be93", None, "#3a2210"),
    "none": Style("#eef1ec", None, "#2b373f"),
    "cold_90": Style("#a6cbe8", None, "#12303f"),
    "cold_95": Style("#5b95c7", None, "#06192a"),
    "cold_99": Style("#24588f", None, "#ffffff"),
    "unknown": Style("#f7f7f4", "#6d7983", "#39434b"),
}
"""Hot and cold are two ramps of even steps of lightness (L* about 36, 60 and 81) in orange and blue, which every common
colour blindness keeps apart; the middle is the lightest. Unknown is no step of them but a hatch."""

CLUSTER: Final = "#10202c"
"""Outline and number of a cluster."""

POINT: Final = "#10202c"
"""A single issue."""


def css_variables() -> str:
    """The colours as declarations of CSS custom properties, for the page and the legend."""
    lines: list[str] = []
    for name, style in CLASS_STYLES.items():
        lines += [f"--{name}: {style.fill};", f"--{name}-ink: {style.ink};"]
        if style.hatch is not None:
            lines.append(f"--{name}-hatch: {style.hatch};")
    lines += [f"--cluster: {CLUSTER};", f"--point: {POINT};", f"--outline: {OUTLINE};", f"--highlight: {HIGHLIGHT};"]
    return " ".join(lines)


def for_script() -> dict[str, object]:
    """The colours as the map's script reads them."""
    return {
        "classes": {name: {"fill": style.fill, "hatch": style.hatch} for name, style in CLASS_STYLES.items()},
        "cluster": CLUSTER,
        "point": POINT,
        "highlight": HIGHLIGHT,
        "border": BORDER,
    }
