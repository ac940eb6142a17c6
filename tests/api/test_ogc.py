"""OGC API – Features: by hand against the standard, and through GDAL's own client."""

import contextlib
import http.client
import itertools
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import Transformer

from tests import entry
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box

WANGGE = Path(sys.executable).with_name("wangge")
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GRID_SHAPES = [box(i // 2, i % 2) for i in range(8)]


def items(service: TestClient, collection: str = "grids", **asked: Any) -> list[dict[str, Any]]:
    """Features of every page, following the links."""
    answer = service.get(f"/ogc/collections/{collection}/items", params=asked)
    found: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["numberReturned"] == len(body["features"])
        found += body["features"]
        following = [link["href"] for link in body["links"] if link["rel"] == "next"]
        if not following:
            assert len(found) == body["numberMatched"]
            return found
        answer = service.get(following[0])


def codes(service: TestClient, collection: str = "grids", **asked: Any) -> list[str]:
    return [one["id"] for one in items(service, collection, **asked)]


def test_from_the_landing_page_to_the_features(service: TestClient) -> None:
    def follow(body: dict[str, Any], rel: str) -> dict[str, Any]:
        href = next(link["href"] for link in body["links"] if link["rel"] == rel)
        answer: dict[str, Any] = service.get(href).json()
        return answer

    landing = service.get("/ogc").json()
    assert service.get("/ogc/").json() == landing
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in follow(landing, "conformance")["conformsTo"]
    assert follow(landing, "service-desc")["openapi"].startswith("3.")
    collections = follow(landing, "data")["collections"]
    assert [one["id"] for one in collections] == ["towns", "villages", "grids", "coverage", "visits", "issues"]
    assert collections[2]["extent"]["spatial"]["bbox"] == [[120.0, 30.0, 120.04, 30.02]]
    assert [feature["id"] for feature in follow(collections[0], "items")["features"]] == TOWNS
    assert service.get("/ogc/collections/villages").json() == collections[1]


@pytest.mark.parametrize("limit", [1, 3, 8, 1000, 10**9])
def test_pages_give_every_feature_once(service: TestClient, limit: int) -> None:
    assert codes(service, limit=limit) == GRIDS


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"parent": VILLAGES[1]}, GRIDS[2:4]),
        ({"town": TOWNS[1]}, GRIDS[4:]),
        ({"code": GRIDS[5]}, [GRIDS[5]]),
        ({"name": f"grid {GRIDS[5]}"}, [GRIDS[5]]),
        ({"name": "grid"}, []),
        ({"village": VILLAGES[0], "town": TOWNS[1]}, []),
        ({"name": "' OR 1=1 --"}, []),
    ],
)
def test_properties(service: TestClient, asked: dict[str, str], found: list[str]) -> None:
    assert codes(service, **asked) == found


@pytest.mark.parametrize(
    "corners",
    [
        (120.001, 30.001, 120.002, 30.002),
        (120.005, 30.005, 120.015, 30.015),
        (119.0, 29.0, 121.0, 31.0),
        (120.04, 30.02, 121.0, 31.0),
        (0.0, 0.0, 1.0, 1.0),
        (120.005, 30.005, 120.005, 30.005),
    ],
)
def test_a_box_finds_what_touches_it(service: TestClient, corners: tuple[float, ...]) -> None:
    touched = shapely.box(*corners) if corners[0] < corners[2] else shapely.Point(corners[:2])
    expected = [code for code, shape in zip(GRIDS, GRID_SHAPES, strict=True) if shape.intersects(touched)]
    assert codes(service, bbox=",".join(map(str, corners))) == expected
    flat = (*corners[:2], -10, *corners[2:], 9000)
    assert codes(service, bbox=",".join(map(str, flat))) == expected
    swapped = (corners[1], corners[0], corners[3], corners[2])
    assert codes(service, bbox=",".join(map(str, swapped)), **{"bbox-crs": f"{EPSG}4326"}) == expected


def test_a_box_over_the_antimeridian(service: TestClient) -> None:
    assert codes(service, bbox="170,0,-170,60") == []
    assert codes(service, bbox="120.035,0,-170,60") == GRIDS[6:]


