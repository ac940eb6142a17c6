"""The problem heatmap: where problems gather beyond what was to be expected, how sure, and where nobody looked.

One scale of fills at a time: with a surface shown, hot and cold areas are outlined; without, they are filled. The
unknown is hatched in both.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from shapely.geometry.base import BaseGeometry

from geo.analysis.hotspots import HotspotReport
from geo.errors import Lang
from geo.space.crs import Frame as Datum
from maps import assets, issue_data, issue_labels, issue_notes, issue_palette, labels, layers, map_tools, palette
from maps.issue_data import Frame, IssueBehind, IssuePoint
from maps.issue_labels import CATEGORY_WORDS, ISSUE_WORDS
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json
from maps.polyline import encode_points

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", "issues.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    "wangge.js",
    *map_tools.SCRIPTS,
    "shape.js",
    "overlays.js",
    "panel.js",
    "issues.js",
    "issue-cards.js",
    "issue-list.js",
    "issue-months.js",
)


def draw(
    report: HotspotReport,
    shapes: Mapping[str, BaseGeometry],
    outlines: Sequence[Outline],
    *,
    frames: Sequence[Frame] = (),
    behind: Mapping[int, Sequence[IssueBehind]] | None = None,
    points: Sequence[IssuePoint] | None = None,
    marked: IssuePoint | None = None,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: area code → polygons in WGS-84 degrees, simplified with shared edges; an area without one is listed
    :param outlines: towns, drawn as heavier lines with their names
    :param frames: the whole window first, then its months; with none there is no surface and nothing to play
    :param behind: rank of a cluster → the issues in it, latest first, where the reader may see them
    :param points: single issues; None for a reader who may not see where they are
    :param marked: an issue that the map goes to and opens
    :param basemap: tiles under the map; all that is drawn is shifted into their frame
    :param links: navigation; left out where the page is a file
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    datum = basemap.frame if basemap else "wgs84"
    area_shapes = layers.placed([shapes.get(row.facts.code) for row in report.rows], datum)
    town_shapes = layers.placed([outline.geometry for outline in outlines], datum)
    told = issue_data.frame_data(report, frames, lang, datum)
    switched = ["outlines", "names", *(["points"] if points is not None else []), *(["basemap"] if basemap else [])]
    page = Page(
        "issues.html.j2",
        _context(report, frames, told, lang, links or Links()) | {"layers": switched},
        lang=lang,
        styles=(*STYLES, *map_tools.styles(standalone=standalone), "print.css"),
        scripts=(*SCRIPTS, *map_tools.later_scripts(standalone=standalone)),
        standalone=standalone,
    )
    extent = layers.extent(area_shapes, town_shapes, whole=report.scope == report.county)
    label = ISSUE_WORDS["map"].text(lang)
    county = CountyMap(extent, label=label, tiled=basemap is not None)
    county.add_to(page)
    names = [one for row in report.rows for one in (row.facts.name, row.facts.parent_name or "")]
    map_tools.Tools(names, datum, lang, standalone=standalone).add_to(county)
    pieces: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
    areas = HotAreas(issue_data.table(report), area_shapes).add_to(county)
    clusters, ground = issue_data.clusters(report, area_shapes.tolist(), behind or {})
    Clusters(clusters, layers.placed(ground, "wgs84"), areas).add_to(county)
    towns = layers.Outlines(outlines, town_shapes, palette.OUTLINE, areas).add_to(county)
    pieces |= {"outlines": towns, "names": layers.Names(areas, towns).add_to(county)}
    if points is not None:
        pieces["points"] = Points(issue_data.points(points, lang), points, datum, areas).add_to(county)
    Months(told, areas).add_to(county)
    Switches(areas, pieces).add_to(county)
    if marked is not None:
        Marked(issue_data.points([marked], lang), [marked], datum, areas).add_to(county)
    return page.render()


class HotAreas(Piece):
    """The areas, coloured by class in the browser."""

    def __init__(self, table: Mapping[str, object], geometries: layers.Geometries) -> None:
        super().__init__("areas")
        self.table, self.geometries = table, geometries

    def data(self) -> object:
        """Numbers, rings and colours."""
        return {**self.table, **layers.shape_data(self.geometries), "colours": issue_palette.for_script()}

    def statement(self) -> str:
        """Draws the areas."""
        return f"var {self.get_name()} = wangge.hotAreas({self.chart}, {self.read});"


class Clusters(Piece):
    """Outlines of clusters with their numbers."""

    def __init__(self, clusters: Sequence[Mapping[str, object]], ground: layers.Geometries, areas: HotAreas) -> None:
        super().__init__("clusters")
        self.clusters, self.ground, self.areas = clusters, ground, areas

    def data(self) -> object:
        """Numbers and rings."""
        return {"clusters": self.clusters, **layers.shape_data(self.ground)}

    def statement(self) -> str:
        """Draws those that are significant."""
        return f"wangge.clusters({self.chart}, {self.read}, {self.areas.get_name()});"


class Points(Piece):
    """Single issues."""

    def __init__(
        self, table: Mapping[str, object], points: Sequence[IssuePoint], datum: Datum, areas: HotAreas
    ) -> None:
        super().__init__("points")
        self.table, self.points, self.datum, self.areas = table, points, datum, areas

    def data(self) -> object:
        """What is said of each, and positions."""
        at = np.array([(one.lon, one.lat) for one in self.points], np.float64).reshape(-1, 2)
        return {**self.table, "at": encode_points(layers.shifted(at, self.datum))}

    def statement(self) -> str:
        """Draws them."""
        return f"var {self.get_name()} = wangge.points({self.chart}, {self.read}, {self.areas.get_name()});"


class Marked(Points):
    """The one issue that is asked for."""

    def statement(self) -> str:
        """Goes there and opens it."""
        return f"wangge.markedIssue({self.chart}, {self.read}, {self.areas.get_name()});"


class Months(Piece):
    """The surfaces, and the player that goes through the months."""

    def __init__(self, frames: Sequence[Mapping[str, object]], areas: HotAreas) -> None:
        super().__init__("frames")
        self.frames, self.areas = frames, areas

    def data(self) -> object:
        """Figures, numbers by area, and pictures."""
        return self.frames

    def statement(self) -> str:
        """Shows the whole window, and listens to the player."""
        return f"wangge.months({self.chart}, {self.read}, {self.areas.get_name()});"


class Switches(Piece):
    """Ties the page's legend and list to the map."""

    def __init__(self, areas: HotAreas, pieces: Mapping[str, Piece]) -> None:
        super().__init__("switches")
        self.areas, self.pieces = areas, pieces

    def statement(self) -> str:
        """Listens to the boxes, and fills the list."""
        pieces = ", ".join(f"{name}: {piece.get_name()}" for name, piece in self.pieces.items())
        areas = self.areas.get_name()
        return f"wangge.hotLegend({self.chart}, {areas}, {{{pieces}}});\nwangge.hotList({self.chart}, {areas});"


