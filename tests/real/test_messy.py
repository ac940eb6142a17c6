"""Every boundary file of the real folder, as a surveyor would hand it over: a right load, or one clear line."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from geo.errors import WanggeError
from geo.intake.boundary_files import BoundaryLayer, read
from geo.space.codes import Level

pytestmark = pytest.mark.real

DBF = "this is the table of a shapefile, without any geometry; name the .shp that stands beside it"
NO_COLUMNS = "no column for code among —; name it with --column code=NAME"


@dataclass(frozen=True)
class Loads:
    """How many areas, the name of the first, and what else must be seen."""

    file: str
    count: int
    first: str
    options: dict[str, Any] = field(default_factory=dict)
    level: Level = "town"
    encoding: str | None = None
    refused: int = 0
    repaired: int = 0


@dataclass(frozen=True)
class Says:
    """The line that refuses it."""

    file: str
    line: str
    options: dict[str, Any] = field(default_factory=dict)
    level: Level = "town"


NAME = {"columns": {"code": "NAME", "name": "NAME"}}
BOUND_ID = {"columns": {"code": "BOUND_A_ID"}}
ADCODE = {"columns": {"code": "ADCODE99"}}
VILLAGES, TOWNS, COUNTIES = ({"layer": name} for name in ("villages", "towns", "counties"))
TW_VILLAGE = VILLAGES | {"columns": {"code": "VILLCODE", "name": "VILLNAME", "parent": "TOWNCODE"}}
TW_COUNTY = COUNTIES | {"columns": {"code": "COUNTYCODE", "name": "COUNTYNAME"}}

RIGHT = [
    Loads("messy/chinese_poly.shp", 1, "黑龙江省", ADCODE, encoding="GB18030（据文字内容判断）"),
    Loads("messy/china_dongli.shp", 1367, "5", BOUND_ID, encoding="UTF-8（据文字内容判断）"),
    Loads(
        "messy/coordconvert_polygon_wgs.shp", 263, "841757", {"columns": {"code": "gid"}}, encoding="UTF-8（据 .cpg）"
    ),
    Loads("messy/Oregon_customCRS.gpkg", 1, "Oregon", NAME),
    Loads("messy/mixed_crs.gpkg", 1, "Oregon", NAME | {"layer": "oregon_2269"}),
    Loads("messy/mixed_crs.gpkg", 1, "Oregon", NAME | {"layer": "oregon_4326"}),
    Loads("messy/missing_crs_mixed_ranges.gpkg", 1, "Oregon", NAME | {"layer": "OR_land_4326", "crs": "EPSG:4326"}),
    Loads("messy/missing_crs_mixed_ranges.gpkg", 1, "Oregon", NAME | {"layer": "OR_land_2269", "crs": "EPSG:2269"}),
    Loads("messy/null_crs_gdal.gpkg", 1, "Oregon", NAME | {"crs": "EPSG:4326"}),
    Loads("messy/curved-geometry.gpkg", 1, "curve-polygon", {"layer": "curvedpolygon", "columns": {"code": "name"}}),
    Loads("messy/curved-geometry.gpkg", 1, "multi-surface", {"layer": "multisurface", "columns": {"code": "name"}}),
    Loads("messy/states.kml", 49, "Illinois", {"columns": {"code": "Name"}}),
    Loads("messy/tonglu_330122_bare_feature_list.json", 1, "桐庐县", level="county"),
    Loads("cn_boundaries/china_counties_2891_tianditu_cgcs2000.topojson", 2891, "鄂城区", level="county", repaired=6),
    Loads("cn_boundaries/hangzhou_330100_counties_datav_gcj02.json", 13, "上城区", {"frame": "gcj02"}, level="county"),
    Loads("cn_boundaries/tonglu_330122_county_datav_gcj02.json", 1, "桐庐县", {"frame": "gcj02"}, level="county"),
    Loads("cn_boundaries/yuhang_330110_county_datav_gcj02.json", 1, "余杭区", {"frame": "gcj02"}, level="county"),
    Loads("cn_boundaries/yuhang_330110_towns12.geojson", 12, "百丈镇", {"columns": {"code": "name"}}),
    Loads("cn_boundaries/taiwan_villages-10t.topojson", 7701, "中門里", TW_VILLAGE, level="village", repaired=7),
    Loads("cn_boundaries/taiwan_villages-10t.topojson", 368, "林園區", TOWNS, level="town"),
    Loads("cn_boundaries/taiwan_villages-10t.topojson", 22, "高雄市", TW_COUNTY, level="town"),
]

REFUSED = [
    Says(
        "messy/chinese_poly.shp", "no column for code among ADCODE93, ADCODE99, NAME; name it with --column code=NAME"
    ),
    Says("messy/china_dongli.shp", "or find codes by NAME with --codes LIST.csv"),
    Says(
        "messy/KML_Samples.kml",
        "it has several layers (Placemarks, Styles and Markup, Highlighted Icon, Ground Overlays",
    ),
    Says("messy/KML_Samples.kml", "there is no record in this file", {"layer": "Polygons"}),
    Says("messy/curved-geometry.gpkg", "(curvedpolygon, multisurface, compoundcurve); name one with --layer"),
    Says("messy/giantPoly.gpkg", "cannot be read as GeoPackage"),
    Says("messy/giantPoly.gpkg", "export it again, e.g. from QGIS"),
    Says("messy/curvepolygon.gpkg", NO_COLUMNS),
    Says("messy/multisurface.gpkg", NO_COLUMNS),
    Says("messy/line_zm.gpkg", NO_COLUMNS),
    Says("messy/mixed_crs.gpkg", "(oregon_2269, oregon_4326); name one with --layer"),
    Says("messy/missing_crs_mixed_ranges.gpkg", "(OR_land_2269, OR_land_4326); name one with --layer"),
    Says("messy/null_crs_gdal.gpkg", "say which with --crs, e.g. --crs EPSG:4490", NAME),
    Says("messy/cpg_big5.shp", "it declares no coordinate reference system", NAME),
    *(Says(f"messy/enc_{name}.dbf", DBF) for name in ("big5", "gb2312", "gbk", "latin1", "utf8")),
    Says("cn_boundaries/yuhangMap.js", "use one of *.shp, *.gpkg, *.geojson"),
    Says("cn_boundaries/yuhang_330110_towns12.geojson", "or find codes by name with --codes LIST.csv"),
    Says("cn_boundaries/tonglu_330122_fence_amap2016_gcj02_bare_geometry.json", NO_COLUMNS, level="county"),
    Says("cn_boundaries/taiwan_villages-10t.topojson", "(villages, towns, counties, nation); name one with --layer"),
]

ROWS_WITHOUT_POLYGONS = [
    ("messy/KML_Samples.kml", {"layer": "Paths", "columns": {"code": "Name"}}, 6, "LineString"),
    ("messy/KML_Samples.kml", {"layer": "Placemarks", "columns": {"code": "Name"}}, 3, "Point"),
    ("messy/ldid_chinese.shp", NAME, 1, "Point"),
    ("messy/cpg_big5.shp", NAME | {"crs": "EPSG:3857"}, 1, "Point"),
    ("messy/curved-geometry.gpkg", {"layer": "compoundcurve", "columns": {"code": "name"}}, 1, "LineString"),
]


def opened(real_data: Path, file: str, level: Level, options: dict[str, Any]) -> BoundaryLayer:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(real_data / file, level, **options)


@pytest.mark.parametrize("one", RIGHT, ids=lambda one: f"{one.file} {one.options.get('layer', '')}")
def test_files_that_load(real_data: Path, one: Loads) -> None:
    layer = opened(real_data, one.file, one.level, one.options)
    assert (len(layer.areas), len(layer.refused)) == (one.count, one.refused)
    assert layer.areas["name"].iloc[0] == one.first
    assert layer.areas.is_valid.all()
    assert not layer.areas.has_z.any()
    assert len(layer.repaired) == len(layer.repairs)
    assert one.repaired == 0 or len(layer.repaired) == one.repaired
    if one.encoding:
        assert layer.notes["encoding"].zh == one.encoding


@pytest.mark.parametrize("one", REFUSED, ids=lambda one: f"{one.file} {one.line[:20]}")
def test_files_that_are_refused_in_one_line(real_data: Path, one: Says) -> None:
    with pytest.raises(WanggeError) as refused:
        opened(real_data, one.file, one.level, one.options)
    for text in (refused.value.text("en"), refused.value.text("zh-CN")):
        assert "\n" not in text
        assert Path(one.file).name in text
    assert one.line in str(refused.value)


@pytest.mark.parametrize(("file", "options", "count", "kind"), ROWS_WITHOUT_POLYGONS)
def test_rows_without_polygons_are_refused_by_number(
    real_data: Path, file: str, options: dict[str, Any], count: int, kind: str
) -> None:
    layer = opened(real_data, file, "town", options)
    assert layer.areas.empty
    assert [one.row for one in layer.refused] == list(range(1, count + 1))
    assert all(kind in one.en for one in layer.refused)


def test_every_file_is_tried(real_data: Path) -> None:
    beside = {".shx", ".prj", ".cpg", ".qpj"}
    folders = (real_data / "messy", real_data / "cn_boundaries")
    paths = [path for folder in folders for path in folder.iterdir() if path.suffix not in beside]
    files = {f"{path.parent.name}/{path.name}" for path in paths}
    shapefiles = {name for name in files if name.endswith(".dbf") and name.replace(".dbf", ".shp") in files}
    tried = {one.file for one in (*RIGHT, *REFUSED)} | {row[0] for row in ROWS_WITHOUT_POLYGONS}
    assert files - shapefiles == tried
