"""Maps of grids: who is responsible, one area's page, and two months compared."""

from datetime import date
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import addresses, duty_exports, exports, headers, navigation
from api.dependencies import (
    AccessDep,
    AreaQuery,
    CodePath,
    CodeQuery,
    CountyDep,
    LangQuery,
    LevelQuery,
    OptionalMonthQuery,
    SessionDep,
    SettingsDep,
)
from api.duty_pages import comparison_page, comparison_picture, duty_page, duty_picture, one_area_page
from geo.analysis.area_pages import AreaReport
from geo.analysis.comparison import Comparison
from geo.analysis.coverage import CoverageLevel
from geo.analysis.duty_maps import DutyReport
from geo.errors import Lang
from geo.intake.people import Role
from geo.months import FIRST_MONTH, Month
from geo.services import area_pages, comparison, coverage, duty_maps
from geo.services.accounts import Access
from geo.storage.queries.counties import CountyInfo
from maps import catalogue, labels
from maps.comparison_map import View
from maps.forms import Form, Select
from maps.page import Links

router = APIRouter(tags=["maps"], include_in_schema=False)

_PATH: Final = "/maps/grids"
_FORMATS: Final = ("xlsx", "csv", "geojson")
_AREA: Final = "/maps/grids/CODE"
_COMPARE: Final = "/maps/compare"

StandaloneQuery = Annotated[bool, Query(description="one file that needs nothing else")]


@router.get(_PATH)
def duty_map(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    lang: LangQuery,
    access: AccessDep,
    month: OptionalMonthQuery,
    *,
    on: Annotated[date | None, Query(description="day; else the last of `month`, or today")] = None,
    level: Annotated[CoverageLevel, Query(description="level of the areas")] = "grid",
    area: AreaQuery = None,
    role: Annotated[Role | Literal[""] | None, Query(description="only this role")] = None,
    organisation: Annotated[CodeQuery, Query(description="only cadres of this organisation")] = None,
    standalone: StandaloneQuery = False,
    format: Annotated[  # noqa: A002 - the name on the wire
        Literal["html", "json", "csv", "xlsx", "geojson", "png"], Query(description="the map, or the same as a file")
    ] = "html",
) -> Response:
    """Who is responsible on a day: areas coloured by how many of them one person holds."""
    report = duty_maps.report(
        session,
        county,
        on or duty_maps.day_of(county, month),
        level=level,
        area=area or access.area,
        role=role or None,
        organisation=organisation or None,
    )
    if format == "png":
        return _file(Response(duty_picture(session, report, lang=lang), media_type="image/png"), report, format)
    if format != "html":
        shapes = duty_maps.drawn_shapes(session, report) if format == "geojson" else {}
        content = duty_exports.render(report, format, lang, shapes)
        return _file(Response(content, media_type=exports.MEDIA_TYPES[format]), report, format)
    asked = {"county": county.code, "on": report.day, "level": level, "area": area, "lang": lang}
    links = None if standalone else _duty_links(report, county, asked, access)
    page = duty_page(
        session,
        report,
        settings=settings,
        lang=lang,
        links=links,
        form=None if standalone else _form(report, asked, lang),
        area_page=None if standalone else addresses.to(_AREA, {"county": county.code, "lang": lang}),
        standalone=standalone,
    )
    answer = headers.page(page, basemap=settings.basemap_url)
    return _file(answer, report, "html") if standalone else answer


def _file(answer: Response, report: DutyReport, ending: str) -> Response:
    name = f"duties-{report.day}-{report.level}.{ending}"
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


def _duty_links(report: DutyReport, county: CountyInfo, given: dict[str, Any], access: Access) -> Links:
    """Addresses that keep what was asked and change one thing; the stepper goes from month end to month end."""
    asked = given | {"role": report.role, "organisation": report.organisation}
    month, lang = Month.of(report.day), given["lang"]

    def at(other: Month) -> str:
        return addresses.to(_PATH, asked, on=None, month=other)

    return Links(
        previous_month=at(month.previous()) if month > FIRST_MONTH else None,
        next_month=at(month.next()) if month < Month.of(coverage.today(county)) else None,
        levels={level: addresses.to(_PATH, asked, level=level, role=None) for level in addresses.levels(access)},
        downloads={name: addresses.to(_PATH, asked, format=name) for name in _FORMATS}
        | {"png": addresses.to(_PATH, asked, format="png"), "html": addresses.to(_PATH, asked, standalone="true")},
        language=addresses.to(_PATH, asked, lang=_other(lang)),
        account=f"/account?lang={lang}",
        pages=navigation.pages(
            access, lang, "duties", county=county.code, month=str(month), level=report.level, area=given["area"]
        ),
    )


def _form(report: DutyReport, asked: dict[str, Any], lang: Lang) -> Form:
    words = catalogue.words("duty_map", lang)
    roles = [(name, word.text(lang)) for name, word in labels.ROLE_WORDS.items()]
    return Form(
        _PATH,
        {name: str(value) for name, value in asked.items() if value},
        (
            Select("role", words["all_roles"], report.role or "", roles),
            Select("organisation", words["all_organisations"], report.organisation or "", report.organisations),
        ),
    )


