"""Who is responsible here: by position, area and cadre; what changed; and how it is changed."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import Response

from api import lists
from api.dependencies import (
    MAX_NUMBER,
    PAGE,
    PLAIN,
    AccessDep,
    AccuracyQuery,
    AreaQuery,
    CodePath,
    CodeQuery,
    CountyDep,
    CursorQuery,
    FrameQuery,
    LatQuery,
    LimitQuery,
    LonQuery,
    Needs,
    SessionDep,
    number_of,
)
from api.etags import tagged
from api.schemas.areas import AreaOut, Candidate
from api.schemas.assignments import (
    AreaResponsible,
    AssignIn,
    AssignmentOut,
    AssignmentPage,
    CadreGrids,
    ChangeOut,
    ChangesPage,
    EndIn,
    HandedOverOut,
    HandOverIn,
    PointsIn,
    PointsOut,
    ResponsibleAt,
    ResponsibleOut,
)
from geo.errors import PointOutsideAreas, UnknownArea, UnknownCadre
from geo.intake.people import Role
from geo.limits import MAX_CODE_CHARS
from geo.services import assignments as service
from geo.services import coverage
from geo.services.assignments import Responsible
from geo.services.tagging import tagger
from geo.space.crs import to_wgs84
from geo.storage.queries import areas, assignments, boundaries

router = APIRouter(tags=["assignments"])

MAY_ASSIGN: Final = Depends(Needs("assign"))

OnQuery = Annotated[date | None, Query(description="day, YYYY-MM-DD; today in the county if not given")]
StaffPath = Annotated[
    str, Path(max_length=MAX_CODE_CHARS, pattern=PLAIN, description="staff number", examples=["C00002"])
]
NumberPath = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="number of an assignment", examples=[1])]


@router.get("/assignments/at", response_model=ResponsibleAt)
def responsible_at(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    lon: LonQuery,
    lat: LatQuery,
    *,
    on: OnQuery = None,
    accuracy: AccuracyQuery = 0,
    frame: FrameQuery = "wgs84",
) -> Response:
    """Who is responsible at a position: at the grid, then the village, then the town.

    Outside every area is 404; inside, with nobody assigned, is an empty list.
    """
    request.app.state.memory.want(county.code)
    day = on or coverage.today(county)
    x, y = (float(value) for value in to_wgs84(lon, lat, frame))
    found = service.at(session, county.code, np.array([x]), np.array([y]), day)
    near = tagger(session, found.version).candidates(x, y, accuracy) if accuracy else []
    known = areas.by_codes(session, found.version, [code for code, _ in near])
    if not found.chains[0] and not known:
        raise PointOutsideAreas(lon=lon, lat=lat, county=county.code)
    body = ResponsibleAt(
        **_responsible(found).model_dump(),
        lon=x,
        lat=y,
        candidates=[Candidate.of(known[code], distance) for code, distance in near if code in known],
    )
    return tagged(request, body)


@router.post("/assignments/at")
def responsible_at_many(session: SessionDep, county: CountyDep, asked: Annotated[PointsIn, Body()]) -> PointsOut:
    """The same for up to 10,000 positions at once."""
    day = asked.on or coverage.today(county)
    lon, lat = to_wgs84([one.lon for one in asked.points], [one.lat for one in asked.points], asked.frame)
    found = service.at(session, county.code, lon, lat, day)
    held = [AssignmentOut.of(one) for several in found.held.values() for one in several]
    return PointsOut(
        on=day,
        boundary_version=found.version.version,
        points=[list(chain) for chain in found.chains],
        assignments=sorted(held, key=lambda one: one.id),
    )


@router.get("/grids/{code}/assignments", response_model=ResponsibleOut)
def grid_assignments(
    request: Request, session: SessionDep, county: CountyDep, code: CodePath, *, on: OnQuery = None
) -> Response:
    """Who is responsible for a grid (or any other area): for itself, then for the areas above it."""
    found = service.of_areas(session, county.code, code, on or coverage.today(county))
    return tagged(request, _responsible(found))


@router.get("/cadres/{staff_no}/grids", response_model=CadreGrids)
def cadre_grids(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    staff_no: StaffPath,
    *,
    on: OnQuery = None,
) -> Response:
    """What a cadre holds on a day, and what begins later."""
    day = on or coverage.today(county)
    held = assignments.of_cadre(session, county.code, staff_no, day)
    # Who holds nothing in a part of the county need not be known to those who see that part only.
    if not held and not (access.is_whole and assignments.cadre_exists(session, county.code, staff_no)):
        raise UnknownCadre(county=county.code, staff_no=staff_no)
    body = CadreGrids(on=day, staff_no=staff_no, assignments=[AssignmentOut.of(one) for one in held])
    return tagged(request, body)


@router.get(
    "/assignments",
    response_model=AssignmentPage | ChangesPage,
    responses=lists.described(AssignmentPage | ChangesPage),
)
def list_assignments(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    *,
    area: AreaQuery = None,
    cadre: Annotated[CodeQuery, Query(description="staff number")] = None,
    role: Annotated[Role | None, Query(description="only of this role")] = None,
    on: Annotated[date | None, Query(description="only those in force on this day; all if not given")] = None,
    changed_since: Annotated[
        datetime | None, Query(description="changes from this moment on, instead of assignments")
    ] = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> Response:
    """Assignments by page; or with ``changed_since``, and then the cursor it gave, what was added, changed, removed.

    Changes are numbered in the order in which they were committed, so a client that goes on from `next` misses nothing
    and gets nothing twice, whoever writes meanwhile. They are those of the whole county, whatever else is asked for.
    """
    if changed_since is not None or (cursor is not None and cursor.startswith("c")):
        many = lists.size(form, limit) - 1
        page = _changes(session, county.code, changed_since, cursor, many)
        return tagged(request, page) if form == "json" else lists.sheet(ChangeOut, page.changes, form, "changes")
    after = number_of(cursor) if cursor else 0
    found = assignments.page(
        session,
        county.code,
        areas=_below(session, county.code, area) if area else None,
        staff_no=cadre,
        role=role,
        on=on,
        after=after,
        limit=lists.size(form, limit),
    )
    if form != "json":
        return lists.sheet(AssignmentOut, [AssignmentOut.of(one) for one in found], form, "assignments")
    body = AssignmentPage(
        assignments=[AssignmentOut.of(one) for one in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )
    return tagged(request, body)


def _changes(session: SessionDep, county: str, since: datetime | None, cursor: str | None, limit: int) -> ChangesPage:
    after = number_of(cursor, mark="c") if cursor else 0
    # Asked before the changes are: what is committed between both then stands behind the cursor.
    newest = assignments.last_change(session, county)
    # The cursor says where to go on; the moment only where to begin.
    found = assignments.changes(session, county, after=after, since=None if cursor else since, limit=limit + 1)
    shown = found[:limit]
    last = shown[-1].number if shown else after or newest
    return ChangesPage(changes=[ChangeOut.of(one) for one in shown], more=len(found) > limit, next=f"c{last}")


def _below(session: SessionDep, county: str, code: str) -> list[str]:
    version = boundaries.active(session, county)
    area = areas.find(session, version, code)
    if area is None:
        raise UnknownArea(code=code, county=county, version=version.version)
    return [one.code for one in areas.page(session, version, scope=area.path, limit=None)]


@router.post("/assignments", status_code=HTTPStatus.CREATED, dependencies=[MAY_ASSIGN])
def assign(
    session: SessionDep, county: CountyDep, access: AccessDep, asked: Annotated[AssignIn, Body()]
) -> AssignmentPage:
    """Give a cadre a role for one area or several: all of them or none."""
    assignments.act_as(session, access.name)
    made = service.assign(
        session, county.code, asked.staff_no, set(asked.areas), asked.role, asked.from_day, asked.to_day
    )
    found = [assignments.get(session, county.code, number) for number in made]
    return AssignmentPage(assignments=[AssignmentOut.of(one) for one in found if one is not None], next=None)


@router.patch("/assignments/{number}", dependencies=[MAY_ASSIGN])
def end_assignment(
    session: SessionDep, county: CountyDep, access: AccessDep, number: NumberPath, asked: Annotated[EndIn, Body()]
) -> AssignmentOut:
    """End an assignment, or move its end."""
    assignments.act_as(session, access.name)
    return AssignmentOut.of(service.finish(session, county.code, number, asked.to_day))


@router.post("/assignments/hand-over", dependencies=[MAY_ASSIGN])
def hand_over(
    session: SessionDep, county: CountyDep, access: AccessDep, asked: Annotated[HandOverIn, Body()]
) -> list[HandedOverOut]:
    """All areas of one cadre, or some, go to another from a day on."""
    assignments.act_as(session, access.name)
    done = service.hand_over(session, county.code, asked.giver, asked.taker, asked.from_day, codes=asked.areas)
    return [HandedOverOut.of(one) for one in done]


def _responsible(found: Responsible) -> ResponsibleOut:
    return ResponsibleOut(
        on=found.day,
        boundary_version=found.version.version,
        areas=[
            AreaResponsible(
                area=AreaOut.of(found.areas[code]),
                assignments=[AssignmentOut.of(one) for one in found.held.get(code, [])],
            )
            for code in found.chains[0]
        ],
    )
