"""From the reports of a month to its bulletin: which lists there are, and how every figure follows from one of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from geo.analysis import overview
from geo.analysis.bulletin_lists import (
    ClusterIssue,
    IssueFacts,
    Scan,
    area_listing,
    cluster_listings,
    issue_listing,
    next_listing,
    town_of,
)
from geo.analysis.bulletins import Asked, Bulletin, Cell, Figure, How, Listing, Part, recount
from geo.analysis.coverage import TIERS, CoverageReport
from geo.analysis.issue_flow import CATEGORIES
from geo.analysis.overview import Figures
from geo.space.codes import LEVELS

AREA_LISTS: Final = ("met", "under", "unvisited", "excluded", "unassigned")
ISSUE_LISTS: Final = ("reported", "ended", "open", "overdue", "unanswered", "in_circles")
SUMS: Final = ("visits", "households", "households_reached")
OF_TOWNS: Final = (
    "all", "met", "under", "unvisited", "excluded", "unassigned", "rate", "households", "households_reached", "open",
    "overdue", "unanswered",
)  # fmt: skip
OF_ORGANISATIONS: Final = ("open", "overdue", "unanswered", "in_circles", "ended", "median_days")
OF_NEXT: Final = ("areas", "visits", "open")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a bulletin is made of.

    :ivar figures: those that everything else shows of the month
    :ivar previous: of the month before; None where nothing is known of it
    :ivar before: coverage of the month before, with its issues and clusters
    :ivar issues: open at the month's end, or reported or ended in it
    :ivar scans: for clusters of each category in the twelve months that the month ends
    :ivar next_month: coverage of every level that something is asked of
    :ivar towns: names by code
    :ivar today: of the county's calendar
    """

    coverage: CoverageReport
    figures: Figures
    previous: Figures | None
    before: CoverageReport | None
    issues: Sequence[IssueFacts]
    issues_before: Sequence[IssueFacts]
    scans: Sequence[Scan]
    scans_before: Sequence[Scan]
    cluster_issues: Sequence[ClusterIssue]
    next_month: Sequence[CoverageReport]
    towns: Mapping[str, str]
    today: date


def make(sources: Sources) -> Bulletin:
    """The bulletin, as a draft."""
    report = sources.coverage
    bare = Bulletin(
        county=report.county,
        county_name=report.county_name,
        month=str(report.month),
        level=report.level,
        as_of=report.as_of,
        running=sources.today <= report.month.last_day,
        version=report.version,
        in_force_from=report.in_force_from,
        scanned_with=sources.scans[0].report.version,
        tested=any(sum(bool(one.expected) for one in scan.report.rows) > 1 for scan in sources.scans),
        figures=(),
        lists=tuple(_lists(sources)),
        towns=_towns(sources),
        organisations=_organisations(sources),
        asked=_asked(sources.next_month),
    )
    counted: dict[str, Figure] = {}
    for one in _figures(bare, sources):
        told = one.value is not None or one.name in overview.COUNTED
        counted[one.name] = one if told else replace(one, value=_rounded(recount(bare, one, counted)))
    return replace(bare, figures=tuple(counted.values()))


def _lists(sources: Sources) -> Iterator[Listing]:
    rows, towns = sources.coverage.rows, sources.towns
    yield area_listing("all", rows, towns)
    for name in AREA_LISTS:
        kept = [row for row in rows if (row.unassigned if name == "unassigned" else row.status == name)]
        yield area_listing(name, kept, towns)
    for name in ISSUE_LISTS:
        yield issue_listing(name, [one for one in sources.issues if getattr(one, name)])
    yield from cluster_listings("clusters", sources.scans, sources.cluster_issues, towns)
    yield next_listing(sources.next_month, towns)
    following = sources.coverage.month.next()
    yield issue_listing(
        "due_next",
        [
            one
            for one in sources.issues
            if one.open and one.due_on is not None and following.first_day <= one.due_on <= following.last_day
        ],
    )
    yield area_listing("before_all", sources.before.rows if sources.before else (), towns)
    yield issue_listing("before_issues", sources.issues_before)
    yield cluster_listings("before_clusters", sources.scans_before, (), towns)[0]


def _asked(reports: Sequence[CoverageReport]) -> tuple[Asked, ...]:
    """The rules that areas which count are judged by, in the order of the list."""
    rows = [row for report in reports for row in report.rows if row.status != "excluded"]
    rules = {(row.facts.level, row.facts.tier): row.rule for row in rows}
    ordered = sorted(rules, key=lambda one: (LEVELS.index(one[0]), TIERS.index(one[1])))
    return tuple(Asked(*one, rules[one].visits_per_month, rules[one].every_days) for one in ordered)


def _towns(sources: Sources) -> tuple[Part, ...]:
    codes = {town_of(row.facts.path) for row in sources.coverage.rows}
    codes |= {one.town for one in sources.issues if one.open}
    return _parts((code or "", sources.towns.get(code or "", code or "")) for code in codes)


