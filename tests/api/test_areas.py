"""Areas: pages, one, its children, and who contains a position."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.space.crs import FRAMES, Frame, from_wgs84
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES


def pages(service: TestClient, path: str, **asked: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list, following the cursor."""
    found, cursor = [], None
    while True:
        body = service.get(path, params=asked | ({"cursor": cursor} if cursor else {})).json()
        found.append(body["areas"])
        cursor = body["next"]
        if cursor is None:
            return found


def codes(service: TestClient, path: str, **asked: Any) -> list[str]:
    return [area["code"] for page in pages(service, path, **asked) for area in page]


def test_all_of_them_by_code(service: TestClient) -> None:
    assert codes(service, "/areas") == sorted([COUNTY, *TOWNS, *VILLAGES, *GRIDS])


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 15, 1000])
def test_paging_gives_each_once(service: TestClient, limit: int) -> None:
    found = pages(service, "/areas", limit=limit)
    assert [area["code"] for page in found for area in page] == sorted([COUNTY, *TOWNS, *VILLAGES, *GRIDS])
    assert all(len(page) == limit for page in found[:-1])
    assert 0 < len(found[-1]) <= limit


def test_filters(service: TestClient) -> None:
    assert codes(service, "/areas", level="village") == VILLAGES
    assert codes(service, "/areas", area=TOWNS[1], level="grid") == GRIDS[4:]
    assert codes(service, "/areas", name=f"town {TOWNS[0]}") == [TOWNS[0]]
    assert codes(service, "/areas", name="%") == codes(service, "/areas", name="_") == []
    assert codes(service, "/areas", area=COUNTY, level="county") == [COUNTY]
    assert codes(service, "/areas", county=COUNTY, level="town", limit=1) == TOWNS


def test_children(service: TestClient) -> None:
    assert codes(service, f"/areas/{COUNTY}/children") == TOWNS
    assert codes(service, f"/areas/{TOWNS[1]}/children", limit=1) == VILLAGES[2:]
    assert codes(service, f"/areas/{GRIDS[0]}/children") == []


def test_one(service: TestClient) -> None:
    body = service.get(f"/areas/{GRIDS[0]}").json()
    assert body == {
        "code": GRIDS[0],
        "level": "grid",
        "kind": None,
        "name": f"grid {GRIDS[0]}",
        "parent": VILLAGES[0],
        "path": f"{COUNTY}/{TOWNS[0]}/{VILLAGES[0]}/{GRIDS[0]}",
        "households": 100,
        "population": 300,
        "area_m2": body["area_m2"],
        "boundary_version": 1,
        "geometry": None,
    }
    assert body["area_m2"] == pytest.approx(1.0696e6, rel=1e-3)


@pytest.mark.parametrize("geometry", ["drawn", "exact"])
def test_its_shape(service: TestClient, geometry: str) -> None:
    shape = service.get(f"/areas/{TOWNS[0]}", params={"geometry": geometry}).json()["geometry"]
    assert shape["type"] == "MultiPolygon"
    corners = {tuple(point) for point in shape["coordinates"][0][0]}
    assert corners >= {(120.0, 30.0), (120.02, 30.0), (120.02, 30.02), (120.0, 30.02)}


@pytest.mark.parametrize("frame", FRAMES)
def test_where_a_position_lies(service: TestClient, frame: Frame) -> None:
    lon, lat = squares.centre(GRIDS[5])
    x, y = (float(value) for value in from_wgs84(lon, lat, frame))
    body = service.get("/areas/at", params={"lon": x, "lat": y, "frame": frame}).json()
    assert [area["code"] for area in body["areas"]] == [GRIDS[5], VILLAGES[2], TOWNS[1], COUNTY]
    assert (body["lon"], body["lat"]) == (pytest.approx(lon, abs=1e-8), pytest.approx(lat, abs=1e-8))
    assert [one["code"] for one in body["candidates"]] == [GRIDS[5]]


def test_the_accuracy_circle_names_its_candidates(service: TestClient) -> None:
    """50 m west of the border between the first two villages, half way up the lower grids."""
    lon = 120.01 - 50 / 96_486
    body = service.get("/areas/at", params={"lon": lon, "lat": 30.005, "accuracy": 60}).json()
    assert body["areas"][0]["code"] == GRIDS[0]
    assert [(one["code"], one["distance_m"]) for one in body["candidates"]] == [
        (GRIDS[0], 0.0),
        (GRIDS[2], pytest.approx(50, abs=0.5)),
    ]
    near = service.get("/areas/at", params={"lon": lon, "lat": 30.005, "accuracy": 40}).json()
    assert [one["code"] for one in near["candidates"]] == [GRIDS[0]]


def test_outside_and_yet_near(service: TestClient) -> None:
    lon = 120.0 - 30 / 96_486
    body = service.get("/areas/at", params={"lon": lon, "lat": 30.005, "accuracy": 100}).json()
    assert body["areas"] == []
    assert [one["code"] for one in body["candidates"]] == [GRIDS[0]]
    assert service.get("/areas/at", params={"lon": lon, "lat": 30.005, "accuracy": 10}).status_code == 404


def test_corners_belong_to_one(service: TestClient) -> None:
    body = service.get("/areas/at", params={"lon": 120.01, "lat": 30.01}).json()
    assert body["areas"][0]["code"] == GRIDS[3]
    assert {one["code"] for one in body["candidates"]} >= {GRIDS[3]}
