"""A list of codes joined by name: what is taken, what is only suggested, and what is left on both sides."""

from pathlib import Path

import pytest

from geo.errors import FileEmpty, FileUnreadable, SheetRejected
from geo.intake.code_lists import Entry, Join, join, read_codes
from geo.space.codes import Level

TOWN, OTHER = "330122002", "330122003"
LIST = [
    Entry(f"{TOWN}200", "旧县村村委会", TOWN, "旧县街道"),
    Entry(f"{TOWN}201", "西武山村村委会", TOWN, "旧县街道"),
    Entry(f"{TOWN}001", "城西社区居委会", TOWN, "旧县街道"),
    Entry(f"{TOWN}202", "城西村村委会", TOWN, "旧县街道"),
    Entry(f"{OTHER}200", "和平村村委会", OTHER, "桐君街道"),
    Entry(f"{TOWN}203", "和平村村委会", TOWN, "旧县街道"),
]


def joined(
    *rows: str | None, parents: list[str | None] | None = None, level: Level = "village", entries: list[Entry] = LIST
) -> Join:
    return join(rows, parents or [None] * len(rows), entries, level=level)


def test_the_same_name_is_taken_first() -> None:
    found = joined("旧县村村委会", "西武山村")
    assert found.codes == (f"{TOWN}200", f"{TOWN}201")
    assert found.how == ("exact", "normalised")
    assert (found.count("exact"), found.count("normalised")) == (1, 1)
    assert found.refused == ()
    assert [entry.code for entry in found.left] == [f"{TOWN}001", f"{TOWN}202", f"{OTHER}200", f"{TOWN}203"]


def test_village_and_community_of_one_name_are_kept_apart() -> None:
    assert joined("城西社区", "城西村").codes == (f"{TOWN}001", f"{TOWN}202")
    assert joined("城西村").codes == (f"{TOWN}202",)


def test_a_name_that_could_be_either_is_only_suggested() -> None:
    found = joined("城西")
    assert found.codes == (None,)
    for entry in LIST[2:4]:
        assert f"{entry.name} ({entry.code})" in found.refused[0].en
        assert f"{entry.name}（{entry.code}）" in found.refused[0].zh


def test_what_is_left_after_the_others_took_theirs_may_be_taken() -> None:
    assert joined("城西社区居委会", "城西").codes == (f"{TOWN}001", f"{TOWN}202")


def test_the_same_name_in_two_towns_needs_the_town() -> None:
    assert joined("和平村").codes == (None,)
    for parent in (OTHER, f"{OTHER}000", "桐君街道", "桐君街道办事处"):
        assert joined("和平村", parents=[parent]).codes == (f"{OTHER}200",)
    assert joined("和平村", "和平村", parents=["旧县", "桐君"]).codes == (f"{TOWN}203", f"{OTHER}200")


def test_a_name_of_another_town_is_not_taken() -> None:
    assert joined("旧县村", parents=["桐君街道"]).codes == (None,)


def test_two_rows_of_one_name_take_nothing() -> None:
    found = joined("旧县村", "旧县村")
    assert found.codes == (None, None)
    assert [one.row for one in found.refused] == [1, 2]


def test_a_similar_name_is_never_taken() -> None:
    found = joined("旧县新村")
    assert found.codes == (None,)
    assert "旧县村村委会" in found.refused[0].en
    assert "not taken" in found.refused[0].en


def test_nothing_similar_says_so_plainly() -> None:
    (only,) = joined("良渚").refused
    assert only.en == "“良渚” has no code in the list"
    assert (only.row, only.field) == (1, "name")


def test_a_row_without_a_name() -> None:
    found = joined(None, "旧县村")
    assert found.codes == (None, f"{TOWN}200")
    assert found.refused[0].en == "has neither a code nor a name"


def test_only_codes_of_the_level_and_county_count() -> None:
    mixed = [
        Entry("330122000000", "桐庐县", None, None),
        Entry("330122002000", "旧县街道", "330122000000", None),
        Entry("330122002200", "旧县村", "330122002000", None),
        Entry("330110005", "旧县街道", None, None),
    ]
    assert join(["旧县"], [None], mixed, level="village").codes == ("330122002200",)
    assert join(["旧县街道"], [None], mixed, level="town", county="330122").codes == ("330122002",)
    assert join(["旧县街道"], [None], mixed, level="town").codes == (None,), "two counties have one"
    assert join(["桐庐 县"], [None], mixed, level="county").codes == ("330122",)


def test_opaque_codes_are_all_of_the_level() -> None:
    entries = [Entry("A-1", "North", "A", None), Entry("B-1", "North", "B", None)]
    assert joined("North", entries=entries).codes == (None,)
    assert joined("North", parents=["B"], entries=entries).codes == ("B-1",)


# Lists as files

HEADERS = ("code,name,streetCode,streetName", "代码,名称,上级代码,所属乡镇", "区划代码,村名,上级代码,乡镇")


def listed(path: Path, text: str, encoding: str = "utf-8-sig") -> Path:
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("header", HEADERS)
def test_lists_as_they_come(tmp_path: Path, header: str, encoding: str) -> None:
    path = listed(tmp_path / "codes.csv", f"{header}\n{TOWN}200,旧县村,{TOWN},旧县街道\n", encoding)
    assert read_codes(path) == [Entry(f"{TOWN}200", "旧县村", TOWN, "旧县街道")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,label\n1,a\n", ("row 1", "name", "code, label")),
        ("330122,桐庐县\n330123,建德市\n", ("row 1", "code", "the first line has to name the columns")),
        ("code,name\n1,a\n1,b\n", ("row 3", "code", "1 stands already in row 2")),
        ("code,name\n1,\n", ("row 2", "name", "is needed")),
        ("code,name\n,a\n", ("row 2", "code", "is needed")),
    ],
)
def test_lists_that_are_refused(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(SheetRejected) as refused:
        read_codes(listed(tmp_path / "codes.csv", text))
    for word in ("codes.csv", *words):
        assert word in str(refused.value)
    assert "\n" not in refused.value.text("zh-CN")


def test_lists_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_codes(tmp_path / "nowhere.csv")
    with pytest.raises(FileEmpty):
        read_codes(listed(tmp_path / "codes.csv", "code,name\n"))
