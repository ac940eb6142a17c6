"""A cadre's own page: my areas with what is due next, enterprises and projects of my own, and open issues there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from api.work_pages.desk import Desk, DeskDep
from geo.analysis.coverage import AreaCoverage
from geo.analysis.place_coverage import PlaceFacts
from geo.months import Month
from geo.services import coverage, place_coverage, standings
from geo.services.standings import Standing
from geo.space.codes import LEVELS, Level
from geo.storage.queries import assignments
from maps import labels

router = APIRouter(include_in_schema=False)

_ISSUES: Final = 10
_NEAR: Final = 300
"""Open issues that the page carries, to be put in the order of their distance without telling anybody a position."""


@dataclass(frozen=True, slots=True)
class Held:
    """An area of mine and the roles that I have there."""

    area: AreaCoverage
    roles: tuple[str, ...]


@router.get("/mine")
def mine_page(desk: DeskDep) -> Response:
    """What is mine and what is due next; a sentence for an account that is nobody's who visits."""
    say, staff_no = desk.words("mine"), desk.access.staff_no
    if staff_no is None:
        return desk.page("mine_nobody.html.j2", title=say["title"], current="mine", say=say, field=desk.link("/field"))
    month = Month.of(coverage.today(desk.county))
    held = due_first(_held(desk, month, staff_no))
    places = place_coverage.report(desk.session, desk.county, month, area=desk.access.area).places
    mine = [one for one in places if one.partner and one.partner.staff_no == staff_no]
    waiting = standings.open_at(desk.session, desk.county, month, area=desk.access.area)
    codes = {one.area.facts.code for one in held}
    here = [one for one in waiting if codes & {one.record.town, one.record.village, one.record.grid}]
    return desk.page(
        "mine.html.j2",
        title=say["title"],
        current="mine",
        styles=("field.css",),
        scripts=("mine.js",),
        say=say,
        month=labels.month_name(month, desk.lang),
        areas=[_area(desk, one) for one in held],
        due=sum(one.area.status in ("unvisited", "under") for one in held),
        partners=[_place(desk, one) for one in sorted(mine, key=lambda one: (one.visits > 0, one.name or one.id))],
        issues=[_issue(desk, one) for one in here[:_ISSUES]],
        more=max(0, len(here) - _ISSUES),
        near=[_issue(desk, one) for one in waiting if one.record.lon is not None][:_NEAR],
        field=desk.link("/field"),
        all_issues=desk.link("/desk/issues"),
        has_page=desk.access.may("record"),
    )


def due_first(held: Sequence[Held]) -> list[Held]:
    """Areas in which something is due, the longest overdue first and those never visited before them; then the rest."""

    def key(one: Held) -> tuple[bool, float, str]:
        late = one.area.days_overdue
        return one.area.status in ("met", "excluded"), -(math.inf if late is None else late), one.area.facts.code

    return sorted(held, key=key)


def _held(desk: Desk, month: Month, staff_no: str) -> list[Held]:
    day = coverage.today(desk.county)
    roles: dict[str, list[str]] = {}
    for one in assignments.of_cadre(desk.session, desk.county.code, staff_no, day):
        if one.from_day <= day:
            roles.setdefault(one.area, []).append(one.role)
    found: list[Held] = []
    levels: Sequence[Level] = LEVELS[1:] if roles else ()
    for level in levels:
        report = coverage.report(desk.session, desk.county, month, level=level, area=desk.access.area)
        mine = [row for row in report.rows if row.facts.code in roles]
        found += [Held(row, tuple(dict.fromkeys(roles[row.facts.code]))) for row in mine]
    return found


def _area(desk: Desk, one: Held) -> dict[str, Any]:
    say, known = desk.words("mine"), desk.words("coverage")
    facts, late = one.area.facts, one.area.days_overdue
    parent = f"{facts.parent_name} " if facts.parent_name and facts.level == "grid" else ""
    return {
        "name": f"{parent}{facts.name}",
        "code": facts.code,
        "status": one.area.status,
        "word": known[one.area.status],
        "roles": "、".join(labels.role_name(role, desk.lang) for role in one.roles),
        "visits": say["visits_of"].format(n=facts.visits, of=one.area.required),
        "late": say["never"] if late is None else say["late"].format(n=late) if late else "",
        "last": labels.day(facts.last_visit, desk.lang) if facts.last_visit else say["never"],
        "issues": facts.open_issues,
    }


def _place(desk: Desk, one: PlaceFacts) -> dict[str, Any]:
    say = desk.words("mine")
    last = labels.day(one.last_visit, desk.lang) if one.last_visit else say["never"]
    return {
        "name": one.name or one.id,
        "kind": labels.place_kind(one.kind, desk.lang),
        "home": one.home.name if one.home else "",
        "due": not one.visits,
        "last": last,
    }


def _issue(desk: Desk, one: Standing) -> dict[str, Any]:
    record = one.record
    return {
        "title": record.title,
        "href": desk.link(f"/desk/issues/{record.id}"),
        "waiting": desk.words("mine")["waiting"].format(n=one.waiting_days),
        "overdue": one.overdue,
        "lon": record.lon,
        "lat": record.lat,
    }
