"""Who is responsible here, over HTTP: lookups, changes without a gap, and what is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.services import sheets
from geo.space.crs import from_wgs84
from geo.storage.database import make_engine
from geo.storage.queries import assignments, counties
from geo.storage.tables import Assignment
from tests import entry
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, centre
from tests.visiting import take

DAY = "2025-03-10"
HEAD_ID = 3
"""A sheet is stored by area."""
HEAD, LINK, LEADER = (
    {"staff_no": "C1", "area": GRIDS[0], "role": "grid_head", "from": "2025-01-01"},
    {"staff_no": "C2", "area": VILLAGES[0], "role": "village_link", "from": "2025-01-01", "to": "2025-04-01"},
    {"staff_no": "C2", "area": TOWNS[0], "role": "area_leader", "from": "2025-03-01"},
)


@pytest.fixture
def staffed(loaded: TestClient, loaded_url: str) -> TestClient:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        county = counties.resolve(session, COUNTY)
        take(session, county, "assignments", HEAD, LINK, LEADER)
    engine.dispose()
    return loaded


LOOKUPS = ("/assignments/at", f"/grids/{GRIDS[0]}/assignments", "/cadres/C1/grids", "/assignments")


def at(grid: str, **more: Any) -> dict[str, Any]:
    lon, lat = centre(grid)
    return {"lon": lon, "lat": lat, "on": DAY} | more


def held(body: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["area"]["code"], [each["staff_no"] for each in one["assignments"]]) for one in body["areas"]]


# Lookups


def test_grid_then_village_then_town(staffed: TestClient) -> None:
    body = staffed.get("/assignments/at", params=at(GRIDS[0])).json()
    assert held(body) == [(GRIDS[0], ["C1"]), (VILLAGES[0], ["C2"]), (TOWNS[0], ["C2"])]
    assert (body["on"], body["boundary_version"], body["candidates"]) == (DAY, 1, [])
    head = body["areas"][0]["assignments"][0]
    assert (head["role"], head["from"], head["to"], head["name"]) == ("grid_head", "2025-01-01", None, "干部1")
    assert head["organisation_name"] == "走访办"


@pytest.mark.parametrize(
    ("on", "people"),
    [
        ("2024-12-31", [[], [], []]),
        ("2025-01-01", [["C1"], ["C2"], []]),
        ("2025-03-31", [["C1"], ["C2"], ["C2"]]),
        ("2025-04-01", [["C1"], [], ["C2"]]),
    ],
)
def test_days_are_half_open(staffed: TestClient, on: str, people: list[list[str]]) -> None:
    body = staffed.get("/assignments/at", params=at(GRIDS[0], on=on)).json()
    assert [staff for _, staff in held(body)] == people


def test_nobody_is_an_empty_list_and_nowhere_is_404(staffed: TestClient) -> None:
    body = staffed.get("/assignments/at", params=at(GRIDS[6]))
    assert body.status_code == 200
    assert [staff for _, staff in held(body.json())] == [[], [], []]
    outside = staffed.get("/assignments/at", params={"lon": 121, "lat": 31})
    assert outside.status_code == 404
    assert outside.headers["content-type"] == "application/problem+json"


def test_an_accuracy_circle_over_a_border_names_the_neighbours(staffed: TestClient) -> None:
    border = {"lon": 120.00999, "lat": 30.005, "on": DAY}
    plain = staffed.get("/assignments/at", params=border).json()
    wide = staffed.get("/assignments/at", params=border | {"accuracy": 5}).json()
    assert plain["candidates"] == []
    assert [(one["code"], one["distance_m"]) for one in wide["candidates"]] == [
        (GRIDS[0], 0.0),
        (GRIDS[2], pytest.approx(1.0, abs=0.1)),
    ]
    assert held(plain) == held(wide)


def test_a_shifted_position(staffed: TestClient) -> None:
    """GCJ-02 of the middle of the grid lies outside of it when it is read as WGS-84."""
    lon, lat = (float(value) for value in from_wgs84(*centre(GRIDS[0]), "gcj02"))
    found = staffed.get("/assignments/at", params={"lon": lon, "lat": lat, "frame": "gcj02", "on": DAY}).json()
    assert held(found)[0] == (GRIDS[0], ["C1"])


def test_many_positions_at_once_are_as_each_alone(staffed: TestClient) -> None:
    points = [dict(zip(("lon", "lat"), centre(grid), strict=True)) for grid in GRIDS] + [{"lon": 121.0, "lat": 31.0}]
    body = staffed.post("/assignments/at", json={"points": points, "on": DAY}).json()
    assert body["points"][-1] == []
    by_area: dict[str, list[str]] = {}
    for one in body["assignments"]:
        by_area.setdefault(one["area"], []).append(one["staff_no"])
    for grid, chain in zip(GRIDS, body["points"], strict=False):
        alone = staffed.get("/assignments/at", params=at(grid)).json()
        assert [(code, by_area.get(code, [])) for code in chain] == held(alone)


@pytest.mark.parametrize(
    "body",
    [
        {"points": []},
        {"points": [{"lon": 120, "lat": 30}] * 10_001},
        {"points": [{"lon": 181, "lat": 30}]},
        {"points": [{"lon": "x", "lat": 30}]},
        {"points": [{"lon": 120}]},
        {"points": [{"lon": 120, "lat": 30}], "frame": "mars"},
        {"points": [{"lon": 120, "lat": 30, "alt": 5}]},
        [],
    ],
)
def test_positions_that_are_none(service: TestClient, body: Any) -> None:
    answer = service.post("/assignments/at", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_grid_and_a_cadre(staffed: TestClient) -> None:
    assert held(staffed.get(f"/grids/{GRIDS[0]}/assignments", params={"on": DAY}).json())[0] == (GRIDS[0], ["C1"])
    body = staffed.get("/cadres/C2/grids", params={"on": "2025-01-15"}).json()
    assert [(one["area"], one["from"]) for one in body["assignments"]] == [
        (TOWNS[0], "2025-03-01"),
        (VILLAGES[0], "2025-01-01"),
    ], "what begins later is told too"
    assert staffed.get("/grids/000/assignments").status_code == 404
    assert staffed.get("/cadres/C9/grids").status_code == 404


@pytest.mark.parametrize("path", LOOKUPS)
def test_what_did_not_change_is_not_sent_again(staffed: TestClient, path: str) -> None:
    asked = at(GRIDS[0]) if path.endswith("/at") else {"on": DAY}
    first = staffed.get(path, params=asked)
    tag = first.headers["etag"]
    again = staffed.get(path, params=asked, headers={"If-None-Match": f'W/"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    staffed.patch(f"/assignments/{HEAD_ID}", json={"to": "2025-03-01"})
    changed = staffed.get(path, params=asked, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_the_list(staffed: TestClient) -> None:
    def ids(**asked: Any) -> list[int]:
        return [one["id"] for one in staffed.get("/assignments", params=asked).json()["assignments"]]

    assert ids() == [1, 2, 3]
    assert ids(cadre="C2") == [1, 2]
    assert ids(role="grid_head") == [HEAD_ID]
    assert ids(on="2025-02-01") == [2, 3]
    assert ids(area=VILLAGES[0]) == [2, 3]
    assert ids(area=GRIDS[0]) == [HEAD_ID]
    page = staffed.get("/assignments", params={"limit": 2}).json()
    assert [one["id"] for one in page["assignments"]] == [1, 2]
    assert ids(limit=2, cursor=page["next"]) == [3]
    assert staffed.get("/assignments?area=000").status_code == 404
    for bad in ("cursor=x", "cursor=cx", "limit=0", "limit=1000000000", "role=king", "changed_since=yesterday"):
        assert staffed.get(f"/assignments?{bad}").status_code == 422, bad


# Changes


def pulled(client: TestClient, cursor: str | None = None, limit: int = 100) -> tuple[list[dict[str, Any]], str]:
    """Every change from a cursor on, page by page."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": limit} | (
        {"cursor": cursor} if cursor else {"changed_since": "2000-01-01T00:00:00Z"}
    )
    while True:
        body = client.get("/assignments", params=asked).json()
        found += body["changes"]
        asked = {"limit": limit, "cursor": body["next"]}
        if not body["more"]:
            return found, body["next"]


