"""Accounts and tokens on the wire; a secret is in the answer that makes it and nowhere else."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from geo.limits import MAX_PASSWORD_CHARS, MAX_TOKEN_DAYS
from geo.services.accounts import MAY, Access, Permission, Role
from geo.storage.queries.accounts import AccountInfo, TokenInfo

_PLAIN = r"^[^\x00-\x1f\x7f]*$"


class AccountOut(BaseModel):
    """An account."""

    name: str
    role: str
    county: str | None = Field(description="none: everything that is stored")
    scope: str | None = Field(description="code of the area that the account sees, and all below it")
    staff_no: str | None
    active: bool
    created_at: datetime
    signed_in_at: datetime | None

    @classmethod
    def of(cls, account: AccountInfo) -> Self:
        """The wire form."""
        return cls.model_validate(account, from_attributes=True)


class AccountPage(BaseModel):
    """Accounts by name."""

    accounts: list[AccountOut]
    next: str | None


class AccountIn(BaseModel):
    """An account to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64, pattern=_PLAIN, examples=["town-office"])
    role: Role
    scope: str | None = Field(default=None, max_length=64, pattern=_PLAIN, description="the whole county if not given")
    staff_no: str | None = Field(default=None, max_length=64, pattern=_PLAIN)
    password: str | None = Field(
        default=None, max_length=MAX_PASSWORD_CHARS, description="none: signs in with tokens only"
    )


class AccountChange(BaseModel):
    """What is to be different; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    scope: str | None = Field(default=None, max_length=64, pattern=_PLAIN)
    active: bool | None = None
    password: str | None = Field(default=None, max_length=MAX_PASSWORD_CHARS)


class TokenIn(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=100, pattern=_PLAIN, examples=["GIS of the water office"])
    days: int = Field(ge=1, le=MAX_TOKEN_DAYS, description="after which it expires")


class TokenOut(BaseModel):
    """A token without its secret."""

    id: int
    account: str
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="to about five minutes")

    @classmethod
    def of(cls, token: TokenInfo) -> Self:
        """The wire form."""
        return cls.model_validate(token, from_attributes=True)


class TokenMade(BaseModel):
    """A new token."""

    id: int
    secret: str = Field(description="shown this once")


class TokenList(BaseModel):
    """Tokens of an account, the newest first."""

    tokens: list[TokenOut]


class Me(BaseModel):
    """Who asks."""

    name: str
    role: Role
    county: str | None = Field(description="none: everything that is stored")
    scope: str | None = Field(description="code of the area that is seen, and all below it")
    staff_no: str | None
    permissions: list[Permission]
    expires_at: datetime | None = Field(description="of the token that was sent")

    @classmethod
    def of(cls, access: Access) -> Self:
        """The wire form."""
        return cls(
            name=access.name,
            role=access.role,
            county=access.reach.county if access.reach else None,
            scope=access.reach.code if access.reach else None,
            staff_no=access.staff_no,
            permissions=sorted(MAY[access.role]),
            expires_at=access.expires_at,
        )
