"""Rows of the sheets about people, places and rules: one model a sheet, columns as in the design."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from geo.analysis.coverage import Tier
from geo.intake import choices, tidying
from geo.intake.located import (
    CategoryCell,
    Code,
    FrameCell,
    Number,
    OptionalCode,
    blank_is_missing,
    check_position,
    wrong,
)
from geo.intake.rejections import Rejection, from_validation, set_aside
from geo.limits import MAX_RULE
from geo.space.crs import CHINA_LAT, CHINA_LON

Role = Literal["grid_head", "full_time", "part_time", "instructor", "village_link", "area_leader"]
PlaceKind = Literal["household", "enterprise", "project", "scenic_spot"]
_DAY = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: object) -> object:
    """A bare number would be read as seconds since 1970: 86400 became a day of that year."""
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("missing", "is needed")
    if isinstance(value, str) and _DAY.match(value):
        return value.strip()
    if isinstance(value, date):
        return value
    raise PydanticCustomError("date_parsing", "not a day")


Day = Annotated[date, BeforeValidator(_written_out)]
OptionalDay = Annotated[Day | None, BeforeValidator(blank_is_missing)]
OptionalCount = Annotated[int | None, Field(ge=1, le=MAX_RULE), BeforeValidator(blank_is_missing)]


class SheetRow(BaseModel):
    """What all sheets share: unknown columns are refused, because a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class LocatedRow(SheetRow):
    """A row with ``lon`` and ``lat``, wherever they stand among its columns."""

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        lon, lat = (getattr(self, name) for name in ("lon", "lat"))
        check_position(lon, lat, claimed=True, what=("place", "地点"))
        if lon is not None and not _in_china(lon, lat):
            if _in_china(lat, lon):
                raise wrong("lat", "lon and lat look swapped", "经度和纬度似乎填反了")
            raise wrong(
                "lon",
                "the position lies outside China; lon is degrees east, lat degrees north; leave both empty for none",
                "位置不在中国境内；经度填东经度数，纬度填北纬度数，没有坐标则两格留空",
            )
        return self


def _in_china(lon: float, lat: float) -> bool:
    return CHINA_LON[0] <= lon <= CHINA_LON[1] and CHINA_LAT[0] <= lat <= CHINA_LAT[1]


class OrganisationRow(LocatedRow):
    """单位, with the position of its office."""

    code: Code
    name: Code
    kind: Annotated[Literal["town", "department"], choices.understood(choices.ORGANISATION_KINDS)]
    area: OptionalCode = None
    lon: Number = None
    lat: Number = None
    frame: FrameCell = "wgs84"


class CadreRow(SheetRow):
    """干部."""

    staff_no: Code
    name: Code
    organisation: Code
    post: OptionalCode = None
    phone: OptionalCode = None


class AssignmentRow(SheetRow):
    """分工, in force from a day up to, not including, another."""

    staff_no: Code
    area: Code
    role: Annotated[Role, choices.understood(choices.ROLES)]
    from_day: Day = Field(alias="from")
    to_day: OptionalDay = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to_day is not None and self.to_day <= self.from_day:
            raise PydanticCustomError(
                "days",
                "must be after the day it begins (it is the first day no longer in force)",
                {"field": "to", "zh": "必须晚于起始日（是不再生效的第一天）"},
            )
        return self


class PlaceRow(LocatedRow):
    """走访对象."""

    id: Code
    kind: Annotated[PlaceKind, choices.understood(choices.PLACE_KINDS)]
    name: OptionalCode = None
    lon: Number = None
    lat: Number = None
    frame: FrameCell = "wgs84"
    area: OptionalCode = None
    staff_no: OptionalCode = None


class RuleRow(SheetRow):
    """走访要求: visits a month, or one visit every so many days."""

    level: Annotated[Literal["town", "village", "grid"], choices.understood(choices.LEVELS)]
    tier: Annotated[Tier, choices.understood(choices.TIERS)]
    visits_per_month: OptionalCount = None
    every_days: OptionalCount = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.visits_per_month is None) == (self.every_days is None):
            raise PydanticCustomError(
                "rule",
                "give either visits_per_month or every_days",
                {"field": "visits_per_month", "zh": "每月次数和间隔天数必须且只能填一个"},
            )
        return self


class LimitRow(SheetRow):
    """办理期限: days that the county gives itself for the issues of a category."""

    category: CategoryCell
    days: Annotated[int, Field(ge=1, le=MAX_RULE)]


class RouteRow(SheetRow):
    """承办分派: who handles the issues of a category in an area; in the whole county where no area is named."""

    category: CategoryCell
    area: OptionalCode = None
    handler: Code
    liaison: OptionalCode = None


class AreaSettingRow(SheetRow):
    """区域设置: tier, and an exclusion with its reason, person and day."""

    code: Code
    tier: Annotated[Tier, choices.understood(choices.TIERS, empty="ordinary")] = "ordinary"
    excluded_reason: OptionalCode = None
    excluded_by: OptionalCode = None
    excluded_on: OptionalDay = None

    @model_validator(mode="after")
    def _excluded_with_all_or_not(self) -> Self:
        given = {name: getattr(self, name) for name in ("excluded_reason", "excluded_by", "excluded_on")}
        missing = [name for name, value in given.items() if value is None]
        if 0 < len(missing) < len(given):
            raise PydanticCustomError(
                "exclusion",
                "an exclusion needs its reason, person and day",
                {"field": missing[0], "zh": "排除必须同时写明原因、经手人和日期"},
            )
        return self


def parse(
    rows: Iterable[tuple[int, Mapping[str, Any]]], model: type[SheetRow]
) -> tuple[list[int], list[SheetRow], list[Rejection]]:
    """Check rows one by one; a bad row rejects itself and no other.

    :param rows: pairs of the row's number and its fields: the texts of a sheet, or the values of a form
    :return: numbers and rows that are good, and why the others are not
    """
    whole, spoiled = set_aside(rows)
    tidied, refused = tidying.tidy(whole)
    refused = [*spoiled, *refused]
    numbers: list[int] = []
    good: list[SheetRow] = []
    for number, fields in tidied:
        try:
            good.append(model.model_validate(fields))
        except ValidationError as error:
            refused.append(from_validation(number, error))
        else:
            numbers.append(number)
    return numbers, good, refused