def test_changes_are_told_once_and_in_order(staffed: TestClient) -> None:
    first, cursor = pulled(staffed)
    assert [(one["number"], one["action"], one["by"]) for one in first] == [(n, "added", "system") for n in (1, 2, 3)]
    assert pulled(staffed, cursor) == ([], cursor)
    asked = {"staff_no": "C1", "areas": [GRIDS[1]], "role": "grid_head", "from": "2025-01-01"}
    number = staffed.post("/assignments", json=asked).json()["assignments"][0]["id"]
    staffed.patch(f"/assignments/{number}", json={"to": "2025-06-01"})
    later, cursor = pulled(staffed, cursor, limit=1)
    assert [(one["number"], one["action"], one["by"], one["to"]) for one in later] == [
        (4, "added", entry.NAME, None),
        (5, "changed", entry.NAME, "2025-06-01"),
    ]
    assert pulled(staffed, cursor)[0] == []


def test_changes_since_a_moment(staffed: TestClient) -> None:
    moment = staffed.get("/assignments?changed_since=2000-01-01T00:00:00Z").json()["changes"][-1]["at"]
    staffed.patch(f"/assignments/{HEAD_ID}", json={"to": "2025-06-01"})
    found = staffed.get("/assignments", params={"changed_since": moment}).json()
    assert [one["number"] for one in found["changes"]] == [3, 4]
    none = staffed.get("/assignments", params={"changed_since": "2999-01-01T00:00:00Z"}).json()
    assert (none["changes"], none["next"], none["more"]) == ([], "c4", False)


