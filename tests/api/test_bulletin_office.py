"""LibreOffice opens the files of a bulletin, and counts every figure of the workbook again as the service does."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from api import bulletin_files
from data.sample import Sample
from geo.analysis.bulletins import Bulletin
from geo.months import Month
from geo.services import bulletins
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from tests import visiting
from tests.services.test_bulletins import MARCH, report_issues
from tests.squares import GRIDS

SOFFICE = shutil.which("soffice")
DAY = re.compile(r"\b20\d\d-\d\d-\d\d\b")
WRITER = Path("/usr/lib/libreoffice/program/libswlo.so")


@pytest.fixture
def march(session: Session, county: CountyInfo) -> Bulletin:
    visiting.load_march(session, county)
    report_issues(session, county, *GRIDS[:5])
    return bulletins.draft(session, county, MARCH)


def converted(path: Path, form: str) -> Path:
    run = [str(SOFFICE), f"-env:UserInstallation=file://{path.parent / 'profile'}", "--headless", "--convert-to", form]
    folder = path.parent / "again"
    subprocess.run([*run, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.{form}"


@pytest.mark.skipif(SOFFICE is None, reason="there is no LibreOffice; `make test` installs it")
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_libreoffice_counts_every_figure_again(march: Bulletin, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "bulletin.xlsx"
    path.write_bytes(bulletin_files.render(march, {}, "xlsx", lang))  # type: ignore[arg-type]
    sheet = load_workbook(converted(path, "xlsx"), data_only=True).worksheets[0]
    counted = 0
    for line, figure in zip(sheet.iter_rows(min_row=2, values_only=True), march.figures, strict=True):
        if figure.how != "test" and figure.value is not None:
            assert line[7] == pytest.approx(figure.value), figure
            counted += 1
    assert counted > 60


@pytest.mark.skipif(not (SOFFICE and WRITER.exists()), reason="LibreOffice has no Writer here")
def test_every_line_of_the_word_file_is_printed(sample_url: str, sample: Sample, tmp_path: Path) -> None:
    """Lists of some hundred lines run over pages; on paper stands each of them, and no character without a font."""
    engine = make_engine(sample_url)
    with Session(engine) as session:
        made = bulletins.draft(session, counties.resolve(session, sample.county), Month(2026, 10))
    engine.dispose()
    path = tmp_path / "bulletin.docx"
    path.write_bytes(bulletin_files.render(made, {}, "docx", "zh-CN"))
    tables = Document(str(path)).tables
    written = Counter(DAY.findall("\n".join(cell.text for table in tables for row in table.rows for cell in row.cells)))
    pdf = converted(path, "pdf")
    printed = Counter(DAY.findall(said_by("pdftotext", "-layout", str(pdf), "-")))
    assert sum(written.values()) > 300
    assert printed == written
    assert "Noto" in said_by("pdffonts", str(pdf))


def said_by(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
