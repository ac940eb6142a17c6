"""One issue as a page: its facts, all that happened, and forms for what can happen next."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from shapely.geometry import MultiPolygon, Polygon

from api.dependencies import MAX_NUMBER, PLAIN, Needs, VersionDep
from api.errors import status_of
from api.work_pages import words
from api.work_pages.desk import Desk, DeskDep
from api.work_pages.issues import PATH, Line, Names, line_of, names_of
from geo.analysis.issue_flow import EXTENTS, OPEN, EventKind
from geo.errors import InvalidField, WanggeError
from geo.intake.issues import EventRow
from geo.intake.rejections import from_validation
from geo.limits import MAX_TEXT_CHARS
from geo.months import Month, local_day
from geo.services import coverage, extents, issue_events, issue_repeats, issue_routes, overview
from geo.services import issues as service
from geo.services.issue_events import History
from geo.services.issue_routes import Proposal
from geo.storage import reach
from geo.storage.queries import areas, issues
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.issues import IssueRecord, StoredEvent

router = APIRouter(include_in_schema=False)

FIELDS: Final[Mapping[EventKind, tuple[str, ...]]] = {
    "assigned": ("organisation", "due_on", "note"),
    "transferred": ("organisation", "due_on", "note"),
    "accepted": ("note",),
    "extended": ("due_on", "note"),
    "replied": ("note",),
    "resolved": ("note",),
    "confirmed": ("note",),
    "closed": ("note",),
    "reopened": ("note",),
    "merged": ("into", "note"),
    "judged": ("extent", "note"),
}
"""What a form asks for, by what is to happen."""

NEEDED: Final = frozenset(
    {
        ("assigned", "organisation"),
        ("transferred", "organisation"),
        ("extended", "due_on"),
        ("extended", "note"),
        ("replied", "note"),
        ("reopened", "note"),
        ("merged", "into"),
        ("judged", "extent"),
    }
)

_PICTURE: Final = (240.0, 160.0)
_MARGIN: Final = 10.0
IssuePath = Annotated[UUID, Path(description="id of an issue")]
Short = Annotated[str, Form(max_length=64, pattern=PLAIN)]


@router.get(PATH + "/{issue_id}")
def issue_page(
    desk: DeskDep,
    version: VersionDep,
    issue_id: IssuePath,
    *,
    done: Annotated[bool, Query(description="something was just added")] = False,
) -> Response:
    """The issue as this reader may see it."""
    said = desk.words("issue_work")["added"] if done else ""
    return _page(desk, version, issue_events.history(desk.session, desk.county.code, issue_id), said=said)


@router.post(PATH + "/{issue_id}/events", dependencies=[Depends(Needs("record"))])
def add_event(
    desk: DeskDep,
    version: VersionDep,
    issue_id: IssuePath,
    *,
    kind: Annotated[EventKind, Form()],
    seen: Annotated[int, Form(ge=0, le=MAX_NUMBER)],
    organisation: Short = "",
    due_on: Short = "",
    into: Short = "",
    extent: Short = "",
    note: Annotated[str, Form(max_length=MAX_TEXT_CHARS)] = "",
) -> Response:
    """Add what the form says; what cannot be is said beside it, with everything as it was typed.

    ``seen`` is how many events the page showed: what was sent twice, or came after somebody else's, is looked at again.
    """
    typed = {"organisation": organisation, "due_on": due_on, "into": into, "extent": extent, "note": note}
    found = issue_events.history(desk.session, desk.county.code, issue_id)
    if len(found.events) != seen:
        said = desk.words("issue_work")["changed_meanwhile"]
        return _page(desk, version, found, kind=kind, typed=typed, wrong=said, status=HTTPStatus.CONFLICT)
    try:
        row = _row(desk, kind, typed)
        with desk.session.begin_nested():
            issue_events.add(desk.session, desk.county, issue_id, row, by=desk.access)
    except WanggeError as error:
        said, status = error.text(desk.lang), status_of(error)
        return _page(desk, version, found, kind=kind, typed=typed, wrong=said, status=status)
    return RedirectResponse(desk.link(f"{PATH}/{issue_id}", done="true"), HTTPStatus.SEE_OTHER)


def _row(desk: Desk, kind: EventKind, typed: Mapping[str, str]) -> EventRow:
    said = {name: typed[name] for name in FIELDS.get(kind, ()) if typed[name].strip()}
    context = {"zone": desk.county.zone, "latest": datetime.now(UTC)}
    try:
        return EventRow.model_validate({"kind": kind, **said}, context=context)
    except ValidationError as error:
        reason = from_validation(1, error)
        field = desk.words("form_fields").get(reason.field, reason.field)
        raise InvalidField(field=field, reason=reason.en, reason_zh=reason.zh) from error


def _page(
    desk: Desk,
    version: VersionInfo,
    found: History,
    *,
    kind: EventKind | None = None,
    typed: Mapping[str, str] | None = None,
    said: str = "",
    wrong: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    say, session, county = desk.words("issue_work"), desk.session, desk.county
    (record,) = service.as_seen_by(session, county.code, [found.record], desk.access)
    names = names_of(session, version, county.code, [record])
    possible = issue_events.allowed(session, county.code, found, desk.access)
    similar = _similar(desk, found.record) if found.state.status in OPEN else []
    proposal = extents.proposals(session, county, [found.record]).get(record.id) if "judged" in possible else None
    route = issue_routes.of_issue(session, county.code, found.record)
    line = line_of(record, desk, coverage.today(county))
    return desk.page(
        "issue.html.j2",
        title=say["one"],
        current="issues",
        status=status,
        said=said,
        say=say,
        labels=desk.words("form_fields"),
        record=record,
        line=line,
        badges=[say[one] for one in ("overdue", "unanswered", "in_circles") if getattr(line, one)],
        facts=_facts(desk, line, names),
        merged_into=desk.link(f"{PATH}/{record.merged_into}") if record.merged_into else "",
        picture=_picture(desk, version, record),
        events=[_event(desk, one, names) for one in reversed(found.events)],
        similar=similar,
        proposal=proposal and (say[f"extent_{proposal.extent}"], proposal.en if desk.lang == "en" else proposal.zh),
        possible=[(one, say[f"event_{one}"], FIELDS[one]) for one in possible if one in FIELDS],
        needed=NEEDED,
        open_kind=kind,
        wrong=wrong,
        typed=typed or {},
        nothing=dict.fromkeys(("organisation", "due_on", "into", "extent", "note"), ""),
        route=_route(desk, version, route, names),
        proposed=route.handler if route else "",
        organisations=_organisations(desk, route),
        extents=[(one, say[f"extent_{one}"]) for one in EXTENTS],
        seen=len(found.events),
        action=desk.link(f"{PATH}/{record.id}/events"),
        back=desk.link(PATH),
        most=MAX_TEXT_CHARS,
    )


def _similar(desk: Desk, record: IssueRecord) -> list[tuple[str, str, str, str]]:
    """Id, title, distance and address of open issues that it may repeat."""
    found = issue_repeats.similar_to(
        desk.session,
        desk.county.code,
        record.category,
        lon=record.lon,
        lat=record.lat,
        place=record.place,
        but=[record.id],
    )
    return [
        (str(one.id), one.title, "" if one.metres is None else f"{one.metres:.0f} m", desk.link(f"{PATH}/{one.id}"))
        for one in found
    ]


def _route(desk: Desk, version: VersionInfo, route: Proposal | None, names: Names) -> str:
    """Who should handle it, and the line of the county's table that says so; empty where none does."""
    if route is None:
        return ""
    with reach.unlimited(desk.session):
        area = areas.by_codes(desk.session, version, [route.area]).get(route.area)
    told = {"handler": route.name, "area": area.name if area else route.area}
    told["liaison"] = names.organisation(route.liaison)
    say = desk.words("issue_work")
    return say["route_and_liaison" if route.liaison else "route"].format(**told)


