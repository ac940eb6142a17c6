"""Every refusal is one problem+json with one clear message, whatever was wrong; nothing answers 500 by itself."""

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import psycopg2
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import NullPool, create_engine, make_url, text

from api import errors
from api.app import create_app
from geo import errors as facts
from geo.errors import WanggeError
from geo.limits import MAX_BODY_BYTES, MAX_VISITS_PER_BATCH
from geo.settings import Settings
from geo.storage.database import make_engine, migrate
from tests import entry
from tests.squares import GRIDS, VILLAGES
from tests.visiting import visit

GOOD = visit(500, grid=GRIDS[0])

GETS: list[tuple[str, int, str]] = [
    ("/nothing", 404, "Not Found"),
    ("/areas/990199109", 404, "990199109"),
    ("/areas/990199109/children", 404, "990199109"),
    ("/areas?area=990199109", 404, "990199109"),
    ("/areas?level=continent", 422, "level"),
    ("/areas?county=330122", 404, "330122"),
    ("/areas?limit=0", 422, "limit"),
    ("/areas?limit=1001", 422, "limit"),
    ("/areas?limit=ten", 422, "limit"),
    ("/areas?name=%00", 422, "name"),
    ("/areas?cursor=%00", 422, "cursor"),
    ("/areas?county=%00", 422, "county"),
    ("/areas/%00", 422, "code"),
    ("/areas/" + "9" * 65, 422, "code"),
    ("/areas/990199101?geometry=round", 422, "geometry"),
    ("/areas/at", 422, "lon"),
    ("/areas/at?lon=120.005", 422, "lat"),
    ("/areas/at?lon=x&lat=30", 422, "lon"),
    ("/areas/at?lon=nan&lat=30", 422, "lon=nan"),
    ("/areas/at?lon=120&lat=inf", 422, "lat=inf"),
    ("/areas/at?lon=1e999&lat=30", 422, "lon=inf"),
    ("/areas/at?lon=30.005&lat=120.005", 422, "lat=120.005"),
    ("/areas/at?lon=-180.1&lat=30", 422, "lon=-180.1"),
    ("/areas/at?lon=10&lat=10", 404, "10"),
    ("/areas/at?lon=120.005&lat=30.005&accuracy=-1", 422, "accuracy"),
    ("/areas/at?lon=120.005&lat=30.005&accuracy=nan", 422, "accuracy"),
    ("/areas/at?lon=120.005&lat=30.005&frame=mars", 422, "frame"),
    ("/coverage", 422, "month"),
    ("/coverage?month=2025-13", 422, "2025-13"),
    ("/coverage?month=March", 422, "March"),
    ("/coverage?month=2025-3", 422, "2025-3"),
    ("/coverage?month=1000-01", 422, "1000-01"),
    ("/coverage?month=2199-12", 422, "2199-12"),
    ("/coverage?month=2025-03&level=county", 422, "level"),
    ("/coverage?month=2025-03&area=990199109", 404, "990199109"),
    ("/coverage?month=2025-03&area=%00", 422, "area"),
    ("/coverage?month=2025-03&boundaries=later", 422, "boundaries"),
    ("/coverage?month=2025-03&format=pdf", 422, "format"),
    ("/coverage?month=2025-03&lang=fr", 422, "lang"),
    ("/coverage/gaps?month=2199-12", 422, "2199-12"),
    ("/coverage/gaps?month=2025-03&reason=ugly", 422, "reason"),
    ("/maps/coverage?month=2199-12", 422, "2199-12"),
    ("/maps/coverage?month=x", 422, "x"),
    ("/maps/coverage?month=2025-03&area=990199109", 404, "990199109"),
    ("/visits?month=2025-99", 422, "2025-99"),
    ("/visits?area=990199109", 404, "990199109"),
    ("/visits?cursor=rubbish", 422, "cursor"),
    ("/visits?cursor=MjAyNS0wMSB4", 422, "cursor"),
    ("/visits?cursor=%C3%A9", 422, "cursor"),
    ("/visits?staff_no=%00", 422, "staff_no"),
    ("/static/nothing.js", 404, "Not Found"),
]

