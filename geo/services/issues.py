"""Report issues: a batch is tagged at once; every row is answered, with who should handle it and what it may repeat.

What is known already need not be typed again: an issue that names its visit or its place lies where that was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import OPEN, Event, EventKind, State, after
from geo.errors import Lang
from geo.intake.issues import IssueRow, NumberedIssue, default_due
from geo.intake.rejections import Rejection
from geo.months import local_day
from geo.services import household_ids, issue_repeats, issue_routes
from geo.services.accounts import Access
from geo.services.issue_repeats import Similar
from geo.services.issue_routes import Proposal
from geo.services.lost_zeros import hint
from geo.services.tagging import Tagger, Tags, tagger
from geo.services.visit_checks import no_place
from geo.services.visits import Outcome
from geo.space.crs import to_wgs84
from geo.storage import reach
from geo.storage.queries import boundaries, counties, issue_writing, issues, lost_zeros, visits
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import IssueRecord, Where
from geo.storage.tables import Organisation, Place


@dataclass(frozen=True, slots=True)
class IssueAnswer:
    """What became of one row. ``sent`` and ``kept`` are set where they differ under one id."""

    row: int
    outcome: Outcome
    id: UUID | None = None
    rejection: Rejection | None = None
    sent: dict[str, Any] | None = None
    kept: dict[str, Any] | None = None
    proposal: Proposal | None = None
    similar: tuple[Similar, ...] = ()
    possible: tuple[EventKind, ...] = ()

    def reason(self, lang: Lang) -> str | None:
        """Why it was not stored, in one language."""
        return self.rejection.text(lang) if self.rejection else None


@dataclass(frozen=True, slots=True)
class _Found:
    """A row whose position and place are known, as far as they can be."""

    numbered: NumberedIssue
    where: Where


def report(
    session: Session,
    county: CountyInfo,
    rows: Sequence[NumberedIssue],
    refused: Sequence[Rejection] = (),
    *,
    by: Access | None = None,
    entered_by: str | None = None,
    offer_similar: bool = True,
) -> list[IssueAnswer]:
    """Store what can be stored and answer every row, in the order of their numbers.

    :param by: who reports: a cadre anywhere, others only within their scope; None for anything
    :param entered_by: whose name stands at them; that of ``by`` if not given
    :param offer_similar: look for open issues that each may repeat
    :raises NoBoundaries: nothing is in force that issues could be tagged to
    """
    answers = [IssueAnswer(rejection.row, "rejected", rejection=rejection) for rejection in refused]
    if rows:
        counties.hold(session, county.code, alone=False)
        areas = tagger(session, boundaries.active(session, county.code))
        found, wrong = _found(session, county, rows, areas)
        tags = _tags(found, areas)
        found, tags, foreign = _within(found, tags, by)
        answers += [IssueAnswer(rejection.row, "rejected", rejection=rejection) for rejection in (*wrong, *foreign)]
        name = entered_by or (by.name if by else "system")
        answers += _store(session, county, found, tags, name, offer_similar=offer_similar)
    return sorted(answers, key=lambda answer: answer.row)


def _found(
    session: Session, county: CountyInfo, rows: Sequence[NumberedIssue], areas: Tagger
) -> tuple[list[_Found], list[Rejection]]:
    """Rows with where they are, and why the others name what is not there."""
    rows = household_ids.in_issues(session, county.code, rows)
    said = [row.issue for row in rows]
    # What is referred to may lie beyond the scope of who reports: it is only looked up, and not shown.
    with reach.unlimited(session):
        of_visits = issues.where_visits_were(session, county.code, {one.visit for one in said if one.visit})
        of_places = issues.where_places_are(session, county.code, _places(said, of_visits))
        named = {code for one in said for code in (one.handler, one.liaison) if code}
        known = issues.known_organisations(session, county.code, named)
        # Only of what is not there: each reads a whole table.
        no_places = {one.place for one in said if one.place} - of_places.keys()
        meant = {
            "place": lost_zeros.find(session, county.code, Place.id, no_places),
            "organisation": lost_zeros.find(session, county.code, Organisation.code, named - known),
        }
    found: list[_Found] = []
    refused: list[Rejection] = []
    for row in rows:
        where = _where(row.issue, of_visits, of_places)
        rejection = _reason(row, where, of_visits, of_places, known, areas, meant) or _overdue_at_once(row, county)
        if rejection is None:
            found.append(_Found(row, where))
        else:
            refused.append(rejection)
    return found, refused


def _places(said: Sequence[IssueRow], of_visits: dict[UUID, Where]) -> set[str]:
    return {one.place for one in said if one.place} | {one.place for one in of_visits.values() if one.place}


def _where(issue: IssueRow, of_visits: dict[UUID, Where], of_places: dict[str, Where]) -> Where:
    """What the row says, else its visit, else its place."""
    lon, lat = issue.lon, issue.lat
    if lon is not None and lat is not None:
        x, y = to_wgs84(lon, lat, issue.frame)
        lon, lat = float(x), float(y)
    where = Where(lon, lat, issue.accuracy_m, issue.claimed_area, issue.place)
    visit = of_visits.get(issue.visit) if issue.visit else None
    place = where.place or (visit.place if visit else None)
    for other in (visit, of_places.get(place) if place else None):
        if other is not None and where.lon is None:
            where = replace(where, lon=other.lon, lat=other.lat, accuracy_m=other.accuracy_m)
        if other is not None and where.claimed_area is None:
            where = replace(where, claimed_area=other.claimed_area)
    return replace(where, place=place)


def _reason(
    row: NumberedIssue,
    where: Where,
    of_visits: dict[UUID, Where],
    of_places: dict[str, Where],
    known: set[str],
    areas: Tagger,
    meant: Mapping[str, Mapping[str, Sequence[str]]],
) -> Rejection | None:
    issue = row.issue
    if issue.visit is not None and issue.visit not in of_visits:
        return Rejection(row.row, "visit", f"no visit has the id {issue.visit}", f"没有编号为 {issue.visit} 的走访")
    if issue.place is not None and issue.place not in of_places:
        return Rejection(row.row, *no_place(issue.place, meant["place"]))
    for field in ("handler", "liaison"):
        code = getattr(issue, field)
        if code is not None and code not in known:
            en, zh = hint(code, meant["organisation"])
            return Rejection(
                row.row, field, f"no organisation has the code {code}{en}", f"没有代码为 {code} 的单位{zh}"
            )
    if where.lon is None and (where.claimed_area is None or not areas.knows(where.claimed_area)):
        code = where.claimed_area or ""
        return Rejection(
            row.row,
            "claimed_area",
            f"no town, village or grid in force has the code {code}",
            f"现行边界中没有代码为 {code} 的乡镇、村（社区）或网格",
        )
    return None


def _overdue_at_once(row: NumberedIssue, county: CountyInfo) -> Rejection | None:
    """Days are those of the county, whatever zone the row's own time is in."""
    issue = row.issue
    if issue.due_on is None or issue.due_on >= local_day(issue.reported_at, county.zone):
        return None
    return Rejection(row.row, "due_on", "the last day lies before the day it was found", "期限早于发现时间")


