"""OGC API – Features (part 1 core and GeoJSON, part 2 coordinate reference systems), for GDAL, QGIS and any other GIS.

A parameter that the standard does not know, or that cannot be read, is answered with 400, as the standard wants it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import numpy as np
import shapely
from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api.dependencies import PLAIN, CountyDep, SessionDep
from geo.errors import UnknownArea
from geo.limits import DEFAULT_PAGE, MAX_CODE_CHARS, MAX_PAGE
from geo.space.codes import Level
from geo.space.ogc_crs import CRS84, Box, OgcCrs, box_of, offered, to_crs
from geo.storage.queries import areas, boundaries, features
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.features import FILTERS, Found

router = APIRouter(prefix="/ogc", tags=["OGC API – Features"])

CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
COLLECTIONS: Final[Mapping[str, tuple[Level, str, str]]] = {
    "towns": ("town", "镇街", "Towns and subdistricts"),
    "villages": ("village", "村社", "Villages and communities"),
    "grids": ("grid", "网格", "All-purpose grids"),
}
_GEOJSON: Final = "application/geo+json"
_CORNERS: Final = 2
_PLANE, _SPACE = 4, 6

Collection = Annotated[str, Path(max_length=20, pattern=PLAIN, description="towns, villages or grids")]
Text = Annotated[str | None, Query(max_length=200, pattern=PLAIN)]


@router.get("")
def landing(request: Request, county: CountyDep) -> JSONResponse:
    """Where everything is."""
    links = [
        _link(request, "", "self", "application/json", "This page"),
        _link(request, "/conformance", "conformance", "application/json", "Conformance classes"),
        _link(request, "/collections", "data", "application/json", "Collections"),
        _absolute(request, "/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1", "API"),
        _absolute(request, "/docs", "service-doc", "text/html", "Documentation"),
    ]
    return JSONResponse({"title": "Wangge 网格", "description": f"Areas of the county {county.code}", "links": links})


@router.get("/conformance")
def conformance() -> dict[str, list[str]]:
    """Which parts of the standard hold."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get("/collections")
def collections(request: Request, session: SessionDep, county: CountyDep) -> JSONResponse:
    """Towns, villages and grids of the boundary version in force."""
    version = boundaries.active(session, county.code)
    described = [_describe(request, session, county, version, name) for name in COLLECTIONS]
    links = [_link(request, "/collections", "self", "application/json", "Collections")]
    return JSONResponse({"links": links, "collections": described, "crs": [one.uri for one in _offered(county)]})


@router.get("/collections/{collection}")
def collection_of(request: Request, session: SessionDep, county: CountyDep, collection: Collection) -> JSONResponse:
    """One collection: its extent, and the systems it may be asked for in."""
    _known(collection)
    return JSONResponse(_describe(request, session, county, boundaries.active(session, county.code), collection))


@router.get("/collections/{collection}/items", response_class=Response)
def items(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    collection: Collection,
    *,
    limit: Annotated[str | None, Query(description=f"features of a page, 1 to {MAX_PAGE}")] = None,
    bbox: Annotated[Text, Query(description="four or six numbers: south-western and north-eastern corner")] = None,
    bbox_crs: Annotated[Text, Query(alias="bbox-crs", description="system of the box; CRS84 if not given")] = None,
    crs: Annotated[Text, Query(description="system of the answer; CRS84 if not given")] = None,
    datetime_: Annotated[
        Text, Query(alias="datetime", description="a day or an interval: boundaries in force at its end")
    ] = None,
    code: Annotated[Text, Query(description="only the area with this code")] = None,
    name: Annotated[Text, Query(description="only areas of this name")] = None,
    kind: Annotated[Text, Query(description="only of this kind")] = None,
    parent: Annotated[Text, Query(description="only right below this code")] = None,
    town: Annotated[Text, Query(description="only in this town, by its code")] = None,
    village: Annotated[Text, Query(description="only in this village, by its code")] = None,
    cursor: Annotated[Text, Query(description="of the link to the next page")] = None,
) -> Response:
    """Features of a collection by code, page by page."""
    level = _known(collection)
    _no_others(request, {"limit", "bbox", "bbox-crs", "crs", "datetime", "cursor", "county", "lang", "f", *FILTERS})
    target, size = _crs(county, "crs", crs), _limit(limit)
    given = {"code": code, "name": name, "kind": kind, "parent": parent, "town": town, "village": village}
    version = _version(session, county, datetime_)
    found = features.areas(
        session,
        version,
        level,
        equal={key: value for key, value in given.items() if value is not None},
        box=_box(bbox, _crs(county, "bbox-crs", bbox_crs)),
        after=cursor,
        limit=size + 1,
    )
    more = len(found.properties) > size
    shown = Found(found.properties[:size], found.geometries[:size], found.matched)
    links = [
        _link(request, f"/collections/{collection}/items", "self", _GEOJSON, collection, query=request.query_params)
    ]
    if more:
        query = {**request.query_params, "cursor": shown.properties[-1]["code"]}
        links.append(_link(request, f"/collections/{collection}/items", "next", _GEOJSON, "Next page", query=query))
    body = {
        "type": "FeatureCollection",
        "features": _features(shown, version, target),
        "numberMatched": shown.matched,
        "numberReturned": len(shown.properties),
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": links,
    }
    return _geojson(body, target)


