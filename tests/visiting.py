"""Visits to the county of squares, as a sender writes them, and how they are taken."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.intake.visits import parse
from geo.services import sheets, visits
from geo.services.visits import Answer
from geo.storage.queries.counties import CountyInfo
from tests import squares

Row = dict[str, Any]


def visit(number: int, at: str = "2025-03-10T09:00:00", *, grid: str | None = None, **fields: Any) -> Row:
    """A visit with the id ``number``; ``grid`` puts it into the middle of one."""
    row: Row = {"id": str(UUID(int=number)), "staff_no": "C1", "started_at": at}
    if grid is not None:
        row["lon"], row["lat"] = squares.centre(grid)
    return row | fields


def record(session: Session, county: CountyInfo, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """Take a batch as the service does."""
    good, refused = parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
    return visits.record(session, county, good, refused)


def outcomes(answers: Iterable[Answer]) -> Counter[str]:
    """How many rows ended how."""
    return Counter(answer.outcome for answer in answers)


def take(session: Session, county: CountyInfo, kind: str, *rows: Mapping[str, Any]) -> int:
    """Take a sheet; its first row stands in line 2, below the header."""
    return sheets.take(session, county, kind, enumerate(rows, start=2), f"{kind}.csv")
