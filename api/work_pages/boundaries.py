"""Boundary versions as a page, and a file that becomes the next one."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import RedirectResponse, Response

from api import addresses, listings, tables
from api.dependencies import MAY_CHECK, PLAIN, Needs
from api.errors import status_of
from api.list_pages.frame import Option
from api.tables import AskedQuery, Column, Piece, Table
from api.work_pages import uploads, words
from api.work_pages.desk import Desk, DeskDep
from geo.analysis.boundaries import BoundaryReport
from geo.errors import InvalidChoice, WanggeError
from geo.intake.boundary_columns import FIELDS
from geo.limits import MAX_TEXT_CHARS, SLIVER_WIDTH_M
from geo.services import boundaries as service
from geo.services import boundary_checks, boundary_plans, boundary_reading
from geo.services.boundary_reading import Asked
from geo.space.codes import LEVELS, Level
from geo.space.crs import FRAMES, Frame
from geo.storage.database import without_time_limit
from geo.storage.queries import accounts, boundaries
from geo.storage.queries.boundaries import VersionInfo
from maps import check_labels, labels

router = APIRouter(include_in_schema=False)

PATH: Final = "/desk/boundaries"
STAGED: Final = "boundaries staged"
MAY_MANAGE: Final = Depends(Needs("manage", whole=True))

_NOTHING_TYPED: Final = dict.fromkeys(
    ("columns", "encoding", "layer", "crs", "frame", "axes", "reference_frame", "repair"), ""
)

Short = Annotated[str, Form(max_length=200, pattern=PLAIN)]
Upload = Annotated[UploadFile, File()]


@dataclass(frozen=True, slots=True)
class Line:
    """A version with what it holds and who brought it."""

    info: VersionInfo
    counts: dict[str, int]
    staged_by: str


@router.get(PATH, dependencies=[MAY_CHECK])
def versions_page(desk: DeskDep, asked: AskedQuery) -> Response:
    """Every version, the newest first; those who manage can bring the next one."""
    if asked.form != "html":
        listing = _listing(desk, asked)
        table = _table(desk)
        return tables.file(table, listing.rows, asked.form, desk.lang, name=f"{table.title}-{desk.county.code}")
    return _page(desk, asked=asked)


@router.post(PATH, dependencies=[MAY_MANAGE])
def bring_version(
    desk: DeskDep,
    *,
    level: Annotated[Level, Form()],
    file: Upload,
    codes: Annotated[UploadFile | None, File()] = None,
    reference: Annotated[UploadFile | None, File()] = None,
    reference_frame: Annotated[Frame, Form()] = "wgs84",
    columns: Annotated[str, Form(max_length=MAX_TEXT_CHARS)] = "",
    layer: Short = "",
    encoding: Short = "",
    crs: Short = "",
    frame: Annotated[Frame | Literal[""], Form()] = "",
    axes: Annotated[Literal["", "xy", "yx"], Form()] = "",
    repair: Annotated[bool, Form()] = False,
) -> Response:
    """Check a file and stage it, as ``wangge boundaries load --commit`` does; with errors nothing is written."""
    typed = {"level": level, "columns": columns, "layer": layer, "encoding": encoding, "crs": crs, "frame": frame}
    typed |= {"axes": axes, "reference_frame": reference_frame, "repair": "true" if repair else ""}
    without_time_limit(desk.session)
    try:
        with tempfile.TemporaryDirectory(prefix="wangge-") as folder, desk.session.begin_nested():
            asked = Asked(
                path=_kept(file, Path(folder) / "file"),
                level=level,
                county=desk.county.code,
                columns=_columns(columns),
                layer=layer or None,
                encoding=encoding or None,
                crs=crs or None,
                frame=frame or None,
                swapped=axes == "yx" if axes else None,
                codes=_kept(codes, Path(folder) / "codes") if codes and codes.filename else None,
                reference=_kept(reference, Path(folder) / "reference") if reference and reference.filename else None,
                reference_frame=reference_frame,
            )
            read = boundary_reading.read(desk.session, asked)
            width = SLIVER_WIDTH_M if repair else None
            plan = boundary_plans.plan(desk.session, read, county=desk.county.code, repair_width_m=width)
            report = boundary_checks.examine(desk.session, plan)
            if plan.errors:
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                return _page(desk, report=report, typed=typed, status=status)
            staged = service.stage(desk.session, plan, report)
    except WanggeError as error:
        said, status = error.text(desk.lang), status_of(error)
        return _page(desk, said=said, typed=typed, status=status)
    accounts.note(desk.session, desk.access.name, STAGED, subject(staged))
    where = desk.link(f"{PATH}/{staged.version}", done="staged")
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def subject(version: VersionInfo) -> str:
    """What the log of what was done calls a version."""
    return f"{version.county} version {version.version}"


def _kept(file: UploadFile, folder: Path) -> Path:
    path = folder / uploads.name_of(file)
    uploads.keep(file, path)
    return path


def _columns(text: str) -> dict[str, str]:
    """``code=XZQDM`` and so on, one a line."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        field, equals, column = (part.strip() for part in line.partition("="))
        if not (field or equals):
            continue
        if not equals or field not in FIELDS:
            raise InvalidChoice(field="columns", value=line, choices=", ".join(f"{name}=…" for name in FIELDS))
        pairs[field] = column
    return pairs


