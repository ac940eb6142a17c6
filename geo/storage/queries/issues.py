"""Issues and their events, read by page."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import ColumnElement, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import OPEN, Category, Event, Extent, ExtentProposal, Status
from geo.space.crs import WGS84
from geo.storage.issue_tables import Issue, IssueEvent, IssueLimit, IssueRoute
from geo.storage.queries import features
from geo.storage.queries.features import Asked
from geo.storage.tables import Organisation, Place, Visit

_COORDINATE_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """An issue as it is stored: position in WGS-84, tags of the active version, and where it stands."""

    id: UUID
    category: Category
    title: str
    detail: str | None
    reported_at: datetime
    lon: float | None
    lat: float | None
    frame: str | None
    accuracy_m: float | None
    claimed_area: str | None
    place: str | None
    visit: UUID | None
    liaison: str | None
    entered_by: str | None
    tag: str
    town: str | None
    village: str | None
    grid: str | None
    status: Status
    handler: str | None
    due_on: date | None
    transfers: int
    in_circles: bool
    answered_at: datetime | None
    ended_at: datetime | None
    merged_into: UUID | None
    extent: Extent | None
    events: int
    change: int

    def content(self) -> dict[str, Any]:
        """What its reporter said, comparable and JSON-able; who handles it and what became of it are events."""
        return content_of(
            reported_at=self.reported_at,
            lon=self.lon,
            lat=self.lat,
            visit=self.visit,
            category=self.category,
            title=self.title,
            detail=self.detail,
            accuracy_m=self.accuracy_m,
            claimed_area=self.claimed_area,
            place=self.place,
            liaison=self.liaison,
        )


def content_of(
    *, reported_at: datetime, lon: float | None, lat: float | None, visit: UUID | None, **texts: str | float | None
) -> dict[str, Any]:
    """What an issue says, in a form that two of them can be compared in; ``lon`` and ``lat`` in WGS-84."""
    return {
        **texts,
        "reported_at": reported_at.astimezone(UTC).isoformat(),
        "lon": None if lon is None else round(lon, _COORDINATE_DIGITS),
        "lat": None if lat is None else round(lat, _COORDINATE_DIGITS),
        "visit": str(visit) if visit else None,
    }


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with who brought it about."""

    number: int
    event: Event
    actor: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which issues are meant; None for all."""

    category: Category | None = None
    status: Status | None = None
    area: tuple[str, str] | None = None
    handler: str | None = None
    place: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    is_open: bool | None = None
    answered: bool | None = None
    in_circles: bool | None = None
    overdue_on: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on the table."""
        equal = (
            (Issue.category, self.category),
            (Issue.status, self.status),
            (Issue.handler, self.handler),
            (Issue.place_id, self.place),
            (Issue.in_circles, self.in_circles),
        )
        found: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
        if self.area is not None:
            found.append(getattr(Issue, self.area[0]) == self.area[1])
        if self.begin is not None:
            found.append(Issue.reported_at >= self.begin)
        if self.end is not None:
            found.append(Issue.reported_at < self.end)
        if self.is_open is not None:
            found.append(Issue.status.in_(OPEN) if self.is_open else Issue.status.not_in(OPEN))
        if self.answered is not None:
            found.append(Issue.answered_at.is_not(None) if self.answered else Issue.answered_at.is_(None))
        if self.overdue_on is not None:
            found += [Issue.status.in_(OPEN), Issue.due_on < self.overdue_on]
        return found


def get(session: Session, county: str, id_: UUID) -> IssueRecord | None:
    """One issue."""
    return next(iter(by_ids(session, county, [id_])), None)


def by_ids(session: Session, county: str, ids: Collection[UUID]) -> list[IssueRecord]:
    """The issues of these ids that are there."""
    query = _select(county).where(Issue.id == func.any(list(set(ids))))
    return [_record(*row) for row in session.execute(query)]


