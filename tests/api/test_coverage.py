"""One report in every form: JSON, CSV, workbook, GeoJSON and map say the same."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import exports
from geo.months import Month
from geo.services import coverage
from geo.storage.database import make_engine
from geo.storage.queries import counties
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

CODES = {"town": TOWNS, "village": VILLAGES, "grid": GRIDS}


def get(service: TestClient, path: str = "/coverage", **asked: Any) -> Any:
    answer = service.get(path, params={"month": "2025-03", **asked})
    assert answer.status_code == 200, answer.text
    return answer


def sheet(content: bytes) -> list[dict[str, Any]]:
    book = load_workbook(io.BytesIO(content))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def table(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "a mark, so that Excel reads the Chinese"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def on_map(page: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The areas that the map was given, by column, and its gap list as positions in them."""
    found = re.search(r"""<script type="application/json" id="areas_\d+">(.*?)</script>""", page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]], data["gaps"]


@pytest.mark.parametrize("level", CODES)
@pytest.mark.parametrize("path", ["/coverage", "/coverage/gaps"])
def test_every_form_of_a_month_agrees(service: TestClient, level: str, path: str) -> None:
    asked = {"level": level, "lang": "en"}
    body = get(service, path, **asked).json()["areas"]
    expected = [(one["code"], one["visits"], one["required"], one["households_reached"]) for one in body]
    as_csv = table(get(service, path, format="csv", **asked).content)
    assert [
        (one["code"], int(one["visits"]), int(one["required"]), int(one["households_reached"])) for one in as_csv
    ] == expected
    as_sheet = sheet(get(service, path, format="xlsx", **asked).content)
    assert [(one["Code"], one["Visits"], one["Required"], one["Households reached"]) for one in as_sheet] == expected
    features = get(service, path, format="geojson", **asked).json()["features"]
    properties = [one["properties"] for one in features]
    assert [(one["code"], one["visits"], one["required"], one["households_reached"]) for one in properties] == expected
    assert properties == body
    assert {one["status"] for one in as_csv} == {one["status"] for one in body}


@pytest.mark.parametrize("level", CODES)
def test_the_map_counts_as_the_report_does(service: TestClient, level: str) -> None:
    areas, gaps = on_map(get(service, "/maps/coverage", level=level).text)
    same = ("code", "visits", "required", "unlocated", "cadres", "households_reached", "grids_reached", "days_overdue")
    body = get(service, level=level).json()["areas"]
    assert [[one[name] for name in same] for one in areas] == [[one[name] for name in same] for one in body]
    listed = get(service, "/coverage/gaps", level=level).json()["areas"]
    assert [areas[at]["code"] for at in gaps] == [one["code"] for one in listed]


def test_the_figures_above_the_map_are_those_of_the_report(service: TestClient) -> None:
    page = get(service, "/maps/coverage", lang="en").text
    figures = re.findall(r'<div class="figure[^>]*>.*?<dd>(.*?)</dd>', page, re.DOTALL)
    assert [re.sub(r"<.*", "", figure) for figure in figures[:1]] == ["50.0%"]
    assert [re.sub(r"<.*", "", figure) for figure in figures[1:]] == ["4", "2", "0", "2", "0", "4", "5"]


def test_figures(service: TestClient) -> None:
    summary = get(service).json()["summary"]
    assert summary | {} == {
        "county": COUNTY,
        "county_name": "方格县",
        "scope": COUNTY,
        "scope_name": "方格县",
        "month": "2025-03",
        "level": "village",
        "boundaries": "then",
        "boundary_version": 1,
        "as_of": "2025-03-31",
        "all": 4,
        "met": 2,
        "under": 0,
        "unvisited": 2,
        "excluded": 0,
        "unassigned": 4,
        "rate": 0.5,
        "visits": 5,
        "unlocated": 2,
        "untagged": 1,
        "outside": 1,
    }


def test_one_area_in_full(service: TestClient) -> None:
    first = get(service).json()["areas"][0]
    assert first == {
        "code": VILLAGES[0],
        "name": f"village {VILLAGES[0]}",
        "level": "village",
        "kind": None,
        "path": f"{COUNTY}/{TOWNS[0]}/{VILLAGES[0]}",
        "parent_name": f"town {TOWNS[0]}",
        "tier": "ordinary",
        "rule": {"visits_per_month": 1, "every_days": None},
        "status": "met",
        "reasons": ["unassigned"],
        "required": 1,
        "visits": 3,
        "unlocated": 0,
        "missing": 0,
        "cadres": 2,
        "grids": 2,
        "grids_reached": 2,
        "households": 100,
        "households_reached": 2,
        "population": 300,
        "last_visit": "2025-03-31",
        "days_since": 0,
        "days_overdue": 0,
        "open_issues": 0,
        "unassigned": True,
        "responsible": [],
        "exclusion": None,
    }


