"""The coverage-gap map as one picture, drawn without a browser: for a bulletin, a slide, a printed page."""

from collections.abc import Mapping, Sequence
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import STATUSES, CoverageReport
from geo.errors import Lang
from maps import class_png, coverage_notes, labels
from maps.class_png import ClassMap
from maps.page import Outline
from maps.palette import STATUS_STYLES

_LEGEND: Final = (*STATUSES, "unassigned")


def static_png(
    report: CoverageReport, shapes: Mapping[str, BaseGeometry], outlines: Sequence[Outline], lang: Lang
) -> bytes:
    """A PNG, 1600 pixels wide: title, figures, map, legend and notes.

    :param shapes: area code → polygons in WGS-84 degrees; an area without one is counted and not drawn
    :param outlines: towns, drawn as heavier lines with their names
    :raises maps.fonts.FontMissing: no font of this machine has Chinese characters
    """
    words, figures = labels.words(lang), coverage_notes.figures(report)
    drawn = [shapes.get(row.facts.code) for row in report.rows]
    month, level = labels.month_name(report.month, lang), labels.level_name(report.level, lang)
    told = [month, level, *(f"{words[name]} {figures[name]}" for name in ("rate", "all"))]
    said = [" · ".join([*told, f"{words['visits']} {figures['visits']} {words['visits_unit']}"])]
    if not any(drawn):
        said.append(words["no_map" if report.rows else "no_areas"])
    return class_png.static_png(
        ClassMap(
            title=f"{coverage_notes.place(report)} · {words['title']}",
            said=said,
            classes=[row.status for row in report.rows],
            styles={str(name): style for name, style in STATUS_STYLES.items()},
            shapes=drawn,
            striking=[row.unassigned for row in report.rows],
            outlines=outlines,
            legend=[(name, f"{words[name]} {figures[name]}") for name in _LEGEND],
            notes=coverage_notes.notes(report, lang),
        )
    )
