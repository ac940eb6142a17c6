"""The list pages: their numbers are those of the reports, their files hold the page's rows, and no name harms them."""

import csv
import io
import re
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import update

from geo.months import Month
from geo.services import coverage, duties
from geo.storage.queries import assignments, counties
from geo.storage.tables import Area, Cadre
from tests.reading import column, texts, tree, writing
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES


@pytest.fixture(scope="module")
def report(squares_url: str) -> Any:
    with writing(squares_url) as session:
        return coverage.report(session, counties.resolve(session, COUNTY), Month(2025, 3), level="grid")


# gaps


def test_the_gap_list_is_the_reports(service: TestClient, report: Any) -> None:
    page = tree(service.get("/desk/gaps?month=2025-03&level=grid"))
    gaps = report.gaps()
    assert len(gaps) > 1
    assert column(page, "代码") == [row.facts.code for row in gaps]
    assert column(page, "序号") == [str(number) for number in range(1, len(gaps) + 1)]
    assert column(page, "走访") == [str(row.facts.visits) for row in gaps]
    assert column(page, "要求") == [str(row.required) for row in gaps]
    assert column(page, "还差") == [str(row.missing) for row in gaps]
    assert column(page, "未办结问题") == [str(row.facts.open_issues) for row in gaps]
    assert column(page, "最近走访") == [
        row.facts.last_visit.isoformat() if row.facts.last_visit else "从未走访" for row in gaps
    ]
    assert texts(page, "//h2[@id='list-title']")[0] == f"待补清单 第 1–{len(gaps)} 条，共 {len(gaps)} 条"
    assert f"{len(report.rows)} 个区域，{len(gaps)} 个有缺口" in texts(page, "//p[@class='counted']")[0]


def test_all_areas_can_be_shown(service: TestClient, report: Any) -> None:
    page = tree(service.get("/desk/gaps?month=2025-03&level=grid&show=all"))
    gaps = [row.facts.code for row in report.gaps()]
    others = [row.facts.code for row in report.rows if row.facts.code not in gaps]
    assert column(page, "代码") == [*gaps, *others]
    assert column(page, "序号").count("—") == len(others)


@pytest.mark.parametrize(("level", "code"), [("grid", GRIDS[3]), ("village", VILLAGES[1]), ("town", TOWNS[0])])
def test_names_lead_to_the_area_and_to_the_map(service: TestClient, level: str, code: str) -> None:
    page = tree(service.get(f"/desk/gaps?month=2025-03&level={level}&show=all"))
    links = page.xpath(f"//table//a[contains(@href, '{code}')]/@href")
    assert [one.split("?")[0] for one in links] == [f"/maps/grids/{code}", "/maps/coverage"]
    assert f"area={code}" in links[1]
    for one in links:
        assert "month=2025-03" in one
        assert service.get(one).status_code == 200


