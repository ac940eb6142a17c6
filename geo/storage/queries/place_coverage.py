"""Counts behind the coverage of places.

Visits are read of the table itself, past the limit of the session (see `geo.storage.reach`): they only ever meet the
places that the reader may see, and whether such a place was visited does not depend on where the visit was tagged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, select, true
from sqlalchemy.orm import Session

from geo.analysis.place_coverage import ListedKind
from geo.storage.queries.areas import AreaInfo, in_scope, in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import Area, Cadre, Organisation, Place, ReachedTally, Visit

_HOME: Final[tuple[Any, ...]] = (
    Area.code.label("area_code"),
    Area.name.label("area_name"),
    Area.town_code,
    Area.village_code,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One reading: a month of a scope, in the active boundary version."""

    version: VersionInfo
    scope: AreaInfo
    month: date
    start: datetime
    end: datetime


def places(session: Session, asked: Asked, kinds: Sequence[ListedKind]) -> Sequence[Row[Any]]:
    """Places of some kinds with their home, their cadre, visits of the month and the last visit up to its end."""
    visit = Visit.__table__.c
    of_place = (visit.county_code == Place.county_code) & (visit.place_id == Place.id) & visit.withdrawn_at.is_(None)
    visits = select(func.count()).where(of_place, visit.started_at >= asked.start, visit.started_at < asked.end)
    last = select(func.max(visit.started_at)).where(of_place, visit.started_at < asked.end)
    query = (
        select(
            Place.id,
            Place.name,
            Place.kind,
            *_HOME,
            Cadre.staff_no,
            Cadre.name.label("cadre_name"),
            Organisation.name.label("organisation"),
            visits.correlate(Place).scalar_subquery().label("visits"),
            last.correlate(Place).scalar_subquery().label("last"),
        )
        .join_from(Place, Area, in_version(asked.version) & (Area.code == Place.area_code), isouter=True)
        .join(Cadre, (Cadre.county_code == Place.county_code) & (Cadre.staff_no == Place.staff_no), isouter=True)
        .join(
            Organisation,
            (Organisation.county_code == Cadre.county_code) & (Organisation.code == Cadre.organisation_code),
            isouter=True,
        )
        .where(Place.county_code == asked.version.county, Place.kind.in_(kinds), _within(asked.scope))
    )
    return session.execute(query).all()


def households(session: Session, asked: Asked) -> Sequence[Row[Any]]:
    """Known households and those visited in the month, by the area of their home."""
    known = (
        select(Place.area_code, func.count().label("households"))
        .where(Place.county_code == asked.version.county, Place.kind == "household")
        .group_by(Place.area_code)
        .subquery()
    )
    reached = ReachedTally.__table__
    in_month = (reached.c.county_code == asked.version.county) & (reached.c.month == asked.month)
    at_home = reached.c.area_code == func.coalesce(known.c.area_code, "")
    query = (
        select(known.c.households, func.coalesce(reached.c.households, 0).label("visited"))
        .add_columns(*_HOME)
        .join_from(known, Area, in_version(asked.version) & (Area.code == known.c.area_code), isouter=True)
        .join(reached, in_month & at_home, isouter=True)
        .where(_within(asked.scope))
        .order_by(Area.code)
    )
    return session.execute(query).all()


def _within(scope: AreaInfo) -> ColumnElement[bool]:
    """The condition that a home lies in a scope; a place that lies in no area is the whole county's."""
    return true() if scope.level == "county" else in_scope(scope.path)
