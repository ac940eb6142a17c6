"""People and assignments from the command line: templates, dry runs, workbooks, hand-overs, reports and history."""

import csv
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from api import sheet_templates
from geo.services.sheet_kinds import SHEETS
from tests import squares
from tests.api.test_cli import Run, failed, loaded, ok, rows, run, without  # noqa: F401 - fixtures
from tests.squares import COUNTY, GRIDS, VILLAGES

Book = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """A workbook with a title row and rows below."""

    def make(*lines: list[Any], name: str = "sheet.xlsx") -> Path:
        made = Workbook()
        for line in lines:
            made.worksheets[0].append(line)
        made.save(tmp_path / name)
        return tmp_path / name

    return make


ASSIGNMENTS = ["工号", "区域代码", "角色", "起", "止"]


def test_a_workbook_as_a_spreadsheet_keeps_it(loaded: Run, loaded_url: str, book: Book) -> None:  # noqa: F811
    """Codes as numbers, days as days, an empty column and an empty row."""
    path = book(
        [*ASSIGNMENTS, None],
        ["C1", int(GRIDS[0]), "grid_head", datetime(2025, 1, 1), None, None],  # noqa: DTZ001 - as openpyxl has it
        [None] * 6,
        ["C2", float(GRIDS[1]), "grid_head", date(2025, 2, 1), date(2025, 9, 1), None],
    )
    assert "2 assignments taken" in ok(loaded("assignments", "import", path))
    found = rows(loaded_url, "SELECT area_code, from_day::text, to_day::text FROM assignments ORDER BY 1")
    assert found == [(GRIDS[0], "2025-01-01", None), (GRIDS[1], "2025-02-01", "2025-09-01")]


def test_a_dry_run_shows_the_differences_and_writes_nothing(loaded: Run, loaded_url: str, book: Book) -> None:  # noqa: F811
    first = book(ASSIGNMENTS, ["C1", GRIDS[0], "grid_head", "2025-01-01", None])
    said = ok(loaded("assignments", "import", first, "--dry-run"))
    assert "1 new, 0 changed, 0 the same; dry run: nothing was written" in said
    assert rows(loaded_url, "SELECT count(*) FROM assignments") == [(0,)]
    ok(loaded("assignments", "import", first))
    second = book(
        ASSIGNMENTS,
        ["C1", GRIDS[0], "grid_head", "2025-01-01", "2025-09-01"],
        ["C2", GRIDS[0], "grid_head", "2025-09-01", None],
    )
    said = ok(loaded("assignments", "import", second, "--dry-run"))
    assert f"row 2, {GRIDS[0]} grid_head C1 2025-01-01: to_day None → 2025-09-01" in said
    assert "1 new, 1 changed, 0 the same" in said
    assert rows(loaded_url, "SELECT count(to_day) FROM assignments") == [(0,)]
    ok(loaded("assignments", "import", second))
    assert "0 new, 0 changed, 2 the same" in ok(loaded("assignments", "import", second, "--dry-run"))


def test_a_dry_run_refuses_what_the_database_would(loaded: Run, book: Book) -> None:  # noqa: F811
    ok(loaded("assignments", "import", book(ASSIGNMENTS, ["C1", GRIDS[0], "grid_head", "2025-01-01", None])))
    second = book(ASSIGNMENTS, ["C2", GRIDS[0], "grid_head", "2025-05-01", None])
    for more, told in (
        ((), "0 assignments taken, 1 rejected; nothing was stored"),
        (("--dry-run",), "1 rejected; dry"),
    ):
        said = loaded("assignments", "import", second, *more)
        assert told in ok(said)
        assert "row 2, role: a grid has one head at a time" in said.err


@pytest.mark.parametrize("kind", SHEETS)
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_template_can_be_filled_in_and_taken(loaded: Run, tmp_path: Path, kind: str, suffix: str) -> None:  # noqa: F811
    """Its titles are those that the import knows, in both languages."""
    for lang in ("zh-CN", "en"):
        path = tmp_path / f"{kind}.{suffix}"
        ok(loaded(kind, "import", "--template", path, "--lang", lang))
        assert "there is no record" in failed(loaded(kind, "import", path))
        filled = {
            "organisations": ["D9", "新单位", "department", None, 120.005, 30.005, None],
            "limits": ["民生", 15],
            "routes": ["infrastructure", None, "D1", None],
            "cadres": ["C9", "新干部", "D1", None, None],
            "assignments": ["C1", GRIDS[0], "grid_head", "2025-01-01", None],
            "places": ["P9", "household", "一户", None, None, None, GRIDS[0], None],
            "rules": ["grid", "key", "2", None],
            "settings": [GRIDS[0], "key", None, None, None],
        }[kind]
        if suffix == "xlsx":
            book = load_workbook(path)
            for column, value in enumerate(filled, start=1):
                book.worksheets[0].cell(2, column, value)
            assert book.worksheets[0]["A2"].number_format == "@"
            book.save(path)
        else:
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(filled)
        assert f"1 {kind} taken" in ok(loaded(kind, "import", path))


