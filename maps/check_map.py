"""The check map: what is wrong with a boundary file or version, and what it changes, each at its place."""

from collections.abc import Mapping
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.analysis.boundaries import BoundaryReport
from geo.errors import Lang
from geo.space.crs import Frame
from maps import assets, check_data, check_labels, labels, layers, palette
from maps.check_data import KINDS
from maps.check_labels import CHECK_WORDS
from maps.page import Basemap, CountyMap, Links, Page, Piece, script_json
from maps.polyline import encode_polygons

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", "check.css", "print.css")
SCRIPTS: Final = (assets.LEAFLET_JS, "wangge.js", "paper.js", "shape.js", "check.js")

_SHOWN_FIRST: Final = ("problem", "finding", "change")


def draw(
    report: BoundaryReport,
    shapes: Mapping[str, BaseGeometry],
    old_shapes: Mapping[str, BaseGeometry],
    *,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: code → polygons of the areas that were checked, WGS-84 degrees, simplified with shared edges
    :param old_shapes: the same of areas that were changed, as they were before
    :param basemap: tiles under the map; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame: Frame = basemap.frame if basemap else "wgs84"
    borders = layers.placed(list(shapes.values()), frame)
    page = Page(
        "check.html.j2",
        _context(report, lang, basemap, links or Links()),
        lang=lang,
        styles=STYLES,
        scripts=SCRIPTS,
        standalone=standalone,
    )
    old = layers.placed(list(old_shapes.values()), frame)
    county = CountyMap(layers.bounds(borders, old), label=CHECK_WORDS["map"].text(lang), tiled=basemap is not None)
    county.add_to(page)
    switched: dict[str, Piece] = {"basemap": layers.Tiles(basemap, lang).add_to(county)} if basemap else {}
    lines = Borders(encode_polygons(borders.tolist())).add_to(county)
    data = check_data.table(report, shapes, old_shapes, lang=lang, frame=frame)
    Checks(data, {**switched, "borders": lines}).add_to(county)
    return page.render()


class Borders(Piece):
    """The areas that were checked, as thin lines."""

    def __init__(self, rings: list[list[list[str]]]) -> None:
        super().__init__("borders")
        self.rings = rings

    def data(self) -> object:
        """Rings and colour."""
        return {"shapes": self.rings, "colour": palette.BORDER}

    def statement(self) -> str:
        """Draws the lines."""
        return f"var {self.get_name()} = wangge.borders({self.chart}, {self.read});"


class Checks(Piece):
    """Findings and changes on the map, and the page's list and legend of them."""

    def __init__(self, table: Mapping[str, object], layers: Mapping[str, Piece]) -> None:
        super().__init__("checks")
        self.table, self.layers = table, layers

    def data(self) -> object:
        """Kinds, entries and shapes."""
        return {**self.table, "highlight": palette.HIGHLIGHT, "outline": palette.OUTLINE}

    def statement(self) -> str:
        """Draws them, and fills the list."""
        layers = ", ".join(f"{name}: {layer.get_name()}" for name, layer in self.layers.items())
        return f"var {self.get_name()} = wangge.checks({self.chart}, {self.read}, {{{layers}}});"


def _context(report: BoundaryReport, lang: Lang, basemap: Basemap | None, links: Links) -> dict[str, object]:
    words = {key: word.text(lang) for key, word in CHECK_WORDS.items()}
    known = check_data.counts(report)
    kinds = [
        {"name": kind.name, "word": kind.word.text(lang), "count": labels.number(known[kind.name]), "group": kind.group}
        | {"shown": kind.group in _SHOWN_FIRST, "sign": kind.sign.text(lang), "colour": kind.colour}
        for kind in KINDS
        if kind.name in known
    ]
    figures = check_labels.figures(report, lang)
    version = words["version"].format(n=report.version) if report.version else words["not_stored"]
    return {
        "words": words,
        "words_json": script_json(words),
        "colours": palette.css_variables(),
        "place": report.county_name,
        "subject": words["title"],
        "version": version,
        "status": check_labels.STATUS_WORDS[report.status].text(lang) if report.status else "",
        "title": f"{report.county_name} · {words['title']} · {version}",
        "kinds": kinds,
        "shown": [kind for kind in kinds if kind["shown"]],
        "facts": check_labels.facts(report, lang),
        "summary": figures[0][1],
        "more": sum(max(0, count - check_data.MAX_ENTRIES) for count in known.values()),
        "links": links,
        "layers": ["borders", "old", *(["basemap"] if basemap else [])],
    }
