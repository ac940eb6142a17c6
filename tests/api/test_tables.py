"""The frame of lists: what the query asks for is what the page shows and the file holds, in one order."""

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from api import listings, tables
from api.listings import Listing
from api.tables import Asked, Choice, Column, Piece, Table
from geo.errors import InvalidChoice, TooLarge
from geo.limits import LIST_ROWS, MAX_EXPORT_ROWS, MAX_PRINTED_ROWS


@dataclass(frozen=True)
class One:
    name: str
    visits: int | None
    status: str = "met"


def table(columns: Sequence[Column[One]] = ()) -> Table[One]:
    return Table(
        "缺口清单",
        [
            Column("name", "名称", lambda row: row.name, heading=True),
            Column("visits", "走访", lambda row: row.visits, numeric=True),
            Column("status", "状态", lambda row: row.status, pieces=lambda row: [Piece(row.status, mark="badge-met")]),
            Column("lead", "", lambda _: "打开", pieces=lambda row: [Piece("打开", f"/to/{row.name}")], exported=False),
            *columns,
        ],
        [Choice("status", "状态", {"met": "达标", "under": "不足"}, lambda row: {row.status})],
        empty="请先导入。",
    )


ROWS = [One("乙村", 12), One("甲村", None, "under"), One("丙村", 3, "under"), One("ａ组", 12), One("B组", 1_200)]


def listed(rows: Sequence[One] = ROWS, status: str | None = None, **asked: object) -> Listing[One]:
    return listings.listing(
        table(),
        rows,
        Asked(**asked),  # type: ignore[arg-type]
        path="/list",
        lang="zh-CN",
        chosen={"status": status},
        kept={"month": "2025-03", "area": None},
    )


def query(address: str) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}


def test_each_column_sorts_both_ways_and_nothing_is_last_in_both() -> None:
    assert [row.visits for row in listed(sort="visits").rows] == [3, 12, 12, 1_200, None]
    assert [row.visits for row in listed(sort="-visits").rows] == [1_200, 12, 12, 3, None]
    assert [row.name for row in listed(sort="-visits").rows][1:3] == ["乙村", "ａ组"]  # as they came
    assert [row.name for row in listed(sort="name").rows][:2] == ["ａ组", "B组"]
    assert listed(sort="").rows == ROWS


@given(st.lists(st.builds(One, st.text(max_size=5), st.none() | st.integers(-5, 5)), max_size=30), st.booleans())
def test_sorting_loses_nothing_and_keeps_the_order_of_equal_ones(rows: list[One], backwards: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    numbered = [One(f"{at}", row.visits) for at, row in enumerate(rows)]
    found = tables.arranged(table(), numbered, Asked(sort="-visits" if backwards else "visits"))
    assert sorted(found, key=lambda row: int(row.name)) == numbered
    for one, other in itertools.pairwise(found):
        if one.visits == other.visits:
            assert int(one.name) < int(other.name)
        elif other.visits is not None:
            assert one.visits is not None
            assert (one.visits > other.visits) == backwards


@pytest.mark.parametrize("sort", ["population", "-population", "--name", "lead"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(sort: str) -> None:
    with pytest.raises(InvalidChoice, match="name, visits, status") as error:
        listed(sort=sort)
    assert sort.removeprefix("-") in error.value.text("zh-CN")


def test_words_are_found_in_every_text_column_whatever_their_width_and_case() -> None:
    assert [row.name for row in listed(text="Ａ组").rows] == ["ａ组"]
    assert [row.name for row in listed(text="村 under").rows] == ["甲村", "丙村"]
    assert listed(text="打开").rows == []  # what only leads somewhere
    assert listed(text="12").rows == []  # a figure


def test_a_choice_leaves_its_own_and_a_wrong_one_is_named() -> None:
    assert [row.name for row in listed(status="under").rows] == ["甲村", "丙村"]
    assert listed(status="").rows == ROWS
    with pytest.raises(InvalidChoice, match="status"):
        listed(status="lost")


def test_pages_partition_the_rows() -> None:
    rows = [One(f"村{number:04}", number) for number in range(LIST_ROWS * 2 + 7)]
    pages = [listed(rows, page=number) for number in (1, 2, 3)]
    assert [line[0].pieces[0].text for page in pages for line in page.lines] == [row.name for row in rows]
    assert [page.range for page in pages] == [
        "第 1–50 条，共 107 条",
        "第 51–100 条，共 107 条",
        "第 101–107 条，共 107 条",
    ]
    assert listed(rows, page=99).range == pages[2].range  # beyond the last
    assert [link.number for link in pages[0].pages] == [1, 2, 3]
    assert [link.current for link in pages[1].pages] == [False, True, False]
    assert len(listed(rows, page=2, whole=True).lines) == len(rows)
    assert query(pages[0].printed) == {"month": "2025-03", "whole": "true"}


def test_too_many_are_not_printed_on_one_page() -> None:
    rows = [One("村", 1)] * (MAX_PRINTED_ROWS + 1)
    assert listed(rows).printed == ""
    assert len(listed(rows, whole=True).lines) == LIST_ROWS


def test_links_keep_what_was_asked_and_change_one_thing() -> None:
    rows = [One(f"村{number}", number, "under") for number in range(120)]
    shown = listed(rows, "under", text="村", sort="-visits", page=2)
    state = {"month": "2025-03", "q": "村", "status": "under", "sort": "-visits"}
    assert query(shown.pages[2].href) == {**state, "page": "3"}
    assert {name: query(href) for name, href in shown.downloads.items()} == {
        "xlsx": {**state, "format": "xlsx"},
        "csv": {**state, "format": "csv"},
    }
    assert query(shown.heads[1].href) == {**state, "sort": "visits"}  # the other way, from the first page on
    assert query(shown.heads[0].href) == {**state, "sort": "name"}
    assert [head.sorted for head in shown.heads[:2]] == ["none", "descending"]
    assert query(shown.reset) == {"month": "2025-03"}
    assert shown.kept == [("month", "2025-03")]


def test_an_empty_list_says_what_to_do() -> None:
    assert (listed([]).empty, listed([]).filtered, listed([]).downloads) == ("请先导入。", False, {})
    assert "清除" in listed(text="无此村").empty
    assert listed(text="无此村").filtered


HOSTILE = [One("=1+1", -3), One("<b>", 1), One("@x\x07", None), One("㛃𠮷村", 5)]


def test_files_hold_all_rows_in_their_order_and_no_formula() -> None:
    answer = tables.file(table(), HOSTILE, "xlsx", "zh-CN", name="缺口清单-2025-03")
    assert unquote(answer.headers["content-disposition"]).endswith("''缺口清单-2025-03.xlsx")
    book = load_workbook(io.BytesIO(bytes(answer.body)))
    lines = list(book["清单"].iter_rows(values_only=True))
    assert lines == [
        ("名称", "走访", "状态"),
        ("'=1+1", -3, "met"),
        ("<b>", 1, "met"),
        ("'@x", None, "met"),
        ("㛃𠮷村", 5, "met"),
    ]
    assert all(cell.data_type != "f" for row in book["清单"].iter_rows() for cell in row)
    text = bytes(tables.file(table(), HOSTILE, "csv", "en", name="gaps").body).decode("utf-8-sig")
    assert [line[0] for line in csv.reader(io.StringIO(text))] == ["名称", "'=1+1", "<b>", "'@x\x07", "㛃𠮷村"]


def test_a_file_has_its_limit() -> None:
    with pytest.raises(TooLarge):
        tables.file(table(), [ROWS[0]] * (MAX_EXPORT_ROWS + 1), "csv", "zh-CN", name="x")
