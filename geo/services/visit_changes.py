"""Visits are corrected, withdrawn and restored: what each said before stays, with who did it, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geo.errors import InvalidVisit, NotAllowed, UnknownVisit, VisitWithdrawn
from geo.intake.located import blank_is_missing
from geo.intake.rejections import Rejection
from geo.intake.visits import parse
from geo.services import household_ids, visit_checks, visit_flags
from geo.services import visits as service
from geo.services.accounts import Access
from geo.services.tagging import tagger
from geo.services.visit_flags import Flag
from geo.space.crs import Frame, from_wgs84
from geo.storage.queries import boundaries, counties, visit_writing, visits
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.visits import Revision, VisitRecord

_POSITION: Final = frozenset({"lon", "lat", "frame"})
Action = Literal["corrected", "withdrawn", "restored"]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A visit after a change, and what looks odd about it now."""

    record: VisitRecord
    flags: tuple[Flag, ...]


def get(session: Session, county: str, id_: UUID) -> VisitRecord:
    """One visit, a withdrawn one too; raises `UnknownVisit`."""
    found = visits.by_ids(session, county, [str(id_)])
    if not found:
        raise UnknownVisit(id=id_)
    return found[0]


def history(session: Session, county: str, id_: UUID, *, by: Access) -> list[Revision]:
    """What a visit said before each change, the oldest first; raises `UnknownVisit`, `NotAllowed`."""
    if not _is_of(get(session, county, id_), by):
        why = "only who made or entered a visit, and supervisors, see what it said before"
        raise NotAllowed(account=by.name, role=by.role, why=why, why_zh="只有走访人、录入人和主管人员可以查看更正记录")
    return visits.revisions(session, county, id_)


def correct(
    session: Session, county: CountyInfo, id_: UUID, changes: Mapping[str, Any], *, reason: str, by: Access
) -> Corrected:
    """Change what a visit says; it is tagged and looked at anew.

    :param changes: fields of `geo.intake.visits.VisitRow` with their new values
    :raises UnknownVisit, NotAllowed, VisitWithdrawn: nothing is changed
    :raises InvalidVisit: the visit would not be one that could be stored
    """
    counties.hold(session, county.code, alone=False)
    visit_writing.take_turn(session)
    before = _mine(session, county.code, id_, by)
    if before.withdrawn_at is not None:
        raise VisitWithdrawn(id=id_)
    said, moved = _corrected(before, changes)
    if "id" in changes:
        raise InvalidVisit(field="id", reason="stays as it is", reason_zh="不能更改")
    good, refused = parse([(1, {**said, "id": str(id_)})], zone=county.zone, now=datetime.now(UTC))
    _raise_first(refused)
    areas = tagger(session, boundaries.active(session, county.code))
    tagged = service.with_tags(household_ids.in_visits(session, county.code, good), areas)
    batch, tags = tagged.visits, tagged.tags
    _raise_first(visit_checks.check(session, county, batch, areas)[1])
    _raise_first(service.not_yours(batch.row[service.foreign(tagged, by)], by))
    flags = visit_flags.of(session, county, batch, tags, areas)
    frame = batch.frame[0] if moved else before.frame
    told = visit_writing.StoredTags(tags.word, tags.town, tags.village, tags.grid, flags)
    visit_writing.note_revision(session, county.code, before, "corrected", by.name, reason)
    visit_writing.rewrite(session, county.code, batch, told, frame=None if np.isnan(batch.lon[0]) else frame)
    return Corrected(get(session, county.code, id_), flags[0])


def _corrected(before: VisitRecord, changes: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """What a visit says with its changes, and whether where it was is said anew."""
    # What is stored is WGS-84, and not rounded.
    said = before.content() | {"frame": "wgs84", "lon": before.lon, "lat": before.lat}
    if "frame" not in changes:
        return {**said, **changes}, bool(_POSITION & changes.keys())
    frame = blank_is_missing(changes["frame"]) or "wgs84"
    if frame == before.frame and not _POSITION - {"frame"} & changes.keys():
        return {**said, **changes, "frame": "wgs84"}, False
    if before.lon is not None and before.lat is not None and before.frame is not None:
        # Another frame is that of the numbers as they were first given.
        lon, lat = from_wgs84(before.lon, before.lat, cast("Frame", before.frame))
        said |= {"lon": float(lon), "lat": float(lat)}
    return {**said, **changes}, True


def withdraw(session: Session, county: str, id_: UUID, *, reason: str, by: Access) -> VisitRecord:
    """A visit counts nowhere from now on; it stays to be read. Withdrawing it twice changes nothing.

    :raises UnknownVisit, NotAllowed: nothing is changed
    """
    return _set_withdrawn(session, county, id_, reason=reason, by=by, action="withdrawn")


def restore(session: Session, county: str, id_: UUID, *, reason: str, by: Access) -> VisitRecord:
    """A visit that was withdrawn counts again.

    :raises UnknownVisit, NotAllowed: nothing is changed
    """
    return _set_withdrawn(session, county, id_, reason=reason, by=by, action="restored")


def _set_withdrawn(session: Session, county: str, id_: UUID, *, reason: str, by: Access, action: Action) -> VisitRecord:
    visit_writing.take_turn(session)
    before = _mine(session, county, id_, by)
    if (before.withdrawn_at is not None) != (action == "withdrawn"):
        visit_writing.note_revision(session, county, before, action, by.name, reason)
        visit_writing.set_withdrawn(session, county, id_, datetime.now(UTC) if action == "withdrawn" else None)
    return get(session, county, id_)


def _mine(session: Session, county: str, id_: UUID, by: Access) -> VisitRecord:
    """A visit that an account may change: its own, one that it entered, or any that it sees in detail."""
    found = get(session, county, id_)
    if not _is_of(found, by):
        why = "only who made or entered a visit, and supervisors, change it"
        raise NotAllowed(account=by.name, role=by.role, why=why, why_zh="只有走访人、录入人和主管人员可以更改")
    return found


def _is_of(visit: VisitRecord, by: Access) -> bool:
    own = by.staff_no is not None and visit.staff_no == by.staff_no
    return own or visit.entered_by == by.name or by.may("detail")


def _raise_first(refused: list[Rejection]) -> None:
    if refused:
        first = refused[0]
        raise InvalidVisit(field=first.field, reason=first.en, reason_zh=first.zh)
