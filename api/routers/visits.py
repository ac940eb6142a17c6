"""Visits: batches in, pages out."""

import base64
import binascii
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SkipValidation

from api import lists
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
)
from api.errors import problem
from api.schemas.visits import BatchAnswer, VisitOut, VisitPage
from geo.errors import InvalidChoice, TooLarge, UnknownArea
from geo.intake.visits import VisitRow, parse
from geo.limits import MAX_VISITS_PER_BATCH
from geo.services import visits as service
from geo.storage.queries import areas, boundaries, visits

router = APIRouter(tags=["visits"])

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
    access: AccessDep,
    *,
    month: OptionalMonthQuery = None,
    area: AreaQuery = None,
    staff_no: Annotated[CodeQuery, Query(description="only visits of this cadre")] = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> VisitPage | Response:
    """Visits of the county in the order of their start; of one month and one area, if named.

    Which household was visited, and the note, is for those who may see detail, and for who wrote it.
    """
    begin, end = month.bounds(county.zone) if month else (None, None)
    found = visits.page(
        session,
        county.code,
        begin=begin,
        end=end,
        area=_area_column(session, county.code, area) if area else None,
        staff_no=staff_no,
        after=_read_cursor(cursor) if cursor else None,
        limit=lists.size(form, limit),
    )
    if form != "json":
        rows = [VisitOut.of(one) for one in service.as_seen_by(session, county.code, found, access)]
        return lists.sheet(VisitOut, rows, form, "visits")
    more = found[limit - 1] if len(found) > limit else None
    return VisitPage(
        visits=[VisitOut.of(one) for one in service.as_seen_by(session, county.code, found[:limit], access)],
        next=_write_cursor(more.started_at, more.id) if more else None,
    )


def _area_column(session: SessionDep, county: str, code: str) -> tuple[str, str] | None:
    version = boundaries.active(session, county)
    area = areas.find(session, version, code)
    if area is None:
        raise UnknownArea(code=code, county=county, version=version.version)
    return None if area.level == "county" else (f"{area.level}_code", code)


def _write_cursor(moment: datetime, visit_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{moment.astimezone(UTC).isoformat()} {visit_id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, visit_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment), UUID(visit_id)
    except (ValueError, binascii.Error) as error:
        raise InvalidChoice(field="cursor", value=cursor, choices="`next` of the page before") from error
