"""Who is responsible for which area on a day, and how many areas a person holds: to see where help is needed.

Loads are told of areas and of everybody alike; nothing here puts persons in an order of their loads.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, get_args

from geo.space.codes import Level

Load = Literal["load_1", "load_2", "load_3", "load_5", "load_9"]
DutyClass = Literal["load_1", "load_2", "load_3", "load_5", "load_9", "excluded", "other", "unassigned"]

LOADS: Final[Mapping[Load, tuple[int, int | None]]] = {
    "load_1": (1, 2),
    "load_2": (2, 3),
    "load_3": (3, 5),
    "load_5": (5, 9),
    "load_9": (9, None),
}
"""Classes of loads, half-open: areas that one person holds."""

CLASSES: Final[tuple[DutyClass, ...]] = get_args(DutyClass)


@dataclass(frozen=True, slots=True)
class Held:
    """A cadre's role for one area."""

    area: str
    role: str
    since: date
    staff_no: str
    name: str
    organisation: str
    organisation_name: str


@dataclass(frozen=True, slots=True)
class DutyArea:
    """An area that somebody should be responsible for.

    :ivar exclusion: why it is left out of what is asked for; None if it is not
    """

    code: str
    name: str
    kind: str | None
    path: str
    parent_name: str | None
    households: int | None
    exclusion: str | None = None


@dataclass(frozen=True, slots=True)
class AreaDuty:
    """An area with those who hold it.

    :ivar held: only of the role and organisation that were asked for
    :ivar load: areas of the level that the most loaded of them holds; 0 where there is nobody
    :ivar elsewhere: whether somebody holds it, but nobody of the organisation that was asked for
    """

    area: DutyArea
    held: tuple[Held, ...]
    load: int
    elsewhere: bool = False

    @property
    def unassigned(self) -> bool:
        """Whether nobody is responsible, in an area that counts."""
        return not self.held and not self.elsewhere and self.area.exclusion is None

    @property
    def status(self) -> DutyClass:
        """Its class on the map."""
        if self.held:
            return load_class(self.load)
        if self.elsewhere:
            return "other"
        return "unassigned" if self.area.exclusion is None else "excluded"


@dataclass(frozen=True, slots=True)
class CadreDuty:
    """What one cadre holds.

    :ivar roles: for areas of the level, in their order
    :ivar codes: areas of the level within the scope, by code
    :ivar areas: areas of the level, beyond the scope too
    :ivar other_levels: areas of other levels
    """

    staff_no: str
    name: str
    organisation: str
    organisation_name: str
    roles: tuple[str, ...]
    codes: tuple[str, ...]
    areas: int
    other_levels: int


@dataclass(frozen=True, slots=True)
class DutyReport:
    """Responsibility on a day for the areas of a level in a scope; every page and file is drawn from this value.

    :ivar rows: by code
    :ivar cadres: those who hold something in the scope, by organisation, name and staff number
    :ivar organisations: code and name of all that hold something in the scope, whatever was asked for, by name
    :ivar version: number of the boundary version that was in force
    """

    county: str
    county_name: str
    scope: str
    scope_name: str
    level: Level
    day: date
    version: int
    in_force_from: date
    role: str | None
    organisation: str | None
    rows: tuple[AreaDuty, ...]
    cadres: tuple[CadreDuty, ...]
    organisations: tuple[tuple[str, str], ...] = field(default=())

    def count(self, status: DutyClass) -> int:
        """Areas of one class."""
        return sum(row.status == status for row in self.rows)

    @property
    def unassigned(self) -> int:
        """Areas that nobody is responsible for, exclusions apart."""
        return self.count("unassigned")

    def listed(self) -> tuple[AreaDuty, ...]:
        """The areas as a list shows them: those without anybody first, then by code."""
        return tuple(sorted(self.rows, key=lambda row: (not row.unassigned, row.area.code)))


def load_class(areas: int) -> Load:
    """The class of a number of areas that one person holds.

    >>> load_class(4), load_class(12)
    ('load_3', 'load_9')
    """
    return next(name for name, (low, high) in LOADS.items() if low <= areas and (high is None or areas < high))


def assess(
    areas: Sequence[DutyArea],
    held: Sequence[Held],
    level_codes: frozenset[str],
    *,
    role: str | None = None,
    organisation: str | None = None,
) -> tuple[tuple[AreaDuty, ...], tuple[CadreDuty, ...]]:
    """Areas with their holders, and the holders with their areas.

    :param areas: of the level, in the scope
    :param held: everything that is held on the day, of every level, heads first
    :param level_codes: codes of all areas of the level, beyond the scope too
    :param role: only this one counts; an area without it has nobody
    :param organisation: only its cadres are told of; areas that others hold are held ``elsewhere``
    """
    asked = [one for one in held if role is None or one.role == role]
    theirs = [one for one in asked if organisation is None or one.organisation == organisation]
    by_area, by_cadre = _by_area(theirs), _by_cadre(theirs)
    anybody = {one.area for one in asked}
    loads = {staff: len({one.area for one in several} & level_codes) for staff, several in by_cadre.items()}
    rows = tuple(
        AreaDuty(
            one,
            tuple(by_area.get(one.code, ())),
            max((loads[each.staff_no] for each in by_area.get(one.code, ())), default=0),
            one.code in anybody and one.code not in by_area,
        )
        for one in areas
    )
    within = {one.code for one in areas}
    cadres = [
        _cadre(several, within, level_codes)
        for several in by_cadre.values()
        if any(one.area in within for one in several)
    ]
    return rows, tuple(sorted(cadres, key=lambda one: (one.organisation_name, one.name, one.staff_no)))


def _by_area(held: Sequence[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        found[one.area].append(one)
    return found


def _by_cadre(held: Sequence[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        found[one.staff_no].append(one)
    return found


def _cadre(held: Sequence[Held], within: set[str], level_codes: frozenset[str]) -> CadreDuty:
    first = held[0]
    codes = {one.area for one in held}
    return CadreDuty(
        first.staff_no,
        first.name,
        first.organisation,
        first.organisation_name,
        tuple(dict.fromkeys(one.role for one in held if one.area in level_codes)),
        tuple(sorted(codes & within)),
        len(codes & level_codes),
        len(codes - level_codes),
    )
