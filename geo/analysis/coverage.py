"""What was visited in a month, what was not, and what is overdue: numbers in, a `CoverageReport` out.

The definitions are those of the design: an area's requirement comes from the rule of its level and tier; nothing leaves
the denominator but by an exclusion; an area with nobody assigned stands first in the gap list.

Requirement of a month. A rule of *k* visits a month asks for *k*. A rule of one visit every *N* days asks for as many
visits as whole periods fit into the month, and where none fits (N longer than the month) for one in a month in which
the visit falls due, counted from the last visit before the month, and for none in the others.

Days are counted up to ``as_of``: the last day of the month, or today while the month runs. An area is overdue by the
days since its last visit beyond the period of its rule (N, or the month's length over k).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from geo.months import Month
from geo.space.codes import Level

Status = Literal["met", "under", "unvisited", "excluded"]
Tier = Literal["key", "ordinary"]
Boundaries = Literal["then", "now"]
Reason = Literal["unassigned", "unvisited", "under"]
CoverageLevel = Literal["town", "village", "grid"]
"""Levels whose areas are to be visited; a county is not judged as one area."""

STATUSES: Final[tuple[Status, ...]] = ("met", "under", "unvisited", "excluded")
TIERS: Final[tuple[Tier, ...]] = ("key", "ordinary")


@dataclass(frozen=True, slots=True)
class VisitRule:
    """So many visits a month, or one visit every N days; exactly one of the two is set."""

    level: Level
    tier: Tier
    visits_per_month: int | None = None
    every_days: int | None = None

    def __post_init__(self) -> None:
        if (self.visits_per_month is None) == (self.every_days is None):
            raise ValueError("a visit rule has either visits_per_month or every_days")
        if (self.visits_per_month or self.every_days or 0) < 1:
            raise ValueError("a visit rule asks for at least one visit")

    def period_days(self, month: Month) -> int:
        """Longest time between two visits that the rule allows, in days."""
        if self.every_days is not None:
            return self.every_days
        return max(1, month.days // (self.visits_per_month or 1))

    def required(self, month: Month, last_before: date | None) -> int:
        """Visits that the rule asks for in a month.

        :param last_before: day of the last visit before the month, None for never
        """
        if self.visits_per_month is not None:
            return self.visits_per_month
        whole = month.days // self.period_days(month)
        if whole:
            return whole
        due = None if last_before is None else last_before + timedelta(days=self.period_days(month))
        return int(due is None or due <= month.last_day)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why, by whom and since when an area is left out of the denominator."""

    reason: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Responsible:
    """A cadre who holds a role for the area on the report's day."""

    staff_no: str
    name: str
    role: str
    organisation: str


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """What the database knows of one area in one month. ``visits`` counts the unlocated ones too."""

    code: str
    name: str
    level: Level
    kind: str | None
    path: str
    parent_name: str | None
    households: int | None
    population: int | None
    tier: Tier
    exclusion: Exclusion | None
    visits: int
    unlocated: int
    cadres: int
    households_reached: int
    grids: int
    grids_reached: int
    last_visit: date | None
    last_before: date | None
    open_issues: int = 0
    responsible: tuple[Responsible, ...] = ()


@dataclass(frozen=True, slots=True)
class AreaCoverage:
    """One area of a report: its facts and what follows from them.

    :ivar days_since: days from the last visit to ``as_of``; None if there never was one
    :ivar days_overdue: days beyond the rule's period, 0 if within it; None if there never was a visit
    """

    facts: AreaFacts
    rule: VisitRule
    required: int
    status: Status
    days_since: int | None
    days_overdue: int | None

    @property
    def unassigned(self) -> bool:
        """Whether nobody holds any role here, in an area that counts."""
        return self.facts.exclusion is None and not self.facts.responsible

    @property
    def missing(self) -> int:
        """Visits still needed."""
        return 0 if self.status == "excluded" else max(0, self.required - self.facts.visits)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it stands in the gap list; empty if it does not."""
        reasons: list[Reason] = ["unassigned"] if self.unassigned else []
        if self.status in ("under", "unvisited"):
            reasons.append("unvisited" if self.status == "unvisited" else "under")
        return tuple(reasons)


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Coverage of one month, level and scope; every table, file and map is drawn from this value.

    :ivar version: number of the boundary version that was read
    :ivar outside: visits of the county in the month whose position no area contains; they count for no area
    :ivar untagged: visits tagged inside the scope but to no area of the level; with them a parent's sum adds up
    """

    county: str
    county_name: str
    scope: str
    scope_name: str
    month: Month
    level: Level
    boundaries: Boundaries
    version: int
    in_force_from: date
    as_of: date
    rows: tuple[AreaCoverage, ...]
    outside: int = 0
    untagged: int = 0

    def count(self, status: Status) -> int:
        """Areas of one status."""
        return sum(row.status == status for row in self.rows)

    @property
    def rate(self) -> float | None:
        """Met over all but the excluded, 0 to 1; None where nothing is left to count."""
        counted = len(self.rows) - self.count("excluded")
        return self.count("met") / counted if counted else None

    @property
    def unassigned(self) -> int:
        """Areas that nobody is assigned to, exclusions apart."""
        return sum(row.unassigned for row in self.rows)

    @property
    def visits(self) -> int:
        """Visits of all areas, unlocated ones included."""
        return sum(row.facts.visits for row in self.rows)

    @property
    def unlocated(self) -> int:
        """Visits that count by their claimed area only."""
        return sum(row.facts.unlocated for row in self.rows)

    def gaps(self, reason: Reason | None = None) -> tuple[AreaCoverage, ...]:
        """What is still needed, worst first: unassigned, then days overdue (never visited before all), then tier.

        :param reason: only areas that stand here for this one
        """
        rows = (row for row in self.rows if (reason in row.reasons if reason else row.reasons))
        return tuple(sorted(rows, key=gap_order))


def gap_order(row: AreaCoverage) -> tuple[bool, bool, int, int, int, str]:
    """Sort key of the gap list; the code last, so that the order is total."""
    return (
        not row.unassigned,
        row.days_overdue is not None,
        -(row.days_overdue or 0),
        TIERS.index(row.facts.tier),
        -row.missing,
        row.facts.code,
    )


def assess(facts: AreaFacts, rule: VisitRule, *, month: Month, as_of: date) -> AreaCoverage:
    """Judge one area by its rule."""
    required = rule.required(month, facts.last_before)
    # A phone's clock may run ahead past midnight: a visit of tomorrow was zero days ago.
    days_since = None if facts.last_visit is None else max(0, (as_of - facts.last_visit).days)
    overdue = None if days_since is None else max(0, days_since - rule.period_days(month))
    return AreaCoverage(facts, rule, required, _status(facts, required), days_since, overdue)


def assess_all(
    facts: Iterable[AreaFacts], rules: Sequence[VisitRule], *, month: Month, as_of: date
) -> tuple[AreaCoverage, ...]:
    """Judge every area by the rule of its level and tier; a missing rule is one visit a month."""
    by_kind: Mapping[tuple[Level, Tier], VisitRule] = {(rule.level, rule.tier): rule for rule in rules}
    return tuple(
        assess(
            one,
            by_kind.get((one.level, one.tier)) or VisitRule(one.level, one.tier, visits_per_month=1),
            month=month,
            as_of=as_of,
        )
        for one in facts
    )


def _status(facts: AreaFacts, required: int) -> Status:
    if facts.exclusion is not None:
        return "excluded"
    if facts.visits >= required:
        return "met"
    return "under" if facts.visits else "unvisited"
