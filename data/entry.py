"""Accounts of the demonstration: one a role, with passwords and a token made up at that moment and shown once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from data.loading import COUNTY
from geo.services import accounts
from geo.services.accounts import Role
from geo.storage.queries import areas, assignments, boundaries

_TOKEN_DAYS: Final = 30
_ACTOR: Final = "demo"


@dataclass(frozen=True, slots=True)
class Entry:
    """How to come in: an account with its password, or its token where it is another system."""

    name: str
    role: Role
    scope: str
    secret: str


def make(session: Session) -> list[Entry]:
    """An account a role: three of the whole county, a supervisor of its first town, a cadre of one village."""
    version = boundaries.active(session, COUNTY)
    town = areas.page(session, version, level="town", limit=1)[0].code
    village, staff_no = _village_and_cadre(session)
    scopes: Sequence[tuple[Role, str, str | None]] = (
        ("viewer", COUNTY, None),
        ("cadre", village, staff_no),
        ("supervisor", town, None),
        ("planner", COUNTY, None),
        ("admin", COUNTY, None),
        ("service", COUNTY, None),
    )
    return [_entry(session, role, scope, staff_no) for role, scope, staff_no in scopes]


def _village_and_cadre(session: Session) -> tuple[str, str]:
    held = assignments.page(session, COUNTY, role="village_link", limit=1)[0]
    return held.area, held.staff_no


def _entry(session: Session, role: Role, scope: str, staff_no: str | None) -> Entry:
    password = None if role == "service" else secrets.token_urlsafe(9)
    account = accounts.add(
        session,
        f"demo-{role}",
        role,
        county=COUNTY,
        scope=scope,
        staff_no=staff_no,
        password=password,
        actor=_ACTOR,
    )
    secret = password or accounts.make_token(session, account, "demo", days=_TOKEN_DAYS, actor=_ACTOR)[1]
    return Entry(account.name, role, scope, secret)