def _page(
    desk: Desk,
    *,
    asked: tables.Asked | None = None,
    report: BoundaryReport | None = None,
    typed: dict[str, Any] | None = None,
    said: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    say, kept = desk.words("boundary_work"), {**_NOTHING_TYPED, **(typed or {})}
    return desk.page(
        "boundaries.html.j2",
        title=say["title"],
        current="boundaries",
        status=status,
        said=said or (say["refused"] if report else ""),
        bad=True,
        say=say,
        listing=_listing(desk, asked or tables.Asked()),
        report=report,
        facts=check_labels.facts(report, desk.lang) if report else [],
        problems=[check_labels.problem_text(one, desk.lang) for one in report.problems] if report else [],
        may_manage=desk.access.may("manage"),
        action=desk.link(PATH),
        levels=[Option(one, labels.level_name(one, desk.lang), one == kept.get("level", "grid")) for one in LEVELS],
        frames=[Option(one, one, one == kept.get("frame")) for one in FRAMES],
        typed=kept,
        open_more=any(kept.get(name) for name in ("columns", "layer", "encoding", "crs", "frame", "axes")),
    )


def _listing(desk: Desk, asked: tables.Asked) -> listings.Listing[Line]:
    counts = boundaries.counts_of_all(desk.session, desk.county.code)
    found = boundaries.all_of(desk.session, desk.county.code)
    who = accounts.who_did(desk.session, STAGED, [subject(one) for one in found])
    rows = [Line(one, counts[one.version], who.get(subject(one), "")) for one in found]
    kept = desk.common
    return listings.listing(_table(desk), rows, asked, path=PATH, lang=desk.lang, kept=kept)


def _table(desk: Desk) -> Table[Line]:
    say, common = desk.words("boundary_work"), desk.common
    badges = {"active": "badge-met", "staged": "badge-plain", "retired": ""}

    def status(row: Line) -> str:
        return check_labels.STATUS_WORDS[row.info.status].text(desk.lang)

    def links(row: Line) -> list[Piece]:
        number = row.info.version
        return [
            Piece(say["map"], addresses.to("/maps/check", common, version=number)),
            Piece(say["report"], addresses.to(f"/boundary-versions/{number}/report", common, format="xlsx")),
        ]

    def when(moment: datetime | None) -> str:
        return words.moment(moment, desk.county.zone)

    return Table(
        say["versions"],
        [
            Column(
                "version",
                say["version"],
                lambda row: row.info.version,
                pieces=lambda row: [Piece(str(row.info.version), addresses.to(f"{PATH}/{row.info.version}", common))],
                heading=True,
            ),
            Column(
                "status", say["status"], status, pieces=lambda row: [Piece(status(row), mark=badges[row.info.status])]
            ),
            Column("from", say["from"], lambda row: str(row.info.in_force_from or "")),
            Column("until", say["until"], lambda row: str(row.info.in_force_until or "")),
            Column("areas", say["areas"], lambda row: words.by_level(row.counts, desk.lang)),
            Column("source", say["source"], lambda row: row.info.source),
            Column("loaded", say["loaded"], lambda row: when(row.info.loaded_at)),
            Column("by", say["by"], lambda row: row.staged_by),
            Column("links", say["links"], lambda _: "", pieces=links, exported=False),
        ],
        empty=say["empty"],
    )
