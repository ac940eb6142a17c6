"""Who is responsible: looked up by position, area and cadre; assigned, ended and handed over.

Everything that changes an assignment holds the county first, as an activation does, so that neither waits for the
other in a circle.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import AssignmentTwice, HeadTaken, InvalidChoice, UnknownArea, UnknownAssignment, UnknownCadre
from geo.intake.people import Role
from geo.services.tagging import tagger
from geo.storage import reach
from geo.storage.queries import areas, assignments, boundaries, counties
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.assignments import AssignmentInfo
from geo.storage.queries.boundaries import VersionInfo

_ONE_HEAD = "ex_assignments_one_grid_head"


@dataclass(frozen=True, slots=True)
class Responsible:
    """The areas that contain each of some positions, and who holds a role for them.

    :ivar chains: codes of the areas of each position, the smallest first; empty outside all of them
    :ivar areas: by code
    :ivar held: assignments by area code; an area that nobody is assigned to is left out
    """

    version: VersionInfo
    day: date
    chains: Sequence[Sequence[str]]
    areas: dict[str, AreaInfo]
    held: dict[str, list[AssignmentInfo]]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of one cadre's assignment: the new one of the other, None where that one held it already."""

    area: str
    role: str
    old_id: int
    new_id: int | None


def at(session: Session, county: str, lon: NDArray[np.float64], lat: NDArray[np.float64], day: date) -> Responsible:
    """Who is responsible at positions, WGS-84 degrees, on a day; by the active boundary version.

    The county itself is no area that anybody is assigned to.
    """
    version = boundaries.active(session, county)
    tags = tagger(session, version).tag(lon, lat)
    columns = (tags.grid.tolist(), tags.village.tolist(), tags.town.tolist())
    chains = [[code for code in codes if code is not None] for codes in zip(*columns, strict=True)]
    return _responsible(session, version, chains, day)


def of_areas(session: Session, county: str, code: str, day: date) -> Responsible:
    """Who is responsible for an area on a day: for itself, then for those above it.

    :raises UnknownArea: the active version has no such area
    """
    version = boundaries.active(session, county)
    area = areas.find(session, version, code)
    if area is None:
        raise UnknownArea(code=code, county=county, version=version.version)
    above = [one for one in reversed(area.path.split("/")) if one != county]
    return _responsible(session, version, [above], day)


def _responsible(session: Session, version: VersionInfo, chains: Sequence[Sequence[str]], day: date) -> Responsible:
    codes = {code for chain in chains for code in chain}
    known = areas.by_codes(session, version, sorted(codes))
    # Areas beyond the scope of whoever asks are not found, and so not named either.
    seen = [[code for code in chain if code in known] for chain in chains]
    return Responsible(version, day, seen, known, assignments.on_areas(session, version.county, codes, day))


def assign(
    session: Session, county: str, staff_no: str, codes: Collection[str], role: Role, begin: date, end: date | None
) -> list[int]:
    """Give a cadre a role for some areas from a day up to, not including, another; the new numbers, by code.

    :raises UnknownCadre, UnknownArea, InvalidChoice, HeadTaken, AssignmentTwice: nothing is written
    """
    counties.hold(session, county, alone=False)
    _known(session, county, staff_no)
    _after("to", begin, end)
    version = boundaries.active(session, county)
    known = areas.by_codes(session, version, sorted(codes))
    for code in codes:
        if code not in known:
            raise UnknownArea(code=code, county=county, version=version.version)
    return [_add(session, county, staff_no, code, role, begin, end) for code in sorted(codes)]


def finish(session: Session, county: str, number: int, day: date) -> AssignmentInfo:
    """End an assignment: ``day`` is the first on which it is no longer in force.

    :raises UnknownAssignment: there is none with this number
    :raises InvalidChoice: the day is not after the one on which it begins
    """
    counties.hold(session, county, alone=False)
    found = assignments.get(session, county, number)
    if found is None:
        raise UnknownAssignment(id=number)
    _after("to", found.from_day, day)
    try:
        with session.begin_nested():
            assignments.end(session, county, [number], day)
    except IntegrityError as error:
        days = found.from_day, day
        raise _refused(session, error, county, found.staff_no, found.area, days, but=found.id) from error
    ended = assignments.get(session, county, number)
    assert ended is not None  # noqa: S101 - it was there
    return ended


def hand_over(
    session: Session, county: str, giver: str, taker: str, day: date, *, codes: Collection[str] | None = None
) -> list[HandedOver]:
    """All areas of one cadre, or some of them, go to another from a day on, each for as long as it was given.

    :raises UnknownCadre: one of both
    :raises InvalidChoice: both are the same
    """
    counties.hold(session, county, alone=False)
    for staff_no in (giver, taker):
        _known(session, county, staff_no)
    if giver == taker:
        raise InvalidChoice(field="to", value=taker, choices="another cadre than " + giver)
    mine = assignments.of_cadre(session, county, giver, day)
    theirs = assignments.of_cadre(session, county, taker, day)
    return [_hand_on(session, county, one, taker, theirs, day) for one in mine if codes is None or one.area in codes]


def _hand_on(
    session: Session, county: str, one: AssignmentInfo, taker: str, theirs: Sequence[AssignmentInfo], day: date
) -> HandedOver:
    begin = max(one.from_day, day)
    if one.from_day < day:
        assignments.end(session, county, [one.id], day)
    else:
        assignments.remove(session, county, one.id)
    same = [
        other
        for other in theirs
        if (other.area, other.role) == (one.area, one.role)
        and other.from_day <= begin
        and (other.to_day is None or (one.to_day is not None and one.to_day <= other.to_day))
    ]
    new_id = None if same else _add(session, county, taker, one.area, one.role, begin, one.to_day)
    return HandedOver(one.area, one.role, one.id, new_id)


def _add(session: Session, county: str, staff_no: str, code: str, role: str, begin: date, end: date | None) -> int:
    try:
        with session.begin_nested():
            return assignments.add(session, county, staff_no, code, role, begin, end)
    except IntegrityError as error:
        raise _refused(session, error, county, staff_no, code, (begin, end)) from error


def _refused(
    session: Session,
    error: IntegrityError,
    county: str,
    staff_no: str,
    code: str,
    days: tuple[date, date | None],
    *,
    but: int | None = None,
) -> HeadTaken | AssignmentTwice:
    """What stands against an assignment from a day up to another; ``but`` is the number of its own."""
    if _ONE_HEAD not in str(error.orig):
        return AssignmentTwice(staff_no=staff_no, area=code, day=days[0])
    # Whoever may assign it may know who has it, also where that one belongs to another part of the county.
    with reach.unlimited(session):
        held = next(one for one in assignments.heads_within(session, county, code, *days) if one.id != but)
    return HeadTaken(area=code, holder=f"{held.name} {held.staff_no}", since=held.from_day, assignment=held.id)


def _known(session: Session, county: str, staff_no: str) -> None:
    if not assignments.cadre_exists(session, county, staff_no):
        raise UnknownCadre(county=county, staff_no=staff_no)


def _after(field: str, begin: date, end: date | None) -> None:
    if end is not None and end <= begin:
        raise InvalidChoice(field=field, value=end, choices=f"a day after {begin}")
