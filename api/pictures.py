"""From a report to its page: the shapes are fetched here, since maps see no session."""

from collections.abc import Mapping
from urllib.parse import urlencode

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.boundaries import BoundaryReport
from geo.analysis.coverage import CoverageReport
from geo.errors import Lang
from geo.limits import MAX_MAP_SHAPES, TILES_TO
from geo.services import boundary_checks, coverage
from geo.settings import Settings
from maps import check_map, coverage_map, coverage_png
from maps.layers import AreaTiles
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
    shapes, tiles = shapes_or_tiles(session, report, standalone=standalone or links is None)
    return coverage_map.draw(
        report,
        shapes,
        outlines_of(session, report),
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        standalone=standalone,
        tiles=tiles,
    )


def shapes_or_tiles(
    session: Session, report: CoverageReport, *, standalone: bool = False
) -> tuple[Mapping[str, BaseGeometry], AreaTiles | None]:
    """What a page draws its areas from: shapes inside it, or tiles where they are too many for one page."""
    if len(report.rows) > MAX_MAP_SHAPES and not standalone:
        return {}, _tiles(session, report)
    return coverage.drawn_shapes(session, report), None


def coverage_picture(session: Session, report: CoverageReport, *, lang: Lang) -> bytes:
    """The same as a PNG."""
    return coverage_png.static_png(report, coverage.drawn_shapes(session, report), outlines_of(session, report), lang)


def outlines_of(session: Session, report: CoverageReport) -> list[Outline]:
    """The towns of a report's boundaries, to be drawn over its areas."""
    towns = coverage.outlines(session, report.county, report.version)
    return [Outline(town.code, town.name, shape) for town, shape in towns]


def _tiles(session: Session, report: CoverageReport) -> AreaTiles:
    layer = f"{report.level}s"
    asked = urlencode({"county": report.county, "version": report.version})
    url = f"/tiles/{layer}/{{z}}/{{x}}/{{y}}?{asked}"
    return AreaTiles(url, layer, TILES_TO, coverage.places(session, report))


def basemap_of(settings: Settings) -> Basemap | None:
    """The tiles under maps, None where none are set."""
    if settings.basemap_url is None:
        return None
    return Basemap(settings.basemap_url, settings.basemap_attribution, settings.basemap_frame)
