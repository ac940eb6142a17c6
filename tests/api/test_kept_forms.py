"""A session that ends while somebody types, and refusals as a page."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import kept, security
from api.app import create_app
from geo.limits import MAX_KEPT_CHARS
from geo.services import accounts
from geo.settings import Settings
from geo.storage.database import make_engine
from tests.squares import COUNTY

NAME, PASSWORD = "office", "ein-gutes-Passwort"
ORIGIN = {"origin": "http://testserver", "accept": "text/html,application/xhtml+xml"}
FORM = "/issues/0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e02/events?lang=en"
TYPED = {"note": '他说："<b>下周</b>"\n第二行 𠮷', "due_on": "2026-12-01", "empty": ""}


@pytest.fixture
def browser(loaded_url: str, settings: Settings) -> Iterator[TestClient]:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        accounts.add(session, NAME, "supervisor", county=COUNTY, scope=COUNTY, password=PASSWORD, actor="t")
    engine.dispose()
    with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers.update(ORIGIN)
        yield client


def hidden(page: Any) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


def sign_in(browser: TestClient, page: Any, password: str = PASSWORD) -> Any:
    return browser.post("/signin", data={**dict(hidden(page)), "name": NAME, "password": password})


def test_what_was_typed_outlives_the_session(browser: TestClient) -> None:
    ended = browser.post(FORM, data={**TYPED, "form_token": "of long ago"})
    assert ended.status_code == 401
    assert "What you typed is kept" in ended.text
    wrong = sign_in(browser, ended, "falsch")
    assert wrong.status_code == 401
    shown = sign_in(browser, wrong)
    assert shown.status_code == 200
    assert security.COOKIE in browser.cookies
    fields = dict(hidden(shown))
    fresh = fields.pop("form_token")
    assert {name: text.replace("\r\n", "\n") for name, text in fields.items()} == TYPED
    assert "&lt;b&gt;" in shown.text
    assert "<b>" not in shown.text
    assert f'action="{FORM}"' in shown.text
    assert security.is_form_of(browser.cookies[security.COOKIE], fresh)


def test_a_form_of_another_session_can_be_sent_in_this_one(browser: TestClient) -> None:
    sign_in(browser, browser.get("/signin"))
    shown = browser.post(FORM, data={**TYPED, "form_token": "0" * 64})
    assert shown.status_code == 403
    assert dict(hidden(shown))["due_on"] == "2026-12-01"
    again = browser.post(FORM, data=dict(hidden(shown)))
    assert again.status_code not in (401, 403)  # the token is good now


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_what_another_site_typed_is_not_kept(browser: TestClient, origin: str | None) -> None:
    sign_in(browser, browser.get("/signin"))
    browser.headers.pop("origin")
    headers = {"origin": origin} if origin else {}
    refused = browser.post(FORM, data=TYPED, headers=headers)
    assert refused.status_code == 403
    assert "2026-12-01" not in refused.text
    browser.cookies.clear()
    ended = browser.post(FORM, data=TYPED, headers=headers)
    assert ended.status_code == 401
    assert "kept" not in dict(hidden(ended))


def test_passwords_and_files_are_not_kept(browser: TestClient) -> None:
    for path in ("/account/password", "/account/tokens"):
        ended = browser.post(path, data={"old": "geheim-1", "new": "geheim-2", "label": "geheim-3"})
        assert ended.status_code == 401
        assert "geheim" not in ended.text
    sent = browser.post(FORM, data={"note": "a", "password": "geheim"}, files={"file": ("a.csv", b"geheim")})
    assert "geheim" not in sent.text
    assert json.loads(dict(hidden(sent))["kept"]) == [FORM, [["note", "a"]], ["file"]]
    shown = sign_in(browser, sent)
    assert 'type="file" name="file"' in shown.text
    assert 'enctype="multipart/form-data"' in shown.text


def test_too_much_is_not_kept(browser: TestClient) -> None:
    most = MAX_KEPT_CHARS - len(kept.Kept("/desk/x", (("note", ""),)).text())
    for length, stays in ((most, True), (most + 1, False)):
        ended = browser.post("/desk/x", data={"note": "字" * length})
        # Nothing answers there, so it is put into the field by hand.
        assert ended.status_code in (401, 404)
        text = kept.Kept("/desk/x", (("note", "字" * length),)).text()
        assert (kept.read(text) is not None) is stays


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example", "/\\evil.example", "", "/account/password"]
)
def test_a_kept_form_goes_nowhere_else(browser: TestClient, path: str) -> None:
    page = browser.get("/signin")
    data = {**dict(hidden(page)), "name": NAME, "password": PASSWORD, "kept": json.dumps([path, [["a", "b"]], []])}
    answer = browser.post("/signin", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", "[1,[],[]]", '["/a",[["b"]],[]]', '["/a",[["b",1]],[]]', "[" * 9]
)
def test_what_is_no_kept_form_is_left_out(text: str) -> None:
    assert kept.read(text) is None


def test_a_program_is_answered_as_before(browser: TestClient) -> None:
    for accept in ("*/*", "application/json"):
        answer = browser.post(FORM, data=TYPED, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        missing = browser.get("/nothing", headers={"accept": accept})
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


def test_refusals_are_pages_with_a_way_back(browser: TestClient) -> None:
    sign_in(browser, browser.get("/signin"))
    asked = {
        "/nothing": 404,
        "/issues/0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e02": 404,
        "/maps/coverage?month=2025-13": 422,
        "/maps/coverage?month=2025-03&level=nothing": 422,
        "/imports?county=999999": 404,
        "/accounts": 403,
    }
    for path, status in asked.items():
        answer = browser.get(path, headers={"referer": "http://testserver/account?lang=en"})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
        assert answer.headers["x-request-id"] in answer.text
        assert 'href="/account?lang=en"' in answer.text
        assert "content-security-policy" in answer.headers
        program = browser.get(path, headers={"accept": "application/json"}).json()
        if program["detail"] not in ("Not Found",):
            assert html.escape(program["detail"], quote=False) in html.unescape(answer.text).replace("<code>", "")
    away = browser.get("/nothing", headers={"referer": "https://evil.example/x"})
    assert "evil.example" not in away.text


def test_a_body_that_is_too_large_is_a_page_too(browser: TestClient) -> None:
    answer = browser.post("/account/tokens", data={"label": "x" * (5 << 20)})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")


def test_without_a_database_there_is_a_page(reachable_root: Any) -> None:
    away = Settings(database_url="postgresql+psycopg2://wangge@127.0.0.1:9/nothing", home=reachable_root)
    with TestClient(create_app(away), raise_server_exceptions=False, headers=ORIGIN) as client:
        client.cookies.set(security.COOKIE, "x")
        answer = client.get("/account")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "数据库没有应答" in answer.text
