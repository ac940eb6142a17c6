"""The pages around the maps: sign-in, and one's own account with its tokens and password."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from api import kept as keeping
from api import navigation, security, sign_in_form, web
from api.dependencies import MAX_NUMBER, PLAIN, AccessDep, LangQuery, OpenSessionDep, SessionDep
from api.kept import Kept
from api.page_words import words
from geo.errors import InvalidChoice, Lang, NotAllowed
from geo.limits import MAX_KEPT_CHARS, MAX_PASSWORD_CHARS, MAX_TOKEN_DAYS, MIN_PASSWORD_CHARS, SESSION_HOURS
from geo.services import accounts, sign_ins
from geo.services.accounts import Access
from geo.storage.queries import accounts as stored
from geo.storage.queries import areas, boundaries, counties
from geo.storage.queries.accounts import AccountInfo, TokenInfo

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)

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
        return RedirectResponse(keeping.own(next), HTTPStatus.SEE_OTHER)
    return sign_in_form.form(request, lang, goal=keeping.own(next))


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
    kept: Annotated[str, Form(max_length=MAX_KEPT_CHARS)] = "",
) -> Response:
    """Begin a session; what fails is counted, and says the same whether the name is there or not.

    What was typed when the last session ended is offered to be sent, never sent by itself.
    """
    said, goal, typed = words(lang), keeping.own(next), keeping.read(kept)
    secret = request.cookies.get(sign_in_form.FORM_COOKIE, "")
    if not secret or not security.is_form_of(secret, form_token):
        status = HTTPStatus.BAD_REQUEST
        return sign_in_form.form(request, lang, goal=goal, name=name, said=said.old_form, status=status, kept=typed)
    outcome = sign_ins.sign_in(session, name, password, request.client.host if request.client else "")
    if outcome.secret is not None:
        answer = _goes_on(session, outcome.secret, lang, goal, typed)
        _keep(request, answer, outcome.secret)
        answer.delete_cookie(sign_in_form.FORM_COOKIE, path="/signin")
        return answer
    seconds = max(1, round(outcome.wait.total_seconds())) if outcome.wait else 0
    text = said.wait.format(n=seconds) if seconds else said.wrong
    status = HTTPStatus.TOO_MANY_REQUESTS if seconds else HTTPStatus.UNAUTHORIZED
    page = sign_in_form.form(request, lang, goal=goal, name=name, said=text, status=status, kept=typed)
    if seconds:
        page.headers["retry-after"] = str(seconds)
    return page


def _goes_on(session: Session, secret: str, lang: Lang, goal: str, typed: Kept | None) -> Response:
    access = sign_ins.of_session(session, secret)
    if typed is None or access is None:
        return RedirectResponse(goal, HTTPStatus.SEE_OTHER)
    nav = navigation.pages(access, lang, "")
    return sign_in_form.offer(lang, typed, form_token=accounts.form_token(secret), nav=nav, back=goal)


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
        secure=sign_in_form.is_tls(request),
        httponly=True,
        samesite="lax",
    )
