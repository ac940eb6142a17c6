"""North Carolina, sudden infant deaths 1974 to 1978 by county: the clusters that are published.

International Journal of Health Geographics 20 (2021), doi 10.1186/s12942-021-00298-6: deaths among births, circles
around the counties' centroids with at most 20 % of the births.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geo.analysis.clusters import getis_ord, spatial_scan
from geo.analysis.contiguity import queen
from geo.analysis.rates import area_rates

pytestmark = pytest.mark.real

FIRST = {"Northampton", "Hertford", "Halifax", "Bertie"}
SECOND = {"Moore", "Anson", "Hoke", "Richmond", "Scotland", "Robeson"}


@pytest.fixture(scope="module")
def counties(real_data: Path) -> gpd.GeoDataFrame:
    # No .prj: NAD27 degrees, as its description says; drawn in metres of the state's grid.
    return gpd.read_file(real_data / "hotspot" / "sids2.shp").set_crs(4267).to_crs(32119)


@pytest.mark.parametrize("metric", ["projected", "great_circle"])
@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_the_published_clusters(counties: gpd.GeoDataFrame, metric: str, model: str) -> None:
    points = counties.centroid if metric == "projected" else counties.centroid.to_crs(4326)
    first, second, *others = spatial_scan(
        counties["SID74"],
        counties["BIR74"],
        points.x,
        points.y,
        metric=metric,  # type: ignore[arg-type]
        model=model,  # type: ignore[arg-type]
        max_population_share=0.2,
        seed=1,
    )
    for found, names, cases, births, per_1000 in ((first, FIRST, 40, 7_805, 5.12), (second, SECOND, 70, 18_612, 3.76)):
        assert set(counties["NAME"].iloc[list(found.members)]) == names
        assert (found.cases, found.population) == (cases, births)
        assert round(1000 * found.cases / found.population, 2) == per_1000
        assert found.p_value == 0.001
    assert all(one.p_value is not None and one.p_value > 0.05 for one in others)


def test_the_hot_counties_are_those_of_the_clusters(counties: gpd.GeoDataFrame) -> None:
    near = queen(list(counties.geometry))
    assert near.attached == ()
    rates = area_rates(counties["SID74"], counties["BIR74"])
    found = getis_ord(rates.shrunk, near, seed=1)
    hottest = set(counties["NAME"].iloc[np.argsort(-found.z)[:6]])
    assert hottest & FIRST
    assert hottest & SECOND
