"""The lists behind the figures of a bulletin: areas, issues, clusters, and what is asked next month.

A row says what its area, issue or cluster is, and never who. The subject of a petition (信访) and its village may tell
of a family, so they are left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from geo.analysis.bulletins import Cell, Listing
from geo.analysis.coverage import TIERS, AreaCoverage, CoverageReport
from geo.analysis.hotspots import HotArea, HotCluster, HotspotReport
from geo.analysis.issue_flow import Category, Extent, Status
from geo.space.codes import LEVELS

AREA_COLUMNS: Final = (
    "code", "name", "town", "town_name", "tier", "status", "unassigned", "required", "visits", "missing", "households",
    "households_reached", "last_visit", "days_overdue", "exclusion",
)  # fmt: skip
CLUSTER_COLUMNS: Final = (
    "cluster", "category", "name", "towns", "areas", "observed", "expected", "relative_risk", "p", "radius_m",
)  # fmt: skip
MEMBER_COLUMNS: Final = ("member", "cluster", "code", "name", "town", "town_name", "observed", "expected")
NEXT_COLUMNS: Final = (
    "code", "name", "town", "town_name", "level", "tier", "visits_per_month", "every_days", "required", "still_open",
)  # fmt: skip
_DIGITS: Final = 6
"""Of numbers that are no counts, so that they are the same wherever they are stored."""


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """An issue as it stood at the end of the month, or stands now while it runs.

    :ivar title, area: None where they are not told
    :ivar reported, ended: in the month
    """

    id: str
    category: Category
    title: str | None
    town: str | None
    town_name: str | None
    area: str | None
    area_name: str | None
    organisation: str | None
    organisation_name: str | None
    status: Status
    reported_on: date
    due_on: date | None
    ended_on: date | None
    waiting_days: int
    reported: bool
    ended: bool
    open: bool
    overdue: bool
    unanswered: bool
    in_circles: bool
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class ClusterIssue:
    """An issue of a cluster, as it stands now.

    :ivar cluster: name of the cluster
    :ivar title, area: None where they are not told
    """

    id: str
    cluster: str
    category: Category
    title: str | None
    town: str | None
    town_name: str | None
    area: str | None
    area_name: str | None
    status: Status
    reported_on: date
    open: bool
    extent: Extent | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A search for clusters: of one category, or of all issues together (None)."""

    category: Category | None
    report: HotspotReport

    @property
    def clusters(self) -> list[tuple[str, HotCluster]]:
        """The significant ones with their names: ``1``, or ``ecology-1``."""
        mark = f"{self.category}-" if self.category else ""
        return [(f"{mark}{one.rank}", one) for one in self.report.clusters if one.significant]


ISSUE_COLUMNS: Final = tuple(one.name for one in fields(IssueFacts))
CLUSTER_ISSUE_COLUMNS: Final = tuple(one.name for one in fields(ClusterIssue))


def town_of(path: str) -> str | None:
    """The town of a path from the county down; None for a county."""
    codes = path.split("/")
    return codes[1] if len(codes) > 1 else None


def area_row(row: AreaCoverage, towns: Mapping[str, str]) -> tuple[Cell, ...]:
    """An area as a row of `AREA_COLUMNS`.

    :param towns: names by code
    """
    facts, town = row.facts, town_of(row.facts.path)
    return (
        facts.code,
        facts.name,
        town,
        towns.get(town or "", town),
        facts.tier,
        row.status,
        int(row.unassigned),
        row.required,
        facts.visits,
        row.missing,
        facts.households,
        facts.households_reached,
        _day(facts.last_visit),
        row.days_overdue,
        facts.exclusion.reason if facts.exclusion else None,
    )


def area_listing(name: str, rows: Iterable[AreaCoverage], towns: Mapping[str, str]) -> Listing:
    """Areas, by town and code."""
    found = [area_row(row, towns) for row in rows]
    return Listing(name, AREA_COLUMNS, tuple(sorted(found, key=lambda row: (str(row[2] or ""), str(row[0])))))


def issue_listing(name: str, issues: Iterable[IssueFacts]) -> Listing:
    """Issues by organisation, those that wait longest first; those that nobody was given last."""
    found = sorted(issues, key=lambda one: (not one.organisation, one.organisation or "", -one.waiting_days, one.id))
    return Listing(
        name, ISSUE_COLUMNS, tuple(tuple(_plain(getattr(one, column)) for column in ISSUE_COLUMNS) for one in found)
    )


def cluster_listings(
    name: str, scans: Sequence[Scan], issues: Iterable[ClusterIssue], towns: Mapping[str, str]
) -> list[Listing]:
    """The significant clusters, most likely first; their areas; their issues."""
    lines: list[tuple[Cell, ...]] = []
    members: list[tuple[Cell, ...]] = []
    for scan in scans:
        areas = {one.facts.code: one for one in scan.report.rows}
        for key, one in scan.clusters:
            within = [(areas[code], town_of(areas[code].facts.path) or "") for code in sorted(one.members)]
            names = "、".join(towns.get(code, code) for code in dict.fromkeys(sorted(town for _, town in within)))
            lines.append(_cluster_row(key, scan.category, one, areas[one.centre].facts.name, names))
            members += [_member_row(key, area, town, towns) for area, town in within]
    rows = [
        tuple(_plain(getattr(one, column)) for column in CLUSTER_ISSUE_COLUMNS)
        for one in sorted(issues, key=lambda one: (one.cluster, one.id))
    ]
    return [
        Listing(name, CLUSTER_COLUMNS, tuple(lines)),
        Listing(f"{name}_areas", MEMBER_COLUMNS, tuple(members)),
        Listing(f"{name}_issues", CLUSTER_ISSUE_COLUMNS, tuple(rows)),
    ]


def next_listing(reports: Sequence[CoverageReport], towns: Mapping[str, str]) -> Listing:
    """Areas that count, with what the month after asks of each; open are those that fall short of this month's."""
    rows: list[tuple[Cell, ...]] = []
    for report in reports:
        following = report.month.next()
        for row in report.rows:
            if row.status == "excluded":
                continue
            facts, town = row.facts, town_of(row.facts.path)
            asked = row.rule.required(following, facts.last_visit)
            name = (facts.code, facts.name, town, towns.get(town or "", town), facts.level, facts.tier)
            rows.append((*name, row.rule.visits_per_month, row.rule.every_days, asked, int(row.status != "met")))
    order = {level: number for number, level in enumerate(LEVELS)}
    tiers = {tier: number for number, tier in enumerate(TIERS)}
    rows.sort(key=lambda row: (order[row[4]], tiers[row[5]], str(row[0])))  # type: ignore[index]
    return Listing("next_areas", NEXT_COLUMNS, tuple(rows))


def _cluster_row(key: str, category: Category | None, one: HotCluster, centre: str, towns: str) -> tuple[Cell, ...]:
    expected, relative_risk, p = _number(one.expected), _number(one.relative_risk), _number(one.p)
    size = len(one.members) + one.beyond
    return (key, category, centre, towns, size, one.observed, expected, relative_risk, p, round(one.radius_m))


def _member_row(key: str, area: HotArea, town: str, towns: Mapping[str, str]) -> tuple[Cell, ...]:
    facts = area.facts
    name = (f"{key}/{facts.code}", key, facts.code, facts.name, town, towns.get(town, town))
    return (*name, area.observed, _number(area.expected))


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), _DIGITS)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _plain(value: object) -> Cell:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else None
