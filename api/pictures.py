"""From a report to its page: the shapes are fetched here, since maps see no session."""

from sqlalchemy.orm import Session

from geo.analysis.coverage import CoverageReport
from geo.errors import Lang
from geo.services import coverage
from geo.settings import Settings
from maps import coverage_map
from maps.page import Basemap, Links, Outline


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
    basemap = None
    if settings.basemap_url is not None:
        basemap = Basemap(settings.basemap_url, settings.basemap_attribution, settings.basemap_frame)
    outlines = [Outline(town.code, town.name, shape) for town, shape in coverage.outlines(session, report)]
    return coverage_map.draw(
        report,
        coverage.drawn_shapes(session, report),
        outlines,
        lang=lang,
        basemap=basemap,
        links=links,
        standalone=standalone,
    )