@router.get("/collections/{collection}/items/{fid}", response_class=Response)
def item(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    collection: Collection,
    fid: Annotated[str, Path(max_length=MAX_CODE_CHARS, pattern=PLAIN, description="code of the area")],
    *,
    crs: Annotated[Text, Query(description="system of the answer; CRS84 if not given")] = None,
) -> Response:
    """One feature by its code."""
    level = _known(collection)
    _no_others(request, {"crs", "county", "lang", "f"})
    target, version = _crs(county, "crs", crs), boundaries.active(session, county.code)
    found = features.areas(session, version, level, equal={"code": fid}, box=None, after=None, limit=1)
    if not found.properties:
        raise UnknownArea(code=fid, county=county.code, version=version.version)
    (body,) = _features(found, version, target)
    path = f"/collections/{collection}"
    body["links"] = [
        _link(request, f"{path}/items/{fid}", "self", _GEOJSON, fid),
        _link(request, path, "collection", "application/json", collection),
    ]
    return _geojson(body, target)


def _known(collection: str) -> Level:
    if collection not in COLLECTIONS:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"there is no collection {collection}; there are {', '.join(COLLECTIONS)}"
        )
    return COLLECTIONS[collection][0]


def _describe(
    request: Request, session: SessionDep, county: CountyInfo, version: VersionInfo, name: str
) -> dict[str, Any]:
    level, zh, en = COLLECTIONS[name]
    box = areas.extent(session, version, level)
    begun = version.in_force_from.isoformat() if version.in_force_from else None
    extent: dict[str, Any] = {"temporal": {"interval": [[begun and f"{begun}T00:00:00Z", None]]}}
    if box is not None:
        extent["spatial"] = {"bbox": [list(box)], "crs": CRS84}
    path = f"/collections/{name}"
    return {
        "id": name,
        "title": f"{zh} {en}",
        "description": f"{en} of the county {county.code}, boundary version {version.version}",
        "itemType": "feature",
        "extent": extent,
        "crs": [one.uri for one in _offered(county)],
        "storageCrs": CRS84,
        "links": [
            _link(request, path, "self", "application/json", en),
            _link(request, f"{path}/items", "items", _GEOJSON, en),
        ],
    }


def _features(found: Found, version: VersionInfo, target: OgcCrs) -> list[dict[str, Any]]:
    moved = to_crs(found.geometries, target)
    shapes = shapely.to_geojson(moved) if len(moved) else np.empty(0, dtype=object)
    return [
        {
            "type": "Feature",
            "id": properties["code"],
            "properties": {**properties, "boundary_version": version.version},
            "geometry": json.loads(shape),
        }
        for properties, shape in zip(found.properties, shapes, strict=True)
    ]


def _geojson(body: dict[str, Any], target: OgcCrs) -> Response:
    content = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return Response(content, media_type=_GEOJSON, headers={"Content-Crs": f"<{target.uri}>"})


def _no_others(request: Request, known: set[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise _refused(name, "is no parameter here; there are " + ", ".join(sorted(known)))


def _limit(text: str | None) -> int:
    """More than the most is the most, as the standard says."""
    if text is None:
        return DEFAULT_PAGE
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise _refused("limit", "must be a whole number from 1 up")
    return min(int(text), MAX_PAGE)


def _offered(county: CountyInfo) -> list[OgcCrs]:
    return offered(county.metric_epsg)


def _crs(county: CountyInfo, name: str, uri: str | None) -> OgcCrs:
    systems = _offered(county)
    found = next((one for one in systems if uri is None or one.uri == uri), None)
    if found is None:
        raise _refused(name, "must be one of " + ", ".join(one.uri for one in systems))
    return found


def _box(text: str | None, source: OgcCrs) -> Any:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _refused("bbox", "must be four or six numbers with commas between") from error
    if len(values) not in (_PLANE, _SPACE) or not np.isfinite(values).all():
        raise _refused("bbox", "must be four or six numbers with commas between")
    half = len(values) // _CORNERS
    corners: Box = (values[0], values[1], values[half], values[half + 1])
    try:
        return box_of(corners, source)
    except ValueError as error:
        raise _refused("bbox", str(error)) from error


def _version(session: SessionDep, county: CountyInfo, text: str | None) -> VersionInfo:
    """The boundaries in force at the end of the interval, the active ones where it is open."""
    if text is None:
        return boundaries.active(session, county.code)
    begin, slash, end = text.partition("/")
    days = [_day(part, county) for part in ((begin, end) if slash else (begin,))]
    if slash and days[0] is not None and days[1] is not None and days[0] > days[1]:
        raise _refused("datetime", "the interval ends before it begins")
    last = days[-1]
    return (
        boundaries.active(session, county.code) if last is None else boundaries.in_force_on(session, county.code, last)
    )


def _day(text: str, county: CountyInfo) -> date | None:
    if text in ("", ".."):
        return None
    try:
        if len(text) == len("2026-10-31"):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).astimezone(county.zone).date()
    except (ValueError, OverflowError) as error:
        raise _refused("datetime", "must be a moment such as 2026-10-31T12:00:00Z, or two with / between") from error


def _refused(name: str, why: str) -> HTTPException:
    return HTTPException(HTTPStatus.BAD_REQUEST, f"{name}: {why}")


def _link(
    request: Request, path: str, rel: str, media_type: str, title: str, *, query: Mapping[str, str] | None = None
) -> dict[str, str]:
    return _absolute(request, f"/ogc{path}", rel, media_type, title, query=query)


def _absolute(
    request: Request, path: str, rel: str, media_type: str, title: str, *, query: Mapping[str, str] | None = None
) -> dict[str, str]:
    href = str(request.base_url).rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
    return {"href": href, "rel": rel, "type": media_type, "title": title}