def _tags(found: Sequence[_Found], areas: Tagger) -> Tags:
    def numbers(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        values = (getattr(one.where, name) for one in found)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    claimed = np.array([one.where.claimed_area for one in found] or [None], dtype=object)[: len(found)]
    return areas.tag_all(numbers("lon"), numbers("lat"), numbers("accuracy_m"), claimed)


def _within(found: list[_Found], tags: Tags, by: Access | None) -> tuple[list[_Found], Tags, list[Rejection]]:
    if by is None or by.role == "cadre" or by.area is None:
        return found, tags, []
    mine = np.asarray((tags.town == by.area) | (tags.village == by.area) | (tags.grid == by.area), dtype=bool)
    why, why_zh = f"it is not within {by.area}", f"不在 {by.area} 范围内"
    refused = [
        Rejection(one.numbered.row, "claimed_area", why, why_zh)
        for one, inside in zip(found, mine.tolist(), strict=True)
        if not inside
    ]
    kept = [one for one, inside in zip(found, mine.tolist(), strict=True) if inside]
    return kept, tags.take(np.flatnonzero(mine)), refused


def _store(
    session: Session, county: CountyInfo, found: Sequence[_Found], tags: Tags, name: str, *, offer_similar: bool
) -> list[IssueAnswer]:
    issue_writing.take_turn(session)
    with reach.unlimited(session), reach.with_petitions(session):
        there = {one.id for one in issues.by_ids(session, county.code, [one.numbered.id for one in found])}
    seen = issues.by_ids(session, county.code, there)
    limits, routes = issues.limits(session, county.code), issue_routes.table(session, county.code)
    kept = issue_repeats.first_said(session, county.code, seen)
    rows, events, answers = [], [], []
    for at, one in enumerate(found):
        id_, content = one.numbered.id, _content(one)
        if id_ in there:
            answers.append(_seen_before(one.numbered.row, id_, content, kept.get(id_)))
            continue
        there.add(id_)
        chain = (tags.town[at], tags.village[at], tags.grid[at])
        happened, state = _begun(county, one.numbered.issue, limits)
        kept[id_] = content | issue_repeats.of_reporter(one.numbered.issue.handler, happened[0].due_on)
        rows.append(_row(one, chain, tags.word[at], name, state, len(happened)))
        events += [(id_, number, event, name) for number, event in enumerate(happened, start=1)]
        proposal = issue_routes.of_row(routes, one.numbered.issue.category, chain)
        answers.append(IssueAnswer(one.numbered.row, "stored", id_, proposal=proposal, possible=state.possible))
    issue_writing.add(session, county.code, rows)
    issue_writing.add_events(session, county.code, events)
    similar = _similar(session, county.code, found, answers) if offer_similar else {}
    return [replace(answer, similar=similar.get(answer.row, ())) for answer in answers]


def _begun(county: CountyInfo, issue: IssueRow, limits: dict[str, int]) -> tuple[list[Event], State]:
    """How an issue begins: reported, and given to somebody at once where the row says to whom."""
    moment = issue.reported_at.astimezone(UTC)
    due = issue.due_on or default_due(local_day(moment, county.zone), limits.get(issue.category))
    happened = [Event("reported", moment, due_on=due)]
    state = after(None, happened[0])
    if issue.handler is not None:
        happened.append(Event("assigned", moment, organisation=issue.handler))
        state = after(state, happened[1])
    return happened, state


def _similar(
    session: Session, county: str, found: Sequence[_Found], answers: Sequence[IssueAnswer]
) -> dict[int, tuple[Similar, ...]]:
    """What each stored row may repeat: what was there, and the rows of its batch before it."""
    stored = {answer.row for answer in answers if answer.outcome == "stored"}
    new = [one for one in found if one.numbered.row in stored]
    return {
        one.numbered.row: issue_repeats.similar_to(
            session,
            county,
            one.numbered.issue.category,
            lon=one.where.lon,
            lat=one.where.lat,
            place=one.where.place,
            but=[later.numbered.id for later in new[at:]],
        )
        for at, one in enumerate(new)
    }


def _row(found: _Found, chain: Sequence[str | None], word: str, name: str, state: State, count: int) -> dict[str, Any]:
    issue, where = found.numbered.issue, found.where
    return {
        "id": found.numbered.id,
        "category": issue.category,
        "title": issue.title,
        "detail": issue.detail,
        "reported_at": issue.reported_at,
        "lon": where.lon,
        "lat": where.lat,
        "frame": None if where.lon is None else issue.frame if issue.lon is not None else "wgs84",
        "accuracy_m": where.accuracy_m,
        "claimed_area": where.claimed_area,
        "place_id": where.place,
        "visit_id": issue.visit,
        "liaison": issue.liaison,
        "entered_by": name,
        "tag": word,
        "town_code": chain[0],
        "village_code": chain[1],
        "grid_code": chain[2],
        "events": count,
        **issue_writing.columns_of(state),
    }


def _content(found: _Found) -> dict[str, Any]:
    issue, where = found.numbered.issue, found.where
    return issues.content_of(
        reported_at=issue.reported_at,
        lon=where.lon,
        lat=where.lat,
        visit=issue.visit,
        category=issue.category,
        title=issue.title,
        detail=issue.detail,
        accuracy_m=where.accuracy_m,
        claimed_area=where.claimed_area,
        place=where.place,
        liaison=issue.liaison,
        **issue_repeats.of_reporter(issue.handler, issue.due_on),
    )


def _seen_before(row: int, id_: UUID, sent: dict[str, Any], kept: dict[str, Any] | None) -> IssueAnswer:
    answer = IssueAnswer(row, "duplicate", id_)
    if kept is None:  # beyond what the sender may see
        taken = Rejection(row, "id", "this id is that of another issue", "该编号已属于另一个问题")
        return replace(answer, outcome="conflict", rejection=taken)
    different = ", ".join(issue_repeats.different(sent, kept))
    if not different:
        return answer
    rejection = Rejection(
        row,
        "id",
        f"this id is stored already with other content ({different}); what changes later is an event",
        f"该编号已存有不同内容（{different}）；后续变化请登记为事件",
    )
    return replace(answer, outcome="conflict", rejection=rejection, sent=sent, kept=kept)


def as_seen_by(session: Session, county: str, records: Sequence[IssueRecord], by: Access) -> list[IssueRecord]:
    """Issues without what names a household, for those who may not see it: its id, and the detail."""
    if by.may("detail"):
        return list(records)
    with reach.unlimited(session):
        hidden = visits.households_among(session, county, {one.place for one in records if one.place})
    return [
        replace(one, place=None, detail=None) if one.place in hidden and one.entered_by != by.name else one
        for one in records
    ]


def is_overdue(record: IssueRecord, today: date) -> bool:
    """Whether it is open and its last day has passed."""
    return record.status in OPEN and record.due_on is not None and record.due_on < today


def waiting_days(record: IssueRecord, county: CountyInfo, today: date) -> int:
    """Days from the report to its end, or to today while it is open."""
    begun = local_day(record.reported_at, county.zone)
    ended = local_day(record.ended_at, county.zone) if record.ended_at else None
    return max(0, ((ended or today) - begun).days)
