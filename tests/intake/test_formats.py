"""Every format that a boundary file may have, and what is made of its codes, columns and polygons."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import FileUnreadable
from geo.intake.boundary_files import open_file, read
from geo.space.codes import Level

CODES, NAMES = ["330122101", "330122102"], ["桐君街道", "旧县街道"]
BOXES = [shapely.box(119.60, 29.80, 119.65, 29.85), shapely.box(119.65, 29.80, 119.70, 29.85)]


def frame(**columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns or {"code": CODES, "name": NAMES}, geometry=BOXES, crs=4326)


def features() -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": shapely.geometry.mapping(shape)}
        for code, name, shape in zip(CODES, NAMES, BOXES, strict=True)
    ]


def lines(path: Path) -> None:
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in features()), encoding="utf-8")


def topology(path: Path) -> None:
    """Two squares that share an arc, by hand."""
    arcs = [
        [[119.65, 29.80], [119.65, 29.85]],
        [[119.65, 29.85], [119.60, 29.85], [119.60, 29.80], [119.65, 29.80]],
        [[119.65, 29.80], [119.70, 29.80], [119.70, 29.85], [119.65, 29.85]],
    ]
    shapes = [
        {"type": "Polygon", "arcs": [[0, 1]], "properties": {"code": CODES[0], "name": NAMES[0]}},
        {"type": "Polygon", "arcs": [[2, -1]], "properties": {"code": CODES[1], "name": NAMES[1]}},
    ]
    made = {"type": "Topology", "objects": {"乡镇": {"type": "GeometryCollection", "geometries": shapes}}, "arcs": arcs}
    path.write_text(json.dumps(made), encoding="utf-8")


WRITERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "t.kml": ("KML", lambda path: frame().to_file(path, driver="LIBKML")),
    "t.fgb": ("FlatGeobuf", lambda path: frame().to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="NO")),
    "t.parquet": ("GeoParquet", lambda path: frame().to_parquet(path)),
    "t.geojsonl": ("GeoJSON lines", lines),
    "t.ndjson": ("GeoJSON lines", lines),
    "t.topojson": ("TopoJSON", topology),
    "t.json": ("TopoJSON", topology),
    "bare.json": ("GeoJSON", lambda path: path.write_text(json.dumps(features()), encoding="utf-8") and None),
}


@pytest.mark.parametrize("name", WRITERS)
def test_formats(tmp_path: Path, name: str) -> None:
    form, write = WRITERS[name]
    write(tmp_path / name)
    layer = read(tmp_path / name, "town")
    assert layer.areas["code"].tolist() == CODES
    assert layer.areas["name"].tolist() == NAMES
    assert all(one.equals(other) for one, other in zip(layer.areas.geometry, BOXES, strict=True))
    assert layer.notes["format"].zh == layer.notes["format"].en == form


@pytest.mark.parametrize("name", ["t.fgb", "t.parquet", "t.kml", "t.topojson"])
def test_formats_that_are_cut_off(tmp_path: Path, name: str) -> None:
    WRITERS[name][1](tmp_path / name)
    raw = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(raw[: len(raw) // 2])
    with pytest.raises(FileUnreadable) as caught:
        read(tmp_path / name, "town")
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("name", ["t.fgb", "t.parquet", "t.kml", "t.topojson", "t.geojsonl"])
def test_formats_whose_name_is_wrong(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"code,name\n1,x\n")
    with pytest.raises(FileUnreadable, match="whatever its name says"):
        read(tmp_path / name, "town")


def test_a_parquet_without_geometries(tmp_path: Path) -> None:
    frame().drop(columns="geometry").to_parquet(tmp_path / "t.parquet")
    with pytest.raises(FileUnreadable, match="GeoParquet"):
        read(tmp_path / "t.parquet", "town")


def test_a_bare_list_of_geometries(tmp_path: Path) -> None:
    path = tmp_path / "county.json"
    path.write_text(json.dumps([shapely.geometry.mapping(BOXES[0])]), encoding="utf-8")
    source = open_file(path, "county", needed=())
    assert source.geometries[0].equals(BOXES[0])
    assert source.columns == {}


def test_folders_of_a_kml_are_layers(tmp_path: Path) -> None:
    path = tmp_path / "t.kml"
    frame().to_file(path, driver="LIBKML", layer="镇街")
    frame(code=["330122001", "330122002"]).to_file(path, driver="LIBKML", layer="old", mode="a")
    with pytest.raises(FileUnreadable, match="镇街, old"):
        read(path, "town")
    assert read(path, "town", layer="镇街").areas["name"].tolist() == NAMES


# Codes


@pytest.mark.parametrize(
    ("level", "given", "code"),
    [
        ("county", "330122000000", "330122"),
        ("county", "156330122", "330122"),
        ("county", "330122", "330122"),
        ("county", "３３０１２２", "330122"),
        ("town", "330122101000", "330122101"),
        ("town", "330122101", "330122101"),
        ("town", "330122000000", "330122000000"),
        ("village", "330122101201", "330122101201"),
        ("village", "330122101000", "330122101000"),
        ("grid", "330122101201003", "330122101201003"),
        ("town", "A-01", "A-01"),
        ("county", "156330122000", "156330122000"),
    ],
)
def test_codes_are_written_in_one_way(tmp_path: Path, level: Level, given: str, code: str) -> None:
    layer = read(_written(tmp_path / "t.gpkg", code=[given, "x"]), level)
    assert layer.areas["code"].tolist() == [code, "x"]


def _written(path: Path, **columns: list[Any]) -> Path:
    frame(**columns).to_file(path)
    return path


VILLAGE = {"code": "村代码", "name": "村名", "parent": "乡镇代码"}
TAIWAN = {"code": "TOWNCODE", "name": "TOWNNAME", "parent": "COUNTYCODE"}
GRID = {"code": "网格编码", "name": "网格名称", "parent": "村代码"}


@pytest.mark.parametrize(
    ("level", "columns", "found"),
    [
        ("village", {"乡镇代码": CODES, "村代码": ["1", "2"], "村名": NAMES}, VILLAGE),
        ("town", {"TOWNCODE": CODES, "TOWNNAME": NAMES, "COUNTYCODE": ["a", "b"]}, TAIWAN),
        ("grid", {"网格编码": CODES, "网格名称": NAMES, "村代码": ["a", "b"]}, GRID),
        ("village", {"XZQDM": CODES, "XZQMC": NAMES}, {"code": "XZQDM", "name": "XZQMC"}),
        ("town", {"行政区代码": CODES, "行政区名称": NAMES}, {"code": "行政区代码", "name": "行政区名称"}),
        ("town", {"id": [None, None], "DM": CODES, "MC": NAMES}, {"code": "DM", "name": "MC"}),
        ("county", {"gb": CODES, "name": NAMES}, {"code": "gb", "name": "name"}),
        ("village", {"code": CODES, "nom": NAMES}, {"code": "code", "name": "nom"}),
    ],
)
def test_columns_by_their_usual_names(
    tmp_path: Path, level: Level, columns: dict[str, list[Any]], found: dict[str, str]
) -> None:
    layer = read(_written(tmp_path / "t.gpkg", **columns), level)
    assert layer.columns == found
    assert layer.notes["columns"].en == ", ".join(f"{field}={column}" for field, column in found.items())


# Repairs


def test_a_repair_is_told_with_what_it_was(tmp_path: Path) -> None:
    tie = shapely.Polygon([(119.60, 29.80), (119.62, 29.82), (119.62, 29.80), (119.60, 29.82)])
    made = gpd.GeoDataFrame({"code": CODES}, geometry=[BOXES[1], tie], crs=4326)
    for crs in (4326, 4549):
        made.to_crs(crs).to_file(tmp_path / f"{crs}.gpkg")
        (repair,) = read(tmp_path / f"{crs}.gpkg", "town").repairs
        assert repair.code == CODES[1]
        assert repair.reason.startswith("Self-intersection")
        assert not repair.before.is_valid
        assert repair.after.is_valid
        # Both are in degrees, whatever the file is in.
        assert np.allclose(repair.before.bounds, tie.bounds, atol=1e-6)
        assert np.allclose(repair.after.bounds, tie.bounds, atol=1e-6)
