"""Visits: batches in, pages out."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import numpy as np
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
    LangQuery,
    LimitQuery,
    Needs,
    OptionalMonthQuery,
    SessionDep,
    VersionDep,
    area_column,
    number_of,
)
from api.errors import problem
from api.schemas.visits import (
    BatchAnswer,
    CandidateOut,
    CorrectionIn,
    ReasonIn,
    RevisionOut,
    VisitDetail,
    VisitOut,
    VisitPage,
)
from geo.errors import TooLarge
from geo.intake.visits import VisitRow, parse
from geo.limits import MAX_VISITS_PER_BATCH
from geo.services import visit_changes
from geo.services import visits as service
from geo.services.tagging import tagger
from geo.storage.queries import areas, visits
from geo.storage.queries.visits import VisitRecord

router = APIRouter(tags=["visits"])

VisitPath = Annotated[UUID, Path(description="id of a visit", examples=["0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01"])]

# Rows are checked one by one in the service, so that a bad one rejects itself and not the batch.
Batch = Annotated[
    list[Annotated[VisitRow, SkipValidation]],
    Body(min_length=1, description=f"1 to {MAX_VISITS_PER_BATCH} visits"),
]


@router.post(
    "/visits",
    dependencies=[Depends(Needs("record"))],
    status_code=HTTPStatus.CREATED,
    response_model=BatchAnswer,
    responses={
        200: {"model": BatchAnswer, "description": "nothing new: all of it was stored before"},
        409: {"description": "every row is refused, and at least one has the id of another visit; both are shown"},
        422: {"description": "every row is refused; each has its reason"},
    },
)
def post_visits(
    request: Request, session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery, batch: Batch
) -> Response:
    """Store a batch. Sending it again stores nothing twice; each row is answered."""
    if len(batch) > MAX_VISITS_PER_BATCH:
        raise TooLarge(what="the number of visits", what_zh="走访条数", limit=MAX_VISITS_PER_BATCH)
    rows: list[tuple[int, Any]] = list(enumerate(batch, start=1))
    good, refused = parse(rows, zone=county.zone, now=datetime.now(UTC))
    answer = BatchAnswer.of(service.record(session, county, good, refused, by=access), lang)
    body = answer.model_dump(mode="json")
    if answer.stored or answer.duplicate:
        return JSONResponse(body, HTTPStatus.CREATED if answer.stored else HTTPStatus.OK)
    status = HTTPStatus.CONFLICT if answer.conflict else HTTPStatus.UNPROCESSABLE_ENTITY
    first = answer.rows[0]
    kind = "urn:wangge:problem:visits-refused"
    return problem(request, status, f"{first.row}. {first.field}: {first.reason}", kind=kind, **body)


@router.get("/visits", response_model=VisitPage, responses=lists.described(VisitPage))
def list_visits(
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    access: AccessDep,
    *,
    month: OptionalMonthQuery = None,
    area: AreaQuery = None,
    staff_no: Annotated[CodeQuery, Query(description="only visits of this cadre")] = None,
    changed_since: Annotated[
        datetime | None, Query(description="in the order of changes from this moment on; other filters do not apply")
    ] = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> VisitPage | Response:
    """Visits of the county in the order of their start; of one month and one area, if named.

    Which household was visited, and what was noted, is for those who may see detail, and for who wrote it.

    With ``changed_since``, and then the cursor it gave, each visit that changed since in its present state, withdrawn
    ones included: a client that goes on from `next` misses nothing, whoever writes meanwhile.
    """
    begin, end = month.bounds(county.zone) if month else (None, None)
    size = lists.size(form, limit)
    pulled = changed_since is not None or (cursor is not None and cursor.startswith(cursors.CHANGES))
    if pulled:
        after = number_of(cursor, mark=cursors.CHANGES) if cursor else 0
        since = None if cursor else changed_since
        found = visits.changed(session, county.code, after=after, since=since, limit=size)
    else:
        found = visits.page(
            session,
            county.code,
            begin=begin,
            end=end,
            area=area_column(session, version, area) if area else None,
            staff_no=staff_no,
            after=cursors.read(cursor) if cursor else None,
            limit=size,
        )
    if form != "json":
        rows = [VisitOut.of(one) for one in service.as_seen_by(session, county.code, found, access)]
        return lists.sheet(VisitOut, rows, form, "visits")
    shown = [VisitOut.of(one) for one in service.as_seen_by(session, county.code, found[:limit], access)]
    last = found[min(len(found), limit) - 1] if found else None
    more = len(found) > limit
    if pulled:
        return VisitPage(visits=shown, next=f"{cursors.CHANGES}{last.change}" if last else cursor, more=more)
    return VisitPage(visits=shown, next=cursors.write(last.started_at, last.id) if more and last else None, more=more)


@router.get("/visits/{visit_id}")
def get_visit(
    session: SessionDep, county: CountyDep, version: VersionDep, access: AccessDep, visit_id: VisitPath
) -> VisitDetail:
    """One visit, with the areas that its position leaves open."""
    return _detail(session, county, version, access, visit_changes.get(session, county.code, visit_id))


@router.get("/visits/{visit_id}/history")
def visit_history(session: SessionDep, county: CountyDep, access: AccessDep, visit_id: VisitPath) -> list[RevisionOut]:
    """What a visit said before each correction or withdrawal, who did it, when and why.

    For who made or entered it, and for those who may see detail.
    """
    return [RevisionOut.of(one) for one in visit_changes.history(session, county.code, visit_id, by=access)]


@router.patch("/visits/{visit_id}", dependencies=[Depends(Needs("record"))])
def correct_visit(
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    access: AccessDep,
    visit_id: VisitPath,
    asked: Annotated[CorrectionIn, Body()],
) -> VisitDetail:
    """Correct a visit; what it said before is kept. For who made or entered it, and for supervisors."""
    done = visit_changes.correct(session, county, visit_id, asked.changes, reason=asked.reason, by=access)
    return _detail(session, county, version, access, done.record)


@router.post("/visits/{visit_id}/withdrawal", dependencies=[Depends(Needs("record"))])
def withdraw_visit(
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    access: AccessDep,
    visit_id: VisitPath,
    asked: Annotated[ReasonIn, Body()],
) -> VisitDetail:
    """Withdraw a visit: it stays to be read and counts nowhere."""
    done = visit_changes.withdraw(session, county.code, visit_id, reason=asked.reason, by=access)
    return _detail(session, county, version, access, done)


@router.post("/visits/{visit_id}/restoration", dependencies=[Depends(Needs("record"))])
def restore_visit(
    session: SessionDep,
    county: CountyDep,
    version: VersionDep,
    access: AccessDep,
    visit_id: VisitPath,
    asked: Annotated[ReasonIn, Body()],
) -> VisitDetail:
    """A visit that was withdrawn counts again."""
    done = visit_changes.restore(session, county.code, visit_id, reason=asked.reason, by=access)
    return _detail(session, county, version, access, done)


def _detail(
    session: SessionDep, county: CountyDep, version: VersionDep, access: AccessDep, record: VisitRecord
) -> VisitDetail:
    (shown,) = service.as_seen_by(session, county.code, [record], access)
    near: list[tuple[str, float]] = []
    if record.lon is not None and record.lat is not None:
        accuracy = np.array([np.nan if record.accuracy_m is None else record.accuracy_m])
        (near,) = tagger(session, version).candidates_of(np.array([record.lon]), np.array([record.lat]), accuracy)
    known = areas.by_codes(session, version, [code for code, _ in near])
    candidates = [
        CandidateOut(code=code, name=known[code].name, distance_m=round(metres, 1))
        for code, metres in near
        if code in known
    ]
    own = record.entered_by == access.name or (access.staff_no is not None and record.staff_no == access.staff_no)
    return VisitDetail(
        **VisitOut.of(shown).model_dump(), candidates=candidates, flags=list(record.flags) if own else None
    )
