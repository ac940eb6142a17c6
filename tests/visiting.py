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
from tests.squares import GRIDS, TOWNS, VILLAGES

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
    return sheets.take_whole(session, county, kind, enumerate(rows, start=2), f"{kind}.csv")


def load_march(session: Session, county: CountyInfo) -> None:
    """Eleven visits around March 2025, and four places.

    Grid 0: two of March by C1, one on each side of the month's edges. Grid 1: one by C2, one of April. Grid 2: one
    without position, claimed. Village 1 (grids 2 and 3): one claimed for the village itself. Town 1 (villages 2 and 3):
    one claimed for the town itself. Grid 4: one of February. One outside.
    """
    take(
        session,
        county,
        "places",
        {"id": "H1", "kind": "household", "lon": 120.005, "lat": 30.005},
        {"id": "H2", "kind": "household", "area": GRIDS[1]},
        {"id": "H3", "kind": "household", "area": VILLAGES[1]},
        {"id": "E1", "kind": "enterprise", "area": GRIDS[0]},
    )
    record(
        session,
        county,
        [
            visit(1, "2025-03-01T00:00:00", grid=GRIDS[0], place="H1"),
            visit(2, "2025-03-31T23:59:59.999999", grid=GRIDS[0], place="H1"),
            visit(3, "2025-02-28T23:59:59.999999", grid=GRIDS[0], place="H1"),
            visit(4, "2025-04-01T00:00:00", grid=GRIDS[0], place="H2"),
            visit(5, "2025-03-15T09:00:00", grid=GRIDS[1], staff_no="C2", place="H2"),
            visit(6, "2025-04-15T09:00:00", grid=GRIDS[1]),
            visit(7, "2025-03-15T09:00:00", claimed_area=GRIDS[2], place="H3"),
            visit(8, "2025-03-16T09:00:00", claimed_area=VILLAGES[1], place="E1"),
            visit(9, "2025-03-17T09:00:00", claimed_area=TOWNS[1]),
            visit(10, "2025-02-10T09:00:00", grid=GRIDS[4]),
            visit(11, "2025-03-18T09:00:00", lon=121.0, lat=31.0, claimed_area=GRIDS[0]),
        ],
    )
