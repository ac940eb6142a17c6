"""The gap list of a month as a page: who needs a visit most, and who is responsible there."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import addresses, listings, navigation, tables
from api.cells import Cell
from api.dependencies import (
    PLAIN,
    AccessDep,
    AreaQuery,
    BoundariesQuery,
    CountyDep,
    LangQuery,
    LevelQuery,
    OptionalMonthQuery,
    SessionDep,
)
from api.list_pages import frame
from api.list_pages.frame import Option, Tab
from api.tables import AskedQuery, Choice, Column, Piece, Table
from geo.analysis.coverage import AreaCoverage, CoverageReport
from geo.errors import Lang
from geo.months import FIRST_MONTH, Month
from geo.services import coverage
from geo.services.accounts import Access
from geo.storage.queries import boundaries as versions
from geo.storage.queries.counties import CountyInfo
from maps import catalogue, labels

router = APIRouter(include_in_schema=False)

PATH: Final = "/desk/gaps"
_NARROWING: Final = ("area", "show", "boundaries")
"""What the form above the list asks for."""

_STANDINGS: Final = ("unassigned", "unvisited", "under", "met", "excluded")


@dataclass(frozen=True, slots=True)
class Ranked:
    """An area and its place in the gap list; None for one without a gap."""

    rank: int | None
    area: AreaCoverage


@router.get(PATH)
def gap_page(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    month: OptionalMonthQuery,
    lang: LangQuery,
    level: LevelQuery,
    asked: AskedQuery,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
    show: Annotated[Literal["gaps", "all"], Query(description="areas with a gap, or all of them")] = "gaps",
    reason: Annotated[
        str | None, Query(max_length=20, pattern=PLAIN, description="only areas of this standing")
    ] = None,
) -> Response:
    """What is still needed in a month, worst first; or all areas."""
    shown = month or coverage.latest_month(session, county)
    report = coverage.report(session, county, shown, level=level, area=area or access.area, read_with=boundaries)
    kept: dict[str, str | None] = {
        "month": str(report.month),
        "level": report.level,
        "area": area or None,
        "boundaries": boundaries if boundaries != "then" else None,
        "show": show if show != "gaps" else None,
        "county": county.code,
        "lang": lang,
    }
    table = gap_table(report, lang, whole=show == "all", kept=kept)
    listing = listings.listing(
        table, ranked(report, whole=show == "all"), asked, path=PATH, lang=lang, chosen={"reason": reason}, kept=kept
    )
    if asked.form != "html":
        name = f"{table.title}-{report.scope_name}-{report.month}-{labels.level_name(report.level, lang)}"
        return tables.file(table, listing.rows, asked.form, lang, name=name, figures=_figures(report, lang))
    say = catalogue.words("gaps", lang)
    nav = navigation.pages(
        access, lang, "gaps", county=county.code, month=str(report.month), level=report.level, area=kept["area"]
    )
    return frame.page(
        request,
        "gaps.html.j2",
        lang=lang,
        title=" ".join([*([report.scope_name] if area else []), say["title"], labels.month_name(report.month, lang)]),
        nav=nav,
        county_name=report.county_name,
        listing=listing,
        say=say,
        counted=say["counted"].format(
            all=labels.number(len(report.rows)),
            gaps=labels.number(len(report.gaps())),
            rate=labels.percent(report.rate),
            day=labels.day(report.as_of, lang),
        ),
        areas=frame.areas_of(session, versions.get(session, county.code, report.version), area),
        narrowed=any(kept[key] for key in _NARROWING),
        kept=[(key, value) for key, value in kept.items() if value and key not in _NARROWING],
        **_ways(report, kept, county, access, lang),
    )


def ranked(report: CoverageReport, *, whole: bool) -> list[Ranked]:
    """The gap list in its order, then the others by code where all are shown."""
    found = [Ranked(rank, row) for rank, row in enumerate(report.gaps(), start=1)]
    return [*found, *(Ranked(None, row) for row in report.rows if not row.reasons)] if whole else found


def gap_table(report: CoverageReport, lang: Lang, *, whole: bool, kept: dict[str, str | None]) -> Table[Ranked]:
    """Columns of the gap list.

    :param kept: what links to areas keep: month, county, language
    """
    say, known = catalogue.words("gaps", lang), catalogue.words("coverage", lang)

    def day(row: Ranked) -> Cell:
        when = row.area.facts.last_visit
        return when.isoformat() if when else say["never"]

    def name(row: Ranked) -> list[Piece]:
        facts, common = row.area.facts, {key: kept[key] for key in ("month", "county", "lang")}
        to_map = addresses.to("/maps/coverage", common, level=facts.level, area=facts.code)
        return [
            Piece(facts.name, addresses.to(addresses.of_area(facts.code), common)),
            Piece(say["map"], to_map, "to-map"),
        ]

    def late(row: Ranked) -> list[Piece]:
        days = row.area.days_overdue
        return [Piece(listings.text_of(days), mark="late" if days else "")]

    def standing(row: Ranked) -> str:
        return "、".join(known[one] for one in standings(row))

    def tier(row: Ranked) -> str:
        return say[row.area.facts.tier]

    columns: list[Column[Ranked]] = [
        Column("rank", say["rank"], lambda row: row.rank, numeric=True, card="small"),
        Column("name", say["name"], lambda row: row.area.facts.name, pieces=name, heading=True),
        Column("code", say["code"], lambda row: row.area.facts.code, card="small"),
        Column("parent", say["parent"], lambda row: row.area.facts.parent_name, card="lead"),
        Column(
            "reasons",
            say["reasons"],
            standing,
            key=lambda row: _STANDINGS.index(standings(row)[0]),
            pieces=lambda row: [Piece(known[one], mark=f"badge-{one}") for one in standings(row)],
            card="lead",
        ),
        Column("tier", say["tier"], tier, pieces=lambda row: [_tier(row, tier(row))], card="lead"),
        Column("visits", say["visits"], lambda row: row.area.facts.visits, numeric=True),
        Column("required", say["required"], lambda row: row.area.required, numeric=True),
        Column("missing", say["missing"], lambda row: row.area.missing, numeric=True, card="small"),
        Column("last_visit", say["last_visit"], day, key=_last, card="small"),
        Column("days_overdue", say["days_overdue"], lambda row: row.area.days_overdue, pieces=late, numeric=True),
        Column("responsible", say["responsible"], lambda row: _people(row, lang)),
        Column("open_issues", say["open_issues"], lambda row: row.area.facts.open_issues, numeric=True, card="small"),
    ]
    reasons = _STANDINGS if whole else _STANDINGS[:3]
    choice: Choice[Ranked] = Choice("reason", say["reason"], {one: known[one] for one in reasons}, standings)
    empty = say["no_gaps"] if report.rows else say["no_areas"]
    return Table(say["all_title"] if whole else say["title"], columns, [choice], empty=empty)


def standings(row: Ranked) -> tuple[str, ...]:
    """Its status, and before it that nobody is assigned: as the map shows it."""
    return (*(("unassigned",) if row.area.unassigned else ()), row.area.status)


def _tier(row: Ranked, word: str) -> Piece:
    return Piece(word, mark="badge-key" if row.area.facts.tier == "key" else "")


def _last(row: Ranked) -> str | None:
    return row.area.facts.last_visit.isoformat() if row.area.facts.last_visit else None


def _people(row: Ranked, lang: Lang) -> str:
    return "、".join(f"{one.name}（{labels.role_name(one.role, lang)}）" for one in row.area.facts.responsible)


def _figures(report: CoverageReport, lang: Lang) -> list[tuple[Cell, Cell]]:
    known = catalogue.words("coverage", lang)
    return [
        (report.scope_name, f"{report.month} {labels.level_name(report.level, lang)}"),
        (known["all"], len(report.rows)),
        *((known[one], report.count(one)) for one in ("met", "under", "unvisited", "excluded")),
        (known["unassigned"], report.unassigned),
        (known["rate"], labels.percent(report.rate)),
    ]


def _ways(
    report: CoverageReport, kept: dict[str, str | None], county: CountyInfo, access: Access, lang: Lang
) -> dict[str, Any]:
    """The month before and after, levels, and what may be shown."""
    say, month = catalogue.words("gaps", lang), report.month
    has_next = report.as_of == month.last_day and month.next() <= Month.of(coverage.today(county))
    return {
        "month": labels.month_name(month, lang),
        "previous": addresses.to(PATH, kept, month=month.previous()) if month > FIRST_MONTH else "",
        "next": addresses.to(PATH, kept, month=month.next()) if has_next else "",
        "levels": [
            Tab(labels.level_name(one, lang), addresses.to(PATH, kept, level=one), one == report.level)
            for one in addresses.levels(access)
        ],
        "shows": [Option(one, say[f"show_{one}"], (kept["show"] or "gaps") == one) for one in ("gaps", "all")],
        "readings": [Option(one, say[one], report.boundaries == one) for one in ("then", "now")],
    }
