"""Who is responsible, as a page: in force on a day, areas with nobody, and cadres with too many areas or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from api import addresses, listings, navigation, tables
from api.dependencies import PLAIN, AccessDep, AreaQuery, CountyDep, LangQuery, SessionDep
from api.list_pages import duty_tables, frame
from api.list_pages.duty_tables import PATH, Held
from api.list_pages.frame import Option, Tab
from api.tables import AskedQuery
from geo.analysis.coverage import CoverageLevel
from geo.errors import InvalidChoice, Lang, UnknownArea
from geo.intake.located import blank_is_missing
from geo.intake.people import Role
from geo.limits import MAX_EXPORT_ROWS, MAX_RULE
from geo.services import coverage, duties
from geo.services.accounts import Access
from geo.storage.queries import areas, assignments, boundaries
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from maps import catalogue, labels

router = APIRouter(include_in_schema=False)

TabName = Literal["held", "without", "cadres"]
Said = Literal["given", "ended", "handed"]
SaidQuery = Annotated[Said | None, Query(description="what was just done")]
OnQuery = Annotated[
    date | None,
    BeforeValidator(blank_is_missing),
    Query(description="day, YYYY-MM-DD; today in the county if not given"),
]
_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class _Page:
    """What every tab needs."""

    session: Session
    county: CountyInfo
    version: VersionInfo
    access: Access
    lang: Lang
    day: date
    level: CoverageLevel
    role: str | None
    most: int
    area: str | None
    kept: dict[str, str | None]


@router.get(PATH)
def assignment_page(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    lang: LangQuery,
    asked: AskedQuery,
    *,
    tab: Annotated[TabName, Query(description="which of the three lists")] = "held",
    on: OnQuery = None,
    level: Annotated[CoverageLevel, Query(description="level of the areas that may have nobody")] = "grid",
    role: Annotated[str | None, Query(max_length=20, pattern=PLAIN, description="only of this role")] = None,
    organisation: Annotated[str | None, Query(max_length=64, pattern=PLAIN, description="only of this one")] = None,
    standing: Annotated[str | None, Query(max_length=10, pattern=PLAIN, description="heavy or idle")] = None,
    most: Annotated[
        int,
        BeforeValidator(lambda given: given or _MOST),
        Query(ge=1, le=MAX_RULE, description="areas that one cadre may hold"),
    ] = _MOST,
    area: AreaQuery = None,
    said: SaidQuery = None,
) -> Response:
    """Assignments in force on a day, and who and what is left over."""
    day = on or coverage.today(county)
    kept: dict[str, str | None] = {
        "tab": tab if tab != "held" else None,
        "on": str(on) if on else None,
        "county": county.code,
        "lang": lang,
    }
    own: dict[TabName, dict[str, str | None]] = {
        "held": {"area": area or None},
        "without": {"level": level, "role": role or None},
        "cadres": {"most": str(most)},
    }
    kept |= own[tab]
    version = boundaries.active(session, county.code)
    shown = _Page(session, county, version, access, lang, day, level, role or None, most, area or None, kept)
    chosen = {"role": role, "organisation": organisation, "standing": standing}
    table, rows = _list(shown, tab)
    listing = listings.listing(table, rows, asked, path=PATH, lang=lang, chosen=chosen, kept=kept)
    if asked.form != "html":
        return tables.file(table, listing.rows, asked.form, lang, name=f"{table.title}-{day}")
    say = catalogue.words("duties", lang)
    return frame.page(
        request,
        "assignments.html.j2",
        lang=lang,
        title=say["title"],
        nav=navigation.pages(access, lang, "assignments", county=county.code),
        county_name=areas.county_name(session, county.code),
        said=say[f"said_{said}"] if said else "",
        say=say,
        listing=listing,
        tab=tab,
        narrowed=bool(on or area or role or (tab == "without" and level != "grid") or most != _MOST),
        day=day.isoformat(),
        most=most,
        kept=[(key, value) for key, value in kept.items() if value and key in {"tab", "county", "lang"}],
        **_ways(shown),
    )


def done(county: CountyInfo, lang: Lang, said: Said) -> RedirectResponse:
    """To the list, which says what was done."""
    return RedirectResponse(addresses.to(PATH, {"county": county.code, "lang": lang}, said=said), HTTPStatus.SEE_OTHER)


def _list(shown: _Page, tab: TabName) -> tuple[Any, Sequence[Any]]:
    """The table of a tab and all of its rows."""
    may, lang, kept = shown.access.may("assign"), shown.lang, shown.kept
    if tab == "held":
        held = _held(shown)
        return duty_tables.held_table(held, lang, kept, may=may), held
    found = duties.report(
        shown.session,
        shown.county,
        level=shown.level,
        role=_role(shown.role) if tab == "without" else None,
        day=shown.day,
        most=shown.most,
        area=shown.access.area,
    )
    if tab == "without":
        parents = sorted({parent for *_, parent in found.without if parent})
        rows = duty_tables.without_rows(found, areas.by_codes(shown.session, shown.version, parents))
        return duty_tables.without_table(found, lang, kept, may=may), rows
    return duty_tables.cadre_table(lang, kept, may=may), duty_tables.cadre_rows(found, whole=shown.access.is_whole)


def _held(shown: _Page) -> list[Held]:
    session, version = shown.session, shown.version
    within = None
    if shown.area:
        scope = areas.find(session, version, shown.area)
        if scope is None:
            raise UnknownArea(code=shown.area, county=shown.county.code, version=version.version)
        within = [one.code for one in areas.page(session, version, scope=scope.path, limit=None)]
    held = assignments.page(session, shown.county.code, areas=within, on=shown.day, limit=MAX_EXPORT_ROWS + 1)
    found = areas.by_codes(session, version, sorted({one.area for one in held}))
    known = duty_tables.with_parents(session, version, found.values())
    rows = [
        Held(one, area, duty_tables.full_name(area, known) if area else one.area)
        for one in held
        for area in (found.get(one.area),)
    ]
    return sorted(rows, key=lambda row: (row.area.path if row.area else row.one.area, row.one.id))


def _role(role: str | None) -> Role | None:
    for one in get_args(Role):
        if one == role:
            found: Role = one
            return found
    if role:
        raise InvalidChoice(field="role", value=role, choices=", ".join(get_args(Role)))
    return None


def _ways(shown: _Page) -> dict[str, Any]:
    """Tabs, and what may be chosen in each."""
    say, lang, common = catalogue.words("duties", shown.lang), shown.lang, {"county": shown.county.code}
    common |= {"lang": lang, "on": shown.kept["on"] or ""}
    tabs = [
        Tab(say[f"tab_{one}"], addresses.to(PATH, common, tab=one if one != "held" else None), one == shown.kept["tab"])
        for one in get_args(TabName)
    ]
    if shown.kept["tab"] is None:
        tabs[0] = tabs[0]._replace(current=True)
    roles = [Option("", say["chief"], shown.role is None)]
    roles += [Option(one, labels.role_name(one, lang), one == shown.role) for one in get_args(Role)]
    give = {key: addresses.to(f"{PATH}/{path}", common, on=None) for key, path in _CHANGES.items()}
    return {
        "tabs": tabs,
        "levels": [
            Option(one, labels.level_name(one, lang), one == shown.level) for one in addresses.levels(shown.access)
        ],
        "roles": roles,
        "areas": frame.areas_of(shown.session, shown.version, shown.area),
        "changes": [(say[key], href) for key, href in give.items()] if shown.access.may("assign") else [],
    }


_CHANGES: Final = {"give": "give", "hand_over": "hand-over"}
