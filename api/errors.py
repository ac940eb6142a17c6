"""From errors to answers: one table of statuses, one shape (RFC 9457 problem+json), for everything that is refused."""

import logging
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import psycopg2
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from api import kept, refusals, security, sign_in_form
from api.page_words import words
from geo.errors import (
    Conflict,
    InvalidInput,
    Lang,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ServiceUnavailable,
    TooLarge,
    WanggeError,
)
from geo.intake.rejections import sentence
from geo.services import accounts
from geo.settings import Settings

_log = logging.getLogger("wangge.errors")

STATUS: Final[Mapping[type[WanggeError], HTTPStatus]] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    ServiceUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("请求格式有误", "Malformed request"),
    401: ("需要登录", "Sign-in needed"),
    403: ("没有权限", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("不支持这种方法", "Method not allowed"),
    409: ("与已存内容冲突", "Conflicts with what is stored"),
    413: ("内容过大", "Too large"),
    422: ("请求有误", "Cannot be processed"),
    429: ("尝试过于频繁", "Too many attempts"),
    500: ("服务内部错误", "Internal error"),
    503: ("暂时不可用", "Not available"),
}

_NO_ANSWER: Final = ("database", "数据库没有应答，请稍后再试", "the database does not answer; try again shortly")
_BY_PGCODE: Final[Mapping[str, tuple[str, str, str]]] = {
    "57014": ("timed-out", "查询超过时限，请缩小范围", "the query took too long; ask for a smaller area"),
    "42P01": (
        "not-migrated",
        "数据库尚未初始化，请运行 wangge db migrate",
        "the database has no tables yet: run wangge db migrate",
    ),
}


def language(request: Request) -> Lang:
    """The language of words: ``lang=``, else the setting; not the browser's, since a county's page is Chinese."""
    settings: Settings = request.app.state.settings
    asked = request.query_params.get("lang")
    return "en" if asked == "en" else "zh-CN" if asked == "zh-CN" else settings.lang


def problem(request: Request, status: int, detail: str, *, kind: str = "about:blank", **more: Any) -> Response:
    """An RFC 9457 answer, a page for a browser; ``more`` are its extension members."""
    zh, en = _TITLES.get(status, ("请求被拒绝", "Refused"))
    lang = language(request)
    if refusals.wants_page(request):
        return refusals.page(request, status, zh if lang == "zh-CN" else en, detail, lang)
    request_id = getattr(request.state, "request_id", None)
    body = {
        "type": kind,
        "title": zh if lang == "zh-CN" else en,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request_id,
        **more,
    }
    # What nobody expected is answered outside of the middleware that sets this header on every answer.
    headers = {"x-request-id": request_id} if request_id else {}
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def status_of(error: WanggeError) -> HTTPStatus:
    """The status of an error: that of the nearest class in the table."""
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI) -> None:
    """Answer everything that can be raised."""
    app.add_exception_handler(WanggeError, _wangge)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(psycopg2.Error, _database)
    app.add_exception_handler(Exception, _unexpected)


async def _wangge(request: Request, error: Exception) -> Response:
    assert isinstance(error, WanggeError)  # noqa: S101 - registered for it
    if isinstance(error, NotSignedIn) and refusals.wants_page(request):
        return await _to_sign_in(request)
    if isinstance(error, NotAllowed) and (old := await _old_form(request)):
        return old
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    facts = {key: value if _is_json(value) else str(value) for key, value in error.facts.items()}
    answer = problem(
        request, status_of(error), _text(error, language(request)), kind=f"urn:wangge:problem:{name}", facts=facts
    )
    if isinstance(error, NotSignedIn):
        answer.headers["www-authenticate"] = 'Bearer realm="wangge"'
    return answer


def _text(error: WanggeError, lang: Lang) -> str:
    """What it says, with the role as the pages call it; the facts keep its name."""
    if isinstance(error, NotAllowed):
        role = str(error.facts.get("role", ""))
        return type(error)(**{**error.facts, "role": getattr(words(lang), role, role)}).text(lang)
    return error.text(lang)


async def _to_sign_in(request: Request) -> Response:
    """Somebody who opens a page is shown where to sign in, and comes back to it; a form comes along."""
    if request.method != "POST":
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?{urlencode({'next': path})}", HTTPStatus.SEE_OTHER)
    typed, goal = await kept.of(request), refusals.back_of(request) or "/"
    return sign_in_form.form(request, language(request), goal=goal, status=HTTPStatus.UNAUTHORIZED, kept=typed)


async def _old_form(request: Request) -> Response | None:
    """What was typed into a form of a session before this one, to be sent again in this one."""
    session = security.session_of(request)
    typed = await kept.of(request) if session else None
    if session is None or typed is None:
        return None
    token = (await request.form()).get(security.FORM_FIELD)
    if security.is_form_of(session, token if isinstance(token, str) else ""):
        return None
    back, fresh = refusals.back_of(request) or "/", accounts.form_token(session)
    return sign_in_form.offer(language(request), typed, form_token=fresh, back=back, status=HTTPStatus.FORBIDDEN)


def _is_json(value: object) -> bool:
    """JSON has neither NaN nor infinity."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    zh = language(request) == "zh-CN"
    errors = [{"field": _field(one), "reason": sentence(one)[zh]} for one in error.errors()]
    first = errors[0]
    return problem(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{first['field']}: {first['reason']}",
        kind="urn:wangge:problem:invalid-request",
        errors=errors,
    )


def _field(detail: ErrorDetails) -> str:
    where = [str(part) for part in detail["loc"] if not isinstance(part, int)]
    return ".".join(where[1:]) or where[0]


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    answer = problem(request, error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _database(request: Request, error: Exception) -> Response:
    # COPY is the driver's own call, so its errors come as they are.
    cause = error.orig if isinstance(error, DBAPIError) else error
    known = _BY_PGCODE.get(getattr(cause, "pgcode", None) or "")
    if known is None and isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError):
        _log.error("database: %s", " ".join(str(cause).split()))
        known = _NO_ANSWER
    if known is None:
        return _unexpected(request, error)
    kind, zh, en = known
    detail = zh if language(request) == "zh-CN" else en
    return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, kind=f"urn:wangge:problem:{kind}")


def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected, request %s", getattr(request.state, "request_id", None), exc_info=error)
    detail = (
        "发生了意外错误，已记入日志"
        if language(request) == "zh-CN"
        else "something unexpected happened; it is in the log"
    )
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)
