"""Sheets sent with a form: what was stored, what was refused, and the way to send it again."""

import base64
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from tests import squares
from tests.api import work
from tests.squares import GRIDS, VILLAGES

PATH = "/desk/imports"
LON, LAT = squares.centre(GRIDS[0])
HEADER = "id,staff_no,started_at,lon,lat,frame\n"
GOOD = f"0190f3c2-7a50-7cc3-8a11-000000000001,C1,2025-04-02 09:00,{LON},{LAT},wgs84\n"
BAD = f"0190f3c2-7a50-7cc3-8a11-000000000002,C1,<b>gestern</b>,{LON},{LAT},wgs84\n"


@pytest.fixture
def browser(loaded_url: str, client: TestClient) -> TestClient:
    work.account(loaded_url, "admin", "admin")
    work.account(loaded_url, "clerk", "supervisor")
    work.sign_in(client, "admin")
    return client


def bring(browser: TestClient, kind: str, text: str, name: str = "四月 走访.csv") -> Any:
    return work.send(browser, browser.get(PATH), PATH, {"kind": kind}, {"file": (name, text.encode())})


def test_rows_are_stored_or_refused_with_the_way_to_send_them_again(browser: TestClient, tmp_path: Any) -> None:
    told = bring(browser, "visits", HEADER + GOOD + BAD)
    assert told.status_code == 200, told.text
    id_ = re.search(PATH + "/([0-9a-f-]{36})", str(told.url))
    assert id_
    known = browser.get(f"/imports/{id_[1]}", headers={"accept": "application/json"}).json()
    assert (known["stored"], known["rejected"], known["status"]) == (1, 1, "done")
    for name in ("stored", "duplicate", "conflict", "rejected"):
        word = {"stored": "存入", "duplicate": "重复", "conflict": "冲突", "rejected": "拒收"}[name]
        assert f"<dt>{word}</dt><dd>{known[name]}</dd>" in told.text
    assert "&lt;b&gt;gestern" in told.text
    assert "<b>gestern" not in told.text
    assert known["refused"][0]["reason"] in told.text
    href = re.search(r'href="(/imports/[^"]*rejected[^"]*format=xlsx)"', told.text)
    assert href
    sheet = tmp_path / "rejected.xlsx"
    sheet.write_bytes(browser.get(href[1].replace("&amp;", "&")).content)
    book = load_workbook(sheet)
    row = next(cell for cell in book.active[2] if cell.value and "gestern" in str(cell.value))
    row.value = "2025-04-02 10:00"
    book.save(sheet)
    again = work.send(
        browser, browser.get(PATH), PATH, {"kind": "visits"}, {"file": ("mended.xlsx", sheet.read_bytes())}
    )
    assert "<dt>存入</dt><dd>1</dd>" in again.text
    assert "<dt>拒收</dt><dd>0</dd>" in again.text
    listed = browser.get(f"{PATH}?status=done&sort=-stored&lang=en")
    assert listed.text.count("mended.xlsx") == 1
    assert "四月 走访.csv" in browser.get(f"{PATH}?format=csv").text


