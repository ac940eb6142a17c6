"""Sign-in, the account page, and what keeps other sites and guesses out."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import headers, security
from api.app import create_app
from geo.services import accounts
from geo.settings import Settings
from geo.storage.database import make_engine
from tests.squares import COUNTY, TOWNS

NAME, PASSWORD = "office", "ein-gutes-Passwort"
SPACE = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@pytest.fixture
def browser(loaded_url: str, settings: Settings) -> Iterator[TestClient]:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        accounts.add(session, NAME, "supervisor", county=COUNTY, scope=TOWNS[0], password=PASSWORD, actor="t")
    engine.dispose()
    with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        yield client


def form_token(page: Any) -> str:
    found = SPACE.search(page.text)
    assert found, page.text
    return found[1]


def sign_in(browser: TestClient, name: str = NAME, password: str = PASSWORD, **more: str) -> Any:
    page = browser.get("/signin", params={"next": more.get("next", "/")})
    return browser.post("/signin", data={"name": name, "password": password, "form_token": form_token(page), **more})


def test_a_page_leads_to_the_sign_in_and_back(browser: TestClient) -> None:
    first = browser.get("/maps/coverage?month=2025-03&level=grid")
    assert first.status_code == 303
    page = browser.get(first.headers["location"])
    goal = re.search(r'name="next" value="([^"]+)"', page.text)
    assert goal
    data = {"name": NAME, "password": PASSWORD, "form_token": form_token(page), "next": goal[1].replace("&amp;", "&")}
    back = browser.post("/signin", data=data)
    assert (back.status_code, back.headers["location"]) == (303, "/maps/coverage?month=2025-03&level=grid")
    assert browser.get(back.headers["location"]).status_code == 200
    assert browser.get("/signin?next=/account").headers["location"] == "/account"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: TestClient) -> None:
    cookie = next(one for one in sign_in(browser).headers.get_list("set-cookie") if security.COOKIE in one)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # plain HTTP on this machine


def test_behind_tls_the_cookie_never_leaves_it(browser: TestClient) -> None:
    browser.base_url = "https://testserver"  # type: ignore[assignment]
    assert all("Secure" in one for one in sign_in(browser).headers.get_list("set-cookie") if "Max-Age=0" not in one)


@pytest.mark.parametrize(
    "goal", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/\tx"]
)
def test_nobody_is_led_to_another_host(browser: TestClient, goal: str) -> None:
    assert sign_in(browser, next=goal).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_say_the_same(browser: TestClient) -> None:
    answers = [sign_in(browser, name, "falsch") for name in (NAME, "nobody")]
    texts = {SPACE.sub("", one.text).replace(NAME, "").replace("nobody", "") for one in answers}
    assert len(texts) == 1
    assert {one.status_code for one in answers} == {401}
    assert "账号或密码不对" in answers[0].text
    assert all("falsch" not in one.text for one in answers)
    assert not browser.cookies.get(security.COOKIE)


@pytest.mark.parametrize("name", [NAME, "nobody"])
def test_guesses_have_to_wait(browser: TestClient, name: str) -> None:
    answers = [sign_in(browser, name, "falsch").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    page = sign_in(browser, name)
    assert page.status_code == 429
    assert 1 <= int(page.headers["retry-after"]) <= 30
    assert f"{page.headers['retry-after']} 秒" in page.text


def test_another_site_cannot_sign_somebody_in(browser: TestClient) -> None:
    assert browser.post("/signin", data={"name": NAME, "password": PASSWORD, "form_token": "0" * 64}).status_code == 400
    page = browser.get("/signin")
    browser.cookies.clear()
    again = browser.post("/signin", data={"name": NAME, "password": PASSWORD, "form_token": form_token(page)})
    assert again.status_code == 400
    assert f'value="{NAME}"' in again.text
    assert PASSWORD not in again.text


def test_a_session_changes_nothing_without_its_form(browser: TestClient) -> None:
    sign_in(browser)
    body = {"staff_no": "C1", "areas": [TOWNS[0]], "role": "area_leader", "from": "2026-01-01"}
    for token in (None, "", "0" * 64):
        more = {security.FORM_HEADER: token} if token is not None else {}
        assert browser.post("/assignments", json=body, headers=more).status_code == 403
    mine = form_token(browser.get("/account"))
    assert browser.post("/assignments", json=body, headers={security.FORM_HEADER: mine}).status_code == 201
    assert browser.post("/signout", data={"form_token": "0" * 64}).status_code == 403
    assert browser.get("/account").status_code == 200
    assert browser.post("/signout", data={"form_token": mine}).headers["location"] == "/signin"
    assert browser.get("/account").status_code == 303


def test_a_token_is_shown_once_and_works(browser: TestClient) -> None:
    sign_in(browser)
    mine = form_token(browser.get("/account"))
    made = browser.post("/account/tokens", data={"label": "<b>GIS</b>", "days": "30", "form_token": mine})
    secret = re.search(r"wg_[\w-]+", made.text)
    assert secret
    page = browser.get("/account")
    assert secret[0] not in page.text
    assert "&lt;b&gt;GIS&lt;/b&gt;" in page.text
    bearer = {"Authorization": f"Bearer {secret[0]}"}
    me = browser.get("/me", headers=bearer).json()
    assert (me["name"], me["role"], me["scope"]) == (NAME, "supervisor", TOWNS[0])
    # A token makes no other tokens, and does not change the password.
    more = {"label": "x", "days": "1"}
    browser.cookies.clear()
    assert browser.post("/account/tokens", data=more, headers=bearer).status_code == 403
    change = browser.post("/account/password", data={"old": PASSWORD, "new": "something-else"}, headers=bearer)
    assert change.status_code == 403
    sign_in(browser)
    mine = form_token(browser.get("/account"))
    number = re.search(r"/account/tokens/(\d+)/revoke", page.text)
    assert number
    browser.post(f"/account/tokens/{number[1]}/revoke", data={"form_token": mine})
    assert browser.get("/me", headers={**bearer, "accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("days", ["0", "367", "-1"])
def test_a_token_for_no_time_or_for_ever_is_refused_on_the_page(browser: TestClient, days: str) -> None:
    sign_in(browser)
    mine = form_token(browser.get("/account"))
    page = browser.post("/account/tokens", data={"label": "x", "days": days, "form_token": mine})
    assert page.status_code == 200
    assert "366" in page.text
    assert "wg_" not in page.text


def test_another_password(browser: TestClient) -> None:
    sign_in(browser)
    elsewhere = browser.cookies[security.COOKIE]
    sign_in_again = TestClient(browser.app, follow_redirects=False)
    sign_in_again.headers["accept"] = "text/html"
    sign_in(sign_in_again)
    mine = form_token(sign_in_again.get("/account"))
    wrong = sign_in_again.post("/account/password", data={"old": "falsch", "new": "x" * 12, "form_token": mine})
    assert "账号或密码不对" in wrong.text
    short = sign_in_again.post("/account/password", data={"old": PASSWORD, "new": "kurz", "form_token": mine})
    assert "10 to 200" in short.text
    done = sign_in_again.post("/account/password", data={"old": PASSWORD, "new": "Neues-Passwort", "form_token": mine})
    assert "密码已修改" in done.text
    assert sign_in_again.get("/account").status_code == 200
    browser.cookies.set(security.COOKIE, elsewhere)
    assert browser.get("/account").status_code == 303
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, password="Neues-Passwort").status_code == 303


@pytest.mark.parametrize("cookie", ["x", "wangge_session=", "wangge_session=;;", 'wangge_session="\\x'])
def test_a_cookie_of_nobody(browser: TestClient, cookie: str) -> None:
    browser.headers["accept"] = "*/*"
    assert browser.get("/me", headers={"cookie": cookie}).status_code == 401


@pytest.mark.parametrize("header", ["Basic !", "Basic " + "eA==", "Digest x", "Bearer", "", "Basic dGVzdHM6Zm9v"])
def test_headers_of_nobody(browser: TestClient, header: str) -> None:
    browser.headers["accept"] = "*/*"
    assert browser.get("/me", headers={"authorization": header}).status_code == 401


@pytest.mark.parametrize("field", ["name", "password", "form_token", "next", "lang"])
@pytest.mark.parametrize("value", ["", "\x00", "é\u4e00", "😀" * 300, "' OR 1=1 --", "\r\nSet-Cookie: a=b"])
def test_no_form_is_too_odd_to_be_answered(browser: TestClient, field: str, value: str) -> None:
    page = browser.get("/signin")
    data = {"name": NAME, "password": "falsch", "form_token": form_token(page), "next": "/", "lang": "en"}
    answer = browser.post("/signin", data=data | {field: value})
    assert answer.status_code in {400, 401, 422}, answer.text
    assert "a" not in answer.cookies


@pytest.mark.parametrize("token", ["é", "\xff", "0" * 10_000])
def test_no_header_is_too_odd_to_be_answered(browser: TestClient, token: str) -> None:
    sign_in(browser)
    sent = {security.FORM_HEADER.encode(): token.encode("latin-1")}
    answer = browser.post("/assignments/hand-over", json={}, headers=sent)
    assert answer.status_code == 403
    for name in (b"authorization", b"cookie"):
        odd = browser.get("/me", headers={name: b"Bearer " + token.encode("latin-1"), b"accept": b"*/*"})
        assert odd.status_code == 401


# headers


@pytest.mark.parametrize("path", ["/signin", "/healthz", "/me", "/nowhere", "/static/wangge.css", "/docs"])
def test_every_answer_keeps_the_browser_on_its_guard(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'self'"


def test_a_map_runs_its_own_scripts_and_no_others(browser: TestClient) -> None:
    sign_in(browser)
    page = browser.get("/maps/coverage?month=2025-03")
    policy = page.headers["content-security-policy"]
    assert policy.count("'sha256-") == len(re.findall("<script>", page.text)) == 1
    assert "http" not in policy


def test_tiles_of_a_basemap_may_be_fetched() -> None:
    page = headers.page("<p>", basemap="https://{s}.tiles.example:8443/{z}/{x}/{y}.png")
    assert "img-src 'self' data: https://*.tiles.example:8443;" in page.headers["content-security-policy"]


def test_the_log_holds_no_secret(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sign_in(browser, password="falsches-Wort")
    sign_in(browser)
    mine = form_token(browser.get("/account"))
    made = browser.post("/account/tokens", data={"label": "gis", "days": "1", "form_token": mine})
    token = re.search(r"wg_[\w-]+", made.text)
    assert token
    browser.get("/me", headers={"Authorization": f"Bearer {token[0]}"})
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "/account/tokens" in said
    for secret in (PASSWORD, "falsches-Wort", token[0], browser.cookies[security.COOKIE], mine):
        assert secret not in said