def test_what_is_neither_or_both(loaded: Run, tmp_path: Path) -> None:  # noqa: F811
    assert "either a FILE" in failed(loaded("cadres", "import"))
    assert "either a FILE" in failed(loaded("cadres", "import", "a.csv", "--template", tmp_path / "b.csv"))
    assert "*.xlsx, *.csv" in failed(loaded("cadres", "import", "--template", tmp_path / "b.ods"))


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"<html>", b"\xd0\xcf\x11\xe0 an old .xls"])
def test_what_is_no_workbook(loaded: Run, tmp_path: Path, content: bytes) -> None:  # noqa: F811
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert "a.xlsx: this is not an xlsx workbook" in failed(loaded("cadres", "import", path))


def test_a_workbook_that_is_a_bomb(loaded: Run, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(20 * 2**20))
    assert "packed more than 200 times" in failed(loaded("cadres", "import", path))


def test_a_cell_with_an_error(loaded: Run, book: Book) -> None:  # noqa: F811
    path = book(["工号", "姓名", "单位"], ["C7", "#REF!", "D1"])
    done = loaded("cadres", "import", path)
    assert "0 cadres taken, 1 rejected; nothing was stored" in done.out
    assert "row 2, name: has the error #REF!" in done.err


def test_given_ended_and_handed_over(loaded: Run, loaded_url: str) -> None:  # noqa: F811
    said = ok(loaded("assignments", "give", "C1", "grid_head", *GRIDS[:2], "--from", "2025-01-01", "--by", "沈明"))
    assert said.startswith("2 assignments of C1: 1, 2")
    assert "has a head in that time" in failed(
        loaded("assignments", "give", "C2", "grid_head", GRIDS[2], GRIDS[0], "--from", "2025-05-01")
    )
    assert rows(loaded_url, "SELECT count(*) FROM assignments") == [(2,)]
    assert "to 2025-06-01" in ok(loaded("assignments", "end", "1", "--on", "2025-06-01"))
    said = ok(loaded("assignments", "hand-over", "C1", "C2", "--from", "2025-05-01", "--area", GRIDS[1]))
    assert "1 assignments went from C1 to C2" in said
    history = ok(loaded("assignments", "history", "--area", GRIDS[1]))
    assert [line.split()[3:5] for line in history.splitlines()[3:]] == [
        ["沈明", "added"],
        ["command", "changed"],
        ["command", "added"],
    ]
    assert "there is no assignment 99" in failed(loaded("assignments", "end", "99", "--on", "2025-06-01"))


def test_areas_with_nobody_and_people_with_nothing(loaded: Run) -> None:  # noqa: F811
    ok(loaded("assignments", "give", "C1", "grid_head", *GRIDS[:3], "--from", "2025-01-01"))
    said = ok(loaded("assignments", "report", "--on", "2025-03-10", "--most", "2"))
    assert said.startswith("2025-03-10 Grids: 5 without a Grid head, 1 cadres with more than 2 areas, 1 with none")
    assert all(f"\n{code}" in said for code in GRIDS[3:])
    assert any(line.split()[:5] == ["走访办", "C1", "干部1", "3", "300"] for line in said.splitlines())
    said = ok(loaded("assignments", "report", "--on", "2025-03-10", "--level", "village", "--lang", "zh-CN"))
    assert "4 无 联村干部" in said
    assert VILLAGES[0] in said


def test_the_history_says_which_sheet(loaded: Run, book: Book, loaded_url: str) -> None:  # noqa: F811
    ok(loaded("assignments", "import", book(ASSIGNMENTS, ["C1", GRIDS[0], "grid_head", "2025-01-01", None])))
    assert rows(loaded_url, "SELECT actor, county_code FROM assignment_changes") == [("import sheet.xlsx", COUNTY)]


