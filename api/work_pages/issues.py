"""Issues as a list: where they stand now, or stood at the end of a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api import listings, tables
from api.dependencies import PLAIN, AreaQuery, OptionalMonthQuery, VersionDep, area_column
from api.list_pages.frame import Option, areas_of
from api.tables import AskedQuery, Choice, Column, Piece, Table
from api.work_pages.desk import Desk, DeskDep
from geo.analysis.issue_flow import CATEGORIES, STATUSES, Status
from geo.limits import MAX_LISTED_ISSUES
from geo.months import Month, local_day
from geo.services import coverage, standings
from geo.services import issues as service
from geo.storage import reach
from geo.storage.queries import areas, issues
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.issues import Filter, IssueRecord
from maps import labels

router = APIRouter(include_in_schema=False)

PATH: Final = "/desk/issues"
STANDINGS: Final = ("open", "overdue", "unanswered", "in_circles", "all")
Standing = Literal["open", "overdue", "unanswered", "in_circles", "all"]
ChoiceQuery = Annotated[str | None, Query(max_length=64, pattern=PLAIN, description="only those of this value")]


@dataclass(frozen=True, slots=True)
class Line:
    """An issue as it stood at the moment that the list is about."""

    record: IssueRecord
    status: Status
    handler: str | None
    due_on: date | None
    reported_on: date
    waiting_days: int
    overdue: bool
    unanswered: bool
    in_circles: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Names by code, of areas and organisations."""

    areas: Mapping[str, str]
    organisations: Mapping[str, str]

    def area(self, record: IssueRecord) -> str:
        """The smallest area that an issue lies in, with the village above a grid."""
        codes = [code for code in (record.village or record.town, record.grid) if code]
        return " ".join(self.areas.get(code, code) for code in codes)

    def organisation(self, code: str | None) -> str:
        """Its name; the code of an unknown one."""
        return self.organisations.get(code, code) if code else ""


@router.get(PATH)
def issues_page(
    desk: DeskDep,
    version: VersionDep,
    month: OptionalMonthQuery,
    asked: AskedQuery,
    *,
    area: AreaQuery = None,
    standing: Annotated[Standing, Query(description="open ones, some of them, or all that were reported")] = "open",
    category: ChoiceQuery = None,
    status: ChoiceQuery = None,
    handler: ChoiceQuery = None,
) -> Response:
    """Issues that were open at the end of a month (or are now), longest waiting first; or all, the latest first."""
    scope = area or desk.access.area
    rows = _all(desk, version, month, scope) if standing == "all" else _open(desk, month, scope, standing)
    names = names_of(desk.session, version, desk.county.code, [one.record for one in rows])
    table = _table(desk, rows, names)
    kept = {**desk.common, "month": str(month) if month else None, "area": area or None, "standing": standing}
    chosen = {"category": category, "status": status, "handler": handler}
    listing = listings.listing(table, rows, asked, path=PATH, lang=desk.lang, chosen=chosen, kept=kept)
    if asked.form != "html":
        name = "-".join(part for part in (table.title, str(month or ""), desk.words("issue_work")[standing]) if part)
        return tables.file(table, listing.rows, asked.form, desk.lang, name=name)
    say = desk.words("issue_work")
    return desk.page(
        "issues.html.j2",
        title=say["title"],
        current="issues",
        say=say,
        listing=listing,
        month=str(month) if month else "",
        latest=str(Month.of(coverage.today(desk.county))),
        areas=areas_of(desk.session, version, area),
        standings=[Option(one, say[one], one == standing) for one in STANDINGS],
        kept=list(desk.common.items()),
        narrowed=bool(month or area or standing != "open"),
        counted=_counted(desk, rows, month, standing),
    )


def names_of(session: Session, version: VersionInfo, county: str, records: Sequence[IssueRecord]) -> Names:
    """Names of what issues mention, also outside of what the reader sees."""
    codes = {code for one in records for code in (one.town, one.village, one.grid) if code}
    with reach.unlimited(session):
        found = areas.by_codes(session, version, sorted(codes))
        organisations = issues.organisation_names(session, county)
    return Names({code: one.name for code, one in found.items()}, organisations)