def _organisations(desk: Desk, route: Proposal | None) -> list[tuple[str, str]]:
    """Codes and names: the proposed one first, the others by name."""
    known = issues.organisation_names(desk.session, desk.county.code)
    first = route.handler if route else None
    return sorted(known.items(), key=lambda one: (one[0] != first, one[1]))


def _facts(desk: Desk, line: Line, names: Names) -> list[tuple[str, str]]:
    say, record, zone = desk.words("issue_work"), line.record, desk.county.zone
    area = names.area(record)
    town = names.areas.get(record.town or "", "")
    facts = [
        (say["category"], desk.words("categories")[record.category]),
        (say["reported"], words.moment(record.reported_at, zone)),
        (say["by"], record.entered_by or ""),
        (say["area"], f"{town} {area}" if area and town and town not in area else area),
        (say["place"], record.place or ""),
        (say["handler"], names.organisation(record.handler)),
        (say["liaison"], names.organisation(record.liaison)),
        (say["due"], str(record.due_on or "")),
        (say["waiting"], say["days"].format(n=line.waiting_days)),
        (say["transfers"], str(record.transfers) if record.transfers else ""),
        (say["answered"], words.moment(record.answered_at, zone)),
        (say["extent"], say[f"extent_{record.extent}"] if record.extent else ""),
        (say["detail"], record.detail or ""),
    ]
    return [(name, value) for name, value in facts if value]


