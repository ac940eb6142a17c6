"""The figure that a map stands in, with no address of another host in it.

folium's own figure links jQuery, Bootstrap and icons from content networks; this one links Leaflet and our own files
only, or has them all inside when it stands alone. Ids are numbers in the order of the tree, so that the same report
gives the same bytes. Everything is still composed folium's way, with ``add_to``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self, cast

import folium
from branca.element import Element, Figure, MacroElement
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from shapely.geometry.base import BaseGeometry

from geo.analysis.issue_flow import Category
from geo.errors import Lang
from geo.space.codes import Level
from maps import assets
from maps.forms import Period

TEMPLATES_DIR: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = Environment(
    loader=FileSystemLoader(TEMPLATES_DIR),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_UNSAFE_IN_SCRIPT: Final = str.maketrans(
    {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}
)


@dataclass(frozen=True, slots=True)
class Basemap:
    """Tiles under the map.

    :ivar url: address with ``{z}``, ``{x}`` and ``{y}``
    :ivar attribution: plain text that the owner of the tiles wants to be shown
    :ivar frame: frame of the tiles; all that is drawn is shifted to fit it
    """

    url: str
    attribution: str = ""
    frame: Literal["wgs84", "gcj02"] = "wgs84"


@dataclass(frozen=True, slots=True)
class Outline:
    """A town's boundary, drawn as a heavier line with its name. WGS-84, degrees."""

    code: str
    name: str
    geometry: BaseGeometry


@dataclass(frozen=True, slots=True)
class NavItem:
    """A page that its reader can go to from any other; ``current`` where it is the one that is shown."""

    name: str
    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Nav:
    """The pages of the service, shown in every header; ``label`` for those who hear it."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses around a map. What is None or absent is not shown; a file written by a command has none of them.

    :ivar levels: level → the same month or window at that level
    :ivar downloads: format as shown (``xlsx``, ``csv`` …) → file
    :ivar language: the same page in the other language
    :ivar account: of whoever is signed in
    :ivar categories: category of issues, ``all`` for every one → the same window with it
    :ivar denominators: what issues are compared with (`geo.analysis.hotspots.Denominator`) → the same window
    :ivar area_page: of the page of an area, with ``CODE`` in it
    :ivar period: what another window is chosen with
    """

    previous_month: str | None = None
    next_month: str | None = None
    levels: Mapping[Level, str] = field(default_factory=dict)
    downloads: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    account: str | None = None
    categories: Mapping[Category | Literal["all"], str] = field(default_factory=dict)
    denominators: Mapping[str, str] = field(default_factory=dict)
    pages: Nav | None = None
    area_page: str | None = None
    period: Period | None = None


def script_json(value: object) -> Markup:
    """JSON that may stand in a script element: no tag, comment or line separator can be read out of it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_UNSAFE_IN_SCRIPT))  # noqa: S704 - nothing that HTML reads is left in it


class Raw(Element):
    """Text that is placed as it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_kwargs: object) -> str:
        """The text."""
        return self.text


class Piece(MacroElement):
    """An element of a map: data that the browser reads, and the statement that draws it.

    branca compiles what a macro returned as a template once more, so a village named ``{{7*7}}`` would be
    computed. Pieces place their text as it is.
    """

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = name

    def data(self) -> object:
        """What the statement reads, as JSON; None for nothing."""
        return None

    def statement(self) -> str:
        """JavaScript that draws it, with `chart` and `read`."""
        raise NotImplementedError

    @property
    def chart(self) -> str:
        """The variable of the map that it stands on."""
        if self._parent is None:
            raise TypeError(f"{self._name} stands on no map")
        return self._parent.get_name()

    @property
    def read(self) -> str:
        """The expression that gives the data in the browser."""
        return f'wangge.read("{self.get_name()}")'

    def add_to(self, parent: Element, name: str | None = None, index: int | None = None) -> Self:
        """Place it on a map; returns itself."""
        super().add_to(parent, name, index)
        return self

    def render(self, **kwargs: Any) -> str:
        """Place data and statement into the figure; the element itself is no text."""
        figure, name, data = cast("Figure", self.get_root()), self.get_name(), self.data()
        if data is not None:
            figure.html.add_child(
                Raw(f'<script type="application/json" id="{name}">{script_json(data)}</script>'), name
            )
        figure.script.add_child(Raw(self.statement()), name)
        for child in self._children.values():
            child.render(**kwargs)
        return ""


class Page(Figure):
    """A whole HTML page around maps.

    :ivar context: what the page's template shows around the map
    """

    def __init__(
        self,
        template: str,
        context: Mapping[str, object],
        *,
        lang: Lang,
        styles: Sequence[str],
        scripts: Sequence[str],
        standalone: bool,
    ) -> None:
        super().__init__()
        self.context, self.lang = context, lang
        self.styles, self.scripts, self.standalone = styles, scripts, standalone
        self._template = TEMPLATES.get_template(template)

    def render(self, **kwargs: Any) -> str:
        """The page."""
        for number, element in enumerate(_walk(self)):
            element._id = str(number)  # noqa: SLF001 - branca has no other way to name an element
        for child in self._children.values():
            child.render(**kwargs)
        page: str = self._template.render(
            **self.context,
            lang=self.lang,
            styles=self._placed(self.styles),
            scripts=self._placed(self.scripts),
            standalone=self.standalone,
            icon="data:," if self.standalone else assets.url_of("favicon.svg"),
            map_html=_joined(self.html),
            map_script=_joined(self.script),
        )
        return page

    def _placed(self, names: Sequence[str]) -> list[str]:
        return [assets.text_of(name) for name in names] if self.standalone else assets.urls_of(names)


class CountyMap(folium.Map):
    """folium's map without its links, page-wide styles and tiles: the page lays it out, the script fits it.

    :param bounds: west, south, east, north of what is drawn, in its frame; None where nothing is
    :param label: what the map is, for those who hear it
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads them from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, bounds: Sequence[float] | None, *, label: str, tiled: bool) -> None:
        super().__init__(tiles=None)
        self.label = label
        self.view = {"bounds": bounds, "tiled": tiled}
        self._template = TEMPLATES.get_template("map.html.j2")


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():  # noqa: SLF001 - branca offers no other walk
        yield from _walk(child)


def _joined(element: Element) -> Markup:
    texts = (child.render() for child in element._children.values())  # noqa: SLF001 - as above
    return Markup("\n").join(Markup(text) for text in texts)  # noqa: S704 - pieces escape what they place
