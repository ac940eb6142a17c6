"""One visit as it arrives, from JSON or from a sheet: the same names, the same checks, one reason a refused row.

Good rows leave as columns (`Visits`): a sheet of 60,000 rows is tagged and stored column by column.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Self
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from geo.intake import plain_visits
from geo.intake.rejections import Rejection, from_validation
from geo.intake.visit_columns import Visits
from geo.limits import CLOCK_SKEW_MINUTES, MAX_ACCURACY_M, MAX_CODE_CHARS, MAX_COMPANIONS, MAX_TEXT_CHARS
from geo.months import FIRST_YEAR, LAST_YEAR
from geo.space.crs import MAX_LAT, MAX_LON, Frame

_ROW_NAMESPACE: Final = UUID("6b0f3a52-6f0e-5d0c-9a55-0f5a1d2f7f10")
_WRITTEN_OUT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def blank_is_missing(value: object) -> object:
    """An empty cell is a missing value."""
    return None if isinstance(value, str) and not value.strip() else value


def _split_topics(value: object) -> object:
    if value is None:
        return []
    if isinstance(value, str):
        return [topic for part in value.replace("；", ";").split(";") if (topic := part.strip())]
    return value


def _no_truth_value(value: object) -> object:
    """JSON's ``true`` would be read as 1.0."""
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "not a number")
    return value


Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_CODE_CHARS, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
OptionalCode = Annotated[Code | None, BeforeValidator(blank_is_missing)]
# PostgreSQL stores any character but NUL.
Note = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS, pattern=r"^[^\x00]*$")]
Number = Annotated[float | None, BeforeValidator(blank_is_missing), BeforeValidator(_no_truth_value)]


class VisitRow(BaseModel):
    """Who visited, when, where, whom, and on what topic. A time without a zone is county time."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: Annotated[UUID | None, BeforeValidator(blank_is_missing)] = Field(
        default=None, description="made by the client, so that sending twice stores once; made from the row if missing"
    )
    staff_no: Code = Field(description="staff number of the cadre", examples=["C00017"])
    started_at: datetime = Field(description="ISO 8601; county time without a zone", examples=["2026-10-12T09:30:00"])
    ended_at: Annotated[datetime | None, BeforeValidator(blank_is_missing)] = None
    lon: Number = Field(default=None, description="degrees east")
    lat: Number = Field(default=None, description="degrees north")
    frame: Annotated[Frame, BeforeValidator(lambda value: blank_is_missing(value) or "wgs84")] = "wgs84"
    accuracy_m: Annotated[
        Annotated[float, Field(ge=0, le=MAX_ACCURACY_M)] | None,
        BeforeValidator(blank_is_missing),
        BeforeValidator(_no_truth_value),
    ] = None
    claimed_area: OptionalCode = Field(default=None, description="code of the area where the visitor says it was")
    place: OptionalCode = Field(default=None, description="id of the household, enterprise, project or scenic spot")
    topics: Annotated[tuple[Code, ...], BeforeValidator(_split_topics)] = ()
    companions: Annotated[tuple[Code, ...], BeforeValidator(_split_topics), Field(max_length=MAX_COMPANIONS)] = Field(
        default=(), description="who came along: names or staff numbers"
    )
    findings: Annotated[Note | None, BeforeValidator(blank_is_missing)] = Field(
        default=None, description="what was found that is no issue of its own"
    )
    note: Annotated[Note | None, BeforeValidator(blank_is_missing)] = None

    @field_validator("started_at", "ended_at", mode="before")
    @classmethod
    def _is_written_out(cls, value: object, info: ValidationInfo) -> object:
        # A bare number would be read as seconds since 1970, which nobody typed on purpose.
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, str) and not value.strip():
            if info.field_name == "started_at":
                raise PydanticCustomError("missing", "is needed")
            return None
        if isinstance(value, str) and _WRITTEN_OUT.match(value.strip()):
            return value.strip()
        raise PydanticCustomError("datetime_parsing", "not a time")

    @field_validator("started_at", "ended_at")
    @classmethod
    def _in_county_time(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise _wrong(
                info.field_name or "started_at",
                f"must lie between {FIRST_YEAR} and {LAST_YEAR}",
                f"必须在 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间",
            )
        if value is None or value.tzinfo is not None or info.context is None:
            return value
        return value.replace(tzinfo=info.context["zone"])

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Self:
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise _wrong("ended_at", "the visit ends before it starts", "结束时间早于开始时间")
        if info.context is not None and self.started_at > info.context["latest"]:
            raise _wrong("started_at", "the visit starts in the future", "开始时间在将来")
        self._check_position()
        return self

    def _check_position(self) -> None:
        if (self.lon is None) != (self.lat is None):
            missing = "lon" if self.lon is None else "lat"
            raise _wrong(missing, "lon and lat are given together or not at all", "经度和纬度必须同时填写")
        if self.lon is None or self.lat is None:
            if self.claimed_area is None:
                raise _wrong(
                    "claimed_area",
                    "a visit without lon and lat needs the area where it was",
                    "没有经纬度的走访必须填写所在区域",
                )
            return
        if abs(self.lat) > MAX_LAT and abs(self.lat) <= MAX_LON and abs(self.lon) <= MAX_LAT:
            raise _wrong("lat", "lon and lat look swapped", "经度和纬度似乎填反了")
        if abs(self.lat) > MAX_LAT:
            raise _wrong("lat", "must be between −90 and 90", "必须在 −90 到 90 之间")
        if abs(self.lon) > MAX_LON:
            raise _wrong("lon", "must be between −180 and 180", "必须在 −180 到 180 之间")
        if self.lon == self.lat:
            raise _wrong(
                "lat",
                "lon and lat are the same number: the device had no position, or one was copied into both; leave both"
                " empty and give the area where it was",
                "经度和纬度是同一个数：设备没有定位，或填写时复制错了；请把两格留空并填写所在区域",
            )


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
    if not rows or not VisitRow.model_fields.keys() >= rows[0][1].keys():
        return parse(rows, zone=zone, now=now)
    plain, others = plain_visits.read(rows, zone=zone, latest=latest)
    good, refused = parse(others, zone=zone, now=now)
    return plain.and_(good), refused


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


def _wrong(field: str, en: str, zh: str) -> PydanticCustomError:
    return PydanticCustomError("visit", en, {"field": field, "zh": zh})