def test_a_sheet_that_is_sent_again_changes_nothing(staffed: TestClient, loaded_url: str) -> None:
    _, cursor = pulled(staffed)
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        take(session, counties.resolve(session, COUNTY), "assignments", HEAD, LINK, LEADER)
    engine.dispose()
    assert pulled(staffed, cursor)[0] == []


WRITERS, WRITES_EACH = 8, 250
END_THE_LAST = (
    "UPDATE assignments SET to_day = from_day + 5"
    " WHERE id IN (SELECT max(id) FROM assignments WHERE role = 'full_time')"
)


def test_a_puller_misses_nothing_beside_two_thousand_writes(staffed: TestClient, loaded_url: str) -> None:
    """Eight writers add, end and give up; what was pulled meanwhile, played back, is the table."""
    engine = make_engine(loaded_url, pool_size=WRITERS + 1)
    done = threading.Event()

    def write(writer: int) -> None:
        for n in range(WRITES_EACH):
            with Session(engine) as session:
                assignments.act_as(session, f"writer {writer}")
                if n % 5 == 4:
                    session.execute(text(END_THE_LAST))
                else:
                    begin = date.fromordinal(date(2025, 1, 1).toordinal() + writer * WRITES_EACH + n)
                    assignments.add(session, COUNTY, "C1", GRIDS[writer], "full_time", begin, None)
                # One in seven is taken back, and its number with it.
                session.rollback() if n % 7 == 3 else session.commit()

    def pull() -> list[dict[str, Any]]:
        found, cursor = pulled(staffed, limit=37)
        while not done.is_set():
            more, cursor = pulled(staffed, cursor, limit=37)
            found += more
        more, _ = pulled(staffed, cursor, limit=37)
        return found + more

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        puller = pool.submit(pull)
        for writer in [pool.submit(write, number) for number in range(WRITERS)]:
            writer.result()
        done.set()
        found = puller.result()
    assert [one["number"] for one in found] == list(range(1, len(found) + 1)), "none missing, none twice"
    state: dict[int, tuple[Any, ...]] = {}
    for one in found:
        state[one["id"]] = (one["staff_no"], one["area"], one["role"], one["from"], one["to"])
    with Session(engine) as session:
        rows = session.scalars(select(Assignment)).all()
        table = {
            row.id: (row.staff_no, row.area_code, row.role, str(row.from_day), row.to_day and str(row.to_day))
            for row in rows
        }
    engine.dispose()
    assert state == table
    assert len(found) > WRITERS * WRITES_EACH * 0.8


# Writing


