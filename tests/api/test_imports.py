"""Files over HTTP: small ones answered at once, large ones carried on beside, refused rows given back to mend."""

import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook, load_workbook
from sqlalchemy.exc import OperationalError

from api.jobs import carry_on, run
from api.routers import imports as router
from geo.intake.batches import SUFFIXES
from tests import squares
from tests.api.test_issues import token
from tests.squares import GRIDS, TOWNS
from tests.visiting import visit

CSV = "text/csv"
HEADER = "编号,工号,开始时间,经度,纬度,备注\n"
LON, LAT = squares.centre(GRIDS[0])


def line(number: int, staff: str = "C1", at: str = "2025-05-10 09:00", note: str = "") -> str:
    return f"{UUID(int=number)},{staff},{at},{LON},{LAT},{note}\n"


def send(client: TestClient, content: str | bytes, kind: str = CSV, to: str = "visits", **more: Any) -> Any:
    headers = {"content-type": kind, **more.pop("headers", {})}
    return client.post(f"/{to}/import", content=content, headers=headers, params={"lang": "en", **more})


def finished(client: TestClient, answer: Any) -> Any:
    deadline = time.monotonic() + 60
    while True:
        found = client.get(answer.headers["location"], params={"lang": "en"}).json()
        if found["status"] != "waiting":
            return found
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_sheet_is_answered_row_by_row(loaded: TestClient) -> None:
    text = HEADER + line(101) + line(102, "C9") + line(103, at="昨天") + line(104)
    answer = send(loaded, text, name="十月.csv")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["stored"], told["rejected"], told["done"], told["status"], told["file"]) == (
        2,
        2,
        4,
        "done",
        "十月.csv",
    )
    assert [(one["row"], one["field"]) for one in told["refused"]] == [(3, "staff_no"), (4, "started_at")]
    assert told["refused"][0]["reason"] == "no cadre has the number C9"
    assert loaded.get(f"/visits/{UUID(int=101)}").json()["entered_by"] == told["actor"]
    again = send(loaded, text).json()
    assert (again["stored"], again["duplicate"], again["rejected"]) == (0, 2, 2)


def test_what_looks_odd_is_told_to_who_sent_the_sheet_only(
    loaded: TestClient, loaded_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "_SHOWN", 2)
    sender = token(loaded_url, "clerk", "service")
    header = "编号,工号,开始时间,经度,纬度,所在区域\n"
    claims = [GRIDS[0], GRIDS[7], "nonsense", GRIDS[7]]
    lines = [f"{UUID(int=101 + n)},C1,2025-05-1{n} 09:00,{LON},{LAT},{claim}\n" for n, claim in enumerate(claims)]
    told = send(loaded, header + "".join(lines), headers=sender).json()
    assert told["stored"] == 4
    assert told["odd"] == {
        "counts": {"claim_contradicts": 2, "claim_unknown": 1, "far_from_claim": 2},
        "rows": 3,
        "first": [
            {"row": 3, "id": str(UUID(int=102)), "flags": ["claim_contradicts", "far_from_claim"]},
            {"row": 4, "id": str(UUID(int=103)), "flags": ["claim_unknown"]},
        ],
    }
    assert loaded.get(f"/imports/{told['id']}", headers=sender).json()["odd"] == told["odd"]
    manager = loaded.get(f"/imports/{told['id']}").json()
    assert (manager["stored"], manager["odd"]) == (4, None)
    assert loaded.get("/imports", headers=sender).json()[0]["odd"] is None
    again = send(loaded, header + "".join(lines), headers=sender).json()
    assert (again["duplicate"], again["odd"]["rows"]) == (4, 0)


def test_the_refused_rows_come_back_to_be_mended(loaded: TestClient) -> None:
    told = send(loaded, HEADER + line(101) + line(102, "C9", note="=1+1")).json()
    sheet = loaded.get(told["rejected_sheet"])
    book = load_workbook(io.BytesIO(sheet.content))
    (page,) = book.worksheets
    assert [cell.value for cell in page[1]] == ["编号", "工号", "开始时间", "经度", "纬度", "备注", "原行号", "原因"]
    assert [page["B2"].value, page["F2"].value, page["F2"].data_type] == ["C9", "=1+1", "s"]
    assert page["H2"].value == "没有工号为 C9 的干部"
    page["B2"] = "C2"
    buffer = io.BytesIO()
    book.save(buffer)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    mended = send(loaded, buffer.getvalue(), kind).json()
    assert (mended["stored"], mended["rejected"]) == (1, 0)
    assert loaded.get(f"/visits/{UUID(int=102)}").json()["note"] == "=1+1"
    plain = loaded.get(f"/imports/{told['id']}/rejected?format=csv&lang=en").text.splitlines()
    assert plain[1].endswith("no cadre has the number C9")


