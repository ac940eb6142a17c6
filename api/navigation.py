"""The way from each page to the others: what its reader may open, with the month and area that are shown now."""

from collections.abc import Callable
from typing import Final

from api import addresses
from geo.errors import Lang
from geo.months import Month
from geo.services import overview
from geo.services.accounts import Access
from maps import catalogue
from maps.page import Nav, NavItem

_PAGES: Final[tuple[tuple[str, str, Callable[[Access], bool]], ...]] = (
    ("home", "/", lambda _: True),
    ("mine", "/mine", lambda by: by.staff_no is not None),
    ("coverage", "/maps/coverage", lambda _: True),
    ("problems", "/maps/issues", lambda _: True),
    ("duties", "/maps/grids", lambda _: True),
    ("compare", "/maps/compare", lambda _: True),
    ("gaps", "/desk/gaps", lambda _: True),
    ("issues", "/desk/issues", lambda _: True),
    ("assignments", "/desk/assignments", lambda _: True),
    ("bulletins", "/desk/bulletins", lambda by: by.is_whole and by.may("detail")),
    ("settings", "/desk/rules", lambda _: True),
    ("boundaries", "/desk/boundaries", lambda by: by.may("check") and by.is_whole),
    ("imports", "/desk/imports", lambda by: by.may("record")),
    ("field", "/field", lambda by: by.may("record")),
)
"""Name, address, and who can do something with it."""

_KEEP: Final = frozenset({"home", "coverage", "duties", "compare", "gaps", "issues", "bulletins"})
"""Pages that show a month and an area."""


def pages(
    by: Access,
    lang: Lang,
    current: str,
    *,
    county: str | None = None,
    month: str | None = None,
    level: str | None = None,
    area: str | None = None,
) -> Nav:
    """The pages that somebody may open.

    :param current: name of the one that is shown
    """
    said = catalogue.words("navigation", lang)
    common = {"county": county, "lang": lang}
    shown = {"month": month, "level": level, "area": area}
    found = []
    for name, path, fits in _PAGES:
        if fits(by):
            wanted = {**(shown if name in _KEEP else {}), **common}
            if name == "problems" and month is not None:
                begin, _ = overview.year_to(Month.parse(month))
                wanted |= {"from": str(Month.of(begin)), "to": month, "area": area}
            found.append(NavItem(name, said[name], addresses.to(path, wanted), name == current))
    return Nav(said["pages"], tuple(found))
