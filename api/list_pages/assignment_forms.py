"""Areas given and assignments ended, by forms that keep what was typed and say what is wrong with it."""

from collections.abc import Mapping
from typing import Final, get_args

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api import addresses
from api.dependencies import Needs
from api.list_pages import asking, forms
from api.list_pages import assignments as page
from api.list_pages.asking import Asking, AskingDep, Page, Prefilled
from api.list_pages.duty_tables import PATH, full_name, with_parents
from api.list_pages.forms import Field, Sheet, Typed, Wrong
from api.list_pages.frame import Option
from api.routers.assignments import NumberPath
from geo.errors import UnknownAssignment, WanggeError
from geo.intake.people import Role
from geo.services import assignments as service
from geo.storage.queries import areas as area_queries
from geo.storage.queries import assignments, boundaries
from geo.storage.queries.assignments import AssignmentInfo
from maps import labels

router = APIRouter(include_in_schema=False, dependencies=[Depends(Needs("assign"))])

PAGE: Final = Page("assignments", "duties")


@router.get(f"{PATH}/give")
def give_form(
    by: AskingDep, *, staff_no: Prefilled = "", areas: Prefilled = "", role: Prefilled = "grid_head"
) -> Response:
    """Ask whom, for what, and from when on."""
    typed = {"staff_no": staff_no, "areas": areas, "role": role, "begin": by.today, "end": ""}
    return asking.shown(by, PAGE, _give_sheet(by, typed))


@router.post(f"{PATH}/give")
def give(
    by: AskingDep, *, staff_no: Typed = "", areas: Typed = "", role: Typed = "", begin: Typed = "", end: Typed = ""
) -> Response:
    """Give a cadre a role for some areas: all of them or none."""
    typed = {"staff_no": staff_no, "areas": areas, "role": role, "begin": begin, "end": end}
    try:
        _give(by, typed)
    except (Wrong, WanggeError) as error:
        return asking.refused(by, PAGE, _give_sheet(by, typed), error)
    return page.done(by.county, by.lang, "given")


def _give(by: Asking, typed: Mapping[str, str]) -> None:
    known: dict[str, Role] = {one: one for one in get_args(Role)}
    asking.at_once(
        by,
        list(typed),
        lambda: asking.needed(by, typed, "staff_no", "areas"),
        lambda: asking.known_cadre(by, typed["staff_no"].strip()),
        lambda: asking.known_areas(by, forms.codes_of(typed["areas"])),
        lambda: asking.one_of(by, "role", typed["role"], list(known)),
        lambda: asking.day(by, "begin", typed["begin"]),
        lambda: asking.day(by, "end", typed["end"]) if typed["end"].strip() else None,
    )
    found = asking.needed(by, typed, "staff_no", "areas")
    role = known[asking.one_of(by, "role", typed["role"], list(known))]
    first = asking.day(by, "begin", typed["begin"])
    until = asking.day(by, "end", typed["end"], after=first) if typed["end"].strip() else None
    assignments.act_as(by.session, by.access.name)
    with by.session.begin_nested():
        codes = forms.codes_of(found["areas"])
        service.assign(by.session, by.county.code, found["staff_no"], codes, role, first, until)


def _give_sheet(by: Asking, typed: Mapping[str, str]) -> Sheet:
    say = by.say("duties")
    roles = [Option(one, labels.role_name(one, by.lang)) for one in get_args(Role)]
    return Sheet(
        say["give_title"],
        addresses.to(f"{PATH}/give", by.common),
        [
            Field("staff_no", say["staff_no"], typed["staff_no"], options=asking.cadres(by)),
            Field("areas", say["name"], typed["areas"], options=asking.all_areas(by), hint=say["areas_hint"]),
            Field("role", say["role"], typed["role"], "select", roles),
            Field("begin", say["from"], typed["begin"], "date"),
            Field("end", say["to"], typed["end"], "date", hint=say["to_hint"], needed=False),
        ],
        say["give"],
        addresses.to(PATH, by.common),
    )


@router.get(f"{PATH}/{{number}}/end")
def end_form(by: AskingDep, number: NumberPath) -> Response:
    """Ask when."""
    return asking.shown(by, PAGE, _end_sheet(by, _one(by, number), by.today))


@router.post(f"{PATH}/{{number}}/end")
def end(by: AskingDep, number: NumberPath, *, day: Typed = "") -> Response:
    """End an assignment."""
    one = _one(by, number)
    try:
        last = asking.day(by, "day", day, after=one.from_day)
        assignments.act_as(by.session, by.access.name)
        with by.session.begin_nested():
            service.finish(by.session, by.county.code, number, last)
    except (Wrong, WanggeError) as error:
        return asking.refused(by, PAGE, _end_sheet(by, one, day), error)
    return page.done(by.county, by.lang, "ended")


def _end_sheet(by: Asking, one: AssignmentInfo, day: str) -> Sheet:
    say = by.say("duties")
    return Sheet(
        say["end_title"],
        addresses.to(f"{PATH}/{one.id}/end", by.common),
        [Field("day", say["to"], day, "date", hint=say["end_hint"])],
        say["end"],
        addresses.to(PATH, by.common),
        note=told(by, [one])[0],
    )


def _one(by: Asking, number: int) -> AssignmentInfo:
    found = assignments.get(by.session, by.county.code, number)
    if found is None:
        raise UnknownAssignment(id=number)
    return found


def told(by: Asking, several: list[AssignmentInfo]) -> list[str]:
    """Assignments in words."""
    say, version = by.say("duties"), boundaries.active(by.session, by.county.code)
    found = area_queries.by_codes(by.session, version, [one.area for one in several])
    known = with_parents(by.session, version, found.values())

    def of(one: AssignmentInfo) -> str:
        return full_name(known[one.area], known) if one.area in known else ""

    return [
        f"{of(one)} {one.area} · {labels.role_name(one.role, by.lang)} · {one.name} {one.staff_no} · "
        f"{one.from_day} – {one.to_day or say['open_end']}".strip()
        for one in several
    ]
