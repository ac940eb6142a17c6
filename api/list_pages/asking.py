"""Who fills in a form of a list page, how the form is shown, and how what was typed is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api import addresses, navigation, web
from api.dependencies import PLAIN, AccessDep, CountyDep, LangQuery, SessionDep
from api.list_pages import duty_tables, forms, frame
from api.list_pages.forms import Sheet, Wrong
from api.list_pages.frame import Option
from geo.errors import AssignmentTwice, HeadTaken, Lang, UnknownArea, UnknownCadre, WanggeError
from geo.limits import MAX_OFFERED
from geo.services import coverage
from geo.services.accounts import Access
from geo.storage.queries import areas, assignments, boundaries
from geo.storage.queries.counties import CountyInfo
from maps import catalogue

_ABOUT: Final[Mapping[type[WanggeError], Sequence[str]]] = {
    UnknownCadre: ["staff_no"],
    UnknownArea: ["areas", "code", "area"],
    HeadTaken: ["areas"],
    AssignmentTwice: ["staff_no"],
}
Prefilled = Annotated[str, Query(max_length=200, pattern=PLAIN, description="what the form begins with")]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who fills in a form, and where."""

    request: Request
    session: Session
    county: CountyInfo
    access: Access
    lang: Lang

    def say(self, subject: str) -> dict[str, str]:
        """Words of a subject."""
        return catalogue.words(subject, self.lang)

    @property
    def common(self) -> dict[str, str]:
        """What every address keeps."""
        return {"county": self.county.code, "lang": self.lang}

    @property
    def place(self) -> str:
        """Name of the county."""
        return areas.county_name(self.session, self.county.code)

    @property
    def today(self) -> str:
        """Today in the county, as it is typed."""
        return coverage.today(self.county).isoformat()


def _asking(request: Request, session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery) -> Asking:
    return Asking(request, session, county, access, lang)


AskingDep = Annotated[Asking, Depends(_asking)]


@dataclass(frozen=True, slots=True)
class Page:
    """Which page a form belongs to: its name in the navigation, and the subject of its words with a ``title``."""

    name: str
    subject: str


def shown(
    by: Asking, page: Page, sheet: Sheet, *, template: str = "form.html.j2", status: int = HTTPStatus.OK, **more: Any
) -> Response:
    """A form in the frame of all pages."""
    return frame.page(
        by.request,
        template,
        lang=by.lang,
        title=by.say(page.subject)["title"],
        county_name=by.place,
        nav=navigation.pages(by.access, by.lang, page.name, county=by.county.code),
        form=sheet,
        form_token=web.form_token(by.request),
        words_of_forms=by.say("forms"),
        status=status,
        **more,
    )


def refused(by: Asking, page: Page, sheet: Sheet, error: Wrong | WanggeError) -> Response:
    """The form again, with what is wrong beside each field."""
    wrong = _wrong(by, error, [one.name for one in sheet.fields])
    marked = sheet.marked(wrong, by.say("forms")["wrong"], _ways(by, error))
    return shown(by, page, marked, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _wrong(by: Asking, error: Wrong | WanggeError, names: Sequence[str]) -> Mapping[str, str]:
    if isinstance(error, Wrong):
        return error.fields
    if error.facts.get("county") == by.county.code:
        error.facts["county"] = by.place
    return forms.by_field(error, by.lang, _ABOUT, names)


def at_once(by: Asking, names: Sequence[str], *checks: Callable[[], object]) -> None:
    """Several checks of a form, so that all that is wrong is told at once; of one field what the first of them says.

    :raises Wrong: something is
    """
    wrong: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except (Wrong, WanggeError) as error:
            wrong = {**_wrong(by, error, names), **wrong}
    if wrong:
        raise Wrong(wrong)


def known_cadre(by: Asking, staff_no: str) -> None:
    """Raise `UnknownCadre` unless somebody has this number."""
    if not assignments.cadre_exists(by.session, by.county.code, staff_no):
        raise UnknownCadre(county=by.county.code, staff_no=staff_no)


def known_areas(by: Asking, codes: Sequence[str]) -> None:
    """Raise `UnknownArea` unless the boundaries in force have all of these."""
    version = boundaries.active(by.session, by.county.code)
    known = areas.by_codes(by.session, version, codes)
    for code in codes:
        if code not in known:
            raise UnknownArea(code=code, county=by.county.code, version=version.version)


def _ways(by: Asking, error: Wrong | WanggeError) -> dict[str, tuple[str, str]]:
    """By field, where what stands in the way can be ended."""
    if not isinstance(error, HeadTaken):
        return {}
    to = addresses.to(f"{duty_tables.PATH}/{error.facts['assignment']}/end", by.common)
    return {"areas": (by.say("duties")["end_that"], to)}


def needed(by: Asking, typed: Mapping[str, str], *names: str) -> dict[str, str]:
    """Some of what was typed, without spaces around it.

    :raises Wrong: one is empty
    """
    missing = {name: by.say("forms")["needed"] for name in names if not typed[name].strip()}
    if missing:
        raise Wrong(missing)
    return {name: typed[name].strip() for name in names}


def day(by: Asking, name: str, text: str, *, after: date | None = None) -> date:
    """A day that was typed.

    :raises Wrong: it is none, or not after the other
    """
    say = by.say("forms")
    found = forms.day_of(text)
    if found is None:
        raise Wrong({name: say["bad_day"] if text.strip() else say["needed"]})
    if after is not None and found <= after:
        raise Wrong({name: say["after_begin"].format(day=after)})
    return found


def one_of(by: Asking, name: str, text: str, known: Sequence[str]) -> str:
    """A choice that was made; raises `Wrong` if it is none."""
    if text not in known:
        raise Wrong({name: by.say("forms")["bad_choice"]})
    return text


def cadres(by: Asking) -> list[Option]:
    """Cadres to choose from; to those who see a part of the county, the ones who hold something there."""
    version = boundaries.active(by.session, by.county.code)
    loads = assignments.loads(by.session, by.county.code, version.version, coverage.today(by.county))
    seen = [one for one in loads if one.areas or by.access.is_whole][:MAX_OFFERED]
    return [Option(one.staff_no, f"{one.name} {one.organisation_name}") for one in seen]


def all_areas(by: Asking) -> list[Option]:
    """Areas to choose from."""
    version = boundaries.active(by.session, by.county.code)
    found = areas.page(by.session, version, limit=MAX_OFFERED)
    known = duty_tables.with_parents(by.session, version, found)
    return [Option(one.code, duty_tables.full_name(one, known)) for one in found if one.level != "county"]