POSTS: list[tuple[bytes, int, str]] = [
    (b"", 422, "body"),
    (b"{", 422, "body"),
    (b"\xff\xfe\x00", 400, ""),
    (b"{}", 422, "body"),
    (b"[]", 422, "body"),
    (b'"x"', 422, "body"),
    (b"[" * 100_000, 400, ""),
    (b"[1]", 422, "1. row"),
    (json.dumps([visit(1, grid=GRIDS[0], staff_no="C9")]).encode(), 422, "1. staff_no"),
    (json.dumps([visit(1, lon=float("nan"), lat=30)]).encode(), 422, "1. lon"),
    (json.dumps([visit(1, lon=30.005, lat=120.005)]).encode(), 422, "1. lat"),
    (json.dumps([visit(1, "2199-01-01T00:00:00", grid=GRIDS[0])]).encode(), 422, "1. started_at"),
    (json.dumps([visit(1, grid=GRIDS[0], ended_at="2025-03-10T08:00:00")]).encode(), 422, "1. ended_at"),
    (json.dumps([visit(1, grid=GRIDS[1], note="other")]).encode(), 409, "1. id"),
    (json.dumps([GOOD] * (MAX_VISITS_PER_BATCH + 1)).encode(), 413, str(MAX_VISITS_PER_BATCH)),
    (b" " * (MAX_BODY_BYTES + 1), 413, "MiB"),
]