def test_stored_rows_that_look_odd_are_shown_to_who_sent_them(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.work_pages.imports._SHOWN", 1)
    rows = [f",C1,2025-04-0{2 + n} 09:00,{LON},{LAT},wgs84,{GRIDS[7]}\n" for n in range(3)]
    work.sign_in(browser, "clerk")
    told = bring(browser, "visits", HEADER.replace("\n", ",claimed_area\n") + "".join(rows))
    for sentence in ("已存入但需要核对的 3 行", "<dt>定位不在所选区域内，请核对</dt><dd>3</dd>", "另有 2 行未列出"):
        assert sentence in told.text
    assert len(re.findall(r"<tr><td>\d+</td><td><code>[0-9a-f-]{36}</code>", told.text)) == 1
    work.sign_in(browser, "admin")
    seen = browser.get(str(told.url))
    assert seen.status_code == 200
    assert "需要核对" not in seen.text


def test_a_running_import_says_so_and_reads_itself_again(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.work_pages.imports.AT_ONCE_BYTES", 0)
    monkeypatch.setattr(browser.app.state.imports, "wake", lambda: None)  # type: ignore[attr-defined]
    told = bring(browser, "visits", HEADER + GOOD)
    assert 'data-again="3"' in told.text
    assert 'http-equiv="refresh"' in told.text


def test_other_sheets_are_for_those_who_manage_and_give_bad_rows_back(browser: TestClient, tmp_path: Any) -> None:
    header, good = "代码,类别\n", f"{VILLAGES[0]},重点\n"
    partly = bring(browser, "settings", header + good + f"nowhere,重点\n{GRIDS[0]},<b>x</b>\n", "设置.csv")
    assert partly.status_code == 200
    assert "设置.csv：已存入 1 行，2 行未存入" in partly.text
    assert "&lt;b&gt;x" in partly.text
    assert "区域中没有 nowhere" in partly.text
    assert '<option value="settings" selected>' in partly.text
    found = re.search(r'href="data:[^"]*spreadsheetml.sheet;base64,([^"]*)" download="rejected.xlsx"', partly.text)
    assert found
    sheet = tmp_path / "rejected.xlsx"
    sheet.write_bytes(base64.b64decode(found[1]))
    book = load_workbook(sheet)
    assert [cell.value for cell in book.worksheets[0][3]][:3] == [GRIDS[0], "<b>x</b>", "4"]
    book.worksheets[0].delete_rows(2)
    book.worksheets[0]["B2"] = "普通"
    book.save(sheet)
    again = work.send(browser, browser.get(PATH), PATH, {"kind": "settings"}, {"file": ("a.xlsx", sheet.read_bytes())})
    assert "已导入 1 行" in again.text
    nothing = bring(browser, "settings", header + "nowhere,重点\n")
    assert nothing.status_code == 422
    assert "已存入 0 行，1 行未存入" in nothing.text
    assert "没有“代码”这一列" in bring(browser, "settings", "类别\n重点\n").text
    work.sign_in(browser, "clerk")
    page = browser.get(PATH)
    assert 'value="settings"' not in page.text
    assert work.send(browser, page, PATH, {"kind": "settings"}, {"file": ("a.csv", b"code\n")}).status_code == 403


def test_what_is_no_sheet_is_refused_beside_the_form(browser: TestClient) -> None:
    for name in ("a.exe", "csv", "..", "a.csv.zip"):
        answer = bring(browser, "visits", HEADER, name)
        assert answer.status_code == 422, name
        assert 'class="said bad"' in answer.text
    broken = bring(browser, "visits", "nothing\n1\n")
    assert 'role="alert"' in broken.text  # it failed as a whole, and says why


def test_templates_have_the_columns_of_their_kind(browser: TestClient) -> None:
    for href in re.findall(rf'href="({PATH}/templates/[^"]*)"', browser.get(PATH).text):
        answer = browser.get(href.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert answer.content.startswith(b"PK")


def test_others_imports_are_not_shown(browser: TestClient) -> None:
    mine = bring(browser, "visits", HEADER + GOOD)
    work.sign_in(browser, "clerk")
    assert browser.get(str(mine.url)).status_code == 404
    assert "走访.csv" not in browser.get(PATH).text


def test_a_long_chinese_name_is_no_obstacle(browser: TestClient) -> None:
    """A hundred characters are three hundred bytes, more than a file system takes."""
    name = "走" * 120 + ".csv"
    told = bring(browser, "organisations", "code,name,kind\nD901,县水务局,department\n", name)
    assert told.status_code == 200, told.text
    assert "taken=1" in str(told.url)
    told = bring(browser, "visits", HEADER + GOOD, name)
    assert told.status_code == 200, told.text
    assert "走走.csv" in told.text
