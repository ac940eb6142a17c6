"""Boundary files written here by geopandas, read back through the door; every bad one gets one sentence."""

import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo.errors import CodesMissing, ColumnMissing, FileEmpty, FileUnreadable, InvalidChoice, WanggeError
from geo.intake.boundary_files import BoundaryLayer, read
from geo.space.crs import from_wgs84

SUFFIXES = (".geojson", ".json", ".shp", ".gpkg")
CODES = ["330122101", "330122102"]
NAMES = ["桐君街道", "旧县街道"]
BOXES: list[shapely.Geometry] = [box(119.60, 29.80, 119.65, 29.85), box(119.65, 29.80, 119.70, 29.85)]
METRE_DEG = 1e-5


def frame(polygons: list[Any] | None = None, crs: object = 4326, **columns: list[Any]) -> gpd.GeoDataFrame:
    data = columns or {"code": CODES, "name": NAMES}
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(BOXES if polygons is None else polygons, crs=crs), crs=crs)


def write(path: Path, data: gpd.GeoDataFrame, **options: Any) -> Path:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")
        data.to_file(path, engine="pyogrio", driver="GeoJSON" if path.suffix == ".json" else None, **options)
    return path


def features(path: Path, *pairs: tuple[Mapping[str, object], shapely.Geometry | None], **more: object) -> Path:
    """GeoJSON by hand, for what geopandas would not write."""
    listed = [
        {"type": "Feature", "properties": dict(properties), "geometry": shape and shapely.geometry.mapping(shape)}
        for properties, shape in pairs
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed, **more}), encoding="utf-8")
    return path


def same_places(layer: BoundaryLayer, polygons: list[shapely.Geometry], within_deg: float = 1e-9) -> bool:
    found = layer.areas.geometry.tolist()
    return len(found) == len(polygons) and all(
        shapely.hausdorff_distance(one, other) <= within_deg for one, other in zip(found, polygons, strict=True)
    )


def refusal(path: Path, kind: type[WanggeError], **options: Any) -> WanggeError:
    with pytest.raises(kind) as caught:
        read(path, "town", **options)
    for text in (caught.value.text("en"), caught.value.text("zh-CN")):
        assert "\n" not in text
        assert "{" not in text
    return caught.value


# Formats


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".GPKG"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    layer = read(write(tmp_path / f"towns{suffix}", frame()), "town")
    assert (layer.source, layer.level, layer.crs) == (f"towns{suffix}", "town", "EPSG:4326")
    assert layer.columns == {"code": "code", "name": "name"}
    assert layer.areas["row"].tolist() == [1, 2]
    assert layer.areas["code"].tolist() == CODES
    assert layer.areas["name"].tolist() == NAMES
    for silent in ("parent", "kind"):
        assert layer.areas[silent].tolist() == [None, None]
    assert layer.areas["households"].isna().all()
    assert same_places(layer, BOXES)
    assert set(layer.areas.geom_type) == {"MultiPolygon"}
    assert layer.areas.crs.to_epsg() == 4326
    assert (layer.refused, layer.repaired) == ((), ())


def test_a_geojson_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.geojson", frame())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path, "town").areas["name"].tolist() == NAMES


