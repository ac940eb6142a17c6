"""What is answered from memory: the same to the byte as the endpoint, and never older than the last commit."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api import lookups
from api.app import create_app
from api.lookups import Memory
from geo.services import accounts, boundaries, boundary_plans, sheets
from geo.services.accounts import Access
from geo.services.directory import Directory
from geo.settings import Settings
from geo.storage.changes import ChangeFeed
from geo.storage.database import make_engine
from geo.storage.queries import accounts as stored
from geo.storage.queries.counties import CountyInfo
from tests import entry, squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

HELD = [
    {"staff_no": f"C{1 + number % 2}", "area": code, "role": role, "from": "2025-01-01", "to": until}
    for number, (code, role, until) in enumerate(
        [(grid, "grid_head", None) for grid in GRIDS[:6]]
        + [(GRIDS[0], "part_time", "2025-06-01"), (VILLAGES[0], "village_link", None), (TOWNS[0], "area_leader", None)]
    )
]
LON, LAT = squares.centre(GRIDS[0])
PLAIN = f"/assignments/at?lon={LON:.6f}&lat={LAT:.6f}&on=2025-03-10"


@pytest.fixture(scope="module")
def url(database_url: str, template: str) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "with_lookups", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        assert sheets.take_whole(session, county, "assignments", enumerate(HELD, start=2), "assignments.csv") == len(
            HELD
        )
        for level, code in {"county": COUNTY, "village": VILLAGES[0]}.items():
            account = accounts.add(session, f"of-{level}", "service", county=COUNTY, scope=code, actor="test")
            tomorrow = datetime.now(UTC) + timedelta(days=1)
            stored.add_token(session, account.id, "test", accounts.digest(f"wg_{level}"), tomorrow)
    engine.dispose()
    yield url
    _drop_database(url)


@pytest.fixture(scope="module")
def other(url: str) -> Iterator[Engine]:
    """Another process, for all that the service can know."""
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def asked(url: str, reachable_root: Any) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, path: str, scope: str = "county", **headers: str) -> Any:
    return client.get(path, headers={"Authorization": f"Bearer wg_{scope}", **headers})


def soon(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Statements:
    """Counts what a service asks of its database."""

    def __init__(self, client: TestClient) -> None:
        self.count = 0
        self.engine = client.app.state.sessions.kw["bind"]  # type: ignore[attr-defined]

    def __enter__(self) -> "Statements":
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, *_: object) -> None:
        self.count += 1


def from_memory(client: TestClient, path: str, scope: str = "county") -> bool:
    with Statements(client) as statements:
        ask(client, path, scope)
    return statements.count == 0


def warmed(client: TestClient, scope: str = "county") -> None:
    soon(lambda: from_memory(client, PLAIN, scope))


# the same answer


@given(
    lon=st.floats(119.995, 120.045),
    lat=st.floats(29.995, 30.025),
    frame=st.sampled_from(["", "wgs84", "cgcs2000", "gcj02", "bd09"]),
    accuracy=st.sampled_from(["", "0", "25", "600.5"]),
    day=st.dates(date(2024, 12, 25), date(2025, 7, 1)),
    scope=st.sampled_from(["county", "village"]),
)
@example(lon=120.01, lat=30.01, frame="", accuracy="", day=date(2025, 6, 1), scope="county")
@example(lon=120.0, lat=30.0, frame="", accuracy="25", day=date(2025, 5, 31), scope="village")
def test_the_same_to_the_byte(
    asked: TestClient, lon: float, lat: float, frame: str, accuracy: str, day: date, scope: str
) -> None:
    path = f"/assignments/at?lon={lon:.9f}&lat={lat:.9f}&on={day}"
    path += f"&frame={frame}" if frame else ""
    path += f"&accuracy={accuracy}" if accuracy else ""
    warmed(asked, scope)
    quick, full = ask(asked, path, scope), ask(asked, f"{path}&lang=en", scope)
    assert quick.status_code == full.status_code
    if quick.status_code == 200:
        assert quick.content == full.content
        same = ("etag", "cache-control", "content-type", "x-content-type-options", "content-security-policy")
        assert [quick.headers[name] for name in same] == [full.headers[name] for name in same]
        again = ask(asked, path, scope, **{"If-None-Match": quick.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    else:
        assert quick.json()["type"] == full.json()["type"]


@pytest.mark.parametrize(
    "more",
    ["", "&frame=gcj02", "&accuracy=30", f"&county={COUNTY}", "&frame=cgcs2000&accuracy=100.25"],
)
def test_what_is_usual_needs_no_database(asked: TestClient, more: str) -> None:
    warmed(asked)
    assert from_memory(asked, PLAIN + more)


@pytest.mark.parametrize(
    "path",
    [
        "/assignments/at?lon=120.005&lat=30.005&on=2025-13-40",
        "/assignments/at?lon=120.005&lat=30.005&on=20250310",
        "/assignments/at?lon=120.005&lat=abc",
        "/assignments/at?lon=1_0&lat=30.005",
        "/assignments/at?lon=nan&lat=30.005",
        "/assignments/at?lon=120.005&lon=120.015&lat=30.005",
        "/assignments/at?lon=120.005&lat=30.005&frame=mars",
        "/assignments/at?lon=120.005&lat=30.005&accuracy=-1",
        "/assignments/at?lon=120.005&lat=30.005&county=990198",
        "/assignments/at?lon=120.005&lat=30.005&county=",
        "/assignments/at?lat=30.005",
        "/assignments/at",
        "/assignments/at?lon=0.0000001&lat=0",
        "/assignments/at?lon=%31&lat=30",
    ],
)
def test_what_is_out_of_the_ordinary_is_answered_by_the_endpoint(asked: TestClient, path: str) -> None:
    warmed(asked)
    quick = ask(asked, path)
    full = ask(asked, path + ("&" if "?" in path else "?") + "lang=zh-CN")
    assert quick.status_code == full.status_code
    assert quick.status_code in {200, 404, 422}
    if quick.status_code != 200:
        assert {**quick.json(), "request_id": ""} == {**full.json(), "request_id": ""}


def test_today_is_the_countys_day(asked: TestClient) -> None:
    warmed(asked)
    assert from_memory(asked, PLAIN.partition("&on")[0])
    day = date.fromisoformat(ask(asked, PLAIN.partition("&on")[0]).json()["on"])
    assert abs(day - datetime.now(UTC).date()) <= timedelta(days=1)


# never older than the last commit


def heads(client: TestClient, on: str = "2025-03-10") -> set[str]:
    return {
        one["staff_no"]
        for area in ask(client, PLAIN.replace("2025-03-10", on)).json()["areas"]
        for one in area["assignments"]
        if one["role"] == "part_time"
    }


def test_what_this_service_wrote_is_there_at_once(asked: TestClient) -> None:
    for number in range(5):
        warmed(asked)
        day = f"2027-01-0{number + 1}"
        body = {"staff_no": "C2", "areas": [GRIDS[0]], "role": "part_time", "from": day, "to": f"2027-01-0{number + 2}"}
        answer = asked.post("/assignments", json=body, headers=entry.HEADERS)
        assert answer.status_code == 201, answer.text
        assert heads(asked, day) == {"C2"}


def test_what_another_process_wrote_is_there_soon(asked: TestClient, other: Engine) -> None:
    warmed(asked)
    assert ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["name"] == "干部1"
    with other.begin() as connection:
        connection.execute(text("UPDATE cadres SET name = '改名' WHERE staff_no = 'C1'"))
    soon(lambda: ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["name"] == "改名", seconds=2)
    with other.begin() as connection:
        connection.execute(text("UPDATE cadres SET name = '干部1' WHERE staff_no = 'C1'"))
    soon(lambda: ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["name"] == "干部1", seconds=2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tokens SET revoked_at = now() WHERE hash = :digest",
        "UPDATE tokens SET expires_at = now() WHERE hash = :digest",
        "DELETE FROM tokens WHERE hash = :digest",
        "UPDATE accounts SET active = false WHERE name = :name",
        "DELETE FROM accounts WHERE name = :name",
    ],
)
def test_who_may_no_longer_ask_is_refused_soon(asked: TestClient, other: Engine, statement: str) -> None:
    with Session(other) as session, session.begin():
        account = accounts.add(session, "short-lived", "viewer", county=COUNTY, actor="test")
        stored.add_token(session, account.id, "t", accounts.digest("wg_short"), datetime.now(UTC) + timedelta(days=1))
    try:
        warmed(asked, "short")
        with other.begin() as connection:
            connection.execute(text(statement), {"digest": accounts.digest("wg_short"), "name": "short-lived"})
        soon(lambda: ask(asked, PLAIN, "short").status_code == 401, seconds=2)
    finally:
        with other.begin() as connection:
            connection.execute(text("DELETE FROM accounts WHERE name = 'short-lived'"))


def test_a_token_that_expires_meanwhile_is_refused(asked: TestClient, other: Engine) -> None:
    with Session(other) as session, session.begin():
        account = accounts.add(session, "brief", "viewer", county=COUNTY, actor="test")
        until = datetime.now(UTC) + timedelta(seconds=3)
        stored.add_token(session, account.id, "t", accounts.digest("wg_brief"), until)
    warmed(asked, "brief")
    assert ask(asked, PLAIN, "brief").status_code == 200
    soon(lambda: datetime.now(UTC) > until)
    assert ask(asked, PLAIN, "brief").status_code == 401


def test_a_lost_connection_is_noticed_and_made_anew(asked: TestClient, other: Engine) -> None:
    """While nothing is heard nothing is answered from memory; then all of it is read again."""
    warmed(asked)
    listening = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%changes'"
    )
    with other.begin() as connection:
        pids = connection.execute(text(listening)).scalars().all()
        assert len(pids) == 1
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pids[0]})
        connection.execute(text("UPDATE cadres SET post = '书记' WHERE staff_no = 'C1'"))
    soon(lambda: ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["post"] == "书记", seconds=2)
    warmed(asked)
    assert ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["post"] == "书记"


def test_a_new_version_is_seen(asked: TestClient, other: Engine) -> None:
    warmed(asked)
    with Session(other) as session, session.begin():
        staged = boundaries.stage(session, boundary_plans.plan(session, *squares.layers(), county_name="方格县"))
        boundaries.activate(session, COUNTY, staged.version, from_day=date(2026, 6, 1))
    soon(lambda: ask(asked, PLAIN).json()["boundary_version"] == staged.version, seconds=5)
    warmed(asked)
    assert ask(asked, PLAIN).json()["boundary_version"] == staged.version


def test_what_was_read_before_a_change_is_not_kept_after_it(asked: TestClient, other: Engine) -> None:
    """Readers and a writer at once: when it is quiet again, memory and database agree."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with other.begin() as connection:
                connection.execute(text("UPDATE cadres SET post = :post WHERE staff_no = 'C1'"), {"post": f"{number}"})
            time.sleep(0.003)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            assert ask(asked, PLAIN).status_code == 200
    finally:
        stop.set()
        writer.join()
    with other.connect() as connection:
        last = connection.execute(text("SELECT post FROM cadres WHERE staff_no = 'C1'")).scalar_one()
    soon(lambda: ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["post"] == last, seconds=2)
    warmed(asked)
    assert ask(asked, PLAIN).json()["areas"][0]["assignments"][0]["post"] == last


