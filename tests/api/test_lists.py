"""Every list as csv and xlsx: the rows of the JSON, all of them, and no formula among them."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from api import lists
from tests import entry
from tests.squares import COUNTY, GRIDS, TOWNS

LISTS = {
    "/areas": ("areas", "code"),
    f"/areas/{TOWNS[0]}/children": ("areas", "code"),
    "/visits": ("visits", "id"),
    "/boundary-versions": ("versions", "version"),
    "/accounts": ("accounts", "name"),
}


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    if "csv" in answer.headers["content-type"]:
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    titles, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(titles, ("" if cell is None else str(cell) for cell in line), strict=True)) for line in lines]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("path", LISTS)
def test_a_sheet_holds_what_the_pages_hold(service: TestClient, path: str, form: str) -> None:
    name, key = LISTS[path]
    mark = "&" if "?" in path else "?"
    pages: list[dict[str, Any]] = []
    cursor = ""
    while True:
        body = service.get(f"{path}{mark}limit=2{cursor}" if name != "versions" else path).json()
        pages += body[name]
        if not body.get("next"):
            break
        cursor = f"&cursor={body['next']}"
    found = rows_of(service.get(f"{path}{mark}format={form}&limit=2"))
    assert pages
    assert list(found[0]) == list(pages[0])
    assert [row[key] for row in found] == [str(page[key]) for page in pages]
    for row, page in zip(found, pages, strict=True):
        for title, value in page.items():
            if isinstance(value, str | int) and not isinstance(value, bool) and "_at" not in title:
                assert row[title] == str(value)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_assignments_and_their_changes(loaded: TestClient, form: str) -> None:
    body = {"staff_no": "C1", "areas": GRIDS[:3], "role": "grid_head", "from": "2025-01-01"}
    assert loaded.post("/assignments", json=body).status_code == 201
    found = rows_of(loaded.get(f"/assignments?format={form}"))
    assert [(row["area"], row["role"], row["from"], row["to"]) for row in found] == [
        (grid, "grid_head", "2025-01-01", "") for grid in GRIDS[:3]
    ]
    changes = rows_of(loaded.get(f"/assignments?changed_since=2020-01-01T00:00:00Z&format={form}"))
    assert [(row["area"], row["action"], row["by"]) for row in changes] == [
        (grid, "added", entry.NAME) for grid in GRIDS[:3]
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_formula_stays_text(loaded: TestClient, form: str) -> None:
    note = '=HYPERLINK("http://evil.example","click")'
    visit = {"id": "00000000-0000-0000-0000-00000000abcd", "staff_no": "C1", "started_at": "2025-03-11T09:00:00"}
    answer = loaded.post("/visits", json=[visit | {"claimed_area": GRIDS[0], "note": note}])
    assert answer.status_code == 201, answer.text
    content = loaded.get(f"/visits?format={form}").content
    if form == "csv":
        assert f"'{note}"[:12] in content.decode("utf-8-sig")
        return
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if str(cell.value).endswith(note)]
    assert cell.data_type == "s"


def test_more_rows_than_a_sheet_holds_are_refused(service: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_EXPORT_ROWS", 3)
    answer = service.get(f"/areas?county={COUNTY}&format=csv")
    assert answer.status_code == 413
    assert "3" in answer.json()["detail"]
