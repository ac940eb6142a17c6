"""Parameters of OGC API – Features as the standard wants them read: what cannot be is 400 and says why."""

from collections.abc import Collection as Names
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Final

import numpy as np
from fastapi import HTTPException, Request
from shapely.geometry.base import BaseGeometry

from geo.limits import DEFAULT_PAGE, MAX_PAGE
from geo.space.ogc_crs import Box, OgcCrs, box_of, offered
from geo.storage.queries.counties import CountyInfo

_CORNERS: Final = 2
_PLANE, _SPACE = 4, 6


def no_others(request: Request, known: Names[str]) -> None:
    """Refuse a parameter that is not known here."""
    for name in request.query_params:
        if name not in known:
            raise refused(name, "is no parameter here; there are " + ", ".join(sorted(known)))


def limit_of(text: str | None) -> int:
    """Features of a page. More than the most is the most, as the standard says."""
    if text is None:
        return DEFAULT_PAGE
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise refused("limit", "must be a whole number from 1 up")
    return min(int(text), MAX_PAGE)


def crs_of(county: CountyInfo, name: str, uri: str | None) -> OgcCrs:
    """The system of that name; CRS84 if none is given."""
    systems = offered(county.metric_epsg)
    found = next((one for one in systems if uri is None or one.uri == uri), None)
    if found is None:
        raise refused(name, "must be one of " + ", ".join(one.uri for one in systems))
    return found


def box_in(text: str | None, source: OgcCrs) -> BaseGeometry | None:
    """A bounding box, in WGS-84."""
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise refused("bbox", "must be four or six numbers with commas between") from error
    if len(values) not in (_PLANE, _SPACE) or not np.isfinite(values).all():
        raise refused("bbox", "must be four or six numbers with commas between")
    half = len(values) // _CORNERS
    corners: Box = (values[0], values[1], values[half], values[half + 1])
    try:
        return box_of(corners, source)
    except ValueError as error:
        raise refused("bbox", str(error)) from error


def interval_of(text: str | None, county: CountyInfo) -> tuple[datetime | None, datetime | None]:
    """First and last instant; None where it is open. A day is the county's, from its midnight to its last moment."""
    if text is None:
        return None, None
    begin, slash, end = text.partition("/")
    first, last = _instant(begin, county, last=False), _instant(end if slash else begin, county, last=True)
    if first is not None and last is not None and first > last:
        raise refused("datetime", "the interval ends before it begins")
    return first, last


def _instant(text: str, county: CountyInfo, *, last: bool) -> datetime | None:
    if text in ("", ".."):
        return None
    try:
        if len(text) == len("2026-10-31"):
            midnight = datetime.combine(date.fromisoformat(text), time(), tzinfo=county.zone)
            return midnight + timedelta(days=1, microseconds=-1) if last else midnight
        moment = datetime.fromisoformat(text)
        moment.astimezone(county.zone)
    except (ValueError, OverflowError) as error:
        raise refused("datetime", "must be a moment such as 2026-10-31T12:00:00Z, or two with / between") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=county.zone)


def refused(name: str, why: str) -> HTTPException:
    """The refusal of a parameter."""
    return HTTPException(HTTPStatus.BAD_REQUEST, f"{name}: {why}")