def test_a_shapefile_in_gbk(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.shp", frame(), encoding="GBK")
    assert read(path, "town").areas["name"].tolist() == NAMES
    path.with_suffix(".cpg").unlink()
    assert read(path, "town", encoding="GBK").areas["name"].tolist() == NAMES
    assert read(path, "town", encoding="gb18030").areas["name"].tolist() == NAMES
    said = refusal(path, FileUnreadable, encoding="UTF-8")
    assert "--encoding" in str(said)
    assert "towns.shp" in str(said)


def test_one_layer_of_several_is_named(tmp_path: Path) -> None:
    path = tmp_path / "county.gpkg"
    write(path, frame(), layer="towns")
    write(path, frame(code=["1", "2"]), layer="villages")
    assert read(path, "village", layer="villages").areas["code"].tolist() == ["1", "2"]
    said = refusal(path, FileUnreadable)
    for text in (said.text("en"), said.text("zh-CN")):
        for word in ("county.gpkg", "towns", "villages", "--layer"):
            assert word in text
    assert "towns, villages" in str(refusal(path, InvalidChoice, layer="grids"))


# Coordinate systems


@pytest.mark.parametrize("suffix", [".shp", ".gpkg"])
@pytest.mark.parametrize(
    ("epsg", "within_deg"), [(4490, 1e-9), (4549, 1e-8), (4525, 1e-8), (3857, 1e-8), (32650, 1e-8), (4326, 0)]
)
def test_declared_systems_are_converted(tmp_path: Path, suffix: str, epsg: int, within_deg: float) -> None:
    """CGCS2000 degrees; its 3-degree zone of 120° E without and with the zone number; Web Mercator; UTM."""
    layer = read(write(tmp_path / f"towns{suffix}", frame().to_crs(epsg)), "town")
    assert same_places(layer, BOXES, within_deg)
    assert layer.crs
    assert layer.areas.crs.to_epsg() == 4326


def test_the_crs_of_a_geojson_is_read_if_it_declares_one(tmp_path: Path) -> None:
    mercator = frame().to_crs(3857).geometry.tolist()
    path = features(
        tmp_path / "towns.geojson",
        *(({"code": code}, shape) for code, shape in zip(CODES, mercator, strict=True)),
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}},
    )
    assert same_places(read(path, "town"), BOXES, 1e-8)


def test_degrees_of_a_shifted_frame_come_back(tmp_path: Path) -> None:
    for shifted in ("gcj02", "bd09"):
        moved = shapely.transform(
            np.array(BOXES, dtype=object),
            lambda xy, to=shifted: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], to)),
        )
        assert shapely.hausdorff_distance(moved[0], BOXES[0]) > 100 * METRE_DEG
        path = write(tmp_path / f"{shifted}.geojson", frame(list(moved)))
        assert same_places(read(path, "town", frame=shifted), BOXES, 1e-9)  # type: ignore[arg-type]
        assert not same_places(read(path, "town"), BOXES, 100 * METRE_DEG)


