"""From a report of duties, or of two months, to its page: what they need is fetched here, since maps see no session."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from api.pictures import basemap_of
from geo.analysis.area_pages import AreaReport
from geo.analysis.comparison import Comparison
from geo.analysis.duty_maps import DutyReport
from geo.errors import Lang
from geo.services import area_pages, coverage, duty_maps
from geo.settings import Settings
from maps import area_page as maps_area_page
from maps import comparison_map, comparison_png, duty_map, duty_png
from maps.comparison_map import View
from maps.forms import Form
from maps.page import Links, Outline


def duty_page(
    session: Session,
    report: DutyReport,
    *,
    settings: Settings,
    lang: Lang,
    links: Links | None = None,
    form: Form | None = None,
    area_page: str | None = None,
    standalone: bool = False,
) -> str:
    """The map of who is responsible as one HTML page."""
    return duty_map.draw(
        report,
        duty_maps.drawn_shapes(session, report),
        outlines_of(session, report.county, report.version),
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        form=form,
        area_page=area_page,
        standalone=standalone,
    )


def duty_picture(session: Session, report: DutyReport, *, lang: Lang) -> bytes:
    """The same as a PNG."""
    shapes = duty_maps.drawn_shapes(session, report)
    return duty_png.static_png(report, shapes, outlines_of(session, report.county, report.version), lang)


def comparison_picture(session: Session, report: Comparison, *, lang: Lang) -> bytes:
    """What changed from one month to the other as a PNG."""
    after = report.after
    shapes = {**coverage.drawn_shapes(session, report.before), **coverage.drawn_shapes(session, after)}
    return comparison_png.static_png(report, shapes, outlines_of(session, after.county, after.version), lang)


def comparison_page(
    session: Session,
    report: Comparison,
    *,
    settings: Settings,
    lang: Lang,
    view: View,
    links: Links | None = None,
    views: dict[View, str] | None = None,
    form: Form | None = None,
    area_page: str | None = None,
    standalone: bool = False,
) -> str:
    """Two months of coverage as one HTML page.

    :param views: view → the same months shown so
    """
    return comparison_map.draw(
        report,
        coverage.drawn_shapes(session, report.after),
        outlines_of(session, report.after.county, report.after.version),
        lang=lang,
        view=view,
        basemap=basemap_of(settings),
        links=links,
        views=views or {},
        form=form,
        area_page=area_page,
        standalone=standalone,
    )


def one_area_page(
    session: Session,
    report: AreaReport,
    *,
    settings: Settings,
    lang: Lang,
    links: Links | None = None,
    area_page: str | None = None,
    issue_page: str | None = None,
    others: Mapping[str, str] | None = None,
    standalone: bool = False,
) -> str:
    """The page of one area."""
    return maps_area_page.draw(
        report,
        area_pages.drawn_shapes(session, report),
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        area_page=area_page,
        issue_page=issue_page,
        others=others,
        standalone=standalone,
    )


def outlines_of(session: Session, county: str, version: int) -> list[Outline]:
    """The towns of a boundary version, for orientation."""
    return [Outline(town.code, town.name, shape) for town, shape in coverage.outlines(session, county, version)]
