"""Who is responsible, as one picture."""

from collections.abc import Mapping, Sequence

from shapely.geometry.base import BaseGeometry

from geo.analysis.duty_maps import DutyReport
from geo.errors import Lang
from maps import class_png, duty_map
from maps.class_png import ClassMap
from maps.duty_palette import DUTY_STYLES
from maps.page import Links, Outline


def static_png(
    report: DutyReport, shapes: Mapping[str, BaseGeometry], outlines: Sequence[Outline], lang: Lang
) -> bytes:
    """A PNG of what `maps.duty_map.draw` shows, without the lists.

    :param shapes: area code → polygons in WGS-84 degrees
    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    told = duty_map.context(report, lang, Links())
    words, figures = told["words"], told["figures"]
    shown = [name for name in told["classes"] if name not in told["hidden_classes"]]
    return class_png.static_png(
        ClassMap(
            title=f"{told['place']} · {told['subject']}",
            said=[f"{told['when']} · {told['level']} {figures['all']} · {told['load_title']}"],
            classes=[row.status for row in report.rows],
            styles={str(name): style for name, style in DUTY_STYLES.items()},
            shapes=[shapes.get(row.area.code) for row in report.rows],
            striking=[row.unassigned for row in report.rows],
            outlines=outlines,
            legend=[(name, f"{words[name]} {figures[name]}") for name in shown],
            notes=told["notes"],
        )
    )
