"""The areas of the sample: a true partition at every level, with its oddities."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.ground import make_ground
from data.sample import Sample, make
from geo.space.codes import cn_parent, is_code

LEVELS = ("town", "village", "grid")


def areas(sample: Sample, level: str) -> gpd.GeoDataFrame:
    return {"county": sample.outline, "town": sample.towns, "village": sample.villages, "grid": sample.grids}[level]


def parents(sample: Sample, level: str) -> gpd.GeoDataFrame:
    return areas(sample, {"town": "county", "village": "town", "grid": "village"}[level])


def shape_of(frame: gpd.GeoDataFrame, code: str) -> shapely.Geometry:
    return frame.set_index("code").geometry[code]


def in_metres(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.to_crs(4550)  # CGCS2000, central meridian 123° E


@pytest.mark.parametrize(("level", "count"), [("town", 14), ("village", 218), ("grid", 650)])
def test_counts_and_codes(sample: Sample, level: str, count: int) -> None:
    frame = areas(sample, level)
    assert list(frame.columns) == ["code", "name", "parent", "kind", "households", "population", "geometry"]
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == count
    assert frame["code"].is_unique
    assert frame["code"].is_monotonic_increasing
    assert all(is_code(code, level, "cn") for code in frame["code"])  # type: ignore[arg-type]
    assert set(frame["parent"]) == set(parents(sample, level)["code"])


@pytest.mark.parametrize("level", LEVELS)
def test_partition(sample: Sample, level: str) -> None:
    shapes = areas(sample, level).geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("level", LEVELS)
def test_children_make_up_their_parents(sample: Sample, level: str) -> None:
    frame = areas(sample, level)
    for code, shape in parents(sample, level).set_index("code").geometry.items():
        children = frame.geometry[frame["parent"] == code].to_numpy()
        union = shapely.coverage_union_all(children)
        assert shapely.equals(union, shape)
        # The same vertices, none lost and none added: the levels fit one another exactly.
        assert set(map(tuple, shapely.get_coordinates(union))) == set(map(tuple, shapely.get_coordinates(shape)))


def test_coordinates_have_seven_decimals(sample: Sample) -> None:
    coords = shapely.get_coordinates(sample.grids.geometry.to_numpy())
    assert (coords == coords.round(7)).all()


def test_borders_wiggle(sample: Sample) -> None:
    vertices = shapely.get_num_coordinates(sample.grids.geometry.to_numpy()) - 1
    assert vertices.min() >= 24
    assert vertices.max() <= 130
    assert 45 <= vertices.mean() <= 75
    hulls = shapely.area(sample.grids.convex_hull) / shapely.area(sample.grids.geometry.to_numpy())
    assert np.median(hulls) > 1.03


def test_lies_on_the_open_sea(sample: Sample) -> None:
    west, south, east, north = sample.outline.total_bounds
    assert 124.0 < west < east < 124.8
    assert 29.4 < south < north < 30.0
    assert 1_700 < in_metres(sample.outline).area[0] / 1e6 < 1_900


def test_the_lake_belongs_to_nobody(sample: Sample) -> None:
    county = sample.outline.geometry[0]
    lake = shapely.Point(sample.planted["hole_point"]["lon"], sample.planted["hole_point"]["lat"])
    holes = [shapely.Polygon(ring) for part in county.geoms for ring in part.interiors]
    assert [hole.contains(lake) for hole in holes] == [True]
    for level in LEVELS:
        assert not areas(sample, level).contains(lake).any()


def test_sea_for_wrong_positions_touches_no_land() -> None:
    ground = make_ground(20261, 1)
    land = {*ground.mainland.tolist(), *ground.island.tolist(), *ground.lake.tolist()}
    assert len(ground.sea) > 50
    assert not any({cell, *ground.adjacent[cell]} & land for cell in ground.sea.tolist())


def test_village_of_two_parts(sample: Sample) -> None:
    assert sample.villages[sample.villages.geom_type == "MultiPolygon"]["code"].tolist() == [
        sample.planted["multipart"]
    ]
    shape = shape_of(sample.villages, sample.planted["multipart"])
    assert len(shape.geoms) == 2
    assert shape.geoms[0].distance(shape.geoms[1]) > 0.001


def test_enclave(sample: Sample) -> None:
    inner, outer = (shape_of(sample.villages, sample.planted["enclave"][key]) for key in ("village", "inside"))
    (hole,) = outer.interiors
    assert shapely.equals(shapely.Polygon(hole), inner)
    assert sample.villages.touches(inner).sum() == 1


def test_one_functional_zone(sample: Sample) -> None:
    planted = sample.planted["functional_zone"]
    by_code = sample.villages["code"].map(lambda code: cn_parent(code, "village"))
    odd = sample.villages[by_code != sample.villages["parent"]]
    assert odd[["code", "parent"]].to_numpy().tolist() == [[planted["village"], planted["parent"]]]
    assert planted["village"].startswith(planted["coded_under"])
    assert shape_of(sample.towns, planted["parent"]).contains(odd.geometry.iloc[0])
    assert shape_of(sample.towns, planted["coded_under"]).intersection(odd.geometry.iloc[0]).area == 0
    grids = sample.grids["code"].map(lambda code: cn_parent(code, "grid"))
    assert (grids == sample.grids["parent"]).all()


def test_kinds(sample: Sample) -> None:
    assert sample.towns["kind"].value_counts().to_dict() == {"town": 7, "township": 4, "subdistrict": 3}
    assert set(sample.grids["kind"]) == {"grid"}
    kind_of_town = sample.villages["parent"].map(sample.towns.set_index("code")["kind"])
    communities = (sample.villages["kind"] == "community").groupby(kind_of_town).mean()
    assert communities["subdistrict"] > 0.5 > communities["town"] > communities["township"]
    assert set(sample.villages["kind"]) == {"village", "community"}


def test_names(sample: Sample) -> None:
    assert sample.outline["name"].tolist() == ["云栖县（虚构示例）"]
    for level in LEVELS:
        assert not areas(sample, level).duplicated(["parent", "name"]).any()
    assert not sample.villages.assign(town=sample.villages["code"].str[:9]).duplicated(["town", "name"]).any()
    assert sample.villages.set_index("code")["name"][sample.planted["rare_name"]] == "㛃溪村"
    assert sample.villages["name"].str.contains("㛃").sum() == 1


def test_households_and_population_add_up(sample: Sample) -> None:
    for level in LEVELS:
        for column in ("households", "population"):
            sums = areas(sample, level).groupby("parent")[column].sum()
            assert sums.equals(parents(sample, level).set_index("code")[column].rename_axis("parent"))
    assert 120_000 < sample.outline["households"][0] < 140_000
    assert 360_000 < sample.outline["population"][0] < 420_000


@pytest.mark.parametrize(("seed", "scale"), [(1, 1), (2, 1), (3, 3)])
def test_other_seeds_and_scales(seed: int, scale: int) -> None:
    other = make(seed=seed, scale=scale)
    assert (len(other.villages), len(other.grids)) == (218 * scale, 650 * scale)
    test_coordinates_have_seven_decimals(other)
    for level in LEVELS:
        test_partition(other, level)
    for oddity in (test_the_lake_belongs_to_nobody, test_village_of_two_parts, test_enclave, test_one_functional_zone):
        oddity(other)
