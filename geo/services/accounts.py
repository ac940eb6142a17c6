"""Who is there and what each may do: roles, passwords, tokens, sessions.

Passwords are hashed with Argon2id (RFC 9106), tokens and sessions are 256 random bits of which only the SHA-256 is
stored.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, get_args

from argon2 import PasswordHasher
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import AccountTaken, InvalidChoice, UnknownAccount, UnknownArea, UnknownCadre, UnknownToken
from geo.limits import (
    MAX_PASSWORD_CHARS,
    MAX_TOKEN_DAYS,
    MIN_PASSWORD_CHARS,
)
from geo.space.codes import LEVELS, Level
from geo.storage import reach
from geo.storage.queries import accounts, areas, assignments, boundaries
from geo.storage.queries.accounts import AccountInfo, TokenInfo
from geo.storage.reach import Reach

Role = Literal["viewer", "cadre", "supervisor", "planner", "admin", "service"]
Permission = Literal["read", "record", "detail", "assign", "check", "plan", "manage"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
MAY: Final[Mapping[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "service": frozenset({"read", "record"}),
    "cadre": frozenset({"read", "record"}),
    "supervisor": frozenset({"read", "record", "detail", "assign"}),
    "planner": frozenset({"read", "record", "detail", "assign", "check", "plan"}),
    "admin": frozenset({"read", "record", "detail", "assign", "check", "plan", "manage"}),
}
"""``read`` what lies in the scope; ``record`` visits; see households and petitions in ``detail``; ``assign`` areas;
``check`` boundary versions; ``plan`` what is asked of areas, and publish bulletins; ``manage`` accounts, boundaries."""

_NAME: Final = re.compile(r"[\w.@-]{2,64}")
_TOKEN_MARK: Final = "wg_"  # noqa: S105 - says what a string is, so that scanners for leaked secrets can find it
_USED_EVERY: Final = timedelta(minutes=5)
HASHER: Final = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks: an account that was identified.

    :ivar expires_at: when what was shown for it ends, if that is known
    """

    id: int
    name: str
    role: Role
    reach: Reach | None
    staff_no: str | None
    expires_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role has a permission."""
        return permission in MAY[self.role]

    @property
    def area(self) -> str | None:
        """Code of the area that the account is limited to; None where it sees the whole of a county."""
        return None if self.reach is None or self.reach.is_county else self.reach.code

    @property
    def is_whole(self) -> bool:
        """Whether nothing of a county is hidden."""
        return self.reach is None or self.reach.is_county


def add(
    session: Session,
    name: str,
    role: Role,
    *,
    county: str | None,
    scope: str | None = None,
    staff_no: str | None = None,
    password: str | None = None,
    actor: str,
) -> AccountInfo:
    """Make an account.

    :param county: None for everything that is stored
    :param scope: code of an area of the county; the county itself if not given
    :raises InvalidChoice: the name, role, scope, staff number or password cannot be
    :raises UnknownArea, UnknownCadre, AccountTaken: nothing is written
    """
    if not _NAME.fullmatch(name):
        raise InvalidChoice(field="name", value=name, choices="2-64 letters, digits, . _ - @")
    if role not in ROLES:
        raise InvalidChoice(field="role", value=role, choices=", ".join(ROLES))
    if role == "service" and password is not None:
        raise InvalidChoice(field="password", value="***", choices="none: a service has tokens only")
    level = _level_of(session, county, scope)
    _known_cadre(session, county, role, staff_no)
    code = scope or county if county else None
    try:
        with session.begin_nested():
            accounts.add(
                session,
                name=name,
                role=role,
                county_code=county,
                scope_level=level,
                scope_code=code,
                staff_no=staff_no,
                password_hash=hashed(password, name) if password is not None else None,
            )
    except IntegrityError as error:
        raise AccountTaken(name=name) from error
    accounts.note(session, actor, "account added", f"{name} {role} {code or 'everything'}")
    return get(session, name)


def get(session: Session, name: str) -> AccountInfo:
    """One account; raises `UnknownAccount`."""
    found = accounts.find(session, name)
    if found is None:
        raise UnknownAccount(name=name)
    return found


def change(
    session: Session,
    name: str,
    *,
    actor: str,
    role: Role | None = None,
    scope: str | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> AccountInfo:
    """Change what is given; another role, scope or password, or an end, also ends the account's sessions.

    :raises UnknownAccount, UnknownArea, InvalidChoice: nothing is written
    """
    account = get(session, name)
    values: dict[str, object] = {}
    if role is not None:
        _known_cadre(session, account.county, role, account.staff_no)
        values["role"] = role
    if scope is not None:
        values |= {"scope_level": _level_of(session, account.county, scope), "scope_code": scope}
    if active is not None:
        values["active"] = active
    if password is not None:
        if (role or account.role) == "service":
            raise InvalidChoice(field="password", value="***", choices="none: a service has tokens only")
        values["password_hash"] = hashed(password, account.name)
    if values:
        accounts.change(session, account.id, **values)
        accounts.end_sign_ins(session, account.id)
        said = ", ".join(key if key == "password_hash" else f"{key}={value}" for key, value in values.items())
        accounts.note(session, actor, "account changed", f"{account.name} {said}")
    return get(session, name)


def hashed(password: str, name: str) -> str:
    """Argon2 hash of a password that is good enough; raises `InvalidChoice`."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS or password.lower() == name.lower():
        choices = f"{MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters, and not the name"
        raise InvalidChoice(field="password", value="***", choices=choices)
    return HASHER.hash(password)


