"""The page for the field: a visit or an issue recorded by thumb, with or without network.

What is saved lies in the browser first, under an id of its own, and is sent from there, by the page or by its service
worker when the network is back; sent twice it is stored once.
"""

import json
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from api import field_words, headers, page_words, security, templates
from api.dependencies import AccessDep, CountyDep, LangQuery, Needs, SessionDep, VersionDep
from geo.limits import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from geo.services import accounts, coverage
from geo.space.codes import Level
from geo.storage.queries import areas, assignments
from geo.storage.queries.boundaries import VersionInfo
from maps import assets

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)

_STYLES: Final = ("wangge.css", "pages.css", "field.css")
_SCRIPTS: Final = ("field-outbox.js", "field.js")
_TOLD: Final[tuple[Level, ...]] = ("village", "grid")


@router.get("/field", dependencies=[Depends(Needs("record"))])
def field_page(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    access: AccessDep,
    lang: LangQuery,
) -> HTMLResponse:
    """The page; everything that it needs without network stands in it."""
    known = field_words.words(lang)
    mine: list[str] = []
    if access.staff_no is not None:
        held = assignments.of_cadre(session, county.code, access.staff_no, coverage.today(county))
        mine = sorted({one.area for one in held})
    context = {
        "county": county.code,
        "staffNo": access.staff_no,
        "formToken": accounts.form_token(security.session_of(request) or ""),
        "areas": _areas(session, version),
        "mine": mine,
        "words": vars(known),
        "lang": lang,
        "worker": "/field-worker.js",
    }
    html = templates.render(
        "field.html.j2",
        lang=lang,
        title=known.field,
        words=known,
        categories=field_words.categories(lang),
        topics=field_words.TOPICS,
        # "<" would end the element early.
        context=json.dumps(context, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        staff_no=access.staff_no,
        most_chars=MAX_TEXT_CHARS,
        most_title=MAX_TITLE_CHARS,
        styles=assets.urls_of(_STYLES),
        scripts=assets.urls_of(_SCRIPTS),
        icon=assets.url_of("favicon.svg"),
        other_language=f"/field?lang={'en' if lang == 'zh-CN' else 'zh-CN'}",
        language=page_words.words(lang).other_language,
    )
    return headers.page(html)


@open_router.get("/field-worker.js")
def field_worker() -> Response:
    """The service worker: it answers for the page without network. It says nothing that is not public."""
    files = [*assets.urls_of(_STYLES), *assets.urls_of(_SCRIPTS), assets.url_of("favicon.svg")]
    script = templates.render("field-worker.js.j2", files=files, outbox=assets.url_of("field-outbox.js"))
    return Response(script, media_type="text/javascript", headers={"cache-control": "no-cache"})


def _areas(session: Session, version: VersionInfo) -> list[tuple[str, Any]]:
    """Code and name of what can be claimed, within what the account sees."""
    found = [one for level in _TOLD for one in areas.page(session, version, level=level, limit=None)]
    names = {one.code: one.name for one in found}
    return [
        (one.code, f"{names[one.parent]} {one.name}" if one.level == "grid" and one.parent in names else one.name)
        for one in found
    ]
