"""Rows of visits that name what is not there, or whose axes are exchanged: refused one by one, with the reason."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.intake.rejections import Rejection
from geo.intake.visit_columns import Visits
from geo.limits import CLOCK_SKEW_MINUTES, MAX_VISIT_HOURS
from geo.months import local_day
from geo.services.lost_zeros import hint
from geo.services.tagging import Tagger
from geo.space.codes import LEVELS, Level
from geo.storage.queries import areas as area_queries
from geo.storage.queries import boundaries, lost_zeros, visits
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import Cadre, Place

Mask = NDArray[np.bool_]
_TOO_LONG: Final = (
    f"the visit ends more than {MAX_VISIT_HOURS} hours after it starts",
    f"结束时间晚于开始时间 {MAX_VISIT_HOURS} 小时以上",
)


def check(session: Session, county: CountyInfo, batch: Visits, areas: Tagger) -> tuple[Mask, list[Rejection]]:
    """Which rows can be stored, and why the others cannot; of several reasons the first.

    :param batch: positions in WGS-84
    """
    good = np.ones(len(batch), dtype=bool)
    refused: list[Rejection] = []

    def refuse(bad: Mask, reason: Callable[[int], tuple[str, str, str]]) -> None:
        refused.extend(Rejection(int(batch.row[at]), *reason(at)) for at in np.flatnonzero(good & bad).tolist())
        good[bad] = False

    said = _ids(batch.staff_no)
    staff = visits.known_staff(session, county.code, said)
    numbers = lost_zeros.find(session, county.code, Cadre.staff_no, said - staff)
    refuse(~_among(batch.staff_no, staff), lambda at: _no_cadre(batch.staff_no[at], numbers))
    said = _ids(batch.place)
    places = visits.known_places(session, county.code, said)
    ids = lost_zeros.find(session, county.code, Place.id, said - places)
    refuse(~_among(batch.place, {*places, None}), lambda at: no_place(batch.place[at], ids))
    refuse(_swapped(batch, areas), lambda _: ("lat", "lon and lat look swapped", "经度和纬度似乎填反了"))
    refuse(_too_long(batch), lambda _: ("ended_at", *_TOO_LONG))
    refuse(_not_over(batch), lambda _: ("ended_at", "the visit ends in the future", "结束时间在将来"))
    refuse(_lost_claims(session, county, batch, areas), lambda at: _no_area(batch.claimed_area[at]))
    return good, refused


def _among(values: NDArray[np.object_], known: set[str | None] | set[str]) -> Mask:
    return np.fromiter((value in known for value in values.tolist()), dtype=bool, count=len(values))


def _ids(values: NDArray[np.object_]) -> set[str]:
    return set(values.tolist()) - {None}


def _no_cadre(staff_no: str, meant: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    en, zh = hint(staff_no, meant)
    return "staff_no", f"no cadre has the number {staff_no}{en}", f"没有工号为 {staff_no} 的干部{zh}"


def no_place(place: str, meant: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    """Field and reason of a row whose place is not there; ``meant`` as of `geo.services.lost_zeros.hint`."""
    en, zh = hint(place, meant)
    return "place", f"no place has the id {place}{en}", f"没有编号为 {place} 的走访对象{zh}"


def _no_area(code: str) -> tuple[str, str, str]:
    return (
        "claimed_area",
        f"no town, village or grid in force has the code {code}",
        f"现行边界中没有代码为 {code} 的乡镇、村（社区）或网格",
    )


def _too_long(batch: Visits) -> Mask:
    return np.asarray(batch.ended_at - batch.started_at > np.timedelta64(MAX_VISIT_HOURS, "h"))


def _not_over(batch: Visits) -> Mask:
    latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=CLOCK_SKEW_MINUTES)
    return np.asarray(batch.ended_at > np.datetime64(latest))


def _swapped(batch: Visits, areas: Tagger) -> Mask:
    """Outside the county as they stand, inside its bounds with lon and lat exchanged."""
    west, south, east, north = areas.bounds()

    def inside(x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))

    return ~inside(batch.lon, batch.lat) & inside(batch.lat, batch.lon)


def _lost_claims(session: Session, county: CountyInfo, batch: Visits, areas: Tagger) -> Mask:
    """Rows without a position whose claim is no area below the county; only such a one says where a visit was."""
    return np.isnan(batch.lon) & unknown_claims(session, county, batch, areas, levels=LEVELS[1:])


def unknown_claims(
    session: Session, county: CountyInfo, batch: Visits, areas: Tagger, *, levels: Sequence[Level] = LEVELS
) -> Mask:
    """Rows whose claim no boundaries know as an area of these levels: neither those of now nor those of the day.

    A visit may come late, after its area was merged away: it still counts for its month, read as things were then.
    """
    claims = batch.claimed_area
    strange = {code for code in set(claims.tolist()) - {None} if not areas.knows(code)}
    unknown: dict[tuple[str, date], bool] = {}
    found = np.zeros(len(batch), dtype=bool)
    for at in np.flatnonzero(_among(claims, strange)).tolist() if strange else ():
        key = (claims[at], local_day(batch.started_at[at].item().replace(tzinfo=UTC), county.zone))
        if key not in unknown:
            area = area_queries.find(session, boundaries.in_force_on(session, county.code, key[1]), key[0])
            unknown[key] = area is None or area.level not in levels
        found[at] = unknown[key]
    return found
