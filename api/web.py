"""What every page around the maps is made with: the frame, its words, the way to the other pages, and form tokens."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from api import headers, security, templates
from api.page_words import words
from geo.errors import Lang
from geo.services import accounts
from maps import assets
from maps.page import Nav

STYLES: Final = ("wangge.css", "pages.css")


def page(
    template: str,
    *,
    lang: Lang,
    title: str,
    here: str,
    nav: Nav | None = None,
    status: int = HTTPStatus.OK,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    **context: Any,
) -> HTMLResponse:
    """A page of ``base.html.j2``.

    :param here: address of the page with a query, to which the other language is added
    :param styles: files beside `STYLES`
    :param scripts: files that are read when the page is there (``defer``)
    :param context: what the template shows; ``words`` are those of all pages and ``said`` is a sentence on top
    """
    html = templates.render(
        template,
        **{"said": "", "bad": False, "county_name": "", "words": words(lang), **context},
        lang=lang,
        title=title,
        nav=nav,
        styles=assets.urls_of((*STYLES, *styles)),
        scripts=assets.urls_of(scripts),
        icon=assets.url_of("favicon.svg"),
        other_language=f"{here}{'&' if '?' in here else '?'}lang={'en' if lang == 'zh-CN' else 'zh-CN'}",
    )
    return headers.page(html, status=status)


def form_token(request: Request) -> str:
    """What stands in the hidden field ``form_token`` of every form; without it nothing is changed."""
    return accounts.form_token(security.session_of(request) or "")
