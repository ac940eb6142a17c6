"""What the list pages share: the areas to choose from, and their frame."""

from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api import web
from geo.errors import Lang
from geo.storage.queries import areas
from geo.storage.queries.boundaries import VersionInfo
from maps import palette
from maps.page import Nav

STYLES: Final = ("tables.css",)


class Tab(NamedTuple):
    """One of several views of a page."""

    label: str
    href: str
    current: bool


class Option(NamedTuple):
    """A choice in a form."""

    value: str
    label: str
    chosen: bool = False


def here(request: Request) -> str:
    """The address that is open, without its language and what it said."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in {"lang", "said"} and value]
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def areas_of(session: Session, version: VersionInfo, chosen: str | None) -> list[Option]:
    """Towns with their villages that the session sees, to choose a scope from; empty where there is no choice."""
    towns = areas.page(session, version, level="town", limit=None)
    villages = areas.page(session, version, level="village", limit=None)
    shown = sorted([*towns, *villages], key=lambda one: one.path)
    if len(shown) < 2:  # noqa: PLR2004 - one is no choice
        return []
    indent = "\u3000" if towns else ""
    return [
        Option(one.code, f"{indent if one.level == 'village' else ''}{one.name}", one.code == chosen) for one in shown
    ]


def page(
    request: Request,
    template: str,
    *,
    lang: Lang,
    title: str,
    nav: Nav,
    county_name: str,
    **context: Any,
) -> HTMLResponse:
    """A list page in the frame of all pages."""
    return web.page(
        template,
        lang=lang,
        title=title,
        here=here(request),
        nav=nav,
        styles=STYLES,
        county_name=county_name,
        colours=palette.css_variables(),
        **context,
    )