def test_lines_of_json(loaded: TestClient) -> None:
    rows = [
        visit(101, grid=GRIDS[0]),
        visit(102, grid=GRIDS[0], lon="x"),
        visit(103, claimed_area=GRIDS[1], topics=["a"]),
    ]
    text = "\n".join(json.dumps(row) for row in rows) + "\n"
    told = send(loaded, text, "application/x-ndjson").json()
    assert (told["stored"], told["rejected"]) == (2, 1)
    assert told["refused"][0]["row"] == 2
    sheet = loaded.get(told["rejected_sheet"] + "&lang=en")
    assert sheet.status_code == 200
    numbers = send(loaded, "5\nnull\n[]\n" + json.dumps(visit(104, grid=GRIDS[0])), "application/jsonl").json()
    assert (numbers["stored"], numbers["rejected"]) == (1, 3)
    odd = send(loaded, '{"staff_no": NaN, "note": "\\u0000"}', "application/x-ndjson").json()
    assert odd["rejected"] == 1
    assert loaded.get(f"/imports/{odd['id']}").status_code == 200


def test_a_form_with_a_file(loaded: TestClient) -> None:
    answer = loaded.post("/visits/import", files={"file": ("五月.csv", (HEADER + line(101)).encode("gb18030"))})
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)
    assert loaded.post("/visits/import", files={"other": ("a.csv", b"x")}).status_code == 422


def test_issues_as_a_sheet(loaded: TestClient) -> None:
    rows = (f"2025-05-10 09:00,基建,路灯不亮,{LON},{LAT},D1", f"2025-05-10 09:00,道路,坑洼,{LON},{LAT},")
    text = "\n".join(["发现时间,类别,标题,经度,纬度,承办单位", *rows, ""])
    told = send(loaded, text, to="issues").json()
    assert (told["kind"], told["stored"], told["rejected"]) == ("issues", 1, 1)
    assert told["refused"][0]["field"] == "category"
    (found,) = loaded.get("/issues").json()["issues"]
    assert (found["status"], found["handler"], found["grid"]) == ("assigned", "D1", GRIDS[0])
    assert send(loaded, text, to="issues").json()["duplicate"] == 1


BAD: list[tuple[bytes, str, str]] = [
    (b"", CSV, "no record"),
    (HEADER.encode(), CSV, "no record"),
    ("天气,风力\n晴,3\n".encode(), CSV, "no such column"),
    ("工号,开始时间,天气\nC1,2025-05-10,晴\n".encode(), CSV, "not a column of visits"),
    ((HEADER + "走访两户").encode()[:-1], CSV, "cut off"),
    (b"PK\x03\x04 broken", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "not an xlsx"),
    (b'{"staff_no": ', "application/x-ndjson", "line 1 is not JSON"),
    (b"\xff\xfe\xfd", "application/x-ndjson", "not UTF-8"),
]


@pytest.mark.parametrize(("content", "kind", "said"), BAD)
def test_a_file_that_cannot_be_read(loaded: TestClient, content: bytes, kind: str, said: str) -> None:
    answer = send(loaded, content, kind)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    (noted, *_) = loaded.get("/imports").json()
    assert (noted["status"], noted["stored"]) == ("failed", 0)


@pytest.mark.parametrize(("kind", "name"), [("application/json", ""), (CSV, "a.xlsm"), ("", ""), (CSV, "a.exe")])
def test_what_is_no_such_file(loaded: TestClient, kind: str, name: str) -> None:
    assert send(loaded, b"{}", kind, name=name).status_code == 422
    assert loaded.get("/imports").json() == []


def test_a_bomb(loaded: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(300 * 2**20))
    begun = time.monotonic()
    answer = loaded.post("/visits/import", files={"file": ("bomb.xlsx", path.read_bytes())}, params={"lang": "en"})
    assert answer.status_code == 422
    assert time.monotonic() - begun < 5


def test_too_large(loaded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "MAX_IMPORT_BYTES", 1_000)
    assert send(loaded, HEADER + line(101) * 50).status_code == 413
    assert loaded.get("/imports").json() == []


def test_a_large_file_is_carried_on_beside(loaded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "AT_ONCE_BYTES", 1_000)
    monkeypatch.setattr("api.jobs.PART_ROWS", 10)
    text = HEADER + "".join(line(number, "C9" if number == 150 else "C1") for number in range(101, 176))
    answer = send(loaded, text)
    assert answer.status_code == 202
    told = finished(loaded, answer)
    assert (told["status"], told["done"], told["stored"], told["rejected"]) == ("done", 75, 74, 1)
    assert told["refused"][0]["row"] == 51
    folder = loaded.app.state.imports.folder  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


