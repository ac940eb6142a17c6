"""Real lists of codes: the towns of Yuhang, which have names only, and villages of Tonglu in an older register."""

import csv
import gzip
from pathlib import Path

import pytest

from geo.intake.boundary_files import open_file
from geo.intake.code_lists import join, read_codes

pytestmark = pytest.mark.real


def test_the_towns_of_yuhang_find_their_codes(real_data: Path) -> None:
    source = open_file(real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson", "town", needed=("name",))
    entries = read_codes(real_data / "cn_codes" / "yuhang_330110_towns_2023.csv")
    found = join(source.texts("name"), source.texts("parent"), entries, level="town")
    assert found.count("exact") == 12
    assert (found.refused, found.left) == ((), ())
    by_code = {entry.code: entry.name for entry in entries}
    assert [by_code[str(code)] for code in found.codes] == source.texts("name")


def test_among_all_towns_of_the_country_the_county_is_needed(real_data: Path, tmp_path: Path) -> None:
    plain = tmp_path / "towns.csv"
    plain.write_bytes(gzip.decompress((real_data / "cn_codes" / "china_towns_2023.csv.gz").read_bytes()))
    entries = read_codes(plain)
    assert len(entries) == 41_352
    file = real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson"
    names = open_file(file, "town", needed=("name",)).texts("name")
    assert join(names, [None] * 12, entries, level="town", county="330110").count("exact") == 12
    anywhere = join(names, [None] * 12, entries, level="town")
    assert all(code is None or code.startswith("330110") for code in anywhere.codes), "only names that are unique"


def test_an_older_register_of_tonglu(real_data: Path) -> None:
    """Both editions have codes, so that every join by name can be checked: none is wrong."""
    with (real_data / "cn_codes" / "tonglu_330122_adcode_2016_noheader.csv").open(encoding="utf-8-sig") as file:
        old = [row for row in csv.reader(file) if row[3] == "village"]
    assert len(old) == 204
    entries = read_codes(real_data / "cn_codes" / "tonglu_330122_villages_2023.csv")
    found = join([row[2] for row in old], [row[18] for row in old], entries, level="village", county="330122")
    wrong = [(row[2], code) for row, code in zip(old, found.codes, strict=True) if code not in (None, row[0])]
    assert wrong == []
    assert (found.count("exact"), found.count("normalised"), len(found.refused), len(found.left)) == (186, 2, 16, 30)