@pytest.mark.parametrize("epsg", [4326, 4490, 3857, 4549])
def test_every_system_in_its_own_order_of_axes(service: TestClient, epsg: int) -> None:
    """Against PROJ with the axes as EPSG states them."""
    moved = Transformer.from_crs("OGC:CRS84", epsg).transform
    for feature, shape in zip(items(service, crs=f"{EPSG}{epsg}"), GRID_SHAPES, strict=True):
        expected = shapely.transform(shape, lambda xy: np.column_stack(moved(xy[:, 0], xy[:, 1])))
        found = shapely.geometry.shape(feature["geometry"])
        assert shapely.hausdorff_distance(found, expected) < 1e-3 if epsg > 4500 or epsg == 3857 else 1e-9
    corner = moved(120.001, 30.001), moved(120.002, 30.002)
    box_text = ",".join(f"{value:.9f}" for point in corner for value in point)
    assert codes(service, bbox=box_text, **{"bbox-crs": f"{EPSG}{epsg}"}) == GRIDS[:1]


def test_the_answer_says_its_system(service: TestClient) -> None:
    for uri in (CRS84, f"{EPSG}4549"):
        answer = service.get("/ogc/collections/grids/items", params={"crs": uri, "limit": 1})
        assert answer.headers["content-crs"] == f"<{uri}>"
        assert answer.headers["content-type"] == "application/geo+json"
    one = service.get(f"/ogc/collections/grids/items/{GRIDS[0]}", params={"crs": f"{EPSG}4549"})
    assert one.headers["content-crs"] == f"<{EPSG}4549>"


def test_one_feature(service: TestClient) -> None:
    body = service.get(f"/ogc/collections/villages/items/{VILLAGES[0]}").json()
    assert (body["type"], body["id"]) == ("Feature", VILLAGES[0])
    assert body["properties"]["path"] == f"{COUNTY}/{TOWNS[0]}/{VILLAGES[0]}"
    assert body["properties"]["households"] == 100
    assert shapely.geometry.shape(body["geometry"]).equals(box(0, 0, high=2))
    assert {link["rel"] for link in body["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize(
    "moment", ["2026-01-01", "2024-01-01", "2026-01-01T00:00:00Z", "../..", "2025-01-01/..", "../2024-01-01"]
)
def test_moments_and_intervals(service: TestClient, moment: str) -> None:
    assert codes(service, datetime=moment) == GRIDS


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/grids/items?limit=0", 400),
        ("/grids/items?limit=-1", 400),
        ("/grids/items?limit=ten", 400),
        ("/grids/items?limit=1.5", 400),
        ("/grids/items?bbox=1,2,3", 400),
        ("/grids/items?bbox=1,2,3,x", 400),
        ("/grids/items?bbox=1,2,3,nan", 400),
        ("/grids/items?bbox=1,2,3,inf", 400),
        ("/grids/items?bbox=120,31,121,30", 400),
        (f"/grids/items?bbox=2,1,1,2&bbox-crs={EPSG}3857", 400),
        (f"/grids/items?crs={EPSG}9999", 400),
        ("/grids/items?crs=CRS84", 400),
        ("/grids/items?bbox=1,2,3,4&bbox-crs=x", 400),
        ("/grids/items?datetime=yesterday", 400),
        ("/grids/items?datetime=2026-01-02/2026-01-01", 400),
        ("/grids/items?colour=red", 400),
        (f"/grids/items/{GRIDS[0]}?bbox=1,2,3,4", 400),
        ("/grids/items/000", 404),
        ("/houses/items", 404),
        ("/houses", 404),
        (f"/towns/items/{GRIDS[0]}", 404),
        ("/grids/items?name=%00", 422),
    ],
)
def test_what_is_refused(service: TestClient, path: str, status: int) -> None:
    answer = service.get(f"/ogc/collections{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_cursor_that_was_not_given_out_finds_what_comes_after_it(service: TestClient) -> None:
    assert codes_of(service.get("/ogc/collections/grids/items?cursor=zzz")) == []
    assert codes_of(service.get("/ogc/collections/grids/items?cursor=0")) == GRIDS


def codes_of(answer: Any) -> list[str]:
    return [one["id"] for one in answer.json()["features"]]


# coverage and visits


def test_coverage_of_a_month_as_features(service: TestClient) -> None:
    """The same rows as the report, with the shapes of the boundaries of then."""
    report = {row["code"]: row for row in service.get("/coverage?month=2025-03&level=village").json()["areas"]}
    found = items(service, "coverage", datetime="2025-03-15", limit=3)
    assert [one["id"] for one in found] == VILLAGES == sorted(report)
    for one in found:
        properties = dict(one["properties"])
        assert (properties.pop("month"), properties.pop("boundary_version")) == ("2025-03", 1)
        assert properties == report[one["id"]]
        column = VILLAGES.index(one["id"])
        assert shapely.geometry.shape(one["geometry"]).equals(box(column, 0, high=2))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"datetime": "2025-03-31", "level": "grid"}, GRIDS),
        ({"datetime": "../2025-03-31T15:59:59Z", "level": "town"}, TOWNS),
        ({"datetime": "2025-03-31", "level": "grid", "village": VILLAGES[1]}, GRIDS[2:4]),
        ({"datetime": "2025-03-31", "level": "grid", "parent": VILLAGES[1]}, GRIDS[2:4]),
        ({"datetime": "2025-03-31", "town": TOWNS[1]}, VILLAGES[2:]),
        ({"datetime": "2025-03-31", "code": VILLAGES[2]}, [VILLAGES[2]]),
        ({"datetime": "2025-03-31", "bbox": "120.001,30.001,120.002,30.002"}, [VILLAGES[0]]),
        ({"datetime": "2025-03-31", "status": "excluded"}, []),
    ],
)
def test_coverage_is_filtered(service: TestClient, asked: dict[str, str], found: list[str]) -> None:
    assert codes(service, "coverage", **asked) == found