def page(
    session: Session, county: str, wanted: Filter, *, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[IssueRecord]:
    """Issues, the latest first.

    :param after: report and id of the last one that was seen
    """
    query = _select(county).where(*wanted.conditions()).order_by(Issue.reported_at.desc(), Issue.id.desc()).limit(limit)
    if after is not None:
        query = query.where(func.row(Issue.reported_at, Issue.id) < func.row(*after))
    return [_record(*row) for row in session.execute(query)]


def where(
    session: Session, county: str, conditions: Iterable[ColumnElement[bool]], *, latest_first: bool = False
) -> list[IssueRecord]:
    """Issues that meet conditions on the table."""
    query = _select(county).where(*conditions).order_by(Issue.reported_at.desc() if latest_first else Issue.id)
    return [_record(*row) for row in session.execute(query)]


def changed(session: Session, county: str, *, after: int, since: datetime | None, limit: int) -> list[IssueRecord]:
    """Issues in the order of their last change, from after a number, or from a moment on."""
    query = _select(county).where(Issue.change > after).order_by(Issue.change).limit(limit)
    if since is not None:
        query = query.where(Issue.changed_at >= since)
    return [_record(*row) for row in session.execute(query)]


def similar(
    session: Session,
    county: str,
    category: Category,
    *,
    lon: float | None,
    lat: float | None,
    place: str | None,
    within_m: float,
    limit: int,
    but: Collection[UUID] = (),
) -> list[tuple[IssueRecord, float | None]]:
    """Open issues of a category at a place or near a position, with their distance in metres, the nearest first."""
    conditions: list[ColumnElement[bool]] = []
    metres: ColumnElement[Any] = cast(None, Issue.accuracy_m.type)
    if place is not None:
        conditions.append(Issue.place_id == place)
    if lon is not None and lat is not None:
        here = cast(func.ST_SetSRID(func.ST_MakePoint(lon, lat), WGS84), Geography)
        there = cast(Issue.position, Geography)
        metres = func.ST_Distance(there, here)
        conditions.append(func.ST_DWithin(there, here, within_m))
    if not conditions:
        return []
    query = (
        _select(county)
        .add_columns(metres.label("metres"))
        .where(Issue.category == category, Issue.status.in_(OPEN), or_(*conditions))
        .order_by(metres.asc().nulls_last(), Issue.id)
        .limit(limit)
    )
    if but:
        query = query.where(Issue.id != func.all(list(but)))
    return [(_record(*row[:-1]), row.metres) for row in session.execute(query)]


def events(session: Session, county: str, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
    """What happened to issues, in order."""
    query = (
        select(IssueEvent)
        .where(IssueEvent.county_code == county, IssueEvent.issue_id == func.any(list(set(ids))))
        .order_by(IssueEvent.issue_id, IssueEvent.number)
    )
    found: dict[UUID, list[StoredEvent]] = defaultdict(list)
    for one in session.scalars(query):
        event = Event(
            one.kind,
            one.at,
            one.organisation,
            one.due_on,
            str(one.merged_into) if one.merged_into else None,
            one.note,
            one.extent,
            ExtentProposal(**one.proposal) if one.proposal else None,  # type: ignore[arg-type]
        )
        found[one.issue_id].append(StoredEvent(one.number, event, one.actor))
    return dict(found)


def limits(session: Session, county: str) -> dict[str, int]:
    """Days that the county gives itself, by category."""
    query = select(IssueLimit.category, IssueLimit.days).where(IssueLimit.county_code == county)
    return {row.category: row.days for row in session.execute(query)}


def routes(session: Session, county: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Handler and liaison by category and area."""
    query = select(IssueRoute).where(IssueRoute.county_code == county)
    return {(one.category, one.area_code): (one.handler, one.liaison) for one in session.scalars(query)}


def known_organisations(session: Session, county: str, codes: Collection[str]) -> set[str]:
    """Which of the codes belong to an organisation."""
    query = select(Organisation.code).where(Organisation.county_code == county, Organisation.code.in_(codes))
    return set(session.scalars(query))


def organisation_names(session: Session, county: str) -> dict[str, str]:
    """Names of the organisations that the session sees, by code."""
    query = select(Organisation.code, Organisation.name).where(Organisation.county_code == county)
    return {row.code: row.name for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Where:
    """Where something is that an issue refers to."""

    lon: float | None
    lat: float | None
    accuracy_m: float | None
    claimed_area: str | None
    place: str | None


def where_places_are(session: Session, county: str, ids: Collection[str]) -> dict[str, Where]:
    """Positions of places by id."""
    query = select(Place.id, func.ST_X(Place.position), func.ST_Y(Place.position), Place.area_code).where(
        Place.county_code == county, Place.id.in_(ids)
    )
    return {id_: Where(lon, lat, None, area, id_) for id_, lon, lat, area in session.execute(query)}


def where_visits_were(session: Session, county: str, ids: Collection[UUID]) -> dict[UUID, Where]:
    """Positions of visits by id."""
    query = select(
        Visit.id,
        func.ST_X(Visit.position),
        func.ST_Y(Visit.position),
        Visit.accuracy_m,
        Visit.claimed_area,
        Visit.place_id,
    ).where(Visit.county_code == county, Visit.id.in_(ids))
    return {row[0]: Where(*row[1:]) for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many issues of a category, and how many of them are what."""

    category: Category
    issues: int
    is_open: int
    overdue: int
    answered: int
    in_circles: int


def counts(session: Session, county: str, wanted: Filter, *, today: date) -> list[Counts]:
    """Counts by category; categories without issues are left out. Merged ones count as the issue they are part of."""
    is_open = Issue.status.in_(OPEN)
    query = (
        select(
            Issue.category,
            func.count(),
            func.count().filter(is_open),
            func.count().filter(and_(is_open, Issue.due_on < today)),
            func.count().filter(Issue.answered_at.is_not(None)),
            func.count().filter(Issue.in_circles),
        )
        .where(Issue.county_code == county, Issue.status != "merged", *wanted.conditions())
        .group_by(Issue.category)
        .order_by(Issue.category)
    )
    rows: Any = session.execute(query)
    return [Counts(*row) for row in rows]


def matching(session: Session, county: str, asked: Asked) -> tuple[list[IssueRecord], int]:
    """Issues that were reported in an interval, by id, and how many there are on all pages.

    :param asked: ``equal`` names a key of `MATCHED`
    """
    rows, matched = features.located(session, Issue, Issue.reported_at, MATCHED, asked, [Issue.county_code == county])
    return [_record(issue, lon, lat) for issue, lon, lat in rows], matched


MATCHED: Final[Mapping[str, Any]] = {
    "id": Issue.id,
    "category": Issue.category,
    "status": Issue.status,
    "handler": Issue.handler,
    "tag": Issue.tag,
    "town": Issue.town_code,
    "village": Issue.village_code,
    "grid": Issue.grid_code,
}


def _select(county: str) -> Select[Any]:
    return select(Issue, func.ST_X(Issue.position), func.ST_Y(Issue.position)).where(Issue.county_code == county)


def _record(issue: Issue, lon: float | None, lat: float | None) -> IssueRecord:
    return IssueRecord(
        id=issue.id,
        category=issue.category,
        title=issue.title,
        detail=issue.detail,
        reported_at=issue.reported_at,
        lon=lon,
        lat=lat,
        frame=issue.frame,
        accuracy_m=issue.accuracy_m,
        claimed_area=issue.claimed_area,
        place=issue.place_id,
        visit=issue.visit_id,
        liaison=issue.liaison,
        entered_by=issue.entered_by,
        tag=issue.tag,
        town=issue.town_code,
        village=issue.village_code,
        grid=issue.grid_code,
        status=issue.status,
        handler=issue.handler,
        due_on=issue.due_on,
        transfers=issue.transfers,
        in_circles=issue.in_circles,
        answered_at=issue.answered_at,
        ended_at=issue.ended_at,
        merged_into=issue.merged_into,
        extent=issue.extent,
        events=issue.events,
        change=issue.change,
    )
