"""Accounts and tokens, for administrators; and who asks, for everybody."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.responses import Response

from api import lists
from api.dependencies import (
    MAX_NUMBER,
    PAGE,
    PLAIN,
    AccessDep,
    CodeQuery,
    CursorQuery,
    LimitQuery,
    Needs,
    SessionDep,
)
from api.schemas.accounts import (
    AccountChange,
    AccountIn,
    AccountOut,
    AccountPage,
    Me,
    TokenIn,
    TokenList,
    TokenMade,
    TokenOut,
)
from geo.services import accounts as service
from geo.storage.queries import accounts

router = APIRouter(tags=["accounts"])

MAY_MANAGE: Final = Depends(Needs("manage"))
NamePath = Annotated[
    str, Path(max_length=64, pattern=PLAIN, description="name of an account", examples=["demo-viewer"])
]


@router.get("/me")
def who_am_i(access: AccessDep) -> Me:
    """Who asks, and what that account may see and do."""
    return Me.of(access)


@router.get("/accounts", dependencies=[MAY_MANAGE], response_model=AccountPage, responses=lists.described(AccountPage))
def list_accounts(
    session: SessionDep,
    *,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> AccountPage | Response:
    """Accounts within the scope, by name."""
    found = accounts.page(session, after=cursor, limit=lists.size(form, limit))
    if form != "json":
        return lists.sheet(AccountOut, [AccountOut.of(one) for one in found], form, "accounts")
    more = found[limit - 1].name if len(found) > limit else None
    return AccountPage(accounts=[AccountOut.of(one) for one in found[:limit]], next=more)


@router.post("/accounts", status_code=HTTPStatus.CREATED, dependencies=[MAY_MANAGE])
def add_account(
    session: SessionDep,
    access: AccessDep,
    asked: Annotated[AccountIn, Body()],
    county: Annotated[CodeQuery, Query(description="county of the account; none for everything that is stored")] = None,
) -> AccountOut:
    """Make an account, whose scope lies within that of whoever makes it."""
    made = service.add(
        session,
        asked.name,
        asked.role,
        county=access.reach.county if access.reach else county,
        scope=asked.scope or access.area,
        staff_no=asked.staff_no,
        password=asked.password,
        actor=access.name,
    )
    return AccountOut.of(made)


@router.patch("/accounts/{name}", dependencies=[MAY_MANAGE])
def change_account(
    session: SessionDep, access: AccessDep, name: NamePath, asked: Annotated[AccountChange, Body()]
) -> AccountOut:
    """Another role, scope or password, or an end; the account's sessions end with it."""
    changed = service.change(
        session,
        name,
        actor=access.name,
        role=asked.role,
        scope=asked.scope,
        active=asked.active,
        password=asked.password,
    )
    return AccountOut.of(changed)


@router.get("/accounts/{name}/tokens", dependencies=[MAY_MANAGE])
def list_tokens(session: SessionDep, name: NamePath) -> TokenList:
    """Tokens of an account, the newest first."""
    account = service.get(session, name)
    return TokenList(tokens=[TokenOut.of(one) for one in accounts.tokens(session, account.id)])


@router.post("/accounts/{name}/tokens", status_code=HTTPStatus.CREATED, dependencies=[MAY_MANAGE])
def make_token(session: SessionDep, access: AccessDep, name: NamePath, asked: Annotated[TokenIn, Body()]) -> TokenMade:
    """A new token; its secret is shown this once."""
    account = service.get(session, name)
    number, secret = service.make_token(session, account, asked.label, days=asked.days, actor=access.name)
    return TokenMade(id=number, secret=secret)


@router.delete("/tokens/{number}")
def revoke_token(
    session: SessionDep,
    access: AccessDep,
    number: Annotated[int, Path(ge=1, le=MAX_NUMBER, description="number of a token")],
) -> TokenOut:
    """A token stands for nobody any more: one's own, or for administrators any within their scope."""
    mine = None if access.may("manage") else access.id
    service.revoke_token(session, number, account=mine, actor=access.name)
    return TokenOut.of(next(one for one in accounts.tokens(session, mine) if one.id == number))
