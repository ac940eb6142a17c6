"""One visit as it arrives, from JSON or from a sheet: the same names, the same checks, one reason a refused row.

Good rows leave as columns (`Visits`): a sheet of 60,000 rows is tagged and stored column by column.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Self
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator

from geo.intake import plain_visits, tidying
from geo.intake.located import (
    AccuracyCell,
    Code,
    FrameCell,
    Number,
    OptionalCode,
    OptionalNote,
    Row,
    Texts,
    blank_is_missing,
    check_position,
    in_county_time,
    written_out,
    wrong,
)
from geo.intake.rejections import Rejection, from_validation
from geo.intake.visit_columns import Visits
from geo.limits import CLOCK_SKEW_MINUTES, MAX_COMPANIONS

_ROW_NAMESPACE: Final = UUID("6b0f3a52-6f0e-5d0c-9a55-0f5a1d2f7f10")


class VisitRow(Row):
    """Who visited, when, where, whom, and on what topic. A time without a zone is county time."""

    id: Annotated[UUID | None, BeforeValidator(blank_is_missing)] = Field(
        default=None, description="made by the client, so that sending twice stores once; made from the row if missing"
    )
    staff_no: Code = Field(description="staff number of the cadre", examples=["C00017"])
    started_at: datetime = Field(description="ISO 8601; county time without a zone", examples=["2026-10-12T09:30:00"])
    ended_at: Annotated[datetime | None, BeforeValidator(blank_is_missing)] = None
    lon: Number = Field(default=None, description="degrees east")
    lat: Number = Field(default=None, description="degrees north")
    frame: FrameCell = "wgs84"
    accuracy_m: AccuracyCell = Field(
        default=None, description="radius that holds the position in 95 of 100 cases, as browsers give it"
    )
    claimed_area: OptionalCode = Field(default=None, description="code of the area where the visitor says it was")
    place: OptionalCode = Field(default=None, description="id of the household, enterprise, project or scenic spot")
    topics: Texts = ()
    companions: Annotated[Texts, Field(max_length=MAX_COMPANIONS)] = Field(
        default=(), description="who came along: names or staff numbers"
    )
    findings: OptionalNote = Field(default=None, description="what was found that is no issue of its own")
    note: OptionalNote = None

    _written_out = field_validator("started_at", "ended_at", mode="before")(written_out)
    _in_county_time = field_validator("started_at", "ended_at")(in_county_time)

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Self:
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise wrong("ended_at", "the visit ends before it starts", "结束时间早于开始时间")
        if info.context is not None and self.started_at > info.context["latest"]:
            raise wrong("started_at", "the visit starts in the future", "开始时间在将来")
        check_position(self.lon, self.lat, claimed=self.claimed_area is not None, what=("visit", "走访"))
        return self


@dataclass(frozen=True, slots=True)
class NumberedVisit:
    """A good row and where it stood."""

    row: int
    id: UUID
    visit: VisitRow


def parse(
    rows: Iterable[tuple[int, Mapping[str, Any]]], *, zone: ZoneInfo, now: datetime
) -> tuple[Visits, list[Rejection]]:
    """Check rows one by one; a bad row rejects itself and no other.

    :param rows: pairs of the row's number and its fields
    :param now: aware; a start more than `CLOCK_SKEW_MINUTES` later is refused as of the future
    """
    good, refused = examine(rows, zone=zone, now=now)
    return _columns(good), refused


def examine(
    rows: Iterable[tuple[int, Mapping[str, Any]]], *, zone: ZoneInfo, now: datetime
) -> tuple[list[NumberedVisit], list[Rejection]]:
    """The same, row by row."""
    context = {"zone": zone, "latest": now + timedelta(minutes=CLOCK_SKEW_MINUTES)}
    good: list[NumberedVisit] = []
    refused: list[Rejection] = []
    for number, fields in rows:
        try:
            visit = VisitRow.model_validate(fields, context=context)
        except ValidationError as error:
            refused.append(from_validation(number, error))
        else:
            good.append(NumberedVisit(number, visit.id or row_id(visit), visit))
    return good, refused


def parse_sheet(
    rows: Sequence[tuple[int, Mapping[str, str]]], *, zone: ZoneInfo, now: datetime
) -> tuple[Visits, list[Rejection]]:
    """The same for rows of a sheet, where every cell is text: what is written plainly is read column by column."""
    latest = now + timedelta(minutes=CLOCK_SKEW_MINUTES)
    plain, others = _columns([]), rows
    if rows and VisitRow.model_fields.keys() >= rows[0][1].keys():
        plain, others = plain_visits.read(rows, zone=zone, latest=latest)
    tidied, spoiled = tidying.tidy(others)
    good, refused = parse(tidied, zone=zone, now=now)
    return plain.and_(good), sorted([*spoiled, *refused], key=lambda one: one.row)


def _columns(rows: Sequence[NumberedVisit]) -> Visits:
    visits = [one.visit for one in rows]
    number = float("nan")
    return Visits.of(
        row=[one.row for one in rows],
        id=[str(one.id) for one in rows],
        staff_no=[one.staff_no for one in visits],
        started_at=[_instant(one.started_at) for one in visits],
        ended_at=[_instant(one.ended_at) for one in visits],
        lon=[number if one.lon is None else one.lon for one in visits],
        lat=[number if one.lat is None else one.lat for one in visits],
        frame=[one.frame for one in visits],
        accuracy_m=[number if one.accuracy_m is None else one.accuracy_m for one in visits],
        claimed_area=[one.claimed_area for one in visits],
        place=[one.place for one in visits],
        topics=[one.topics for one in visits],
        companions=[one.companions for one in visits],
        findings=[one.findings for one in visits],
        note=[one.note for one in visits],
    )


def _instant(moment: datetime | None) -> datetime | None:
    """In UTC and without a zone, as numpy keeps times."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None else None


def row_id(visit: VisitRow) -> UUID:
    """An id made from all that a row says, so that the same row sent again is the same visit."""
    unsaid = {name for name in ("companions", "findings") if not getattr(visit, name)}  # younger than the first ids
    return uuid5(_ROW_NAMESPACE, visit.model_dump_json(exclude={"id", *unsaid}))
