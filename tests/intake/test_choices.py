"""Closed lists as people type them, and the words that pages show for them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from geo.intake import choices
from geo.intake.located import FrameCell
from maps import catalogue

FRAME: TypeAdapter[str] = TypeAdapter(FrameCell)


@pytest.mark.parametrize(
    ("frame", "typed"),
    [
        ("gcj02", "gcj02 GCJ02 GCJ-02 gcj-02 ＧＣＪ０２ 火星坐标系 火星坐标 GCJ02坐标系"),
        ("wgs84", "wgs84 WGS84 WGS-84 WGS_84"),
        ("bd09", "bd09 BD-09 百度坐标 百度坐标系 百度"),
        ("cgcs2000", "CGCS2000 cgcs-2000 国家2000 国家2000坐标系 2000国家大地坐标系"),
    ],
)
def test_frames_as_people_type_them(frame: str, typed: str) -> None:
    assert {FRAME.validate_python(word) for word in typed.split()} == {frame}


@pytest.mark.parametrize("blank", ["", " ", None])
def test_no_frame_is_wgs84(blank: object) -> None:
    assert FRAME.validate_python(blank) == "wgs84"


@pytest.mark.parametrize("typed", ["utm", "epsg:3857", "坐标系", "bd09mc", "84"])
def test_what_is_no_frame(typed: str) -> None:
    with pytest.raises(ValidationError, match="must be one of 'wgs84', 'cgcs2000', 'gcj02' or 'bd09'"):
        FRAME.validate_python(typed)


@pytest.mark.parametrize(
    ("subject", "words"),
    [("place_kinds", choices.PLACE_KINDS), ("roles", choices.ROLES), ("planning", choices.TIERS)],
)
def test_the_words_shown_are_those_of_the_pages(subject: str, words: choices.Words) -> None:
    known = catalogue.section(subject)
    assert choices.shown_of(words) == {code: known[code].zh for code in words}


@pytest.mark.parametrize(
    "words",
    [choices.LEVELS, choices.ORGANISATION_KINDS, choices.PLACE_KINDS, choices.ROLES, choices.TIERS, choices.CATEGORIES],
)
def test_every_word_stands_for_one_choice(words: choices.Words) -> None:
    several = [word for some in words.values() for word in some]
    assert len(several) == len(set(several))
