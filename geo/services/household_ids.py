"""Ids of households as the county wants them kept: as its sheets say them, or as hashes that say nothing.

A house number or the number of a register is short: whoever has plain hashes tries all numbers in seconds. So the hash
is keyed (HMAC-SHA-256, RFC 2104), and the key does not lie in the database. The names of such households are not kept
either. Whoever knows a household's own id goes on using it: it is hashed wherever a place is named.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.orm import Session

from geo.intake.issues import NumberedIssue
from geo.intake.visit_columns import Visits, objects
from geo.storage import reach
from geo.storage.queries import visits

_KEY: Final = "household_key"
_PREFIX: Final = "h-"
_HEX_DIGITS: Final = 32


def session_info(key: bytes | None) -> dict[str, Any]:
    """What sessions are made with: the key where ids are hashed, None where they are kept as they are."""
    return {_KEY: key}


def hashed(session: Session, id_: str) -> str:
    """The id that a household is kept under; an id that is a hash already stays."""
    key: bytes | None = session.info.get(_KEY)
    if key is None or _is_hash(id_):
        return id_
    return _PREFIX + hmac.new(key, id_.encode(), sha256).hexdigest()[:_HEX_DIGITS]


def are_hashed(session: Session) -> bool:
    """Whether the county wants ids of households hashed."""
    return session.info.get(_KEY) is not None


def kept(session: Session, county: str, ids: Collection[str]) -> dict[str, str]:
    """For each id that names a household by its own id, the id that it is kept under."""
    if not are_hashed(session):
        return {}
    under = {one: hashed(session, one) for one in ids}
    with reach.unlimited(session):
        known = visits.known_places(session, county, set(under.values()))
    return {one: hash_ for one, hash_ in under.items() if hash_ in known}


def kept_of(session: Session, county: str, id_: str | None) -> str | None:
    """The id that one place is kept under."""
    return None if id_ is None else kept(session, county, [id_]).get(id_, id_)


def in_visits(session: Session, county: str, batch: Visits) -> Visits:
    """Visits whose households stand under the ids that they are kept under."""
    found = kept(session, county, set(batch.place.tolist()) - {None})
    if not found:
        return batch
    return replace(batch, place=objects([found.get(one, one) for one in batch.place.tolist()]))


def in_issues(session: Session, county: str, rows: Sequence[NumberedIssue]) -> list[NumberedIssue]:
    """Issues whose households stand under the ids that they are kept under."""
    found = kept(session, county, {row.issue.place for row in rows if row.issue.place})
    return [
        replace(row, issue=row.issue.model_copy(update={"place": found[row.issue.place]}))
        if row.issue.place in found
        else row
        for row in rows
    ]


def masked(session: Session, county: str, ids: Collection[str]) -> dict[str, str]:
    """For each id that no place has, what may be kept of it: nothing says that it is not a household's own.

    Sent again as it is here it means what it meant.
    """
    with reach.unlimited(session):
        known = visits.known_places(session, county, ids)
    return {one: hashed(session, one) for one in ids if one not in known}


def _is_hash(id_: str) -> bool:
    digits = id_.removeprefix(_PREFIX)
    return id_ != digits and len(digits) == _HEX_DIGITS and set(digits) <= set("0123456789abcdef")
