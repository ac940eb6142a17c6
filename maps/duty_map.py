"""The map of who is responsible: areas coloured by how many of them one person holds, and those that nobody holds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.duty_maps import CLASSES, LOADS, DutyReport
from geo.errors import Lang
from maps import assets, catalogue, duty_data, duty_palette, labels, layers, map_tools, palette
from maps.forms import Form
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", "duties.css", "print.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    "wangge.js",
    *map_tools.SCRIPTS,
    "shape.js",
    "overlays.js",
    "panel.js",
    "areas.js",
    "list.js",
    "marking.js",
    "duties.js",
)


def draw(
    report: DutyReport,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    form: Form | None = None,
    area_page: str | None = None,
    standalone: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: area code → polygons in WGS-84 degrees, simplified with shared edges; an area without one is listed
    :param outlines: towns, drawn as heavier lines with their names
    :param basemap: tiles under the map; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param form: role and organisation to choose; left out where the page is a file
    :param area_page: address of the page of an area with ``CODE`` in it
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.area.code) for row in report.rows], frame)
    town_shapes = layers.placed([outline.geometry for outline in outlines], frame)
    shown = context(report, lang, links or Links())
    shown |= {
        "form": form,
        "narrowed": report.role is not None or report.organisation is not None,
        "cadres": duty_data.cadre_lines(report, lang),
        "areas": duty_data.area_lines(report, lang, shapes, area_page),
        "layers": ["outlines", "names", *(["basemap"] if basemap else [])],
    }
    page = Page(
        "duties.html.j2",
        shown,
        lang=lang,
        styles=(*STYLES, *map_tools.styles(standalone=standalone)),
        scripts=(*SCRIPTS, *map_tools.later_scripts(standalone=standalone)),
        standalone=standalone,
    )
    extent = layers.extent(area_shapes, town_shapes, whole=report.scope == report.county)
    county = CountyMap(extent, label=catalogue.words("duty_map", lang)["map"], tiled=basemap is not None)
    county.add_to(page)
    map_tools.Tools((), frame, lang, standalone=standalone).add_to(county)
    switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
    drawn = layers.shape_data(area_shapes)
    areas = layers.Areas(duty_data.table(report, lang), drawn, duty_palette.for_script()).add_to(county)
    towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
    switched |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
    layers.Legend(areas, switched).add_to(county)
    Lists(areas, duty_data.for_script(report, lang, area_page)).add_to(county)
    return page.render()


class Lists(Piece):
    """Ties the page's lists of cadres and areas to the map."""

    def __init__(self, areas: layers.Areas, told: Mapping[str, object]) -> None:
        super().__init__("lists")
        self.areas, self.told = areas, told

    def data(self) -> object:
        """Cadres and the texts that they share with the areas."""
        return self.told

    def statement(self) -> str:
        """Listens to the lists."""
        return f"wangge.duties({self.chart}, {self.areas.get_name()}, {self.read});"


def context(report: DutyReport, lang: Lang, links: Links) -> dict[str, Any]:
    """What the page says around the map."""
    words = labels.words(lang) | catalogue.words("duty_map", lang)
    level = labels.level_name(report.level, lang)
    place = report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"
    when = labels.day(report.day, lang)
    counts: dict[str, int] = {name: report.count(name) for name in CLASSES}
    counts |= {"all": len(report.rows), "cadres": len(report.cadres)}
    empty = [name for name in ("other", "excluded") if not counts[name]]
    return {
        "words": words,
        "words_json": script_json(words),
        "colours": duty_palette.css_variables(),
        "place": place,
        "subject": words["title"],
        "when": when,
        "level": level,
        "title": f"{place} · {words['title']} · {when} · {level}",
        "load_title": words["load"].format(level=level),
        "classes": [*LOADS, "other", "excluded", "unassigned"],
        "hidden_classes": empty,
        "figures": {name: labels.number(value) for name, value in counts.items()},
        "notes": _notes(report, words, lang),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == report.level, to) for one, to in links.levels.items()],
    }


def _notes(report: DutyReport, words: Mapping[str, str], lang: Lang) -> list[str]:
    return [
        words["on_day"].format(day=labels.day(report.day, lang)),
        words["version"].format(n=report.version, day=labels.day(report.in_force_from, lang)),
        words["load_help"],
    ]
