"""Assignments on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.areas import AreaOut, Candidate
from geo.intake.people import Role
from geo.limits import MAX_CODE_CHARS, MAX_LOOKUP_POINTS
from geo.services.assignments import HandedOver
from geo.space.crs import Frame
from geo.storage.queries.assignments import AssignmentInfo, Change

Code = Annotated[str, Field(min_length=1, max_length=MAX_CODE_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$")]


_ASSIGN = {"staff_no": "C00002", "areas": ["990101001001002"], "role": "part_time", "from": "2026-11-01"}


_HAND_OVER = {"giver": "C00003", "taker": "C00004", "from": "2026-12-01", "areas": ["990101001001002"]}


class AssignmentOut(BaseModel):
    """A cadre's role for an area."""

    id: int
    area: str
    role: Role
    from_day: date = Field(serialization_alias="from", description="first day in force")
    to_day: date | None = Field(serialization_alias="to", description="first day no longer in force; null for no end")
    staff_no: str
    name: str
    post: str | None
    organisation: str
    organisation_name: str

    @classmethod
    def of(cls, info: AssignmentInfo) -> "AssignmentOut":
        """From what the query gives."""
        return cls.model_validate({name: getattr(info, name) for name in AssignmentInfo.__slots__})


class ChangeOut(BaseModel):
    """What an assignment was after a change; before it, where it was removed."""

    number: int = Field(description="of the change, without a gap, in the order in which changes were committed")
    at: datetime
    by: str
    action: Literal["added", "changed", "removed"]
    id: int = Field(description="of the assignment")
    area: str
    role: Role
    from_day: date = Field(serialization_alias="from")
    to_day: date | None = Field(serialization_alias="to")
    staff_no: str

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        """From what the query gives."""
        plain = {name: getattr(change, name) for name in Change.__slots__}
        return cls.model_validate(plain | {"by": change.actor})


class AssignmentPage(BaseModel):
    """A page of assignments, by id."""

    assignments: list[AssignmentOut]
    next: str | None = Field(description="cursor of the next page, null on the last one")


class ChangesPage(BaseModel):
    """Changes, the oldest first. ``next`` goes on from here, now or tomorrow; nothing is missed or repeated."""

    changes: list[ChangeOut]
    more: bool = Field(description="whether there were more at this moment")
    next: str


class AreaResponsible(BaseModel):
    """An area and who holds a role for it."""

    area: AreaOut
    assignments: list[AssignmentOut]


class ResponsibleOut(BaseModel):
    """Who is responsible, at the grid, then the village, then the town."""

    on: date
    boundary_version: int
    areas: list[AreaResponsible] = Field(description="the smallest first; an area that nobody is assigned to is empty")


class ResponsibleAt(ResponsibleOut):
    """The same at a position."""

    lon: float = Field(description="WGS-84")
    lat: float
    candidates: list[Candidate] = Field(description="areas within the accuracy circle, the nearest first")


class Point(BaseModel):
    """A position."""

    model_config = ConfigDict(extra="forbid")

    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class PointsIn(BaseModel):
    """Many positions at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"points": [{"lon": 124.4113, "lat": 29.6802}], "on": "2026-10-31"}]},
    )

    points: Annotated[list[Point], Field(min_length=1, max_length=MAX_LOOKUP_POINTS)]
    frame: Frame = "wgs84"
    on: date | None = Field(default=None, description="today in the county if not given")


class PointsOut(BaseModel):
    """For each position the codes of its areas; assignments once for all of them."""

    on: date
    boundary_version: int
    points: list[list[str]] = Field(description="in the order asked: codes, the smallest first; empty outside of all")
    assignments: list[AssignmentOut]


class CadreGrids(BaseModel):
    """What a cadre holds, on a day or from a later one on."""

    on: date
    staff_no: str
    assignments: list[AssignmentOut]


class AssignIn(BaseModel):
    """A role for one area or several."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"staff_no": "C00002", "areas": ["990101001001002"], "role": "part_time", "from": "2026-11-01"}
            ]
        },
    )

    staff_no: Code
    areas: Annotated[list[Code], Field(min_length=1, max_length=MAX_LOOKUP_POINTS)]
    role: Role
    from_day: date = Field(alias="from")
    to_day: date | None = Field(default=None, alias="to")


class EndIn(BaseModel):
    """The end of an assignment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"to": "2027-01-01"}]},
    )

    to_day: date = Field(alias="to", description="first day no longer in force")


class HandOverIn(BaseModel):
    """All areas of one cadre, or some, to another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"giver": "C00003", "taker": "C00004", "from": "2026-12-01", "areas": ["990101001001002"]}]
        },
    )

    giver: Code
    taker: Code
    from_day: date = Field(alias="from", description="first day of the other")
    areas: list[Code] | None = None


class HandedOverOut(BaseModel):
    """What became of each assignment; ``new_id`` is null where the other held the role there already."""

    area: str
    role: Role
    old_id: int
    new_id: int | None

    @classmethod
    def of(cls, done: HandedOver) -> "HandedOverOut":
        """From what the service did."""
        return cls.model_validate({name: getattr(done, name) for name in HandedOver.__slots__})
