"""Where the issues of a scope stood at the end of a month, or stand now while it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from geo.analysis import standings
from geo.analysis.issue_flow import State
from geo.analysis.standings import IssueFigures
from geo.errors import UnknownArea
from geo.months import Month, local_day
from geo.services.coverage import counted_to
from geo.storage.queries import areas, boundaries
from geo.storage.queries import standings as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import IssueRecord


@dataclass(frozen=True, slots=True)
class Standing:
    """An issue at a moment.

    :ivar record: what it is, and where it stands today
    :ivar state: where it stood then; what is shown of a month is this
    :ivar waiting_days: from its report to that day
    :ivar overdue: whether its last day had passed
    """

    record: IssueRecord
    state: State
    waiting_days: int
    overdue: bool

    @property
    def unanswered(self) -> bool:
        """Whether nobody had replied."""
        return standings.is_unanswered(self.state)

    @property
    def in_circles(self) -> bool:
        """Whether an organisation had been given it a second time."""
        return standings.is_circling(self.state)


@dataclass(frozen=True, slots=True)
class MonthsIssues:
    """Issues of a month: those that were open at its end, longest waiting first, and the counts."""

    open: tuple[Standing, ...]
    figures: IssueFigures


def of_month(
    session: Session, county: CountyInfo, month: Month, *, area: str | None = None, now: datetime | None = None
) -> MonthsIssues:
    """Issues of a month in a scope.

    :param area: code of the scope, in force now; the whole county if not given
    :raises FutureMonth: the month has not begun in the county
    :raises UnknownArea: no area in force has that code
    """
    day, (begin, end) = counted_to(county, month, now), month.bounds(county.zone)
    asked = queries.Asked(county.code, begin, min(end, now or datetime.now(UTC)), _within(session, county, area))
    happened = queries.events(session, asked)
    states: list[State] = []
    still: list[Standing] = []
    for record in queries.records(session, asked):
        (state,) = standings.states_at(happened.get(record.id, ()), [asked.end])
        if state is None:
            continue
        states.append(state)
        if standings.is_open(state):
            waited = max(0, (day - local_day(record.reported_at, county.zone)).days)
            still.append(Standing(record, state, waited, standings.is_overdue(state, day)))
    still.sort(key=lambda one: (-one.waiting_days, str(one.record.id)))
    return MonthsIssues(tuple(still), standings.figures(states, begin=begin, day=day))


def open_at(
    session: Session, county: CountyInfo, month: Month, *, area: str | None = None, now: datetime | None = None
) -> tuple[Standing, ...]:
    """Issues that were open at the end of a month, or are now while it runs; raises as `of_month`."""
    return of_month(session, county, month, area=area, now=now).open


def over_months(
    session: Session,
    county: CountyInfo,
    months: Sequence[Month],
    *,
    area: str | None = None,
    now: datetime | None = None,
) -> list[IssueFigures]:
    """The counts of several months in a row, read at once; raises as `of_month`."""
    ends = [min(month.bounds(county.zone)[1], now or datetime.now(UTC)) for month in months]
    days: list[date] = [counted_to(county, month, now) for month in months]
    begins = [month.bounds(county.zone)[0] for month in months]
    asked = queries.Asked(county.code, begins[0], ends[-1], _within(session, county, area))
    by_month: list[list[State]] = [[] for _ in months]
    for events in queries.events(session, asked).values():
        for found, state in zip(by_month, standings.states_at(events, ends), strict=True):
            if state is not None:
                found.append(state)
    return [
        standings.figures(found, begin=begin, day=day) for found, begin, day in zip(by_month, begins, days, strict=True)
    ]


def _within(session: Session, county: CountyInfo, area: str | None) -> queries.Within | None:
    if area is None or area == county.code:
        return None
    version = boundaries.active(session, county.code)
    found = areas.find(session, version, area)
    if found is None:
        raise UnknownArea(code=area, county=county.code, version=version.version)
    return None if found.level == "county" else (found.level, (area,))
