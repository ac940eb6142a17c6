"""Answers of OGC API – Features: JSON for programs, and the same as a page for people who follow the links."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import shapely
from fastapi import Request
from fastapi.responses import Response

from api import headers, templates
from geo.errors import Lang
from geo.space.ogc_crs import OgcCrs, to_crs
from geo.storage.queries.features import Found
from maps import assets

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
HTML: Final = "text/html"
_STYLES: Final = ("wangge.css", "pages.css")
_ZH: Final = {
    "self": "本文档",
    "alternate": "网页",
    "next": "下一页",
    "conformance": "符合的标准",
    "data": "要素集",
    "service-desc": "接口描述",
    "service-doc": "接口文档",
    "items": "要素",
    "collection": "所属要素集",
}
Link = dict[str, str]


def link(
    request: Request, path: str, rel: str, media_type: str, title: str, *, query: Mapping[str, str] | None = None
) -> Link:
    """A link to an address of this service."""
    href = str(request.base_url).rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def others(request: Request, media_type: str) -> list[Link]:
    """The document itself, and the same as a page."""
    page = dict(request.query_params) | {"f": "html"}
    plain = {name: value for name, value in page.items() if name != "f"}
    if wants_page(request):
        plain["f"] = "json"  # a browser would be shown the page again
    path = request.url.path.rstrip("/")
    return [
        link(request, path, "self", media_type, "This document", query=plain),
        link(request, path, "alternate", HTML, "This document as a page", query=page),
    ]


def answer(
    request: Request,
    body: Mapping[str, Any],
    title: str,
    lang: Lang,
    *,
    media_type: str = JSON,
    crs: OgcCrs | None = None,
) -> Response:
    """A document as JSON, or as a page for a browser."""
    if wants_page(request):
        return headers.page(_page(body, title, lang))
    content = json.dumps(body, ensure_ascii=False, allow_nan=False)
    sent = {"Content-Crs": f"<{crs.uri}>"} if crs else {}
    return Response(content, media_type=media_type, headers={**sent, "vary": "Accept"})


def wants_page(request: Request) -> bool:
    """What ``f`` says, else whether a browser asks."""
    form = request.query_params.get("f")
    return form == "html" if form else "text/html" in request.headers.get("accept", "")


def features(found: Found, key: str, target: OgcCrs) -> list[dict[str, Any]]:
    """Features in a system; one without a position has no geometry."""
    shapes: Any = shapely.to_geojson(to_crs(found.geometries, target)) if len(found.geometries) else ()
    return [
        {
            "type": "Feature",
            "id": properties[key],
            "properties": properties,
            "geometry": None if shape is None else json.loads(shape),
        }
        for properties, shape in zip(found.properties, shapes, strict=True)
    ]


def _page(body: Mapping[str, Any], title: str, lang: Lang) -> str:
    rows: Sequence[Mapping[str, Any]] = [one["properties"] for one in body.get("features", ())]
    if body.get("type") == "Feature":
        rows = [body["properties"]]
    entries = [(one["title"], one["description"], one["links"]) for one in body.get("collections", ())]
    return templates.render(
        "ogc.html.j2",
        title=title,
        lang=lang,
        styles=assets.urls_of(_STYLES),
        icon=assets.url_of("favicon.svg"),
        description=body.get("description", ""),
        matched=body.get("numberMatched"),
        columns=list(rows[0]) if rows else [],
        rows=[[_text(value) for value in row.values()] for row in rows],
        ids=[one["id"] for one in body.get("features", ())],
        entries=[(name, text, _worded(own, lang)) for name, text, own in entries],
        classes=body.get("conformsTo", ()),
        links=_worded(body.get("links", ()), lang),
    )


def _worded(links: Sequence[Link], lang: Lang) -> list[Link]:
    """Links with titles in the reader's language; a collection's own title is in both."""
    return [one | {"title": _ZH.get(one["rel"], one["title"]) if lang == "zh-CN" else one["title"]} for one in links]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