@pytest.mark.parametrize("sort", ["code", "visits", "missing", "last_visit", "days_overdue", "reasons", "rank", "name"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_files_hold_the_rows_of_the_page_in_its_order(service: TestClient, sort: str, sign: str) -> None:
    query = f"/desk/gaps?month=2025-03&level=grid&show=all&sort={sign}{sort}"
    shown = column(tree(service.get(query)), "代码")
    assert len(shown) == len(GRIDS)
    text = service.get(query + "&format=csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["代码"] for line in lines] == shown
    answer = service.get(query + "&format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    at = [cell.value for cell in sheet[1]].index("代码") + 1
    assert [cell.value for cell in next(sheet.iter_cols(at, at, 2))] == shown
    assert unquote(answer.headers["content-disposition"]).endswith("''全部区域-方格县-2025-03-网格.xlsx")


def test_numbers_are_sorted_as_numbers_and_headings_say_so(service: TestClient) -> None:
    page = tree(service.get("/desk/gaps?month=2025-03&level=grid&show=all&sort=-visits"))
    visits = [int(text) for text in column(page, "走访")]
    assert visits == sorted(visits, reverse=True)
    assert visits[0] > visits[-1]
    assert texts(page, "//th[@aria-sort='descending']") == ["走访 ↓"]


def test_the_list_is_filtered_by_text_and_by_reason(service: TestClient, report: Any) -> None:
    page = tree(service.get("/desk/gaps", params={"month": "2025-03", "level": "grid", "q": f"{GRIDS[2]}"}))
    assert column(page, "代码") == [GRIDS[2]]
    page = tree(service.get("/desk/gaps?month=2025-03&level=grid&reason=unvisited"))
    assert column(page, "代码") == [row.facts.code for row in report.gaps("unvisited")]
    page = tree(service.get("/desk/gaps?month=2025-03&level=grid&q=无此村"))
    assert "没有符合条件" in texts(page, "//p[@class='list-empty']")[0]
    assert page.xpath("//p[@class='list-empty']/a/@href")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort=population", "population"),
        ("sort=-", "sort"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("reason=tired", "tired"),
        ("month=2025-13", "2025-13"),
        ("month=2199-01", "2199-01"),
        ("area=999", "999"),
        ("format=pdf", "format"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(service: TestClient, query: str, said: str) -> None:
    answer = service.get(f"/desk/gaps?{query}" if query.startswith("month") else f"/desk/gaps?month=2025-03&{query}")
    assert answer.status_code in {404, 422} or (query == "sort=-" and answer.status_code == 200)
    if answer.status_code != 200:
        assert said in answer.json()["detail"]


def test_a_page_beyond_the_last_is_the_last(service: TestClient) -> None:
    assert column(tree(service.get("/desk/gaps?month=2025-03&level=grid&page=9")), "代码")


def test_the_language_and_the_months_beside_keep_the_rest(service: TestClient) -> None:
    page = tree(service.get(f"/desk/gaps?month=2025-03&level=grid&area={TOWNS[0]}&sort=-visits"))
    (other,) = page.xpath("//a[@class='language']/@href")
    assert {f"area={TOWNS[0]}", "sort=-visits", "month=2025-03", "lang=en"} <= set(other.split("?")[1].split("&"))
    english = tree(service.get(other))
    assert texts(english, "//h2[@id='list-title']")[0].startswith("Gap list 1–4 of 4")
    steps = page.xpath("//a[@class='step']/@href")
    assert [re.search(r"month=([\d-]+)", one)[1] for one in steps] == ["2025-02", "2025-04"]  # type: ignore[index]
    assert all(f"area={TOWNS[0]}" in one for one in steps)


HOSTILE = ['<script>alert("x")</script>', "\"'><img src=x onerror=alert(1)>", "村" * 200, "㛃𠮷村", "{{7*7}}", "=1+1"]


def test_hostile_names_stay_text_everywhere(loaded: TestClient, loaded_url: str) -> None:
    with writing(loaded_url) as session:
        for code, name in zip(GRIDS, HOSTILE, strict=False):
            session.execute(update(Area).where(Area.code == code).values(name=name))
        session.execute(update(Cadre).where(Cadre.staff_no == "C1").values(name=HOSTILE[0]))
        assignments.add(session, COUNTY, "C1", GRIDS[0], "grid_head", date(2025, 1, 1), None)
    gaps = "/desk/gaps?month=2025-03&level=grid&show=all&sort=code"
    paths = [gaps, "/desk/assignments", "/desk/assignments?tab=without", "/desk/assignments?tab=cadres"]
    for path in [*paths, "/desk/assignments/give", "/desk/assignments/hand-over", "/desk/exclusions/exclude"]:
        page = tree(loaded.get(path))
        assert page.xpath("//script") == []
        assert page.xpath("//*[@onerror]") == []
    names = texts(tree(loaded.get(gaps)), "//tbody//th")
    assert [name.removesuffix(" 地图") for name in names[: len(HOSTILE)]] == HOSTILE
    text = loaded.get(gaps + "&format=csv").content.decode("utf-8-sig")
    assert [line["区域"] for line in csv.DictReader(io.StringIO(text))][: len(HOSTILE)] == [*HOSTILE[:-1], "'=1+1"]


def test_empty_lists_say_what_to_do(loaded: TestClient) -> None:
    page = tree(loaded.get(f"/desk/gaps?month=2025-03&level=grid&area={GRIDS[7]}&q=zzz"))
    assert page.xpath("//p[@class='list-empty']/a")
    assert texts(tree(loaded.get("/desk/assignments")), "//p[@class='list-empty']")[0].startswith("这一天没有任何分工")


def test_a_service_without_a_county_says_so(client: TestClient) -> None:
    for path in ("/desk/gaps", "/desk/assignments", "/desk/rules", "/desk/exclusions"):
        answer = client.get(path)
        assert answer.status_code in {404, 503}, path
        assert answer.json()["detail"]


def test_the_three_lists_are_those_of_the_services(loaded: TestClient, loaded_url: str) -> None:
    with writing(loaded_url) as session:
        held = [(GRIDS[0], "grid_head"), (GRIDS[1], "grid_head"), (VILLAGES[0], "village_link")]
        for code, role in held:
            assignments.add(session, COUNTY, "C1", code, role, date(2025, 1, 1), None)
        assignments.add(session, COUNTY, "C2", GRIDS[2], "grid_head", date(2025, 1, 1), date(2025, 3, 1))
    page = tree(loaded.get("/desk/assignments?on=2025-03-10"))
    # By path: a village stands before its grids.
    assert column(page, "代码") == [VILLAGES[0], GRIDS[0], GRIDS[1]]
    assert column(page, "角色") == ["联村干部", "网格长", "网格长"]
    assert GRIDS[2] in column(tree(loaded.get("/desk/assignments?on=2025-02-28")), "代码")
    assert column(tree(loaded.get("/desk/assignments?on=2025-03-10&role=village_link")), "代码") == [VILLAGES[0]]
    assert column(tree(loaded.get(f"/desk/assignments?on=2025-03-10&area={TOWNS[1]}")), "代码") == []
    with writing(loaded_url) as session:
        county = counties.resolve(session, COUNTY)
        found = duties.report(session, county, level="grid", day=date(2025, 3, 10), most=2)
    page = tree(loaded.get("/desk/assignments?tab=without&on=2025-03-10"))
    assert column(page, "代码") == [code for code, _, _ in found.without] == GRIDS[2:]
    page = tree(loaded.get("/desk/assignments?tab=cadres&on=2025-03-10&most=2"))
    assert column(page, "工号") == [duty.load.staff_no for duty in (*found.heavy, *found.idle)] == ["C1", "C2"]
    assert column(page, "负担") == ["过多", "没有分工"]


@pytest.mark.parametrize("level", ["village", "grid"])
def test_each_standing_leaves_as_many_as_are_counted(service: TestClient, squares_url: str, level: Any) -> None:
    with writing(squares_url) as session:
        found = coverage.report(session, counties.resolve(session, COUNTY), Month(2025, 3), level=level)
    assert any(row.unassigned and row.status == "met" for row in found.rows)
    for reason in ("unassigned", "unvisited", "under", "met", "excluded"):
        answer = service.get(f"/desk/gaps?month=2025-03&level={level}&show=all&reason={reason}&format=csv")
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        expected = [row for row in found.rows if (row.unassigned if reason == "unassigned" else row.status == reason)]
        assert {line["代码"] for line in lines} == {row.facts.code for row in expected}
