"""Encodings of shapefiles: what they declare, and what their text shows."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.intake import text_encodings
from geo.intake.boundary_files import read
from geo.intake.text_encodings import FoundEncoding, judge

SIMPLIFIED = ["桐君街道", "旧县街道", "凤川街道", "江南镇", "分水镇", "莪山畲族乡"]
TRADITIONAL = ["林園區", "旗津區", "鹽水區", "中埔鄉", "臺東縣", "澎湖縣"]


def written(path: Path, names: list[str], encoding: str, *, cpg: str | None = None, ldid: int | None = None) -> Path:
    codes = [str(330122101 + n) for n in range(len(names))]
    shapes = [shapely.box(119.6 + n / 10, 29.8, 119.7 + n / 10, 29.9) for n in range(len(names))]
    gpd.GeoDataFrame({"code": codes, "name": names}, geometry=shapes, crs=4490).to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    raw = bytearray(path.with_suffix(".dbf").read_bytes())
    raw[29] = ldid or 0
    path.with_suffix(".dbf").write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("names", "encoding", "found"),
    [
        (SIMPLIFIED, "GBK", "GB18030"),
        (SIMPLIFIED, "UTF-8", "UTF-8"),
        (TRADITIONAL, "BIG5", "Big5"),
        (TRADITIONAL, "UTF-8", "UTF-8"),
        (["Tonglu", "Yuhang"], "UTF-8", "UTF-8"),
        (["Condé-en-Normandie", "Saint-Étienne", "Mâcon"], "ISO-8859-1", "ISO-8859-1"),
    ],
)
def test_text_that_nothing_declares(tmp_path: Path, names: list[str], encoding: str, found: str) -> None:
    path = written(tmp_path / "t.shp", names, encoding)
    assert text_encodings.of_shapefile(path) == FoundEncoding(found, "text")
    assert read(path, "town").areas["name"].tolist() == names


@pytest.mark.parametrize("said", ["GBK", "gb2312", "936", "ANSI 936", "OEM 936", "cp936", "GB18030"])
def test_a_cpg_is_believed(tmp_path: Path, said: str) -> None:
    path = written(tmp_path / "t.shp", SIMPLIFIED, "GBK", cpg=said)
    assert text_encodings.of_shapefile(path) == FoundEncoding("GB18030", "cpg")


@pytest.mark.parametrize(("ldid", "names", "encoding", "found"), [
    (0x4D, SIMPLIFIED, "GBK", "GB18030"),
    (0x7A, SIMPLIFIED, "GBK", "GB18030"),
    (0x78, TRADITIONAL, "BIG5", "Big5"),
])  # fmt: skip
def test_the_number_in_the_header_is_believed(
    tmp_path: Path, ldid: int, names: list[str], encoding: str, found: str
) -> None:
    path = written(tmp_path / "t.shp", names, encoding, ldid=ldid)
    assert text_encodings.of_shapefile(path) == FoundEncoding(found, "ldid")
    assert read(path, "town").areas["name"].tolist() == names


@pytest.mark.parametrize("ldid", [0x57, 0x03])
def test_numbers_of_western_desktops_say_nothing(tmp_path: Path, ldid: int) -> None:
    path = written(tmp_path / "t.shp", SIMPLIFIED, "GBK", ldid=ldid)
    assert text_encodings.of_shapefile(path) == FoundEncoding("GB18030", "text")


def test_a_declaration_that_the_text_contradicts_is_overruled_and_told(tmp_path: Path) -> None:
    path = written(tmp_path / "t.shp", SIMPLIFIED, "GBK", cpg="UTF-8")
    assert text_encodings.of_shapefile(path) == FoundEncoding("GB18030", "text", overruled="UTF-8")
    layer = read(path, "town")
    assert layer.areas["name"].tolist() == SIMPLIFIED
    assert "not UTF-8 as declared" in layer.notes["encoding"].en
    assert "UTF-8 不符" in layer.notes["encoding"].zh


def test_what_is_given_goes_before_all(tmp_path: Path) -> None:
    path = written(tmp_path / "t.shp", SIMPLIFIED, "GBK", cpg="GBK")
    layer = read(path, "town", encoding="latin-1")
    assert layer.areas["name"].tolist()[0] == "桐君街道".encode("gbk").decode("latin-1")
    assert layer.notes["encoding"].en == "ISO-8859-1 (as given)"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_character_that_the_field_cut_in_two_is_no_error(encoding: str) -> None:
    whole = "桐庐县旧县街道母岭村".encode(encoding)
    assert judge([whole[:-1], "江南镇".encode(encoding)]).lower() == encoding


def test_nothing_is_utf_8() -> None:
    assert judge([]) == "UTF-8"
    assert judge([b"", b"plain"]) == "UTF-8"


def test_a_shapefile_without_a_table(tmp_path: Path) -> None:
    assert text_encodings.of_shapefile(tmp_path / "t.shp") == FoundEncoding("UTF-8", "text")


@pytest.mark.parametrize("raw", [b"", b"\x03", bytes(40), bytes(range(64))])
def test_a_table_that_is_none_breaks_nothing(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "t.dbf").write_bytes(raw)
    assert text_encodings.of_shapefile(tmp_path / "t.shp").how == "text"
