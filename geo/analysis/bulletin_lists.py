"""The lists behind the figures of a bulletin: areas, issues, clusters, and what is asked next month.

A row says what its area, issue or cluster is, and never who. The subject of a petition (信访) may tell of a family, so
it is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from geo.analysis.bulletins import Cell, Listing
from geo.analysis.coverage import TIERS, AreaCoverage, CoverageReport, VisitRule
from geo.analysis.hotspots import HotCluster, HotspotReport
from geo.analysis.issue_flow import Category, Extent, Status
from geo.space.codes import LEVELS

AREA_COLUMNS: Final = (
    "code", "name", "town", "town_name", "tier", "status", "unassigned", "required", "visits", "missing", "households",
    "households_reached", "last_visit", "days_overdue", "exclusion",
)  # fmt: skip
CLUSTER_COLUMNS: Final = (
    "cluster", "name", "towns", "areas", "observed", "expected", "relative_risk", "p", "radius_m",
)  # fmt: skip
MEMBER_COLUMNS: Final = ("code", "name", "town", "town_name", "cluster", "observed", "expected")
NEXT_COLUMNS: Final = (
    "code", "name", "town", "town_name", "level", "tier", "visits_per_month", "every_days", "required", "still_open",
)  # fmt: skip
_DIGITS: Final = 6
"""Of numbers that are no counts, so that they are the same wherever they are stored."""


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """An issue as it stood at the end of the month, or stands now while it runs.

    :ivar title: None where it is not told
    :ivar reported, ended: in the month
    :ivar proposed: extent that the service proposes; None where it was not asked
    :ivar cluster: rank of the significant cluster that it belongs to
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
    proposed: Extent | None = None
    cluster: int | None = None


ISSUE_COLUMNS: Final = tuple(one.name for one in fields(IssueFacts))


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
    name: str, report: HotspotReport | None, issues: Sequence[IssueFacts], towns: Mapping[str, str]
) -> list[Listing]:
    """The significant clusters, most likely first; their areas; their issues."""
    clusters = () if report is None else tuple(one for one in report.clusters if one.significant)
    areas = {} if report is None else {one.facts.code: one for one in report.rows}
    members, lines = [], []
    for one in clusters:
        within = [areas[code] for code in sorted(one.members) if code in areas]
        of_towns = [town_of(area.facts.path) or "" for area in within]
        names = "、".join(towns.get(code, code) for code in dict.fromkeys(sorted(of_towns)))
        lines.append(_cluster_row(one, areas[one.centre].facts.name if one.centre in areas else one.centre, names))
        members += [
            (area.facts.code, area.facts.name, town, towns.get(town, town), one.rank, area.observed, _number(area.expected))
            for area, town in zip(within, of_towns, strict=True)
        ]
    behind = sorted((one for one in issues if one.cluster is not None), key=lambda one: (one.cluster, one.id))
    rows = tuple(tuple(_plain(getattr(one, column)) for column in ISSUE_COLUMNS) for one in behind)
    return [
        Listing(name, CLUSTER_COLUMNS, tuple(lines)),
        Listing(f"{name}_areas", MEMBER_COLUMNS, tuple(members)),
        Listing(f"{name}_issues", ISSUE_COLUMNS, rows),
    ]


def next_listing(reports: Sequence[CoverageReport], rules: Sequence[VisitRule], towns: Mapping[str, str]) -> Listing:
    """Areas that count, with what the month after asks of each; open are those that fall short of this month's."""
    of = {(rule.level, rule.tier): rule for rule in rules}
    rows: list[tuple[Cell, ...]] = []
    for report in reports:
        following = report.month.next()
        for row in report.rows:
            if row.status == "excluded":
                continue
            facts, town = row.facts, town_of(row.facts.path)
            rule = of.get((facts.level, facts.tier), row.rule)
            asked = rule.required(following, facts.last_visit)
            name = (facts.code, facts.name, town, towns.get(town or "", town), facts.level, facts.tier)
            rows.append((*name, rule.visits_per_month, rule.every_days, asked, int(row.status != "met")))
    order = {level: number for number, level in enumerate(LEVELS)}
    tiers = {tier: number for number, tier in enumerate(TIERS)}
    rows.sort(key=lambda row: (order[row[4]], tiers[row[5]], str(row[0])))  # type: ignore[index]
    return Listing("next_areas", NEXT_COLUMNS, tuple(rows))


def _cluster_row(one: HotCluster, centre: str, towns: str) -> tuple[Cell, ...]:
    return (
        one.rank,
        centre,
        towns,
        len(one.members) + one.beyond,
        one.observed,
        _number(one.expected),
        _number(one.relative_risk),
        _number(one.p),
        round(one.radius_m),
    )


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
