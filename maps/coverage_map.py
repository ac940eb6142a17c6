"""The coverage-gap map: which areas were not visited in a month, who is responsible, and what is needed first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import CoverageReport
from geo.errors import Lang
from geo.space.crs import Frame
from maps import assets, catalogue, coverage_notes, labels, layers, map_tools, palette
from maps.coverage_data import table
from maps.layers import AreaTiles
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    "wangge.js",
    *map_tools.SCRIPTS,
    "shape.js",
    "overlays.js",
    "panel.js",
    "areas.js",
    "details.js",
    "list.js",
)
TILE_SCRIPTS: Final = (assets.VECTOR_GRID_JS, "area-tiles.js")
"""Only where shapes come as tiles."""


def draw(
    report: CoverageReport,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    standalone: bool = False,
    tiles: AreaTiles | None = None,
) -> str:
    """One complete HTML page.

    :param shapes: area code → polygons in WGS-84 degrees, simplified with shared edges; an area without one is listed
    :param outlines: towns, drawn as heavier lines with their names
    :param basemap: tiles under the map; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param standalone: everything inside the one file, which then works from disk with no network
    :param tiles: where shapes come from instead; not for a file that stands alone
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame: Frame = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.facts.code) for row in report.rows], frame)
    town_shapes = layers.placed([outline.geometry for outline in outlines], frame)
    page = Page(
        "coverage.html.j2",
        _context(report, lang, basemap, links or Links()),
        lang=lang,
        styles=(*STYLES, *map_tools.styles(standalone=standalone), "print.css"),
        scripts=(*SCRIPTS, *(TILE_SCRIPTS if tiles else ()), *map_tools.later_scripts(standalone=standalone)),
        standalone=standalone,
    )
    whole = report.scope == report.county
    extent = (tiles.bounds(frame) if tiles else None) or layers.extent(area_shapes, town_shapes, whole=whole)
    county = CountyMap(extent, label=labels.COVERAGE_WORDS["map"].text(lang), tiled=basemap is not None)
    county.add_to(page)
    map_tools.Tools(_names(report, outlines), frame, lang, standalone=standalone).add_to(county)
    switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
    codes = [row.facts.code for row in report.rows]
    drawn = tiles.data(codes, frame) if tiles else layers.shape_data(area_shapes)
    areas = layers.Areas(table(report, lang), drawn, palette.for_script()).add_to(county)
    towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
    switched |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
    layers.Legend(areas, switched).add_to(county)
    layers.GapList(areas).add_to(county)
    return page.render()


def _names(report: CoverageReport, outlines: Sequence[Outline]) -> Iterator[str]:
    """All that may be searched for by pinyin."""
    for outline in outlines:
        yield outline.name
    for row in report.rows:
        yield row.facts.name
        yield row.facts.parent_name or ""
        yield from (one.name for one in row.facts.responsible)


def _context(report: CoverageReport, lang: Lang, basemap: Basemap | None, links: Links) -> dict[str, object]:
    words = labels.words(lang)
    month, level = labels.month_name(report.month, lang), labels.level_name(report.level, lang)
    place = coverage_notes.place(report)
    return {
        "words": words,
        "open_area": catalogue.words("duty_map", lang)["open_area"],
        "words_json": script_json(words),
        "colours": palette.css_variables(),
        "place": place,
        "month": month,
        "level": level,
        "title": f"{place} · {words['title']} · {month} · {level}",
        "figures": coverage_notes.figures(report),
        "notes": coverage_notes.notes(report, lang),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == report.level, to) for one, to in links.levels.items()],
        "layers": ["outlines", "names", *(["basemap"] if basemap else [])],
    }
