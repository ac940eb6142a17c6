"""What the reader of a session sees: one area and all below it.

The limit is applied here and nowhere else: every statement of the session, whoever wrote it, gets the conditions below
added for each table that it names, in subqueries too. A query that forgets the scope cannot leak, and one that needs
the whole county to answer a part of it (the locators, a name above the scope) says so with `unlimited`.

Areas are told by the code of the scope in their own path, in every boundary version: a village that was moved to
another town is still its own.

Where this falls down: statements over ``__table__`` and plain SQL pass by; COPY would, but for `within`. Tallies are
read that way, and only ever joined with areas, and the visits of places, joined with places;
``tests/api/test_access.py`` looks for foreign codes in the answers of every route.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, event, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, LoaderCriteriaOption, ORMExecuteState, Session, with_loader_criteria

from geo.space.codes import Level
from geo.storage.access_tables import Account
from geo.storage.bulletin_tables import BulletinFile, PublishedBulletin
from geo.storage.import_tables import Import, ImportFlag, ImportRejection
from geo.storage.issue_tables import Issue, IssueEvent, IssueLimit, IssueRoute
from geo.storage.tables import (
    Area,
    AreaSetting,
    Assignment,
    AssignmentChange,
    BoundaryVersion,
    Cadre,
    Carryover,
    County,
    Lineage,
    Organisation,
    Place,
    TileShape,
    Visit,
    VisitRevision,
)

_KEY: Final = "reach"
_BLIND: Final = "without petitions"
_OF_AREAS: Final[dict[Level, InstrumentedAttribute[Any]]] = {
    "county": Area.county_code,
    "town": Area.town_code,
    "village": Area.village_code,
    "grid": Area.grid_code,
}
_OF_TILES: Final[dict[Level, InstrumentedAttribute[Any]]] = {
    "county": TileShape.county_code,
    "town": TileShape.town_code,
    "village": TileShape.village_code,
    "grid": TileShape.grid_code,
}
_OF_VISITS: Final[dict[Level, InstrumentedAttribute[Any]]] = {
    "county": Visit.county_code,
    "town": Visit.town_code,
    "village": Visit.village_code,
    "grid": Visit.grid_code,
}
_OF_ISSUES: Final[dict[Level, InstrumentedAttribute[Any]]] = {
    "county": Issue.county_code,
    "town": Issue.town_code,
    "village": Issue.village_code,
    "grid": Issue.grid_code,
}

_WHOLE: Final[tuple[type[Any], ...]] = (Lineage, Carryover, PublishedBulletin, BulletinFile)
"""Of the whole county: what the checks of a version found, and bulletins."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One area and all below it; the whole of a county where the level is ``county``."""

    county: str
    level: Level
    code: str

    @property
    def is_county(self) -> bool:
        """Whether nothing of the county is left out."""
        return self.level == "county"


def limit(session: Session, reach: Reach | None) -> None:
    """Whatever the session reads or changes from now on lies within the reach; None for everything."""
    session.info[_KEY] = reach


def of(session: Session) -> Reach | None:
    """The limit of a session, None where there is none."""
    reach: Reach | None = session.info.get(_KEY)
    return reach


def is_whole(session: Session) -> bool:
    """Whether the session sees the whole of its county."""
    reach = of(session)
    return reach is None or reach.is_county


def without_petitions(session: Session, but_of: str | None) -> None:
    """From now on the session sees no petitions (信访) but those that an account entered itself; None for all."""
    session.info[_BLIND] = but_of


def sees_petitions(session: Session) -> bool:
    """Whether the session sees all petitions that lie within its limit."""
    return session.info.get(_BLIND) is None


@contextmanager
def with_petitions(session: Session) -> Iterator[None]:
    """Count what may not be seen one by one."""
    blind = session.info.get(_BLIND)
    session.info[_BLIND] = None
    try:
        yield
    finally:
        session.info[_BLIND] = blind