def test_an_assignment_of_several_areas_is_all_or_nothing(staffed: TestClient) -> None:
    asked = {"staff_no": "C2", "areas": [GRIDS[4], GRIDS[5]], "role": "grid_head", "from": "2025-05-01"}
    assert staffed.post("/assignments", json=asked).status_code == 201
    taken = staffed.post("/assignments", json=asked | {"staff_no": "C1", "areas": [GRIDS[6], GRIDS[4]]})
    assert taken.status_code == 409
    assert taken.json()["type"] == "urn:wangge:problem:head-taken"
    assert GRIDS[4] in taken.json()["detail"]
    assert staffed.get("/assignments", params={"area": GRIDS[6]}).json()["assignments"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"staff_no": "C9"}, 404),
        ({"areas": ["000"]}, 404),
        ({"areas": []}, 422),
        ({"role": "king"}, 422),
        ({"to": "2025-05-01"}, 422),
        ({"from": "soon"}, 422),
        ({"staff_no": "C\u0000"}, 422),
    ],
)
def test_assignments_that_are_refused(staffed: TestClient, change: dict[str, Any], status: int) -> None:
    asked = {"staff_no": "C2", "areas": [GRIDS[4]], "role": "full_time", "from": "2025-05-01"}
    answer = staffed.post("/assignments", json=asked | change)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_same_twice(staffed: TestClient) -> None:
    asked = {"staff_no": "C2", "areas": [GRIDS[4]], "role": "full_time", "from": "2025-05-01"}
    assert staffed.post("/assignments", json=asked).status_code == 201
    assert staffed.post("/assignments", json=asked).json()["type"] == "urn:wangge:problem:assignment-twice"


def test_an_end(staffed: TestClient) -> None:
    assert staffed.patch(f"/assignments/{HEAD_ID}", json={"to": "2025-06-01"}).json()["to"] == "2025-06-01"
    assert staffed.patch(f"/assignments/{HEAD_ID}", json={"to": "2025-01-01"}).status_code == 422
    assert staffed.patch("/assignments/99", json={"to": "2025-06-01"}).status_code == 404
    assert staffed.patch("/assignments/0", json={"to": "2025-06-01"}).status_code == 422
    # The end may not be moved into the time of the next head.
    successor = {"staff_no": "C2", "areas": [GRIDS[0]], "role": "grid_head", "from": "2025-06-01"}
    assert staffed.post("/assignments", json=successor).status_code == 201
    assert staffed.patch(f"/assignments/{HEAD_ID}", json={"to": "2025-07-01"}).status_code == 409


def test_everything_of_one_cadre_goes_to_another(staffed: TestClient) -> None:
    staffed.post(
        "/assignments", json={"staff_no": "C1", "areas": [GRIDS[3]], "role": "full_time", "from": "2025-09-01"}
    )
    staffed.post(
        "/assignments", json={"staff_no": "C1", "areas": [TOWNS[0]], "role": "area_leader", "from": "2025-01-01"}
    )
    done = staffed.post("/assignments/hand-over", json={"giver": "C1", "taker": "C2", "from": "2025-07-01"}).json()
    assert [(one["area"], one["new_id"] is None) for one in done] == [
        (TOWNS[0], True),
        (GRIDS[0], False),
        (GRIDS[3], False),
    ], "C2 leads the town already"
    mine = staffed.get("/assignments", params={"cadre": "C1", "on": "2025-07-01"}).json()["assignments"]
    assert mine == []
    theirs = staffed.get("/assignments", params={"cadre": "C2"}).json()["assignments"]
    assert {(one["area"], one["from"]) for one in theirs} >= {(GRIDS[0], "2025-07-01"), (GRIDS[3], "2025-09-01")}
    before = staffed.get("/assignments", params={"cadre": "C1", "on": "2025-06-30"}).json()["assignments"]
    assert {one["area"] for one in before} == {GRIDS[0], TOWNS[0]}


@pytest.mark.parametrize(("giver", "taker", "status"), [("C1", "C9", 404), ("C9", "C1", 404), ("C1", "C1", 422)])
def test_hand_overs_that_are_refused(staffed: TestClient, giver: str, taker: str, status: int) -> None:
    asked = {"giver": giver, "taker": taker, "from": "2025-07-01"}
    assert staffed.post("/assignments/hand-over", json=asked).status_code == status


@pytest.mark.usefixtures("staffed")
def test_the_database_keeps_one_head_whoever_writes(loaded_url: str) -> None:
    engine = make_engine(loaded_url)
    with Session(engine) as session, pytest.raises(Exception, match="one head at a time"):
        sheets.take_whole(
            session,
            counties.resolve(session, COUNTY),
            "assignments",
            [(2, HEAD | {"staff_no": "C2", "from": "2025-02-01"})],
            "a.csv",
        )
    engine.dispose()