def check(answer: Response, status: int, words: str, path: str) -> None:
    """The one shape of RFC 9457."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= set(body)
    assert (body["status"], body["instance"]) == (status, path)
    assert body["type"] == "about:blank" or body["type"].startswith("urn:wangge:problem:")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert words in body["detail"]
    assert "\n" not in body["detail"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("path", "status", "words"), GETS)
def test_what_cannot_be_asked(service: TestClient, path: str, status: int, words: str) -> None:
    answer = service.get(path)
    check(answer, status, words, unquote(path.partition("?")[0]))


@pytest.mark.parametrize(("body", "status", "words"), POSTS, ids=[words or "bytes" for _, _, words in POSTS])
def test_what_cannot_be_sent(service: TestClient, body: bytes, status: int, words: str) -> None:
    before = service.get("/visits").json()
    answer = service.post("/visits", content=body, headers={"content-type": "application/json"})
    check(answer, status, words, "/visits")
    assert service.get("/visits").json() == before, "nothing half written"


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/areas"), ("PUT", "/visits"), ("POST", "/coverage")])
def test_a_method_that_is_not_there(service: TestClient, method: str, path: str) -> None:
    answer = service.request(method, path)
    check(answer, 405, "", path)
    assert answer.headers["allow"]


def test_both_languages(service: TestClient) -> None:
    for path, status, _ in GETS:
        if status != 422 or "lang=" in path:
            continue
        chinese = service.get(path).json()
        english = service.get(path + ("&" if "?" in path else "?") + "lang=en").json()
        assert (chinese["title"], english["title"]) == ("请求有误", "Cannot be processed"), path
        assert chinese["detail"] != english["detail"], path
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in english["detail"]), path
    assert service.get("/nothing", headers={"accept-language": "en"}).json()["title"] == "没有找到"


def test_every_error_of_the_tree_has_a_status() -> None:
    def below(cls: type[WanggeError]) -> Iterator[type[WanggeError]]:
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    for cls in below(WanggeError):
        assert errors.status_of(cls.__new__(cls)) != 500, cls
    assert errors.status_of(facts.UnknownArea.__new__(facts.UnknownArea)) == 404


def test_a_body_that_comes_in_chunks_is_counted_too(service: TestClient) -> None:
    sent = itertools.repeat(b" " * 65_536, MAX_BODY_BYTES // 65_536 + 2)
    answer = service.post("/visits", content=sent, headers={"content-type": "application/json"})
    check(answer, 413, "MiB", "/visits")


def test_a_declared_length_is_refused_before_the_body_comes(service: TestClient) -> None:
    headers = {"content-type": "application/json", "content-length": str(MAX_BODY_BYTES + 1)}
    check(service.post("/visits", content=b"[]", headers=headers), 413, "MiB", "/visits")


def test_a_body_at_the_limit_is_read(service: TestClient) -> None:
    answer = service.post("/visits", content=b" " * MAX_BODY_BYTES, headers={"content-type": "application/json"})
    check(answer, 422, "body", "/visits")


def test_empty_database(client: TestClient) -> None:
    for path in ("/areas", "/visits", "/coverage?month=2025-03", "/maps/coverage", "/areas/at?lon=1&lat=1"):
        answer = client.get(path)
        check(answer, 404, "wangge boundaries load", path.partition("?")[0])
    check(client.post("/visits", json=[GOOD]), 404, "wangge boundaries load", "/visits")


def test_a_statement_that_takes_too_long(loaded_url: str, reachable_path: Path) -> None:
    settings = Settings(database_url=loaded_url, home=reachable_path, statement_timeout_ms=200, lang="en")
    engine = make_engine(loaded_url)
    with (
        TestClient(create_app(settings), raise_server_exceptions=False, headers=entry.HEADERS) as client,
        engine.begin() as holder,
    ):
        holder.execute(text("LOCK TABLE areas IN ACCESS EXCLUSIVE MODE"))
        answer = client.get("/areas")
        check(answer, 503, "took too long", "/areas")
        assert answer.json()["type"] == "urn:wangge:problem:timed-out"
        assert client.get("/healthz").status_code == 200
    engine.dispose()


@pytest.fixture
def mortal(database_url: str, template: str) -> Iterator[str]:
    """A database that a test may take away."""
    admin = create_engine(make_url(database_url).set(database="postgres"), poolclass=NullPool)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'CREATE DATABASE mortal TEMPLATE "{template}" STRATEGY FILE_COPY'))
    yield make_url(database_url).set(database="mortal").render_as_string(hide_password=False)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS mortal WITH (FORCE)"))


def test_a_database_that_is_gone(
    mortal: str, database_url: str, reachable_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(database_url=mortal, home=reachable_path, lang="en")
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=entry.HEADERS) as client:
        assert client.get("/readyz").status_code == 200
        admin = create_engine(make_url(database_url).set(database="postgres"), poolclass=NullPool)
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE mortal WITH (FORCE)"))
        with caplog.at_level(logging.INFO):
            for path in ("/readyz", "/areas", "/coverage?month=2025-03", "/maps/coverage"):
                check(client.get(path), 503, "does not answer", path.partition("?")[0])
            check(client.post("/visits", json=[GOOD]), 503, "does not answer", "/visits")
        assert client.get("/healthz").status_code == 200
    assert not any(record.exc_info for record in caplog.records)
    assert not any("\n" in record.getMessage() for record in caplog.records)


def test_a_database_that_was_never_there(reachable_path: Path) -> None:
    url = f"postgresql+psycopg2://wangge:geheim@/wangge?host={reachable_path}"
    with TestClient(create_app(Settings(database_url=url, home=reachable_path)), headers=entry.HEADERS) as client:
        answer = client.get("/areas")
        check(answer, 503, "数据库没有应答", "/areas")
        assert "geheim" not in answer.text


def test_a_database_that_is_not_migrated(fresh_url: str, reachable_path: Path) -> None:
    migrate(fresh_url, "base")
    settings = Settings(database_url=fresh_url, home=reachable_path, lang="en")
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=entry.HEADERS) as client:
        check(client.get("/readyz"), 503, "wangge db migrate", "/readyz")
        check(client.get("/areas"), 503, "wangge db migrate", "/areas")


def test_what_nobody_expected_is_logged_and_told_without_its_cause(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the inside")

    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        answer = client.get("/broken", headers={"x-request-id": "mine"})
    check(answer, 500, "", "/broken")
    assert answer.headers["x-request-id"] == "mine"
    assert "secret" not in answer.text
    logged = [record for record in caplog.records if record.exc_info and "mine" in record.getMessage()]
    assert len(logged) == 1


def test_an_error_of_the_driver_itself(settings: Settings) -> None:
    """COPY goes past SQLAlchemy, so a connection that breaks in it comes as the driver's own error."""
    app = create_app(settings)

    @app.get("/copying")
    def copying() -> None:
        raise psycopg2.OperationalError("server closed the connection")

    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        check(client.get("/copying?lang=en"), 503, "does not answer", "/copying")


def test_a_commit_that_fails_has_not_said_created(loaded: TestClient, loaded_url: str) -> None:
    """STYLE rule 5: what was answered is stored. A constraint that is only checked at the commit proves the order."""
    engine = make_engine(loaded_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE allowed (id uuid PRIMARY KEY)"))
        late = "FOREIGN KEY (id) REFERENCES allowed DEFERRABLE INITIALLY DEFERRED NOT VALID"
        connection.execute(text(f"ALTER TABLE visits ADD CONSTRAINT late {late}"))
    before = loaded.get("/visits").json()
    answer = loaded.post("/visits", json=[GOOD])
    check(answer, 500, "", "/visits")
    assert loaded.get("/visits").json() == before
    assert before["visits"][0]["village"] == VILLAGES[2]
    engine.dispose()
