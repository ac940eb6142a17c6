"""Sheets that were sent: brought with a form, followed while they are taken, and what was refused."""

import tempfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, Literal, get_args
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import RedirectResponse, Response

from api import listings, sheet_templates, tables
from api.dependencies import PLAIN, Needs
from api.errors import status_of
from api.exports import MEDIA_TYPES
from api.jobs import Imports, run
from api.routers.imports import AT_ONCE_BYTES
from api.tables import AskedQuery, Choice, Column, Piece, Table
from api.work_pages import uploads, words
from api.work_pages.desk import Desk, DeskDep
from geo.errors import FileUnreadable, WanggeError
from geo.intake import batches, returned
from geo.intake.batches import NDJSON, SUFFIXES, Kind, Numbered
from geo.intake.rejections import Rejection
from geo.limits import MAX_PAGE
from geo.services import imports as service
from geo.services import sheets
from geo.services.sheet_kinds import SHEETS
from geo.storage.queries import imports
from geo.storage.queries.assignments import act_as
from geo.storage.queries.imports import ImportInfo, Refused

router = APIRouter(include_in_schema=False)

PATH: Final = "/desk/imports"
_SHOWN: Final = 200
_MAY_RECORD: Final = Depends(Needs("record"))
_BATCHES: Final[tuple[Kind, ...]] = get_args(Kind)
_PLAIN: Final = ("places", "assignments", "cadres", "organisations", "rules", "limits", "routes", "settings")
"""Sheets of those who manage. No record of them is kept: what households are called may not be (`household_ids`)."""

AnyKind = Literal[
    "visits", "issues", "places", "assignments", "cadres", "organisations", "rules", "limits", "routes", "settings"
]
KindPath = Annotated[AnyKind, PathParameter(description="what the sheet holds")]
ImportPath = Annotated[UUID, PathParameter(description="id of an import")]


@router.get(PATH, dependencies=[_MAY_RECORD])
def imports_page(
    desk: DeskDep,
    asked: AskedQuery,
    *,
    kind: Annotated[str | None, Query(max_length=20, pattern=PLAIN, description="only sheets of this kind")] = None,
    status: Annotated[str | None, Query(max_length=20, pattern=PLAIN, description="only those that stand so")] = None,
    taken: Annotated[int | None, Query(ge=0, le=10**9, description="rows of a sheet that was just taken")] = None,
) -> Response:
    """The latest imports, one's own or all for those who manage, and the form for the next."""
    chosen = {"kind": kind, "status": status}
    if asked.form != "html":
        listing, table = _listing(desk, asked, chosen), _table(desk)
        return tables.file(table, listing.rows, asked.form, desk.lang, name=f"{table.title}-{desk.county.code}")
    said = desk.words("import_work")["taken"].format(n=taken) if taken is not None else ""
    return _page(desk, asked=asked, chosen=chosen, said=said)


@router.post(PATH, dependencies=[_MAY_RECORD])
def bring_sheet(desk: DeskDep, kind: Annotated[AnyKind, Form()], file: Annotated[UploadFile, File()]) -> Response:
    """Take a sheet row by row: visits and issues beside the request where there are many, others at once."""
    try:
        if kind in _BATCHES:
            id_ = _begun(desk, "visits" if kind == "visits" else "issues", file)
            return RedirectResponse(desk.link(f"{PATH}/{id_}"), HTTPStatus.SEE_OTHER)
        Needs("manage", whole=True).check(desk.access)
        with desk.session.begin_nested():
            taken = _taken(desk, kind, file)
    except WanggeError as error:
        return _page(desk, said=error.text(desk.lang), bad=True, status=status_of(error), kind=kind)
    if taken.returned is not None:
        status = HTTPStatus.OK if taken.count else HTTPStatus.UNPROCESSABLE_ENTITY
        say = desk.words("import_work")["taken_partly"]
        said = say.format(file=taken.file, n=taken.count, refused=taken.returned.count)
        return _page(desk, said=said, bad=True, status=status, kind=kind, rejected=taken.returned)
    return RedirectResponse(desk.link(PATH, taken=taken.count), HTTPStatus.SEE_OTHER)


