"""Hot spots of issues: areas, clusters, and surfaces."""

import json
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api import exports, hotspot_exports
from api.dependencies import AccessDep, AreaQuery, CountyDep, LangQuery, LevelQuery, SessionDep
from api.schemas.hotspots import ClustersOut, HotClusterOut, HotspotsOut, HotspotSummary
from geo.analysis.hotspots import SEED, Denominator, HotspotReport
from geo.analysis.issue_flow import Category
from geo.analysis.kernels import Kernel
from geo.analysis.surface_pictures import picture
from geo.analysis.surface_rasters import geotiff, web_mercator
from geo.limits import MAX_BANDWIDTH_M, MIN_BANDWIDTH_M
from geo.services import hotspots, problem_surfaces
from geo.services.problem_surfaces import Asked, Kind, ProblemSurface, Rule

router = APIRouter(tags=["hot spots"])

FormatQuery = Annotated[exports.WebFormat, Query(description="form of the answer")]
CategoriesQuery = Annotated[
    list[Category], Query(alias="category", description="only issues of these categories; all if not given")
]
_FORMATS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": HotspotsOut,
        "content": {exports.MEDIA_TYPES[name]: {} for name in ("csv", "xlsx", "geojson")},
    }
}
_MAX_SEED: Final = 2**31 - 1


def _window(
    session: SessionDep,
    county: CountyDep,
    *,
    from_: Annotated[
        str | None,
        Query(
            alias="from", description="first month or day: 2026-01 or 2026-01-15; a year before the end if not given"
        ),
    ] = None,
    to: Annotated[
        str | None, Query(description="last month or day, inclusive; the latest month with visits if not given")
    ] = None,
) -> tuple[date, date]:
    begin, until = (hotspots.day_or_month(text) if text is not None else None for text in (from_, to))
    return hotspots.window_of(session, county, begin, until)


WindowDep = Annotated[tuple[date, date], Depends(_window)]


def _report(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    window: WindowDep,
    level: LevelQuery,
    *,
    category: CategoriesQuery = [],  # noqa: B006 - FastAPI copies it
    per: Annotated[Denominator, Query(description="what rates are per; none compares areas as they are")] = "visits",
    by_month: Annotated[
        bool, Query(description="expect by the months of the visits (indirect standardisation)")
    ] = False,
    area: AreaQuery = None,
    seed: Annotated[int, Query(ge=0, le=_MAX_SEED, description="of permutations and replicates")] = SEED,
) -> HotspotReport:
    return hotspots.report(
        session,
        county,
        *window,
        level=level,
        categories=tuple(dict.fromkeys(category)),
        per=per,
        by_month=by_month,
        area=area or access.area,
        seed=seed,
    )


HotspotDep = Annotated[HotspotReport, Depends(_report)]


@router.get("/hotspots", responses=_FORMATS)
def get_hotspots(
    session: SessionDep,
    report: HotspotDep,
    lang: LangQuery,
    format: FormatQuery = "json",  # noqa: A002 - the name on the wire
) -> Response:
    """Where issues gather: every area beside what was to be expected, and the clusters. Unvisited areas are unknown."""
    shapes = hotspots.drawn_shapes(session, report) if format == "geojson" else {}
    answer = Response(hotspot_exports.render(report, format, lang, shapes), media_type=exports.MEDIA_TYPES[format])
    if format != "json":
        name = quote(f"hotspots-{report.scope}-{report.begin}-{report.until}-{report.level}.{format}")
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


@router.get("/hotspots/clusters")
def get_clusters(report: HotspotDep, lang: LangQuery) -> ClustersOut:
    """Circles of areas with more issues than chance would have there: Kulldorff's spatial scan, Poisson."""
    found = [HotClusterOut.of(one) for one in report.clusters]
    return ClustersOut(summary=HotspotSummary.of(report, lang), clusters=found)


def _surface(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    window: WindowDep,
    *,
    kind: Annotated[Kind, Query(description="issues per 100 visits (relative), or per km² (absolute)")] = "relative",
    category: CategoriesQuery = [],  # noqa: B006 - FastAPI copies it
    area: AreaQuery = None,
    bandwidth: Annotated[Rule, Query(description="rule that chooses the bandwidth")] = "silverman",
    bandwidth_m: Annotated[
        float | None,
        Query(ge=MIN_BANDWIDTH_M, le=MAX_BANDWIDTH_M, description="bandwidth in metres, instead of a rule's"),
    ] = None,
    kernel: Annotated[
        Kernel, Query(description="its bandwidth is a radius (quartic) or a deviation (gaussian)")
    ] = "quartic",
) -> ProblemSurface:
    asked = Asked(kind, tuple(dict.fromkeys(category)), bandwidth if bandwidth_m is None else bandwidth_m, kernel)
    return problem_surfaces.surface(session, county, *window, asked, area=area or access.area)


SurfaceDep = Annotated[ProblemSurface, Depends(_surface)]


@router.get("/hotspots/surface.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def get_surface_picture(found: SurfaceDep) -> Response:
    """The surface as a picture for web maps (EPSG:3857); its corners, classes and choices stand in the header."""
    warped, bounds = web_mercator(found.surface, epsg=found.epsg)
    painted = picture(warped, limits=problem_surfaces.limits(found))
    legend = [[one.low, one.high, one.colour] for one in painted.legend]
    told = problem_surfaces.choices(found) | {"bounds": [round(edge, 7) for edge in bounds], "legend": legend}
    return Response(painted.png, media_type="image/png", headers={"wangge-surface": json.dumps(told)})


@router.get("/hotspots/surface.tif", response_class=Response, responses={200: {"content": {"image/tiff": {}}}})
def get_surface_raster(found: SurfaceDep) -> Response:
    """The surface as a GeoTIFF in the county's metric system; unknown cells are NaN, the choices stand in its tags."""
    return Response(
        geotiff(found.surface, epsg=found.epsg, tags=problem_surfaces.tags(found)),
        media_type="image/tiff",
        headers={"wangge-surface": json.dumps(problem_surfaces.choices(found))},
    )