def test_the_status_of_coverage_partitions_the_areas(service: TestClient) -> None:
    every = [codes(service, "coverage", datetime="2025-03-31", status=one) for one in ("met", "under", "unvisited")]
    assert sorted(itertools.chain.from_iterable(every)) == VILLAGES
    assert codes(service, "coverage") == VILLAGES  # of the latest month with visits


def test_visits_as_features(service: TestClient) -> None:
    stored = {one["id"]: one for one in service.get("/visits?limit=1000").json()["visits"]}
    found = items(service, "visits", limit=2)
    assert [one["id"] for one in found] == sorted(stored)
    for one in found:
        kept = stored[one["id"]]
        assert one["properties"] == kept
        if kept["lon"] is None:
            assert one["geometry"] is None
        else:
            assert one["geometry"]["coordinates"] == [kept["lon"], kept["lat"]]


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"datetime": "2025-03-01/2025-03-31"}, lambda one: one["started_at"][:7] == "2025-03"),
        ({"tag": "unlocated"}, lambda one: one["tag"] == "unlocated"),
        ({"village": VILLAGES[0]}, lambda one: one["village"] == VILLAGES[0]),
        ({"staff_no": "C2"}, lambda one: one["staff_no"] == "C2"),
        ({"bbox": "120,30,120.01,30.01"}, lambda one: one["grid"] == GRIDS[0]),
    ],
)
def test_visits_are_filtered(service: TestClient, asked: dict[str, str], holds: Any) -> None:
    every = service.get("/visits?limit=1000").json()["visits"]
    wanted = sorted(one["id"] for one in every if holds({**one, "started_at": _local(one["started_at"])}))
    assert codes(service, "visits", **asked) == wanted
    assert wanted


