"""Coverage of places in every form: JSON, CSV and workbook say the same."""

import csv
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES


def get(service: TestClient, **asked: Any) -> Any:
    answer = service.get("/coverage/places", params={"month": "2025-03", **asked})
    assert answer.status_code == 200, answer.text
    return answer


def home(grid: str) -> dict[str, str]:
    town, village = f"town {grid[:9]}", f"village {grid[:12]}"
    return {"code": grid, "name": f"grid {grid}", "town_name": town, "village_name": village}


def count(known: int, visited: int, rate: float | None) -> dict[str, Any]:
    return {"all": known, "visited": visited, "unvisited": known - visited, "rate": rate}


def test_a_month_in_full(service: TestClient) -> None:
    assert get(service).json() == {
        "summary": {
            "county": COUNTY,
            "scope": COUNTY,
            "scope_name": "方格县",
            "month": "2025-03",
            "boundary_version": 1,
            "as_of": "2025-03-31",
            "kinds": {
                "enterprise": count(1, 1, 1.0),
                "project": count(0, 0, None),
                "scenic_spot": count(0, 0, None),
                "household": count(3, 3, 1.0),
            },
        },
        "places": [
            {
                "id": "E1",
                "name": None,
                "kind": "enterprise",
                "area": home(GRIDS[0]),
                "cadre": None,
                "visits": 1,
                "last_visit": "2025-03-16",
                "days_since": 15,
            }
        ],
        "households": [
            {**count(1, 1, 1.0), "area": {**home(GRIDS[0])}},
            {**count(1, 1, 1.0), "area": {**home(GRIDS[1])}},
            {**count(1, 1, 1.0), "area": {**home(VILLAGES[1]), "name": f"village {VILLAGES[1]}"}},
        ],
    }


def test_scope_and_kind(service: TestClient) -> None:
    part = get(service, area=TOWNS[1]).json()
    assert (part["summary"]["scope"], part["places"], part["households"]) == (TOWNS[1], [], [])
    assert get(service, kind="project").json()["summary"]["kinds"] == {"project": count(0, 0, None)}
    enterprises = get(service, kind="enterprise").json()
    assert ([one["id"] for one in enterprises["places"]], enterprises["households"]) == (["E1"], [])


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"month": "2199-12"}, 422, "future-month"),
        ({"month": "2025-13"}, 422, "invalid-month"),
        ({"area": "990199109"}, 404, "unknown-area"),
        ({"kind": "household"}, 422, None),
        ({"format": "geojson"}, 422, None),
    ],
)
def test_refusals(service: TestClient, asked: dict[str, str], status: int, kind: str | None) -> None:
    answer = service.get("/coverage/places", params={"month": "2025-03", **asked})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert kind is None or answer.json()["type"].endswith(kind)


def test_csv_is_the_list_with_names_for_machines(service: TestClient) -> None:
    answer = get(service, format="csv", lang="zh-CN")
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''places-{COUNTY}-2025-03.csv"
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row == {
        "id": "E1",
        "name": "",
        "kind": "enterprise",
        "area": GRIDS[0],
        "area_name": f"grid {GRIDS[0]}",
        "town_name": f"town {TOWNS[0]}",
        "village_name": f"village {VILLAGES[0]}",
        "staff_no": "",
        "cadre": "",
        "organisation": "",
        "visits": "1",
        "last_visit": "2025-03-16",
        "days_since": "15",
    }


def test_the_workbook_speaks_both_languages(service: TestClient) -> None:
    chinese, english = (
        load_workbook(io.BytesIO(get(service, format="xlsx", lang=lang).content)) for lang in ("zh-CN", "en")
    )
    assert chinese.sheetnames == ["走访对象", "住户", "汇总"]
    assert english.sheetnames == ["Places", "Households", "Summary"]
    assert [cell.value for cell in chinese.worksheets[0][1]][:4] == ["编号", "名称", "类型", "区域代码"]
    assert [cell.value for cell in chinese.worksheets[0][2]][:4] == ["E1", None, "企业", GRIDS[0]]
    assert english.worksheets[0]["C2"].value == "Enterprise"
    assert [[cell.value for cell in row][4:] for row in english.worksheets[1].iter_rows()] == [
        ["Households", "Visited", "Not visited"],
        *[[1, 1, 0]] * 3,
    ]
    assert list(chinese.worksheets[2].values) == [
        ("方格县", "2025-03"),
        ("企业", "1 / 1 (100.0%)"),
        ("项目", "0 / 0 (—)"),
        ("景区", "0 / 0 (—)"),
        ("住户", "3 / 3 (100.0%)"),
    ]
    one_kind = load_workbook(io.BytesIO(get(service, format="xlsx", lang="en", kind="project").content))
    assert one_kind.sheetnames == ["Places", "Summary"]
