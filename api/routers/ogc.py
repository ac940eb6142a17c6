"""OGC API – Features (part 1 core, GeoJSON and HTML, part 2 coordinate reference systems), for GDAL, QGIS and any GIS.

A parameter that the standard does not know, or that cannot be read, is answered with 400, as the standard wants it.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api import ogc_answers
from api.dependencies import PLAIN, AccessDep, CountyDep, LangQuery, SessionDep
from api.ogc_answers import GEOJSON, HTML, JSON, answer, link, others
from api.ogc_collections import COLLECTIONS, Collection, Reader
from api.ogc_parameters import box_in, crs_of, interval_of, limit_of, no_others, refused
from geo.errors import Lang
from geo.limits import MAX_CODE_CHARS, MAX_PAGE
from geo.space.ogc_crs import CRS84, offered
from geo.storage.queries import areas, boundaries
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.features import Asked, Found

router = APIRouter(prefix="/ogc", tags=["OGC API – Features"])

CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
_ALWAYS: Final = frozenset({"county", "lang", "f"})
_OF_ITEMS: Final = _ALWAYS | {"limit", "bbox", "bbox-crs", "crs", "datetime", "cursor"}

CollectionPath = Annotated[
    str, Path(max_length=20, pattern=PLAIN, description=", ".join(COLLECTIONS), examples=["villages"])
]
FidPath = Annotated[
    str,
    Path(
        max_length=MAX_CODE_CHARS,
        pattern=PLAIN,
        description="code of an area, id of a visit or an issue",
        examples=["990101001001"],
    ),
]
Text = Annotated[str | None, Query(max_length=200, pattern=PLAIN)]


def _described(media_type: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "object"}}
    return {200: {"content": {media_type: schema, HTML: {"schema": {"type": "string"}}}, "description": "as asked for"}}


async def _form(
    f: Annotated[str | None, Query(description="json or html; else what the client accepts", max_length=20)] = None,
) -> None:
    if f not in (None, "json", "html"):
        raise refused("f", "must be json or html")


_DOCUMENT: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": _described(JSON),
    "dependencies": [Depends(_form)],
}
_FEATURES: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": _described(GEOJSON),
    "dependencies": [Depends(_form)],
}


@router.get("", **_DOCUMENT)
def landing(request: Request, county: CountyDep, lang: LangQuery) -> Response:
    """Where everything is."""
    links = [
        *others(request, JSON),
        link(request, "/ogc/conformance", "conformance", JSON, "Conformance classes"),
        link(request, "/ogc/collections", "data", JSON, "Collections"),
        link(request, "/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1", "API"),
        link(request, "/docs", "service-doc", HTML, "Documentation"),
    ]
    said = (
        f"{county.code} 的区域、走访与问题"
        if lang == "zh-CN"
        else f"Areas, visits and issues of the county {county.code}"
    )
    body = {"title": "Wangge 网格", "description": said, "links": links}
    return answer(request, body, "OGC API – Features", lang)


@router.get("/conformance", **_DOCUMENT)
def conformance(request: Request, lang: LangQuery) -> Response:
    """Which parts of the standard hold."""
    return answer(
        request, {"conformsTo": list(CONFORMANCE), "links": others(request, JSON)}, "符合的标准 Conformance", lang
    )


@router.get("/collections", **_DOCUMENT)
def collections(request: Request, session: SessionDep, county: CountyDep, lang: LangQuery) -> Response:
    """Areas of the boundary version in force, the coverage of a month, visits and issues."""
    version = boundaries.active(session, county.code)
    body = {
        "links": others(request, JSON),
        "collections": [_describe(request, session, county, version, name, lang) for name in COLLECTIONS],
        "crs": [one.uri for one in offered(county.metric_epsg)],
    }
    return answer(request, body, "要素集 Collections", lang)


@router.get("/collections/{collection}", **_DOCUMENT)
def collection_of(
    request: Request, session: SessionDep, county: CountyDep, collection: CollectionPath, lang: LangQuery
) -> Response:
    """One collection: its extent, and the systems it may be asked for in."""
    known = _known(collection)
    body = _describe(request, session, county, boundaries.active(session, county.code), collection, lang)
    return answer(request, body, f"{known.zh} {known.en}", lang)


async def _equal(
    *,
    code: Annotated[Text, Query(description="only the area with this code")] = None,
    name: Annotated[Text, Query(description="only areas of this name")] = None,
    kind: Annotated[Text, Query(description="only areas of this kind")] = None,
    parent: Annotated[Text, Query(description="only areas right below this code")] = None,
    town: Annotated[Text, Query(description="only in this town, by its code")] = None,
    village: Annotated[Text, Query(description="only in this village, by its code")] = None,
    grid: Annotated[Text, Query(description="only visits and issues in this grid, by its code")] = None,
    level: Annotated[Text, Query(description="of coverage: town, village or grid")] = None,
    status: Annotated[
        Text, Query(description="of coverage: met, under, unvisited or excluded; of issues: where they stand")
    ] = None,
    staff_no: Annotated[Text, Query(description="only visits of this cadre")] = None,
    tag: Annotated[Text, Query(description="of visits and issues: inside, near_border, outside or unlocated")] = None,
    category: Annotated[Text, Query(description="only issues of this category")] = None,
    handler: Annotated[Text, Query(description="only issues that this organisation handles")] = None,
) -> dict[str, str]:
    """Properties that were asked for, and what each must be."""
    given = {
        "code": code,
        "name": name,
        "kind": kind,
        "parent": parent,
        "town": town,
        "village": village,
        "grid": grid,
        "level": level,
        "status": status,
        "staff_no": staff_no,
        "tag": tag,
        "category": category,
        "handler": handler,
    }
    return {key: value for key, value in given.items() if value is not None}


EqualDep = Annotated[dict[str, str], Depends(_equal)]


@router.get("/collections/{collection}/items", **_FEATURES)
def items(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    collection: CollectionPath,
    lang: LangQuery,
    *,
    limit: Annotated[str | None, Query(description=f"features of a page, 1 to {MAX_PAGE}")] = None,
    bbox: Annotated[Text, Query(description="four or six numbers: south-western and north-eastern corner")] = None,
    bbox_crs: Annotated[Text, Query(alias="bbox-crs", description="system of the box; CRS84 if not given")] = None,
    crs: Annotated[Text, Query(description="system of the answer; CRS84 if not given")] = None,
    datetime_: Annotated[
        Text,
        Query(
            alias="datetime",
            description="a moment, a day or an interval: boundaries in force at its end, coverage of the month of its "
            "end, visits that began and issues that were reported in it",
        ),
    ] = None,
    cursor: Annotated[Text, Query(description="of the link to the next page")] = None,
    equal: EqualDep,
) -> Response:
    """Features of a collection, page by page."""
    known = _known(collection)
    no_others(request, _OF_ITEMS | set(known.filters))
    target, size = crs_of(county, "crs", crs), limit_of(limit)
    begin, end = interval_of(datetime_, county)
    asked = Asked(
        equal,
        box_in(bbox, crs_of(county, "bbox-crs", bbox_crs)),
        begin,
        end,
        cursor,
        size + 1,
    )
    found = known.find(Reader(session, county, access), asked)
    shown = Found(found.properties[:size], found.geometries[:size], found.matched)
    links = others(request, GEOJSON)
    if len(found.properties) > size:
        query = {**request.query_params, "cursor": str(shown.properties[-1][known.key])}
        links.append(link(request, f"/ogc/collections/{collection}/items", "next", GEOJSON, "Next page", query=query))
    body = {
        "type": "FeatureCollection",
        "features": ogc_answers.features(shown, known.key, target),
        "numberMatched": shown.matched,
        "numberReturned": len(shown.properties),
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": links,
    }
    return answer(request, body, f"{known.zh} {known.en}", lang, media_type=GEOJSON, crs=target)


@router.get("/collections/{collection}/items/{fid}", **_FEATURES)
def item(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    collection: CollectionPath,
    fid: FidPath,
    lang: LangQuery,
    *,
    crs: Annotated[Text, Query(description="system of the answer; CRS84 if not given")] = None,
) -> Response:
    """One feature by its id."""
    known = _known(collection)
    no_others(request, _ALWAYS | {"crs"})
    target = crs_of(county, "crs", crs)
    found = known.one(Reader(session, county, access), fid)
    (body,) = ogc_answers.features(found, known.key, target)
    body["links"] = [
        *others(request, GEOJSON),
        link(request, f"/ogc/collections/{collection}", "collection", JSON, known.en),
    ]
    return answer(request, body, f"{known.zh} {fid}", lang, media_type=GEOJSON, crs=target)


def _known(collection: str) -> Collection:
    if collection not in COLLECTIONS:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"there is no collection {collection}; there are {', '.join(COLLECTIONS)}"
        )
    return COLLECTIONS[collection]


def _describe(
    request: Request, session: Session, county: CountyInfo, version: VersionInfo, name: str, lang: Lang
) -> dict[str, Any]:
    known, path = COLLECTIONS[name], f"/ogc/collections/{name}"
    box = areas.extent(session, version, known.level())
    begun = version.in_force_from.isoformat() if version.in_force_from else None
    extent: dict[str, Any] = {"temporal": {"interval": [[begun and f"{begun}T00:00:00Z", None]]}}
    if box is not None:
        extent["spatial"] = {"bbox": [list(box)], "crs": CRS84}
    return {
        "id": name,
        "title": f"{known.zh} {known.en}",
        "description": known.described(county.code, version.version, lang),
        "itemType": "feature",
        "extent": extent,
        "crs": [one.uri for one in offered(county.metric_epsg)],
        "storageCrs": CRS84,
        "links": [
            link(request, path, "self", JSON, known.en),
            link(request, path, "alternate", HTML, f"{known.en} as a page", query={"f": "html"}),
            link(request, f"{path}/items", "items", GEOJSON, f"{known.en}: features"),
            link(request, f"{path}/items", "items", HTML, f"{known.en}: features as a page", query={"f": "html"}),
        ],
    }
