"""The first page: figures of the month, the map with what is most urgent, and room for what takes longer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import AreaCoverage, CoverageReport
from geo.analysis.overview import Figures
from geo.errors import Lang
from maps import assets, catalogue, home_figures, labels, layers, map_tools, palette
from maps.coverage_data import table
from maps.coverage_map import TILE_SCRIPTS
from maps.layers import AreaTiles
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

STYLES: Final = (
    assets.LEAFLET_CSS,
    "wangge.css",
    "coverage.css",
    *map_tools.styles(standalone=False),
    "home.css",
    "print.css",
)
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
    "home.js",
)
MOST: Final = 10
"""Areas that are named on the page; the list has all of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An area that can be chosen; ``depth`` 0 for the widest."""

    code: str
    name: str
    depth: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class HomeLinks:
    """Where the page leads to.

    :ivar year: the months in which problems are looked at, since one month has too few of them to tell
    :ivar figures: name of a figure → the list behind it
    :ivar areas: code → page of an area
    :ivar kept: names and values that choosing another area keeps
    :ivar quick: words and addresses of what this reader does most
    """

    map: str
    gaps: str
    heatmap: str
    trend: str
    clusters: str
    year: str
    figures: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    quick: Sequence[tuple[str, str]] = ()


def draw(
    report: CoverageReport,
    figures: Figures,
    previous: Figures | None,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    links: Links,
    ways: HomeLinks,
    choices: Sequence[Choice],
    reader: str,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    tiles: AreaTiles | None = None,
    running: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: area code → polygons in WGS-84 degrees, simplified with shared edges
    :param choices: areas within the reader's reach, in the order in which they are offered
    :param reader: who is signed in, as it is shown
    :param tiles: where shapes come from instead
    :param running: the month is not over
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    datum = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.facts.code) for row in report.rows], datum)
    town_shapes = layers.placed([outline.geometry for outline in outlines], datum)
    context = _context(report, figures, previous, lang, links, running=running)
    context |= {"ways": ways, "choices": choices, "reader": reader}
    context |= {"first": [_first(row, lang) for row in report.gaps()[:MOST]], "gaps": len(report.gaps())}
    context["layers"] = ["outlines", "names", *(["basemap"] if basemap else [])]
    scripts = (*SCRIPTS, *(TILE_SCRIPTS if tiles else ()))
    page = Page("home.html.j2", context, lang=lang, styles=STYLES, scripts=scripts, standalone=False)
    whole = report.scope == report.county
    extent = (tiles.bounds(datum) if tiles else None) or layers.extent(area_shapes, town_shapes, whole=whole)
    county = CountyMap(extent, label=labels.COVERAGE_WORDS["map"].text(lang), tiled=basemap is not None)
    county.add_to(page)
    map_tools.Tools([], datum, lang, standalone=False).add_to(county)
    switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
    drawn = tiles.data([row.facts.code for row in report.rows], datum) if tiles else layers.shape_data(area_shapes)
    areas = layers.Areas(table(report, lang), drawn, palette.for_script()).add_to(county)
    towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
    switched |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
    layers.Legend(areas, switched).add_to(county)
    First(areas).add_to(county)
    return page.render()


class First(Piece):
    """Ties the list of what is most urgent to the areas."""

    def __init__(self, areas: layers.Areas) -> None:
        super().__init__("first")
        self.areas = areas

    def statement(self) -> str:
        """Listens to both."""
        return f"wangge.home({self.chart}, {self.areas.get_name()});"


def _context(
    report: CoverageReport, figures: Figures, previous: Figures | None, lang: Lang, links: Links, *, running: bool
) -> dict[str, object]:
    words = labels.words(lang) | catalogue.words("home", lang)
    words |= {"open_area": catalogue.words("duty_map", lang)["open_area"]}
    month, level = labels.month_name(report.month, lang), labels.level_name(report.level, lang)
    place = report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"
    legend = {name: home_figures.text(name, getattr(figures, name)) for name in ("met", "under", "unvisited")}
    legend |= {name: home_figures.text(name, getattr(figures, name)) for name in ("excluded", "unassigned")}
    return {
        "words": words,
        "words_json": script_json(words),
        "colours": palette.css_variables(),
        "place": place,
        "month": month,
        "level": level,
        "title": f"{place} · {words['home']} · {month}",
        "groups": [
            (words[group], [home_figures.shown(name, figures, previous, lang, running=running) for name in names])
            for group, names in (("coverage_group", home_figures.COVERAGE), ("issues_group", home_figures.ISSUES))
        ],
        "legend": legend,
        "all": labels.number(figures.all),
        "has_visits": figures.visits > 0,
        "running": _running(figures, words, lang) if running else "",
        "has_areas": figures.all > 0,
        "as_of": words["as_of"].format(day=labels.day(report.as_of, lang)),
        "version": words["version"].format(n=report.version, day=labels.day(report.in_force_from, lang)),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == report.level, to) for one, to in links.levels.items()],
    }


def _running(figures: Figures, words: Mapping[str, str], lang: Lang) -> str:
    """A sentence while the month is not over."""
    day, last = figures.as_of, figures.month.last_day
    return words["running"].format(day=labels.day(day, lang), n=day.day, all=last.day)


def _first(row: AreaCoverage, lang: Lang) -> dict[str, object]:
    words = labels.words(lang)
    people = [f"{labels.role_name(one.role, lang)} {one.name}" for one in row.facts.responsible]
    who = people[0] if people else words["nobody"]
    if len(people) > 1:
        who = words["and_more"].format(first=people[0], n=len(people), more=len(people) - 1)
    if row.days_since is None:
        late = words["never"]
    elif row.days_overdue:
        late = words["overdue_n"].format(n=labels.number(row.days_overdue))
    else:
        late = words["days_ago"].format(n=labels.number(row.days_since))
    return {
        "code": row.facts.code,
        "name": row.facts.name,
        "parent": row.facts.parent_name,
        "reasons": [(reason, words[reason]) for reason in row.reasons],
        "key": words["key"] if row.facts.tier == "key" else "",
        "who": who,
        "late": late,
        "is_late": row.days_since is None or bool(row.days_overdue),
        "visits": words["visits_of"].format(visits=row.facts.visits, required=row.required),
        "open_issues": row.facts.open_issues,
    }
