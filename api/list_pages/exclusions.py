"""Areas that are left out of the denominator, and those that count as key: who decided it, when and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from api import addresses, listings, navigation, tables
from api.dependencies import PLAIN
from api.list_pages import asking, frame
from api.list_pages.asking import Asking, AskingDep, Prefilled
from api.list_pages.forms import Field, Sheet, Typed, Wrong
from api.list_pages.planning_frame import EXCLUSIONS, MAY_PLAN, PAGE, Said, SaidQuery, done, may_plan, tabs
from api.tables import AskedQuery, Choice, Column, Piece, Table
from geo.errors import WanggeError
from geo.limits import MAX_CODE_CHARS
from geo.services import planning
from geo.services.planning import Denominator
from geo.storage.queries import boundaries
from geo.storage.queries import planning as queries
from geo.storage.queries.planning import SettingInfo
from maps import labels

router = APIRouter(include_in_schema=False)

Person = Annotated[str, Form(alias="by", max_length=MAX_CODE_CHARS, pattern=PLAIN)]


@router.get(EXCLUSIONS)
def exclusions_page(
    by: AskingDep,
    asked: AskedQuery,
    *,
    standing: Annotated[str | None, Query(max_length=10, pattern=PLAIN, description="excluded or key")] = None,
    said: SaidQuery = None,
) -> Response:
    """Areas that are left out or key, and what that leaves of each level this month."""
    say = by.say("planning")
    found = queries.settings(by.session, boundaries.active(by.session, by.county.code))
    rows = sorted(found, key=lambda row: not row.excluded_reason)
    table = exclusion_table(by, may=may_plan(by))
    listing = listings.listing(
        table, rows, asked, path=EXCLUSIONS, lang=by.lang, chosen={"standing": standing}, kept=by.common
    )
    if asked.form != "html":
        return tables.file(table, listing.rows, asked.form, by.lang, name=f"{table.title}-{by.today}")
    counted = planning.denominators(by.session, by.county, addresses.levels(by.access), area=by.access.area)
    changes = [(say[word], addresses.to(f"{EXCLUSIONS}/{path}", by.common)) for path, word in _ADDED.items()]
    return frame.page(
        by.request,
        "exclusions.html.j2",
        lang=by.lang,
        title=say["title"],
        county_name=by.place,
        nav=navigation.pages(by.access, by.lang, "settings", county=by.county.code),
        said=say[f"said_{said}"] if said else "",
        say=say,
        tabs=tabs(by, EXCLUSIONS),
        counted=[_sentence(by, one) for one in counted],
        changes=changes if may_plan(by) else [],
        listing=listing,
    )


_ADDED: Final = {"exclude": "exclude", "make-key": "make_key"}


def _sentence(by: Asking, one: Denominator) -> str:
    return by.say("planning")["counts"].format(
        month=labels.month_name(one.month, by.lang),
        level=labels.level_name(one.level, by.lang),
        all=labels.number(one.all),
        excluded=labels.number(one.excluded),
        counted=labels.number(one.counted),
    )


def exclusion_table(by: Asking, *, may: bool) -> Table[SettingInfo]:
    """Columns of the list.

    :param may: whether the reader may change them
    """
    say = by.say("planning")

    def standings(row: SettingInfo) -> list[str]:
        return [name for name, holds in (("excluded", row.excluded_reason), ("key", row.tier == "key")) if holds]

    def actions(row: SettingInfo) -> list[Piece]:
        found = []
        if row.excluded_reason:
            found.append(Piece(say["include"], addresses.to(f"{EXCLUSIONS}/include", by.common, code=row.code)))
        if row.tier == "key":
            found.append(
                Piece(say["make_ordinary"], addresses.to(f"{EXCLUSIONS}/make-ordinary", by.common, code=row.code))
            )
        return found

    columns: list[Column[SettingInfo]] = [
        Column("name", say["name"], lambda row: row.name or row.code, heading=True),
        Column("code", say["code"], lambda row: row.code, card="small"),
        Column(
            "level",
            say["level"],
            lambda row: labels.level_name(row.level, by.lang) if row.level else say["gone"],
            card="small",
        ),
        Column("parent", say["parent"], lambda row: row.parent, card="lead"),
        Column(
            "standing",
            say["standing"],
            lambda row: "、".join(say[one] for one in standings(row)),
            pieces=lambda row: [Piece(say[one], mark=f"badge-{one}") for one in standings(row)],
            card="lead",
        ),
        Column("reason", say["reason"], lambda row: row.excluded_reason),
        Column("by", say["by"], lambda row: row.excluded_by, card="small"),
        Column("on", say["on"], lambda row: row.excluded_on.isoformat() if row.excluded_on else None, card="small"),
    ]
    if may:
        columns.append(Column("actions", say["actions"], lambda _: None, pieces=actions, exported=False))
    choice: Choice[SettingInfo] = Choice(
        "standing", say["standing"], {one: say[one] for one in ("excluded", "key")}, standings
    )
    return Table(say["exclusions_title"], columns, [choice], empty=say["none"])


# changed


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing that can be done with an area.

    :ivar fields: what is asked for
    :ivar hint: below the reason
    """

    path: str
    word: str
    said: Said
    fields: tuple[str, ...]
    hint: str
    do: Callable[[Asking, Mapping[str, str]], object]


