"""Issues: reported in batches, followed by events, listed and counted."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SkipValidation

from api import cursors, lists
from api.dependencies import (
    PAGE,
    AccessDep,
    AreaQuery,
    CodeQuery,
    CountyDep,
    CursorQuery,
    FrameQuery,
    LangQuery,
    LimitQuery,
    Needs,
    OptionalMonthQuery,
    SessionDep,
    VersionDep,
    area_column,
    number_of,
    optional_position,
)
from api.errors import problem
from api.schemas.issues import (
    CategoryCounts,
    IssueBatchAnswer,
    IssueCounts,
    IssueOut,
    IssuePage,
    IssueWithEvents,
    SimilarOut,
)
from geo.analysis.issue_flow import Category, Status
from geo.errors import TooLarge
from geo.intake.issues import EventRow, IssueRow, parse
from geo.limits import MAX_ISSUES_PER_BATCH
from geo.services import coverage, household_ids, issue_events, issue_repeats, issue_routes
from geo.services import issues as service
from geo.storage.queries import issues
from geo.storage.queries.issues import Filter

router = APIRouter(tags=["issues"])

Batch = Annotated[
    list[Annotated[IssueRow, SkipValidation]],
    Body(min_length=1, description=f"1 to {MAX_ISSUES_PER_BATCH} issues"),
]
IssuePath = Annotated[UUID, Path(description="id of an issue", examples=["0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e02"])]
MAY_RECORD = Depends(Needs("record"))


@router.post(
    "/issues",
    dependencies=[MAY_RECORD],
    status_code=HTTPStatus.CREATED,
    response_model=IssueBatchAnswer,
    responses={
        200: {"model": IssueBatchAnswer, "description": "nothing new: all of it was stored before"},
        409: {"description": "every row is refused, and at least one has the id of another issue; both are shown"},
        422: {"description": "every row is refused; each has its reason"},
    },
)
def post_issues(
    request: Request, session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery, batch: Batch
) -> Response:
    """Report a batch. Sending it again stores nothing twice.

    Each row is answered, with who should handle it and the open issues that it may repeat.
    """
    if len(batch) > MAX_ISSUES_PER_BATCH:
        raise TooLarge(what="the number of issues", what_zh="问题条数", limit=MAX_ISSUES_PER_BATCH)
    rows: list[tuple[int, Any]] = list(enumerate(batch, start=1))
    good, refused = parse(rows, zone=county.zone, now=datetime.now(UTC))
    answer = IssueBatchAnswer.of(service.report(session, county, good, refused, by=access), lang)
    body = answer.model_dump(mode="json")
    if answer.stored or answer.duplicate:
        return JSONResponse(body, HTTPStatus.CREATED if answer.stored else HTTPStatus.OK)
    status = HTTPStatus.CONFLICT if answer.conflict else HTTPStatus.UNPROCESSABLE_ENTITY
    first = answer.rows[0]
    return problem(
        request, status, f"{first.row}. {first.field}: {first.reason}", kind="urn:wangge:problem:issues-refused", **body
    )


def _filter(
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    *,
    category: Annotated[Category | None, Query(description="only of this category")] = None,
    status: Annotated[Status | None, Query(description="only where they stand so")] = None,
    area: AreaQuery = None,
    handler: Annotated[CodeQuery, Query(description="only those that this organisation handles")] = None,
    place: Annotated[CodeQuery, Query(description="only at this place")] = None,
    month: OptionalMonthQuery = None,
    open: Annotated[bool | None, Query(description="only those that wait for something to be done, or not")] = None,  # noqa: A002 - the name on the wire
    answered: Annotated[bool | None, Query(description="only those with a reply, or without")] = None,
    in_circles: Annotated[bool | None, Query(description="only those given to an organisation twice, or not")] = None,
    overdue: Annotated[bool, Query(description="only open ones whose last day has passed")] = False,
) -> Filter:
    begin, end = month.bounds(county.zone) if month else (None, None)
    return Filter(
        category=category,
        status=status,
        area=area_column(session, version, area) if area else None,
        handler=handler,
        place=household_ids.kept_of(session, county.code, place),
        begin=begin,
        end=end,
        is_open=open,
        answered=answered,
        in_circles=in_circles,
        overdue_on=coverage.today(county) if overdue else None,
    )


FilterDep = Annotated[Filter, Depends(_filter)]


@router.get("/issues", response_model=IssuePage, responses=lists.described(IssuePage))
def list_issues(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    wanted: FilterDep,
    *,
    changed_since: Annotated[
        datetime | None, Query(description="in the order of changes from this moment on; other filters do not apply")
    ] = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> IssuePage | Response:
    """Issues, the latest first; petitions are for those who may see detail, and for who entered them.

    With ``changed_since``, and then the cursor it gave, each issue that changed since in its present state: a client
    that goes on from `next` misses nothing, whoever writes meanwhile.
    """
    size, today = lists.size(form, limit), coverage.today(county)
    pulled = changed_since is not None or (cursor is not None and cursor.startswith(cursors.CHANGES))
    if pulled:
        after = number_of(cursor, mark=cursors.CHANGES) if cursor else 0
        since = None if cursor else changed_since
        found = issues.changed(session, county.code, after=after, since=since, limit=size)
    else:
        found = issues.page(session, county.code, wanted, after=cursors.read(cursor) if cursor else None, limit=size)
    shown = service.as_seen_by(session, county.code, found if form != "json" else found[:limit], access)
    rows = [IssueOut.of(one, county, today) for one in shown]
    if form != "json":
        return lists.sheet(IssueOut, rows, form, "issues")
    last = found[min(len(found), limit) - 1] if found else None
    more = len(found) > limit
    if pulled:
        return IssuePage(issues=rows, next=f"{cursors.CHANGES}{last.change}" if last else cursor, more=more)
    return IssuePage(issues=rows, next=cursors.write(last.reported_at, last.id) if more and last else None, more=more)


@router.get("/issues/counts")
def count_issues(session: SessionDep, county: CountyDep, access: AccessDep, wanted: FilterDep) -> IssueCounts:
    """Counts by category, merged ones left out. Of petitions fewer than three are not told to those without detail."""
    found = issue_events.counts(session, county.code, wanted, today=coverage.today(county), by=access)
    return IssueCounts(categories=[CategoryCounts.of(one) for one in found])


@router.get("/issues/similar")
def similar_issues(
    session: SessionDep,
    county: CountyDep,
    category: Annotated[Category, Query(description="category of what is about to be reported")],
    *,
    lon: Annotated[float | None, Query(description="degrees east", examples=[124.4113])] = None,
    lat: Annotated[float | None, Query(description="degrees north", examples=[29.6802])] = None,
    frame: FrameQuery = "wgs84",
    place: Annotated[CodeQuery, Query(description="place that it is at")] = None,
) -> list[SimilarOut]:
    """Open issues of a category within 250 m or at the same place: what is about to be reported may be known."""
    x, y = optional_position(lon, lat, frame)
    return [
        SimilarOut.of(one)
        for one in issue_repeats.similar_to(
            session, county.code, category, lon=x, lat=y, place=household_ids.kept_of(session, county.code, place)
        )
    ]


@router.get("/issues/{issue_id}")
def get_issue(session: SessionDep, county: CountyDep, access: AccessDep, issue_id: IssuePath) -> IssueWithEvents:
    """One issue with all that happened to it, who should handle it while nobody does, and what can happen next."""
    return _told(session, county, access, issue_events.history(session, county.code, issue_id))


@router.post("/issues/{issue_id}/events", status_code=HTTPStatus.CREATED, dependencies=[MAY_RECORD])
def post_event(
    session: SessionDep, county: CountyDep, access: AccessDep, issue_id: IssuePath, event: Annotated[EventRow, Body()]
) -> IssueWithEvents:
    """Add an event. What makes no sense where the issue stands is refused (409) with what is possible."""
    return _told(session, county, access, issue_events.add(session, county, issue_id, event, by=access))


def _told(session: SessionDep, county: CountyDep, access: AccessDep, found: issue_events.History) -> IssueWithEvents:
    (shown,) = service.as_seen_by(session, county.code, [found.record], access)
    possible = issue_events.allowed(session, county.code, found, access)
    proposal = issue_routes.of_issue(session, county.code, found.record)
    return IssueWithEvents.told(found, shown, county, coverage.today(county), possible, proposal=proposal)
