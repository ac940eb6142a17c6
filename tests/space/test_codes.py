from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidLevel
from geo.limits import MAX_CODE_CHARS
from geo.space.codes import CN_DIGITS, LEVELS, Level, cn_parent, is_code, is_under, join_path, parse_level, scheme_of

GRID = "330122101201003"


def test_levels_from_the_top_down() -> None:
    assert LEVELS == get_args(Level) == ("county", "town", "village", "grid")
    assert CN_DIGITS == {"county": 6, "town": 9, "village": 12, "grid": 15}


@pytest.mark.parametrize("text", ["", "County", " town", "district", "镇", "grids"])
def test_an_unknown_level_is_refused_and_the_known_ones_are_named(text: str) -> None:
    with pytest.raises(InvalidLevel) as caught:
        parse_level(text)
    assert caught.value.facts["level"] == text
    for level in LEVELS:
        assert parse_level(level) == level
        assert level in str(caught.value)


@pytest.mark.parametrize(
    ("county", "scheme"),
    [
        *(("330122", "cn"), ("990199", "cn")),
        *((text, "opaque") for text in ("chicago", "33012", "3301222", "３３０１２２", "33012a", "330122\n", "")),
    ],
)
def test_scheme(county: str, scheme: str) -> None:
    assert scheme_of(county) == scheme


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("digits", range(1, 18))
def test_a_mainland_code_has_the_digits_of_its_level(level: Level, digits: int) -> None:
    assert is_code("3" * digits, level, "cn") == (digits == CN_DIGITS[level])


@pytest.mark.parametrize(
    "text", ["33012210a", "３３０１２２１０１", "330122101\n", " 33012210", "330122.01", "-30122101"]
)
def test_a_mainland_code_is_digits_only(text: str) -> None:
    assert not is_code(text, "town", "cn")


@pytest.mark.parametrize("text", ["32", "A-7", "Lake View", "镇一", "a", "x" * MAX_CODE_CHARS, "330122101"])
def test_opaque_codes_are_any_text(text: str) -> None:
    assert is_code(text, "village", "opaque")


@pytest.mark.parametrize(
    "text", ["", " ", " a", "a ", "a/b", "/", "a\nb", "a\x00b", "a\x7f", "x" * (MAX_CODE_CHARS + 1)]
)
def test_but_not_one_that_would_break_a_path_or_a_line(text: str) -> None:
    assert not is_code(text, "village", "opaque")


def test_a_mainland_code_names_its_own_chain() -> None:
    chain = [GRID]
    for level in reversed(LEVELS):
        parent = cn_parent(chain[-1], level)
        if parent is not None:
            chain.append(parent)
    assert chain == [GRID, "330122101201", "330122101", "330122"]


codes = st.text("0123456789", min_size=1, max_size=15)


@given(st.lists(codes, min_size=1, max_size=4), st.lists(codes, min_size=1, max_size=4))
def test_scope_is_a_prefix_of_the_path_and_never_of_a_code(one: list[str], other: list[str]) -> None:
    assert is_under(_path(one), _path(other)) == (one[: len(other)] == other)


def _path(chain: list[str]) -> str:
    path = None
    for code in chain:
        path = join_path(path, code)
    assert path is not None
    return path


def test_a_village_run_by_another_town_lies_in_the_scope_of_that_town() -> None:
    path = "330122/330122102/330122101201"
    assert is_under(path, "330122/330122102")
    assert not is_under(path, "330122/330122101")
    assert not is_under("330122/330122102", path)
