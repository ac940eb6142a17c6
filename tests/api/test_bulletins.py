"""Bulletins over HTTP and by command: files of an edition, publishing, templates, and what is refused."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from PIL import Image
from sqlalchemy.orm import Session

from api import bulletin_files, bulletin_workbook
from data.sample import Sample
from geo.analysis.bulletins import Bulletin, recount
from geo.errors import TemplateBroken
from geo.months import Month
from geo.services import bulletins
from geo.storage.database import make_engine
from geo.storage.queries import counties
from maps import bulletin_docx, bulletin_template
from maps import bulletin_words as words


@pytest.fixture(scope="module")
def october(sample_url: str, sample: Sample) -> Iterator[Bulletin]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield bulletins.draft(session, counties.resolve(session, sample.county), Month(2026, 10))
    engine.dispose()


def text_of(docx: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        return "".join(
            re.sub(r"<[^>]+>", "", archive.read(name).decode()) for name in archive.namelist() if name.endswith(".xml")
        )


def test_every_number_of_the_workbook_opens_the_list_behind_it(october: Bulletin) -> None:
    book = load_workbook(io.BytesIO(bulletin_workbook.render(october, "zh-CN")))
    sheet = book[words.word("figures_sheet", "zh-CN")]
    lines = list(sheet.iter_rows(min_row=2))
    assert len(lines) == len(october.figures) > 300
    counted = 0
    for cells, figure in zip(lines, october.figures, strict=True):
        assert cells[2].value == pytest.approx(figure.value)
        assert recount(october, figure) == pytest.approx(figure.value)
        if figure.list_name is None:
            assert figure.how == "ratio"
            continue
        target, _, where = cells[6].hyperlink.location.rpartition("!")
        listing = october.listing(figure.list_name)
        linked = book[target.strip("'")]
        _, first, _, last = range_boundaries(where)
        places = listing.places(figure.where)
        if figure.how == "rows" and places and places[-1] - places[0] + 1 == len(places):
            assert last - first + 1 == figure.value
            assert [row[0].value for row in linked.iter_rows(first, last)] == [listing.rows[at][0] for at in places]
            counted += 1
        assert linked.max_row - 1 == len(listing.rows)
    assert counted > 100


def test_every_number_of_the_text_has_its_mark(october: Bulletin) -> None:
    said = text_of(bulletin_docx.render(october, {}, "zh-CN"))
    for number, figure in enumerate(october.figures, start=1):
        if "." not in figure.name and figure.name != "clusters":
            assert f"{words.number(figure)}[{number}]" in said, figure.name
    assert f"[{october.numbered()['town.990101001.all'][0]}–" in said


def test_no_person_is_named_in_any_file(october: Bulletin, sample: Sample) -> None:
    files = {"coverage.zh-CN.png": b"x"}
    everything = text_of(bulletin_docx.render(october, {}, "zh-CN"))
    everything += text_of(bulletin_workbook.render(october, "zh-CN"))
    with zipfile.ZipFile(io.BytesIO(bulletin_files.render(october, files, "zip", "zh-CN"))) as archive:
        everything += "".join(archive.namelist())
    assert len(sample.cadres) > 100
    assert "县水利局" in everything
    found = {name for name in sample.cadres["name"] if name in everything}
    found |= {number for number in sample.cadres["staff_no"] if re.search(rf"\b{re.escape(number)}\b", everything)}
    assert found == set()


def test_the_same_bulletin_gives_the_same_bytes(october: Bulletin) -> None:
    for form in ("docx", "xlsx", "zip"):
        one, other = (bulletin_files.render(october, {}, form, "en") for _ in range(2))  # type: ignore[arg-type]
        assert one == other
    assert bulletin_template.default("zh-CN") == bulletin_template.default("zh-CN")


def test_hostile_names_are_text(october: Bulletin) -> None:
    name = "<w:p>&\x0b{{ 7*7 }} 㛃𠮷 " + "长" * 200
    hostile = replace(october, county_name=name, reason="]]>=1+1", edition=2)
    docx = bulletin_docx.render(hostile, {}, "zh-CN")
    said = "".join(paragraph.text for paragraph in Document(io.BytesIO(docx)).paragraphs)
    assert "<w:p>& {{ 7*7 }} 㛃𠮷 长" in said
    assert "]]>=1+1" in said
    load_workbook(io.BytesIO(bulletin_workbook.render(hostile, "zh-CN")))
    hostile = replace(october, county="../../etc", month="2026-10")
    assert "/" not in bulletin_files.name(hostile, "docx", "zh-CN")


def changed(*lines: str) -> bytes:
    document = Document(io.BytesIO(bulletin_template.default("zh-CN")))
    for line in lines:
        document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("达标数 {{ f.mett }}", "mett"),
        ("{{ f.met", "f.met"),
        ("{%p if f.met %}", "endif"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os }}", "unsafe"),
        ("{% for i in range(10000000) %}x{% endfor %}", "too big"),
    ],
)
def test_a_broken_template_says_where(october: Bulletin, line: str, said: str) -> None:
    with pytest.raises(TemplateBroken) as caught:
        bulletin_docx.render(october, {}, "zh-CN", changed(line), "county.docx")
    for lang in ("zh-CN", "en"):
        assert said in caught.value.text(lang)  # type: ignore[arg-type]
        assert "county.docx" in caught.value.text(lang)  # type: ignore[arg-type]


def test_a_template_reaches_no_file(october: Bulletin, tmp_path: Path) -> None:
    figure = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(figure, "PNG")
    maps, goal = {"coverage": figure.getvalue()}, tmp_path / "written.docx"
    line = f"{{{{ maps.coverage.picture.tpl.save('{goal}') }}}}"
    with pytest.raises(TemplateBroken):
        bulletin_docx.render(october, maps, "zh-CN", changed(line), "county.docx")
    assert not goal.exists()
    with zipfile.ZipFile(io.BytesIO(bulletin_docx.render(october, maps, "zh-CN"))) as archive:
        assert figure.getvalue() in [archive.read(name) for name in archive.namelist() if name.endswith(".png")]


def test_a_template_of_the_county_is_used(october: Bulletin) -> None:
    said = text_of(bulletin_docx.render(october, {}, "zh-CN", changed("本县自拟：{{ f.met }}"), "county.docx"))
    assert f"本县自拟：{words.number(october.numbered()['met'][1])}" in said
    with pytest.raises(TemplateBroken, match="not a Word file"):
        bulletin_docx.render(october, {}, "zh-CN", b"PK no", "county.docx")


# over HTTP, on the county of squares


@pytest.fixture
def published(loaded: TestClient) -> TestClient:
    answer = loaded.post("/bulletins", json={"month": "2025-03"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["edition"] == 1
    return loaded


def test_an_edition_has_its_files(published: TestClient) -> None:
    (one,) = published.get("/bulletins").json()["bulletins"]
    content = published.get("/bulletins/2025-03/1").json()
    assert content["sha256"] == one["sha256"]
    assert [file["name"] for file in content["bulletin"]["files"]] == [
        "coverage.en.png",
        "coverage.zh-CN.png",
        "issues.en.png",
        "issues.zh-CN.png",
    ]
    for form in ("docx", "xlsx", "zip"):
        answer = published.get(f"/bulletins/2025-03/1?format={form}")
        assert answer.content == published.get(f"/bulletins/2025-03/1?format={form}").content
        assert "bulletin-990199-2025-03-edition-1" in answer.headers["content-disposition"]
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            if form == "zip":
                assert len(archive.namelist()) == 2
    again = published.post("/bulletins", json={"month": "2025-03"})
    assert (again.status_code, "reason" in again.json()["detail"]) == (422, True)
    same = published.post("/bulletins", json={"month": "2025-03", "reason": "x"})
    assert same.status_code == 409
    assert published.get("/bulletins/2025-03/2").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"month": "2025-13"}, 422),
        ({"month": "2199-01"}, 422),
        ({"month": f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"}, 409),
        ({"month": "2019-01"}, 409),
        ({"month": "2025-03", "edition": 3}, 409),
        ({}, 422),
    ],
)
def test_what_cannot_be_published_is_said(loaded: TestClient, body: dict[str, object], status: int) -> None:
    answer = loaded.post("/bulletins", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert loaded.get("/bulletins").json()["bulletins"] == []


def test_the_page_offers_and_shows(published: TestClient) -> None:
    page = published.get("/desk/bulletins?month=2025-03").text
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert "第 1 版已发布" in headings[0]
    assert "草稿" not in "".join(headings)
    assert "村社总数" in page
    assert "区域聚集片区" in page
    assert "/bulletins/2025-03/draft?" in page
    assert 'href="/desk/bulletins/2025-03?' in page
    assert "第 1 版" in page
    confirm = published.get("/desk/bulletins/2025-03").text
    assert "村社总数" in confirm
    assert 'name="reason"' in confirm
    form = {"edition": "2", "reason": "", "form_token": "x"}
    refused = published.post("/desk/bulletins/2025-03", data=form | {"reason": '"><script>'})
    assert refused.status_code == 409
    assert "&#34;&gt;&lt;script&gt;" in refused.text
    assert published.post("/desk/bulletins/2025-03", data=form).status_code == 422
    assert "990199" in published.get("/desk/bulletins/2025-03/1").text
    assert published.get("/desk/bulletins/2025-03/9").status_code == 404


def test_files_are_written_whole_or_not(tmp_path: Path) -> None:
    from api.commands.bulletin import write_all  # noqa: PLC0415

    write_all({"a.docx": b"one"}, tmp_path / "deep" / "er")
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["a.docx"]
    (tmp_path / "a.docx").mkdir()
    with pytest.raises(Exception, match="cannot be written"):
        write_all({"a.docx": b"two"}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.docx", "deep"]
