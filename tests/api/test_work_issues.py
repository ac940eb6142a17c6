"""Issues in a browser: lists that are what the service says, and forms for what can happen."""

import csv
import html
import io
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.work_pages import issue as pages
from geo.analysis import issue_flow
from geo.intake import issues as issue_rows
from geo.months import Month
from geo.services import issues, sheets, standings
from geo.storage.database import make_engine
from geo.storage.queries import counties
from maps import catalogue
from tests import squares
from tests.api import work
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

PATH = "/desk/issues"
FIRST = UUID(int=900)
TITLES = ("<script>alert(1)</script> 路灯不亮", '"引号" & 㛃 𠮷', "长" * 200)


@pytest.fixture
def browser(loaded_url: str, client: TestClient) -> TestClient:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        county = counties.resolve(session, COUNTY)
        given = [{"code": f"D{n}", "name": f"单位{n}", "kind": "department"} for n in (7, 8)]
        sheets.take_whole(session, county, "organisations", enumerate(given, start=2), "organisations.csv")
        rows = [
            {"id": str(UUID(int=900 + n)), "reported_at": f"2025-03-{10 + n}T09:00:00", "category": "infrastructure"}
            | {"title": title, "lon": squares.centre(GRIDS[n])[0], "lat": squares.centre(GRIDS[n])[1]}
            | {"handler": "D7", "due_on": f"2025-03-{20 + 10 * (n % 2)}"}
            for n, title in enumerate(TITLES)
        ]
        good, refused = issue_rows.parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
        assert not refused
        issues.report(session, county, good)
    engine.dispose()
    work.account(loaded_url, "office", "supervisor")
    work.account(loaded_url, "town", "viewer", scope=TOWNS[1])
    work.sign_in(client, "office")
    return client


def listed(browser: TestClient, **query: str) -> list[dict[str, str]]:
    answer = browser.get(PATH, params={"format": "csv", "lang": "en", **query})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("standing", ["open", "overdue", "unanswered", "in_circles"])
@pytest.mark.parametrize("month", ["2025-03", "2025-04", "2025-02"])
def test_a_list_is_what_the_service_says_of_the_month(
    browser: TestClient, loaded_url: str, standing: str, month: str
) -> None:
    engine = make_engine(loaded_url)
    with Session(engine) as session:
        found = standings.open_at(session, counties.resolve(session, COUNTY), Month.parse(month))
        wanted = [one for one in found if standing == "open" or getattr(one, standing)]
        expected = [(one.record.title, str(one.waiting_days)) for one in wanted]
    engine.dispose()
    rows = listed(browser, month=month, standing=standing)
    assert [(row["Issue"], row["Days waiting"]) for row in rows] == expected
    if month == "2025-03":
        # Due on the 20th, the 30th and the 20th, seen from the 31st.
        assert len(rows) == {"open": 3, "overdue": 3, "unanswered": 3, "in_circles": 0}[standing]


def test_lists_are_filtered_sorted_and_harmless(browser: TestClient) -> None:
    page = browser.get(PATH)
    assert "<script>alert" not in page.text
    assert html.escape(TITLES[0], quote=False) in page.text
    assert len(listed(browser, standing="all", month="2025-03")) == len(TITLES)
    assert [row["Reported"] for row in listed(browser, sort="reported")] == ["2025-03-10", "2025-03-11", "2025-03-12"]
    assert listed(browser, category="petition") == []
    assert len(listed(browser, handler="D7")) == 3
    assert len(listed(browser, area=TOWNS[0])) == 3
    empty = browser.get(PATH, params={"area": TOWNS[1]})
    assert "没有这样的问题" in empty.text
    assert browser.get(PATH, params={"standing": "what"}).status_code == 422
    work.sign_in(browser, "town")
    assert listed(browser, standing="all") == listed(browser) == []


def send(browser: TestClient, page: Any, kind: str, **typed: str) -> Any:
    body = next(one for one in re.findall(r"<form .*?</form>", page.text, re.DOTALL) if f'id="event-{kind}"' in one)
    action = re.search(r'action="([^"]*)"', body)
    assert action
    return browser.post(html.unescape(action[1]), data={**work.fields(body), **typed})


def possible(page: Any) -> list[str]:
    return re.findall(r'id="event-([a-z]+)"', page.text)


