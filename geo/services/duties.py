"""Who holds too much, who holds nothing, and which areas have nobody; by organisation, and never as a ranking."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from geo.intake.people import Role
from geo.months import Month
from geo.services import coverage
from geo.space.codes import Level
from geo.storage.queries import assignments, boundaries
from geo.storage.queries.assignments import Load
from geo.storage.queries.counties import CountyInfo

_CHIEF: dict[Level, Role] = {"grid": "grid_head", "village": "village_link", "town": "area_leader"}
"""The role that each level is asked for unless another is named."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A cadre's load, and how many days the areas of the level that he or she holds are overdue together."""

    load: Load
    days_overdue: int


@dataclass(frozen=True, slots=True)
class DutyReport:
    """Duties on a day.

    :ivar without: code, name and parent of areas that have nobody of the role
    :ivar heavy: cadres with more areas than the limit
    :ivar idle: cadres with none
    """

    day: date
    level: Level
    role: Role
    most: int
    without: Sequence[tuple[str, str, str | None]]
    heavy: Sequence[Duty]
    idle: Sequence[Duty]


def report(
    session: Session,
    county: CountyInfo,
    *,
    level: Level = "grid",
    role: Role | None = None,
    day: date,
    most: int,
    area: str | None = None,
) -> DutyReport:
    """Duties by the active boundary version.

    :param role: the chief one of the level if not given
    :param most: areas that one cadre may hold
    :param area: code of the scope that the session is limited to, if it is
    """
    version = boundaries.active(session, county.code)
    asked = role or _CHIEF[level]
    overdue: dict[str, int] = defaultdict(int)
    for row in coverage.report(session, county, Month.of(day), level=level, area=area, read_with="now").rows:
        for one in {person.staff_no for person in row.facts.responsible}:
            overdue[one] += row.days_overdue or 0
    duties = [
        Duty(load, overdue[load.staff_no]) for load in assignments.loads(session, county.code, version.version, day)
    ]
    return DutyReport(
        day,
        level,
        asked,
        most,
        assignments.without(session, county.code, version.version, level, asked, day),
        [duty for duty in duties if duty.load.areas > most],
        [duty for duty in duties if not duty.load.areas],
    )
