"""Interactive maps, and the way to them from ``/``."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api import addresses, headers, navigation
from api.dependencies import (
    MAY_CHECK,
    AccessDep,
    AreaQuery,
    BoundariesQuery,
    CountyDep,
    LangQuery,
    LevelQuery,
    OptionalMonthQuery,
    SessionDep,
    SettingsDep,
    VersionQuery,
)
from api.etags import PRIVATE
from api.issue_pages import issue_page, issue_picture
from api.pictures import check_page, coverage_page, coverage_picture
from api.routers.hotspots import HotspotDep
from geo.analysis.coverage import CoverageReport
from geo.analysis.hotspots import DENOMINATORS, HotspotReport
from geo.analysis.issue_flow import CATEGORIES
from geo.errors import Lang
from geo.months import FIRST_MONTH, Month
from geo.services import boundary_checks, coverage, issue_events
from geo.services.accounts import Access
from geo.storage.queries import boundaries as versions
from geo.storage.queries.counties import CountyInfo
from maps.forms import Period
from maps.page import Links

router = APIRouter(tags=["maps"])


@router.get("/maps/coverage", response_class=HTMLResponse)
def coverage_map(
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
    standalone: Annotated[bool, Query(description="one file that needs nothing else")] = False,
) -> HTMLResponse:
    """The coverage-gap map of a month, with its gap list."""
    shown = month or coverage.latest_month(session, county)
    report = coverage.report(session, county, shown, level=level, area=area or access.area, read_with=boundaries)
    links = None if standalone else coverage_links(report, county, area, lang, access)
    page = coverage_page(session, report, settings=settings, lang=lang, links=links, standalone=standalone)
    answer = headers.page(page, basemap=settings.basemap_url)
    if standalone:
        name = f"coverage-{report.month}-{report.level}.html"
        answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


@router.get("/maps/coverage.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def coverage_image(
    session: SessionDep,
    county: CountyDep,
    month: OptionalMonthQuery,
    lang: LangQuery,
    level: LevelQuery,
    access: AccessDep,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
) -> Response:
    """The coverage-gap map of a month as a picture, 1600 pixels wide."""
    shown = month or coverage.latest_month(session, county)
    report = coverage.report(session, county, shown, level=level, area=area or access.area, read_with=boundaries)
    name = f"coverage-{report.month}-{report.level}.png"
    return Response(
        coverage_picture(session, report, lang=lang),
        media_type="image/png",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": PRIVATE},
    )


@router.get("/maps/issues", response_class=HTMLResponse)
def issue_map(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    report: HotspotDep,
    lang: LangQuery,
    access: AccessDep,
    *,
    issue: Annotated[UUID | None, Query(description="id of an issue to be marked")] = None,
    standalone: Annotated[bool, Query(description="one file that needs nothing else")] = False,
) -> HTMLResponse:
    """The problem heatmap of a window: surfaces, hot and cold areas, clusters, month by month; one issue marked."""
    marked = issue_events.history(session, county.code, issue).record if issue else None
    page = issue_page(
        session,
        county,
        report,
        settings=settings,
        lang=lang,
        by=access,
        marked=marked,
        links=None if standalone else _issue_links(report, county, lang, access),
        standalone=standalone,
    )
    answer = headers.page(page, basemap=settings.basemap_url)
    if standalone:
        name = f"issues-{report.begin}-{report.until}-{report.level}.html"
        answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


@router.get("/maps/issues.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def issue_image(session: SessionDep, county: CountyDep, report: HotspotDep, lang: LangQuery) -> Response:
    """The problem heatmap of a window as a picture, 1600 pixels wide: issues per 100 visits, hot areas, clusters."""
    name = f"issues-{report.begin}-{report.until}-{report.level}.png"
    return Response(
        issue_picture(session, county, report, lang=lang),
        media_type="image/png",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": PRIVATE},
    )


@router.get("/maps/check", response_class=HTMLResponse, dependencies=[MAY_CHECK])
def check_map(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    lang: LangQuery,
    access: AccessDep,
    *,
    version: VersionQuery = None,
    standalone: Annotated[bool, Query(description="one file that needs nothing else")] = False,
) -> HTMLResponse:
    """The check map of a boundary version: what was found in it, and what it changed."""
    found = versions.get(session, county.code, version) if version else versions.active(session, county.code)
    report = boundary_checks.of_version(session, found)
    shapes = boundary_checks.shapes_of(session, found, report)
    links = None if standalone else _check_links(county, found.version, lang, access)
    page = check_page(session, report, shapes, settings=settings, lang=lang, links=links, standalone=standalone)
    answer = headers.page(page, basemap=settings.basemap_url)
    if standalone:
        answer.headers["content-disposition"] = f'attachment; filename="check-{found.version}.html"'
    return answer


def _check_links(county: CountyInfo, version: int, lang: Lang, access: Access) -> Links:
    report = f"/boundary-versions/{version}/report?county={quote(county.code)}&lang={lang}"
    page = f"/maps/check?county={quote(county.code)}&version={version}"
    return Links(
        downloads={form: f"{report}&format={form}" for form in ("xlsx", "csv", "json")}
        | {"html": f"{page}&lang={lang}&standalone=true"},
        language=f"{page}&lang={'en' if lang == 'zh-CN' else 'zh-CN'}",
        account=f"/account?lang={lang}",
        pages=navigation.pages(access, lang, "boundaries", county=county.code),
    )


def _issue_links(report: HotspotReport, county: CountyInfo, lang: Lang, access: Access) -> Links:
    """Addresses that keep what was asked and change one thing."""
    choices = report.judged.choices
    asked: dict[str, Any] = {
        "from": report.begin,
        "to": report.until,
        "level": report.level,
        "per": choices.denominator,
        "category": list(report.categories),
        "by_month": choices.standardised_by_month or None,
        "area": report.scope if report.scope != report.county else None,
        "seed": choices.seed,
        "lang": lang,
        "county": county.code,
    }

    def to(path: str, **changes: Any) -> str:
        wanted = {key: value for key, value in {**asked, **changes}.items() if value is not None}
        return f"{path}?{urlencode(wanted, doseq=True)}"

    kept = {key: value for key, value in asked.items() if key not in ("from", "to") and value is not None}
    return Links(
        period=Period(
            "/maps/issues", parse_qsl(urlencode(kept, doseq=True)), Month.of(report.begin), Month.of(report.until)
        ),
        levels={level: to("/maps/issues", level=level) for level in addresses.levels(access)},
        categories={
            "all": to("/maps/issues", category=[]),
            **{one: to("/maps/issues", category=[one]) for one in CATEGORIES},
        },
        denominators={per: to("/maps/issues", per=per) for per in DENOMINATORS},
        downloads={name: to("/hotspots", format=name) for name in ("xlsx", "csv", "geojson")}
        | {
            "tif": to("/hotspots/surface.tif"),
            "png": to("/maps/issues.png"),
            "html": to("/maps/issues", standalone="true"),
        },
        language=to("/maps/issues", lang="en" if lang == "zh-CN" else "zh-CN"),
        account=f"/account?lang={lang}",
        pages=navigation.pages(
            access, lang, "problems", county=county.code, month=str(Month.of(report.until)), area=asked["area"]
        ),
    )


def coverage_links(
    report: CoverageReport,
    county: CountyInfo,
    area: str | None,
    lang: Lang,
    access: Access,
    *,
    path: str = "/maps/coverage",
    current: str = "coverage",
) -> Links:
    """Addresses that keep what was asked and change one thing.

    :param path: of the page that shows the month
    :param current: its name among the pages
    """
    asked = {"month": str(report.month), "level": report.level, "area": area, "boundaries": report.boundaries}
    asked |= {"lang": lang, "county": county.code}

    def to(path: str, **changes: str) -> str:
        return addresses.to(path, asked, **changes)

    # A month that is still running has none after it.
    has_next = report.as_of == report.month.last_day and report.month.next() <= Month.of(coverage.today(county))
    return Links(
        previous_month=to(path, month=str(report.month.previous())) if report.month > FIRST_MONTH else None,
        next_month=to(path, month=str(report.month.next())) if has_next else None,
        levels={level: to(path, level=level) for level in addresses.levels(access)},
        downloads={name: to("/coverage", format=name) for name in ("xlsx", "csv", "geojson")}
        | {"png": to("/maps/coverage.png"), "html": to("/maps/coverage", standalone="true")},
        language=to(path, lang="en" if lang == "zh-CN" else "zh-CN"),
        account=f"/account?lang={lang}",
        area_page=addresses.to("/maps/grids/CODE", {"county": county.code, "month": report.month, "lang": lang}),
        pages=navigation.pages(
            access,
            lang,
            current,
            county=county.code,
            month=str(report.month),
            level=report.level,
            area=area,
        ),
    )
