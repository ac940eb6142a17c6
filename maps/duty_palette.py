"""Colours of loads: five even steps of lightness (L* 91, 76, 61, 46, 31) from yellow-green to blue.

They hold without colour and on a black-and-white printer; the hue runs along the axis that the common colour
blindnesses keep. What nobody holds is paper white with a dashed outline and a mark, what is excluded is hatched.
"""

from collections.abc import Mapping
from typing import Final

from geo.analysis.duty_maps import DutyClass
from maps.palette import BORDER, HIGHLIGHT, OUTLINE, STATUS_STYLES, UNASSIGNED, Style

DUTY_STYLES: Final[Mapping[DutyClass, Style]] = {
    "load_1": Style("#ddebba", None, "#22300a"),
    "load_2": Style("#73cbb5", None, "#06281f"),
    "load_3": Style("#27a1b3", None, "#021f24"),
    "load_5": Style("#2473a5", None, "#ffffff"),
    "load_9": Style("#364581", None, "#ffffff"),
    "other": Style("#d5dbdf", None, "#39434b"),
    "excluded": STATUS_STYLES["excluded"],
    "unassigned": Style("#ffffff", None, "#10202c"),
}


def css_variables() -> str:
    """The colours as declarations of CSS custom properties, for the page and the legend."""
    lines = [
        declared
        for name, style in DUTY_STYLES.items()
        if name != "unassigned"
        for declared in (f"--{name}: {style.fill};", f"--{name}-ink: {style.ink};")
    ]
    lines += [f"--excluded-hatch: {DUTY_STYLES['excluded'].hatch};", f"--unassigned: {UNASSIGNED};"]
    return " ".join([*lines, f"--outline: {OUTLINE};", f"--highlight: {HIGHLIGHT};"])


def for_script() -> dict[str, object]:
    """The colours as the map's script reads them."""
    return {
        "status": {name: {"fill": style.fill, "hatch": style.hatch} for name, style in DUTY_STYLES.items()},
        "unassigned": UNASSIGNED,
        "outline": OUTLINE,
        "highlight": HIGHLIGHT,
        "border": BORDER,
    }
