"""Checks of real coverages against what was published or counted of them with other tools."""

import gzip
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.space.checks import AreaSet, Finding, Repair, check
from geo.space.lineage import AreasOf, compare
from geo.space.repair import repair
from geo.space.shapes import area_m2, as_multipolygons, union

pytestmark = pytest.mark.real


def layer(path: Path, code: str, **reading: str) -> tuple[AreaSet, list[Repair]]:
    frame = gpd.read_file(path, **reading)
    raw = np.asarray(frame.geometry.values, dtype=object)
    areas = AreaSet("village", frame[code].astype(str).tolist(), [None] * len(frame), as_multipolygons(raw))
    repairs = [
        Repair(areas.codes[i], shapely.is_valid_reason(raw[i]), raw[i], areas.geometries[i])
        for i in np.flatnonzero(~shapely.is_valid(raw)).tolist()
    ]
    return areas, repairs


def of_kind(found: tuple[Finding, ...], kind: str) -> list[Finding]:
    return [one for one in found if one.kind == kind]


def test_towns_of_yuhang_are_faultless(real_data: Path) -> None:
    towns, repairs = layer(real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson", "name")
    assert repairs == []
    assert check(towns, parents=None, sliver_width_m=1) == ()
    whole = AreaSet("county", ["330110"], [None], np.array([union(towns.geometries)], dtype=object))
    below = AreaSet("town", towns.codes, ["330110"] * len(towns.codes), towns.geometries)
    assert check(below, parents=whole, sliver_width_m=1) == ()
    # 944.67 km² in EPSG:4549, whose scale is 1 at 120° E only.
    assert area_m2(towns.geometries).sum() == pytest.approx(944.67e6, rel=1e-4)
    assert area_m2(whole.geometries).sum() == pytest.approx(944.67e6, rel=1e-4)


def test_villages_of_taiwan_have_the_faults_that_are_known(real_data: Path) -> None:
    villages, repairs = layer(
        real_data / "cn_boundaries" / "taiwan_villages-10t.topojson", "VILLCODE", layer="villages"
    )
    assert len(villages.codes) == 7701
    found = check(villages, parents=None, repairs=repairs, sliver_width_m=1)
    assert len(of_kind(found, "repaired")) == 7
    assert sum(one.area_m2 > 1 for one in of_kind(found, "overlap")) == 3
    assert len(of_kind(found, "gap")) == 8
    metric = gpd.GeoSeries(villages.geometries, crs=4326).to_crs(3826)
    first, second = metric.sindex.query(metric, predicate="overlaps")
    common = shapely.area(shapely.intersection(metric.values[first], metric.values[second]))[first < second]
    assert sorted(one.area_m2 for one in of_kind(found, "overlap")) == pytest.approx(sorted(common), rel=1e-3)


def test_repaired_villages_of_taiwan_are_a_coverage_and_their_lakes_stay(real_data: Path) -> None:
    villages, _ = layer(real_data / "cn_boundaries" / "taiwan_villages-10t.topojson", "VILLCODE", layer="villages")
    result = repair(villages, width_m=1)
    assert result.left == ()
    assert shapely.coverage_is_valid(result.geometries)
    assert sum(result.moved_m2.values()) < 10
    assert len(result.moved_m2) <= 3
    after = check(
        AreaSet("village", villages.codes, villages.parents, result.geometries), parents=None, sliver_width_m=1
    )
    assert (len(of_kind(after, "overlap")), len(of_kind(after, "gap"))) == (0, 8)
    names = villages.codes
    links = compare(
        AreasOf("village", names, names, villages.geometries), AreasOf("village", names, names, result.geometries)
    )
    assert {one.relation for one in links} == {"same"}


def test_communes_of_france_have_two_gaps_and_no_overlap(real_data: Path, tmp_path: Path) -> None:
    packed = real_data / "scale" / "france_communes_2018.geojsonl.gz"
    path = tmp_path / packed.stem
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    communes, repairs = layer(path, "code")
    found = check(communes, parents=None, repairs=repairs, sliver_width_m=1)
    assert len(communes.codes) == 35_357
    assert len(of_kind(found, "repaired")) == 1
    assert not [one for one in of_kind(found, "overlap") if one.area_m2 > 1]
    assert len(of_kind(found, "gap")) == 2
    assert len(of_kind(found, "multipart")) == 205
