"""The checks of boundaries as text, sheet, workbook and JSON."""

import csv
import io
import json
from dataclasses import replace

import pytest
import shapely
from openpyxl import load_workbook

from api import boundary_exports
from geo.errors import Lang
from tests.maps import checked
from tests.maps.checked import CODES


def lines(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_sheet_has_every_finding_and_every_change() -> None:
    rows = lines(boundary_exports.to_csv(checked.report()))
    findings = [row for row in rows if row["record"] == "finding"]
    changes = [row for row in rows if row["record"] == "change"]
    assert [row["kind"] for row in findings] == [one.kind for one in checked.FINDINGS]
    assert [row["kind"] for row in changes] == [one.relation for one in checked.CHANGES if one.relation != "same"]
    overlap = findings[1]
    assert overlap["codes"] == f"{CODES[5]};{CODES[6]}"
    assert overlap["names"] == "村05;村06"
    assert (overlap["area_m2"], overlap["width_m"], overlap["detail"]) == ("120.5", "0.3", "Sliver")
    # Six decimals are a decimetre; the place of a sliver that is narrower is one beside it at most.
    point = shapely.Point(float(overlap["lon"]), float(overlap["lat"]))
    assert point.distance(checked.sliver(CODES[5])) < 1e-6
    assert (changes[0]["old_code"], changes[0]["new_code"], changes[0]["iou"]) == ("OLD-1", CODES[0], "1.0")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_workbook(lang: Lang) -> None:
    book = load_workbook(io.BytesIO(boundary_exports.to_xlsx(checked.report(), lang)))
    findings, changes, problems, summary = book.worksheets
    assert (
        book.sheetnames
        == {
            "zh-CN": ["检查发现", "变化", "问题", "汇总"],
            "en": ["Findings", "Changes", "Problems", "Summary"],
        }[lang]
    )
    assert (findings.max_row, changes.max_row, problems.max_row) == (1 + 7, 1 + 8, 1 + 2)
    assert findings.freeze_panes == "C2"
    assert findings["C3"].value == f"{CODES[5]}, {CODES[6]}"
    assert findings["E3"].value == 120.5
    told = {str(row[0].value): row[1].value for row in summary.iter_rows()}
    assert told["合并" if lang == "zh-CN" else "Merged"] == "2"
    assert told["文件" if lang == "zh-CN" else "File"] == "villages.shp"


def test_formulas_stay_text() -> None:
    evil = "=HYPERLINK(1)"
    report = checked.report(names=dict.fromkeys(CODES, evil))
    assert lines(boundary_exports.to_csv(report))[1]["names"].startswith("'=")
    book = load_workbook(io.BytesIO(boundary_exports.to_xlsx(report, "en")))
    assert book.worksheets[0]["D3"].value == f"'{evil}, {evil}"
    assert book.worksheets[0]["D3"].data_type == "s"


def test_json_is_the_whole_report() -> None:
    plain = json.loads(boundary_exports.to_json(checked.report()))
    assert plain["county"] == "990101"
    assert len(plain["findings"]) == 7
    assert len(plain["changes"]) == 8
    overlap = plain["findings"][1]
    assert "geometry" not in overlap
    west, south, east, north = overlap["bbox"]
    assert west <= overlap["lon"] <= east
    assert south <= overlap["lat"] <= north
    assert plain["scores"][0] == {"reading": "GCJ-02 degrees", "iou": 0.998}
    assert plain["problems"][0]["forbids"] is True
    assert plain["notes"]["encoding"] == {"zh": "GB18030（据 .cpg）", "en": "GB18030 (by the .cpg)"}


def test_the_table_names_the_worst_and_counts_the_rest() -> None:
    many = tuple(replace(checked.FINDINGS[1], area_m2=float(1000 - n)) for n in range(30))
    text = boundary_exports.to_table(checked.report(findings=many), "zh-CN")
    assert text.count("重叠  村社") == 20
    assert "另有 10 条，见表格" in text
    assert "须改正: 第 3 行 code：没有代码" in text
    assert "提示: parent：x 归入 y" in text
    assert f"旧OLD-1  {CODES[0]}" in text


def test_a_finding_between_many_areas_names_two_in_the_table_and_all_in_the_sheet() -> None:
    report = checked.report(findings=(replace(checked.FINDINGS[2], codes=tuple(CODES[:6])),))
    assert f"{CODES[0]}, {CODES[1]} …" in boundary_exports.to_table(report, "en")
    assert CODES[5] not in boundary_exports.to_table(report, "en")
    assert lines(boundary_exports.to_csv(report))[0]["codes"] == ";".join(CODES[:6])


def test_the_place_of_a_bent_finding_lies_on_it() -> None:
    """The middle of a U does not."""
    bent = shapely.box(119.5, 29.7, 119.6, 29.8) - shapely.box(119.52, 29.7, 119.58, 29.78)
    lon, lat = boundary_exports.place(replace(checked.FINDINGS[1], geometry=bent))
    assert shapely.Point(lon, lat).within(bent)
    assert not bent.envelope.centroid.within(bent)


def test_shares_of_old_and_new_keep_their_columns() -> None:
    link = replace(checked.CHANGES[2], share_of_old=0.25, share_of_new=1.0, iou=0.2)
    report = checked.report(changes=(link, checked.CHANGES[6]))
    split, new = [row for row in lines(boundary_exports.to_csv(report)) if row["record"] == "change"]
    assert (split["share_of_old"], split["share_of_new"], split["iou"]) == ("0.25", "1.0", "0.2")
    assert (new["old_code"], new["new_code"]) == ("", CODES[15])
    changes = load_workbook(io.BytesIO(boundary_exports.to_xlsx(report, "en"))).worksheets[1]
    assert [cell.value for cell in changes[2]][-3:] == ["25.0 %", "100.0 %", "20.0 %"]
    assert [cell.value for cell in changes[3]][-3:] == [None] * 3


def test_problems_speak_the_language_of_the_workbook() -> None:
    for lang, text in (("zh-CN", "没有代码"), ("en", "has no code")):
        book = load_workbook(io.BytesIO(boundary_exports.to_xlsx(checked.report(), lang)))  # type: ignore[arg-type]
        assert book.worksheets[2]["D2"].value == text
        notes = [row for row in book.worksheets[0].iter_rows(min_row=2, values_only=True) if row[5] is None]
        assert len(notes) == 3, "what is only noted has no width"
