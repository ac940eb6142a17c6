"""What visits and issues share: types of cells, times, and positions that can be meant."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from geo.analysis.issue_flow import Category
from geo.intake import choices
from geo.limits import MAX_ACCURACY_M, MAX_CODE_CHARS, MAX_TEXT_CHARS
from geo.months import FIRST_YEAR, LAST_YEAR
from geo.space.crs import MAX_LAT, MAX_LON, Frame

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
OptionalNote = Annotated[Note | None, BeforeValidator(blank_is_missing)]
FrameCell = Annotated[Frame, choices.understood(choices.FRAMES, empty="wgs84")]
AccuracyCell = Annotated[
    Annotated[float, Field(ge=0, le=MAX_ACCURACY_M)] | None,
    BeforeValidator(blank_is_missing),
    BeforeValidator(_no_truth_value),
]
Texts = Annotated[tuple[Code, ...], BeforeValidator(_split_topics)]
CategoryCell = Annotated[Category, choices.understood(choices.CATEGORIES)]


class Row(BaseModel):
    """A row that says when and where. A time without a zone is county time."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def written_out(value: object, info: ValidationInfo) -> object:
    """A time as text; a bare number would be read as seconds since 1970, which nobody typed on purpose."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, str) and not value.strip():
        if info.field_name != "ended_at":
            raise PydanticCustomError("missing", "is needed")
        return None
    if isinstance(value, str) and _WRITTEN_OUT.match(value.strip()):
        return value.strip()
    raise PydanticCustomError("datetime_parsing", "not a time")


def in_county_time(value: datetime | None, info: ValidationInfo) -> datetime | None:
    """Within the years that can be meant, and with a zone."""
    if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise wrong(
            info.field_name or "",
            f"must lie between {FIRST_YEAR} and {LAST_YEAR}",
            f"必须在 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间",
        )
    if value is None or value.tzinfo is not None or info.context is None:
        return value
    return value.replace(tzinfo=info.context["zone"])


def check_position(lon: float | None, lat: float | None, *, claimed: bool, what: tuple[str, str]) -> None:
    """Raise where a position cannot be meant, or where neither it nor anything else says where something was.

    :param claimed: whether something else says it
    :param what: a visit, an issue, in English and Chinese
    """
    if (lon is None) != (lat is None):
        missing = "lon" if lon is None else "lat"
        raise wrong(missing, "lon and lat are given together or not at all", "经度和纬度必须同时填写")
    if lon is None or lat is None:
        if not claimed:
            en = f"a{'n' if what[0][0] in 'aeiou' else ''} {what[0]} without lon and lat needs the area where it was"
            raise wrong("claimed_area", en, f"没有经纬度的{what[1]}必须填写所在区域")
        return
    if abs(lat) > MAX_LAT and abs(lat) <= MAX_LON and abs(lon) <= MAX_LAT:
        raise wrong("lat", "lon and lat look swapped", "经度和纬度似乎填反了")
    if abs(lat) > MAX_LAT:
        raise wrong("lat", "must be between −90 and 90", "必须在 −90 到 90 之间")
    if abs(lon) > MAX_LON:
        raise wrong("lon", "must be between −180 and 180", "必须在 −180 到 180 之间")
    if lon == lat:
        raise wrong(
            "lat",
            "lon and lat are the same number: the device had no position, or one was copied into both; leave both"
            " empty and give the area where it was",
            "经度和纬度是同一个数：设备没有定位，或填写时复制错了；请把两格留空并填写所在区域",
        )


def wrong(field: str, en: str, zh: str) -> PydanticCustomError:
    """What a validator raises: a field, and what is wrong with it in both languages."""
    return PydanticCustomError("row", en, {"field": field, "zh": zh})