ISSUES: Final = (
    {
        "category": "infrastructure",
        "title": "路灯不亮",
        "lon": 120.005,
        "lat": 30.005,
        "reported_at": "2025-03-10T09:00:00",
    },
    {"category": "ecology", "title": "河道有垃圾", "claimed_area": GRIDS[4], "reported_at": "2025-03-31T23:59:00"},
    {"category": "petition", "title": "土地纠纷", "lon": 120.015, "lat": 30.005, "reported_at": "2025-04-01T00:00:00"},
)


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({}, {"路灯不亮", "河道有垃圾", "土地纠纷"}),
        ({"datetime": "2025-03-01/2025-03-31"}, {"路灯不亮", "河道有垃圾"}),
        ({"category": "ecology"}, {"河道有垃圾"}),
        ({"bbox": "120,30,120.01,30.01"}, {"路灯不亮"}),
        ({"grid": GRIDS[2], "status": "reported"}, {"土地纠纷"}),
    ],
)
def test_issues_as_features(loaded: TestClient, asked: dict[str, str], titles: set[str]) -> None:
    assert loaded.post("/issues", json=list(ISSUES)).status_code == 201
    stored = {one["id"]: one for one in loaded.get("/issues").json()["issues"]}
    found = items(loaded, "issues", **asked)
    assert {one["properties"]["title"] for one in found} == titles
    for one in found:
        kept = stored[one["id"]]
        assert one["properties"] == kept
        assert (one["geometry"] and one["geometry"]["coordinates"]) == (kept["lon"] and [kept["lon"], kept["lat"]])


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Shanghai")).isoformat()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("coverage/items?status=met&tag=inside", 400),
        ("coverage/items?level=county", 422),
        ("coverage/items?datetime=2199-01-01", 422),
        ("visits/items?code=1", 400),
        ("visits/items?id=1", 400),
        ("visits/items/00000000-0000-0000-0000-00000000ffff", 404),
        ("visits/items/x", 404),
        ("coverage/items/990199109", 404),
        ("towns?f=xml", 400),
        ("towns/items?f=xml", 400),
    ],
)
def test_what_the_new_collections_do_not_know(service: TestClient, path: str, status: int) -> None:
    answer = service.get(f"/ogc/collections/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


# pages


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "的区域、走访与问题"),
        ("/conformance", "conf/html"),
        ("/collections", "村社 Villages and communities"),
        ("/collections/villages", "Villages and communities"),
        ("/collections/villages/items?limit=2", VILLAGES[0]),
        (f"/collections/grids/items/{GRIDS[0]}", GRIDS[0]),
        ("/collections/visits/items?tag=outside", "outside"),
        ("/collections/visits/items?staff_no=nobody", "0"),
    ],
)
def test_every_document_is_a_page_too(service: TestClient, path: str, says: str) -> None:
    asked = f"/ogc{path}{'&' if '?' in path else '?'}f=html"
    page = service.get(asked)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert says in page.text
    browser = service.get(f"/ogc{path}", headers={"accept": "text/html,application/xhtml+xml"})
    assert browser.headers["content-type"] == page.headers["content-type"]
    plain = service.get(f"/ogc{path}{'&' if '?' in path else '?'}f=json", headers={"accept": "text/html"})
    assert "json" in plain.headers["content-type"]
    alternate = next(one for one in plain.json()["links"] if one["rel"] == "alternate")
    assert service.get(alternate["href"]).headers["content-type"].startswith("text/html")


# GDAL's client, over a real connection


@pytest.fixture(scope="module")
def address(squares_url: str, reachable_root: Path) -> Iterator[str]:
    """A service of its own process: GDAL keeps the interpreter while it waits for an answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"WANGGE_DATABASE_URL": squares_url, "WANGGE_HOME": str(reachable_root), "WANGGE_PORT": str(port)}
    process = subprocess.Popen([str(WANGGE), "serve"], env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"OAPIF:http://127.0.0.1:{port}/ogc"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
        asked.request("GET", "/readyz")
        return asked.getresponse().status == 200
    return False


@pytest.fixture(scope="module", autouse=True)
def _signed_in() -> Iterator[None]:
    pyogrio.set_gdal_config_options({"GDAL_HTTP_USERPWD": f"{entry.NAME}:{entry.TOKEN}"})
    yield
    pyogrio.set_gdal_config_options({"GDAL_HTTP_USERPWD": None})


def pulled(address: str, **options: Any) -> gpd.GeoDataFrame:
    return pyogrio.read_dataframe(address, layer="grids", **options).sort_values("code")


def test_gdal_lists_the_collections(address: str) -> None:
    assert [str(name) for name in pyogrio.list_layers(address)[:, 0]] == [
        "towns",
        "villages",
        "grids",
        "coverage",
        "visits",
        "issues",
    ]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_gdal_pages_through(address: str, size: int) -> None:
    found = pulled(address, PAGE_SIZE=size)
    assert found["code"].tolist() == GRIDS
    assert all(one.equals(other) for one, other in zip(found.geometry, GRID_SHAPES, strict=True))


def test_gdal_filters_by_box_and_property(address: str) -> None:
    assert pulled(address, bbox=(120.001, 30.001, 120.002, 30.002))["code"].tolist() == GRIDS[:1]
    assert pulled(address, where=f"parent = '{VILLAGES[3]}'")["code"].tolist() == GRIDS[6:]


def test_gdal_asks_for_the_countys_own_system(address: str) -> None:
    """What it reads is easting, northing again, as PROJ gives it."""
    found = pulled(address, CRS=f"{EPSG}4549")
    expected = gpd.GeoSeries(GRID_SHAPES, crs=4326).to_crs(4549)
    assert found.crs.to_epsg() == 4549
    assert all(
        shapely.hausdorff_distance(one, other) < 1e-3 for one, other in zip(found.geometry, expected, strict=True)
    )


def test_no_link_leads_elsewhere(service: TestClient) -> None:
    text = service.get("/ogc/collections").text + service.get("/ogc/collections/grids/items?limit=1").text
    assert set(re.findall(r'"href": ?"(https?://[^/"]+)', text)) == {"http://testserver"}
