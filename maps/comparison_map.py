"""Two months of coverage: two maps side by side that move together, or one map of the difference."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import folium
from branca.element import MacroElement
from folium.plugins import DualMap
from shapely.geometry.base import BaseGeometry

from geo.analysis.comparison import CHANGES, Comparison
from geo.analysis.coverage import STATUSES, CoverageReport
from geo.errors import Lang
from geo.months import Month
from maps import assets, catalogue, comparison_data, comparison_palette, labels, layers, map_tools, palette
from maps.forms import Form
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

View = Literal["side", "difference"]

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", *map_tools.STYLES, "comparison.css", "print.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    assets.SYNC_JS,
    "wangge.js",
    *map_tools.SCRIPTS,
    "shape.js",
    "overlays.js",
    "panel.js",
    "areas.js",
    "list.js",
    "marking.js",
    "comparison.js",
)


def draw(
    report: Comparison,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    view: View = "side",
    views: Mapping[View, str] | None = None,
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
    :param views: the other ways to show it, with their addresses
    :param basemap: tiles under the maps; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param form: months to choose; left out where the page is a file
    :param area_page: address of the page of an area with ``CODE`` in it
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.code) for row in report.rows], frame)
    town_shapes = layers.placed([outline.geometry for outline in outlines], frame)
    shown = context(report, view, lang, links or Links())
    shown |= {
        "form": form,
        "view_links": [
            (catalogue.words("comparison", lang)[name], name == view, to) for name, to in (views or {}).items()
        ],
        "changed": comparison_data.lines(report, report.changed(), lang, area_page),
        "others": [
            (name, comparison_data.lines(report, [row for row in report.rows if row.change == name], lang, area_page))
            for name in ("still_missed", "not_comparable")
        ],
        "layers": ["outlines", "names", *(["basemap"] if basemap else [])],
    }
    page = Page("comparison.html.j2", shown, lang=lang, styles=STYLES, scripts=SCRIPTS, standalone=standalone)
    extent = layers.extent(area_shapes, town_shapes, whole=report.after.scope == report.after.county)
    told = comparison_data.table(report, lang)
    facts = {**told, **layers.shape_data(area_shapes)}
    drawn: list[tuple[CountyMap, MonthAreas]] = []
    for which in _SHOWN[view]:
        county = CountyMap(extent, label=_label(report, which, lang), tiled=basemap is not None)
        county.add_to(page)
        switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
        areas = MonthAreas(which, facts, drawn[0][1] if drawn else None).add_to(county)
        towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
        switched |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
        Switches(areas, switched).add_to(county)
        drawn.append((county, areas))
    if len(drawn) > 1:
        MovingTogether(*(county for county, _ in drawn)).add_to(page)
    ChangeList([areas for _, areas in drawn], area_page).add_to(drawn[-1][0])
    return page.render()


_SHOWN: Final[Mapping[View, Sequence[Literal["before", "after", "difference"]]]] = {
    "side": ("before", "after"),
    "difference": ("difference",),
}


class MovingTogether(DualMap):
    """folium's DualMap around two maps that are there already: what moves one moves the other.

    Its own constructor makes two plain maps, and its script comes from a content network; ours is `assets.SYNC_JS`.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads them from the class

    def __init__(self, one: folium.Map, other: folium.Map) -> None:
        MacroElement.__init__(self)  # type: ignore[no-untyped-call]
        self._name = "together"
        self.m1, self.m2 = one, other
        self.children_for_m2: list[object] = []
        self.children_for_m2_copied: list[object] = []


class MonthAreas(Piece):
    """The areas of one month, or of the difference; the second map reads what the first was given."""

    def __init__(
        self,
        which: Literal["before", "after", "difference"],
        facts: Mapping[str, object],
        like: "MonthAreas | None",
    ) -> None:
        super().__init__("areas")
        self.which, self.facts, self.like = which, facts, like

    def data(self) -> object:
        """Facts, rings and colours; nothing where another has them."""
        colours = comparison_palette.for_script() if self.which == "difference" else palette.for_script()
        return None if self.like is not None else {**self.facts, "colours": colours}

    def statement(self) -> str:
        """Draws the areas."""
        read = (self.like or self).read
        return f'var {self.get_name()} = wangge.monthAreas({self.chart}, {read}, "{self.which}");'


