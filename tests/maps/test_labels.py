import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from geo.analysis.coverage import STATUSES, TIERS, Boundaries, Reason, VisitRule
from geo.analysis.place_coverage import PlaceKind
from geo.errors import Lang
from geo.space.codes import LEVELS
from maps import check_labels, check_map, coverage_map, labels
from maps.assets import STATIC

ROLES = ("grid_head", "full_time", "part_time", "instructor", "village_link", "area_leader")
CATALOGUES = {
    "words": labels.COVERAGE_WORDS,
    "levels": labels.LEVEL_WORDS,
    "kinds": labels.KIND_WORDS,
    "places": labels.PLACE_WORDS,
    "roles": labels.ROLE_WORDS,
}


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_word_has_both_languages_and_the_same_values(name: str) -> None:
    for key, word in CATALOGUES[name].items():
        assert word.zh, key
        assert word.en or key == "visits_unit", key
        if key != "and_more":
            assert sorted(re.findall(r"{(\w+)}", word.zh)) == sorted(re.findall(r"{(\w+)}", word.en)), key


def test_closed_lists_are_complete() -> None:
    assert set(labels.ROLE_WORDS) == set(ROLES)
    assert set(labels.LEVEL_WORDS) == set(LEVELS)
    assert set(labels.PLACE_WORDS) == set(get_args(PlaceKind))
    assert set(STATUSES) <= set(labels.COVERAGE_WORDS)


def test_every_word_is_used_and_every_used_word_exists() -> None:
    root = Path(labels.__file__).parent
    scripts = scripts_of(coverage_map.SCRIPTS)
    template = (root / "templates" / "coverage.html.j2").read_text(encoding="utf-8")
    python = "".join(path.read_text(encoding="utf-8") for path in root.glob("coverage_*.py"))
    said = set(re.findall(r'(?:say|line|spread)\((?:list, )?"(\w+)"', scripts)) | set(
        re.findall(r"words\.(\w+)", template)
    )
    assert said <= set(labels.COVERAGE_WORDS)
    by_value = {*STATUSES, *TIERS, *get_args(Boundaries), *get_args(Reason)}
    unused = set(labels.COVERAGE_WORDS) - by_value - set(re.findall(r"\w+", scripts + template + python))
    assert unused == set()


def scripts_of(names: Sequence[str]) -> str:
    """Our own scripts of a page."""
    return "".join((STATIC / name).read_text(encoding="utf-8") for name in names if (STATIC / name).is_file())


def test_every_word_of_the_check_map_is_used_and_exists() -> None:
    root = Path(labels.__file__).parent
    scripts = scripts_of(check_map.SCRIPTS)
    template = (root / "templates" / "check.html.j2").read_text(encoding="utf-8")
    python = "".join(
        path.read_text(encoding="utf-8")
        for path in (*root.glob("check_*.py"), root.parent / "api" / "boundary_exports.py")
    )
    shared = {"day", "date", "month_names"}
    said = set(re.findall(r'say\([^)]*?"(\w+)"', scripts)) | set(re.findall(r"words\.(\w+)", template))
    assert said - shared <= set(check_labels.CHECK_WORDS)
    used = set(re.findall(r"\w+", scripts + template)) | set(re.findall(r"[\"'](\w+)[\"'](?!: Word)", python))
    assert set(check_labels.CHECK_WORDS) - used == set()


@pytest.mark.parametrize("lang", get_args(Lang))
def test_rules_in_words(lang: Lang) -> None:
    assert "3" in labels.rule_text(VisitRule("grid", "key", visits_per_month=3), lang)
    assert "45" in labels.rule_text(VisitRule("grid", "key", every_days=45), lang)
