"""Visits corrected, withdrawn, restored and pulled; what each leaves behind, and who may."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests import squares
from tests.api.test_issues import token
from tests.squares import GRIDS, TOWNS, VILLAGES
from tests.visiting import visit

LON, LAT = squares.centre(GRIDS[0])
METRE = 1 / 111_195


def at(number: int) -> str:
    return f"/visits/{UUID(int=number)}"


def correct(client: TestClient, number: int, changes: dict[str, Any], **headers: str) -> Any:
    return client.patch(at(number) + "?lang=en", json={"changes": changes, "reason": "写错了"}, headers=headers)


def counted(client: TestClient, month: str = "2025-03") -> dict[str, int]:
    rows = client.get(f"/coverage?month={month}&level=grid").json()["areas"]
    return {one["code"]: one["visits"] for one in rows if one["visits"]}


def test_a_correction_is_tagged_anew_and_keeps_what_was_said(loaded: TestClient) -> None:
    before = loaded.get(at(1)).json()
    lon, lat = squares.centre(GRIDS[5])
    answer = correct(loaded, 1, {"lon": lon, "lat": lat, "note": "改到下一个网格"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["grid"], answer.json()["note"]) == (GRIDS[5], "改到下一个网格")
    (change,) = loaded.get(at(1) + "/history").json()
    assert (change["action"], change["reason"], change["number"]) == ("corrected", "写错了", 1)
    assert {name: change["before"][name] for name in ("note", "place")} == {"note": None, "place": before["place"]}
    assert [change["before"][name] for name in ("lon", "lat")] == pytest.approx(
        [before["lon"], before["lat"]], abs=1e-9
    )
    assert counted(loaded)[GRIDS[5]] == 1
    assert counted(loaded)[GRIDS[0]] == 1, "visits 1 and 2 were there"


def test_the_frame_of_a_correction_is_its_own(loaded: TestClient) -> None:
    row = visit(50, lon=LON, lat=LAT, frame="gcj02")
    loaded.post("/visits", json=[row])
    stored = loaded.get(at(50)).json()
    assert correct(loaded, 50, {"note": "只改备注"}).status_code == 200
    again = loaded.get(at(50)).json()
    assert (again["lon"], again["lat"], again["frame"]) == (stored["lon"], stored["lat"], "gcj02")
    moved = correct(loaded, 50, {"lon": LON, "lat": LAT}).json()
    assert (moved["lon"], moved["lat"], moved["frame"]) == (LON, LAT, "wgs84")


@pytest.mark.parametrize("frame", ["gcj02", "bd09", "wgs84"])
def test_the_frame_that_a_visit_has_moves_nothing(loaded: TestClient, frame: str) -> None:
    loaded.post("/visits", json=[visit(50, lon=LON, lat=LAT, frame=frame)])
    stored = loaded.get(at(50)).json()
    again = correct(loaded, 50, {"frame": frame, "note": "坐标系没有错"}).json()
    assert [again[name] for name in ("lon", "lat", "frame")] == [stored[name] for name in ("lon", "lat", "frame")]


def test_another_frame_reads_the_position_as_it_was_given(loaded: TestClient) -> None:
    loaded.post("/visits", json=[visit(50, lon=LON, lat=LAT, frame="wgs84"), visit(51, lon=LON, lat=LAT, frame="bd09")])
    for frame in ("gcj02", "bd09"):
        read = correct(loaded, 50, {"frame": frame}).json()
        assert read["frame"] == frame
    meant = loaded.get(at(51)).json()
    assert [read["lon"], read["lat"]] == pytest.approx([meant["lon"], meant["lat"]], abs=1e-8)
    back = correct(loaded, 50, {"frame": None}).json()
    assert [back["lon"], back["lat"]] == pytest.approx([LON, LAT], abs=1e-8)
    assert back["frame"] == "wgs84"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lat": 91}, "lat: must be between"),
        ({"staff_no": "C9"}, "staff_no: no cadre"),
        ({"place": "H99"}, "place: no place"),
        ({"colour": "red"}, "colour: is not a column"),
        ({"id": str(UUID(int=2))}, "id: stays as it is"),
        ({"lon": None, "lat": None}, "claimed_area: a visit without"),
        ({"started_at": "2199-01-01T00:00:00"}, "started_at: the visit starts in the future"),
    ],
)
def test_a_correction_that_cannot_be(loaded: TestClient, changes: dict[str, Any], said: str) -> None:
    before = loaded.get(at(1)).json()
    answer = correct(loaded, 1, changes)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert loaded.get(at(1)).json() == before
    assert loaded.get(at(1) + "/history").json() == []


def test_a_visit_that_is_withdrawn_counts_nowhere_and_can_come_back(loaded: TestClient) -> None:
    counts = counted(loaded)
    gone = loaded.post(at(1) + "/withdrawal", json={"reason": "记错了人"})
    assert gone.status_code == 200
    assert gone.json()["withdrawn_at"] is not None
    assert counted(loaded) == {**counts, GRIDS[0]: counts[GRIDS[0]] - 1}
    assert str(UUID(int=1)) not in {one["id"] for one in loaded.get("/visits?limit=1000").json()["visits"]}
    assert loaded.get(at(1)).status_code == 200
    assert correct(loaded, 1, {"note": "x"}).status_code == 409
    again = loaded.post(at(1) + "/withdrawal", json={"reason": "再撤一次"})
    assert again.json()["withdrawn_at"] == gone.json()["withdrawn_at"]
    assert loaded.post(at(1) + "/restoration", json={"reason": "没有记错"}).json()["withdrawn_at"] is None
    assert counted(loaded) == counts
    actions = [one["action"] for one in loaded.get(at(1) + "/history").json()]
    assert actions == ["withdrawn", "restored"]
    assert loaded.post(at(1) + "/withdrawal", json={"reason": " "}).status_code == 422


def test_a_row_that_is_sent_again_after_its_correction_is_a_duplicate(loaded: TestClient) -> None:
    row = visit(51, grid=GRIDS[0], note="原话")
    loaded.post("/visits", json=[row])
    correct(loaded, 51, {"note": "改过的话"})
    again = loaded.post("/visits", json=[row]).json()
    assert again["rows"][0]["outcome"] == "duplicate"
    assert loaded.get(at(51)).json()["note"] == "改过的话"
    other = loaded.post("/visits", json=[row | {"note": "第三种"}]).json()
    assert other["rows"][0]["kept"]["note"] == "改过的话"


def test_who_may_change_what(loaded: TestClient, loaded_url: str) -> None:
    mine = token(loaded_url, "wang", "cadre", staff_no="C1")
    another = token(loaded_url, "zhao", "cadre", staff_no="C2")
    system = token(loaded_url, "other", "service")
    supervisor = token(loaded_url, "li", "supervisor", scope=TOWNS[0])
    elsewhere = token(loaded_url, "zhou", "supervisor", scope=TOWNS[1])
    assert correct(loaded, 1, {"note": "a"}, **mine).status_code == 200
    assert correct(loaded, 1, {"staff_no": "C2"}, **mine).status_code == 422
    assert correct(loaded, 1, {"note": "b"}, **another).status_code == 403
    assert correct(loaded, 1, {"note": "b"}, **system).status_code == 403
    loaded.post("/visits", json=[visit(52, grid=GRIDS[0], staff_no="C2")], headers=system)
    assert correct(loaded, 52, {"note": "c"}, **system).status_code == 200
    assert correct(loaded, 1, {"note": "d"}, **supervisor).status_code == 200
    assert correct(loaded, 1, {"note": "e"}, **elsewhere).status_code == 404
    lon, lat = squares.centre(GRIDS[7])
    assert correct(loaded, 1, {"lon": lon, "lat": lat}, **supervisor).status_code == 422
    for reader in (mine, supervisor):
        actors = [one["actor"] for one in loaded.get(at(1) + "/history", headers=reader).json()]
        assert actors == ["wang", "li"]
    assert [loaded.get(at(52) + "/history", headers=one).status_code for one in (system, another)] == [200, 200]
    assert [loaded.get(at(1) + "/history", headers=one).status_code for one in (system, another)] == [403, 403]
    assert loaded.get(at(1) + "/history", headers=elsewhere).status_code == 404


def test_what_looks_odd_is_told_to_who_entered_it(loaded: TestClient, loaded_url: str) -> None:
    mine = token(loaded_url, "wang", "cadre", staff_no="C1")
    row = visit(53, grid=GRIDS[0], claimed_area=GRIDS[7], accuracy_m=10)
    (answer,) = loaded.post("/visits", json=[row], headers=mine).json()["rows"]
    assert answer["flags"] == ["claim_contradicts", "far_from_claim"]
    assert loaded.get(at(53), headers=mine).json()["flags"] == ["claim_contradicts", "far_from_claim"]
    assert loaded.get(at(53)).json()["flags"] is None
    assert "flags" not in loaded.get("/visits?limit=1").json()["visits"][0]
    cleared = correct(loaded, 53, {"claimed_area": GRIDS[0]}, **mine).json()
    assert cleared["flags"] == []


def test_candidates_near_a_border(loaded: TestClient, loaded_url: str) -> None:
    """Four metres west of the border between grids 1 and 3 (villages 0 and 1), known to twelve."""
    lon, lat = 120.01 - 4 * METRE / 0.866, 30.015
    row = visit(54, lon=lon, lat=lat, accuracy_m=12, claimed_area=GRIDS[3])
    loaded.post("/visits", json=[row, visit(55, lon=lon, lat=lat, accuracy_m=3)])
    found = loaded.get(at(54)).json()
    assert (found["tag"], found["grid"]) == ("near_border", GRIDS[3])
    assert [one["code"] for one in found["candidates"]] == [GRIDS[1], GRIDS[3]]
    assert found["candidates"][0]["distance_m"] == 0
    assert found["candidates"][1]["distance_m"] == pytest.approx(4, abs=0.2)
    precise = loaded.get(at(55)).json()
    assert (precise["tag"], precise["grid"], len(precise["candidates"])) == ("inside", GRIDS[1], 1)
    scoped = token(loaded_url, "li", "supervisor", scope=VILLAGES[1])
    assert [one["code"] for one in loaded.get(at(54), headers=scoped).json()["candidates"]] == [GRIDS[3]]


def test_visits_are_pulled_by_change(loaded: TestClient) -> None:
    seen: dict[str, dict[str, Any]] = {}
    page = loaded.get("/visits?changed_since=2000-01-01T00:00:00Z&limit=4").json()
    while True:
        seen |= {one["id"]: one for one in page["visits"]}
        if not page["more"]:
            break
        page = loaded.get(f"/visits?limit=4&cursor={page['next']}").json()
    assert len(seen) == 11
    cursor = page["next"]
    assert loaded.get(f"/visits?cursor={cursor}").json()["visits"] == []
    loaded.post(at(1) + "/withdrawal", json={"reason": "记错了人"})
    correct(loaded, 2, {"note": "x"})
    changed = loaded.get(f"/visits?cursor={cursor}").json()["visits"]
    assert [(UUID(one["id"]).int, one["withdrawn_at"] is not None) for one in changed] == [(1, True), (2, False)]
    assert loaded.get("/visits?changed_since=2199-01-01T00:00:00Z").json()["visits"] == []


def test_what_is_not_there(loaded: TestClient) -> None:
    for path in (at(999), at(999) + "/history"):
        assert loaded.get(path).status_code == 404
    assert correct(loaded, 999, {"note": "x"}).status_code == 404
    assert loaded.post(at(999) + "/withdrawal", json={"reason": "x"}).status_code == 404
