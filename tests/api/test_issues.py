"""Issues over HTTP: reported, followed, counted, pulled; and what each role may see and do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.analysis.issue_flow import replay
from geo.services import accounts
from geo.storage.database import make_engine
from geo.storage.queries import counties, issue_writing, issues
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES
from tests.visiting import take

LON, LAT = squares.centre(GRIDS[0])


def issue(number: int, **fields: Any) -> dict[str, Any]:
    row = {"id": str(UUID(int=number)), "reported_at": "2025-03-10T09:00:00", "category": "infrastructure"}
    return {**row, "title": "路灯不亮", "lon": LON, "lat": LAT, **fields}


def report(client: TestClient, *rows: dict[str, Any], **headers: str) -> Any:
    return client.post("/issues?lang=en", json=list(rows), headers=headers)


def happen(client: TestClient, number: int, kind: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"kind": kind, **fields}
    return client.post(f"/issues/{UUID(int=number)}/events?lang=en", json=body, headers=headers)


@pytest.fixture
def county(loaded: TestClient, loaded_url: str) -> TestClient:
    """Organisations D1 and D2, limits and routes."""
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        info = counties.resolve(session, COUNTY)
        take(session, info, "organisations", {"code": "D2", "name": "交通局", "kind": "department"})
        take(session, info, "limits", {"category": "基建", "days": "15"}, {"category": "petition", "days": "5"})
        take(
            session,
            info,
            "routes",
            {"category": "infrastructure", "handler": "D2", "liaison": "D1"},
            {"category": "infrastructure", "area": VILLAGES[0], "handler": "D1"},
        )
    engine.dispose()
    return loaded


def token(url: str, name: str, role: accounts.Role, *, scope: str | None = None, staff_no: str | None = None) -> Any:
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        made = accounts.add(session, name, role, county=COUNTY, scope=scope, staff_no=staff_no, actor="test")
        secret = accounts.make_token(session, made, "test", days=1, actor="test")[1]
    engine.dispose()
    return {"Authorization": f"Bearer {secret}"}


# reporting


def test_a_zero_that_a_spreadsheet_took_is_asked_about(county: TestClient, loaded_url: str) -> None:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        info = counties.resolve(session, COUNTY)
        take(session, info, "organisations", {"code": "0007", "name": "水务局", "kind": "department"})
        take(session, info, "places", {"id": "00033", "kind": "project", "area": GRIDS[0]})
    engine.dispose()
    answer = report(county, issue(1, handler="7"), issue(2, liaison="07"), issue(3, place="33"), issue(4, handler="8"))
    reasons = {row["field"] + str(row["row"]): row["reason"] for row in answer.json()["rows"]}
    assert "is it 0007?" in reasons["handler1"]
    assert "is it 0007?" in reasons["liaison2"]
    assert "is it 00033?" in reasons["place3"]
    assert reasons["handler4"] == "no organisation has the code 8"


def test_a_report_is_tagged_dated_and_told_who_handles_it(county: TestClient) -> None:
    answer = report(county, issue(1), issue(2, lon=120.035, lat=30.005, category="生态", title=" 河道有垃圾 "))
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["rows"]
    assert first["proposal"] == {"handler": "D1", "name": "走访办", "liaison": None}
    assert first["possible"] == ["assigned", "replied", "resolved", "merged", "judged"]
    assert second["proposal"] is None
    stored = county.get(f"/issues/{UUID(int=1)}").json()
    assert (stored["grid"], stored["village"], stored["tag"]) == (GRIDS[0], VILLAGES[0], "inside")
    assert (stored["due_on"], stored["status"], stored["overdue"]) == ("2025-03-25", "reported", True)
    other = county.get(f"/issues/{UUID(int=2)}").json()
    assert (other["category"], other["title"], other["due_on"]) == ("ecology", "河道有垃圾", None)
    assert county.get(f"/issues/{UUID(int=3)}").status_code == 404


def test_the_route_of_the_county_is_for_the_rest(county: TestClient) -> None:
    lon, lat = squares.centre(GRIDS[6])
    (row,) = report(county, issue(1, lon=lon, lat=lat)).json()["rows"]
    assert row["proposal"] == {"handler": "D2", "name": "交通局", "liaison": "D1"}


def test_who_should_handle_it_is_told_until_somebody_does(county: TestClient) -> None:
    (row,) = report(county, issue(1)).json()["rows"]
    assert county.get(f"/issues/{UUID(int=1)}").json()["proposal"] == row["proposal"]
    assert happen(county, 1, "replied", note="已记下").json()["proposal"] == row["proposal"]
    assert happen(county, 1, "assigned", organisation="D2").json()["proposal"] is None


def test_sent_twice_stored_once_and_other_content_is_a_conflict(county: TestClient) -> None:
    assert report(county, issue(1)).status_code == 201
    again = report(county, issue(1))
    assert (again.status_code, again.json()["duplicate"]) == (200, 1)
    other = report(county, issue(1, title="路灯亮了"))
    assert other.status_code == 409
    (row,) = other.json()["rows"]
    assert (row["outcome"], row["sent"]["title"], row["kept"]["title"]) == ("conflict", "路灯亮了", "路灯不亮")
    assert happen(county, 1, "replied", note="已派人").status_code == 201
    assert report(county, issue(1)).json()["duplicate"] == 1, "what became of it is no other content"
    made = report(county, issue(9, id=None), issue(9, id=None)).json()
    assert (made["stored"], made["duplicate"]) == (1, 1)


def test_another_handler_or_last_day_is_other_content(county: TestClient) -> None:
    report(county, issue(1, handler="D1", due_on="2025-06-01"), issue(2))
    (given,) = report(county, issue(1, handler="D2", due_on="2025-07-01")).json()["rows"]
    assert given["outcome"] == "conflict"
    assert "(handler, due_on)" in given["reason"]
    assert [(given[at]["handler"], given[at]["due_on"]) for at in ("sent", "kept")] == [
        ("D2", "2025-07-01"),
        ("D1", "2025-06-01"),
    ]
    assert report(county, issue(1, due_on="2025-06-01")).json()["conflict"] == 1
    assert report(county, issue(2, handler="D1"), issue(2, due_on="2025-06-01")).json()["conflict"] == 2
    happen(county, 1, "transferred", organisation="D2", due_on="2099-01-01")
    happen(county, 2, "assigned", organisation="D1", due_on="2099-01-01")
    again = report(county, issue(1, handler="D1", due_on="2025-06-01"), issue(2))
    assert again.json()["duplicate"] == 2, "what became of it since is no other content"
    together = report(county, issue(3, handler="D1"), issue(3, handler="D1"), issue(3, handler="D2")).json()
    assert [row["outcome"] for row in together["rows"]] == ["stored", "duplicate", "conflict"]


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"category": "roads"}, "category", "must be one of"),
    ({"title": " "}, "title", "is needed"),
    ({"title": "x" * 201}, "title", "longer than 200"),
    ({"title": "a\nb"}, "title", "control characters"),
    ({"detail": "x" * 4001}, "detail", "longer than 4000"),
    ({"reported_at": "2199-01-01T00:00:00"}, "reported_at", "future"),
    ({"due_on": "2025-03-09"}, "due_on", "before the day"),
    ({"reported_at": "2025-03-09T20:00:00Z", "due_on": "2025-03-09"}, "due_on", "before the day"),
    ({"lon": None}, "lon", "together"),
    ({"lon": None, "lat": None}, "claimed_area", "needs the area"),
    ({"lon": 0, "lat": 0}, "lat", "same number"),
    ({"lon": None, "lat": None, "claimed_area": "990199999"}, "claimed_area", "has the code 990199999"),
    ({"place": "H9"}, "place", "no place has the id H9"),
    ({"visit": str(UUID(int=999))}, "visit", "no visit has the id"),
    ({"handler": "D9"}, "handler", "no organisation has the code D9"),
    ({"liaison": "D9"}, "liaison", "no organisation has the code D9"),
    ({"colour": "red"}, "colour", "not a column"),
]


def test_a_bad_row_rejects_itself(county: TestClient) -> None:
    rows = [issue(1), *(issue(10 + at) | fields for at, (fields, _, _) in enumerate(BAD))]
    answer = report(county, *rows)
    assert answer.status_code == 201
    good, *bad = answer.json()["rows"]
    assert good["outcome"] == "stored"
    for row, (fields, field, words) in zip(bad, BAD, strict=True):
        assert (row["outcome"], row["field"]) == ("rejected", field), fields
        assert words in row["reason"], fields
    assert len(county.get("/issues").json()["issues"]) == 1


def test_what_is_known_need_not_be_typed_again(county: TestClient) -> None:
    """The position of the visit, else that of the place."""
    visit = str(UUID(int=1))  # in grid 0, at household H1
    there = county.get(f"/visits/{visit}").json()
    assert report(county, issue(1, lon=None, lat=None, visit=visit)).status_code == 201
    found = county.get(f"/issues/{UUID(int=1)}").json()
    assert (found["lon"], found["lat"], found["place"], found["grid"]) == (there["lon"], there["lat"], "H1", GRIDS[0])
    assert report(county, issue(2, lon=None, lat=None, place="H2")).status_code == 201
    assert county.get(f"/issues/{UUID(int=2)}").json()["grid"] == GRIDS[1]
    assert county.get(f"/issues/{UUID(int=2)}").json()["tag"] == "unlocated"


def test_possible_duplicates_are_offered(county: TestClient) -> None:
    metre = 1 / 111_195
    report(county, issue(1), issue(2, lat=LAT + 300 * metre), issue(3, category="ecology"))
    report(county, issue(4, lat=LAT + 5_000 * metre, lon=LON - 0.02, place="H1"))
    (row,) = report(county, issue(5, lat=LAT + 200 * metre, place="H1")).json()["rows"]
    assert [UUID(one["id"]).int for one in row["similar"]] == [2, 1, 4]
    assert row["similar"][0]["metres"] == pytest.approx(100, abs=1)
    assert row["similar"][1]["metres"] == pytest.approx(200, abs=2)
    asked = {"category": "infrastructure", "lon": LON, "lat": LAT}
    near = county.get("/issues/similar", params=asked).json()
    assert [UUID(one["id"]).int for one in near] == [1, 5]
    happen(county, 1, "resolved")
    assert [UUID(one["id"]).int for one in county.get("/issues/similar", params=asked).json()] == [5]
    assert county.get("/issues/similar?category=infrastructure&lon=120").status_code == 422


def test_earlier_rows_of_a_batch_are_offered_too(county: TestClient) -> None:
    far = 5_000 / 111_195
    answer = report(
        county,
        issue(1),
        issue(2),
        issue(3, category="ecology"),
        issue(4, lat=LAT + far, place="H1"),
        issue(5, place="H1"),
        issue(5, place="H1"),
    )
    similar = [{UUID(one["id"]).int for one in row["similar"]} for row in answer.json()["rows"]]
    assert similar == [set(), {1}, set(), set(), {1, 2, 4}, set()]


# what happens to them


def test_from_report_to_close(county: TestClient, loaded_url: str) -> None:
    report(county, issue(1))
    refused = happen(county, 1, "closed")
    assert refused.status_code == 409
    assert "possible now: assigned, replied, resolved, merged, judged" in refused.json()["detail"]
    for kind, fields in (
        ("assigned", {"organisation": "D1"}),
        ("transferred", {"organisation": "D2"}),
        ("transferred", {"organisation": "D1"}),
        ("accepted", {}),
        ("extended", {"note": "等材料", "due_on": "2099-01-01"}),
        ("replied", {"note": "下周更换"}),
        ("resolved", {}),
        ("confirmed", {}),
        ("closed", {}),
    ):
        answer = happen(county, 1, kind, **fields)
        assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["status"], told["handler"], told["transfers"], told["in_circles"]) == ("closed", "D1", 2, True)
    assert told["possible"] == ["reopened", "judged"]
    assert [one["number"] for one in told["events"]] == list(range(1, 11))
    assert {one["actor"] for one in told["events"]} == {told["entered_by"]}
    engine = make_engine(loaded_url)
    with Session(engine) as session:
        kept = issues.events(session, COUNTY, [UUID(int=1)])[UUID(int=1)]
        state = replay(one.event for one in kept)
        stored = issues.get(session, COUNTY, UUID(int=1))
        assert state is not None
        assert stored is not None
        columns = issue_writing.columns_of(state)
        assert columns == {name: getattr(stored, name) for name in columns}
    engine.dispose()


@pytest.mark.parametrize("statement", ["UPDATE issue_events SET note = 'x'", "DELETE FROM issue_events"])
def test_events_are_only_added_to(county: TestClient, loaded_url: str, statement: str) -> None:
    report(county, issue(1))
    engine = make_engine(loaded_url)
    with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_what_an_event_names_must_be_there(county: TestClient) -> None:
    report(county, issue(1), issue(2))
    assert happen(county, 1, "assigned", organisation="D9").status_code == 404
    assert happen(county, 1, "assigned").status_code == 409
    assert happen(county, 1, "merged", into=str(UUID(int=99))).status_code == 404
    assert happen(county, 1, "merged", into=str(UUID(int=1))).status_code == 422
    assert happen(county, 99, "replied", note="x").status_code == 404
    assert happen(county, 1, "lost").status_code == 422
    later = (datetime.now(UTC) + timedelta(days=31)).isoformat()
    assert happen(county, 1, "resolved", at=later).status_code == 422
    assert happen(county, 1, "resolved", at="2025-03-09T00:00:00Z").status_code == 409
    merged = happen(county, 1, "merged", into=str(UUID(int=2)))
    assert (merged.status_code, merged.json()["merged_into"]) == (201, str(UUID(int=2)))
    assert happen(county, 2, "merged", into=str(UUID(int=1))).status_code == 422
    assert county.get("/issues/counts").json()["categories"][0]["issues"] == 1


def test_who_may_say_what(county: TestClient, loaded_url: str) -> None:
    """C1 is of D1: it accepts and answers what D1 handles, and nothing else."""
    cadre = token(loaded_url, "wang", "cadre", staff_no="C1")
    report(county, issue(1))
    assert happen(county, 1, "replied", cadre, note="x").status_code == 403
    assert happen(county, 1, "assigned", cadre, organisation="D1").status_code == 403
    happen(county, 1, "assigned", organisation="D2")
    assert happen(county, 1, "accepted", cadre).status_code == 403
    happen(county, 1, "transferred", organisation="D1")
    shown = county.get(f"/issues/{UUID(int=1)}", headers=cadre).json()
    assert shown["possible"] == ["accepted", "replied"]
    assert happen(county, 1, "accepted", cadre).status_code == 201
    assert happen(county, 1, "transferred", cadre, organisation="D2").status_code == 403
    assert happen(county, 1, "resolved", cadre).status_code == 201
    assert happen(county, 1, "closed", cadre).status_code == 403
    viewer = token(loaded_url, "guest", "viewer")
    assert happen(county, 1, "replied", viewer, note="x").status_code == 403
    assert county.get(f"/issues/{UUID(int=1)}", headers=viewer).json()["possible"] == []


# lists


def test_lists_filter_page_and_export(county: TestClient) -> None:
    rows = [issue(n, reported_at=f"2025-03-{n:02}T09:00:00") for n in range(1, 8)]
    rows[6] |= {"category": "ecology", "reported_at": "2025-04-01T00:00:00", "handler": "D2"}
    report(county, *rows)
    happen(county, 1, "replied", note="x")
    happen(county, 2, "resolved")

    def numbers(query: str) -> list[int]:
        found = county.get(f"/issues?{query}").json()
        return [UUID(one["id"]).int for one in found["issues"]]

    assert numbers("") == [7, 6, 5, 4, 3, 2, 1]
    assert numbers("category=ecology") == [7]
    assert numbers("month=2025-03") == [6, 5, 4, 3, 2, 1]
    assert numbers("answered=true") == [1]
    assert numbers("answered=false&open=true&month=2025-03") == [6, 5, 4, 3]
    assert numbers("overdue=true") == [6, 5, 4, 3, 1]
    assert numbers("handler=D2") == [7]
    assert numbers("status=resolved") == [2]
    assert numbers(f"area={GRIDS[0]}") == numbers(f"area={TOWNS[0]}") == numbers(f"area={COUNTY}")
    assert numbers(f"area={GRIDS[1]}") == []
    page, seen, cursor = None, [], ""
    while page is None or page["more"]:
        page = county.get(f"/issues?limit=3{cursor}").json()
        seen += [UUID(one["id"]).int for one in page["issues"]]
        cursor = f"&cursor={page['next']}"
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert page["next"] is None
    sheet = county.get("/issues?format=csv").text.splitlines()
    assert len(sheet) == 8
    assert "waiting_days" in sheet[0]
    counts = {one["category"]: one for one in county.get("/issues/counts?month=2025-03").json()["categories"]}
    assert counts["infrastructure"] == {
        "category": "infrastructure",
        "issues": 6,
        "is_open": 5,
        "overdue": 5,
        "answered": 1,
        "in_circles": 0,
        "answered_share": 0.1667,
    }


def test_waiting_days_are_those_of_the_county(county: TestClient) -> None:
    report(county, issue(1, reported_at="2025-03-10T23:30:00"))
    happen(county, 1, "resolved", at="2025-03-10T17:00:00Z")  # the 11th in the county
    assert county.get(f"/issues/{UUID(int=1)}").json()["waiting_days"] == 1


def test_changes_are_pulled(county: TestClient) -> None:
    report(county, issue(1), issue(2))
    first = county.get("/issues?changed_since=2000-01-01T00:00:00Z&limit=1").json()
    assert ([UUID(one["id"]).int for one in first["issues"]], first["more"]) == ([1], True)
    second = county.get(f"/issues?cursor={first['next']}").json()
    assert ([UUID(one["id"]).int for one in second["issues"]], second["more"]) == ([2], False)
    nothing = county.get(f"/issues?cursor={second['next']}").json()
    assert (nothing["issues"], nothing["next"]) == ([], second["next"])
    happen(county, 1, "resolved")
    changed = county.get(f"/issues?cursor={second['next']}").json()["issues"]
    assert [(UUID(one["id"]).int, one["status"]) for one in changed] == [(1, "resolved")]
    assert county.get("/issues?cursor=cX").status_code == 422
    assert county.get("/issues?cursor=zzz").status_code == 422


# who sees what


def test_petitions_are_for_supervisors_and_who_entered_them(county: TestClient, loaded_url: str) -> None:
    cadre, viewer = token(loaded_url, "wang", "cadre", staff_no="C1"), token(loaded_url, "guest", "viewer")
    supervisor = token(loaded_url, "li", "supervisor", scope=TOWNS[0])
    report(county, issue(1, category="petition"), issue(2))
    assert report(county, issue(3, category="petition"), **cadre).status_code == 201

    def seen(headers: dict[str, str]) -> list[int]:
        found = county.get("/issues", headers=headers).json()["issues"]
        return sorted(UUID(one["id"]).int for one in found)

    assert seen(viewer) == [2]
    assert seen(cadre) == [2, 3]
    assert seen(supervisor) == [1, 2, 3]
    assert county.get(f"/issues/{UUID(int=1)}", headers=viewer).status_code == 404
    assert county.get(f"/issues/{UUID(int=1)}", headers=cadre).status_code == 404
    assert report(county, issue(1, category="petition", title="别的"), **cadre).json()["conflict"] == 1
    assert "路灯不亮" not in report(county, issue(1, title="别的"), **cadre).text
    few = county.get("/issues/counts", headers=viewer).json()["categories"]
    assert {one["category"]: one["issues"] for one in few} == {"infrastructure": 1, "petition": None}
    report(county, issue(4, category="petition"))
    several = county.get("/issues/counts", headers=viewer).json()["categories"]
    assert {one["category"]: one["issues"] for one in several} == {"infrastructure": 1, "petition": 3}
    assert county.get("/issues/counts", headers=supervisor).json() == county.get("/issues/counts").json()


def test_scopes(county: TestClient, loaded_url: str) -> None:
    lon, lat = squares.centre(GRIDS[6])
    elsewhere = token(loaded_url, "li", "supervisor", scope=TOWNS[1])
    report(county, issue(1), issue(2, lon=lon, lat=lat))
    found = county.get("/issues", headers=elsewhere).json()["issues"]
    assert [UUID(one["id"]).int for one in found] == [2]
    assert happen(county, 1, "resolved", elsewhere).status_code == 404
    assert happen(county, 2, "merged", elsewhere, into=str(UUID(int=1))).status_code == 404
    outside = report(county, issue(3), **elsewhere)
    assert outside.status_code == 422
    assert f"not within {TOWNS[1]}" in outside.json()["rows"][0]["reason"]


def test_households_are_for_those_who_see_detail(county: TestClient, loaded_url: str) -> None:
    viewer = token(loaded_url, "guest", "viewer")
    report(county, issue(1, place="H1", detail="某户"), issue(2, place="E1", detail="某企业"))
    found = {UUID(one["id"]).int: one for one in county.get("/issues", headers=viewer).json()["issues"]}
    assert (found[1]["place"], found[1]["detail"]) == (None, None)
    assert (found[2]["place"], found[2]["detail"]) == ("E1", "某企业")
    assert county.get(f"/issues/{UUID(int=1)}", headers=viewer).json()["detail"] is None
    assert county.get(f"/issues/{UUID(int=1)}").json()["detail"] == "某户"
