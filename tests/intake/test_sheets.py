"""CSV sheets as offices write them, and every way in which a file can be none."""

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from geo.errors import FileEmpty, FileUnreadable, TooManyRows, WanggeError
from geo.intake import batches, returned
from geo.intake.people import AssignmentRow, CadreRow, OrganisationRow, PlaceRow, SheetRow
from geo.intake.rejections import Spoiled
from geo.intake.sheets import rows, titles
from geo.intake.visits import VisitRow

VISITS = frozenset(VisitRow.model_fields)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return tmp_path / "visits.csv"


def read(path: Path, content: str | bytes, *, columns: frozenset[str] = VISITS) -> list[tuple[int, dict[str, str]]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(rows(path, columns=columns))


def error(path: Path, content: str | bytes) -> WanggeError:
    with pytest.raises((FileUnreadable, FileEmpty)) as caught:
        read(path, content)
    said = caught.value
    for text in (said.text("en"), said.text("zh-CN")):
        assert path.name in text
        assert "\n" not in text
    return said


# Encodings and headers


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings_of_offices(sheet: Path, encoding: str) -> None:
    text = "工号,开始时间,备注\nC1,2026-10-12T09:30:00,走访两户，均在家\n"
    assert read(sheet, text.encode(encoding)) == [
        (2, {"staff_no": "C1", "started_at": "2026-10-12T09:30:00", "note": "走访两户，均在家"})
    ]


def test_rare_characters_of_names_survive_both_encodings(sheet: Path) -> None:
    text = "工号,备注\nC1,㙘𠅤村 䶮某\n"
    assert read(sheet, text.encode("gb18030")) == read(sheet, text)


DESIGN: list[tuple[type[SheetRow] | type[VisitRow], str]] = [
    (OrganisationRow, "code 代码 name 名称 kind 类型 area 区域 lon 经度 lat 纬度 frame 坐标系"),
    (CadreRow, "staff_no 工号 name 姓名 organisation 单位 post 职务 phone 电话"),
    (AssignmentRow, "staff_no 工号 area 区域代码 role 角色 from 起 to 止"),
    (
        PlaceRow,
        "id 编号 kind 类型 name 名称 lon 经度 lat 纬度 frame 坐标系 area 所在区域 staff_no 结对干部",
    ),
    (
        VisitRow,
        """id 编号 staff_no 工号 started_at 开始时间 ended_at 结束时间 lon 经度 lat 纬度 frame 坐标系
        accuracy_m 精度(米) claimed_area 所在区域 place 走访对象 topics 中心工作 companions 同行人员
        findings 走访发现 note 备注""",
    ),
]


@pytest.mark.parametrize(("model", "pairs"), DESIGN, ids=lambda value: getattr(value, "__name__", ""))
def test_english_and_chinese_names_of_the_design_are_accepted_alike(
    sheet: Path, model: type[SheetRow] | type[VisitRow], pairs: str
) -> None:
    words = pairs.split()
    english, chinese = words[::2], words[1::2]
    columns = frozenset(field.alias or name for name, field in model.model_fields.items())
    assert set(english) == columns
    values = [str(number) for number in range(len(english))]
    expected = [(2, dict(zip(english, values, strict=True)))]
    for header in (english, chinese):
        assert read(sheet, ",".join(header) + "\n" + ",".join(values) + "\n", columns=columns) == expected


@given(st.permutations(["工号", "started_at", "经度", "lat", "备注"]))
def test_columns_come_in_any_order(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    cells = {"工号": "C1", "started_at": "t", "经度": "1", "lat": "2", "备注": "n"}
    text = ",".join(order) + "\n" + ",".join(cells[name] for name in order)
    (row,) = read(tmp_path_factory.mktemp("order") / "visits.csv", text)
    assert row == (2, {"staff_no": "C1", "started_at": "t", "lon": "1", "lat": "2", "note": "n"})


def test_a_column_that_is_not_known_comes_through_under_its_own_name(sheet: Path) -> None:
    assert read(sheet, "工号,天气\nC1,晴\n") == [(2, {"staff_no": "C1", "天气": "晴"})]


# Rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_of_lines(sheet: Path, end: str) -> None:
    text = end.join(["staff_no,note", "C1,a", "C2,b", ""])
    assert read(sheet, text) == [(2, {"staff_no": "C1", "note": "a"}), (3, {"staff_no": "C2", "note": "b"})]
    assert read(sheet, text.rstrip(end)) == read(sheet, text)


def test_a_quoted_newline_is_one_row_and_the_next_keeps_its_number(sheet: Path) -> None:
    text = 'staff_no,note\nC1,"first\nsecond, ""quoted""\nthird"\nC2,b\n'
    assert read(sheet, text) == [
        (2, {"staff_no": "C1", "note": 'first\nsecond, "quoted"\nthird'}),
        (3, {"staff_no": "C2", "note": "b"}),
    ]


def test_empty_rows_are_passed_over_and_counted(sheet: Path) -> None:
    assert [number for number, _ in read(sheet, "staff_no,note\n\nC1,a\n,\n  ,\nC2,b\n\n\n")] == [3, 6]
    assert read(sheet, "\n\nstaff_no\nC1\n") == [(4, {"staff_no": "C1"})]


def test_cells_that_a_short_row_leaves_out_are_empty(sheet: Path) -> None:
    assert read(sheet, "staff_no,started_at,note\nC1\nC2,t,n\n") == [
        (2, {"staff_no": "C1", "started_at": "", "note": ""}),
        (3, {"staff_no": "C2", "started_at": "t", "note": "n"}),
    ]


def test_spaces_around_cells_and_names_go(sheet: Path) -> None:
    assert read(sheet, " staff_no , frame\n C1 , gcj02 \n") == [(2, {"staff_no": "C1", "frame": "gcj02"})]


def test_empty_columns_of_a_spreadsheet_are_nothing(sheet: Path) -> None:
    assert read(sheet, "staff_no,note,,\nC1,a,,\nC2,b\nC3,c,,,,\n") == [
        (2, {"staff_no": "C1", "note": "a"}),
        (3, {"staff_no": "C2", "note": "b"}),
        (4, {"staff_no": "C3", "note": "c"}),
    ]


# Files that cannot be taken


@pytest.mark.parametrize("text", ["staff_no,note\nC1,a,surplus\n", "staff_no,,note\nC1,surplus,a\n"])
def test_a_cell_under_no_column_name_spoils_its_row_and_no_other(sheet: Path, text: str) -> None:
    (number, row), other = read(sheet, text + "C2,,b\n".replace(",,", ",," if ",," in text else ","))
    assert isinstance(row, Spoiled)
    assert (number, row.why.row, row.surplus) == (2, 2, ("surplus",))
    assert "no column name" in row.why.en
    assert row.as_it_came() == {"staff_no": "C1", "note": "a", "+1": "surplus"}
    assert other == (3, {"staff_no": "C2", "note": "b"})


def test_the_row_of_a_surplus_cell_is_named_as_a_spreadsheet_counts(sheet: Path) -> None:
    _, (number, row) = read(sheet, 'staff_no,note\nC1,"a\nb"\n\nC2,b,surplus\n')
    assert isinstance(row, Spoiled)
    assert number == row.why.row == 4


@pytest.mark.parametrize("header", ["工号,备注,工号", "staff_no,note,工号", "staff_no, staff_no"])
def test_a_column_twice(sheet: Path, header: str) -> None:
    said = error(sheet, header + "\na,b,c\n")
    assert "staff_no" in str(said)
    assert "两次" in said.text("zh-CN")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n  \n", b"staff_no,note\n", b"staff_no,note\n,\n\n"])
def test_nothing_in_it(sheet: Path, content: bytes) -> None:
    assert isinstance(error(sheet, content), FileEmpty)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00\x00\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    ],
    ids=["xlsx", "xls", "png"],
)
def test_what_is_no_csv(sheet: Path, content: bytes) -> None:
    said = error(sheet, content)
    assert "csv" in str(said)
    assert "csv" in said.text("zh-CN")


