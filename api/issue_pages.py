"""From a report of hot spots to its page and its picture: what they need is fetched here, since maps see no session."""

from datetime import date

from sqlalchemy.orm import Session

from api.pictures import basemap_of
from geo.analysis.hotspots import HotspotReport
from geo.analysis.surface_pictures import picture
from geo.analysis.surface_rasters import web_mercator
from geo.errors import Lang
from geo.months import local_day
from geo.services import coverage, hotspots, problem_maps
from geo.services.accounts import Access
from geo.services.problem_surfaces import ProblemSurface
from geo.settings import Settings
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import IssueRecord
from maps import issue_map, issue_png
from maps.issue_data import Frame, IssueBehind, IssuePoint, SurfaceLayer
from maps.page import Links, Outline


def issue_page(
    session: Session,
    county: CountyInfo,
    report: HotspotReport,
    *,
    settings: Settings,
    lang: Lang,
    by: Access | None,
    marked: IssueRecord | None = None,
    links: Links | None = None,
    standalone: bool = False,
) -> str:
    """The problem heatmap of a report as one HTML page.

    :param marked: an issue that is shown where it lies, to somebody who may see it
    """
    facts = problem_maps.facts(session, county, report, by=by)
    names = {one.facts.code: one.facts.name for one in report.rows}
    frames = [
        Frame(
            one.month,
            tuple(_layer(surface, facts.limits[surface.kind], contours=one.month is None) for surface in one.surfaces),
            *_counts(report, place),
        )
        for place, one in enumerate(facts.shown)
    ]
    behind = {
        rank: [
            IssueBehind(str(one.id), one.title, _day(one, county), names.get(getattr(one, report.level) or "", ""))
            for one in several
        ]
        for rank, several in facts.behind.items()
    }
    return issue_map.draw(
        report,
        hotspots.drawn_shapes(session, report),
        _outlines(session, report),
        frames=frames,
        behind=behind,
        points=None if facts.points is None else [_point(one, county) for one in facts.points],
        marked=_point(marked, county) if marked and marked.lon is not None else None,
        lang=lang,
        basemap=basemap_of(settings),
        links=links,
        standalone=standalone,
    )


def issue_picture(session: Session, county: CountyInfo, report: HotspotReport, *, lang: Lang) -> bytes:
    """The same as a PNG."""
    facts = problem_maps.facts(session, county, report, by=None)
    relative = next(one for one in facts.shown[0].surfaces if one.kind == "relative")
    return issue_png.static_png(
        report,
        hotspots.drawn_shapes(session, report),
        _outlines(session, report),
        _layer(relative, facts.limits["relative"]),
        lang,
    )


def _outlines(session: Session, report: HotspotReport) -> list[Outline]:
    towns = coverage.outlines(session, report.county, report.version)
    return [Outline(town.code, town.name, shape) for town, shape in towns]


def _counts(report: HotspotReport, place: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Issues and visits by area: of the whole window first, then of its months."""
    if place == 0:
        return tuple(row.observed for row in report.rows), tuple(sum(row.facts.visits) for row in report.rows)
    return (
        tuple(row.facts.issues[place - 1] for row in report.rows),
        tuple(row.facts.visits[place - 1] for row in report.rows),
    )


def _layer(found: ProblemSurface, limits: tuple[float, ...], *, contours: bool = True) -> SurfaceLayer:
    warped, bounds = web_mercator(found.surface, epsg=found.epsg)
    painted = picture(warped, limits=limits, contours=contours)
    return SurfaceLayer(
        found.kind,
        painted.png,
        bounds,
        painted.legend,
        found.surface.bandwidth_m,
        found.surface.kernel,
        found.surface.unit,
        found.minimum_per_km2,
    )


def _point(one: IssueRecord, county: CountyInfo) -> IssuePoint:
    assert one.lon is not None  # noqa: S101 - asked for with a position
    assert one.lat is not None  # noqa: S101
    return IssuePoint(str(one.id), one.lon, one.lat, one.category, one.title, one.status, _day(one, county))


def _day(one: IssueRecord, county: CountyInfo) -> date:
    return local_day(one.reported_at, county.zone)
