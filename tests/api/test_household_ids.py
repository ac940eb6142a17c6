"""A county that wants ids of households hashed: whoever knows them goes on using them, and nothing keeps them."""

import csv
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.app import create_app
from geo.services.household_ids import session_info
from geo.settings import Settings
from geo.storage.database import make_engine
from geo.storage.household_key import household_key
from tests import entry, squares
from tests.squares import GRIDS
from tests.visiting import take, visit

RAW: Final = "3301-0042-secret"
KEY: Final = "a key of this test"
HASH: Final = "h-" + hmac.new(KEY.encode(), RAW.encode(), hashlib.sha256).hexdigest()[:32]
PLACES: Final = (
    {"id": RAW, "kind": "household", "name": "某某家", "area": GRIDS[0]},
    {"id": "E1", "kind": "enterprise", "name": "某厂", "area": GRIDS[0]},
)


@pytest.fixture
def hashing(fresh_url: str, reachable_path: Path) -> Iterator[TestClient]:
    settings = Settings(database_url=fresh_url, home=reachable_path, household_ids="hashed", household_key=KEY)
    engine = make_engine(fresh_url)
    with Session(engine, info=session_info(household_key(settings))) as session, session.begin():
        county = squares.load(session)
        take(session, county, "places", *PLACES)
        take(session, county, "places", *PLACES)  # sent again it changes nothing
    engine.dispose()
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client


def rows(url: str, query: str) -> list[Any]:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = list(connection.execute(text(query)))
    engine.dispose()
    return found


def everything(url: str) -> str:
    """All rows of all tables, as text."""
    tables = rows(url, "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(str(rows(url, f"TABLE {name}")) for (name,) in tables)


def test_own_ids_are_understood_and_not_kept(hashing: TestClient, fresh_url: str) -> None:
    assert rows(fresh_url, "SELECT id, name FROM places ORDER BY id") == [("E1", "某厂"), (HASH, None)]
    sent = [
        visit(1, grid=GRIDS[0], place=RAW),
        visit(2, grid=GRIDS[0], place="E1"),
        visit(3, grid=GRIDS[0], place=HASH),
    ]
    for outcome in ("stored", "duplicate"):
        answer = hashing.post("/visits", json=sent)
        assert [row["outcome"] for row in answer.json()["rows"]] == [outcome] * 3
    assert rows(fresh_url, "SELECT place_id FROM visits ORDER BY id") == [(HASH,), ("E1",), (HASH,)]
    report = hashing.get("/coverage?month=2025-03&level=grid").json()
    assert {row["code"]: row["households_reached"] for row in report["areas"]}[GRIDS[0]] == 1
    corrected = hashing.patch(f"/visits/{UUID(int=2)}", json={"changes": {"place": RAW}, "reason": "另一户"})
    assert corrected.status_code == 200, corrected.text
    problem = {"reported_at": "2025-03-10T09:00:00", "category": "infrastructure", "title": "路灯不亮", "place": RAW}
    reported = hashing.post("/issues", json=[problem])
    assert reported.status_code == 201, reported.text
    assert [one["place"] for one in hashing.get(f"/issues?place={RAW}").json()["issues"]] == [HASH]
    near = hashing.get(f"/issues/similar?category=infrastructure&place={RAW}").json()
    assert [one["title"] for one in near] == ["路灯不亮"]
    assert RAW not in everything(fresh_url)
    assert "某某家" not in everything(fresh_url)


def test_an_unknown_household_is_refused_by_the_id_that_was_sent(hashing: TestClient) -> None:
    (answer,) = hashing.post("/visits?lang=en", json=[visit(1, grid=GRIDS[0], place="no such")]).json()["rows"]
    assert (answer["field"], answer["reason"]) == ("place", "no place has the id no such")


REFUSED: Final = (
    ("text/csv", f"staff_no,started_at,claimed_area,place,note\nC9,2025-03-10 09:00,{GRIDS[0]},{RAW},two rooms\n"),
    ("text/csv", f"staff_no,started_at,claimed_area,place,note\nC1,2025-03-10 09:00,{GRIDS[0]},x {RAW},a\n"),
    ("text/csv", f"staff_no,started_at,claimed_area,place,note\nC1,2025-03-10 09:00,{GRIDS[0]},a,{RAW},b\n"),
    ("application/x-ndjson", '{"staff_no": "C9"}\n{"place": "' + RAW),
    ("application/x-ndjson", json.dumps({"household": RAW, "staff_no": "C9"})),
)


@pytest.mark.parametrize(("kind", "sent"), REFUSED)
def test_refused_rows_of_a_file_keep_no_id_of_a_household(
    hashing: TestClient, fresh_url: str, kind: str, sent: str
) -> None:
    told = hashing.post("/visits/import?lang=en", content=sent, headers={"content-type": kind}).json()
    assert (told["stored"], told["done"]) == (0, told["rejected"])
    assert told["rejected"] > 0
    assert RAW not in everything(fresh_url)
    sheet = hashing.get(told["rejected_sheet"].replace("xlsx", "csv")).text
    assert RAW not in sheet
    assert "h-" in sheet


def test_a_refused_row_says_whose_it_was_and_means_the_same_when_it_is_mended(hashing: TestClient) -> None:
    _, sent = REFUSED[0]
    told = hashing.post("/visits/import", content=sent, headers={"content-type": "text/csv"}).json()
    sheet = hashing.get(told["rejected_sheet"].replace("xlsx", "csv")).text
    (row,) = csv.DictReader(sheet.removeprefix("\ufeff").splitlines())
    assert (row["staff_no"], row["note"], row["place"], row["row"]) == ("C9", "two rooms", HASH, "2")
    mended = hashing.post("/visits/import", content=sheet.replace("C9", "C1"), headers={"content-type": "text/csv"})
    assert mended.json()["stored"] == 1


def test_the_key_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", household_ids="hashed")
    key = household_key(settings)
    assert key is not None
    assert len(key) == 64
    assert household_key(settings) == key
    (file,) = settings.home.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert household_key(Settings(home=tmp_path / "other", household_ids="hashed")) != key
    assert household_key(Settings(home=tmp_path / "plain")) is None
    assert not (tmp_path / "plain").exists()