def test_forms_are_for_exactly_what_can_happen(browser: TestClient) -> None:
    page = browser.get(f"{PATH}/{FIRST}")
    known = browser.get(f"/issues/{FIRST}", headers={"accept": "application/json"}).json()
    assert possible(page) == known["possible"]
    transferred = send(browser, page, "transferred", organisation="D8", due_on="2026-12-31", note="归口办理")
    assert "已记录" in transferred.text
    assert "单位8" in transferred.text
    assert "归口办理" in transferred.text
    back = send(browser, transferred, "transferred", organisation="D7")
    assert "转圈" in back.text
    replied = send(browser, back, "replied", note="<b>本周</b>修复")
    assert "&lt;b&gt;本周" in replied.text
    known = browser.get(f"/issues/{FIRST}", headers={"accept": "application/json"}).json()
    assert [one["kind"] for one in known["events"]][-3:] == ["transferred", "transferred", "replied"]
    assert possible(replied) == known["possible"]


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("transferred", {"organisation": "D7", "note": "留着"}, "已是承办单位"),
        ("transferred", {"note": "留着"}, "请写明承办单位"),
        ("extended", {"due_on": "2020-01-01", "note": "留着"}, "请写明晚于现期限的新期限"),
        ("extended", {"due_on": "gestern", "note": "留着"}, "期限："),
        ("replied", {"note": "  "}, "请写明答复内容或原因"),
        ("merged", {"into": "nothing", "note": "留着"}, "并入的问题："),
        ("merged", {"into": str(UUID(int=5)), "note": "留着"}, str(UUID(int=5))),
        ("judged", {"extent": "huge", "note": "留着"}, "性质："),
    ],
)
def test_what_cannot_be_is_said_beside_the_form(
    browser: TestClient, kind: str, typed: dict[str, str], sentence: str
) -> None:
    page = browser.get(f"{PATH}/{FIRST}")
    refused = send(browser, page, kind, **typed)
    assert refused.status_code in (404, 409, 422)
    body = next(one for one in re.findall(r"<form .*?</form>", refused.text, re.DOTALL) if f'id="event-{kind}"' in one)
    assert sentence in body
    if "note" in typed:
        assert work.fields(body)["note"] == typed["note"]
    assert len(browser.get(f"/issues/{FIRST}", headers={"accept": "application/json"}).json()["events"]) == 2


def test_sent_twice_it_happens_once(browser: TestClient) -> None:
    page = browser.get(f"{PATH}/{FIRST}")
    send(browser, page, "replied", note="本周修复")
    again = send(browser, page, "replied", note="本周修复")
    assert again.status_code == 409
    assert "本周修复</textarea>" in again.text
    assert len(browser.get(f"/issues/{FIRST}", headers={"accept": "application/json"}).json()["events"]) == 3


def test_the_form_to_assign_names_who_should_handle_it(browser: TestClient, loaded_url: str) -> None:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        county = counties.resolve(session, COUNTY)
        routes = [
            {"category": "infrastructure", "handler": "D8", "liaison": "D7"},
            {"category": "ecology", "area": VILLAGES[0], "handler": "D8"},
        ]
        sheets.take(session, county, "routes", enumerate(routes, start=2), "routes.csv")
        lon, lat = squares.centre(GRIDS[0])
        rows = [
            {
                "id": str(UUID(int=950 + n)),
                "reported_at": "2025-03-10T09:00:00",
                "category": category,
                "title": "新问题",
            }
            | {"lon": lon, "lat": lat}
            for n, category in enumerate(("infrastructure", "ecology", "party"))
        ]
        good, _ = issue_rows.parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
        issues.report(session, county, good)
    engine.dispose()
    by_county, by_village, by_none = (browser.get(f"{PATH}/{UUID(int=950 + n)}").text for n in range(3))
    assert by_county.count("按分办规则建议：由单位8承办，联络部门单位7（规则所定区域：方格县）") == 2
    assert by_village.count(f"按分办规则建议：由单位8承办（规则所定区域：village {VILLAGES[0]}）") == 2
    for page in (by_county, by_village):
        choices = re.findall(r'<option value="(D?\d?)"( selected)?>', page)
        assert choices[:2] == [("", ""), ("D8", " selected")]
    assert "按分办规则" not in by_none
    assert not re.search(r'<option value="D8" selected>', by_none)
    assert "按分办规则" not in browser.get(f"{PATH}/{FIRST}").text, "somebody handles it"


def test_who_only_reads_has_no_forms(browser: TestClient) -> None:
    page = browser.get(f"{PATH}/{FIRST}")
    work.sign_in(browser, "town")
    assert browser.get(f"{PATH}/{FIRST}").status_code == 404  # outside of what the account sees
    assert send(browser, page, "replied", note="a").status_code == 403


def test_words_are_those_of_the_flow_in_every_language() -> None:
    zh, en = (catalogue.words("issue_work", lang) for lang in ("zh-CN", "en"))
    assert {kind: zh[f"event_{kind}"] for kind in issue_flow.EVENT_KINDS} == issue_flow.EVENT_WORDS
    assert {one: zh[f"status_{one}"] for one in issue_flow.STATUSES} == issue_flow.WORDS
    assert en.keys() == zh.keys()
    assert set(pages.FIELDS) == set(issue_flow.EVENT_KINDS) - {"reported"}