def test_a_sheet_of_places_as_an_office_types_it(loaded: Run, loaded_url: str, tmp_path: Path) -> None:  # noqa: F811
    """Good rows are stored, the bad ones come back; mended and sent again they are stored too."""
    lon, lat = squares.centre(GRIDS[0])
    sheet, back = tmp_path / "places.csv", tmp_path / "back.xlsx"
    sheet.write_text(
        "走访对象登记表,,,,,\n编号,类型,名称,经度,纬度,坐标系\n"
        "Ｐ０１,企业,甲厂,120°0′18″E,30°0′18″N,WGS-84\n"
        f"P02,Scenic Spot,乙景,{lat},{lon},\n"
        f"3.30122E+14,农户,丙,{lon},{lat},\n"
        "P04,商店,丁,,,\n"
        "P05,项目,戊,0,0,\n"
        "P06,项目,己,-87.6,41.8,\n"
        'P07,项目,庚,"120,005","30,005",\n'
        f"P01,企业,又是甲厂,{lon},{lat},GCJ-02\n",
        encoding="gb18030",
    )
    done = loaded("places", "import", sheet, "--rejected", back, "--lang", "zh-CN")
    assert "places.csv: 2 places taken, 6 rejected; what was taken is stored" in ok(done)
    assert [line.partition(":")[0] for line in done.err.splitlines()[1:]] == [
        "row 5, id",
        "row 6, kind",
        "row 7, lat",
        "row 8, lon",
        "row 9, lon",
        "row 10, id",
    ]
    query = (
        "SELECT id, kind, round(ST_X(position)::numeric, 3)::float, area_code FROM places WHERE id LIKE 'P%' ORDER BY 1"
    )
    assert rows(loaded_url, query) == [
        ("P01", "enterprise", 120.005, GRIDS[0]),
        ("P02", "scenic_spot", 120.005, GRIDS[0]),
    ]
    book = load_workbook(back)
    lines = [[cell.value for cell in line] for line in book.worksheets[0].iter_rows()]
    assert lines[0] == ["编号", "类型", "名称", "经度", "纬度", "坐标系", "原行号", "原因"]
    assert lines[2][:3] == ["P04", "商店", "丁"]
    assert "住户、企业、项目、景区" in lines[2][-1]
    for line, changes in ((2, {1: "P03"}), (3, {2: "企业"}), (4, {4: "", 5: ""}), (5, {4: str(lon), 5: str(lat)})):
        for column, value in changes.items():
            book.worksheets[0].cell(line, column, value)
    book.worksheets[0].delete_rows(6, 2)
    book.save(back)
    assert "4 places taken" in ok(loaded("places", "import", back))
    assert [row[:2] for row in rows(loaded_url, query)][2:] == [
        ("P03", "household"),
        ("P04", "enterprise"),
        ("P05", "project"),
        ("P06", "project"),
    ]


def test_words_and_days_of_other_sheets(loaded: Run, loaded_url: str, tmp_path: Path) -> None:  # noqa: F811
    def taken(kind: str, text: str) -> None:
        (tmp_path / f"{kind}.csv").write_text(text)
        assert f"1 {kind} taken" in ok(loaded(kind, "import", tmp_path / f"{kind}.csv"))

    taken("organisations", "代码,名称,类型\nD2,住建局,部门\n")
    taken("assignments", f"工号,区域代码,角色,起,止\nＣ１,{GRIDS[0]},网格长,2025/1/1,2025年12月1日\n")
    taken("rules", "层级,类别,每月次数\n行政村,一般,２\n")
    taken("settings", f"代码,类别,排除原因,经手人,排除日期\n{GRIDS[0]},重点,水库,张三,2025.2.3\n")
    found = rows(loaded_url, "SELECT staff_no, role, from_day::text, to_day::text FROM assignments")
    assert found == [("C1", "grid_head", "2025-01-01", "2025-12-01")]
    assert rows(loaded_url, "SELECT level, tier, visits_per_month FROM visit_rules") == [("village", "ordinary", 2)]
    assert rows(loaded_url, "SELECT tier, excluded_on::text FROM area_settings") == [("key", "2025-02-03")]


def test_a_chinese_template_offers_chinese_words(tmp_path: Path) -> None:
    for kind, column, words in (
        ("places", "B", "住户,企业,项目,景区"),
        ("places", "F", "WGS84,国家2000,火星坐标系,百度坐标系"),
        ("organisations", "C", "乡镇,部门"),
        ("assignments", "C", "网格长,专职网格员,兼职网格员,网格指导员,联村干部,包片领导"),
        ("rules", "A", "乡镇,村,网格"),
        ("settings", "B", "重点,一般"),
    ):
        path = tmp_path / f"{kind}.xlsx"
        path.write_bytes(sheet_templates.render(kind, path.name, "zh-CN"))
        listed = load_workbook(path).worksheets[0].data_validations.dataValidation
        assert {str(one.sqref)[0]: one.formula1 for one in listed}[column] == f'"{words}"'