# between a reading and a change, step by step


ACCESS = Access(1, "somebody", "viewer", None, None)


@pytest.fixture
def memory(asked: TestClient) -> Memory:
    """That of the service, at a moment when it has its directory."""
    warmed(asked)
    found: Memory = asked.app.state.memory  # type: ignore[attr-defined]
    return found


def test_a_directory_that_was_read_before_a_change_is_not_kept(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def changed_meanwhile(session: Session, county: CountyInfo) -> Directory:
        made.append(Directory(session, county))
        if len(made) == 1:
            memory.forget()
        return made[-1]

    memory.forget()
    monkeypatch.setattr(lookups, "Directory", changed_meanwhile)
    soon(lambda: (memory.want(COUNTY), memory.directory(COUNTY, ACCESS) is not None)[1])
    assert len(made) > 1
    assert memory.directory(COUNTY, ACCESS) is not made[0]


def test_a_directory_that_cannot_be_made_is_made_later(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails_at_first(session: Session, county: CountyInfo) -> Directory:
        tried.append(county)
        if len(tried) == 1:
            raise OperationalError("SELECT 1", {}, Exception("lost"))
        return Directory(session, county)

    memory.forget()
    monkeypatch.setattr(lookups, "Directory", fails_at_first)
    soon(lambda: (memory.want(COUNTY), memory.directory(COUNTY, ACCESS) is not None)[1])
    assert len(tried) == 2


def test_nothing_is_relied_on_when_listening_has_ended(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even by a mistake of ours: what would be stale for ever is asked of the database instead."""
    feed = ChangeFeed(memory._feed._url, memory.forget, lambda: None)
    monkeypatch.setattr(feed, "_listen", lambda _ear: {}["a mistake"])
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    feed.live = True
    before = memory.generation
    feed.start()
    soon(lambda: not feed.live)
    assert memory.generation > before
    feed.stop()


def test_a_token_that_was_read_before_a_change_is_not_kept(memory: Memory) -> None:
    read_at = memory.generation
    memory.remember("Bearer one", ACCESS, read_at=read_at)
    assert memory.who("Bearer one") == ACCESS
    memory.forget()
    memory.remember("Bearer two", ACCESS, read_at=read_at)
    assert (memory.who("Bearer one"), memory.who("Bearer two")) == (None, None)


def test_a_token_is_looked_up_again_after_a_minute(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.remember("Bearer one", ACCESS, read_at=memory.generation)
    later = time.monotonic() + 61
    monkeypatch.setattr(lookups.time, "monotonic", lambda: later)
    assert memory.who("Bearer one") is None


def test_an_answer_of_a_directory_that_is_gone_is_not_kept(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = memory.directory(COUNTY, ACCESS)
    assert directory is not None
    full = directory.responsible
    monkeypatch.setattr(directory, "responsible", lambda *given: (memory.forget(), full(*given))[1])
    assert memory.areas(directory, GRIDS[0], date(2025, 3, 10), ACCESS)
    assert memory._answers == {}


def test_what_this_service_wrote_need_not_be_told(asked: TestClient, memory: Memory) -> None:
    """The notice of the database comes a moment after the commit, and the next question may be sooner."""
    heard, memory._feed._heard = memory._feed._heard, lambda: None
    try:
        warmed(asked)
        body = {"staff_no": "C2", "areas": [GRIDS[0]], "role": "part_time", "from": "2027-02-01", "to": "2027-02-02"}
        assert asked.post("/assignments", json=body, headers=entry.HEADERS).status_code == 201
        assert heads(asked, "2027-02-01") == {"C2"}
    finally:
        memory._feed._heard = heard
        memory.forget()