def _organisations(sources: Sources) -> tuple[Part, ...]:
    return _parts(
        (one.organisation or "", one.organisation_name or one.organisation or "")
        for one in sources.issues
        if one.open or one.ended
    )


def _parts(named: Iterable[tuple[str, str]]) -> tuple[Part, ...]:
    """By code, what belongs to none last."""
    return tuple(Part(*one) for one in sorted(set(named), key=lambda one: (not one[0], one[0])))


# figures, in the order of the text


def _figures(bare: Bulletin, sources: Sources) -> Iterator[Figure]:
    yield from _of_county(sources.figures)
    yield from _of_county_before(sources.previous)
    for town in bare.towns:
        for name in OF_TOWNS:
            yield _within(f"town.{town.code}", name, ("town", town.code or None))
    for one in bare.organisations:
        for name in OF_ORGANISATIONS:
            yield _within(f"organisation.{one.code}", name, ("organisation", one.code or None))
    for line in bare.listing("clusters").records():
        yield from _of_cluster("clusters", line)
    listing = bare.listing("next_areas")
    for level, tier in dict.fromkeys(zip(listing.values("level"), listing.values("tier"), strict=True)):
        yield from _of_next(f"next.{level}.{tier}", (("level", level), ("tier", tier)))
    yield Figure("due_next", None, "due_next")


def _of_county(known: Figures) -> Iterator[Figure]:
    for name in overview.COUNTED:
        yield replace(_plain(name), value=_rounded(overview.value(known, name)), before=f"before.{name}")


def _of_county_before(known: Figures | None) -> Iterator[Figure]:
    """The same of the month before, each counted in the three lists that are kept of it."""
    for name in overview.COUNTED if known is not None else ():
        value, own = _rounded(overview.value(known, name)) if known else None, f"before.{name}"
        if name in ISSUE_LISTS:
            yield Figure(own, value, "before_issues", "rows", where=((name, 1),))
        elif name == "clusters":
            yield Figure(own, value, "before_clusters")
        elif name == "rate":
            yield Figure(own, value, how="ratio", of=tuple(f"before.{one}" for one in ("met", "all", "excluded")))
        elif name in SUMS:
            yield Figure(own, value, "before_all", "sum", name)
        else:
            yield Figure(own, value, "before_all", where=_status(name))


def _status(name: str) -> tuple[tuple[str, Cell], ...]:
    return () if name == "all" else (("unassigned", 1),) if name == "unassigned" else (("status", name),)


def _plain(name: str) -> Figure:
    if name == "rate":
        return Figure(name, None, how="ratio", of=("met", "all", "excluded"))
    return Figure(name, None, "all", "sum", name) if name in SUMS else Figure(name, None, name)


def _within(prefix: str, name: str, where: tuple[str, Cell]) -> Figure:
    """A figure of the county, of the rows of one town or organisation only."""
    own = f"{prefix}.{name}"
    if name == "median_days":
        return Figure(own, None, "open", "median", "waiting_days", (where,))
    found = replace(_plain(name), name=own)
    if found.how == "ratio":
        return replace(found, of=tuple(f"{prefix}.{one}" for one in found.of))
    return replace(found, where=(where,))


def _of_cluster(name: str, line: Mapping[str, Cell]) -> Iterator[Figure]:
    own, where = f"{name}.{line['cluster']}", (("cluster", line["cluster"]),)
    yield Figure(f"{own}.areas", None, f"{name}_areas", where=where)
    yield Figure(f"{own}.observed", None, f"{name}_issues", where=where)
    for statistic in ("expected", "relative_risk", "p"):
        value = line[statistic]
        yield Figure(f"{own}.{statistic}", value if isinstance(value, int | float) else None, name, "test")
    for category in CATEGORIES if line["category"] is None else ():
        yield Figure(f"{own}.{category}", None, f"{name}_issues", where=(*where, ("category", category)))
    yield Figure(f"{own}.open", None, f"{name}_issues", where=(*where, ("open", 1)))
    yield Figure(f"{own}.judged", None, f"{name}_issues", where=(*where, ("extent", "regional")))


def _of_next(own: str, where: tuple[tuple[str, Cell], ...]) -> Iterator[Figure]:
    values: tuple[tuple[str, How, str | None, tuple[tuple[str, Cell], ...]], ...] = (
        ("areas", "rows", None, where),
        ("visits", "sum", "required", where),
        ("open", "rows", None, (*where, ("still_open", 1))),
    )
    for name, how, column, wanted in values:
        yield Figure(f"{own}.{name}", None, "next_areas", how, column, wanted)


def _rounded(value: float | None) -> int | float | None:
    """Counts are whole numbers; a rate is the same wherever it is stored."""
    return value if value is None or isinstance(value, int) else round(value, 9)
