"""Areas: lists, one, its children, and which ones contain a position."""

import json
from typing import Annotated, Literal

import numpy as np
import shapely
from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import lists
from api.dependencies import (
    PAGE,
    AccuracyQuery,
    AnyLevelQuery,
    AreaQuery,
    CodePath,
    CountyDep,
    CursorQuery,
    FrameQuery,
    LatQuery,
    LimitQuery,
    LonQuery,
    NameQuery,
    SessionDep,
)
from api.schemas.areas import AreaDetail, AreaOut, AreaPage, AreasAt, Candidate
from geo.errors import PointOutsideAreas, UnknownArea
from geo.services.tagging import tagger
from geo.space.crs import to_wgs84
from geo.storage.queries import areas, boundaries
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo

router = APIRouter(tags=["areas"])


@router.get("/areas", response_model=AreaPage, responses=lists.described(AreaPage))
def list_areas(
    session: SessionDep,
    county: CountyDep,
    *,
    level: AnyLevelQuery = None,
    area: AreaQuery = None,
    name: NameQuery = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> AreaPage | Response:
    """Areas of the active boundary version, by code."""
    version = boundaries.active(session, county.code)
    scope = _known(areas.find(session, version, area), version, area).path if area else None
    found = areas.page(
        session, version, level=level, scope=scope, name=name, after=cursor, limit=lists.size(form, limit)
    )
    return _page(version, found, limit, form)


@router.get("/areas/at")
def areas_at(
    session: SessionDep,
    county: CountyDep,
    lon: LonQuery,
    lat: LatQuery,
    *,
    accuracy: AccuracyQuery = 0,
    frame: FrameQuery = "wgs84",
) -> AreasAt:
    """Areas that contain a position, and those that its accuracy circle touches."""
    version = boundaries.active(session, county.code)
    x, y = (float(value) for value in to_wgs84(lon, lat, frame))
    tags = tagger(session, version)
    deepest = tags.tag(np.array([x]), np.array([y])).deepest[0]
    near = tags.candidates(x, y, accuracy)
    own = areas.find(session, version, deepest) if deepest else None
    chain = own.path.split("/") if own else []
    # What lies beyond the reader's scope is not found.
    known = areas.by_codes(session, version, [*chain, *(code for code, _ in near)])
    if not known:
        raise PointOutsideAreas(lon=lon, lat=lat, county=county.code)
    return AreasAt(
        lon=x,
        lat=y,
        boundary_version=version.version,
        areas=[AreaOut.of(known[code]) for code in reversed(chain) if code in known],
        candidates=[Candidate.of(known[code], distance) for code, distance in near if code in known],
    )


@router.get("/areas/{code}")
def get_area(
    session: SessionDep,
    county: CountyDep,
    code: CodePath,
    *,
    geometry: Annotated[
        Literal["none", "drawn", "exact"], Query(description="simplified for drawing, or as loaded")
    ] = "none",
) -> AreaDetail:
    """One area of the active boundary version."""
    version = boundaries.active(session, county.code)
    area = _known(areas.find(session, version, code), version, code)
    shape = None
    if geometry != "none":
        shapes = areas.shapes(session, version, [code], drawn=geometry == "drawn")
        shape = json.loads(shapely.to_geojson(shapes[code]))
    return AreaDetail(**AreaOut.of(area).model_dump(), boundary_version=version.version, geometry=shape)


@router.get("/areas/{code}/children", response_model=AreaPage, responses=lists.described(AreaPage))
def list_children(
    session: SessionDep,
    county: CountyDep,
    code: CodePath,
    *,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> AreaPage | Response:
    """The areas right below one, by code."""
    version = boundaries.active(session, county.code)
    _known(areas.find(session, version, code), version, code)
    found = areas.page(session, version, parent=code, after=cursor, limit=lists.size(form, limit))
    return _page(version, found, limit, form)


def _page(version: VersionInfo, found: list[AreaInfo], limit: int, form: lists.ListFormat) -> AreaPage | Response:
    if form != "json":
        return lists.sheet(AreaOut, [AreaOut.of(area) for area in found], form, "areas")
    more = found[limit - 1].code if len(found) > limit else None
    return AreaPage(boundary_version=version.version, areas=[AreaOut.of(area) for area in found[:limit]], next=more)


def _known(area: AreaInfo | None, version: VersionInfo, code: str | None) -> AreaInfo:
    if area is None:
        raise UnknownArea(code=code, county=version.county, version=version.version)
    return area