def test_a_shapefile_that_declares_none_asks_for_it(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.shp", frame(crs=None))
    said = refusal(path, FileUnreadable)
    for text in (said.text("en"), said.text("zh-CN")):
        assert "towns.shp" in text
        assert "--crs EPSG:4490" in text
    assert same_places(read(path, "town", crs="EPSG:4490"), BOXES)
    wrong = refusal(path, InvalidChoice, crs="EPSG:0")
    assert "--crs" in str(wrong)
    assert "EPSG:0" in str(wrong)


def test_a_given_system_goes_before_a_wrong_declaration(tmp_path: Path) -> None:
    metres = frame().to_crs(4549).set_crs(4326, allow_override=True)
    path = write(tmp_path / "towns.gpkg", metres)
    wrong = read(path, "town")
    assert [(one.row, one.field) for one in wrong.refused] == [(1, "geometry"), (2, "geometry")]
    assert all("--crs" in one.en and "--crs" in one.zh for one in wrong.refused)
    assert wrong.areas.empty
    assert same_places(read(path, "town", crs="EPSG:4549"), BOXES, 1e-8)


def test_metres_far_outside_their_system_are_refused_and_nothing_breaks(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.gpkg", frame([box(1e9, 1e9, 2e9, 2e9), BOXES[1]], crs=4549))
    layer = read(path, "town")
    assert (layer.refused[0].row, layer.refused[0].field) == (1, "geometry")
    assert "--crs" in layer.refused[0].en


# Columns


@pytest.mark.parametrize(
    ("code", "name"), [("code", "name"), ("代码", "名称"), ("XZQDM", "XZQMC"), ("adcode", "Name"), ("区划代码", "村名")]
)
def test_usual_names_are_found(tmp_path: Path, code: str, name: str) -> None:
    layer = read(write(tmp_path / "towns.gpkg", frame(**{name: NAMES, code: CODES})), "town")
    assert layer.columns == {"code": code, "name": name}
    assert layer.areas["code"].tolist() == CODES
    assert layer.areas["name"].tolist() == NAMES


def test_given_names_go_before_usual_ones(tmp_path: Path) -> None:
    path = write(
        tmp_path / "towns.gpkg", frame(code=["x", "y"], NID=CODES, label=NAMES, up=["330122"] * 2, 户数=[3, 4])
    )
    layer = read(path, "town", columns={"code": "NID", "name": "label", "parent": "up"})
    assert layer.columns == {"code": "NID", "name": "label", "parent": "up", "households": "户数"}
    assert layer.areas["code"].tolist() == CODES
    assert layer.areas["parent"].tolist() == ["330122", "330122"]
    assert layer.areas["households"].tolist() == [3, 4]


def test_columns_that_there_are_not(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.gpkg", frame(BSM=CODES, label=NAMES))
    for options in ({}, {"columns": {"code": "NID"}}):
        said = refusal(path, ColumnMissing if options else CodesMissing, **options)
        for text in (said.text("en"), said.text("zh-CN")):
            for word in ("towns.gpkg", "code", "BSM", "label", "--column code="):
                assert word in text
    wrong = refusal(path, InvalidChoice, columns={"colour": "BSM"})
    assert "colour" in str(wrong)


def test_a_file_without_any_column(tmp_path: Path) -> None:
    path = features(tmp_path / "fence.geojson", ({}, BOXES[0]))
    assert "—" in str(refusal(path, ColumnMissing))
    path.write_text(json.dumps(shapely.geometry.mapping(BOXES[0])), encoding="utf-8")
    refusal(path, ColumnMissing)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([330122101, 330122102], CODES),
        ([330122101.0, 330122102.0], CODES),
        ([330122101201003, 330122101201004], ["330122101201003", "330122101201004"]),
        ([" 330122101", "330122102 "], CODES),
        (["01", "1"], ["01", "1"]),
    ],
)
def test_codes_are_text_and_no_quantities(tmp_path: Path, values: list[object], codes: list[str]) -> None:
    assert read(write(tmp_path / "towns.gpkg", frame(code=values)), "town").areas["code"].tolist() == codes


def test_an_area_without_a_name_is_called_by_its_code(tmp_path: Path) -> None:
    for names in ([None, "  "], [None, NAMES[1]], ["", None]):
        layer = read(write(tmp_path / "towns.gpkg", frame(code=CODES, name=names)), "town")
        assert layer.areas["name"].tolist() == [CODES[0], NAMES[1] if NAMES[1] in names else CODES[1]]


def test_cells_that_are_empty_hold_none(tmp_path: Path) -> None:
    path = write(tmp_path / "towns.gpkg", frame(code=CODES, name=NAMES, parent=[None, "330122"], kind=["town", ""]))
    layer = read(path, "town")
    assert layer.areas["parent"].tolist() == [None, "330122"]
    assert layer.areas["kind"].tolist() == ["town", None]


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_row_without_a_code_is_refused_by_its_number(tmp_path: Path, empty: str | None) -> None:
    layer = read(write(tmp_path / "towns.gpkg", frame(code=[empty, CODES[1]])), "town")
    assert [(one.row, one.field, one.en, one.zh) for one in layer.refused] == [(1, "code", "has no code", "没有代码")]
    assert layer.areas["row"].tolist() == [2]


def test_a_missing_number_makes_no_code_a_fraction(tmp_path: Path) -> None:
    layer = read(features(tmp_path / "t.geojson", ({"code": 330122101}, BOXES[0]), ({"code": None}, BOXES[1])), "town")
    assert layer.areas["code"].tolist() == CODES[:1]
    assert [one.row for one in layer.refused] == [2]


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), (1200, 1200), ("1200", 1200), (1199.6, 1200), (None, None), (2**31 - 1, 2**31 - 1)]
)
def test_households_and_population(tmp_path: Path, value: object, count: int | None) -> None:
    layer = read(features(tmp_path / "t.geojson", ({"code": "1", "户数": value, "人口": value}, BOXES[0])), "town")
    for field in ("households", "population"):
        found = layer.areas[field].tolist()[0]
        assert (found is pd.NA) if count is None else (found == count)