def test_neither_utf_8_nor_gb18030(sheet: Path) -> None:
    assert "UTF-8" in str(error(sheet, b"staff_no,note\nC1,caf\xe9\xff\xff\n"))


@pytest.mark.parametrize("text", ['staff_no,note\nC1,a\nC1,"open\nC2,b\n', 'staff_no,note\nC1,a\nC1,"a"b\n'])
@pytest.mark.parametrize("long", ["", "x" * 200_000])
def test_quotes_that_do_not_close(sheet: Path, text: str, long: str) -> None:
    said = error(sheet, text + long)
    assert "row 3 (line 3)" in said.text("en")
    assert "引号" in said.text("zh-CN")


def test_a_cell_as_long_as_a_picture_spoils_its_row(sheet: Path) -> None:
    (_, row), other = read(sheet, 'staff_no,note\nC1,"' + "x" * 200_000 + '"\nC2,b\n')
    assert isinstance(row, Spoiled)
    assert (row.why.field, row.why.zh) == ("note", "超过 32767 个字符，请缩短")
    assert other == (3, {"staff_no": "C2", "note": "b"})


def book(path: Path, *lines: list[object]) -> Path:
    made = Workbook()
    for line in lines:
        made.worksheets[0].append(line)
    made.save(path)
    return path