def _context(
    report: HotspotReport, frames: Sequence[Frame], told: Sequence[Mapping[str, object]], lang: Lang, links: Links
) -> dict[str, object]:
    words = issue_labels.words(lang)
    rate = issue_labels.RATE_WORDS[report.judged.choices.denominator].text(lang)
    when, level = issue_labels.window(report.begin, report.until, lang), labels.level_name(report.level, lang)
    place = report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"
    counts = {name: sum(issue_data.family(row) == name for row in report.rows) for name in issue_data.FAMILIES}
    counts["clusters"] = sum(one.significant for one in report.clusters)
    said = {str(name): word.text(lang) for name, word in issue_labels.CLASS_WORDS.items() if "_" in name}
    said |= words | {"rate": rate}
    surfaces = frames[0].surfaces if frames else ()
    category = report.categories[0] if len(report.categories) == 1 else None if report.categories else "all"
    return {
        "words": words,
        "words_json": script_json(said),
        "colours": issue_palette.css_variables(),
        "place": place,
        "window": when,
        "level": level,
        "title": f"{place} · {words['title']} · {when} · {level}",
        "figures": told[0]["figures"],
        "counts": {name: labels.number(count) for name, count in counts.items()},
        "refused": report.judged.refusal is not None,
        "messages": issue_notes.messages(report, lang),
        "notes": issue_notes.notes(report, lang),
        "how": issue_notes.how(report, surfaces, lang),
        "surfaces": [name for name in ("relative", "absolute") if any(one.kind == name for one in surfaces)],
        "frames": len(told),
        "links": links,
        "level_links": [(labels.level_name(one, lang), one == report.level, to) for one, to in links.levels.items()],
        "category_links": [
            (words["all"] if one == "all" else CATEGORY_WORDS[one].text(lang), one == category, to)
            for one, to in links.categories.items()
        ],
        "denominator_links": [
            (issue_labels.denominator(one, lang), one == report.judged.choices.denominator, to)
            for one, to in links.denominators.items()
        ],
    }
