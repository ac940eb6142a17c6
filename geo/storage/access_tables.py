"""The tables of access: who may sign in, with what, and what was done.

No secret stands in them: passwords are Argon2 hashes, tokens and sessions are random and stored as SHA-256.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.tables import Base


class Account(Base):
    """Somebody, or another system, with a role and a scope: an area and all below it.

    Without a county the scope is everything that is stored. A service has no password, and no account needs one that
    only uses tokens.
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    county_code: Mapped[str | None] = mapped_column(ForeignKey("counties.code"))
    scope_level: Mapped[str | None]
    scope_code: Mapped[str | None]
    staff_no: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    signed_in_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "staff_no"], ["cadres.county_code", "cadres.staff_no"]),
        CheckConstraint("role IN ('viewer', 'cadre', 'supervisor', 'planner', 'admin', 'service')", name="role"),
        CheckConstraint(
            "(county_code IS NULL) = (scope_level IS NULL) AND (county_code IS NULL) = (scope_code IS NULL)",
            name="scope",
        ),
        CheckConstraint("scope_level IN ('county', 'town', 'village', 'grid')", name="scope_level"),
        Index("uq_accounts_name", text("lower(name)"), unique=True),
    )


class Token(Base):
    """A secret that stands for an account until it expires or is revoked; shown once, when it is made."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    label: Mapped[str]
    hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A session in a browser."""

    __tablename__ = "sign_ins"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class FailedSignIn(Base):
    """Failures in a row for a name (there or not) or from an address."""

    __tablename__ = "failed_sign_ins"

    who: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]


class Audit(Base):
    """Who did what to accounts, tokens and boundaries, and who signed in. Only ever added to."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
