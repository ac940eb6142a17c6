"""The pages around the maps: sign-in, and one's own account with its tokens and password."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from api import navigation, security, web
from api.dependencies import MAX_NUMBER, PLAIN, AccessDep, LangQuery, OpenSessionDep, SessionDep
from api.page_words import words
from geo.errors import InvalidChoice, Lang, NotAllowed
from geo.limits import MAX_PASSWORD_CHARS, MAX_TOKEN_DAYS, MIN_PASSWORD_CHARS, SESSION_HOURS
from geo.services import accounts, sign_ins
from geo.services.accounts import Access
from geo.storage.queries import accounts as stored
from geo.storage.queries import areas, boundaries, counties
from geo.storage.queries.accounts import AccountInfo, TokenInfo

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)

_FORM_COOKIE: Final = "wangge_form"
_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]{0,1000}")

Short = Annotated[str, Form(max_length=200, pattern=PLAIN)]
Password = Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)]


@open_router.get("/signin")
def sign_in_page(
    request: Request,
    session: OpenSessionDep,
    lang: LangQuery,
    next: Annotated[str, Query(max_length=1_000)] = "/",  # noqa: A002 - the name on the wire
) -> Response:
    """The form; whoever is signed in goes on at once."""
    mine = security.session_of(request)
    if mine and sign_ins.of_session(session, mine):
        return RedirectResponse(_own(next), HTTPStatus.SEE_OTHER)
    return _form(request, lang, goal=_own(next))


@open_router.post("/signin")
def sign_in(
    request: Request,
    session: OpenSessionDep,
    name: Short,
    password: Password,
    form_token: Short,
    *,
    next: Annotated[str, Form(max_length=1_000)] = "/",  # noqa: A002 - as above
    lang: Annotated[Lang, Form()] = "zh-CN",
) -> Response:
    """Begin a session; what fails is counted, and says the same whether the name is there or not."""
    said, goal = words(lang), _own(next)
    secret = request.cookies.get(_FORM_COOKIE, "")
    if not secret or not security.is_form_of(secret, form_token):
        return _form(request, lang, goal=goal, name=name, said=said.old_form, status=HTTPStatus.BAD_REQUEST)
    outcome = sign_ins.sign_in(session, name, password, request.client.host if request.client else "")
    if outcome.secret is not None:
        answer = RedirectResponse(goal, HTTPStatus.SEE_OTHER)
        _keep(request, answer, outcome.secret)
        answer.delete_cookie(_FORM_COOKIE, path="/signin")
        return answer
    seconds = max(1, round(outcome.wait.total_seconds())) if outcome.wait else 0
    text = said.wait.format(n=seconds) if seconds else said.wrong
    status = HTTPStatus.TOO_MANY_REQUESTS if seconds else HTTPStatus.UNAUTHORIZED
    page = _form(request, lang, goal=goal, name=name, said=text, status=status)
    if seconds:
        page.headers["retry-after"] = str(seconds)
    return page


@router.post("/signout")
def sign_out(request: Request, session: SessionDep, _access: AccessDep) -> Response:
    """End the session."""
    mine = security.session_of(request)
    if mine:
        sign_ins.sign_out(session, mine)
    answer = RedirectResponse("/signin", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(security.COOKIE)
    return answer


@router.get("/account")
def account_page(request: Request, session: SessionDep, access: AccessDep, lang: LangQuery) -> HTMLResponse:
    """Who is signed in, and the tokens made in that name."""
    return _account(request, session, access, lang)


@router.post("/account/tokens")
def make_token(
    request: Request,
    session: SessionDep,
    access: AccessDep,
    lang: LangQuery,
    label: Short,
    days: Annotated[int, Form()],
) -> HTMLResponse:
    """A new token, shown this once."""
    _only_signed_in(request, access)
    account = accounts.get(session, access.name)
    try:
        _, secret = accounts.make_token(session, account, label, days=days, actor=access.name)
    except InvalidChoice as error:
        return _account(request, session, access, lang, said=error.text(lang), bad=True)
    return _account(request, session, access, lang, secret=secret)


@router.post("/account/tokens/{number}/revoke")
def revoke_token(request: Request, session: SessionDep, access: AccessDep, number: int) -> Response:
    """One of one's own stands for nobody any more."""
    _only_signed_in(request, access)
    accounts.revoke_token(session, min(number, MAX_NUMBER), account=access.id, actor=access.name)
    return RedirectResponse("/account", HTTPStatus.SEE_OTHER)


