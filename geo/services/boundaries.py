"""Boundary versions: staged, then activated, each in one transaction of the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from geo.analysis.boundaries import BoundaryReport
from geo.errors import BoundariesRejected, NothingToRollBackTo, OverlapsRefused, VersionNotStaged
from geo.limits import MAX_OVERLAP_M2
from geo.months import local_day
from geo.services import area_writing, boundary_checks, carrying, retagging
from geo.services.boundary_plans import Plan
from geo.storage.database import analyze
from geo.storage.queries import boundaries, counties, lineage
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.lineage import Carried
from geo.storage.tables import BoundaryVersion, County

_MANY: Final = 1_000
"""Areas of a version after which PostgreSQL must know at once how many there are."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What an activation or a rollback did.

    :ivar retired: the version that was in force until then
    :ivar carried: what was carried over to successors or left to decide; empty after a rollback
    """

    version: VersionInfo
    retired: VersionInfo | None
    visits: int
    retagged: int
    carried: tuple[Carried, ...] = ()


def refuse_errors(plan: Plan) -> None:
    """Raise `BoundariesRejected` if the plan has errors."""
    if plan.errors:
        first = plan.errors[0]
        raise BoundariesRejected(
            file=plan.source,
            count=len(plan.errors),
            first=first.located("en"),
            first_zh=first.located("zh-CN"),
        )


def stage(session: Session, plan: Plan, report: BoundaryReport | None = None) -> VersionInfo:
    """Write a plan as a staged version with its lineage and what the checks found.

    :param report: of this plan, where it was made already
    :raises BoundariesRejected: it has errors
    """
    refuse_errors(plan)
    found = report or boundary_checks.examine(session, plan)
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
            county_code=county.code,
            version=number,
            status="staged",
            source=plan.source,
            loaded_at=datetime.now(UTC),
            based_on=found.based_on,
            largest_overlap_m2=found.largest_overlap_m2,
            report=boundary_checks.stored(found),
        )
    )
    area_writing.write(session, plan, number)
    lineage.store(session, county.code, number, found.changes)
    if len(plan.areas) > _MANY:
        analyze(session, "areas", "tile_shapes")
    return boundaries.get(session, county.code, number)


def activate(
    session: Session, county: str, version: int, *, from_day: date | None = None, accept_overlaps: bool = False
) -> Activation:
    """Put a staged version into force, carry over what stands at codes that are no more, tag visits and places anew.

    Readers see the old version until the caller commits; writers of visits wait.

    :param from_day: the first day in force; today in the county if not given
    :param accept_overlaps: insist although areas overlap by more than the limit; it is recorded
    :raises UnknownVersion: there is no such version
    :raises VersionNotStaged: it is active or retired already
    :raises OverlapsRefused: two areas overlap by more than `MAX_OVERLAP_M2`
    """
    info = counties.resolve(session, county)
    counties.hold(session, county, alone=True)
    staged = boundaries.get(session, county, version)
    if staged.status != "staged":
        raise VersionNotStaged(county=county, version=version, status=staged.status)
    overlaps = staged.largest_overlap_m2 > MAX_OVERLAP_M2
    if overlaps and not accept_overlaps:
        raise OverlapsRefused(version=version, area=round(staged.largest_overlap_m2), limit=round(MAX_OVERLAP_M2))
    old = boundaries.find_active(session, county)
    begins = from_day or local_day(datetime.now(UTC), info.zone)
    _take_force(session, county, staged, old, begins, accepted=overlaps)
    if old is not None and old.version != staged.based_on:
        lineage.store(session, county, version, boundary_checks.links_between(session, old, staged))
    carried = carrying.carry(session, county, lineage.links(session, county, version), begins)
    lineage.store_carried(session, county, version, carried)
    return _retagged(session, boundaries.active(session, county), old, carried)


def rollback(session: Session, county: str) -> Activation:
    """Put the version back into force that the active one replaced; the active one is staged again.

    What the activation had carried over is taken back, every version is in force for as long as before, and visits and
    places are tagged anew. What people wrote since then to codes of the version that is taken back stays as it is.

    :raises NoBoundaries: nothing is in force
    :raises NothingToRollBackTo: the active version is the first one
    """
    counties.resolve(session, county)
    counties.hold(session, county, alone=True)
    current = boundaries.active(session, county)
    if current.replaced is None:
        raise NothingToRollBackTo(county=county, version=current.version)
    carrying.take_back(session, county, lineage.carried(session, county, current.version))
    lineage.forget(session, county, current.version)
    chain = lineage.chain(session, county)[:-1]
    _set(
        session,
        county,
        current.version,
        status="staged",
        in_force_from=None,
        in_force_until=None,
        replaced=None,
        activated_at=None,
        overlaps_accepted_at=None,
    )
    ends: date | None = None
    for version in reversed(chain):
        info = boundaries.get(session, county, version)
        status = "active" if version == chain[-1] else "retired"
        _set(session, county, version, status=status, in_force_until=ends)
        begun = info.in_force_from
        ends = begun if ends is None or (begun is not None and begun < ends) else ends
    # A tagger that reads the claims of another head must be made anew.
    _set(session, county, chain[-1], activated_at=datetime.now(UTC))
    return _retagged(session, boundaries.active(session, county), current, [])


def _take_force(
    session: Session, county: str, staged: VersionInfo, old: VersionInfo | None, begins: date, *, accepted: bool
) -> None:
    mine, now = BoundaryVersion.county_code == county, datetime.now(UTC)
    session.execute(
        update(BoundaryVersion)
        .where(mine, BoundaryVersion.status == "active")
        .values(status="retired", in_force_until=begins)
    )
    # A version that begins earlier than some retired one ended cuts it short, so that no day has two.
    session.execute(
        update(BoundaryVersion).where(mine, BoundaryVersion.in_force_until > begins).values(in_force_until=begins)
    )
    _set(
        session,
        county,
        staged.version,
        status="active",
        in_force_from=begins,
        replaced=old and old.version,
        activated_at=now,
        overlaps_accepted_at=now if accepted else None,
    )


def _set(session: Session, county: str, version: int, **values: object) -> None:
    session.execute(
        update(BoundaryVersion)
        .where(BoundaryVersion.county_code == county, BoundaryVersion.version == version)
        .values(**values)
    )


def _retagged(
    session: Session, active: VersionInfo, retired: VersionInfo | None, carried: Sequence[Carried]
) -> Activation:
    retagging.retag_places(session, active)
    retagging.retag_issues(session, active)
    visits, changed = retagging.retag_visits(session, active)
    return Activation(active, retired, visits, changed, tuple(carried))