def of_token(session: Session, secret: str, *, now: datetime | None = None) -> Access | None:
    """Who a token stands for; that it was used is noted."""
    moment = now or datetime.now(UTC)
    found = accounts.of_token(session, digest(secret), moment)
    if found is None:
        return None
    account, number, expires_at = found
    accounts.used(session, number, moment, every=_USED_EVERY)
    return access_of(account, expires_at)


def make_token(
    session: Session, account: AccountInfo, label: str, *, days: int, actor: str, now: datetime | None = None
) -> tuple[int, str]:
    """A new token for an account: its number, and the secret that is shown this once.

    :param days: after which it expires
    :raises InvalidChoice: the days are too many or none, or the label is empty
    """
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise InvalidChoice(field="days", value=days, choices=f"1 to {MAX_TOKEN_DAYS}")
    if not label.strip():
        raise InvalidChoice(field="label", value=label, choices="a word that says what it is for")
    secret = _TOKEN_MARK + secrets.token_urlsafe(32)
    expires_at = (now or datetime.now(UTC)) + timedelta(days=days)
    number = accounts.add_token(session, account.id, label.strip(), digest(secret), expires_at)
    accounts.note(session, actor, "token made", f"{account.name} {number} {label.strip()}")
    return number, secret


def revoke_token(session: Session, number: int, *, account: int | None, actor: str) -> TokenInfo:
    """A token stands for nobody any more; raises `UnknownToken` for one that is not the account's."""
    found = next((one for one in accounts.tokens(session, account) if one.id == number), None)
    if found is None:
        raise UnknownToken(id=number)
    accounts.revoke(session, number, datetime.now(UTC))
    accounts.note(session, actor, "token revoked", f"{found.account} {number} {found.label}")
    return found


def digest(secret: str) -> bytes:
    """What is stored of a secret that is random itself."""
    return sha256(secret.encode()).digest()


def form_token(secret: str) -> str:
    """What a form of a session carries, so that no other site can send it (CSRF); the session's secret stays unsaid."""
    return sha256(b"form:" + secret.encode()).hexdigest()


def access_of(account: AccountInfo, expires_at: datetime | None = None) -> Access:
    """Who asks, if this account was identified."""
    reach = None
    if account.county is not None and account.scope is not None:
        level: Level = next(level for level in LEVELS if level == account.level)
        reach = Reach(account.county, level, account.scope)
    role: Role = next(role for role in ROLES if role == account.role)
    return Access(account.id, account.name, role, reach, account.staff_no, expires_at)


def _level_of(session: Session, county: str | None, scope: str | None) -> str | None:
    if county is None:
        if scope is not None:
            raise InvalidChoice(field="scope", value=scope, choices="an area of a county; name the county too")
        return None
    if scope is None or scope == county:
        if not reach.is_whole(session):
            raise UnknownArea(code=county, county=county, version=boundaries.active(session, county).version)
        return "county"
    version = boundaries.active(session, county)
    area = areas.find(session, version, scope)
    if area is None:
        raise UnknownArea(code=scope, county=county, version=version.version)
    return area.level


def _known_cadre(session: Session, county: str | None, role: Role, staff_no: str | None) -> None:
    if staff_no is None:
        if role == "cadre":
            raise InvalidChoice(field="staff_no", value="", choices="the staff number of the cadre whose account it is")
        return
    if county is None or not assignments.cadre_exists(session, county, staff_no):
        raise UnknownCadre(county=county or "", staff_no=staff_no)