@pytest.mark.parametrize("value", [-1, 2**31, 1e300, "1,200", "many"])
@pytest.mark.parametrize("field", ["households", "population"])
def test_counts_that_are_none_are_not_lost_in_silence(tmp_path: Path, field: str, value: object) -> None:
    path = features(tmp_path / "t.geojson", ({"code": "1", field: value}, BOXES[0]), ({"code": "2"}, BOXES[1]))
    layer = read(path, "town")
    assert [(one.row, one.field) for one in layer.refused] == [(1, field)]
    assert layer.areas["code"].tolist() == ["2"]


# Geometries


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_null_geometry_refuses_its_row_only(tmp_path: Path, suffix: str) -> None:
    layer = read(write(tmp_path / f"towns{suffix}", frame([None, BOXES[1]])), "town")
    assert [(one.row, one.field) for one in layer.refused] == [(1, "geometry")]
    assert layer.areas["code"].tolist() == CODES[1:]
    assert "nan" not in layer.refused[0].en.lower()


@pytest.mark.parametrize("shape", [None, Point(119.6, 29.8), LineString([(119.6, 29.8), (119.7, 29.9)])])
def test_a_file_without_a_single_polygon_refuses_every_row(tmp_path: Path, shape: shapely.Geometry | None) -> None:
    layer = read(features(tmp_path / "t.geojson", ({"code": "1"}, shape), ({"code": "2"}, shape)), "town")
    assert layer.areas.empty
    assert [(one.row, one.field) for one in layer.refused] == [(1, "geometry"), (2, "geometry")]
    for one in layer.refused:
        assert (shape.geom_type if shape else "no geometry") in one.en
        assert "没有面状图形" in one.zh


def test_a_polygon_that_encloses_nothing_is_refused(tmp_path: Path) -> None:
    flat = Polygon([(119.5, 29.5), (119.625, 29.625), (119.75, 29.75)])
    layer = read(features(tmp_path / "t.geojson", ({"code": "1"}, flat), ({"code": "2"}, BOXES[1])), "town")
    assert [(one.row, one.field) for one in layer.refused] == [(1, "geometry")]
    assert "encloses nothing" in layer.refused[0].en


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg"])
def test_a_bow_tie_is_repaired_and_reported(tmp_path: Path, suffix: str) -> None:
    bow_tie = Polygon([(119.60, 29.80), (119.62, 29.82), (119.62, 29.80), (119.60, 29.82)])
    layer = read(write(tmp_path / f"towns{suffix}", frame([BOXES[1], bow_tie])), "town")
    assert layer.repaired == (2,)
    assert layer.refused == ()
    assert layer.areas.is_valid.all()
    assert shapely.area(layer.areas.geometry.tolist()[1]) == pytest.approx(0.02 * 0.02 / 2)


def test_a_refused_row_is_not_reported_as_repaired_too(tmp_path: Path) -> None:
    bow_tie = Polygon([(119.60, 29.80), (119.62, 29.82), (119.62, 29.80), (119.60, 29.82)])
    layer = read(features(tmp_path / "t.geojson", ({"code": None}, bow_tie), ({"code": "2"}, BOXES[1])), "town")
    assert [one.row for one in layer.refused] == [1]
    assert layer.repaired == ()


def test_collections_and_heights_become_flat_multipolygons(tmp_path: Path) -> None:
    mixed = GeometryCollection([BOXES[0], Point(119.6, 29.8)])
    high = shapely.force_3d(BOXES[1], 120.0)
    layer = read(features(tmp_path / "t.geojson", ({"code": "1"}, mixed), ({"code": "2"}, high)), "town")
    assert layer.areas.geometry.tolist() == [MultiPolygon([BOXES[0]]), MultiPolygon([BOXES[1]])]
    assert not layer.areas.has_z.any()


