"""Vector tiles, read by GDAL and compared with what shapely cuts from the areas themselves."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.caching import BytesCache
from geo.services import boundaries, boundary_plans, tile_shapes
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import areas as area_queries
from geo.storage.queries import boundaries as version_queries
from geo.storage.tables import TileShape
from tests import entry, squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

MVT = "application/vnd.mapbox-vector-tile"
WORLD_M = 2 * 20_037_508.342789244
CODES = {"towns": TOWNS, "villages": VILLAGES, "grids": GRIDS}


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    count = 2**zoom
    return (
        int((lon + 180) / 360 * count),
        int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * count),
    )


def box_of(zoom: int, x: int, y: int) -> shapely.Polygon:
    side = WORLD_M / 2**zoom
    west, north = x * side - WORLD_M / 2, WORLD_M / 2 - y * side
    return shapely.box(west, north - side, west + side, north)


def get(client: TestClient, layer: str, zoom: int, x: int, y: int, **headers: str) -> Any:
    return client.get(f"/tiles/{layer}/{zoom}/{x}/{y}", headers=headers)


def decode(content: bytes, zoom: int, x: int, y: int, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Features by layer, geometries in Web Mercator, as GDAL reads them."""
    path = folder / f"{zoom}-{x}-{y}.mvt"
    path.write_bytes(content)
    found = {}
    for layer in pyogrio.list_layers(f"MVT:{path}")[:, 0]:
        frame = pyogrio.read_dataframe(f"MVT:{path}", layer=layer, X=x, Y=y, Z=zoom)
        found[str(layer)] = frame.to_dict("records")
    return found


@pytest.fixture(scope="module")
def truth(squares_url: str) -> dict[str, gpd.GeoSeries]:
    """Areas of each layer in Web Mercator, by code."""
    engine = make_engine(squares_url)
    found = {}
    with Session(engine) as session:
        version = version_queries.active(session, COUNTY)
        for layer, codes in CODES.items():
            shapes = area_queries.shapes(session, version, codes, drawn=False)
            found[layer] = gpd.GeoSeries(shapes, crs=4326).to_crs(3857)
    engine.dispose()
    return found


@pytest.mark.parametrize("layer", CODES)
@pytest.mark.parametrize("zoom", [4, 5, 8, 9, 10, 12, 14, 15, 17, 20])
def test_a_tile_holds_the_areas_of_its_box(
    service: TestClient, truth: dict[str, gpd.GeoSeries], tmp_path: Path, layer: str, zoom: int
) -> None:
    x, y = tile_at(120.0101, 30.0101, zoom)
    answer = get(service, layer, zoom, x, y)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MVT)
    found = {one["code"]: one for one in decode(answer.content, zoom, x, y, tmp_path)[layer]}
    box, side = box_of(zoom, x, y), WORLD_M / 2**zoom
    unit = side / 4096
    near = truth[layer][truth[layer].intersects(box)]
    around = truth[layer][truth[layer].intersects(box.buffer(side * 64 / 4096, join_style="mitre"))]
    if zoom >= 8:
        assert set(near[near.intersection(box).area > 4 * unit**2].index) <= set(found) <= set(around.index)
    for code, one in found.items():
        drawn, real = one["geometry"], truth[layer][code]
        clip = box.buffer(side * 64 / 4096, join_style="mitre")
        apart = shapely.intersection(drawn, box).symmetric_difference(shapely.intersection(real, box)).area
        assert apart <= 3 * unit * clip.length
        assert (one["name"], one["level"]) == (f"{layer[:-1]} {code}", layer[:-1])
        assert (one["households"], one["population"]) == (100, 300)


@pytest.mark.parametrize("zoom", [8, 10, 13, 14, 16])
def test_neighbouring_tiles_meet(service: TestClient, tmp_path: Path, zoom: int) -> None:
    """Tiles beside each other, each cut to its own box: together the ground of the county, nothing twice."""
    west, north = tile_at(120.0, 30.02, zoom)
    east, south = tile_at(120.0399, 30.0001, zoom)
    pieces = []
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            answer = get(service, "grids", zoom, x, y)
            if answer.status_code == 200:
                found = decode(answer.content, zoom, x, y, tmp_path)["grids"]
                pieces += [shapely.intersection(one["geometry"], box_of(zoom, x, y)) for one in found]
    whole = shapely.union_all(pieces)
    county = gpd.GeoSeries([squares.box(0, 0, wide=4, high=2)], crs=4326).to_crs(3857).iloc[0]
    unit = WORLD_M / 2**zoom / 4096
    assert whole.symmetric_difference(county).area < 4 * unit * county.length
    assert abs(sum(piece.area for piece in pieces) - whole.area) < 4 * unit * county.length


@pytest.mark.parametrize("zoom", [6, 12, 18])
def test_where_no_area_is_there_is_no_content(service: TestClient, zoom: int) -> None:
    answer = get(service, "grids", zoom, 0, 0)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"]


@pytest.mark.parametrize(("lat", "y"), [(85.0, 0), (-85.0, 2**4 - 1)])
def test_the_edge_of_the_map(service: TestClient, lat: float, y: int) -> None:
    assert tile_at(0.1, lat, 4)[1] == y
    assert get(service, "towns", 4, 8, y).status_code == 204