class Switches(Piece):
    """Ties the page's legend to the layers of a map."""

    def __init__(self, areas: MonthAreas, switched: Mapping[str, Piece]) -> None:
        super().__init__("switches")
        self.areas, self.switched = areas, switched

    def statement(self) -> str:
        """Listens to the boxes."""
        switched = ", ".join(f"{name}: {piece.get_name()}" for name, piece in self.switched.items())
        return f"wangge.legend({self.chart}, {self.areas.get_name()}, {{{switched}}});"


class ChangeList(Piece):
    """Ties the list, and the maps to each other."""

    def __init__(self, areas: Sequence[MonthAreas], area_page: str | None) -> None:
        super().__init__("changes")
        self.areas, self.area_page = areas, area_page

    def data(self) -> object:
        """Where the pages of areas are."""
        return {"page": self.area_page}

    def statement(self) -> str:
        """Listens to the list."""
        models = ", ".join(f"[{one.chart}, {one.get_name()}]" for one in self.areas)
        return f"wangge.changeList([{models}], {self.read});"


def _label(report: Comparison, which: str, lang: Lang) -> str:
    before, after = (labels.month_name(one.month, lang) for one in (report.before, report.after))
    text = catalogue.words("comparison", lang)[f"map_{which}"]
    return text.format(month=before if which == "before" else after, before=before, after=after)


def context(report: Comparison, view: View, lang: Lang, links: Links) -> dict[str, Any]:
    """What the page says around the map."""
    words = labels.words(lang) | catalogue.words("comparison", lang)
    before, after = report.before, report.after
    level = labels.level_name(after.level, lang)
    place = after.scope_name if after.scope == after.county else f"{after.county_name} {after.scope_name}"
    months = [labels.month_name(one.month, lang) for one in (before, after)]
    when = words["pair"].format(before=months[0], after=months[1])
    said = words | {"before": months[0], "after": months[1]}
    return {
        "words": words,
        "words_json": script_json(said),
        "colours": comparison_palette.css_variables(),
        "place": place,
        "subject": words["title"],
        "when": when,
        "months": months,
        "month_values": [str(before.month), str(after.month)],
        "level": level,
        "title": f"{place} · {words['title']} · {when} · {level}",
        "view": view,
        "changes": CHANGES,
        "classes": CHANGES if view == "difference" else STATUSES,
        "figures": {name: labels.number(report.count(name)) for name in CHANGES},
        "rates": [
            (words["rate_of"].format(month=name), labels.percent(one.rate))
            for name, one in zip(months, (before, after), strict=True)
        ],
        "notes": _notes(report, words, lang),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == after.level, to) for one, to in links.levels.items()],
    }


def _notes(report: Comparison, words: Mapping[str, str], lang: Lang) -> list[str]:
    """By which boundaries, which month still runs or has nothing, and what cannot be compared."""
    how = "boundaries_differ" if report.boundaries_differ else "same_boundaries"
    notes = [words[how].format(n=report.after.version)]
    for one in (report.before, report.after):
        notes += _month_notes(one, one.month, words, lang)
    if report.count("not_comparable"):
        notes.append(words["why_not"])
    return notes


def _month_notes(one: CoverageReport, month: Month, words: Mapping[str, str], lang: Lang) -> list[str]:
    name, notes = labels.month_name(month, lang), []
    if one.as_of < month.last_day:
        notes.append(words["running"].format(month=name, day=labels.day(one.as_of, lang)))
    if not one.visits + one.untagged + one.outside:
        notes.append(words["no_visits"].format(month=name))
    return notes