def test_degrees_that_are_none_are_refused_with_where_they_lie(tmp_path: Path) -> None:
    layer = read(features(tmp_path / "t.geojson", ({"code": "1"}, box(200, 10, 201, 11))), "town")
    assert "200.0000" in layer.refused[0].en
    assert "200.0000" in layer.refused[0].zh


# Files that cannot be read


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_file(tmp_path: Path, suffix: str) -> None:
    said = refusal(tmp_path / f"nowhere{suffix}", FileUnreadable)
    assert str(said).endswith(f"nowhere{suffix}: there is no such file")
    assert "没有这个文件" in said.text("zh-CN")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_in_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"towns{suffix}"
    path.touch()
    assert "0 bytes" in str(refusal(path, FileUnreadable))
    path.unlink()
    path.mkdir()
    assert path.name in str(refusal(path, FileUnreadable))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_not_a_single_record(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"towns{suffix}", frame().iloc[:0])
    assert str(refusal(path, FileEmpty)) == f"towns{suffix}: there is no record in this file"


@pytest.mark.parametrize("name", ["towns.gml", "towns.csv", "towns.rar", "towns", "towns.shp.xml"])
def test_a_suffix_that_is_not_read(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path / name, InvalidChoice)
    assert name in str(said)
    assert "*.gpkg" in str(said)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.05, 0.4, 0.7, 0.99])
def test_a_file_that_was_cut_off(tmp_path: Path, suffix: str, share: float) -> None:
    whole = write(tmp_path / f"whole{suffix}", frame())
    path = tmp_path / f"cut{suffix}"
    for sibling in tmp_path.glob("whole.*"):
        shutil.copy(sibling, path.with_suffix(sibling.suffix))
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert str(refusal(path, FileUnreadable)).startswith(f"cut{suffix}: ")


CONTENTS = {
    "geojson": ".geojson",
    "shp": ".shp",
    "gpkg": ".gpkg",
    "csv": b"code,name\n330122101,x\n",
    "html": b"<!doctype html><title>404</title>",
    "zip": b"PK\x03\x04\x14\x00",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_not_what_its_suffix_says(tmp_path: Path, suffix: str, content: str) -> None:
    given = CONTENTS[content]
    raw = given if isinstance(given, bytes) else write(tmp_path / f"right{given}", frame()).read_bytes()
    if given == suffix or (given, suffix) == (".geojson", ".json"):
        return
    path = tmp_path / f"wrong{suffix}"
    path.write_bytes(raw)
    said = refusal(path, FileUnreadable)
    assert f"wrong{suffix}" in str(said)
    assert "与后缀不符" in said.text("zh-CN")


@pytest.mark.parametrize(
    "text", ['{"towns": []}', "[1, 2]", "{", '{"type": "FeatureCollection"}', '[{"type": "Feature"}]']
)
def test_json_that_is_no_map(tmp_path: Path, text: str) -> None:
    path = tmp_path / "towns.json"
    path.write_text(text, encoding="utf-8")
    assert str(refusal(path, FileUnreadable)).startswith("towns.json: ")


@pytest.mark.parametrize("gone", [".shx", ".dbf"])
def test_a_shapefile_without_its_siblings(tmp_path: Path, gone: str) -> None:
    path = write(tmp_path / "towns.shp", frame())
    path.with_suffix(gone).unlink()
    said = refusal(path, FileUnreadable if gone == ".shx" else ColumnMissing)
    assert "towns.shp" in str(said)


def test_a_table_without_geometries(tmp_path: Path) -> None:
    path = tmp_path / "towns.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"code": CODES}), path)
    assert "without any geometry" in str(refusal(path, FileUnreadable))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_encoding_that_there_is_not(tmp_path: Path, suffix: str) -> None:
    said = refusal(write(tmp_path / f"towns{suffix}", frame()), InvalidChoice, encoding="chinese-9")
    assert "--encoding" in str(said)
    assert "chinese-9" in str(said)
