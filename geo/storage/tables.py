"""The tables.

Identity is apart from shape: a code lives on through boundary versions, its geometry belongs to one of them, so visits,
settings and assignments point at codes and never at a row of ``areas``. Every table that grows has ``county_code``
first in its primary key, so that a county can be a partition or a shard.

``areas`` repeats what its path says (``town_code``, ``village_code``, ``grid_code``, itself included), and ``visits``
carries the same three tags for the active version: coverage groups by them without a join over the tree.

``visit_tallies``, ``household_tallies`` and ``reached_tallies`` are kept by statement triggers (see the first
migration), in the same transaction as the visits themselves, whoever writes them. They hold counts, so that a
correction takes back exactly what it had added, and the start of the last visit, which is looked up again where that
visit is taken back; nothing else may write to them.

Where this falls down: a month is taken in the county's time zone at the time of writing, so a county that changes its
zone must have its tallies rebuilt.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from geo.space.codes import LEVELS, Level
from geo.space.crs import WEB_MERCATOR, WGS84
from geo.space.lineage import RELATIONS, Relation


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy reads it so


def _geometry(kind: str, srid: int = WGS84) -> Geometry:
    return Geometry(kind, srid=srid, spatial_index=False)


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class County(Base):
    """A county: how its codes read, which calendar it keeps, in which CRS its metres are measured."""

    __tablename__ = "counties"

    code: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str]
    time_zone: Mapped[str]
    metric_epsg: Mapped[int]

    __table_args__ = (CheckConstraint(_one_of("scheme", "cn", "opaque"), name="scheme"),)


class BoundaryVersion(Base):
    """One set of areas and the half-open range of days in which it is in force.

    ``based_on`` is the version that it was compared with when it was staged, ``replaced`` the one that was in force
    until it was activated: the chain that a rollback goes back along. ``report`` is what the checks found.
    """

    __tablename__ = "boundary_versions"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str]
    source: Mapped[str]
    in_force_from: Mapped[date | None]
    in_force_until: Mapped[date | None]
    loaded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    based_on: Mapped[int | None]
    replaced: Mapped[int | None]
    activated_at: Mapped[datetime | None]
    largest_overlap_m2: Mapped[float] = mapped_column(server_default=text("0"))
    overlaps_accepted_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (
        CheckConstraint(_one_of("status", "staged", "active", "retired"), name="status"),
        CheckConstraint("(status = 'staged') = (in_force_from IS NULL)", name="in_force"),
        Index("uq_boundary_versions_active", "county_code", unique=True, postgresql_where=text("status = 'active'")),
    )


class Area(Base):
    """A county, town, village or grid in one boundary version."""

    __tablename__ = "areas"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[Level] = mapped_column(Text)
    kind: Mapped[str | None]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    path: Mapped[str] = mapped_column(Text(collation="C"))
    town_code: Mapped[str | None]
    village_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    households: Mapped[int | None]
    population: Mapped[int | None]
    area_m2: Mapped[float]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))
    drawn: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["county_code", "version", "parent_code"],
            ["areas.county_code", "areas.version", "areas.code"],
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(_one_of("level", "county", "town", "village", "grid"), name="level"),
        CheckConstraint("(level = 'county') = (parent_code IS NULL)", name="parent"),
        Index(None, "county_code", "version", "level", "code"),
        Index(None, "county_code", "version", "path"),
        Index(None, "county_code", "version", "parent_code"),
        Index(None, "geom", postgresql_using="gist"),
    )


class TileShape(Base):
    """An area as vector tiles show it: in Web Mercator, simplified for a range of zooms, with what a tile tells of it.

    Immutable like the version it belongs to. It repeats its area's columns, so that a tile is one scan of one index.
    """

    __tablename__ = "tile_shapes"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    band: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[Level] = mapped_column(Text)
    kind: Mapped[str | None]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    town_code: Mapped[str | None]
    village_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    households: Mapped[int | None]
    population: Mapped[int | None]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON", WEB_MERCATOR))

    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            ondelete="CASCADE",
        ),
        Index("ix_tile_shapes_place", "county_code", "version", "band", "level", "geom", postgresql_using="gist"),
    )


class Lineage(Base):
    """An area of the version before and what it became when a version was staged or took force."""

    __tablename__ = "lineage"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[Level] = mapped_column(Text)
    relation: Mapped[Relation] = mapped_column(Text)
    old_code: Mapped[str | None]
    new_code: Mapped[str | None]
    old_name: Mapped[str | None]
    new_name: Mapped[str | None]
    share_of_old: Mapped[float]
    share_of_new: Mapped[float]
    iou: Mapped[float]

    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            ondelete="CASCADE",
        ),
        CheckConstraint(_one_of("level", *LEVELS), name="level"),
        CheckConstraint(_one_of("relation", *RELATIONS), name="relation"),
        CheckConstraint("num_nulls(old_code, new_code) < 2", name="codes"),
    )


class Carryover(Base):
    """What an activation did with an assignment, setting or organisation of an area that is no more, or left open.

    ``subject`` is the staff number or the organisation; ``new_id`` the assignment that was made, ``until`` the end
    that the old one had: with them a rollback takes everything back. What stands here as ``decide`` was left to a
    person.
    """

    __tablename__ = "carryovers"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    old_code: Mapped[str]
    new_code: Mapped[str | None]
    subject: Mapped[str | None]
    role: Mapped[str | None]
    old_id: Mapped[int | None]
    new_id: Mapped[int | None]
    until: Mapped[date | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "version"],
            ["boundary_versions.county_code", "boundary_versions.version"],
            ondelete="CASCADE",
        ),
        CheckConstraint(_one_of("kind", "assignment", "setting", "organisation", "account"), name="kind"),
        CheckConstraint(_one_of("outcome", "carried", "decide"), name="outcome"),
        CheckConstraint(_one_of("reason", "renumbered", "merged", "split", "conflict", "gone"), name="reason"),
    )


class AreaSetting(Base):
    """What a county decided about an area, whatever the boundary version: its tier, and why it is left out."""

    __tablename__ = "area_settings"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(server_default="ordinary")
    excluded_reason: Mapped[str | None]
    excluded_by: Mapped[str | None]
    excluded_on: Mapped[date | None]

    __table_args__ = (
        CheckConstraint(_one_of("tier", "key", "ordinary"), name="tier"),
        CheckConstraint("num_nulls(excluded_reason, excluded_by, excluded_on) IN (0, 3)", name="exclusion"),
    )


class VisitRule(Base):
    """How often the areas of a level and tier are to be visited."""

    __tablename__ = "visit_rules"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    visits_per_month: Mapped[int | None]
    every_days: Mapped[int | None]

    __table_args__ = (
        CheckConstraint(_one_of("level", "town", "village", "grid"), name="level"),
        CheckConstraint(_one_of("tier", "key", "ordinary"), name="tier"),
        CheckConstraint("num_nulls(visits_per_month, every_days) = 1", name="one_form"),
        CheckConstraint("coalesce(visits_per_month, every_days) > 0", name="positive"),
    )


class Organisation(Base):
    """A town's office or a department."""

    __tablename__ = "organisations"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    area_code: Mapped[str | None]
    position: Mapped[WKBElement | None] = mapped_column(_geometry("POINT"))

    __table_args__ = (CheckConstraint(_one_of("kind", "town", "department"), name="kind"),)