@router.get(_PATH + "/{code}")
def area_page(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    lang: LangQuery,
    access: AccessDep,
    month: OptionalMonthQuery,
    code: CodePath,
    *,
    standalone: StandaloneQuery = False,
) -> Response:
    """One town, village or grid: its people, visits, issues, places, what lies below and beside it."""
    report = area_pages.report(session, county, code, month, by=access)
    asked = {"county": county.code, "month": report.month, "lang": lang}
    page = one_area_page(
        session,
        report,
        settings=settings,
        lang=lang,
        links=None if standalone else _area_links(report, county, asked, access),
        area_page=None if standalone else addresses.to(_AREA, asked),
        issue_page=None if standalone else addresses.to("/desk/issues/ID", {"county": county.code, "lang": lang}),
        others={}
        if standalone
        else {
            "to_map": addresses.to("/maps/coverage", asked, area=code),
            "to_duties": addresses.to(_PATH, asked, area=code),
        },
        standalone=standalone,
    )
    answer = headers.page(page, basemap=settings.basemap_url)
    if standalone:
        name = quote(f"area-{code}-{report.month}.html", safe="")
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


def _area_links(report: AreaReport, county: CountyInfo, asked: dict[str, Any], access: Access) -> Links:
    code, month, lang = report.coverage.facts.code, report.month, asked["lang"]
    path = addresses.of_area(code)
    has_next = month < Month.of(coverage.today(county))
    return Links(
        previous_month=addresses.to(path, asked, month=month.previous()) if month > FIRST_MONTH else None,
        next_month=addresses.to(path, asked, month=month.next()) if has_next else None,
        downloads={"html": addresses.to(path, asked, standalone="true")},
        language=addresses.to(path, asked, lang=_other(lang)),
        account=f"/account?lang={lang}",
        pages=navigation.pages(access, lang, "area", county=county.code, month=str(month), area=code),
    )


@router.get(_COMPARE)
def compare_map(
    session: SessionDep,
    settings: SettingsDep,
    county: CountyDep,
    lang: LangQuery,
    access: AccessDep,
    month: OptionalMonthQuery,
    level: LevelQuery,
    *,
    other: Annotated[str | None, Query(alias="with", description="YYYY-MM; the month before if not given")] = None,
    area: AreaQuery = None,
    view: Annotated[View, Query(description="two maps side by side, or the difference")] = "side",
    standalone: StandaloneQuery = False,
    format: Annotated[  # noqa: A002 - the name on the wire
        Literal["html", "png"], Query(description="the maps, or the difference as a picture")
    ] = "html",
) -> Response:
    """Coverage of two months, side by side or by what changed."""
    report = comparison.report(
        session,
        county,
        month or coverage.latest_month(session, county),
        Month.parse(other) if other else None,
        level=level,
        area=area or access.area,
    )
    if format == "png":
        picture = Response(comparison_picture(session, report, lang=lang), media_type="image/png")
        return _months_file(picture, report, format)
    asked = {"county": county.code, "month": report.after.month, "with": report.before.month}
    asked |= {"level": level, "area": area, "view": view, "lang": lang}
    keep = {name: str(value) for name, value in asked.items() if value and name not in ("month", "with")}
    page = comparison_page(
        session,
        report,
        settings=settings,
        lang=lang,
        view=view,
        links=None if standalone else _compare_links(report, county, asked, access),
        views={} if standalone else {one: addresses.to(_COMPARE, asked, view=one) for one in get_args(View)},
        form=None if standalone else Form(_COMPARE, keep),
        area_page=None if standalone else addresses.to(_AREA, {"county": county.code, "lang": lang}),
        standalone=standalone,
    )
    answer = headers.page(page, basemap=settings.basemap_url)
    return _months_file(answer, report, "html") if standalone else answer


def _months_file(answer: Response, report: Comparison, ending: str) -> Response:
    name = f"compare-{report.before.month}-{report.after.month}-{report.after.level}.{ending}"
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


def _compare_links(report: Comparison, county: CountyInfo, asked: dict[str, Any], access: Access) -> Links:
    """Addresses that keep what was asked and change one thing; the stepper moves both months."""
    month, other, lang = report.after.month, report.before.month, asked["lang"]
    has_next = max(month, other) < Month.of(coverage.today(county))

    def to(**changes: Any) -> str:
        return addresses.to(_COMPARE, asked, **changes)

    return Links(
        previous_month=to(month=month.previous(), **{"with": other.previous()})
        if min(month, other) > FIRST_MONTH
        else None,
        next_month=to(month=month.next(), **{"with": other.next()}) if has_next else None,
        levels={level: to(level=level) for level in addresses.levels(access)},
        downloads={"png": to(format="png"), "html": to(standalone="true")},
        language=to(lang=_other(lang)),
        account=f"/account?lang={lang}",
        pages=navigation.pages(
            access, lang, "compare", county=county.code, month=str(month), level=asked["level"], area=asked["area"]
        ),
    )


def _other(lang: Lang) -> Lang:
    return "en" if lang == "zh-CN" else "zh-CN"
