"""The forms of the list pages: they change one thing, say what is wrong beside its field, and are for those who may."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from geo.months import Month
from geo.services import accounts, coverage, sheets
from geo.settings import Settings
from geo.storage.database import make_engine
from geo.storage.queries import accounts as stored
from geo.storage.queries import assignments, counties
from geo.storage.queries import coverage as coverage_queries
from geo.storage.queries import planning as planning_queries
from tests import entry
from tests.reading import column, field_errors, texts, tree, values, writing
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

HEAD: Final = {"staff_no": "C1", "areas": GRIDS[0], "role": "grid_head", "begin": "2025-01-01", "end": ""}
PASSWORD: Final = "ein-gutes-Passwort"


@pytest.fixture
def stored_now(loaded_url: str) -> Iterator[Session]:
    """The database of ``loaded``, to be asked once a request has committed."""
    engine = make_engine(loaded_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_an_area_is_given_and_the_list_says_so(loaded: TestClient, stored_now: Session) -> None:
    answer = loaded.post("/desk/assignments/give", data=HEAD, follow_redirects=False)
    assert answer.status_code == 303
    page = tree(loaded.get(answer.headers["location"]))
    assert texts(page, "//p[@role='status']") == ["已分派。"]
    assert column(page, "代码") == [GRIDS[0]]
    assert [one.actor for one in assignments.history(stored_now, COUNTY, area=GRIDS[0], staff_no=None)] == [entry.NAME]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"staff_no": ""}, "staff_no", "必须填写"),
        ({"staff_no": "C99"}, "staff_no", "C99"),
        ({"areas": ""}, "areas", "必须填写"),
        ({"areas": f"{GRIDS[0]} 999"}, "areas", "999"),
        ({"begin": ""}, "begin", "必须填写"),
        ({"begin": "1.3.2025"}, "begin", "2026-11-01"),
        ({"begin": "2025-02-30"}, "begin", "2026-11-01"),
        ({"end": "2025-01-01"}, "end", "2025-01-01"),
        ({"role": "king"}, "role", "列表"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    loaded: TestClient, change: dict[str, str], field: str, said: str
) -> None:
    typed = HEAD | change
    page = tree(loaded.post("/desk/assignments/give", data=typed, follow_redirects=False), 422)
    wrong = field_errors(page)
    assert list(wrong) == [field]
    assert said in wrong[field]
    assert texts(page, "//p[@role='alert']")
    assert {name: text for name, text in values(page).items() if name in typed}.items() <= typed.items()
    assert column(tree(loaded.get("/desk/assignments")), "代码") == []


def test_all_that_is_wrong_is_told_at_once(loaded: TestClient) -> None:
    typed = HEAD | {"staff_no": "C99", "areas": "999", "begin": "soon"}
    wrong = field_errors(tree(loaded.post("/desk/assignments/give", data=typed, follow_redirects=False), 422))
    assert set(wrong) == {"staff_no", "areas", "begin"}
    name = tree(loaded.get("/desk/assignments")).xpath("string(//h1/*[@class='place'])")
    assert name != COUNTY
    assert wrong["staff_no"] == f"{name} 没有工号为 C99 的干部"
    typed = {"code": "999", "reason": "", "by": "", "on": "never"}
    answer = loaded.post("/desk/exclusions/exclude", data=typed, follow_redirects=False)
    assert set(field_errors(tree(answer, 422))) == {"code", "reason", "by", "on"}
    typed = {"giver": "C98", "taker": "C99", "areas": "", "day": ""}
    answer = loaded.post("/desk/assignments/hand-over", data=typed, follow_redirects=False)
    assert set(field_errors(tree(answer, 422))) == {"giver", "taker", "day"}


def test_a_second_head_is_refused_beside_the_area_and_nothing_is_half_written(
    loaded: TestClient, stored_now: Session
) -> None:
    loaded.post("/desk/assignments/give", data=HEAD | {"areas": GRIDS[1]})
    second = HEAD | {"staff_no": "C2", "areas": f"{GRIDS[0]}，{GRIDS[1]}"}  # written in this order
    page = tree(loaded.post("/desk/assignments/give", data=second, follow_redirects=False), 422)
    said = field_errors(page)["areas"]
    (held,) = assignments.all_of(stored_now, COUNTY)
    assert f"{GRIDS[1]} 自 2025-01-01 起已有网格长：{held.name} C1" in said
    assert "Key" not in said
    assert f"/desk/assignments/{held.id}/end?" in page.xpath("//a[text()='结束原来的分工']/@href")[0]
    assert column(tree(loaded.get("/desk/assignments?on=2025-03-01")), "代码") == [GRIDS[1]]


def test_an_assignment_is_ended(loaded: TestClient, stored_now: Session) -> None:
    loaded.post("/desk/assignments/give", data=HEAD)
    (one,) = assignments.all_of(stored_now, COUNTY)
    page = tree(loaded.post(f"/desk/assignments/{one.id}/end", data={"day": "2025-01-01"}), 422)
    assert "2025-01-01" in field_errors(page)["day"]
    answer = loaded.post(f"/desk/assignments/{one.id}/end", data={"day": "2025-02-01"}, follow_redirects=False)
    assert (answer.status_code, "said=ended" in answer.headers["location"]) == (303, True)
    stored_now.rollback()
    assert [one.to_day for one in assignments.all_of(stored_now, COUNTY)] == [date(2025, 2, 1)]


def test_handing_over_asks_before_it_does(loaded: TestClient, stored_now: Session) -> None:
    loaded.post("/desk/assignments/give", data=HEAD | {"areas": f"{GRIDS[0]} {GRIDS[1]}"})
    asked = {"giver": "C1", "taker": "C2", "areas": GRIDS[1], "day": "2025-02-01"}
    page = tree(loaded.post("/desk/assignments/hand-over", data=asked))
    assert len(texts(page, "//ul[@class='moves']/li")) == 1
    assert GRIDS[1] in texts(page, "//ul[@class='moves']/li")[0]
    assert {one.staff_no for one in assignments.all_of(stored_now, COUNTY)} == {"C1"}
    again = values(page)
    assert {name: again[name] for name in asked} == asked
    back = tree(loaded.post("/desk/assignments/hand-over", data=again | {"step": "back"}))
    assert {name: values(back)[name] for name in asked} == asked
    answer = loaded.post("/desk/assignments/hand-over", data=again | {"step": "confirm"}, follow_redirects=False)
    assert (answer.status_code, "said=handed" in answer.headers["location"]) == (303, True)
    stored_now.rollback()
    now = [one for one in assignments.all_of(stored_now, COUNTY) if one.holds_on(date(2025, 2, 1))]
    held = {(one.area, one.staff_no) for one in now}
    assert held == {(GRIDS[0], "C1"), (GRIDS[1], "C2")}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"taker": "C99"}, "taker"),
        ({"taker": "C1"}, "taker"),
        ({"giver": "C2", "taker": "C1"}, "giver"),
        ({"areas": GRIDS[5]}, "areas"),
        ({"day": "tomorrow"}, "day"),
    ],
)
def test_what_cannot_be_handed_over_is_said(loaded: TestClient, change: dict[str, str], field: str) -> None:
    loaded.post("/desk/assignments/give", data=HEAD)
    asked = {"giver": "C1", "taker": "C2", "areas": "", "day": "2025-02-01"} | change
    page = tree(loaded.post("/desk/assignments/hand-over", data=asked, follow_redirects=False), 422)
    assert list(field_errors(page)) == [field]


# rules and exclusions


def test_a_rule_is_changed_and_logged(loaded: TestClient, stored_now: Session) -> None:
    page = tree(loaded.get("/desk/rules"))
    assert column(page, "要求") == ["每月 1 次（未设置时的默认值）"] * 6
    to = "/desk/rules/visits?level=grid&tier=key"
    both = {"visits_per_month": "2", "every_days": "10"}
    refused = tree(loaded.post(to, data=both), 422)
    assert "只能填一个" in field_errors(refused)["visits_per_month"]
    assert {name: values(refused)[name] for name in both} == both
    assert field_errors(tree(loaded.post(to, data={"visits_per_month": "-1"}), 422))
    answer = loaded.post(to, data={"visits_per_month": "", "every_days": "10"}, follow_redirects=False)
    assert answer.status_code == 303
    page = tree(loaded.get(answer.headers["location"]))
    assert texts(page, "//p[@role='status']") == ["走访要求已保存。"]
    assert column(page, "要求")[4] == "每 10 天 1 次"
    (rule,) = coverage_queries.rules(stored_now, COUNTY, "grid")
    assert (rule.tier, rule.visits_per_month, rule.every_days) == ("key", None, 10)
    assert stored.log(stored_now, 1)[0][1:3] == (entry.NAME, "rules changed")


def test_limits_and_routes_are_changed(loaded: TestClient) -> None:
    assert loaded.post("/desk/rules/limits?category=ecology", data={"days": "0"}).status_code == 422
    page = tree(loaded.post("/desk/rules/limits?category=ecology", data={"days": "12"}))
    assert "12 天" in column(page, "办理天数")
    route = {"category": "ecology", "area": TOWNS[0], "handler": "D1", "liaison": ""}
    assert "area" in field_errors(tree(loaded.post("/desk/rules/routes", data=route | {"area": "999"}), 422))
    assert "handler" in field_errors(tree(loaded.post("/desk/rules/routes", data=route | {"handler": ""}), 422))
    page = tree(loaded.post("/desk/rules/routes", data=route))
    assert (column(page, "区域"), column(page, "承办单位")) == ([f"town {TOWNS[0]} {TOWNS[0]}"], ["走访办"])


EXCLUDED = {"code": GRIDS[0], "reason": "整体搬迁", "by": "王办", "on": "2025-02-03"}


def counts(page: Any) -> list[tuple[int, ...]]:
    said = texts(page, "//ul[@class='counted']/li")
    return [tuple(int(one) for one in re.findall(r" (\d+) 个", text)) for text in said]


def test_an_area_is_left_out_and_counts_again(loaded: TestClient, stored_now: Session) -> None:
    assert counts(tree(loaded.get("/desk/exclusions"))) == [(2, 0, 2), (4, 0, 4), (8, 0, 8)]
    loaded.post("/desk/exclusions/make-key", data={"code": GRIDS[0], "reason": "汛期"})
    page = tree(loaded.post("/desk/exclusions/exclude", data=EXCLUDED))
    assert counts(page) == [(2, 0, 2), (4, 0, 4), (8, 1, 7)]
    assert column(page, "情况") == ["不计入 重点"]
    assert [column(page, title) for title in ("原因", "经手人", "日期")] == [["整体搬迁"], ["王办"], ["2025-02-03"]]
    again = tree(loaded.post("/desk/exclusions/exclude", data=EXCLUDED), 422)
    assert "整体搬迁" in field_errors(again)["code"]
    march = loaded.get("/coverage?month=2025-03&level=grid").json()
    assert next(one for one in march["areas"] if one["code"] == GRIDS[0])["status"] == "excluded"
    page = tree(loaded.post("/desk/exclusions/include", data={"code": GRIDS[0], "reason": "已回迁"}))
    assert (counts(page)[2], column(page, "情况")) == ((8, 0, 8), ["重点"])
    page = tree(loaded.post("/desk/exclusions/make-ordinary", data={"code": GRIDS[0], "reason": "汛期结束"}))
    assert "没有不计入的区域" in texts(page, "//p[@class='list-empty']")[0]
    logged = [(actor, action) for _, actor, action, _ in stored.log(stored_now, 4)]
    assert logged == [
        (entry.NAME, action) for action in ("area made ordinary", "area included", "area excluded", "area made key")
    ]
    assert "整体搬迁" in stored.log(stored_now, 3)[2][3]


@pytest.mark.parametrize("field", ["code", "reason", "by", "on"])
def test_an_exclusion_needs_its_area_reason_person_and_day(loaded: TestClient, field: str) -> None:
    page = tree(loaded.post("/desk/exclusions/exclude", data=EXCLUDED | {field: " "}), 422)
    assert list(field_errors(page)) == [field]
    assert {name: values(page)[name] for name in EXCLUDED if name != field} == {
        name: value for name, value in EXCLUDED.items() if name != field
    }


def test_a_reason_that_is_too_long_or_an_area_that_is_not_there(loaded: TestClient, stored_now: Session) -> None:
    to = "/desk/exclusions/exclude"
    assert "reason" in field_errors(tree(loaded.post(to, data=EXCLUDED | {"reason": "长" * 150}), 422))
    assert "999" in field_errors(tree(loaded.post(to, data=EXCLUDED | {"code": "999"}), 422))["code"]
    assert loaded.post(to, data=EXCLUDED | {"code": COUNTY}).status_code == 422
    county = counties.resolve(stored_now, COUNTY)
    version = coverage.version_for(stored_now, county, Month(2025, 3), "now")
    assert planning_queries.settings(stored_now, version) == []


# who may


@pytest.fixture
def signed_in(loaded_url: str, settings: Settings) -> Iterator[dict[str, TestClient]]:
    """A browser each of a supervisor of a town, a cadre of a village, and a planner of the county."""
    roles: Mapping[str, tuple[Any, str]] = {
        "town": ("supervisor", TOWNS[0]), "village": ("cadre", VILLAGES[0]), "county": ("planner", COUNTY),
    }  # fmt: skip
    with writing(loaded_url) as session:
        county = counties.resolve(session, COUNTY)
        held = [
            {"staff_no": "C1", "area": code, "role": "grid_head", "from": "2025-01-01"} for code in (GRIDS[0], GRIDS[7])
        ]
        sheets.take_whole(session, county, "assignments", enumerate(held, start=2), "a.csv")
        for name, (role, scope) in roles.items():
            staff_no = "C1" if role == "cadre" else None
            accounts.add(
                session, name, role, county=COUNTY, scope=scope, staff_no=staff_no, password=PASSWORD, actor="t"
            )
    made = {}
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False):
        for name in roles:
            browser = TestClient(app, raise_server_exceptions=False, headers={"accept": "text/html"})
            page = browser.get("/signin")
            token = re.findall(r'name="form_token" value="([0-9a-f]{64})"', page.text)[0]
            data = {"name": name, "password": PASSWORD, "form_token": token, "next": "/account"}
            assert browser.post("/signin", data=data).status_code == 200
            made[name] = browser
        yield made


def test_a_part_of_the_county_is_all_that_is_seen(signed_in: dict[str, TestClient]) -> None:
    paths = [f"/desk/gaps?month=2025-03&level=grid&show=all{form}" for form in ("", "&format=csv", "&whole=true")] + [
        f"/desk/assignments?on=2025-03-10&tab={tab}" for tab in ("held", "without", "cadres")
    ]
    for name, scope in (("town", TOWNS[0]), ("village", VILLAGES[0])):
        for path in [*paths, "/desk/rules", "/desk/exclusions"]:
            answer = signed_in[name].get(path)
            assert answer.status_code == 200, (name, path, answer.text[:300])
            foreign = {code for code in (*TOWNS, *VILLAGES, *GRIDS) if not code.startswith(scope)} - {TOWNS[0]}
            assert {code for code in foreign if re.search(rf"(?<!\d){code}(?!\d)", answer.text)} == set(), (name, path)
    assert column(tree(signed_in["town"].get("/desk/assignments")), "代码") == [GRIDS[0]]
    # Who holds nothing here may hold something elsewhere.
    assert column(tree(signed_in["town"].get("/desk/assignments?tab=cadres")), "工号") == []


def test_only_who_may_sees_and_sends_forms(signed_in: dict[str, TestClient]) -> None:
    for name, give, plan in (("town", 200, 403), ("village", 403, 403), ("county", 200, 200)):
        browser = signed_in[name]
        assert browser.get("/desk/assignments/give").status_code == give
        assert browser.get("/desk/exclusions/exclude").status_code == plan
        assert ("/desk/assignments/give?" in browser.get("/desk/assignments").text) == (give == 200)
        assert ("/desk/exclusions/exclude?" in browser.get("/desk/exclusions").text) == (plan == 200)
        assert ("/desk/rules/visits?" in browser.get("/desk/rules").text) == (plan == 200)


def test_a_form_needs_its_token_and_its_area_within_reach(signed_in: dict[str, TestClient]) -> None:
    browser = signed_in["town"]
    data = HEAD | {"areas": GRIDS[1]}
    assert browser.post("/desk/assignments/give", data=data).status_code == 403
    (token,) = tree(browser.get("/desk/assignments/give")).xpath("//input[@name='form_token']/@value")
    page = tree(browser.post("/desk/assignments/give", data=data | {"areas": GRIDS[5], "form_token": token}), 422)
    assert GRIDS[5] in field_errors(page)["areas"]
    page = tree(browser.post("/desk/assignments/give", data=data | {"form_token": token}))
    assert column(page, "代码") == [GRIDS[0], GRIDS[1]]
    over = {"giver": "C1", "taker": "C2", "areas": "", "day": "2025-02-01", "form_token": token}
    moves = texts(tree(browser.post("/desk/assignments/hand-over", data=over)), "//ul[@class='moves']/li")
    assert len(moves) == 2  # not the grid of the other town
    assert all(GRIDS[7] not in one for one in moves)
