"""Tools of every map page: search with pinyin, long lists, full screen, measuring, "where am I", notes, and printing.

A page has `SCRIPTS` after ``wangge.js`` and before those that fill a list, `later_scripts` at the end, and `styles`
before that of print; it puts `Tools` on its map before whatever fills its list. What few readers use (full screen,
measuring) is fetched when it is first used; a file that stands alone has it inside.
"""

from collections.abc import Iterable
from typing import Final

from geo.errors import Lang
from geo.space.crs import Frame
from maps import assets, catalogue, pinyin
from maps.page import Piece

STYLES: Final = ("tools.css",)
SCRIPTS: Final = ("frames.js", "find.js", "rows.js", "tools.js", "paper.js")
LATER: Final = {"full": (assets.FULLSCREEN_JS,), "measure": (assets.MEASURE_JS, assets.MEASURE_CSS)}
"""Tool → script and style sheet that only it needs. The buttons are our own, so full screen needs none of its sheet."""


def styles(*, standalone: bool) -> tuple[str, ...]:
    """Style sheets of the tools, after those of the map and before that of print."""
    return (*(_later(".css") if standalone else ()), *STYLES)


def later_scripts(*, standalone: bool) -> tuple[str, ...]:
    """What goes after all other scripts: nothing, or in a file that stands alone what it could not fetch."""
    return _later(".js") if standalone else ()


def _later(ending: str) -> tuple[str, ...]:
    return tuple(name for files in LATER.values() for name in files if name.endswith(ending))


class Tools(Piece):
    """The tools of one map.

    :param names: of areas, towns and people that may be searched for by pinyin
    :param frame: of what is drawn; a position from the browser is shifted into it
    """

    def __init__(self, names: Iterable[str], frame: Frame, lang: Lang, *, standalone: bool) -> None:
        super().__init__("tools")
        self.names, self.frame, self.lang, self.standalone = names, frame, lang, standalone

    def data(self) -> object:
        """Words, readings, frame, and where the later scripts lie."""
        later = (
            {} if self.standalone else {tool: [assets.url_of(one) for one in files] for tool, files in LATER.items()}
        )
        return {
            "words": catalogue.words("map_tools", self.lang),
            "pinyin": pinyin.packed(self.names),
            "frame": self.frame,
            "later": later,
        }

    def statement(self) -> str:
        """Places the buttons, and makes search know the readings."""
        return f"wangge.tools({self.chart}, {self.read});"
