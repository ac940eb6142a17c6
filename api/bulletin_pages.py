"""The pages of the monthly bulletin: months with their editions and a draft, one edition, and publishing."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from api import addresses, bulletin_files, errors, navigation, web
from api.dependencies import (
    MAX_NUMBER,
    PLAIN,
    AccessDep,
    CountyDep,
    CursorQuery,
    LangQuery,
    OptionalMonthQuery,
    SessionDep,
    SettingsDep,
)
from api.routers.bulletins import MAY_PUBLISH, MAY_READ, MonthPath, after
from geo.analysis import overview as analysis
from geo.analysis.bulletins import Figure
from geo.errors import Conflict, InvalidInput, Lang
from geo.limits import MAX_TEXT_CHARS
from geo.months import Month
from geo.services import bulletins as service
from geo.services import coverage, overview
from geo.services.accounts import Access
from geo.services.bulletins import Edition
from geo.services.overview import Overview
from geo.storage.queries import areas
from geo.storage.queries import bulletins as queries
from geo.storage.queries.bulletins import EditionInfo
from geo.storage.queries.counties import CountyInfo
from maps import bulletin_context, catalogue, labels
from maps import bulletin_words as names

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 60
"""Editions on one page, and differences of one."""


@router.get("/desk/bulletins", dependencies=[MAY_READ])
def months_page(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    lang: LangQuery,
    *,
    month: OptionalMonthQuery = None,
    cursor: CursorQuery = None,
) -> HTMLResponse:
    """Editions, the latest month first; and the draft of a month for those who may publish."""
    said = catalogue.named("bulletin_pages", lang)
    latest = Month.of(coverage.today(county))
    wanted = month or min(coverage.latest_month(session, county), latest.previous())
    coverage.counted_to(county, wanted)
    found = queries.editions(session, county.code, after=after(cursor) if cursor else None, limit=_SHOWN + 1)
    last = found[_SHOWN - 1] if len(found) > _SHOWN else None
    return _page(
        "bulletins.html.j2",
        county,
        access,
        lang,
        here=_to("/desk/bulletins", county, None, month=str(wanted)),
        month=wanted,
        b=said,
        title=said.title,
        latest=str(latest),
        preview=_preview(session, county, wanted, lang, said) if access.may("plan") else None,
        county_name=areas.county_name(session, county.code),
        editions=[_edition(one, county, lang, said) for one in found[:_SHOWN]],
        older=_to("/desk/bulletins", county, lang, cursor=f"{last.month}.{last.edition}") if last else "",
    )


@router.get("/desk/bulletins/{month}", dependencies=[MAY_PUBLISH])
def confirm_page(
    request: Request, session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery, month: MonthPath
) -> HTMLResponse:
    """What publishing means, and the button."""
    return _confirm(request, session, county, access, lang, Month.parse(month))


@router.post("/desk/bulletins/{month}", dependencies=[MAY_PUBLISH])
def publish(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    lang: LangQuery,
    settings: SettingsDep,
    month: MonthPath,
    *,
    edition: Annotated[int, Form(ge=1, le=MAX_NUMBER)],
    reason: Annotated[str, Form(max_length=MAX_TEXT_CHARS, pattern=PLAIN)] = "",
) -> Response:
    """Publish, and show the edition; what is refused is said above the form, which keeps what was typed."""
    wanted = Month.parse(month)
    try:
        service.check(session, county, wanted, reason=reason, expected=edition)
        made, files = bulletin_files.frozen_with(session, county, wanted, template=settings.bulletin_template)
        found = service.publish(
            session, county, wanted, access.name, reason=reason, made=made, files=files, expected=edition
        )
    except (Conflict, InvalidInput) as error:
        status = errors.status_of(error)
        return _confirm(
            request, session, county, access, lang, wanted, reason=reason, refused=error.text(lang), status=status
        )
    to = _to(f"/desk/bulletins/{wanted}/{found.info.edition}", county, lang, done="1")
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)


@router.get("/desk/bulletins/{month}/{edition}", dependencies=[MAY_READ])
def edition_page(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    lang: LangQuery,
    month: MonthPath,
    edition: Annotated[int, Path(ge=1, le=MAX_NUMBER)],
    *,
    done: Annotated[bool, Query(description="it was just published")] = False,
) -> HTMLResponse:
    """A published edition: its figures, its hash, what differs from the one before, and the files."""
    said, wanted = catalogue.named("bulletin_pages", lang), Month.parse(month)
    found = service.edition(session, county, wanted, edition)
    shown = bulletin_context.context(found.bulletin, lang)
    changed = shown["changed_figures"]
    return _page(
        "bulletin.html.j2",
        county,
        access,
        lang,
        here=_to(f"/desk/bulletins/{wanted}/{edition}", county, None),
        month=wanted,
        b=said,
        title=said.title,
        county_name=found.bulletin.county_name,
        heading=" · ".join(
            [found.bulletin.county_name, labels.month_name(wanted, lang), said.edition_n.format(n=edition)]
        ),
        said=said.done.format(n=edition) if done else "",
        one=_edition(found.info, county, lang, said),
        rows=shown["indicators"],
        changed_figures=changed[:_SHOWN],
        more=said.more.format(n=len(changed) - _SHOWN) if len(changed) > _SHOWN else "",
        changed_lists=shown["changed_lists"],
        back=_to("/desk/bulletins", county, lang, month=str(wanted)),
    )


def _preview(session: Session, county: CountyInfo, month: Month, lang: Lang, said: SimpleNamespace) -> dict[str, Any]:
    """Figures of the month from what is known now, without clusters, which take longest."""
    seen = overview.overview(session, county, month, clusters=False)
    if not seen.coverage.rows:
        seen = overview.overview(session, county, month, level="town", clusters=False)
    running = coverage.today(county) <= month.last_day
    empty = not (seen.figures.visits or seen.figures.issues.reported or seen.figures.issues.open)
    note = said.running.format(day=labels.day(month.next().first_day, lang)) if running else ""
    published = _latest(session, county, month)
    title = said.preview_after if published else said.preview
    return {
        "title": title.format(month=labels.month_name(month, lang)),
        "about": said.preview_note_after if published else said.preview_note,
        "published": _edition(published.info, county, lang, said) if published else None,
        "published_title": said.published_title.format(
            month=labels.month_name(month, lang), n=published.info.edition if published else 0
        ),
        "note": said.empty.format(month=labels.month_name(month, lang)) if empty else note,
        "empty": empty,
        "rows": _rows(seen, lang, said, published),
        "files": _files(f"/bulletins/{month}/draft", county, lang),
        "may_publish": True,
        "publish": "" if running or empty else _to(f"/desk/bulletins/{month}", county, lang),
        "publish_word": said.correct if published else said.publish,
    }


def _latest(session: Session, county: CountyInfo, month: Month) -> Edition | None:
    """The latest published edition of a month."""
    found = queries.editions(session, county.code, month=month, limit=1)
    return service.edition(session, county, month, found[0].edition) if found else None


def _rows(seen: Overview, lang: Lang, said: SimpleNamespace, published: Edition | None) -> list[dict[str, str]]:
    """Figures as they are now, beside those that were published; clusters are looked for when it is published."""
    fixed = published.bulletin.numbered() if published else {}
    rows = []
    for name in analysis.COUNTED:
        figure = Figure(name, analysis.value(seen.figures, name))
        before = None if seen.previous is None else Figure(name, analysis.value(seen.previous, name))
        row = {
            "name": names.counted(name, seen.coverage.level, lang),
            "value": names.number(figure),
            "before": "—" if before is None else names.number(before),
            "change": names.signed(figure, before, lang),
            "published": names.number(fixed[name][1]) if name in fixed else "—",
        }
        if name == "clusters":
            row |= {"value": said.later, "before": "—", "change": "—"}
        rows.append(
            {**row, "differs": "yes" if fixed and name != "clusters" and row["value"] != row["published"] else ""}
        )
    return rows


def _confirm(
    request: Request,
    session: Session,
    county: CountyInfo,
    access: Access,
    lang: Lang,
    month: Month,
    *,
    reason: str = "",
    refused: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    said = catalogue.named("bulletin_pages", lang)
    coverage.counted_to(county, month)
    last = next(iter(queries.editions(session, county.code, month=month, limit=1)), None)
    number = last.edition + 1 if last else 1
    again = said.confirm_again.format(n=number, before=number - 1)
    return _page(
        "bulletin_confirm.html.j2",
        county,
        access,
        lang,
        here=_to(f"/desk/bulletins/{month}", county, None),
        month=month,
        b=said,
        title=said.confirm_title.format(month=labels.month_name(month, lang)),
        about=again if last else said.confirm_first,
        edition=number,
        reason=reason,
        said=refused,
        bad=bool(refused),
        status=status,
        county_name=areas.county_name(session, county.code),
        preview=_preview(session, county, month, lang, said),
        action=_to(f"/desk/bulletins/{month}", county, lang),
        back=_to("/desk/bulletins", county, lang, month=str(month)),
        most_chars=MAX_TEXT_CHARS,
        form_token=web.form_token(request),
    )


def _edition(one: EditionInfo, county: CountyInfo, lang: Lang, said: SimpleNamespace) -> dict[str, Any]:
    return {
        "month": labels.month_name(one.month, lang),
        "edition": said.edition_n.format(n=one.edition),
        "at": f"{one.published_at.astimezone(county.zone):%Y-%m-%d %H:%M}",
        "actor": one.actor,
        "reason": one.reason,
        "sha256": one.sha256,
        "url": _to(f"/desk/bulletins/{one.month}/{one.edition}", county, lang),
        "files": _files(f"/bulletins/{one.month}/{one.edition}", county, lang),
    }


def _files(path: str, county: CountyInfo, lang: Lang) -> list[tuple[str, str]]:
    return [(form, _to(path, county, lang, format=form)) for form in bulletin_files.MEDIA_TYPES]


def _to(path: str, county: CountyInfo, lang: Lang | None, **more: str) -> str:
    return addresses.to(path, {"county": county.code, "lang": lang, **more})


def _page(
    template: str, county: CountyInfo, access: Access, lang: Lang, *, month: Month, **context: Any
) -> HTMLResponse:
    return web.page(
        template,
        lang=lang,
        nav=navigation.pages(access, lang, "bulletins", county=county.code, month=str(month)),
        styles=["bulletins.css"],
        scripts=["bulletins.js"],
        county=county.code,
        month=str(month),
        **context,
    )