def test_a_tile_that_is_known_is_not_sent(service: TestClient) -> None:
    x, y = tile_at(120.005, 30.005, 14)
    first = get(service, "grids", 14, x, y)
    again = get(service, "grids", 14, x, y, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = get(service, "villages", 14, x, y, **{"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_a_tile_is_packed_for_those_who_unpack_it(service: TestClient) -> None:
    x, y = tile_at(120.005, 30.005, 12)
    plain = get(service, "grids", 12, x, y, **{"Accept-Encoding": "identity"})
    packed = get(service, "grids", 12, x, y, **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert plain.headers["etag"] == packed.headers["etag"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/rivers/10/853/422", 404),
        ("/tiles/rivers", 404),
        ("/tiles/grids/3/8/0", 404),
        ("/tiles/grids/3/0/8", 404),
        ("/tiles/grids/0/1/0", 404),
        ("/tiles/grids/21/0/0", 422),
        ("/tiles/grids/-1/0/0", 422),
        ("/tiles/grids/3/-1/0", 422),
        ("/tiles/grids/3/x/0", 422),
        (f"/tiles/grids/3/{10**30}/0", 422),
        ("/tiles/grids/3/0/0?county=990198", 404),
    ],
)
def test_tiles_that_are_not(service: TestClient, path: str, status: int) -> None:
    answer = service.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("layer", CODES)
def test_a_layer_describes_itself(service: TestClient, layer: str) -> None:
    told = service.get(f"/tiles/{layer}").json()
    assert told["tilejson"] == "3.0.0"
    assert np.allclose(told["bounds"], [120.0, 30.0, 120.04, 30.02])
    (address,) = told["tiles"]
    assert address.startswith("http://testserver/tiles/")
    x, y = tile_at(120.005, 30.005, 12)
    path = address.removeprefix("http://testserver").format(z=12, x=x, y=y)
    assert service.get(path).status_code == 200
    assert set(told["vector_layers"][0]["fields"]) >= {"code", "name", "level", "parent", "households"}


def test_another_version_has_other_tiles(loaded: TestClient, loaded_url: str, tmp_path: Path) -> None:
    x, y = tile_at(120.005, 30.005, 14)
    before = get(loaded, "towns", 14, x, y)
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        towns = squares.layer(
            "town",
            TOWNS,
            [squares.box(0, 0, wide=2, high=2), squares.box(2, 0, wide=2, high=2)],
            name=["改名镇", "town 2"],
        )
        staged = boundaries.stage(session, boundary_plans.plan(session, towns))
    assert get(loaded, "towns", 14, x, y).headers["etag"] == before.headers["etag"]
    for version in (staged.version, 99):  # nobody is shown what is not in force yet, or is not there
        assert loaded.get(f"/tiles/towns/14/{x}/{y}?version={version}").status_code == 404
    with Session(engine) as session, session.begin():
        boundaries.activate(session, COUNTY, staged.version, from_day=date(2026, 1, 1))
    engine.dispose()
    loaded.app.state.memory.forget()  # type: ignore[attr-defined] - its notice comes a moment after the commit
    after = get(loaded, "towns", 14, x, y, **{"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert decode(after.content, 14, x, y, tmp_path)["towns"][0]["name"] == "改名镇"
    old = loaded.get(f"/tiles/towns/14/{x}/{y}?version=1")
    assert old.content == before.content
    assert loaded.get(f"/tiles/towns/14/{x}/{y}?version={staged.version}").content == after.content


def test_shapes_are_made_once_when_first_asked_for(loaded_url: str) -> None:
    """Four at once, in transactions of their own that see a town only: all find the shapes of the whole county."""
    engine = make_engine(loaded_url, pool_size=4)
    gate = threading.Barrier(4)

    def ask(_number: int) -> bool:
        with Session(engine) as session, session.begin():
            version = version_queries.active(session, COUNTY)
            reach.limit(session, reach.Reach(COUNTY, "town", TOWNS[0]))
            gate.wait(timeout=60)
            return tile_shapes.make(session, version, 12)

    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(TileShape)) == 0
    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(ask, range(4)))
    with Session(engine) as session:
        made = session.scalars(select(TileShape.code).order_by(TileShape.code)).all()
        assert made == sorted([*TOWNS, *VILLAGES, *GRIDS])
        assert not tile_shapes.make(session, version_queries.active(session, COUNTY), 12)
    engine.dispose()


def test_every_county_has_tiles_of_its_own(service: TestClient) -> None:
    assert service.get("/tiles/grids", headers=entry.HEADERS).json()["tiles"][0].endswith(f"?county={COUNTY}")


# the cache


def get_now(cache: BytesCache, key: str, make: Callable[[], bytes]) -> bytes:
    return asyncio.run(cache.get(key, make))


def test_the_cache_holds_what_was_asked_last_and_no_more() -> None:
    made: list[str] = []

    def make(name: str, size: int = 1_000) -> bytes:
        made.append(name)
        return b"x" * size

    cache = BytesCache(5_000)
    for name in ("a", "b", "c", "a", "d", "a", "b"):
        assert len(get_now(cache, name, lambda name=name: make(name))) == 1_000  # type: ignore[misc]
    assert made == ["a", "b", "c", "d", "b"]
    assert len(get_now(cache, "large", lambda: make("large", 10_000))) == 10_000
    assert cache._size <= 5_000
    empty = BytesCache(5_000)
    for number in range(100):
        get_now(empty, str(number), lambda: b"")
    assert len(empty._kept) <= 10
