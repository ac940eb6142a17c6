"""The coverage-gap map: which areas were not visited in a month, who is responsible, and what is needed first."""

from collections.abc import Mapping, Sequence
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import STATUSES, CoverageReport
from geo.errors import Lang
from maps import assets, labels, layers, palette
from maps.coverage_data import table
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", "print.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    "wangge.js",
    "shape.js",
    "overlays.js",
    "panel.js",
    "areas.js",
    "details.js",
    "list.js",
)


def draw(
    report: CoverageReport,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: area code → polygons in WGS-84 degrees, simplified with shared edges; an area without one is listed
    :param outlines: towns, drawn as heavier lines with their names
    :param basemap: tiles under the map; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.facts.code) for row in report.rows], frame)
    town_shapes = layers.placed([outline.geometry for outline in outlines], frame)
    page = Page(
        "coverage.html.j2",
        _context(report, lang, basemap, links or Links()),
        lang=lang,
        styles=STYLES,
        scripts=SCRIPTS,
        standalone=standalone,
    )
    extent, label = layers.bounds(area_shapes, town_shapes), labels.COVERAGE_WORDS["map"].text(lang)
    county = CountyMap(extent, label=label, tiled=basemap is not None)
    county.add_to(page)
    switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap).add_to(county)} if basemap else {}
    areas = layers.Areas(table(report, lang), area_shapes, palette.for_script()).add_to(county)
    towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
    switched |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
    layers.Legend(areas, switched).add_to(county)
    layers.GapList(areas).add_to(county)
    return page.render()


def _context(report: CoverageReport, lang: Lang, basemap: Basemap | None, links: Links) -> dict[str, object]:
    words = labels.words(lang)
    month, level = labels.month_name(report.month, lang), labels.level_name(report.level, lang)
    place = report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"
    return {
        "words": words,
        "words_json": script_json(words),
        "colours": palette.css_variables(),
        "place": place,
        "month": month,
        "level": level,
        "title": f"{place} · {words['title']} · {month} · {level}",
        "figures": _figures(report),
        "notes": _notes(report, words, lang),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == report.level, to) for one, to in links.levels.items()],
        "layers": ["outlines", "names", *(["basemap"] if basemap else [])],
    }


def _figures(report: CoverageReport) -> dict[str, str]:
    """The counts of the month, as they are shown."""
    counts: dict[str, int] = {status: report.count(status) for status in STATUSES}
    counts |= {"all": len(report.rows), "unassigned": report.unassigned}
    counts |= {"visits": report.visits, "unlocated": report.unlocated}
    return {name: labels.number(value) for name, value in counts.items()} | {"rate": labels.percent(report.rate)}


def _notes(report: CoverageReport, words: Mapping[str, str], lang: Lang) -> list[str]:
    """What must be known to read the figures: up to when, by which boundaries, and what no area counts."""
    notes = [
        words["as_of"].format(day=labels.day(report.as_of, lang)),
        words["version"].format(n=report.version, day=labels.day(report.in_force_from, lang))
        + f"（{words[report.boundaries]}）".translate({} if lang == "zh-CN" else {0xFF08: " (", 0xFF09: ")"}),
    ]
    for name, count in (("outside", report.outside), ("untagged", report.untagged)):
        if count:
            notes.append(words[name].format(n=labels.number(count)))
    return notes
