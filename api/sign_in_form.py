"""The sign-in form, with what was typed elsewhere when a session ended; and the page that offers it to be sent."""

import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from api import web
from api.kept import Kept, own
from api.page_words import words
from geo.errors import Lang
from geo.services import accounts
from maps import catalogue
from maps.page import Nav

FORM_COOKIE: Final = "wangge_form"
_OF_THE_PAGE: Final = frozenset({"seen"})


def form(
    request: Request,
    lang: Lang,
    *,
    goal: str,
    name: str = "",
    said: str = "",
    status: int = HTTPStatus.OK,
    kept: Kept | None = None,
) -> HTMLResponse:
    """The form; what is kept travels in it, and comes back as `offer`.

    :param goal: path to go on to
    """
    secret = secrets.token_urlsafe(32)
    page = web.page(
        "signin.html.j2",
        lang=lang,
        here=f"/signin?{urlencode({'next': goal})}",
        title=words(lang).sign_in,
        status=status,
        said=said,
        bad=True,
        name=name,
        next=goal,
        form_token=accounts.form_token(secret),
        kept=kept,
        telling=catalogue.named("kept", lang),
    )
    page.set_cookie(
        FORM_COOKIE, secret, max_age=3_600, path="/signin", secure=is_tls(request), httponly=True, samesite="strict"
    )
    return page


def offer(
    lang: Lang, kept: Kept, *, form_token: str, nav: Nav | None = None, back: str = "/", status: int = HTTPStatus.OK
) -> HTMLResponse:
    """What was typed, and a button that sends it to where it was meant for; nothing is sent without it."""
    telling = catalogue.named("kept", lang)
    return web.page(
        "kept.html.j2",
        lang=lang,
        here=own(back),
        title=telling.title,
        nav=nav,
        status=status,
        kept=kept,
        telling=telling,
        typed=_typed(kept, lang),
        labels=catalogue.words("form_fields", lang),
        form_token=form_token,
        back=own(back),
    )


def _typed(kept: Kept, lang: Lang) -> list[tuple[str, str]]:
    """What somebody typed, in words: not what the page itself had put into its form."""
    known, steps = catalogue.words("form_fields", lang), catalogue.words("issue_work", lang)
    return [
        (known.get(name, name), steps.get(f"event_{value}", value) if name == "kind" else value)
        for name, value in kept.fields
        if value and name not in _OF_THE_PAGE
    ]


def is_tls(request: Request) -> bool:
    """Whether cookies may be kept from plain HTTP."""
    return request.url.scheme == "https"