@router.post("/account/password")
def change_password(
    request: Request,
    session: SessionDep,
    access: AccessDep,
    lang: LangQuery,
    old: Password,
    new: Password,
) -> Response:
    """Another password; the old one is asked for, and every other session ends."""
    _only_signed_in(request, access)
    said, address = words(lang), request.client.host if request.client else ""
    outcome = sign_ins.sign_in(session, access.name, old, address)
    if outcome.secret is None:
        text = said.wait.format(n=max(1, round(outcome.wait.total_seconds()))) if outcome.wait else said.wrong
        return _account(request, session, access, lang, said=text, bad=True)
    try:
        accounts.change(session, access.name, password=new, actor=access.name)
    except InvalidChoice as error:
        return _account(request, session, access, lang, said=error.text(lang), bad=True)
    fresh = sign_ins.sign_in(session, access.name, new, address).secret or ""
    page = _account(request, session, access, lang, said=said.changed, form_token=accounts.form_token(fresh))
    _keep(request, page, fresh)
    return page


def _only_signed_in(request: Request, access: Access) -> None:
    """A token that got into wrong hands must not make others, or lock its owner out."""
    if security.session_of(request) is None:
        why = "sign in with a browser; a token cannot do it"
        raise NotAllowed(account=access.name, role=access.role, why=why, why_zh="请在浏览器中登录后操作，不能使用令牌")


def _form(
    request: Request, lang: Lang, *, goal: str, name: str = "", said: str = "", status: int = HTTPStatus.OK
) -> HTMLResponse:
    secret = secrets.token_urlsafe(32)
    page = _page(
        "signin.html.j2",
        lang,
        here=f"/signin?{urlencode({'next': goal})}",
        title=words(lang).sign_in,
        status=status,
        said=said,
        bad=True,
        name=name,
        next=goal,
        form_token=accounts.form_token(secret),
    )
    page.set_cookie(
        _FORM_COOKIE, secret, max_age=3_600, path="/signin", secure=_tls(request), httponly=True, samesite="strict"
    )
    return page


def _account(
    request: Request,
    session: Session,
    access: Access,
    lang: Lang,
    *,
    said: str = "",
    bad: bool = False,
    secret: str = "",
    form_token: str | None = None,
) -> HTMLResponse:
    known, account = words(lang), accounts.get(session, access.name)
    zone = counties.resolve(session, account.county).zone if account.county else ZoneInfo("UTC")
    return _page(
        "account.html.j2",
        lang,
        here="/account",
        title=known.account,
        nav=navigation.pages(access, lang, "account", county=account.county),
        said=said,
        bad=bad,
        account=account,
        role=getattr(known, account.role),
        scope=_scope(session, account) or known.everything,
        secret=secret,
        tokens=[_token(one, lang, zone) for one in stored.tokens(session, access.id)],
        most_days=MAX_TOKEN_DAYS,
        least_chars=MIN_PASSWORD_CHARS,
        form_token=form_token or accounts.form_token(security.session_of(request) or ""),
    )


def _scope(session: Session, account: AccountInfo) -> str | None:
    """Name and code of the area that an account sees."""
    if account.county is None or account.scope is None:
        return None
    version = boundaries.find_active(session, account.county)
    area = areas.find(session, version, account.scope) if version else None
    return f"{area.name} {area.code}" if area else account.scope


def _token(one: TokenInfo, lang: Lang, zone: ZoneInfo) -> dict[str, Any]:
    known = words(lang)
    day: Callable[[datetime], str] = lambda moment: f"{moment.astimezone(zone):%Y-%m-%d}"  # noqa: E731 - one use, named
    over = known.revoked if one.revoked_at else known.expired if one.expires_at <= datetime.now(UTC) else ""
    used = day(one.used_at) if one.used_at else known.never
    made, expires = day(one.created_at), day(one.expires_at)
    return {"id": one.id, "label": one.label, "made": made, "expires": expires, "used": used, "over": over}


def _page(template: str, lang: Lang, *, here: str, status: int = HTTPStatus.OK, **context: Any) -> HTMLResponse:
    known = words(lang)
    known.new_password = known.new_password.format(n=MIN_PASSWORD_CHARS)
    return web.page(template, lang=lang, here=here, status=status, words=known, **context)


def _keep(request: Request, answer: Response, secret: str) -> None:
    answer.set_cookie(
        security.COOKIE,
        secret,
        max_age=SESSION_HOURS * 3_600,
        secure=_tls(request),
        httponly=True,
        samesite="lax",
    )


def _tls(request: Request) -> bool:
    return request.url.scheme == "https"


def _own(path: str) -> str:
    """A path of this service; anything that a browser could read as another host is the home page."""
    return path if _OWN_PATH.fullmatch(path) else "/"
