"""Colours of what became of areas: four steps of lightness (about 38, 49, 75 and 94), which print keeps apart."""

from collections.abc import Mapping
from typing import Final

from geo.analysis.comparison import Change
from maps import palette
from maps.palette import STATUS_STYLES, Style

CHANGE_STYLES: Final[Mapping[Change, Style]] = {
    "newly_missed": STATUS_STYLES["unvisited"],
    "newly_met": Style("#2a7f90", None, "#ffffff"),
    "still_missed": STATUS_STYLES["under"],
    "still_met": Style("#e2eeee", None, "#12343a"),
    "not_comparable": STATUS_STYLES["excluded"],
}


def css_variables() -> str:
    """The colours as declarations of CSS custom properties, those of the statuses included."""
    lines = [
        declared
        for name, style in CHANGE_STYLES.items()
        for declared in (f"--{name}: {style.fill};", f"--{name}-ink: {style.ink};")
    ]
    return " ".join([palette.css_variables(), *lines])


def for_script() -> dict[str, object]:
    """The colours as the map's script reads them."""
    styles = {name: {"fill": style.fill, "hatch": style.hatch} for name, style in CHANGE_STYLES.items()}
    return palette.for_script() | {"status": styles}