def _event(desk: Desk, stored: StoredEvent, names: Names) -> dict[str, Any]:
    """What happened, when, by whom, and what was said."""
    say, event = desk.words("issue_work"), stored.event
    more = [
        names.organisation(event.organisation),
        say["until"].format(day=event.due_on) if event.due_on else "",
        say[f"extent_{event.extent}"] if event.extent else "",
    ]
    return {
        "word": say[f"event_{event.kind}"],
        "at": words.moment(event.at, desk.county.zone),
        "actor": stored.actor,
        "more": " · ".join(one for one in more if one),
        "note": event.note or "",
        "into": desk.link(f"{PATH}/{event.into}") if event.into else "",
    }


def _picture(desk: Desk, version: VersionInfo, record: IssueRecord) -> dict[str, Any] | None:
    """Where it lies in its village or grid: outlines and a dot of one small drawing, and the map that it leads to."""
    code = record.village or record.grid or record.town
    if record.lon is None or record.lat is None or code is None:
        return None
    shape = areas.shapes(desk.session, version, [code], drawn=True).get(code)
    if shape is None or shape.is_empty:
        return None
    west, south, east, north = shape.union(shape.centroid).bounds
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * squeeze, north - south
    scale = min((_PICTURE[0] - 2 * _MARGIN) / wide, (_PICTURE[1] - 2 * _MARGIN) / high) if wide and high else 0.0

    def at(lon: float, lat: float) -> tuple[float, float]:
        x = _PICTURE[0] / 2 + (lon - (west + east) / 2) * squeeze * scale
        y = _PICTURE[1] / 2 - (lat - (south + north) / 2) * scale
        return round(x, 1), round(y, 1)

    polygons = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    rings = [ring for one in polygons if isinstance(one, Polygon) for ring in (one.exterior, *one.interiors)]
    path = " ".join("M" + " L".join("{} {}".format(*at(*point[:2])) for point in ring.coords) + "Z" for ring in rings)
    begin, until = overview.year_to(Month.of(local_day(record.reported_at, desk.county.zone)))
    query = {"area": record.town, "category": record.category, "from": str(Month.of(begin)), "to": str(Month.of(until))}
    query["issue"] = str(record.id)
    return {
        "path": path,
        "dot": at(record.lon, record.lat),
        "size": _PICTURE,
        "text": f"{record.lat:.5f}, {record.lon:.5f}",
        "href": desk.link("/maps/issues", **query),
    }
