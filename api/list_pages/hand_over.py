"""Areas of one cadre that go to another: asked for, shown as they would go, and handed over once that is confirmed."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from api import addresses
from api.dependencies import Needs
from api.list_pages import asking, forms
from api.list_pages import assignments as page
from api.list_pages.asking import Asking, AskingDep, Prefilled
from api.list_pages.assignment_forms import PAGE, told
from api.list_pages.duty_tables import PATH
from api.list_pages.forms import Field, Sheet, Typed, Wrong
from geo.errors import UnknownCadre, WanggeError
from geo.services import assignments as service
from geo.storage.queries import assignments
from geo.storage.queries.assignments import AssignmentInfo

router = APIRouter(include_in_schema=False, dependencies=[Depends(Needs("assign"))])

_NAMED: Final = 5
"""Codes that a sentence names."""


@router.get(f"{PATH}/hand-over")
def hand_over_form(by: AskingDep, *, giver: Prefilled = "", areas: Prefilled = "") -> Response:
    """Ask from whom to whom, and from when on."""
    return asking.shown(by, PAGE, _sheet(by, {"giver": giver, "taker": "", "areas": areas, "day": by.today}))


@router.post(f"{PATH}/hand-over")
def hand_over(
    by: AskingDep,
    *,
    giver: Typed = "",
    taker: Typed = "",
    areas: Typed = "",
    day: Typed = "",
    step: Annotated[str, Form(max_length=20, description="check, confirm or back")] = "check",
) -> Response:
    """Show what would go; hand it over once that is confirmed."""
    typed = {"giver": giver.strip(), "taker": taker.strip(), "areas": areas, "day": day}
    sheet = _sheet(by, typed)
    if step == "back":
        return asking.shown(by, PAGE, sheet)
    try:
        moves = _moves(by, typed)
        if step != "confirm":
            return _confirm(by, typed, moves)
        assignments.act_as(by.session, by.access.name)
        with by.session.begin_nested():
            first, codes = asking.day(by, "day", day), {one.area for one in moves}
            service.hand_over(by.session, by.county.code, typed["giver"], typed["taker"], first, codes=codes)
    except (Wrong, WanggeError) as error:
        return asking.refused(by, PAGE, sheet, error)
    return page.done(by.county, by.lang, "handed")


def _moves(by: Asking, typed: Mapping[str, str]) -> list[AssignmentInfo]:
    """What would be handed over.

    :raises Wrong: nothing would, or it cannot be said
    """
    asking.at_once(
        by,
        list(typed),
        lambda: asking.needed(by, typed, "giver", "taker"),
        lambda: _known(by, typed, "giver"),
        lambda: _known(by, typed, "taker"),
        lambda: asking.day(by, "day", typed["day"]),
    )
    found, say = asking.needed(by, typed, "giver", "taker"), by.say("duties")
    day, county = asking.day(by, "day", typed["day"]), by.county.code
    if found["giver"] == found["taker"]:
        raise Wrong({"taker": say["same"]})
    codes = forms.codes_of(typed["areas"])
    held = assignments.of_cadre(by.session, county, found["giver"], day)
    lost = [code for code in codes if code not in {one.area for one in held}]
    if lost or not held:
        text = say["nothing_to_hand"].format(giver=found["giver"])
        raise Wrong({"areas" if lost else "giver": " ".join([*lost[:_NAMED], text])})
    return [one for one in held if not codes or one.area in codes]


def _known(by: Asking, typed: Mapping[str, str], name: str) -> None:
    try:
        asking.known_cadre(by, typed[name])
    except UnknownCadre as error:
        raise Wrong({name: UnknownCadre(county=by.place, staff_no=error.facts["staff_no"]).text(by.lang)}) from error


def _sheet(by: Asking, typed: Mapping[str, str]) -> Sheet:
    say, people = by.say("duties"), asking.cadres(by)
    return Sheet(
        say["hand_over_title"],
        addresses.to(f"{PATH}/hand-over", by.common),
        [
            Field("giver", say["giver"], typed["giver"], options=people),
            Field("taker", say["taker"], typed["taker"], options=people),
            Field("areas", say["some_areas"], typed["areas"], hint=say["some_hint"], needed=False),
            Field("day", say["day"], typed["day"], "date", hint=say["day_hint"]),
        ],
        say["check"],
        addresses.to(PATH, by.common),
    )


def _confirm(by: Asking, typed: Mapping[str, str], moves: list[AssignmentInfo]) -> Response:
    say, names = by.say("duties"), {one.value: one.label for one in asking.cadres(by)}
    text = say["confirm_text"].format(
        day=typed["day"],
        giver=f"{moves[0].name} {typed['giver']}",
        n=len(moves),
        taker=" ".join(filter(None, [names.get(typed["taker"]), typed["taker"]])),
    )
    sheet = Sheet(
        say["confirm_title"], addresses.to(f"{PATH}/hand-over", by.common), [], say["confirm"], "", dict(typed)
    )
    return asking.shown(by, PAGE, sheet, template="hand_over.html.j2", text=text, moves=told(by, moves))
