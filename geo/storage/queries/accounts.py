"""Accounts, tokens, sessions and failed sign-ins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geo.storage.access_tables import Account, Audit, FailedSignIn, SignIn, Token


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account without its password; ``scope`` is a code, None for everything that is stored."""

    id: int
    name: str
    role: str
    county: str | None
    level: str | None
    scope: str | None
    staff_no: str | None
    active: bool
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token without its secret."""

    id: int
    account: str
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


_INFO: Final[tuple[Any, ...]] = (
    Account.id,
    Account.name,
    Account.role,
    Account.county_code,
    Account.scope_level,
    Account.scope_code,
    Account.staff_no,
    Account.active,
    Account.created_at,
    Account.signed_in_at,
)


def find(session: Session, name: str) -> AccountInfo | None:
    """The account of that name, in any case of letters."""
    return _first(session, select(*_INFO).where(_named(name)))


def page(session: Session, *, after: str | None, limit: int) -> list[AccountInfo]:
    """Accounts by name."""
    query = select(*_INFO).order_by(func.lower(Account.name)).limit(limit)
    if after is not None:
        query = query.where(func.lower(Account.name) > func.lower(after))
    return [AccountInfo(*row) for row in session.execute(query)]


def count(session: Session) -> int:
    """How many accounts there are."""
    return session.scalar(select(func.count()).select_from(Account)) or 0


def password_of(session: Session, name: str) -> tuple[AccountInfo, str | None] | None:
    """The account of that name with its password's hash."""
    row = session.execute(select(*_INFO, Account.password_hash).where(_named(name))).first()
    return (AccountInfo(*row[:-1]), row[-1]) if row else None


def of_token(session: Session, digest: bytes, now: datetime) -> tuple[AccountInfo, int, datetime] | None:
    """The account that a token stands for, the token's number, and when it expires; None if it does not stand."""
    row = session.execute(
        select(*_INFO, Token.id, Token.expires_at)
        .join_from(Account, Token, Token.account_id == Account.id)
        .where(Token.hash == digest, Token.revoked_at.is_(None), Token.expires_at > now, Account.active)
    ).first()
    return (AccountInfo(*row[:-2]), row[-2], row[-1]) if row else None


def of_sign_in(session: Session, digest: bytes, now: datetime) -> AccountInfo | None:
    """The account of a session that has not ended."""
    return _first(
        session,
        select(*_INFO)
        .join_from(Account, SignIn, SignIn.account_id == Account.id)
        .where(SignIn.hash == digest, SignIn.expires_at > now, Account.active),
    )


def add(session: Session, **values: Any) -> None:
    """Write an account."""
    session.execute(insert(Account).values(**values))


def change(session: Session, number: int, **values: Any) -> None:
    """Change some columns of an account."""
    session.execute(update(Account).where(Account.id == number).values(**values))


def add_token(session: Session, account: int, label: str, digest: bytes, expires_at: datetime) -> int:
    """Write a token; its number."""
    query = insert(Token).values(account_id=account, label=label, hash=digest, expires_at=expires_at)
    number: int = session.execute(query.returning(Token.id)).scalar_one()
    return number


def tokens(session: Session, account: int | None) -> list[TokenInfo]:
    """Tokens of one account, or of all, the newest first."""
    query = (
        select(
            Token.id,
            Account.name,
            Token.label,
            Token.created_at,
            Token.expires_at,
            Token.revoked_at,
            Token.used_at,
        )
        .join_from(Token, Account, Token.account_id == Account.id)
        .order_by(Token.id.desc())
    )
    if account is not None:
        query = query.where(Token.account_id == account)
    return [TokenInfo(*row) for row in session.execute(query)]


def revoke(session: Session, number: int, now: datetime) -> None:
    """A token stands for nobody from now on."""
    session.execute(update(Token).where(Token.id == number, Token.revoked_at.is_(None)).values(revoked_at=now))


def used(session: Session, number: int, now: datetime, *, every: timedelta) -> None:
    """Note that a token is in use, at most once in a while."""
    old = (Token.used_at.is_(None)) | (Token.used_at < now - every)
    session.execute(update(Token).where(Token.id == number, old).values(used_at=now))


def add_sign_in(session: Session, account: int, digest: bytes, expires_at: datetime) -> None:
    """Write a session; those of anybody that have ended are removed."""
    session.execute(delete(SignIn).where(SignIn.expires_at < func.now()))
    session.execute(insert(SignIn).values(hash=digest, account_id=account, expires_at=expires_at))


def end_sign_in(session: Session, digest: bytes) -> None:
    """End one session."""
    session.execute(delete(SignIn).where(SignIn.hash == digest))


def end_sign_ins(session: Session, account: int) -> None:
    """End every session of an account."""
    session.execute(delete(SignIn).where(SignIn.account_id == account))


def failures(session: Session, who: str, now: datetime) -> tuple[int, datetime]:
    """Failures in a row and the moment of the last one; the row stays locked, so that guesses come one by one."""
    session.execute(upsert(FailedSignIn).values(who=who, failures=0, last_at=now).on_conflict_do_nothing())
    row = session.execute(
        select(FailedSignIn.failures, FailedSignIn.last_at).where(FailedSignIn.who == who).with_for_update()
    ).one()
    return row.failures, row.last_at


def set_failures(session: Session, who: str, number: int, now: datetime) -> None:
    """Write how many there were in a row; rows that nobody added to for long are removed."""
    session.execute(update(FailedSignIn).where(FailedSignIn.who == who).values(failures=number, last_at=now))


def forget_failures(session: Session, before: datetime) -> None:
    """Remove what was written before a moment; rows that others hold are left for later."""
    old = select(FailedSignIn.who).where(FailedSignIn.last_at < before).with_for_update(skip_locked=True)
    session.execute(delete(FailedSignIn).where(FailedSignIn.who.in_(old)))


def note(session: Session, actor: str, action: str, subject: str) -> None:
    """Add to the log of what was done."""
    session.execute(insert(Audit).values(actor=actor, action=action, subject=subject))


def who_did(session: Session, action: str, subjects: Sequence[str]) -> dict[str, str]:
    """Who last did something to each of some subjects."""
    query = select(Audit.subject, Audit.actor).where(Audit.action == action, Audit.subject.in_(subjects))
    return {row.subject: row.actor for row in session.execute(query.order_by(Audit.id))}


def log(session: Session, limit: int) -> list[tuple[datetime, str, str, str]]:
    """What was done, the last first: when, by whom, what, to what."""
    rows = session.execute(
        select(Audit.at, Audit.actor, Audit.action, Audit.subject).order_by(Audit.id.desc()).limit(limit)
    )
    return [(row.at, row.actor, row.action, row.subject) for row in rows]


def by_scope(session: Session, county: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Accounts of some scopes: name and code of the scope, by name."""
    rows = session.execute(
        select(Account.name, Account.scope_code)
        .where(Account.county_code == county, Account.scope_code.in_(codes))
        .order_by(Account.name)
    )
    return [(row.name, str(row.scope_code)) for row in rows]


def place(session: Session, county: str, name: str, code: str) -> None:
    """Give an account another scope of the same level."""
    session.execute(update(Account).where(Account.county_code == county, Account.name == name).values(scope_code=code))


def _named(name: str) -> ColumnElement[bool]:
    return func.lower(Account.name) == func.lower(name)


def _first(session: Session, query: Any) -> AccountInfo | None:
    row = session.execute(query).first()
    return AccountInfo(*row) if row else None