def _open(desk: Desk, month: Month | None, scope: str | None, standing: Standing) -> list[Line]:
    shown = month or Month.of(coverage.today(desk.county))
    found = standings.open_at(desk.session, desk.county, shown, area=scope)
    lines = [
        Line(
            record=one.record,
            status=one.state.status,
            handler=one.state.handler,
            due_on=one.state.due_on,
            reported_on=local_day(one.record.reported_at, desk.county.zone),
            waiting_days=one.waiting_days,
            overdue=one.overdue,
            unanswered=one.unanswered,
            in_circles=one.in_circles,
        )
        for one in found
    ]
    return [one for one in lines if standing == "open" or getattr(one, standing)]


def _all(desk: Desk, version: VersionInfo, month: Month | None, scope: str | None) -> list[Line]:
    day, county = coverage.today(desk.county), desk.county
    begin, end = month.bounds(county.zone) if month else (None, None)
    area = area_column(desk.session, version, scope) if scope else None
    wanted = Filter(area=area, begin=begin, end=end)
    found = issues.page(desk.session, county.code, wanted, after=None, limit=MAX_LISTED_ISSUES)
    return [line_of(one, desk, day) for one in found]


def line_of(one: IssueRecord, desk: Desk, day: date) -> Line:
    """An issue as it stands today."""
    return Line(
        record=one,
        status=one.status,
        handler=one.handler,
        due_on=one.due_on,
        reported_on=local_day(one.reported_at, desk.county.zone),
        waiting_days=service.waiting_days(one, desk.county, day),
        overdue=service.is_overdue(one, day),
        unanswered=one.ended_at is None and one.answered_at is None,
        in_circles=one.in_circles,
    )


def _counted(desk: Desk, rows: Sequence[Line], month: Month | None, standing: Standing) -> str:
    say = desk.words("issue_work")
    when = labels.month_name(month, desk.lang) if month else say["now"]
    told = say["counted_all" if standing == "all" else "counted_open"].format(when=when, n=labels.number(len(rows)))
    return told + (say["only_latest"].format(n=MAX_LISTED_ISSUES) if len(rows) == MAX_LISTED_ISSUES else "")


def _table(desk: Desk, rows: Sequence[Line], names: Names) -> Table[Line]:
    say, categories = desk.words("issue_work"), desk.words("categories")
    of_category: dict[str, str] = {one: categories[one] for one in CATEGORIES}
    handlers = {one: names.organisation(one) for one in sorted({row.handler for row in rows if row.handler})}

    def marks(row: Line) -> list[str]:
        return [one for one in ("overdue", "unanswered", "in_circles") if getattr(row, one)]

    return Table(
        say["title"],
        [
            Column(
                "title",
                say["issue"],
                lambda row: row.record.title,
                pieces=lambda row: [Piece(row.record.title, desk.link(f"{PATH}/{row.record.id}"))],
                heading=True,
            ),
            Column("category", say["category"], lambda row: categories[row.record.category], card="lead"),
            Column(
                "status",
                say["status"],
                lambda row: say[f"status_{row.status}"],
                key=lambda row: STATUSES.index(row.status),
                card="lead",
            ),
            Column("area", say["area"], lambda row: names.area(row.record), card="lead"),
            Column("handler", say["handler"], lambda row: names.organisation(row.handler)),
            Column("reported", say["reported"], lambda row: row.reported_on.isoformat(), card="small"),
            Column("waiting", say["waiting"], lambda row: row.waiting_days, numeric=True),
            Column(
                "due",
                say["due"],
                lambda row: row.due_on.isoformat() if row.due_on else None,
                pieces=lambda row: [Piece(str(row.due_on or "—"), mark="late" if row.overdue else "")],
            ),
            Column(
                "marks",
                say["marks"],
                lambda row: "、".join(say[one] for one in marks(row)),
                pieces=lambda row: [
                    Piece(say[one], mark="badge-unvisited" if one == "overdue" else "badge-plain") for one in marks(row)
                ],
                card="lead",
            ),
        ],
        [
            Choice("category", say["category"], of_category, lambda row: (row.record.category,)),
            Choice("status", say["status"], {one: say[f"status_{one}"] for one in STATUSES}, lambda row: (row.status,)),
            Choice("handler", say["handler"], handlers, lambda row: (row.handler or "",)),
        ],
        empty=say["empty"],
    )
