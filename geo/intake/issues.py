"""One issue as it arrives, from JSON or from a sheet, and one event of an issue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Self
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from geo.analysis.issue_flow import EventKind, Extent
from geo.intake import tidying
from geo.intake.located import (
    AccuracyCell,
    CategoryCell,
    FrameCell,
    Number,
    OptionalCode,
    OptionalNote,
    Row,
    blank_is_missing,
    check_position,
    in_county_time,
    written_out,
    wrong,
)
from geo.intake.people import OptionalDay
from geo.intake.rejections import Rejection, from_validation
from geo.limits import CLOCK_SKEW_MINUTES, MAX_TITLE_CHARS

_ROW_NAMESPACE: Final = UUID("d5a3f6de-4a5e-5c43-9d0b-0a5c1f1f6b53")
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TITLE_CHARS, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
OptionalExtent = Annotated[Extent | None, BeforeValidator(blank_is_missing)]
OptionalId = Annotated[UUID | None, BeforeValidator(blank_is_missing)]


class IssueRow(Row):
    """What was found, where and when, who is to handle it. A time without a zone is county time."""

    id: OptionalId = Field(
        default=None, description="made by the client, so that sending twice stores once; made from the row if missing"
    )
    reported_at: datetime = Field(description="ISO 8601; county time without a zone", examples=["2026-10-12T09:30:00"])
    category: CategoryCell = Field(description="one of six; the Chinese words are taken too")
    title: Title = Field(examples=["村道路灯不亮"])
    detail: OptionalNote = None
    lon: Number = Field(default=None, description="degrees east; that of the visit or place if not given")
    lat: Number = Field(default=None, description="degrees north")
    frame: FrameCell = "wgs84"
    accuracy_m: AccuracyCell = None
    claimed_area: OptionalCode = Field(default=None, description="code of the area where it is said to be")
    place: OptionalCode = Field(default=None, description="id of the household, enterprise, project or scenic spot")
    visit: OptionalId = Field(default=None, description="id of the visit on which it was found")
    handler: OptionalCode = Field(default=None, description="code of the organisation that is to handle it")
    liaison: OptionalCode = Field(default=None, description="code of the organisation that keeps in touch about it")
    due_on: OptionalDay = Field(default=None, description="last day; that of the category's limit if not given")

    _written_out = field_validator("reported_at", mode="before")(written_out)
    _in_county_time = field_validator("reported_at")(in_county_time)

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Self:
        if info.context is not None and self.reported_at > info.context["latest"]:
            raise wrong("reported_at", "it was found in the future", "发现时间在将来")
        if self.due_on is not None and self.due_on < self.reported_at.date():
            raise wrong("due_on", "the last day lies before the day it was found", "期限早于发现时间")
        elsewhere = any(value is not None for value in (self.claimed_area, self.place, self.visit))
        check_position(self.lon, self.lat, claimed=elsewhere, what=("issue", "问题"))
        return self


class EventRow(Row):
    """Something that happened to an issue."""

    kind: EventKind
    at: datetime | None = Field(default=None, description="now if not given")
    organisation: OptionalCode = Field(default=None, description="who is to handle it, of assigned and transferred")
    due_on: OptionalDay = Field(default=None, description="last day, of assigned, transferred and extended")
    into: OptionalId = Field(default=None, description="the issue that it becomes part of, of merged")
    note: OptionalNote = Field(default=None, description="what was said; needed for extended, replied and reopened")
    extent: OptionalExtent = Field(default=None, description="whose problem it is, of judged")

    _written_out = field_validator("at", mode="before")(written_out)
    _in_county_time = field_validator("at")(in_county_time)


@dataclass(frozen=True, slots=True)
class NumberedIssue:
    """A good row and where it stood."""

    row: int
    id: UUID
    issue: IssueRow


def parse(
    rows: Iterable[tuple[int, Mapping[str, Any]]], *, zone: ZoneInfo, now: datetime
) -> tuple[list[NumberedIssue], list[Rejection]]:
    """Check rows one by one; a bad row rejects itself and no other. As `geo.intake.visits.parse`."""
    context = {"zone": zone, "latest": now + timedelta(minutes=CLOCK_SKEW_MINUTES)}
    good: list[NumberedIssue] = []
    refused: list[Rejection] = []
    for number, fields in rows:
        try:
            issue = IssueRow.model_validate(fields, context=context)
        except ValidationError as error:
            refused.append(from_validation(number, error))
        else:
            good.append(NumberedIssue(number, issue.id or row_id(issue), issue))
    return good, refused


def parse_sheet(
    rows: Sequence[tuple[int, Mapping[str, str]]], *, zone: ZoneInfo, now: datetime
) -> tuple[list[NumberedIssue], list[Rejection]]:
    """The same for rows of a sheet, where every cell is text."""
    tidied, spoiled = tidying.tidy(rows)
    good, refused = parse(tidied, zone=zone, now=now)
    return good, sorted([*spoiled, *refused], key=lambda one: one.row)


def row_id(issue: IssueRow) -> UUID:
    """An id made from what was found, so that the same row sent again is the same issue."""
    return uuid5(_ROW_NAMESPACE, issue.model_dump_json(exclude={"id"}))


def default_due(reported: date, days: int | None) -> date | None:
    """The last day by a limit of days; None without one."""
    return None if days is None else reported + timedelta(days=days)
