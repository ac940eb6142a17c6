"""``POST /visits`` answers every row, ``GET /visits`` gives each once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.limits import MAX_VISITS_PER_BATCH
from geo.settings import Settings
from tests import entry
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES
from tests.visiting import visit


def listed(service: TestClient, **asked: Any) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        body = service.get("/visits", params=asked | ({"cursor": cursor} if cursor else {})).json()
        found += body["visits"]
        cursor = body["next"]
        if cursor is None:
            return found


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [UUID(row["id"]).int for row in rows]


def test_stored_then_duplicate(loaded: TestClient) -> None:
    batch = [visit(n, grid=GRIDS[n % 8]) for n in range(100, 110)]
    first = loaded.post("/visits", json=batch)
    assert first.status_code == 201
    assert {key: first.json()[key] for key in ("stored", "duplicate", "conflict", "rejected")} == {
        "stored": 10,
        "duplicate": 0,
        "conflict": 0,
        "rejected": 0,
    }
    again = loaded.post("/visits", json=batch)
    assert (again.status_code, again.json()["duplicate"], again.json()["stored"]) == (200, 10, 0)
    assert len(listed(loaded)) == 21


def test_a_mixed_batch_stores_what_is_good(loaded: TestClient) -> None:
    batch = [visit(100, grid=GRIDS[0]), visit(1, grid=GRIDS[0], note="x"), visit(101, grid=GRIDS[0], staff_no="C9"), 5]
    answer = loaded.post("/visits?lang=en", json=batch)
    assert answer.status_code == 201
    body = answer.json()
    assert [row["outcome"] for row in body["rows"]] == ["stored", "conflict", "rejected", "rejected"]
    assert [row["row"] for row in body["rows"]] == [1, 2, 3, 4]
    assert [row["field"] for row in body["rows"]] == [None, "id", "staff_no", "row"]
    assert "no cadre has the number C9" in body["rows"][2]["reason"]
    conflict = body["rows"][1]
    assert (conflict["sent"]["note"], conflict["kept"]["note"]) == ("x", None)
    assert set(conflict["sent"]) == set(conflict["kept"])
    assert len(listed(loaded)) == 12


def test_a_conflict_alone_is_409_with_both(loaded: TestClient) -> None:
    answer = loaded.post("/visits", json=[visit(5, grid=GRIDS[1], note="另一内容")])
    assert answer.status_code == 409
    body = answer.json()
    assert body["rows"][0]["sent"]["note"] == "另一内容"
    assert body["rows"][0]["kept"]["staff_no"] == "C2"
    assert body["conflict"] == 1


def test_a_full_batch(loaded: TestClient) -> None:
    batch = [visit(n, grid=GRIDS[n % 8]) for n in range(1000, 1000 + MAX_VISITS_PER_BATCH)]
    assert loaded.post("/visits", json=batch).json()["stored"] == MAX_VISITS_PER_BATCH


def test_the_same_batch_from_many_at_once(loaded: TestClient) -> None:
    batch = [visit(n, grid=GRIDS[n % 8]) for n in range(100, 150)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda turn: loaded.post("/visits", json=batch[:: (-1) ** turn]), range(8)))
    assert sorted({answer.status_code for answer in answers}) in ([200, 201], [201])
    assert sum(answer.json()["stored"] for answer in answers) == 50
    assert sum(answer.json()["duplicate"] for answer in answers) == 7 * 50


def test_more_requests_than_connections(squares_url: str, settings: Settings) -> None:
    """A request keeps its connection from thread to thread; those that wait must not hold the threads it needs."""
    few = settings.model_copy(update={"database_url": squares_url, "pool_size": 1})
    with (
        TestClient(create_app(few), raise_server_exceptions=False, headers=entry.HEADERS) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = pool.map(lambda _: client.get("/coverage?month=2025-03").status_code, range(4))
        assert set(answers) == {200}


def test_the_order_is_that_of_their_start(service: TestClient) -> None:
    assert numbers(listed(service)) == [10, 3, 1, 5, 7, 8, 9, 11, 2, 4, 6]


@pytest.mark.parametrize("limit", [1, 2, 5, 11])
def test_paging_gives_each_once(service: TestClient, limit: int) -> None:
    """Two of them start at the same moment."""
    assert numbers(listed(service, limit=limit)) == [10, 3, 1, 5, 7, 8, 9, 11, 2, 4, 6]


def test_filters(service: TestClient) -> None:
    assert numbers(listed(service, month="2025-03", limit=2)) == [1, 5, 7, 8, 9, 11, 2]
    assert numbers(listed(service, month="2025-02")) == [10, 3]
    assert numbers(listed(service, area=VILLAGES[0], month="2025-03")) == [1, 5, 2]
    assert numbers(listed(service, area=TOWNS[1])) == [10, 9]
    assert numbers(listed(service, area=GRIDS[2])) == [7]
    assert len(listed(service, area=COUNTY)) == 11
    assert numbers(listed(service, staff_no="C2")) == [5]
    assert listed(service, staff_no="nobody") == listed(service, month="2199-12") == []


def test_what_is_shown(service: TestClient) -> None:
    first = listed(service, month="2025-03")[0]
    assert first["started_at"].startswith("2025-02-28T16:00:00"), "an instant, in UTC"
    assert (first["tag"], first["town"], first["village"], first["grid"]) == (
        "inside",
        TOWNS[0],
        VILLAGES[0],
        GRIDS[0],
    )
    assert (first["lon"], first["lat"], first["frame"], first["place"]) == (
        pytest.approx(120.005),
        pytest.approx(30.005),
        "wgs84",
        "H1",
    )
