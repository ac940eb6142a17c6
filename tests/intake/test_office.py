"""The same table written by spreadsheets, programs and in other encodings gives the same rows."""

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from api import sheet_templates
from geo.intake import batches
from geo.intake.visits import parse_sheet

SOFFICE = shutil.which("soffice")
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 1, tzinfo=ZONE)
TITLE = "2026年10月走访登记表"
HEADER = ["工号*", "开始时间", "经度", "纬度", "所在区域", "备注（选填）"]
ROWS = [
    ["C00017", "2026年10月12日 9:30", "119°41′29″E", "29°48′N", "330122101201003", "两户，均在家"],
    ["00018", "2026-10-13 14:05", "119.6914", "29.6802", "", '引号"与,逗号'],
    ["Ｃ００019", "2026/10/14", "", "", "330122101201", "全角"],
]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.csv"
    frame = pd.DataFrame([HEADER, *ROWS])
    path.write_text(TITLE + ",,,,,\n" + frame.to_csv(index=False, header=False), encoding="utf-8-sig")
    return path


def taken(path: Path) -> list[tuple[object, ...]]:
    """What the rows of a sheet become, and nothing refused."""
    good, refused = parse_sheet(list(batches.read(path, "visits")), zone=ZONE, now=NOW)
    assert refused == []
    columns = (good.row, good.id, good.staff_no, good.started_at, good.lon.astype(str), good.lat.astype(str), good.note)
    return list(zip(*(column.tolist() for column in columns), good.claimed_area.tolist(), strict=True))


def by_openpyxl(path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([TITLE])
    sheet.merge_cells("A1:F1")
    for line in (HEADER, *ROWS):
        sheet.append(line)
    book.save(path)


def by_pandas(path: Path) -> None:
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        pd.DataFrame([HEADER, *ROWS]).to_excel(writer, index=False, header=False, startrow=1)
        writer.sheets["Sheet1"]["A1"] = TITLE


def by_libreoffice(path: Path, plain: Path) -> None:
    """Every column as text, as somebody would import it who knows about codes."""
    as_text = "44,34,76,1,1/2/2/2/3/2/4/2/5/2/6/2"
    run = [
        str(SOFFICE),
        f"-env:UserInstallation=file://{path.parent / 'profile'}",
        "--headless",
        f"--infilter=CSV:{as_text}",
    ]
    subprocess.run(
        [*run, "--convert-to", "xlsx", "--outdir", str(path.parent), str(plain)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    (path.parent / "plain.xlsx").rename(path)


def test_the_same_table_by_all_of_them(plain: Path, tmp_path: Path) -> None:
    expected = taken(plain)
    assert [row[0] for row in expected] == [3, 4, 5]
    assert [row[2] for row in expected] == ["C00017", "00018", "C00019"]
    gb = tmp_path / "gb.csv"
    gb.write_bytes(plain.read_text(encoding="utf-8-sig").encode("gb18030"))
    assert taken(gb) == expected
    for write in (by_openpyxl, by_pandas):
        path = tmp_path / f"{write.__name__}.xlsx"
        write(path)
        assert taken(path) == expected, write.__name__


@pytest.mark.skipif(SOFFICE is None, reason="there is no LibreOffice; `make test` installs it")
def test_the_same_table_by_libreoffice(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "office.xlsx"
    by_libreoffice(path, plain)
    assert taken(path) == taken(plain)


@pytest.mark.skipif(SOFFICE is None, reason="there is no LibreOffice; `make test` installs it")
@pytest.mark.parametrize("kind", ["visits", "issues"])
def test_libreoffice_opens_the_template(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.xlsx"
    path.write_bytes(sheet_templates.render(kind, path.name, "zh-CN"))
    run = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*run, "--outdir", str(tmp_path / "again"), str(path)], check=True, capture_output=True, timeout=180)
    opened, written = (load_workbook(one) for one in (tmp_path / "again" / path.name, path))
    titles = [cell.value for cell in written["填写"][1]]
    assert [cell.value for cell in opened["填写"][1]] == titles
    assert [cell.value for cell in opened["说明"]["A"][1:]] == titles
    assert (
        len(opened["填写"].data_validations.dataValidation) == len(written["填写"].data_validations.dataValidation) > 0
    )


def test_a_template_offers_what_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "issues.xlsx"
    path.write_bytes(sheet_templates.render("issues", path.name, "zh-CN"))
    sheet = load_workbook(path).worksheets[0]
    offered = {str(one.sqref).rstrip("0123456789")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    titles = [cell.value for cell in sheet[1]]
    assert offered["ABCDEFGHIJ"[titles.index("问题类别")]] == '"民生,发展,基建,生态,信访,党建"'
    assert "2026-10-12 09:30" in sheet.cell(1, titles.index("发现时间") + 1).comment.text
