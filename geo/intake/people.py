"""Rows of the sheets about people, places and rules: one model a sheet, columns as in the design."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from geo.analysis.coverage import Tier
from geo.intake.located import CategoryCell, Code, FrameCell, OptionalCode, blank_is_missing
from geo.limits import MAX_RULE

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


Lon = Annotated[Annotated[float, Field(ge=-180, le=180)] | None, BeforeValidator(blank_is_missing)]
Lat = Annotated[Annotated[float, Field(ge=-90, le=90)] | None, BeforeValidator(blank_is_missing)]


class SheetRow(BaseModel):
    """What all sheets share: unknown columns are refused, because a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class LocatedRow(SheetRow):
    """A row with ``lon`` and ``lat``, wherever they stand among its columns."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        lon, lat = (getattr(self, name) for name in ("lon", "lat"))
        if (lon is None) != (lat is None):
            raise PydanticCustomError(
                "position",
                "lon and lat are given together or not at all",
                {"field": "lon" if lon is None else "lat", "zh": "经度和纬度必须同时填写"},
            )
        return self


class OrganisationRow(LocatedRow):
    """单位, with the position of its office."""

    code: Code
    name: Code
    kind: Literal["town", "department"]
    area: OptionalCode = None
    lon: Lon = None
    lat: Lat = None
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
    role: Role
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
    kind: PlaceKind
    name: OptionalCode = None
    lon: Lon = None
    lat: Lat = None
    frame: FrameCell = "wgs84"
    area: OptionalCode = None
    staff_no: OptionalCode = None


class RuleRow(SheetRow):
    """走访要求: visits a month, or one visit every so many days."""

    level: Literal["town", "village", "grid"]
    tier: Tier
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
    tier: Annotated[Tier, BeforeValidator(lambda value: blank_is_missing(value) or "ordinary")] = "ordinary"
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
