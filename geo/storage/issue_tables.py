"""The tables of issues: what was found, everything that happened to it, how long each may take, and who it goes to.

What ``issues`` says of where an issue stands (``status`` and what follows it) is computed from its events and written
with each of them; `geo.analysis.issue_flow.replay` of the events gives the same. A trigger keeps events from being
changed or removed.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Sequence,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.analysis.issue_flow import CATEGORIES, EVENT_KINDS, EXTENTS, STATUSES, Category, EventKind, Extent, Status
from geo.space.crs import WGS84
from geo.storage.tables import Base

ISSUE_CHANGES: Final = Sequence("issue_changes", data_type=BigInteger, metadata=Base.metadata)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Issue(Base):
    """A problem that was found on a visit or reported, where it is, and where it stands.

    Tags and ``change`` are those of a visit.
    """

    __tablename__ = "issues"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[Category] = mapped_column(Text)
    title: Mapped[str]
    detail: Mapped[str | None]
    reported_at: Mapped[datetime]
    position: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", srid=WGS84, spatial_index=False))
    frame: Mapped[str | None]
    accuracy_m: Mapped[float | None]
    claimed_area: Mapped[str | None]
    place_id: Mapped[str | None]
    visit_id: Mapped[UUID | None]
    liaison: Mapped[str | None]
    entered_by: Mapped[str | None]
    tag: Mapped[str]
    town_code: Mapped[str | None]
    village_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    area_code: Mapped[str] = mapped_column(Computed("coalesce(grid_code, village_code, town_code, '')", persisted=True))
    status: Mapped[Status] = mapped_column(Text)
    handler: Mapped[str | None]
    due_on: Mapped[date | None]
    transfers: Mapped[int] = mapped_column(server_default=text("0"))
    in_circles: Mapped[bool] = mapped_column(server_default=text("false"))
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    merged_into: Mapped[UUID | None]
    extent: Mapped[Extent | None] = mapped_column(Text)
    events: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    change: Mapped[int] = mapped_column(BigInteger, server_default=ISSUE_CHANGES.next_value())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "place_id"], ["places.county_code", "places.id"]),
        ForeignKeyConstraint(["county_code", "visit_id"], ["visits.county_code", "visits.id"]),
        ForeignKeyConstraint(["county_code", "handler"], ["organisations.county_code", "organisations.code"]),
        ForeignKeyConstraint(["county_code", "liaison"], ["organisations.county_code", "organisations.code"]),
        ForeignKeyConstraint(["county_code", "merged_into"], ["issues.county_code", "issues.id"]),
        CheckConstraint(_one_of("category", CATEGORIES), name="category"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint(_one_of("tag", ("inside", "near_border", "outside", "unlocated")), name="tag"),
        CheckConstraint("(position IS NULL) = (tag = 'unlocated')", name="unlocated"),
        CheckConstraint("(merged_into IS NULL) = (status <> 'merged')", name="merged"),
        CheckConstraint(_one_of("extent", EXTENTS), name="extent"),
        Index(None, "county_code", "category", "status"),
        Index(None, "county_code", "area_code", "reported_at"),
        Index(None, "county_code", "reported_at", "id"),
        Index(None, "county_code", "place_id"),
        Index(None, "county_code", "change"),
        Index(None, "changed_at", postgresql_using="brin"),
    )


class IssueEvent(Base):
    """Something that happened to an issue; never changed and never removed."""

    __tablename__ = "issue_events"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[EventKind] = mapped_column(Text)
    at: Mapped[datetime]
    actor: Mapped[str]
    organisation: Mapped[str | None]
    due_on: Mapped[date | None]
    merged_into: Mapped[UUID | None]
    note: Mapped[str | None]
    extent: Mapped[Extent | None] = mapped_column(Text)
    proposal: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "issue_id"], ["issues.county_code", "issues.id"]),
        CheckConstraint(_one_of("kind", EVENT_KINDS), name="kind"),
        CheckConstraint(_one_of("extent", EXTENTS), name="extent"),
        CheckConstraint("(kind = 'judged') = (extent IS NOT NULL)", name="judged"),
        CheckConstraint("(number = 1) = (kind = 'reported')", name="begins"),
    )


class IssueLimit(Base):
    """How many days the county gives itself for the issues of a category."""

    __tablename__ = "issue_limits"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int]

    __table_args__ = (
        CheckConstraint(_one_of("category", CATEGORIES), name="category"),
        CheckConstraint("days > 0", name="positive"),
    )


class IssueRoute(Base):
    """Who handles the issues of a category in an area; the whole county's where ``area_code`` is the county's."""

    __tablename__ = "issue_routes"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(Text, primary_key=True)
    handler: Mapped[str]
    liaison: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "handler"], ["organisations.county_code", "organisations.code"]),
        ForeignKeyConstraint(["county_code", "liaison"], ["organisations.county_code", "organisations.code"]),
        CheckConstraint(_one_of("category", CATEGORIES), name="category"),
    )
