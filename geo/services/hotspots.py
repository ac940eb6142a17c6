"""Hot spots of a window: the whole county is judged, and what lies in the scope of whoever asks is told.

Whether something is regional shows only beside everywhere else, so the scope does not limit what is compared. The
boundaries are those in force now, as visits and issues are tagged to them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.hotspot_judging import judge
from geo.analysis.hotspots import SEED, AreaFacts, Denominator, HotspotReport, Judged
from geo.analysis.issue_flow import CATEGORIES, Category
from geo.errors import FutureWindow, InvalidDay, InvalidMonth, InvalidWindow, NoAreasInScope, UnknownArea
from geo.months import Month
from geo.services import grounds
from geo.services.coverage import latest_month, today
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import areas, boundaries
from geo.storage.queries import hotspots as queries
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.hotspots import Window

MONTHS: Final = 12
"""Of the window, where none is asked for."""


def day_or_month(text: str) -> date | Month:
    """``YYYY-MM-DD`` or ``YYYY-MM``; raises `InvalidDay`."""
    try:
        if len(text.strip()) <= len("YYYY-MM"):
            return Month.parse(text)
        day = date.fromisoformat(text.strip())
        Month.of(day)  # the years of months: the end of year 9999 has no day after it
    except (ValueError, InvalidMonth) as error:
        raise InvalidDay(day=text) from error
    return day


def window_of(
    session: Session, county: CountyInfo, begin: date | Month | None, until: date | Month | None
) -> tuple[date, date]:
    """First and last day of a window, inclusive: as asked, or the twelve months up to the latest with visits.

    Nothing lies beyond the month that runs, so a window that is to end later ends with it.

    :raises InvalidWindow: it ends before it begins
    :raises FutureWindow: it has not begun yet
    """
    if until is None:
        until = latest_month(session, county)
    if begin is None:
        begin = Month.of(until.last_day if isinstance(until, Month) else until)
        for _ in range(MONTHS - 1):
            begin = begin.previous()
    first = begin.first_day if isinstance(begin, Month) else begin
    last = until.last_day if isinstance(until, Month) else until
    now = today(county)
    if first > now:
        raise FutureWindow(begin=first, today=now)
    last = min(last, Month.of(now).last_day)
    if last < first:
        raise InvalidWindow(begin=first, until=last)
    return first, last


def report(
    session: Session,
    county: CountyInfo,
    begin: date,
    until: date,
    *,
    level: Level = "village",
    categories: Sequence[Category] = (),
    per: Denominator = "visits",
    by_month: bool = False,
    area: str | None = None,
    seed: int = SEED,
) -> HotspotReport:
    """What gathers where.

    :param begin: first day
    :param until: last day, inclusive
    :param categories: of issues; none for all
    :param by_month: expect what the visits of each month would have had at that month's rate
    :param area: code of the scope; the whole county if not given
    :raises UnknownArea: there is no such area
    """
    version = boundaries.active(session, county.code)
    scope = areas.find(session, version, area or county.code)
    if scope is None:
        raise UnknownArea(code=area, county=county.code, version=version.version)
    counted = counted_categories(session, categories)
    window = window_between(county, begin, until)
    whole = scope.level == "county"
    with reach.unlimited(session):
        judged, outside = _judged(session, county, version, window, level, counted, per, seed, by_month=by_month)
        top = areas.find(session, version, county.code)
    told = _within(judged, scope)
    return HotspotReport(
        county=county.code,
        county_name=top.name if top else county.code,
        scope=scope.code,
        scope_name=scope.name,
        level=level,
        begin=begin,
        until=until,
        categories=tuple(categories),
        petitions=reach.sees_petitions(session),
        version=version.version,
        issues=sum(one.observed for one in told.areas) + (outside if whole else 0),
        visits=sum(sum(one.facts.visits) for one in told.areas),
        outside=outside if whole else 0,
        months=months_of(window),
        judged=told,
    )


def drawn_shapes(session: Session, report_: HotspotReport) -> dict[str, BaseGeometry]:
    """Geometries of a report's areas, simplified together for drawing."""
    version = boundaries.get(session, report_.county, report_.version)
    return areas.shapes(session, version, [one.facts.code for one in report_.rows], drawn=True)


def counted_categories(session: Session, categories: Sequence[Category]) -> tuple[Category, ...]:
    """The categories that are counted: without petitions for those who may not see them; none for all.

    Where petitions alone are asked for, the session leaves of them what whoever asks entered.
    """
    if reach.sees_petitions(session):
        return tuple(categories)
    return tuple(one for one in categories or CATEGORIES if one != "petition") or ("petition",)


def window_between(county: CountyInfo, begin: date, until: date) -> Window:
    """The window from one day to another, both inclusive."""
    end = until + timedelta(days=1)
    start, stop = (datetime.combine(day, time(), tzinfo=county.zone) for day in (begin, end))
    return Window(start, stop, county.zone, whole_months=begin.day == 1 and end.day == 1)


def months_of(window: Window) -> tuple[Month, ...]:
    """The months that a window touches."""
    last = Month.of((window.end - timedelta(microseconds=1)).astimezone(window.zone).date())
    months = [Month.of(window.start.astimezone(window.zone).date())]
    while months[-1] < last:
        months.append(months[-1].next())
    return tuple(months)


def _judged(
    session: Session,
    county: CountyInfo,
    version: VersionInfo,
    window: Window,
    level: Level,
    categories: tuple[Category, ...],
    per: Denominator,
    seed: int,
    *,
    by_month: bool,
) -> tuple[Judged, int]:
    """All areas of the county, judged, and how many issues lie in none of them."""
    ground = grounds.of(session, county, version, level)
    seen = queries.issues(session, county.code, level, window, categories)
    went = queries.visits(session, version, level, window)
    months = [month.first_day for month in months_of(window)]
    facts = [
        AreaFacts(
            code=one.code,
            name=one.name,
            parent_name=ground.parents.get(one.parent or ""),
            path=one.path,
            households=one.households,
            x_m=float(x),
            y_m=float(y),
            issues=tuple(seen.get((one.code, month), 0) for month in months),
            visits=tuple(went.get((one.code, month), 0) for month in months),
        )
        for one, (x, y) in zip(ground.areas, ground.centroids, strict=True)
    ]
    outside = sum(count for (code, _), count in seen.items() if code is None)
    return judge(facts, ground.neighbours, denominator=per, by_month=by_month, seed=seed), outside


def _within(judged: Judged, scope: AreaInfo) -> Judged:
    """What lies in the scope: its areas, and of the clusters that touch it the members in it."""
    if scope.level == "county":
        return judged
    mine = tuple(
        one for one in judged.areas if one.facts.path == scope.path or one.facts.path.startswith(f"{scope.path}/")
    )
    codes = {one.facts.code for one in mine}
    clusters = [
        replace(
            one,
            centre=one.centre if one.centre in codes else members[0],
            members=members,
            beyond=len(one.members) - len(members),
        )
        for one in judged.clusters
        if (members := tuple(code for code in one.members if code in codes))
    ]
    choices = replace(
        judged.choices,
        islands=tuple(pair for pair in judged.choices.islands if codes.issuperset(pair)),
        unknown=tuple(code for code in judged.choices.unknown if code in codes),
        left_out=sum(one.observed for one in mine if one.denominator is None),
    )
    refusal = judged.refusal if mine else NoAreasInScope(scope=scope.name)
    return replace(judged, areas=mine, clusters=tuple(clusters), choices=choices, refusal=refusal)
