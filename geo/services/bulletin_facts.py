"""What a bulletin is made of, read once: the overview of the month, the month before, and every issue that counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final, get_args

from sqlalchemy.orm import Session

from geo.analysis import standings as judging
from geo.analysis.bulletin_lists import ClusterIssue, IssueFacts, Scan
from geo.analysis.bulletin_making import Sources
from geo.analysis.coverage import CoverageLevel, CoverageReport
from geo.analysis.issue_flow import CATEGORIES, OPEN, State
from geo.errors import NoBoundaries, UnknownArea
from geo.months import FIRST_MONTH, Month, local_day
from geo.services import coverage, grounds, hotspots, overview
from geo.services.coverage import counted_to
from geo.space.codes import Level
from geo.storage.queries import areas, boundaries, bulletins
from geo.storage.queries import coverage as coverage_queries
from geo.storage.queries import hotspots as hotspot_queries
from geo.storage.queries import standings as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import IssueRecord

_UNTOLD: Final = "petition"
"""The subject of a petition may tell of a family, and so may its village: no area below its town is named."""


def sources(session: Session, county: CountyInfo, month: Month, now: datetime | None = None) -> Sources:
    """All of it, of the whole county, by village (by town where there are none).

    :raises FutureMonth: the month has not begun in the county
    :raises NoBoundaries: nothing is in force
    """
    counted_to(county, month, now)
    level: Level = "village" if _has_villages(session, county) else "town"
    seen = overview.overview(session, county, month, level=level, clusters=False, now=now)
    scans, before = _scans(session, county, month, level), _before(session, county, month, level, now)
    scans_before = _scans(session, county, before.month, level) if before else []
    names = _names(session, county, level, seen.coverage.version)
    return Sources(
        coverage=seen.coverage,
        figures=replace(seen.figures, clusters=_found(scans)),
        previous=None if seen.previous is None else replace(seen.previous, clusters=_found(scans_before)),
        before=before,
        issues=_issues(session, county, month, level, names, now),
        issues_before=_issues(session, county, before.month, level, names, now) if before else (),
        scans=scans,
        scans_before=scans_before,
        cluster_issues=_behind(session, county, scans, names),
        next_month=_asked_of(session, county, seen.coverage, now),
        towns=names.towns,
        today=coverage.today(county, now),
    )


def _has_villages(session: Session, county: CountyInfo) -> bool:
    return bool(grounds.of(session, county, boundaries.active(session, county.code), "village").areas)


def _before(
    session: Session, county: CountyInfo, month: Month, level: Level, now: datetime | None
) -> CoverageReport | None:
    if month <= FIRST_MONTH:
        return None
    try:
        return coverage.report(session, county, month.previous(), level=level, now=now)
    except (NoBoundaries, UnknownArea):
        return None


def _scans(session: Session, county: CountyInfo, month: Month, level: Level) -> list[Scan]:
    """Every category in the year that a month ends; the same as `overview.regional`, with what was looked at."""
    begin, until = overview.year_to(month)
    return [
        Scan(one, hotspots.report(session, county, begin, until, level=level, categories=(one,))) for one in CATEGORIES
    ]


def _found(scans: Sequence[Scan]) -> int:
    return sum(len(scan.clusters) for scan in scans)


def _asked_of(
    session: Session, county: CountyInfo, report: CoverageReport, now: datetime | None
) -> tuple[CoverageReport, ...]:
    """Coverage of the level itself, and of every other that the county has rules for."""
    others = [
        coverage.report(session, county, report.month, level=level, now=now)
        for level in get_args(CoverageLevel)
        if level != report.level and coverage_queries.rules(session, county.code, level)
    ]
    return (report, *others)


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of towns, areas and organisations by code."""

    towns: Mapping[str, str]
    areas: Mapping[str, str]
    organisations: Mapping[str, str]


def _names(session: Session, county: CountyInfo, level: Level, number: int) -> _Names:
    """Of towns in the version that the month is read with, and in the one in force, which issues are tagged to."""
    versions = (boundaries.active(session, county.code), boundaries.get(session, county.code, number))
    towns = {town.code: town.name for one in versions for town in areas.page(session, one, level="town", limit=None)}
    named = {one.code: one.name for one in grounds.of(session, county, versions[0], level).areas}
    return _Names(towns, named, bulletins.organisation_names(session, county.code))


def _issues(
    session: Session,
    county: CountyInfo,
    month: Month,
    level: Level,
    names: _Names,
    now: datetime | None,
) -> list[IssueFacts]:
    """Issues that were open at the month's end, or reported or ended in it; what was merged is part of another."""
    day, (begin, end) = counted_to(county, month, now), month.bounds(county.zone)
    asked = queries.Asked(county.code, begin, min(end, now or datetime.now(UTC)))
    happened = queries.events(session, asked)
    stood: list[tuple[IssueRecord, State]] = []
    for record in queries.records(session, asked):
        (state,) = judging.states_at(happened.get(record.id, ()), [asked.end])
        if state is not None and state.status != "merged":
            stood.append((record, state))
    found = [_facts(record, state, county, day, begin, level, names) for record, state in stood]
    return [one for one in found if one.open or one.reported or one.ended]


def _facts(
    record: IssueRecord, state: State, county: CountyInfo, day: date, begin: datetime, level: Level, names: _Names
) -> IssueFacts:
    reported_on = local_day(record.reported_at, county.zone)
    ended_on = local_day(state.ended_at, county.zone) if state.ended_at else None
    area = _area(record, level)
    return IssueFacts(
        id=str(record.id),
        category=record.category,
        title=_told(record),
        town=record.town,
        town_name=names.towns.get(record.town or ""),
        area=area,
        area_name=names.areas.get(area or ""),
        organisation=state.handler,
        organisation_name=names.organisations.get(state.handler or ""),
        status=state.status,
        reported_on=reported_on,
        due_on=state.due_on,
        ended_on=ended_on,
        waiting_days=max(0, ((ended_on or day) - reported_on).days),
        reported=state.reported_at >= begin,
        ended=state.ended_at is not None and state.ended_at >= begin,
        open=judging.is_open(state),
        overdue=judging.is_overdue(state, day),
        unanswered=judging.is_unanswered(state),
        in_circles=judging.is_circling(state),
        extent=state.extent,
    )


def _behind(session: Session, county: CountyInfo, scans: Sequence[Scan], names: _Names) -> list[ClusterIssue]:
    """The issues of significant clusters."""
    found: list[ClusterIssue] = []
    for scan in scans:
        report, counted = scan.report, (scan.category,) if scan.category else ()
        window = hotspots.window_between(county, report.begin, report.until)
        for key, one in scan.clusters:
            inside = hotspot_queries.inside(session, county.code, window, counted, report.level, one.members)
            found += [_inside(record, key, county, report.level, names) for record in inside]
    return found


def _inside(record: IssueRecord, key: str, county: CountyInfo, level: Level, names: _Names) -> ClusterIssue:
    area = _area(record, level)
    return ClusterIssue(
        id=str(record.id),
        cluster=key,
        category=record.category,
        title=_told(record),
        town=record.town,
        town_name=names.towns.get(record.town or ""),
        area=area,
        area_name=names.areas.get(area or ""),
        status=record.status,
        reported_on=local_day(record.reported_at, county.zone),
        open=record.status in OPEN,
        extent=record.extent,
    )


def _area(record: IssueRecord, level: Level) -> str | None:
    if record.category == _UNTOLD and level != "town":
        return None
    found: str | None = getattr(record, level)
    return found


def _told(record: IssueRecord) -> str | None:
    return None if record.category == _UNTOLD else record.title