@contextmanager
def unlimited(session: Session) -> Iterator[None]:
    """Read without the limit what is needed to answer within it."""
    reach = of(session)
    session.info[_KEY] = None
    try:
        yield
    finally:
        session.info[_KEY] = reach


def _conditions(reach: Reach) -> list[tuple[type[Any], ColumnElement[bool]]]:
    tables = (
        Area,
        AreaSetting,
        Assignment,
        AssignmentChange,
        BoundaryVersion,
        Cadre,
        Organisation,
        Place,
        TileShape,
        Visit,
        VisitRevision,
        Issue,
        IssueEvent,
        IssueLimit,
        IssueRoute,
        Import,
        ImportRejection,
        ImportFlag,
    )
    everything: tuple[type[Any], ...] = (*tables, *_WHOLE, Account)
    county = [(table, table.county_code == reach.county) for table in everything]
    counties: tuple[type[Any], ColumnElement[bool]] = (County, County.code == reach.county)
    if reach.is_county:
        return [counties, *county]
    codes = _codes(reach)
    narrower: dict[type[Any], ColumnElement[bool]] = {
        Area: _OF_AREAS[reach.level] == reach.code,
        TileShape: _OF_TILES[reach.level] == reach.code,
        Visit: _OF_VISITS[reach.level] == reach.code,
        VisitRevision: VisitRevision.visit_id.in_(select(Visit.id).where(_OF_VISITS[reach.level] == reach.code)),
        Issue: _OF_ISSUES[reach.level] == reach.code,
        # Beside a join with issues, too, these are issues of their own.
        IssueEvent: IssueEvent.issue_id.in_(
            select(Issue.id).where(_OF_ISSUES[reach.level] == reach.code).correlate(None)
        ),
        Assignment: Assignment.area_code.in_(codes),
        AssignmentChange: AssignmentChange.area_code.in_(codes),
        AreaSetting: AreaSetting.code.in_(codes),
        Place: Place.area_code.in_(codes),
        Account: Account.scope_code.in_(codes),
        **dict.fromkeys(_WHOLE, false()),
    }
    return [
        counties,
        *((table, and_(whole, narrower[table]) if table in narrower else whole) for table, whole in county),
    ]


def _codes(reach: Reach) -> Select[Any]:
    """Codes within the reach in any boundary version, its own included."""
    own = _OF_AREAS[reach.level] == reach.code
    return select(Area.code).where(Area.county_code == reach.county, or_(own, Area.code == reach.code))


@event.listens_for(Session, "do_orm_execute")
def _within(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete):
        return
    state.statement = state.statement.options(*_limits(state.session))


def within(session: Session, query: Select[*tuple[object, ...]]) -> Select[*tuple[object, ...]]:
    """A query as the session would execute it, for those that reach the database by another way (COPY)."""
    return query.options(*_limits(session))


def _limits(session: Session) -> tuple[LoaderCriteriaOption, ...]:
    reach, blind = of(session), session.info.get(_BLIND)
    return (*(_options(reach) if reach is not None else ()), *(_no_petitions(blind) if blind is not None else ()))


@lru_cache(maxsize=1_000)
def _options(reach: Reach) -> tuple[LoaderCriteriaOption, ...]:
    return tuple(
        with_loader_criteria(table, condition, include_aliases=True) for table, condition in _conditions(reach)
    )


@lru_cache(maxsize=1_000)
def _no_petitions(but_of: str) -> tuple[LoaderCriteriaOption, ...]:
    seen = or_(Issue.category != "petition", Issue.entered_by == but_of)
    visible = select(Issue.id).where(Issue.county_code == IssueEvent.county_code, seen).correlate(IssueEvent)
    events = IssueEvent.issue_id.in_(visible)
    return (
        with_loader_criteria(Issue, seen, include_aliases=True),
        with_loader_criteria(IssueEvent, events, include_aliases=True),
    )