def test_gaps_worst_first(service: TestClient) -> None:
    gaps = get(service, "/coverage/gaps").json()["areas"]
    assert [one["code"] for one in gaps] == [VILLAGES[3], VILLAGES[2], VILLAGES[0], VILLAGES[1]]
    unvisited = get(service, "/coverage/gaps", reason="unvisited").json()
    assert [one["code"] for one in unvisited["areas"]] == [VILLAGES[3], VILLAGES[2]]
    assert unvisited["summary"] == get(service).json()["summary"]


def test_scope_and_boundaries(service: TestClient) -> None:
    part = get(service, area=TOWNS[1], level="grid", boundaries="now").json()
    assert [one["code"] for one in part["areas"]] == GRIDS[4:]
    assert (part["summary"]["scope"], part["summary"]["boundaries"], part["summary"]["untagged"]) == (
        TOWNS[1],
        "now",
        1,
    )


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("geojson", "application/geo+json"),
    ],
)
def test_types_and_names_of_files(service: TestClient, form: str, kind: str) -> None:
    answer = get(service, "/coverage/gaps", format=form)
    assert answer.headers["content-type"] == kind
    name = f"gaps-{COUNTY}-2025-03-village.{form}"
    expected = None if form == "json" else f"attachment; filename*=UTF-8''{name}"
    assert answer.headers.get("content-disposition") == expected


def test_geojson_is_that_of_the_standard(service: TestClient) -> None:
    body = get(service, level="grid", format="geojson").json()
    assert body["type"] == "FeatureCollection"
    assert body["summary"]["all"] == len(body["features"]) == 8
    geometries = shapely.from_geojson([json.dumps(one["geometry"]) for one in body["features"]])
    assert [one["id"] for one in body["features"]] == GRIDS
    assert shapely.coverage_is_valid(geometries)
    assert shapely.total_bounds(geometries).tolist() == pytest.approx([120, 30, 120.04, 30.02])


def test_the_workbook_speaks_both_languages(service: TestClient) -> None:
    chinese, english = (
        load_workbook(io.BytesIO(get(service, format="xlsx", lang=lang).content)) for lang in ("zh-CN", "en")
    )
    assert (chinese.sheetnames, english.sheetnames) == (["区域", "汇总"], ["Areas", "Summary"])
    assert [cell.value for cell in chinese.worksheets[0][1]][:6] == ["代码", "名称", "上级", "层级", "类别", "状态"]
    assert english.worksheets[0].freeze_panes == "C2"
    codes = [row[0].value for row in english.worksheets[0].iter_rows(min_row=2)]
    assert codes == VILLAGES, "codes stay text"


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "a,b", 'quo"te', "<b>x</b>"]


@pytest.fixture
def hostile(loaded_url: str) -> Sequence[str]:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        for code, name in zip(GRIDS, HOSTILE[: len(GRIDS)], strict=True):
            session.execute(text("UPDATE areas SET name = :name WHERE code = :code"), {"name": name, "code": code})
        for code, name in zip(VILLAGES, HOSTILE[len(GRIDS) :], strict=False):
            session.execute(text("UPDATE areas SET name = :name WHERE code = :code"), {"name": name, "code": code})
    engine.dispose()
    return HOSTILE


def test_a_name_is_no_formula(loaded: TestClient, hostile: Sequence[str]) -> None:
    names = hostile[: len(GRIDS)]
    for form in ("csv", "xlsx"):
        content = get(loaded, level="grid", format=form, lang="en").content
        if form == "csv":
            found = [one["name"] for one in table(content)]
        else:
            cells = load_workbook(io.BytesIO(content)).worksheets[0]["B"][1:]
            found = [str(cell.value) for cell in cells]
            assert {cell.data_type for cell in cells} == {"s"}
        for name, written in zip(names, found, strict=True):
            assert written.lstrip("'").strip() == name.strip()
            assert not written.startswith(("=", "+", "-", "@", "\t", "\r")), form
    assert [one["name"] for one in get(loaded, level="grid").json()["areas"]] == names, "JSON is for machines"


def test_a_name_is_no_markup(loaded: TestClient, hostile: Sequence[str]) -> None:
    assert "<b>x</b>" in hostile
    page = get(loaded, "/maps/coverage").text
    assert "<b>x</b>" not in page
    assert "x" in page


def test_names_that_no_workbook_can_hold(loaded: TestClient, loaded_url: str) -> None:
    """A control character in a name is no reason to refuse the whole month."""
    engine = make_engine(loaded_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE areas SET name = 'a' || chr(8) || 'b' WHERE code = :code"), {"code": GRIDS[0]})
    engine.dispose()
    assert len(sheet(get(loaded, level="grid", format="xlsx").content)) == 8


def test_exports_and_report_are_one_value(squares_url: str) -> None:
    engine = make_engine(squares_url)
    with Session(engine) as session:
        report = coverage.report(session, counties.resolve(session, COUNTY), Month(2025, 3))
        assert json.loads(exports.to_json(report, report.rows))["summary"]["visits"] == report.visits == 5
        lines = exports.to_table(report, report.rows, "zh-CN").splitlines()
    assert len(lines) == 2 + 2 + len(report.rows)
    assert all(code in line for code, line in zip(VILLAGES, lines[4:], strict=True))
    engine.dispose()
