"""Zip archives as counties send them, and as nobody should: every bad one gets one line and leaves nothing behind."""

import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import FileUnreadable, InvalidChoice
from geo.intake import archives
from geo.intake.boundary_files import read

CODES, NAMES = ["330122101", "330122102"], ["桐君街道", "旧县街道"]
BOXES = [shapely.box(119.60, 29.80, 119.65, 29.85), shapely.box(119.65, 29.80, 119.70, 29.85)]


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    yield
    assert list(scratch.iterdir()) == []


def shapefile(folder: Path, stem: str, codes: list[str] = CODES) -> list[Path]:
    folder.mkdir(exist_ok=True)
    frame = gpd.GeoDataFrame({"XZQDM": codes, "XZQMC": NAMES}, geometry=BOXES, crs=4490)
    frame.to_file(folder / f"{stem}.shp", encoding="GBK")
    (folder / f"{stem}.cpg").unlink()
    return sorted(folder.glob(f"{stem}.*"))


def packed(path: Path, files: list[Path], prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, prefix + file.name)
    return path


def refusal(path: Path, **options: str) -> FileUnreadable:
    with pytest.raises(FileUnreadable) as caught:
        read(path, "town", **options)  # type: ignore[arg-type]
    for text in (caught.value.text("en"), caught.value.text("zh-CN")):
        assert "\n" not in text
        assert path.name in text
    return caught.value


@pytest.mark.parametrize("prefix", ["", "边界/", "a/b/"])
def test_a_shapefile_in_a_zip(tmp_path: Path, prefix: str) -> None:
    layer = read(packed(tmp_path / "towns.zip", shapefile(tmp_path / "in", "towns"), prefix), "town")
    assert layer.areas["code"].tolist() == CODES
    assert layer.areas["name"].tolist() == NAMES
    assert layer.source == "towns.zip"
    assert layer.notes["encoding"].en == "GB18030 (by the text itself)"


def test_several_in_one_zip_are_told_by_name(tmp_path: Path) -> None:
    files = [*shapefile(tmp_path / "in", "towns"), *shapefile(tmp_path / "in", "old", ["330122001", "330122002"])]
    path = packed(tmp_path / "all.zip", files)
    assert "(old, towns); name one with --layer" in str(refusal(path))
    assert read(path, "town", layer="old").areas["code"].tolist() == ["330122001", "330122002"]
    with pytest.raises(InvalidChoice, match="old, towns"):
        read(path, "town", layer="new")


def test_names_that_a_chinese_desktop_wrote(tmp_path: Path) -> None:
    """It writes GBK without the mark of UTF-8; zipfile cannot write that, so the bytes are put in."""
    path = packed(tmp_path / "t.zip", shapefile(tmp_path / "in", "XXXX"))
    path.write_bytes(path.read_bytes().replace(b"XXXX", "乡镇".encode("gbk")))
    assert read(path, "town", layer="乡镇").areas["code"].tolist() == CODES


def test_what_a_mac_adds_is_passed_over(tmp_path: Path) -> None:
    files = shapefile(tmp_path / "in", "towns")
    path = packed(tmp_path / "t.zip", files)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._towns.shp", b"\x00\x05\x16\x07")
    assert read(path, "town").areas["code"].tolist() == CODES


def test_a_kmz_and_a_geopackage_inside(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": CODES, "name": NAMES}, geometry=BOXES, crs=4326)
    frame.to_file(tmp_path / "doc.kml", driver="LIBKML", layer="towns")
    assert read(packed(tmp_path / "t.kmz", [tmp_path / "doc.kml"]), "town").areas["code"].tolist() == CODES
    frame.to_file(tmp_path / "c.gpkg", layer="towns")
    frame.to_file(tmp_path / "c.gpkg", layer="others")
    path = packed(tmp_path / "g.zip", [tmp_path / "c.gpkg"])
    assert "(towns, others); name one with --layer" in str(refusal(path))
    assert read(path, "town", layer="towns").areas["name"].tolist() == NAMES


@pytest.mark.parametrize(
    "name", ["../towns.shp", "/etc/towns.shp", "a/../../towns.shp", "..\\towns.shp", "C:\\towns.shp"]
)
def test_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / "slip.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x" * 200)
    assert "leads elsewhere" in str(refusal(path))
    assert sorted(one.name for one in tmp_path.rglob("*") if one.is_file()) == ["slip.zip"]


def test_a_link_instead_of_a_file(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("towns.shp")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "link" in str(refusal(tmp_path / "t.zip"))


def test_a_password(tmp_path: Path) -> None:
    path = packed(tmp_path / "t.zip", shapefile(tmp_path / "in", "towns")[:1])
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    path.write_bytes(raw)
    assert "password" in str(refusal(path))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_zip_that_was_cut_off(tmp_path: Path, share: float) -> None:
    path = packed(tmp_path / "t.zip", shapefile(tmp_path / "in", "towns"))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "damaged" in str(refusal(path))


def test_bytes_that_were_changed(tmp_path: Path) -> None:
    path = packed(tmp_path / "t.zip", shapefile(tmp_path / "in", "towns"))
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    assert "damaged" in str(refusal(path))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "t.zip", shapefile(tmp_path / "in", "towns"))
    monkeypatch.setattr(archives, "MAX_ARCHIVE_ENTRIES", 4)
    read(path, "town")
    monkeypatch.setattr(archives, "MAX_ARCHIVE_ENTRIES", 3)
    assert "has 4 files, more than 3" in str(refusal(path))


def test_too_many_bytes_whatever_the_header_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = shapefile(tmp_path / "in", "towns")
    path = packed(tmp_path / "t.zip", files)
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", sum(file.stat().st_size for file in files))
    read(path, "town")
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", sum(file.stat().st_size for file in files) - 1)
    assert "unpack it first" in str(refusal(path))


def test_a_bomb(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("towns.shp", bytes(20 * 2**20))
    assert "packed more than 200 times" in str(refusal(tmp_path / "bomb.zip"))


@pytest.mark.parametrize("name", ["readme.txt", "inner.zip"])
def test_nothing_of_areas_in_it(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr(name, b"PK\x03\x04")
    assert "no file of areas" in str(refusal(tmp_path / "t.zip"))


def test_what_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(b"Rar!\x1a\x07\x00 something")
    assert "this is no zip" in str(refusal(tmp_path / "t.zip"))
