"""Cursors of lists in the order of a time and an id, and of changes."""

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from geo.errors import InvalidChoice

CHANGES = "c"
"""Mark of a cursor that goes on with changes."""


def write(moment: datetime, id_: UUID) -> str:
    """A cursor that goes on after a row."""
    return base64.urlsafe_b64encode(f"{moment.astimezone(UTC).isoformat()} {id_}".encode()).decode()


def read(cursor: str) -> tuple[datetime, UUID]:
    """The row that a cursor goes on after; raises `InvalidChoice` for one that was not given out."""
    try:
        moment, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment), UUID(id_)
    except (ValueError, binascii.Error) as error:
        raise InvalidChoice(field="cursor", value=cursor, choices="`next` of the page before") from error
