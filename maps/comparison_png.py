"""What changed from one month to another, as one picture."""

from collections.abc import Mapping, Sequence

from shapely.geometry.base import BaseGeometry

from geo.analysis.comparison import CHANGES, Comparison
from geo.errors import Lang
from maps import class_png, comparison_map, labels
from maps.class_png import ClassMap
from maps.comparison_palette import CHANGE_STYLES
from maps.page import Links, Outline


def static_png(
    report: Comparison, shapes: Mapping[str, BaseGeometry], outlines: Sequence[Outline], lang: Lang
) -> bytes:
    """A PNG of the difference that `maps.comparison_map.draw` shows, without the list.

    :param shapes: area code → polygons in WGS-84 degrees
    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    told = comparison_map.context(report, "difference", lang, Links())
    words = told["words"]
    return class_png.static_png(
        ClassMap(
            title=f"{told['place']} · {told['subject']}",
            said=[f"{told['when']} · {told['level']} {labels.number(len(report.rows))}"],
            classes=[row.change for row in report.rows],
            styles={str(name): style for name, style in CHANGE_STYLES.items()},
            shapes=[shapes.get(row.code) for row in report.rows],
            striking=[False for _ in report.rows],
            outlines=outlines,
            legend=[(name, f"{words[name]} {labels.number(report.count(name))}") for name in CHANGES],
            notes=told["notes"],
        )
    )
