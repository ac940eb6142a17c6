"""Addresses around a page that keep what was asked and change one thing."""

from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import quote, urlencode

from geo.analysis.coverage import CoverageLevel
from geo.services.accounts import Access


def levels(access: Access) -> tuple[CoverageLevel, ...]:
    """Levels of which a reader can see more than nothing."""
    known: tuple[CoverageLevel, ...] = get_args(CoverageLevel)
    top = access.reach.level if access.reach else "county"
    return known if top == "county" else known[known.index(top) :]


def to(path: str, asked: Mapping[str, Any], **changes: Any) -> str:
    """An address with what was asked, and some of it changed; what is None or empty is left out.

    >>> to("/maps/grids", {"level": "grid", "area": None}, lang="en")
    '/maps/grids?level=grid&lang=en'
    """
    wanted = {key: value for key, value in {**asked, **changes}.items() if value not in (None, "", [])}
    return f"{path}?{urlencode(wanted, doseq=True)}" if wanted else path


def of_area(code: str) -> str:
    """Path of an area's page; codes of a county's own may have any printable character but a slash.

    >>> of_area("A#1?")
    '/maps/grids/A%231%3F'
    """
    return f"/maps/grids/{quote(code, safe='')}"
