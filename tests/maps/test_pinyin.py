"""Readings of names: each character once, all of its readings, nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.pinyin import BETWEEN, packed, readings

# By hand, from a printed dictionary (Xinhua Zidian), not from the library.
KNOWN = {"西": {"xi"}, "湖": {"hu"}, "村": {"cun"}, "重": {"zhong", "chong"}, "长": {"chang", "zhang"}, "单": {"shan"}}
CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


def unpacked(line: str) -> dict[str, list[str]]:
    """As a page reads it: a character, then letters and apostrophes."""
    found = re.findall(rf"([^a-z{BETWEEN}])([a-z{BETWEEN}]+)", line)
    assert "".join(one + two for one, two in found) == line
    return {one: two.split(BETWEEN) for one, two in found}


@pytest.mark.parametrize("character", KNOWN)
def test_known_readings_are_among_those_found(character: str) -> None:
    assert KNOWN[character] <= set(readings(character))


def test_the_usual_reading_comes_first() -> None:
    assert [readings(one)[0] for one in "西湖村长重大"] == ["xi", "hu", "cun", "zhang", "zhong", "da"]


def test_u_with_dots_is_typed_as_v_or_u() -> None:
    assert readings("绿")[:1] == ("lv",)
    assert "lu" in readings("绿")


@pytest.mark.parametrize("text", ["", "a1-_ ", "<script>", "\u2028", "{{7*7}}", "😀"])
def test_what_is_not_chinese_has_no_reading(text: str) -> None:
    assert packed([text]) == ""


def test_nothing_gives_nothing() -> None:
    assert packed([]) == ""


@given(st.lists(st.text(CHINESE | st.characters(), max_size=6), max_size=8))
def test_a_line_has_every_readable_character_once_and_can_be_read_back(texts: list[str]) -> None:
    table = unpacked(packed(texts))
    assert set(table) == {one for text in texts for one in text if readings(one)}
    assert all(table[one] == list(readings(one)) for one in table)
    assert packed(reversed(texts)) == packed(texts)
    assert packed(texts + texts) == packed(texts)
