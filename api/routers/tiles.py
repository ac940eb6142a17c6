"""Vector tiles of areas, and their description as TileJSON.

A tile without any area is 204: QGIS, OpenLayers and MapLibre take it as empty, while an empty 200 is an error to some.
"""

import gzip
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.caching import BytesCache
from api.dependencies import MAX_NUMBER, PLAIN, AccessDep, CountyDep, SessionDep, VersionDep
from api.etags import PRIVATE, is_known, tag_of
from api.lookups import Memory
from api.schemas.tiles import TileJson
from geo.errors import UnknownLayer, UnknownTile, UnknownVersion
from geo.limits import MAX_CODE_CHARS, TILES_TO
from geo.services import tile_shapes
from geo.space.codes import Level
from geo.space.tiling import MAX_ZOOM, Tile
from geo.storage.queries import areas, boundaries, tiles
from geo.storage.queries.boundaries import VersionInfo

router = APIRouter(prefix="/tiles", tags=["vector tiles"])

LAYERS: Final[dict[str, Level]] = {"towns": "town", "villages": "village", "grids": "grid"}
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
_RENDERING: Final = 1
"""Counts up when the same areas come out as other tiles than before."""

_GZIP_LEVEL: Final = 6
LayerPath = Annotated[
    str, Path(max_length=MAX_CODE_CHARS, pattern=PLAIN, description="towns, villages or grids", examples=["grids"])
]
ZoomPath = Annotated[int, Path(ge=0, le=MAX_ZOOM, description="zoom", examples=[12])]
ColumnPath = Annotated[int, Path(ge=0, lt=2**MAX_ZOOM, description="column from the west", examples=[3463])]
RowPath = Annotated[int, Path(ge=0, lt=2**MAX_ZOOM, description="row from the north", examples=[1694])]


async def _shown(
    request: Request,
    session: SessionDep,
    county: CountyDep,
    active: VersionDep,
    version: Annotated[
        int | None,
        Query(ge=1, le=MAX_NUMBER, description="a version that is or was in force; the one in force if not given"),
    ] = None,
) -> VersionInfo:
    if version is None or version == active.version:
        return active
    memory: Memory = request.app.state.memory
    return await memory.kept(("tiles", county.code, version), lambda: _once_in_force(session, county.code, version))


def _once_in_force(session: Session, county: str, number: int) -> VersionInfo:
    found = boundaries.get(session, county, number)
    if found.status == "staged":
        raise UnknownVersion(county=county, version=number)
    return found


ShownDep = Annotated[VersionInfo, Depends(_shown)]


@router.get("/{layer}")
def describe_layer(
    request: Request, session: SessionDep, county: CountyDep, version: VersionDep, layer: LayerPath
) -> TileJson:
    """TileJSON 3.0.0 of a layer of the boundary version in force."""
    level = _level(layer)
    box = areas.extent(session, version, level)
    base = str(request.base_url).rstrip("/")
    return TileJson(
        name=layer,
        description=f"{layer} of the county {county.code}, boundary version {version.version}",
        version=f"{version.version}.0.0",
        tiles=[f"{base}/tiles/{layer}/{{z}}/{{x}}/{{y}}?county={county.code}"],
        bounds=list(box) if box else None,
        minzoom=0,
        maxzoom=TILES_TO,
        vector_layers=[{"id": layer, "fields": {name: _kind(name) for name in tiles.PROPERTIES}}],
    )


@router.get(
    "/{layer}/{z}/{x}/{y}",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "a Mapbox Vector Tile"},
        204: {"description": "no area of the layer lies here"},
        304: {"description": "the tile that was sent before is still the same"},
    },
)
async def get_tile(
    request: Request,
    session: SessionDep,
    version: ShownDep,
    access: AccessDep,
    layer: LayerPath,
    z: ZoomPath,
    x: ColumnPath,
    y: RowPath,
) -> Response:
    """One tile of a boundary version; simplified for its zoom so that neighbours keep their shared edges."""
    level, asked = _level(layer), Tile(z, x, y)
    if not asked.exists:
        raise UnknownTile(z=z, x=x, y=y, count=2**z)
    key = (_RENDERING, version.county, version.version, version.loaded_at, layer, asked, access.reach)
    headers = {"etag": _tag(version, key), "cache-control": PRIVATE, "vary": "Accept-Encoding"}
    if is_known(headers["etag"], request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")

    def render() -> bytes:
        made = tiles.render(session, version, level, asked, layer=layer)
        if not made and asked.band is not None and tile_shapes.make(session, version, asked.band):
            made = tiles.render(session, version, level, asked, layer=layer)
        return gzip.compress(made, _GZIP_LEVEL, mtime=0) if made and packed else made

    cache: BytesCache = request.app.state.tiles
    content = await cache.get((key, packed), render)
    if not content:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def _tag(version: VersionInfo, key: tuple[Any, ...]) -> str:
    """Areas of a version never change, so what a tile is made from tells what it holds."""
    return tag_of(repr((*key, version.activated_at)).encode())


def _level(layer: str) -> Level:
    if layer not in LAYERS:
        raise UnknownLayer(layer=layer, layers=", ".join(LAYERS))
    return LAYERS[layer]


def _kind(name: str) -> str:
    return "Number" if name in {"households", "population"} else "String"
