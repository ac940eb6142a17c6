"""What one area's page tells: facts, people, months, places, visits, issues, and what it was before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from geo.analysis.coverage import AreaCoverage
from geo.analysis.issue_flow import Category, Status
from geo.months import Month
from geo.space.codes import Level
from geo.space.lineage import Relation


@dataclass(frozen=True, slots=True)
class AreaName:
    """An area to go to."""

    code: str
    name: str
    level: Level


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a role, for the area itself or for one above it."""

    area: AreaName
    name: str
    role: str
    organisation: str
    since: date


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """Places of one kind in the area.

    :ivar names: by name; None for a reader who may not see them, and for households
    """

    kind: str
    count: int
    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class LastVisit:
    """A visit as the page lists it.

    :ivar note: None where there is none, or it is not for the reader
    """

    day: date
    cadre: str
    topics: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """An issue that is not closed yet."""

    id: str
    day: date
    category: Category
    title: str
    status: Status
    due_on: date | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Descent:
    """What an area was before a boundary version, or what became of it in one.

    :ivar before: True where ``other`` is what it was
    :ivar other: code and name; None for what came from nothing, or is no more
    """

    version: int
    in_force_from: date
    relation: Relation
    before: bool
    other: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class AreaReport:
    """One area, by the active boundary version.

    :ivar above: from the town down, as far as the reader sees them
    :ivar coverage: of the month
    :ivar trend: twelve months up to this one, oldest first
    :ivar held: its own first, then those of the areas above
    :ivar open_issues: how many there are; ``issues`` are the latest of them
    :ivar descent: newest first; None for a reader who sees a part of the county only
    :ivar children: coverage of the areas right below
    :ivar beside: areas of the same level that touch it
    """

    county: str
    county_name: str
    version: int
    in_force_from: date
    month: Month
    as_of: date
    coverage: AreaCoverage
    area_m2: float
    above: tuple[AreaName, ...]
    trend: tuple[tuple[Month, AreaCoverage], ...]
    held: tuple[Holder, ...]
    places: tuple[PlaceCount, ...]
    visits: tuple[LastVisit, ...]
    open_issues: int
    issues: tuple[OpenIssue, ...]
    descent: tuple[Descent, ...] | None
    child_level: Level | None
    children: tuple[AreaCoverage, ...]
    beside: Mapping[str, str]