class Cadre(Base):
    """A person who visits, known by the staff number of the county."""

    __tablename__ = "cadres"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation_code: Mapped[str]
    post: Mapped[str | None]
    phone: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "organisation_code"], ["organisations.county_code", "organisations.code"]),
    )


class Assignment(Base):
    """A cadre holds a role for an area from a day up to, not including, another."""

    __tablename__ = "assignments"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    staff_no: Mapped[str]
    area_code: Mapped[str]
    role: Mapped[str]
    from_day: Mapped[date]
    to_day: Mapped[date | None]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "staff_no"], ["cadres.county_code", "cadres.staff_no"]),
        CheckConstraint(
            _one_of("role", "grid_head", "full_time", "part_time", "instructor", "village_link", "area_leader"),
            name="role",
        ),
        CheckConstraint("to_day > from_day", name="days"),
        UniqueConstraint("county_code", "area_code", "role", "staff_no", "from_day"),
        ExcludeConstraint(
            ("county_code", "="),
            ("area_code", "="),
            (text("daterange(from_day, to_day)"), "&&"),
            name="ex_assignments_one_grid_head",
            using="gist",
            where=text("role = 'grid_head'"),
        ),
        Index(None, "county_code", "staff_no"),
    )


class AssignmentCounter(Base):
    """The number of the last change; its row is locked by a change until that is committed."""

    __tablename__ = "assignment_counters"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class AssignmentChange(Base):
    """What an assignment was after a change (before, where it was removed), when, and by whom.

    Written by triggers whoever changes an assignment, and never changed: the history, and what other systems pull.
    ``actor`` is the setting ``wangge.actor`` of the transaction.
    """

    __tablename__ = "assignment_changes"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    assignment_id: Mapped[int]
    staff_no: Mapped[str]
    area_code: Mapped[str]
    role: Mapped[str]
    from_day: Mapped[date]
    to_day: Mapped[date | None]

    __table_args__ = (
        CheckConstraint(_one_of("action", "added", "changed", "removed"), name="action"),
        Index(None, "county_code", "at"),
    )


