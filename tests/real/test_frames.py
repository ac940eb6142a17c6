"""The twelve towns of Yuhang in every frame that a file may come in, against outlines of the district."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from geo.intake.references import read_reference
from geo.space import crs, frames
from geo.space.frames import Reading
from geo.space.shapes import Geometries

pytestmark = pytest.mark.real

YUHANG = "330110"
READINGS = [Reading(), Reading(frame="gcj02"), Reading(frame="bd09"), Reading(4528), Reading(4549), Reading(3857)]
WITHIN_M = 0.1


@pytest.fixture(scope="module")
def towns(real_data: Path) -> Geometries:
    found = gpd.read_file(real_data / "cn_boundaries" / "yuhang_330110_towns12.geojson")
    assert len(found) == 12
    return np.asarray(found.geometry.to_numpy(), dtype=object)


def tianditu(real_data: Path) -> shapely.Geometry:
    return read_reference(real_data / "cn_boundaries" / "china_counties_2891_tianditu_cgcs2000.topojson", code=YUHANG)


def datav(real_data: Path) -> shapely.Geometry:
    return read_reference(real_data / "cn_boundaries" / "yuhang_330110_county_datav_gcj02.json", frame="gcj02")


def written(geometries: Geometries, reading: Reading) -> Geometries:
    def write(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = crs.from_wgs84(xy[:, 0], xy[:, 1], reading.frame)
        x, y = Transformer.from_crs(4326, reading.epsg, always_xy=True).transform(x, y)
        return np.column_stack((y, x) if reading.swapped else (x, y))

    return shapely.transform(geometries, write)


@pytest.mark.parametrize("outline", [tianditu, datav])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_every_frame_is_recognised_and_left(
    real_data: Path, towns: Geometries, reading: Reading, *, swapped: bool, outline: object
) -> None:
    asked = Reading(reading.epsg, reading.frame, swapped)
    raw = written(towns, asked)
    found = frames.diagnose(raw, outline(real_data))  # type: ignore[operator]
    assert (found.outcome, found.chosen) == ("clear", asked)
    # The published outlines are simplified; 0.97 is what the raw files give in geopandas too.
    assert found.scores[0].iou == pytest.approx(0.973 if outline is tianditu else 0.976, abs=0.001)
    back, there = shapely.get_coordinates(frames.to_wgs84(raw, asked)), shapely.get_coordinates(towns)
    metres = Geod(ellps="WGS84").inv(back[:, 0], back[:, 1], there[:, 0], there[:, 1])[2]
    assert np.max(metres) < WITHIN_M


def test_an_outline_in_the_wrong_frame_misleads_and_shows_why_it_has_one(real_data: Path, towns: Geometries) -> None:
    """Taken as WGS-84, the outline that is in GCJ-02 makes the towns look shifted the other way."""
    wrong = read_reference(real_data / "cn_boundaries" / "yuhang_330110_county_datav_gcj02.json")
    found = frames.diagnose(towns, wrong)
    assert found.scores[0].iou < 0.95
    assert frames.diagnose(towns, datav(real_data)).chosen == Reading()


def test_the_score_is_that_of_geopandas(real_data: Path, towns: Geometries) -> None:
    outline = gpd.GeoSeries([tianditu(real_data)], crs=4326).to_crs(4549).iloc[0]
    whole = gpd.GeoSeries(towns, crs=4326).to_crs(4549).union_all()
    iou = whole.intersection(outline).area / whole.union(outline).area
    assert frames.diagnose(towns, tianditu(real_data)).scores[0].iou == pytest.approx(iou, abs=0.0005)
