"""Outlines to compare with: the right county, in the right frame."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import FileUnreadable
from geo.intake.references import read_reference
from geo.space.crs import from_wgs84

WEST, EAST = shapely.box(119.6, 29.8, 119.8, 30.0), shapely.box(119.8, 29.8, 120.0, 30.0)


def written(path: Path, crs: object = 4326, shapes: list[Any] | None = None, **columns: list[Any]) -> Path:
    gpd.GeoDataFrame(columns, geometry=[WEST, EAST] if shapes is None else shapes, crs=crs).to_file(path)
    return path


@pytest.mark.parametrize(
    "columns",
    [
        {"adcode": [330122, 330110]},
        {"gb": ["156330122", "156330110"]},
        {"XZQDM": ["330122", "330110"]},
        {"whatever": ["330122000000", "330110000000"]},
        {"a": [1, 2], "b": [330122.0, 330110.0]},
    ],
)
def test_the_county_is_found_by_its_code(tmp_path: Path, columns: dict[str, list[Any]]) -> None:
    path = written(tmp_path / "counties.gpkg", **columns)
    assert read_reference(path, code="330110").equals(EAST)
    assert read_reference(path, code="330122").equals(WEST)


def test_one_record_needs_no_code(tmp_path: Path) -> None:
    path = written(tmp_path / "county.gpkg", shapes=[EAST], name=["x"])
    assert read_reference(path).equals(EAST)
    assert read_reference(path, code="330122").equals(EAST)


def test_several_records_need_one(tmp_path: Path) -> None:
    path = written(tmp_path / "counties.gpkg", adcode=[330122, 330110])
    for code, word in ((None, "2 records"), ("330199", "330199")):
        with pytest.raises(FileUnreadable, match="--county") as refused:
            read_reference(path, code=code)
        assert word in str(refused.value)
        assert "counties.gpkg" in refused.value.text("zh-CN")


def test_a_projected_one_and_a_shifted_one(tmp_path: Path) -> None:
    metric = gpd.GeoSeries([EAST], crs=4326).to_crs(4549).tolist()
    found = read_reference(written(tmp_path / "m.gpkg", 4549, metric, name=["x"]))
    assert shapely.hausdorff_distance(found, EAST) < 1e-8
    shifted = shapely.transform(EAST, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "gcj02")))
    found = read_reference(written(tmp_path / "g.gpkg", 4326, [shifted], name=["x"]), frame="gcj02")
    assert shapely.hausdorff_distance(found, EAST) < 1e-8


def test_lines_are_no_outline(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="no polygon"):
        read_reference(written(tmp_path / "l.gpkg", shapes=[shapely.LineString(EAST.exterior.coords)], name=["x"]))


def test_an_invalid_one_is_repaired(tmp_path: Path) -> None:
    tie = shapely.Polygon([(119.6, 29.8), (119.8, 30.0), (119.8, 29.8), (119.6, 30.0)])
    found = read_reference(written(tmp_path / "t.gpkg", shapes=[tie], name=["x"]))
    assert found.is_valid
    assert found.area == pytest.approx(0.02)