@router.get(PATH + "/templates/{kind}", dependencies=[_MAY_RECORD])
def template(
    desk: DeskDep,
    kind: KindPath,
    *,
    form: Annotated[Literal["xlsx", "csv"], Query(alias="format", description="kind of sheet")] = "xlsx",
) -> Response:
    """An empty sheet to fill in."""
    answer = Response(sheet_templates.render(kind, f"{kind}.{form}", desk.lang), media_type=MEDIA_TYPES[form])
    answer.headers["content-disposition"] = f'attachment; filename="{kind}.{form}"'
    return answer


@router.get(PATH + "/{import_id}", dependencies=[_MAY_RECORD])
def import_page(desk: DeskDep, import_id: ImportPath) -> Response:
    """How far an import has come, the rows that were refused, and to who sent it those that look odd."""
    info = service.get(desk.session, desk.county.code, import_id, by=desk.access)
    refused = imports.refused(desk.session, desk.county.code, import_id, limit=_SHOWN)
    say = desk.words("import_work")
    english = desk.lang == "en"
    odd = service.oddities(desk.session, info, by=desk.access, limit=_SHOWN)
    flags = desk.words("field")
    return desk.page(
        "import.html.j2",
        title=f"{say[info.kind]} {info.file}",
        current="imports",
        say=say,
        info=info,
        status_word=say[f"is_{info.status}"],
        began=words.moment(info.created_at, desk.county.zone),
        ended=words.moment(info.finished_at, desk.county.zone),
        message=(info.message or {}).get("en" if english else "zh-CN", ""),
        counts=[(say[name], getattr(info, name)) for name in ("stored", "duplicate", "conflict", "rejected")],
        rows=[(one.row, *_said(one, info), one.en if english else one.zh) for one in refused],
        more=max(0, info.rejected - len(refused)),
        rejected=desk.link(f"/imports/{import_id}/rejected"),
        odd=odd,
        odd_counts=[(flags[flag], count) for flag, count in odd.counts.items()] if odd else [],
        odd_rows=[(one.row, one.id, "；".join(flags[flag] for flag in one.flags)) for one in odd.first] if odd else [],
        back=desk.link(PATH),
    )


def _begun(desk: Desk, kind: Kind, file: UploadFile) -> UUID:
    """Begin an import, and carry it on at once where the file is small."""
    jobs: Imports = desk.request.app.state.imports
    id_, name = uuid4(), uploads.name_of(file)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        kinds = ", ".join(sorted(SUFFIXES))
        raise FileUnreadable(file=name, reason=f"send one of {kinds}", reason_zh=f"请上传 {kinds} 文件")
    path = jobs.folder / f"{id_}{suffix}"
    size = uploads.keep(file, path)
    with jobs.sessions() as session, session.begin():
        imports.begin(session, desk.county.code, id_, kind, name, desk.access.name)
    if size > AT_ONCE_BYTES:
        jobs.wake()
    else:
        run(jobs.sessions, desk.county.code, id_, path)
    return id_


@dataclass(frozen=True, slots=True)
class _Returned:
    """Rows that were refused, to look at and to download.

    :ivar rows: number, title of the column, what stood there and what is wrong, of the first
    :ivar files: address of the whole sheet to mend, by its form
    """

    count: int
    rows: Sequence[tuple[int, str, str, str]]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Taken:
    file: str
    count: int
    returned: _Returned | None


def _taken(desk: Desk, kind: str, file: UploadFile) -> _Taken:
    """Take a sheet of people or places."""
    row = SHEETS[kind].row
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        path = Path(folder) / uploads.name_of(file)
        uploads.keep(file, path)
        act_as(desk.session, f"{desk.access.name}: import {path.name}")
        rows = list(batches.sheet(path, kind, row))
        taken = sheets.take(desk.session, desk.county, kind, rows, path.name)
        titles = batches.sheet_titles(path, row)
    return _Taken(path.name, taken.count, _returned(desk, rows, taken.refused, titles) if taken.refused else None)