def _exclude(by: Asking, typed: Mapping[str, str]) -> None:
    known = planning.setting(by.session, by.county, typed["code"])
    if known.excluded_reason:
        raise Wrong({"code": by.say("planning")["already"].format(reason=known.excluded_reason)})
    on = asking.day(by, "on", typed["on"])
    planning.exclude(
        by.session, by.county, typed["code"], reason=typed["reason"], by=typed["by"], on=on, actor=by.access.name
    )


def _include(by: Asking, typed: Mapping[str, str]) -> None:
    planning.include(by.session, by.county, typed["code"], reason=typed["reason"], actor=by.access.name)


def _make_key(by: Asking, typed: Mapping[str, str]) -> None:
    planning.set_tier(by.session, by.county, typed["code"], "key", reason=typed["reason"], actor=by.access.name)


def _make_ordinary(by: Asking, typed: Mapping[str, str]) -> None:
    planning.set_tier(by.session, by.county, typed["code"], "ordinary", reason=typed["reason"], actor=by.access.name)


_ASKED = ("code", "reason")
_CHANGES: Final = (
    _Change("exclude", "exclude", "excluded", (*_ASKED, "by", "on"), "reason_hint", _exclude),
    _Change("include", "include", "included", _ASKED, "log_hint", _include),
    _Change("make-key", "make_key", "key", _ASKED, "log_hint", _make_key),
    _Change("make-ordinary", "make_ordinary", "ordinary", _ASKED, "log_hint", _make_ordinary),
)


def _form_of(change: _Change) -> Callable[..., Response]:
    def form(by: AskingDep, *, code: Prefilled = "") -> Response:
        typed = {"code": code, "reason": "", "by": by.access.name, "on": by.today}
        return asking.shown(by, PAGE, _sheet(by, change, typed))

    return form


def _action_of(change: _Change) -> Callable[..., Response]:
    def action(by: AskingDep, *, code: Typed = "", reason: Typed = "", person: Person = "", on: Typed = "") -> Response:
        typed = {"code": code.strip(), "reason": reason.strip(), "by": person.strip(), "on": on}
        try:
            asking.at_once(
                by,
                list(change.fields),
                lambda: asking.needed(by, typed, *change.fields),
                lambda: planning.setting(by.session, by.county, typed["code"]),
                lambda: asking.day(by, "on", on) if "on" in change.fields else None,
            )
            change.do(by, typed)
        except (Wrong, WanggeError) as error:
            return asking.refused(by, PAGE, _sheet(by, change, typed), error)
        return done(by, EXCLUSIONS, change.said)

    return action


for _one in _CHANGES:
    _to = f"{EXCLUSIONS}/{_one.path}"
    router.add_api_route(_to, _form_of(_one), methods=["GET"], dependencies=[MAY_PLAN], response_model=None)
    router.add_api_route(_to, _action_of(_one), methods=["POST"], dependencies=[MAY_PLAN], response_model=None)


def _sheet(by: Asking, change: _Change, typed: Mapping[str, str]) -> Sheet:
    say = by.say("planning")
    fields = {
        "code": Field("code", say["code"], typed["code"], options=asking.all_areas(by)),
        "reason": Field("reason", say["reason"], typed["reason"], hint=say[change.hint]),
        "by": Field("by", say["by"], typed["by"]),
        "on": Field("on", say["on"], typed["on"], "date"),
    }
    return Sheet(
        say[f"{change.word}_title"].format(name=_name(by, typed["code"])),
        addresses.to(f"{EXCLUSIONS}/{change.path}", by.common),
        [fields[name] for name in change.fields],
        say[change.word],
        addresses.to(EXCLUSIONS, by.common),
    )


def _name(by: Asking, code: str) -> str:
    found = queries.settings(by.session, boundaries.active(by.session, by.county.code), code=code) if code else []
    return found[0].name or code if found else code
