"""Boundary versions and what changed between them, on the wire."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from geo.space.codes import LEVELS, Level
from geo.space.lineage import Link, Relation
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.lineage import Carried

Status = Literal["staged", "active", "retired"]


class VersionOut(BaseModel):
    """A boundary version."""

    version: int
    status: Status
    source: str = Field(description="the file that brought it")
    loaded_at: datetime
    in_force_from: date | None = Field(description="first day in force")
    in_force_until: date | None = Field(description="first day no longer in force")
    based_on: int | None = Field(description="version that it is compared with; null for the first one")
    largest_overlap_m2: float = Field(description="of two areas of one level")
    overlaps_accepted: bool = Field(description="put into force although areas overlap by more than the limit")
    areas: dict[Level, int] = Field(description="count by level")

    @classmethod
    def of(cls, version: VersionInfo, counts: Mapping[str, int]) -> "VersionOut":
        """From what the queries give."""
        return cls(
            version=version.version,
            status=version.status,
            source=version.source,
            loaded_at=version.loaded_at,
            in_force_from=version.in_force_from,
            in_force_until=version.in_force_until,
            based_on=version.based_on,
            largest_overlap_m2=round(version.largest_overlap_m2, 2),
            overlaps_accepted=version.overlaps_accepted_at is not None,
            areas={level: counts[level] for level in LEVELS if level in counts},
        )


class VersionList(BaseModel):
    """Every version of a county, the newest first."""

    versions: list[VersionOut]


class ChangeOut(BaseModel):
    """What became of an area, or where one came from."""

    level: Level
    relation: Relation
    old_code: str | None = Field(description="null for a new area")
    new_code: str | None = Field(description="null for one that is gone")
    old_name: str | None
    new_name: str | None
    share_of_old: float = Field(description="share of the old area that is common ground, 0 to 1")
    share_of_new: float
    iou: float = Field(description="intersection over union, 0 to 1")

    @classmethod
    def of(cls, link: Link) -> "ChangeOut":
        """From a link of the lineage."""
        plain = {name: getattr(link, name) for name in Link.__slots__}
        return cls(**plain | {name: round(plain[name], 6) for name in ("share_of_old", "share_of_new", "iou")})


class CarriedOut(BaseModel):
    """What stood at an area that is no more: carried over, or left for a person to decide."""

    kind: Literal["assignment", "setting", "organisation", "account"]
    outcome: Literal["carried", "decide"]
    reason: Literal["renumbered", "merged", "split", "conflict", "gone"]
    old_code: str
    new_code: str | None
    subject: str | None = Field(description="staff number, code of the organisation, or name of the account")
    role: str | None

    @classmethod
    def of(cls, row: Carried) -> "CarriedOut":
        """From what the activation wrote down."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class ChangesPage(BaseModel):
    """A page of changes, by level and code. Areas that stayed the same are counted and left out unless asked for."""

    version: int
    based_on: int | None
    counts: dict[Relation, int] = Field(description="of the whole version")
    changes: list[ChangeOut]
    carried: list[CarriedOut] = Field(description="on the first page; empty until the version takes force")
    next: str | None = Field(description="cursor of the next page, null on the last one")
