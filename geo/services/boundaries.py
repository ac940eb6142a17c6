"""Boundary versions: staged, then activated, each in one transaction of the caller."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from geo.errors import BoundariesRejected, VersionNotStaged
from geo.limits import DRAWING_TOLERANCE_M
from geo.months import local_day
from geo.services import retagging
from geo.services.boundary_plans import Plan
from geo.space import shapes
from geo.storage.bulk import copy_rows, hex_ewkb
from geo.storage.queries import boundaries, counties
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.tables import BoundaryVersion, County

_AREA_COLUMNS = (
    "county_code",
    "version",
    "code",
    "level",
    "kind",
    "name",
    "parent_code",
    "path",
    "town_code",
    "village_code",
    "grid_code",
    "households",
    "population",
    "area_m2",
    "geom",
    "drawn",
)


@dataclass(frozen=True, slots=True)
class Activation:
    """What an activation did."""

    version: VersionInfo
    retired: VersionInfo | None
    visits: int
    retagged: int


def stage(session: Session, plan: Plan) -> VersionInfo:
    """Write a plan as a staged version; raises `BoundariesRejected` if it has errors."""
    if plan.errors:
        first = plan.errors[0]
        raise BoundariesRejected(
            file=plan.source,
            count=len(plan.errors),
            first=f"row {first.row}, {first.field}: {first.en}",
            first_zh=f"第 {first.row} 行 {first.field}：{first.zh}",
        )
    county = plan.county
    if plan.is_new_county:
        session.execute(
            insert(County).values(
                code=county.code, scheme=county.scheme, time_zone=county.zone.key, metric_epsg=county.metric_epsg
            )
        )
    counties.hold(session, county.code, alone=True)
    number = 1 + (
        session.scalar(select(func.max(BoundaryVersion.version)).where(BoundaryVersion.county_code == county.code)) or 0
    )
    session.execute(
        insert(BoundaryVersion).values(
            county_code=county.code, version=number, status="staged", source=plan.source, loaded_at=datetime.now(UTC)
        )
    )
    _write_areas(session, plan, number)
    return boundaries.get(session, county.code, number)


def activate(session: Session, county: str, version: int, *, from_day: date | None = None) -> Activation:
    """Put a staged version into force and tag every visit and place anew.

    Readers see the old version until the caller commits; writers of visits wait.

    :param from_day: the first day in force; today in the county if not given
    :raises UnknownVersion: there is no such version
    :raises VersionNotStaged: it is active or retired already
    """
    info = counties.resolve(session, county)
    counties.hold(session, county, alone=True)
    staged = boundaries.get(session, county, version)
    if staged.status != "staged":
        raise VersionNotStaged(county=county, version=version, status=staged.status)
    old = boundaries.find_active(session, county)
    begins = from_day or local_day(datetime.now(UTC), info.zone)
    mine = BoundaryVersion.county_code == county
    session.execute(
        update(BoundaryVersion)
        .where(mine, BoundaryVersion.status == "active")
        .values(status="retired", in_force_until=begins)
    )
    # A version that begins earlier than some retired one ended cuts it short, so that no day has two.
    session.execute(
        update(BoundaryVersion).where(mine, BoundaryVersion.in_force_until > begins).values(in_force_until=begins)
    )
    session.execute(
        update(BoundaryVersion)
        .where(mine, BoundaryVersion.version == version)
        .values(status="active", in_force_from=begins)
    )
    active = boundaries.active(session, county)
    retagging.retag_places(session, active)
    visits, changed = retagging.retag_visits(session, active)
    return Activation(active, old, visits, changed)


def _write_areas(session: Session, plan: Plan, version: int) -> None:
    geometries = np.array([area.geometry for area in plan.areas], dtype=object)
    index = {area.code: i for i, area in enumerate(plan.areas)}
    places = [plan.places[area.code] for area in plan.areas]
    parents = [index[place.parent] if place.parent is not None else -1 for place in places]
    drawn = shapes.simplify_tree(geometries, parents, tolerance_m=DRAWING_TOLERANCE_M)
    rows = zip(plan.areas, places, shapes.area_m2(geometries), hex_ewkb(geometries), hex_ewkb(drawn), strict=True)
    copy_rows(
        session,
        "areas",
        _AREA_COLUMNS,
        (
            (
                plan.county.code,
                version,
                area.code,
                area.level,
                area.kind,
                area.name,
                place.parent,
                place.path,
                place.ancestors.get("town"),
                place.ancestors.get("village"),
                place.ancestors.get("grid"),
                area.households,
                area.population,
                float(size),
                geom,
                simple,
            )
            for area, place, size, geom, simple in rows
        ),
    )