def test_an_import_goes_on_where_it_stopped(loaded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after three parts, as when the process ends; the next start takes the rest, and counts each row once."""
    monkeypatch.setattr(router, "AT_ONCE_BYTES", 1_000)
    monkeypatch.setattr("api.jobs.PART_ROWS", 10)
    jobs = loaded.app.state.imports  # type: ignore[attr-defined]
    monkeypatch.setattr(jobs, "wake", lambda: None)
    text = HEADER + "".join(line(number) for number in range(101, 176))
    answer = send(loaded, text)
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    assert carry_on(jobs.sessions, jobs.folder, after_three) == 1
    half = loaded.get(answer.headers["location"]).json()
    assert (half["status"], half["done"], half["stored"]) == ("waiting", 30, 30)
    assert carry_on(jobs.sessions, jobs.folder, lambda: False) == 1
    told = finished(loaded, answer)
    assert (told["status"], told["done"], told["stored"], told["duplicate"]) == ("done", 75, 75, 0)
    assert carry_on(jobs.sessions, jobs.folder, lambda: False) == 0


def test_of_a_file_that_breaks_off_late_nothing_is_stored(loaded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.jobs.PART_ROWS", 10)
    text = HEADER + "".join(line(number) for number in range(101, 126)) + 'x,"open\n'
    answer = send(loaded, text, name="october.csv")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("october.csv: a quote is not closed")
    told = loaded.get(f"/imports/{answer.json()['import_id']}").json()
    assert (told["status"], told["done"], told["stored"]) == ("failed", 0, 0)
    assert told["message"].startswith("october.csv：第 27 行")
    assert loaded.get(f"/visits/{UUID(int=101)}").status_code == 404


def test_rows_that_cannot_be_read_are_refused_and_come_back(loaded: TestClient) -> None:
    text = HEADER + line(101) + line(102, note="one,two") + line(103, note="x" * 140_000) + line(104)
    told = send(loaded, text).json()
    assert (told["stored"], told["rejected"]) == (2, 2)
    assert [(one["row"], one["field"]) for one in told["refused"]] == [(3, "row"), (4, "note")]
    (page,) = load_workbook(io.BytesIO(loaded.get(told["rejected_sheet"]).content)).worksheets
    assert [cell.value for cell in page[1]][5:] == ["备注", None, "原行号", "原因"]
    assert [cell.value for cell in page[2]][5:8] == ["one", "two", "3"]
    assert len(page["F3"].value) == 32_767
    good = json.dumps(visit(105, grid=GRIDS[0]))
    told = send(loaded, good + '\n{"id": \n{"a\\u0000": "\\uffff"}\n', "application/x-ndjson").json()
    assert (told["stored"], told["rejected"]) == (1, 2)
    (page,) = load_workbook(io.BytesIO(loaded.get(told["rejected_sheet"]).content)).worksheets
    assert '{"id":' in [cell.value for cell in page[2]]


def damaged_workbooks() -> Iterator[bytes]:
    """A good workbook with bytes turned or cut off in each of its parts, and in itself."""
    book = Workbook()
    for number in range(101, 104):
        book.worksheets[0].append(["编号", "工号", "开始时间", "经度", "纬度"] if number == 101 else [])
        book.worksheets[0].append([str(UUID(int=number)), "C1", "2025-05-10 09:00", LON, LAT])
    buffer = io.BytesIO()
    book.save(buffer)
    whole, seeded = buffer.getvalue(), random.Random(5)  # noqa: S311 - the same damage each time
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, content in parts.items():
        halves = (b"", content[: len(content) // 2], content[len(content) // 2 :])
        for broken in (*halves, *(_turned(content, seeded) for _ in range(4))):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for other, kept in parts.items():
                    archive.writestr(other, broken if other == name else kept)
            yield packed.getvalue()
    for _ in range(15):
        yield _turned(whole, seeded)


def _turned(content: bytes, seeded: random.Random) -> bytes:
    out = bytearray(content)
    for _ in range(3):
        out[seeded.randrange(len(out))] = seeded.randrange(256)
    return bytes(out)


@pytest.mark.filterwarnings("ignore")  # openpyxl says what it finds odd
def test_no_damage_of_a_workbook_is_unexpected(loaded: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answers = [send(loaded, content, kind) for content in damaged_workbooks()]
    assert 60 <= len(answers) <= 100
    assert {answer.status_code for answer in answers} == {200, 422}
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    assert {one["status"] for one in loaded.get("/imports?limit=1000").json()} == {"done", "failed"}
    said = [answer.json()["detail"] for answer in answers if answer.status_code == 422]
    assert len([one for one in said if "damaged" in one]) > 20


def test_what_nobody_expected_ends_one_import_and_not_the_thread(
    loaded: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(router, "AT_ONCE_BYTES", 0)
    broken = "api.jobs.batches.look_through"
    with monkeypatch.context() as patched:
        patched.setattr(broken, lambda *_: 1 / 0)
        told = finished(loaded, send(loaded, HEADER + line(101)))
    assert told["status"] == "failed"
    assert told["message"].startswith("something unexpected")
    assert "ZeroDivisionError" in caplog.text
    assert finished(loaded, send(loaded, HEADER + line(101)))["stored"] == 1


def test_an_import_that_cannot_even_fail_keeps_no_other_waiting(
    loaded: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "AT_ONCE_BYTES", 0)
    jobs = loaded.app.state.imports  # type: ignore[attr-defined]
    monkeypatch.setattr(jobs, "wake", lambda: None)
    stuck, other = (send(loaded, HEADER + line(number)) for number in (101, 102))
    plainly = run

    def carried(sessions: Any, county: str, id_: UUID, *more: Any) -> None:
        if str(id_) in stuck.headers["location"]:
            raise OperationalError("", {}, psycopg2.OperationalError("gone"))
        plainly(sessions, county, id_, *more)

    monkeypatch.setattr("api.jobs.run", carried)
    with pytest.raises(OperationalError):
        carry_on(jobs.sessions, jobs.folder, lambda: False)
    assert loaded.get(stuck.headers["location"]).json()["status"] == "waiting"
    assert loaded.get(other.headers["location"]).json()["status"] == "done"


def test_an_outage_of_the_database_leaves_an_import_waiting(
    loaded: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise psycopg2.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr("api.jobs.batches.look_through", gone)
        assert send(loaded, HEADER + line(101)).status_code == 503
    (waiting,) = loaded.get("/imports").json()
    assert waiting["status"] == "waiting"
    jobs = loaded.app.state.imports  # type: ignore[attr-defined]
    assert carry_on(jobs.sessions, jobs.folder, lambda: False) == 1
    assert loaded.get(f"/imports/{waiting['id']}").json()["status"] == "done"


def test_an_import_says_no_more_of_petitions_than_the_list(loaded: TestClient, loaded_url: str) -> None:
    petition = {"id": str(UUID(int=301)), "reported_at": "2025-05-10T09:00:00", "category": "petition"}
    petition |= {"title": "秘密来信", "lon": LON, "lat": LAT}
    assert loaded.post("/issues", json=[petition]).status_code == 201
    service = token(loaded_url, "system", "service")
    for title in ("秘密来信", "x"):
        row = petition | {"title": title}
        (one,) = loaded.post("/issues?lang=en", json=[row], headers=service).json()["rows"]
        told = send(loaded, json.dumps(row), "application/x-ndjson", to="issues", headers=service).json()
        assert (told["duplicate"], told["conflict"]) == (0, 1)
        assert told["refused"][0]["reason"] == one["reason"] == "this id is that of another issue"


def test_imports_are_for_who_sent_them(loaded: TestClient, loaded_url: str) -> None:
    mine, other = token(loaded_url, "wang", "cadre", staff_no="C1"), token(loaded_url, "zhao", "cadre", staff_no="C2")
    told = send(loaded, HEADER + line(101) + line(102, "C2"), headers=mine).json()
    assert (told["stored"], told["rejected"]) == (1, 1)
    assert "only visits of your own" in told["refused"][0]["reason"]
    for path in (f"/imports/{told['id']}", f"/imports/{told['id']}/rejected"):
        assert loaded.get(path, headers=mine).status_code == 200
        assert loaded.get(path, headers=other).status_code == 404
        assert loaded.get(path).status_code == 200, "an admin manages"
    assert len(loaded.get("/imports", headers=mine).json()) == 1
    assert loaded.get("/imports", headers=other).json() == []
    viewer = token(loaded_url, "guest", "viewer")
    assert send(loaded, HEADER + line(103), headers=viewer).status_code == 403
    town = token(loaded_url, "li", "supervisor", scope=TOWNS[1])
    outside = send(loaded, HEADER + line(104), headers=town).json()
    assert (outside["stored"], outside["rejected"]) == (0, 1)


def test_the_kinds_of_files() -> None:
    assert SUFFIXES == (".csv", ".xlsx", ".ndjson")