def _returned(
    desk: Desk, rows: Sequence[Numbered], refused: Sequence[Rejection], titles: Mapping[str, str]
) -> _Returned:
    cells = dict(rows)

    def file(form: str) -> str:
        content = returned.of_sheet(rows, refused, titles, form, desk.lang)
        # In the page itself: nothing of it is kept here.
        return f"data:{MEDIA_TYPES[form].partition(';')[0]};base64,{b64encode(content).decode()}"

    shown = [
        (
            one.row,
            titles.get(one.field, one.field),
            str(cells[one.row].get(one.field, ""))[:_SHOWN],
            one.text(desk.lang),
        )
        for one in refused[:_SHOWN]
    ]
    return _Returned(len(refused), shown, {form: file(form) for form in ("xlsx", "csv")})


def _said(one: Refused, info: ImportInfo) -> tuple[str, str]:
    """The title of the column that is wrong, as it came, and what stood there."""
    value = one.cells.get(one.field)
    return info.titles.get(one.field, one.field), "" if value is None else str(value)[:_SHOWN]


def _page(
    desk: Desk,
    *,
    asked: tables.Asked | None = None,
    chosen: dict[str, str | None] | None = None,
    said: str = "",
    bad: bool = False,
    status: int = HTTPStatus.OK,
    kind: str = "visits",
    rejected: _Returned | None = None,
) -> Response:
    say = desk.words("import_work")
    kinds = [*_BATCHES, *(_PLAIN if desk.access.may("manage") and desk.access.is_whole else ())]
    return desk.page(
        "imports.html.j2",
        title=say["title"],
        current="imports",
        status=status,
        said=said,
        bad=bad,
        say=say,
        rejected=rejected,
        more=max(0, rejected.count - len(rejected.rows)) if rejected else 0,
        listing=_listing(desk, asked or tables.Asked(), chosen or {}),
        kinds=[(one, say[one], one == kind) for one in kinds],
        templates=[(say[one], desk.link(f"{PATH}/templates/{one}", format="xlsx")) for one in kinds],
        accepted=",".join(sorted({*SUFFIXES} - {NDJSON})),
        action=desk.link(PATH),
    )


def _listing(desk: Desk, asked: tables.Asked, chosen: dict[str, str | None]) -> listings.Listing[ImportInfo]:
    mine = None if desk.access.may("manage") else desk.access.name
    rows = imports.page(desk.session, desk.county.code, actor=mine, limit=MAX_PAGE)
    table = _table(desk)
    return listings.listing(table, rows, asked, path=PATH, lang=desk.lang, chosen=chosen, kept=desk.common)


def _table(desk: Desk) -> Table[ImportInfo]:
    say, marks = desk.words("import_work"), {"waiting": "badge-plain", "done": "badge-met", "failed": "badge-unvisited"}
    zone = desk.county.zone

    def count(name: str) -> Column[ImportInfo]:
        return Column(name, say[name], lambda row: getattr(row, name), numeric=True)

    return Table(
        say["title"],
        [
            Column(
                "file",
                say["file"],
                lambda row: row.file,
                pieces=lambda row: [Piece(row.file, desk.link(f"{PATH}/{row.id}"))],
                heading=True,
            ),
            Column("kind", say["kind"], lambda row: say[row.kind]),
            Column("created_at", say["sent_at"], lambda row: words.moment(row.created_at, zone)),
            Column("actor", say["actor"], lambda row: row.actor),
            Column(
                "status",
                say["status"],
                lambda row: say[f"is_{row.status}"],
                pieces=lambda row: [Piece(say[f"is_{row.status}"], mark=marks[row.status])],
            ),
            count("stored"),
            count("duplicate"),
            count("conflict"),
            count("rejected"),
        ],
        [
            Choice("kind", say["kind"], {one: say[one] for one in _BATCHES}, lambda row: (row.kind,)),
            Choice("status", say["status"], {one: say[f"is_{one}"] for one in marks}, lambda row: (row.status,)),
        ],
        empty=say["empty"],
    )
