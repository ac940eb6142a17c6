"""Files read with what is known of their county: codes by name, the frame against an outline, and who has the say."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from geo.errors import CodesMissing, FileUnreadable, FrameNotFound
from geo.intake.boundary_files import BoundaryLayer
from geo.services import boundary_reading
from geo.services.boundary_reading import Asked
from geo.space.crs import from_wgs84
from geo.storage.queries.counties import CountyInfo
from tests import squares
from tests.squares import COUNTY, TOWNS, VILLAGES, box

SHAPES = [box(i, 0, high=2) for i in range(4)]
NAMES = ["东溪村", "西溪村", "和平村", "石桥社区"]


def written(path: Path, crs: object = 4326, shapes: list[Any] | None = None, **columns: list[Any]) -> Path:
    data = columns or {"code": VILLAGES, "name": NAMES}
    frame = gpd.GeoDataFrame(data, geometry=SHAPES if shapes is None else shapes, crs=crs)
    if crs is None:
        with pytest.warns(UserWarning, match="crs"):
            frame.to_file(path)
    else:
        frame.to_file(path)
    if path.suffix == ".geojson":
        # GDAL writes a member that phones and map services do not.
        plain = json.loads(path.read_text(encoding="utf-8"))
        del plain["crs"]
        path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def shifted(frame: str) -> list[Any]:
    return list(
        shapely.transform(
            np.array(SHAPES, dtype=object),
            lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], frame)),  # type: ignore[arg-type]
        )
    )


def read(session: Session, path: Path, **options: Any) -> BoundaryLayer:
    return boundary_reading.read(session, Asked(path, "village", **options))


def lies_right(layer: BoundaryLayer, within_deg: float = 1e-6) -> bool:
    found = layer.areas.geometry.tolist()
    return all(shapely.hausdorff_distance(one, other) < within_deg for one, other in zip(found, SHAPES, strict=True))


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("frame", ["gcj02", "bd09"])
def test_an_undeclared_frame_is_found_against_the_county_that_is_stored(
    session: Session, tmp_path: Path, frame: str
) -> None:
    layer = read(session, written(tmp_path / "v.shp", None, shifted(frame)))
    assert lies_right(layer)
    assert layer.scores[0].reading.frame == frame
    assert layer.notes["crs"].en == layer.scores[0].reading.name


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("epsg", [4528, 4549, 3857])
def test_an_undeclared_projection_is_found(session: Session, tmp_path: Path, epsg: int) -> None:
    metric = gpd.GeoSeries(SHAPES, crs=4326).to_crs(epsg).tolist()
    assert lies_right(read(session, written(tmp_path / "v.shp", None, metric)))
    turned = [shapely.transform(one, lambda xy: xy[:, ::-1]) for one in metric]
    layer = read(session, written(tmp_path / "turned.shp", None, turned))
    assert lies_right(layer)
    assert layer.notes["crs"].zh == f"EPSG:{epsg}，北坐标在前"


def test_nothing_to_compare_with_asks(session: Session, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read(session, written(tmp_path / "v.shp", None))
    for word in ("--crs EPSG:4490", "--reference"):
        assert word in str(refused.value)
        assert word in refused.value.text("zh-CN")


@pytest.mark.usefixtures("county")
def test_a_part_of_the_county_fits_poorly_and_asks(session: Session, tmp_path: Path) -> None:
    path = written(tmp_path / "v.shp", None, SHAPES[:1], code=VILLAGES[:1], name=NAMES[:1])
    with pytest.raises(FrameNotFound) as refused:
        read(session, path)
    assert "WGS-84 degrees 0.250" in str(refused.value)
    assert "--frame wgs84" in str(refused.value)
    layer = read(session, path, frame="wgs84")
    assert layer.areas.geometry.iloc[0].normalize() == shapely.MultiPolygon([SHAPES[0]]).normalize()


@pytest.mark.usefixtures("county")
def test_what_is_declared_is_respected_and_a_better_fit_told(session: Session, tmp_path: Path) -> None:
    path = written(tmp_path / "v.gpkg", 4490, shifted("gcj02"))
    layer = read(session, path)
    assert not lies_right(layer, 1e-3)
    assert "--frame gcj02" in layer.notes["frame"].en
    assert "GCJ-02" in layer.notes["frame"].zh
    assert lies_right(read(session, path, frame="gcj02"))
    assert "frame" not in read(session, written(tmp_path / "right.gpkg", 4490)).notes


def test_a_reference_has_a_frame_of_its_own(session: Session, tmp_path: Path) -> None:
    outline = shapely.union_all(np.array(shifted("gcj02")))
    reference = written(tmp_path / "county.geojson", 4326, [outline], adcode=[int(COUNTY)])
    path = written(tmp_path / "v.geojson", 4326, shifted("bd09"))
    layer = read(session, path, reference=reference, reference_frame="gcj02")
    assert lies_right(layer)
    # Without a reference a GeoJSON is what its format says.
    assert not lies_right(read(session, path), 1e-3)


def test_axes_are_turned_when_it_is_said(session: Session, tmp_path: Path) -> None:
    turned = [shapely.transform(one, lambda xy: xy[:, ::-1]) for one in SHAPES]
    assert lies_right(read(session, written(tmp_path / "v.geojson", 4326, turned), swapped=True))


CODES = "代码,村名,所属乡镇\n" + "".join(
    f"{code},{name},{town}\n"
    for code, name, town in zip(
        VILLAGES, ["东溪村委会", "西溪村", "和平行政村", "石桥社区居委会"], ["云溪镇"] * 4, strict=True
    )
)


def test_names_find_their_codes(session: Session, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text(CODES, encoding="gb18030")
    layer = read(session, written(tmp_path / "v.geojson", name=NAMES), codes=codes)
    assert layer.areas["code"].tolist() == VILLAGES
    assert layer.refused == ()
    assert layer.notes["codes"].en.startswith("1 by the same name, 3 by another form of it, 0 not found")


def test_a_similar_name_is_suggested_and_not_taken(session: Session, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text(CODES, encoding="utf-8")
    layer = read(session, written(tmp_path / "v.geojson", name=["东西溪村", *NAMES[1:]]), codes=codes)
    assert [(one.row, one.field) for one in layer.refused] == [(1, "name")]
    assert f"东溪村委会 ({VILLAGES[0]})" in layer.refused[0].en
    assert layer.areas["code"].tolist() == VILLAGES[1:]
    assert VILLAGES[0] in layer.notes["codes"].zh, "the line of the list that is left over"


def test_names_without_a_list_say_what_to_type(session: Session, tmp_path: Path) -> None:
    with pytest.raises(CodesMissing, match="--codes"):
        read(session, written(tmp_path / "v.geojson", name=NAMES))


def test_the_outline_of_the_county_needs_no_column(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "fence.json"
    path.write_text(shapely.to_geojson(box(0, 0, wide=4, high=2)), encoding="utf-8")
    layer = boundary_reading.read(session, Asked(path, "county", county=COUNTY))
    assert layer.areas["code"].tolist() == [COUNTY]
    assert layer.refused == ()


def test_one_county_out_of_many(session: Session, tmp_path: Path) -> None:
    """Published outlines come a province at a time; another county's broken record is not this one's."""
    others = [box(9, 0), None]
    path = written(
        tmp_path / "p.gpkg", 4490, [box(0, 0, wide=4, high=2), *others], adcode=[int(COUNTY), 990200, 990201]
    )
    layer = boundary_reading.read(session, Asked(path, "county", county=COUNTY))
    assert layer.areas["code"].tolist() == [COUNTY]
    assert layer.refused == ()
    assert layer.notes["records"].en == "1 of 2 records"
    assert len(boundary_reading.read(session, Asked(path, "county")).areas) == 2


@pytest.mark.usefixtures("county")
def test_towns_are_compared_too(session: Session, tmp_path: Path) -> None:
    towns = [box(i * 2, 0, wide=2, high=2) for i in range(2)]
    path = written(tmp_path / "t.shp", None, towns, XZQDM=TOWNS, XZQMC=["云溪镇", "石桥乡"])
    layer = boundary_reading.read(session, Asked(path, "town"))
    assert layer.areas["code"].tolist() == TOWNS
    assert layer.columns == {"code": "XZQDM", "name": "XZQMC"}


def test_the_county_of_squares_is_what_it_says(county: CountyInfo) -> None:
    assert county.code == squares.COUNTY
