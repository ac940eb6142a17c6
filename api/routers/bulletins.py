"""The monthly bulletin: editions, what each says, its files, and publishing another."""

from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.responses import Response

from api import bulletin_files, lists
from api.dependencies import (
    PAGE,
    AccessDep,
    CountyDep,
    CursorQuery,
    LangQuery,
    LimitQuery,
    Needs,
    OptionalMonthQuery,
    SessionDep,
    SettingsDep,
)
from api.schemas.bulletins import BulletinContent, BulletinIn, BulletinOut, BulletinPage
from geo.analysis.bulletins import Bulletin
from geo.errors import InvalidChoice, InvalidMonth
from geo.months import Month
from geo.services import bulletins as service
from geo.storage.queries import bulletins as queries

router = APIRouter(tags=["bulletins"])

MAY_READ: Final = Depends(Needs("detail", whole=True))
"""Its lists have lines of single petitions, which are for those who may see them one by one."""
MAY_PUBLISH: Final = Depends(Needs("plan", whole=True))
DRAFT: Final = "draft"

Format = Literal["json", "docx", "xlsx", "zip"]
MonthPath = Annotated[str, Path(max_length=7, description="YYYY-MM", examples=["2026-10"])]
EditionPath = Annotated[
    str, Path(pattern=r"^(draft|[1-9][0-9]{0,8})$", description="number of an edition, or draft", examples=["1"])
]


@router.get("/bulletins", dependencies=[MAY_READ], response_model=BulletinPage, responses=lists.described(BulletinPage))
def list_bulletins(
    session: SessionDep,
    county: CountyDep,
    *,
    month: OptionalMonthQuery = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> BulletinPage | Response:
    """Published editions, the latest month first."""
    seen = after(cursor) if cursor else None
    found = queries.editions(session, county.code, month=month, after=seen, limit=lists.size(form, limit))
    if form != "json":
        return lists.sheet(BulletinOut, [BulletinOut.of(one) for one in found], form, "bulletins")
    last = found[limit - 1] if len(found) > limit else None
    return BulletinPage(
        bulletins=[BulletinOut.of(one) for one in found[:limit]],
        next=f"{last.month}.{last.edition}" if last else None,
    )


@router.post("/bulletins", status_code=HTTPStatus.CREATED, dependencies=[MAY_PUBLISH])
def publish(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    settings: SettingsDep,
    asked: Annotated[BulletinIn, Body()],
) -> BulletinOut:
    """Publish the bulletin of a month that is over: the first edition, or a correction with its reason.

    What is published stays as it is. It takes some twenty seconds, most of it to draw the maps.
    """
    month = Month.parse(asked.month)
    service.check(session, county, month, reason=asked.reason, expected=asked.edition)
    made, files = bulletin_files.frozen_with(session, county, month, template=settings.bulletin_template)
    found = service.publish(
        session,
        county,
        month,
        access.name,
        reason=asked.reason,
        made=made,
        files=files,
        expected=asked.edition,
    )
    return BulletinOut.of(found.info)


@router.get(
    "/bulletins/{month}/{edition}",
    dependencies=[MAY_READ],
    response_model=BulletinContent,
    responses={200: {"content": {media: {} for media in bulletin_files.MEDIA_TYPES.values()}}},
)
def bulletin(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    settings: SettingsDep,
    lang: LangQuery,
    month: MonthPath,
    edition: EditionPath,
    *,
    form: Annotated[
        Format, Query(alias="format", description="json, or the Word file, the workbook, the maps as pictures")
    ] = "json",
) -> BulletinContent | Response:
    """An edition as it was published; or a draft from what is known now, for those who may publish."""
    wanted = Month.parse(month)
    if edition == DRAFT:
        Needs("plan", whole=True).check(access)
        made = service.draft(session, county, wanted)
        if form == "json":
            return BulletinContent.of(made, None)
        maps = bulletin_files.draw_maps(session, county, made, langs=(lang,)) if form != "xlsx" else {}
        content = bulletin_files.render(made, maps, form, lang, settings.bulletin_template)
        return _file(made, content, form, lang)
    found = service.edition(session, county, wanted, int(edition))
    if form == "json":
        return BulletinContent.of(found.bulletin, found.info.sha256)
    return _file(found.bulletin, bulletin_files.render(found.bulletin, found.files, form, lang), form, lang)


def _file(made: Bulletin, content: bytes, form: bulletin_files.Form, lang: LangQuery) -> Response:
    answer = Response(content, media_type=bulletin_files.MEDIA_TYPES[form])
    plain, full = bulletin_files.plain_name(made, form), quote(bulletin_files.name(made, form, lang))
    answer.headers["content-disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"
    answer.headers["cache-control"] = "private, no-cache"
    return answer


def after(cursor: str) -> tuple[Month, int]:
    """Month and edition in a cursor; raises `InvalidChoice`."""
    month, _, edition = cursor.rpartition(".")
    try:
        return Month.parse(month), int(edition)
    except (InvalidMonth, ValueError) as error:
        raise InvalidChoice(field="cursor", value=cursor, choices="`next` of the page before") from error
