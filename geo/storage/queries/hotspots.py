"""Issues and visits of a window by area and month, and their positions, as hot spots need them.

An issue that was merged into another is the same problem told twice, and counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Date, Select, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import Category
from geo.space.codes import Level
from geo.storage.bulk import copy_out
from geo.storage.issue_tables import Issue, IssueEvent
from geo.storage.queries import issues as issue_queries
from geo.storage.queries.areas import AreaInfo, in_version
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.coverage import OWNERS
from geo.storage.queries.issues import IssueRecord
from geo.storage.tables import Area, Visit, VisitTally

Counts = dict[tuple[str | None, date], int]
"""By area and first day of the month; None for what no area of the level contains."""

_POSITION: Final = {"lon": pa.float64(), "lat": pa.float64()}


@dataclass(frozen=True, slots=True)
class Window:
    """``[start, end)``, in a county's calendar.

    :ivar whole_months: whether it begins and ends with a month
    """

    start: datetime
    end: datetime
    zone: ZoneInfo
    whole_months: bool


def issues(session: Session, county: str, level: Level, window: Window, categories: Sequence[Category]) -> Counts:
    """Issues that were reported in the window."""
    owner = getattr(Issue, f"{level}_code")
    month = _month(Issue.reported_at, window)
    query = select(owner, month, func.count()).where(*_of(county, window, categories)).group_by(owner, month)
    return {(code, first): count for code, first, count in session.execute(query)}


def visits(session: Session, version: VersionInfo, level: Level, window: Window) -> Counts:
    """Visits that began in the window: from the tallies where it is made of whole months."""
    owner: Any = OWNERS[level]
    month: Any = VisitTally.month
    if window.whole_months:
        first, last = (moment.astimezone(window.zone).date() for moment in (window.start, window.end))
        query = (
            select(owner, month, func.sum(VisitTally.visits))
            .join_from(VisitTally, Area, VisitTally.area_code == Area.code)
            .where(VisitTally.county_code == version.county, month >= first, month < last, in_version(version))
        )
    else:
        owner, month = getattr(Visit, f"{level}_code"), _month(Visit.started_at, window)
        query = select(owner, month, func.count()).where(*_began(version.county, window))
    return {(code, day): int(count) for code, day, count in session.execute(query.group_by(owner, month))}


def issue_positions(
    session: Session, county: str, window: Window, categories: Sequence[Category]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of the issues of a window that have a position, in the order of their ids."""
    query = select(func.ST_X(Issue.position), func.ST_Y(Issue.position)).where(
        *_of(county, window, categories), Issue.position.is_not(None)
    )
    return _positions(session, query.order_by(Issue.id))


def unlocated_issues(
    session: Session, county: str, window: Window, categories: Sequence[Category], scope: AreaInfo
) -> int:
    """How many issues of a window say no position; of a scope those that name an area in it."""
    query = select(func.count(Issue.id)).where(*_of(county, window, categories), Issue.position.is_(None))
    if scope.level != "county":
        query = query.where(getattr(Issue, f"{scope.level}_code") == scope.code)
    return session.execute(query).scalar_one()


def visit_positions(session: Session, county: str, window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Likewise of the visits."""
    query = select(func.ST_X(Visit.position), func.ST_Y(Visit.position)).where(
        *_began(county, window), Visit.position.is_not(None)
    )
    return _positions(session, query)


@dataclass(frozen=True, slots=True)
class Told:
    """What an issue says of itself, and the area of a level that it lies in."""

    id: UUID
    title: str
    area: str | None
    place: str | None

    @classmethod
    def of(cls, record: IssueRecord, level: Level) -> "Told":
        """From a stored issue."""
        return cls(record.id, record.title, getattr(record, level), record.place)


def told(session: Session, county: str, window: Window, category: Category, level: Level) -> list[Told]:
    """The issues of a category in a window."""
    area = getattr(Issue, f"{level}_code")
    query = select(Issue.id, Issue.title, area, Issue.place_id).where(*_of(county, window, [category]))
    return [Told(*row) for row in session.execute(query.order_by(Issue.id))]


def judged(session: Session, county: str) -> tuple[int, int]:
    """Issues whose last judgement had a proposal beside it, and how many of these said the same."""
    last = (
        select(IssueEvent.extent, IssueEvent.proposal["extent"].astext.label("proposed"))
        .where(IssueEvent.county_code == county, IssueEvent.kind == "judged", IssueEvent.proposal.is_not(None))
        .ext(distinct_on(IssueEvent.issue_id))
        .order_by(IssueEvent.issue_id, IssueEvent.number.desc())
        .subquery()
    )
    agreed = func.count().filter(last.c.extent == last.c.proposed)
    count, same = session.execute(select(func.count(), agreed).select_from(last)).one()
    return count, same


def _positions(session: Session, query: Select[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    found = copy_out(session, query, _POSITION)
    return found["lon"].to_numpy(), found["lat"].to_numpy()


def _of(county: str, window: Window, categories: Sequence[Category]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Issue.county_code == county,
        Issue.reported_at >= window.start,
        Issue.reported_at < window.end,
        Issue.status != "merged",
    ]
    return [*found, Issue.category.in_(categories)] if categories else found


def _began(county: str, window: Window) -> list[ColumnElement[bool]]:
    return [
        Visit.county_code == county,
        Visit.started_at >= window.start,
        Visit.started_at < window.end,
        Visit.withdrawn_at.is_(None),
    ]


def _month(moment: Any, window: Window) -> Any:
    return cast(func.date_trunc("month", func.timezone(window.zone.key, moment)), Date)


def inside(
    session: Session, county: str, window: Window, categories: Sequence[Category], level: Level, codes: Sequence[str]
) -> list[IssueRecord]:
    """The issues of a window in some areas of a level, the latest first."""
    area = getattr(Issue, f"{level}_code")
    wanted = [*_of(county, window, categories), area.in_(codes)]
    return issue_queries.where(session, county, wanted, latest_first=True)


def with_position(session: Session, county: str, window: Window, categories: Sequence[Category]) -> list[IssueRecord]:
    """The issues of a window that have a position."""
    return issue_queries.where(session, county, [*_of(county, window, categories), Issue.position.is_not(None)])
