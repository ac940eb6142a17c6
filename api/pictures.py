"""From a report to its page: the shapes are fetched here, since maps see no session."""

from collections.abc import Mapping

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.boundaries import BoundaryReport
from geo.analysis.coverage import CoverageReport
from geo.errors import Lang
from geo.services import boundary_checks, coverage
from geo.settings import Settings
from maps import check_map, coverage_map
from maps.page import Basemap, Links, Outline


def check_page(
    session: Session,
    report: BoundaryReport,
    shapes: Mapping[str, BaseGeometry],
    *,
    settings: Settings,
    lang: Lang,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """The check map of a report as one HTML page.

    :param shapes: code → drawn shapes of the areas that were checked
    """
    return check_map.draw(
        report,
        shapes,
        boundary_checks.old_shapes(session, report),
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        standalone=standalone,
    )


def coverage_page(
    session: Session,
    report: CoverageReport,
    *,
    settings: Settings,
    lang: Lang,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """The coverage-gap map of a report as one HTML page."""
    outlines = [
        Outline(town.code, town.name, shape)
        for town, shape in coverage.outlines(session, report.county, report.version)
    ]
    return coverage_map.draw(
        report,
        coverage.drawn_shapes(session, report),
        outlines,
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        standalone=standalone,
    )


def basemap_of(settings: Settings) -> Basemap | None:
    """The tiles under maps, None where none are set."""
    if settings.basemap_url is None:
        return None
    return Basemap(settings.basemap_url, settings.basemap_attribution, settings.basemap_frame)
