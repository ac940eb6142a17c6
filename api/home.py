"""The first page, and what it brings when the rest is there."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api import addresses, headers, navigation, web
from api.dependencies import (
    AccessDep,
    AreaQuery,
    BoundariesQuery,
    CountyDep,
    LangQuery,
    LevelQuery,
    MonthQuery,
    OptionalMonthQuery,
    SessionDep,
    SettingsDep,
)
from api.page_words import words
from api.pictures import basemap_of, outlines_of, shapes_or_tiles
from api.routers.maps import coverage_links
from geo.analysis.coverage import CoverageReport
from geo.errors import Lang
from geo.months import Month
from geo.services import coverage, overview
from geo.services.accounts import Access
from geo.storage.queries import areas, boundaries
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from maps import catalogue, home, home_figures, issue_labels, labels, regional, trend
from maps.home import Choice, HomeLinks

router = APIRouter(include_in_schema=False)

_GAPS: Final = ("unvisited", "under", "unassigned")
_STANDINGS: Final = ("open", "overdue", "unanswered", "in_circles")


@router.get("/")
def home_page(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    month: OptionalMonthQuery,
    lang: LangQuery,
    level: LevelQuery,
    access: AccessDep,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
) -> HTMLResponse:
    """The month at a glance: figures, map, what is most urgent; clusters, heatmap and trend follow."""
    shown, scope = month or coverage.latest_month(session, county), area or access.area
    found = overview.overview(session, county, shown, level=level, area=scope, read_with=boundaries, clusters=False)
    report = found.coverage
    version = coverage.version_for(session, county, shown, boundaries)
    shapes, tiles = shapes_or_tiles(session, report)
    html = home.draw(
        report,
        found.figures,
        found.previous,
        shapes,
        outlines_of(session, report),
        links=coverage_links(report, county, area, lang, access, path="/", current="home"),
        ways=_ways(report, county, area, lang, access),
        choices=_choices(session, version, report, access),
        reader=_reader(access, lang),
        lang=lang,
        basemap=basemap_of(settings),
        tiles=tiles,
        running=coverage.today(county) <= shown.last_day,
    )
    return headers.page(html, basemap=settings.basemap_url)


def _reader(access: Access, lang: Lang) -> str:
    """Who is signed in: name and role, once where they are the same word."""
    role: str = getattr(words(lang), access.role)
    told = catalogue.words("home", lang)["signed_in"].format(name=access.name, role=role)
    return access.name if access.name == role else told


@router.get("/clusters")
def clusters_page(
    session: SessionDep,
    county: CountyDep,
    month: MonthQuery,
    lang: LangQuery,
    level: LevelQuery,
    access: AccessDep,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
) -> HTMLResponse:
    """Where issues of one category gather, in sentences; the figure of the first page that takes longest."""
    found = overview.overview(session, county, month, level=level, area=area or access.area, read_with=boundaries)
    said, asked = catalogue.named("regional", lang), {"month": str(month), "level": level, "area": area}
    read_with = boundaries if boundaries != "then" else None
    return web.page(
        "clusters.html.j2",
        lang=lang,
        title=said.title,
        here=f"/clusters?{_query(county, None, **asked, boundaries=read_with)}",
        nav=navigation.pages(access, lang, "clusters", county=county.code, **asked),
        styles=("home.css",),
        county_name=found.coverage.county_name,
        said_regional=said,
        place=found.coverage.scope_name,
        month=labels.month_name(month, lang),
        shown=home_figures.shown("clusters", found.figures, found.previous, lang),
        clusters=[
            (
                regional.sentence(one, lang),
                f"/maps/issues?{_window(county, lang, one, area)}",
            )
            for one in found.regional or ()
        ],
        how=said.how.format(day=labels.day(found.figures.as_of, lang)),
        back=f"/?{_query(county, lang, **asked, boundaries=read_with)}",
        home=catalogue.words("home", lang)["home"],
    )


@router.get("/trend")
def trend_page(
    session: SessionDep,
    county: CountyDep,
    month: MonthQuery,
    lang: LangQuery,
    level: LevelQuery,
    access: AccessDep,
    *,
    area: AreaQuery = None,
) -> HTMLResponse:
    """How the figures went over the last twelve months, as lines and as a table."""
    scope = area or access.area
    found = overview.trend(session, county, month, level=level, area=scope)
    said = catalogue.named("home", lang)
    place = coverage.scope_of(session, county, boundaries.active(session, county.code), scope)
    asked = _query(county, lang, month=str(month), level=level, area=area)
    return web.page(
        "trend.html.j2",
        lang=lang,
        title=said.trend,
        here=f"/trend?{_query(county, None, month=str(month), level=level, area=area)}",
        nav=navigation.pages(access, lang, "trend", county=county.code, month=str(month), level=level, area=area),
        styles=("home.css",),
        county_name=areas.county_name(session, county.code),
        said_home=said,
        place=place.name,
        level=labels.level_name(level, lang),
        months=[labels.month_name(one.month, lang) for one in found],
        lines=trend.lines(found, lang),
        width=trend.WIDTH,
        height=trend.HEIGHT,
        back=f"/?{asked}",
    )


def _ways(report: CoverageReport, county: CountyInfo, area: str | None, lang: Lang, access: Access) -> HomeLinks:
    month = str(report.month)
    state = _query(county, lang, month=month, level=report.level, area=area, boundaries=report.boundaries)
    begin, until = overview.year_to(report.month)
    year = {"from": str(Month.of(begin)), "to": month}
    problems = _query(county, lang, **year, level=report.level, area=area)
    issues = _query(county, lang, month=month, area=area)
    gaps = f"/desk/gaps?{state}"
    figures = {name: f"{gaps}&reason={name}" for name in _GAPS}
    figures |= {"rate": f"{gaps}&show=all", "met": f"{gaps}&show=all&reason=met"}
    figures |= {name: f"/desk/issues?{issues}&standing={name}" for name in _STANDINGS}
    figures |= {"clusters": f"/clusters?{state}", "households_reached": ""}
    kept = {"month": month, "level": report.level, "boundaries": report.boundaries, "lang": lang, "county": county.code}
    return HomeLinks(
        map=f"/maps/coverage?{state}",
        gaps=gaps,
        heatmap=f"/maps/issues?{problems}",
        trend=f"/trend?{_query(county, lang, month=month, level=report.level, area=area)}",
        clusters=f"/clusters?{state}",
        year=issue_labels.window(begin, until, lang),
        figures=figures,
        areas={
            row.facts.code: f"{addresses.of_area(row.facts.code)}?{_query(county, lang, month=month)}"
            for row in report.gaps()[: home.MOST]
        },
        kept=kept,
        quick=_quick(access, county, lang, month),
    )


def _quick(access: Access, county: CountyInfo, lang: Lang, month: str) -> list[tuple[str, str]]:
    """What a role does most."""
    said, common, whole = catalogue.words("home", lang), _query(county, lang), access.is_whole
    found = [
        ("mine_link", f"/mine?{common}", access.staff_no is not None),
        ("record_link", f"/field?{common}", access.may("record") and access.staff_no is not None),
        ("assign_link", f"/desk/assignments?{common}", access.may("assign")),
        (
            "bulletin_link",
            f"/desk/bulletins?{_query(county, lang, month=month)}",
            whole and access.may("plan"),
        ),
        ("boundary_link", f"/desk/boundaries?{common}", whole and access.may("manage")),
    ]
    return [(said[name], href) for name, href, fits in found if fits]


def _choices(session: Session, version: VersionInfo, report: CoverageReport, access: Access) -> list[Choice]:
    """The whole, its towns, and the villages of the town that is shown; nothing beyond the reader's reach."""
    top = areas.find(session, version, access.area or version.county)
    if top is None:
        return []
    scope = areas.find(session, version, report.scope) or top
    line = scope.path.split("/")
    found = [Choice(top.code, top.name, 0, top.code == scope.code)]

    def add(parent: AreaInfo, depth: int) -> None:
        for one in areas.page(session, version, parent=parent.code, limit=None):
            if one.level == "grid":
                continue
            found.append(Choice(one.code, one.name, depth, one.code == scope.code))
            if one.code in line:
                add(one, depth + 1)

    add(top, 1)
    return found


def _window(county: CountyInfo, lang: Lang, one: overview.Regional, area: str | None) -> str:
    """The problem heatmap of the months and the category in which a cluster was found."""
    months = {"from": str(Month.of(one.begin)), "to": str(Month.of(one.until))}
    return _query(county, lang, **months, category=one.category, level=one.level, area=area)


def _query(county: CountyInfo, lang: Lang | None, **wanted: str | None) -> str:
    """What stands behind the question mark of an address."""
    return addresses.to("", {**wanted, "county": county.code, "lang": lang}).removeprefix("?")
