"""Who asks: a token in a header or a browser's session, what it may do, and that no other site asks in its name.

A session is limited to the scope of whoever asks before any endpoint sees it (see `geo.storage.reach`), so an endpoint
with a session has its decision already; what needs more than reading says so with `Needs`.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Final

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from geo.errors import NotAllowed, NotSignedIn
from geo.services import accounts, sign_ins
from geo.services.accounts import Access, Permission

COOKIE: Final = "wangge_session"
FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-form-token"
HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of who asks.

    :ivar name: the account that a token is said to belong to (HTTP Basic), if any is
    :ivar form_token: what a form or a script of a page sent with it
    """

    token: str | None = None
    name: str | None = None
    session: str | None = None
    form_token: str | None = None
    changes: bool = False


async def shown(request: Request) -> Shown:
    """Read the headers, and a form's token where there is a form."""
    changes = request.method not in HARMLESS
    if "authorization" in request.headers:
        name, token = credentials(request.headers["authorization"])
        return Shown(token, name)
    session = session_of(request)
    sent = request.headers.get(FORM_HEADER)
    if session and changes and sent is None and request.headers.get("content-type", "").startswith(_FORMS):
        value = (await request.form()).get(FORM_FIELD)
        sent = value if isinstance(value, str) else None
    return Shown(session=session, form_token=sent, changes=changes)


def session_of(request: Request) -> str | None:
    """The secret of the browser's session, None where there is none."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found and found.value else None


def credentials(header: str) -> tuple[str | None, str]:
    """Account (None for Bearer) and token of an ``Authorization`` header; GIS programs know Basic only.

    >>> credentials("Bearer wg_secret")
    (None, 'wg_secret')
    >>> credentials("Basic Z2lzOndnX3NlY3JldA==")
    ('gis', 'wg_secret')
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return None, rest.strip()
    if scheme.lower() == "basic":
        try:
            name, _, token = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NotSignedIn from error
        return name, token
    raise NotSignedIn


def identify(session: Session, by: Shown) -> Access:
    """Who asks.

    :raises NotSignedIn: nothing was shown, or it stands for nobody
    :raises NotAllowed: a session is to change something and the form is not one of ours
    """
    if by.token is not None:
        access = accounts.of_token(session, by.token)
        if access is None or (by.name and by.name.lower() != access.name.lower()):
            raise NotSignedIn
        return access
    access = sign_ins.of_session(session, by.session) if by.session else None
    if access is None or by.session is None:
        raise NotSignedIn
    if by.changes and not is_form_of(by.session, by.form_token or ""):
        raise NotAllowed(
            account=access.name,
            role=access.role,
            why="the form is too old or from another site; open the page again",
            why_zh="表单已过期或来自其他网站，请重新打开页面",
        )
    return access


def is_form_of(secret: str, form_token: str) -> bool:
    """Whether a form was made for a session, or for a sign-in."""
    return hmac.compare_digest(form_token.encode(), accounts.form_token(secret).encode())


def access_of(request: Request) -> Access:
    """Who asks, once the session was opened."""
    access: Access = request.state.access
    return access


_PERMISSIONS_ZH: Final[Mapping[Permission, str]] = {
    "read": "查看",
    "record": "记录走访和问题",
    "detail": "查看住户和信访明细",
    "assign": "调整分工",
    "check": "核对边界",
    "plan": "设定走访要求和发布通报",
    "manage": "管理账号和边界",
}


class Needs:
    """A permission that an endpoint asks for, beyond reading.

    :param whole: only for scopes that leave nothing of the county out
    """

    def __init__(self, permission: Permission, *, whole: bool = False) -> None:
        self.permission, self.whole = permission, whole

    def check(self, access: Access) -> None:
        """Raise `NotAllowed` unless it is there."""
        if not access.may(self.permission):
            raise NotAllowed(
                account=access.name,
                role=access.role,
                why=f'the role lacks the permission "{self.permission}"',
                why_zh=f"该角色没有“{_PERMISSIONS_ZH[self.permission]}”权限",
            )
        if self.whole and not access.is_whole:
            raise NotAllowed(
                account=access.name,
                role=access.role,
                why="it is about the whole county, and the account sees a part of it",
                why_zh="内容涉及全县，而该账号只能查看其中一部分",
            )


ShownDep = Annotated[Shown, Depends(shown)]