class Place(Base):
    """A household, enterprise, project or scenic spot.

    ``claimed_area`` is what its sheet says; ``area_code`` the deepest area that contains it, else the claimed one, in
    the active version.
    """

    __tablename__ = "places"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    position: Mapped[WKBElement | None] = mapped_column(_geometry("POINT"))
    frame: Mapped[str | None]
    claimed_area: Mapped[str | None]
    area_code: Mapped[str | None]
    staff_no: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "staff_no"], ["cadres.county_code", "cadres.staff_no"]),
        CheckConstraint(_one_of("kind", "household", "enterprise", "project", "scenic_spot"), name="kind"),
    )


VISIT_CHANGES: Final = Sequence("visit_changes", data_type=BigInteger, metadata=Base.metadata)


class Visit(Base):
    """One visit. ``area_code`` is the deepest area it is tagged to, in the active version; empty for none.

    ``change`` rises with every change in the order of commits: a trigger lets one transaction at a time take numbers.
    A visit that was withdrawn stays and counts nowhere.
    """

    __tablename__ = "visits"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_no: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    position: Mapped[WKBElement | None] = mapped_column(_geometry("POINT"))
    frame: Mapped[str | None]
    accuracy_m: Mapped[float | None]
    claimed_area: Mapped[str | None]
    place_id: Mapped[str | None]
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    note: Mapped[str | None]
    findings: Mapped[str | None]
    companions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    entered_by: Mapped[str | None]
    tag: Mapped[str]
    town_code: Mapped[str | None]
    village_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    area_code: Mapped[str] = mapped_column(Computed("coalesce(grid_code, village_code, town_code, '')", persisted=True))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    withdrawn_at: Mapped[datetime | None]
    change: Mapped[int] = mapped_column(BigInteger, server_default=VISIT_CHANGES.next_value())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "staff_no"], ["cadres.county_code", "cadres.staff_no"]),
        ForeignKeyConstraint(["county_code", "place_id"], ["places.county_code", "places.id"]),
        CheckConstraint(_one_of("tag", "inside", "near_border", "outside", "unlocated"), name="tag"),
        CheckConstraint("ended_at >= started_at", name="ends_after_start"),
        CheckConstraint("(position IS NULL) = (tag = 'unlocated')", name="unlocated"),
        Index(None, "county_code", "area_code", "started_at"),
        Index(None, "county_code", "staff_no", "started_at"),
        Index(None, "county_code", "place_id", "started_at", postgresql_where=text("place_id IS NOT NULL")),
        Index(None, "county_code", "change"),
        Index(None, "changed_at", postgresql_using="brin"),
    )


class VisitRevision(Base):
    """What a visit said before it was corrected or withdrawn, who did that, when and why."""

    __tablename__ = "visit_revisions"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    reason: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "visit_id"], ["visits.county_code", "visits.id"]),
        CheckConstraint(_one_of("action", "corrected", "withdrawn", "restored"), name="action"),
    )


class VisitTally(Base):
    """Visits of one cadre to one deepest area in one month, kept by triggers."""

    __tablename__ = "visit_tallies"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(primary_key=True)
    visits: Mapped[int]
    unlocated: Mapped[int]
    last_at: Mapped[datetime]


class HouseholdTally(Base):
    """Visits to one household in one month, under the area where the household is at home; kept by triggers."""

    __tablename__ = "household_tallies"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(primary_key=True)
    visits: Mapped[int]


class ReachedTally(Base):
    """Households at home in one area that were visited in one month, kept by triggers."""

    __tablename__ = "reached_tallies"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(primary_key=True)
    households: Mapped[int]