def test_a_formula_that_failed_spoils_its_row_and_a_text_like_it_does_not(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ["工号", "备注"], ["C1", "#N/A"], ["C2", "#停车位被占!"], ["C3", "c"])
    opened = load_workbook(path)
    assert opened.worksheets[0]["B2"].data_type == "e"
    (_, failed), *others = rows(path, columns=VISITS)
    assert isinstance(failed, Spoiled)
    assert (failed.why.row, failed.why.field, failed["note"]) == (2, "note", "#N/A")
    assert "#N/A" in failed.why.zh
    assert others == [(3, {"staff_no": "C2", "note": "#停车位被占!"}), (4, {"staff_no": "C3", "note": "c"})]


def test_an_empty_cell_far_below_is_no_row(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ["工号", "备注"], ["C1", "a"])
    opened = load_workbook(path)
    opened.worksheets[0]["A1048576"].number_format = "@"
    opened.save(path)
    assert list(rows(path, columns=VISITS)) == [(2, {"staff_no": "C1", "note": "a"})]


def repacked(path: Path, old: bytes, new: bytes) -> None:
    """The first sheet of a workbook with something else in it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"</sheetData>", b""), (b'r="2"', b'r="99999999999"'), (b"<v>17</v>", b"<v>x</v>"), (b'r="A2"', b'r="2A"')],
)
def test_a_damaged_workbook_says_what_to_do(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = book(tmp_path / "a.xlsx", ["工号", "备注"], ["C1", 17])
    repacked(path, old, new)
    with pytest.raises(FileUnreadable, match="damaged") as caught:
        list(rows(path, columns=VISITS))
    assert "已损坏" in caught.value.text("zh-CN")


def test_a_number_beyond_all_numbers_stays_as_it_is(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ["工号", "备注"], ["C1", 17])
    repacked(path, b"<v>17</v>", b"<v>1e400</v>")
    ((_, row),) = rows(path, columns=VISITS)
    assert row["note"] == "inf"


# Lines of JSON

LINES: list[tuple[str, str]] = [
    ('{"staff_no": ', "not JSON"),
    ("7", "not an object"),
    ("[" * 3_000 + "]" * 3_000, "nested"),
    ('{"topics": [["a"]]}', "nested"),
    ('{"lon": ' + "9" * 5_000 + "}", "digits"),
    ('{"\\ud800": 1}', "half of a character"),
    ('{"note": "\\ud800"}', "half of a character"),
    ('"\\ud800"', "not an object"),
    ('{"note": "' + "x" * 1_100_000 + '"}', "longer than"),
]


@pytest.mark.parametrize(("line", "said"), LINES, ids=[said for _, said in LINES])
def test_a_line_that_is_no_object_spoils_itself(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"staff_no": "C1"}\n\n' + line + '\n{"staff_no": "C2", "note": "\\ud83d\\ude00"}\n')
    first, (number, row), last = batches.read(path, "visits")
    assert isinstance(row, Spoiled)
    assert (number, row.why.row) == (3, 3)
    assert said in row.why.en
    assert len(row.surplus[0]) <= 32_767
    assert (first[1], last) == ({"staff_no": "C1"}, (4, {"staff_no": "C2", "note": "\U0001f600"}))


@pytest.mark.parametrize(("line", "said"), LINES[:2], ids=[said for _, said in LINES[:2]])
def test_where_no_line_is_an_object_the_file_is_something_else(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(f"\n{line}\n{line}")
    with pytest.raises(FileUnreadable, match=f"line 2 is {said}"):
        batches.look_through(path, "visits")


@pytest.mark.parametrize("text", ['[\n{"staff_no": "C1"},\n{"staff_no": "C2"}\n]', '[{"a": 1},\n{"a": 2}]'])
def test_one_list_is_no_file_of_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(text)
    with pytest.raises(FileUnreadable, match="one JSON list"):
        batches.look_through(path, "visits")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable) as caught:
        list(rows(tmp_path / "nowhere.csv", columns=VISITS))
    assert str(caught.value) == "nowhere.csv: there is no such file"
    assert caught.value.text("zh-CN") == "nowhere.csv：没有这个文件"
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileUnreadable, match=r"folder\.csv"):
        list(rows(tmp_path / "folder.csv", columns=VISITS))


# What was refused goes back


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_refused_rows_come_back_with_their_reasons_and_can_be_sent_again(
    sheet: Path, tmp_path: Path, form: str
) -> None:
    taken = read(sheet, '走访登记表,\n工号*,备注（选填）\nC1,"a\nb"\n=1+1\nC3,c\n')
    assert taken[0] == (3, {"staff_no": "C1", "note": "a\nb"})
    names = titles(sheet, columns=VISITS)
    assert names == {"staff_no": "工号*", "note": "备注（选填）"}
    reasons = {3: ("staff_no", "没有工号为 C1 的干部"), 4: ("staff_no", "没有工号为 =1+1 的干部")}
    back = tmp_path / f"rejected.{form}"
    back.write_bytes(returned.render(taken[:2], reasons, names, form))
    again = list(rows(back, columns=VISITS))
    assert again[0] == (2, {"staff_no": "C1", "note": "a\nb", "row": "3", "reason": "没有工号为 C1 的干部"})
    said = again[1][1]
    assert (said["row"], said["reason"]) == ("4", "没有工号为 =1+1 的干部")
    assert said["staff_no"] == ("'=1+1" if form == "csv" else "=1+1"), "a csv is opened by spreadsheets"


@given(st.text(alphabet="=+-@'ab1 .", max_size=8))
def test_what_is_made_inert_is_read_as_it_was_meant(text: str) -> None:
    made = returned.inert(text)
    assert made[:1] not in ("=", "@")
    if not (text[:1] == "'" and text[1:2] in ("=", "+", "-", "@")):
        assert returned.meant(made) == text


def test_a_mended_sheet_of_refused_rows_is_read_again(sheet: Path, tmp_path: Path) -> None:
    taken = read(sheet, "工号,开始时间\nC9,2026年10月12日 9:30\n")
    back = tmp_path / "rejected.xlsx"
    names = titles(sheet, columns=VISITS)
    back.write_bytes(returned.render(taken, {2: ("staff_no", "没有工号为 C9 的干部")}, names, "xlsx"))
    book = load_workbook(back)
    page = book.worksheets[0]
    assert [cell.value for cell in page[1]] == ["工号", "开始时间", "原行号", "原因"]
    assert page["A2"].fill.start_color.rgb.endswith("FFF2CC")
    assert page["B2"].number_format == "@"
    page["A2"] = "C1"
    book.save(back)
    assert list(batches.read(back, "visits")) == [(2, {"staff_no": "C1", "started_at": "2026年10月12日 9:30"})]


# What people put around a table


@pytest.mark.parametrize(
    "above",
    ["", "2026年10月走访登记表,,\n", "走访登记表,,\n填表说明：时间写成 2026-10-12 09:30,,\n,,\n", "工号不能为空,,\n"],
)
def test_titles_above_the_header_are_passed_over(sheet: Path, above: str) -> None:
    (row,) = read(sheet, above + "工号,开始时间,备注\nC1,t,n\n")
    assert row == (above.count("\n") + 2, {"staff_no": "C1", "started_at": "t", "note": "n"})


@pytest.mark.parametrize(
    "header",
    [
        "工号*,开始时间（必填）,备注",
        "工号＊,开始时间(必填),备注（选填）",
        "staff_no *,started_at,note",
        "工号 ,【必填】开始时间,备注",
    ],
)
def test_marks_around_names(sheet: Path, header: str) -> None:
    assert read(sheet, header + "\nC1,t,n\n") == [(2, {"staff_no": "C1", "started_at": "t", "note": "n"})]


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_other_marks_between_cells(sheet: Path, mark: str) -> None:
    text = "工号,备注\nC1,a\n".replace(",", mark)
    assert read(sheet, text) == [(2, {"staff_no": "C1", "note": "a"})]


def test_unicode_text_of_a_spreadsheet(sheet: Path) -> None:
    assert read(sheet, "工号\t备注\nC1\t两户\n".encode("utf-16")) == [(2, {"staff_no": "C1", "note": "两户"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_cut_in_the_middle_of_a_character(sheet: Path, encoding: str) -> None:
    text = "工号,备注\nC1,走访两户\nC2,走访三户".encode(encoding)
    said = error(sheet, text[:-1])
    assert "cut off" in said.text("en")
    assert "line 3" in said.text("en")
    assert "截断" in said.text("zh-CN")


@pytest.mark.parametrize("suffix", ["xls", "xlsm", "xltm", "ods"])
def test_other_workbooks_say_what_to_do(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"whatever")
    with pytest.raises(FileUnreadable, match="save it as xlsx without macros"):
        list(rows(path, columns=VISITS))


def test_a_workbook_with_macros_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = Workbook()
    book.worksheets[0].append(["工号", "开始时间"])
    book.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    with pytest.raises(FileUnreadable, match="macros"):
        list(rows(path, columns=VISITS))


def test_numbers_that_were_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = Workbook()
    for line in (
        ["工号", "开始时间", "所在区域"],
        ["C1", datetime(2026, 10, 12, 9, 30), 330122101201003000],  # noqa: DTZ001 - county time
        ["C1", 46307, 17.0],
    ):
        book.worksheets[0].append(line)
    book.save(path)
    first, second = (fields for _, fields in rows(path, columns=VISITS))
    assert (first["started_at"], first["claimed_area"]) == ("2026-10-12T09:30:00", "3.301221E+17")
    assert (second["started_at"], second["claimed_area"]) == ("46307", "17")


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.intake.workbooks.MAX_SHEET_ROWS", 3)
    path = tmp_path / "a.xlsx"
    book = Workbook()
    for line in (["工号", "备注"], ["C1", "a"], ["C2", "b"], ["C3", "c"]):
        book.worksheets[0].append(line)
    book.save(path)
    with pytest.raises(TooManyRows, match="more than 3 rows"):
        list(rows(path, columns=VISITS))
