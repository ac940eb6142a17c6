"""Sessions of browsers: signing in with a password, and what slows guesses down.

Failed sign-ins are counted by name and by address before the password is looked at, so that neither the answer nor its
time tells whether a name is there.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.orm import Session

from geo.limits import FREE_SIGN_INS, FREE_SIGN_INS_OF_ADDRESS, MAX_PASSWORD_CHARS, SESSION_HOURS
from geo.services.accounts import HASHER, Access, access_of, digest
from geo.storage.queries import accounts

_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_FORGOTTEN_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignInOutcome:
    """A new session's secret; or None, and how long nobody may try again (zero: at once)."""

    secret: str | None
    wait: timedelta = timedelta()


def sign_in(session: Session, name: str, password: str, address: str, *, now: datetime | None = None) -> SignInOutcome:
    """Begin a session for a browser. What failed is counted, so the transaction must be committed either way."""
    moment = now or datetime.now(UTC)
    limits = {f"name:{name.lower()[:100]}": FREE_SIGN_INS, f"address:{address}": FREE_SIGN_INS_OF_ADDRESS}
    counted = {who: accounts.failures(session, who, moment) for who in sorted(limits)}
    wait = max(_wait(*counted[who], free, moment) for who, free in limits.items())
    if wait > timedelta():
        return SignInOutcome(None, wait)
    found = accounts.password_of(session, name)
    account, stored = found or (None, None)
    # A name that is not there costs the same time as a wrong password.
    right = _verified(stored or _decoy(), password) and stored is not None and account is not None and account.active
    if not right or account is None:
        for who, (number, last) in counted.items():
            again = 1 if moment - last > _FORGOTTEN_AFTER else number + 1
            accounts.set_failures(session, who, again, moment)
        accounts.note(session, address, "sign-in failed", account.name if account else "unknown name")
        return SignInOutcome(None)
    accounts.set_failures(session, f"name:{name.lower()[:100]}", 0, moment)
    accounts.forget_failures(session, moment - _FORGOTTEN_AFTER)
    secret = secrets.token_urlsafe(32)
    accounts.add_sign_in(session, account.id, digest(secret), moment + timedelta(hours=SESSION_HOURS))
    accounts.change(session, account.id, signed_in_at=moment)
    accounts.note(session, account.name, "signed in", address)
    return SignInOutcome(secret)


def sign_out(session: Session, secret: str) -> None:
    """End a session."""
    accounts.end_sign_in(session, digest(secret))


def of_session(session: Session, secret: str, *, now: datetime | None = None) -> Access | None:
    """Who a session's secret stands for."""
    account = accounts.of_sign_in(session, digest(secret), now or datetime.now(UTC))
    return access_of(account) if account else None


def _wait(failures: int, last: datetime, free: int, now: datetime) -> timedelta:
    if failures < free or now - last > _FORGOTTEN_AFTER:
        return timedelta()
    # The doubling is capped before it is computed.
    wait = min(_FIRST_WAIT * (1 << min(failures - free, 10)), _LONGEST_WAIT)
    return max(last + wait - now, timedelta())


def _verified(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password[:MAX_PASSWORD_CHARS])
    except (Argon2Error, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _decoy() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))
