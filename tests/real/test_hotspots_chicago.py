"""Chicago: where kinds of crime gather, per resident of 2010, beside esda's own answers and what the city is known for.

Residents are no denominator of the service (visits and households are), so its judgement is asked directly, with
residents in the place of households.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from esda.getisord import G_Local
from libpysal.graph import Graph
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from scipy.sparse import csr_array, eye_array
from scipy.stats import false_discovery_control

from geo.analysis.bandwidths import likelihood_bandwidth
from geo.analysis.clusters import GetisOrd, classes, getis_ord, spatial_scan
from geo.analysis.contiguity import Neighbours, queen
from geo.analysis.hotspot_judging import judge
from geo.analysis.hotspots import AreaFacts, Judged
from geo.analysis.rates import area_rates
from geo.analysis.surface_rasters import geotiff
from geo.analysis.surfaces import kernel_density

pytestmark = pytest.mark.real

METRES: Final = 26971
"""NAD83, Illinois East."""

KINDS: Final = ("THEFT", "BATTERY", "ROBBERY", "NARCOTICS")
PERMUTATIONS: Final = 9_999
"""Of esda for all areas: as many as ours makes for those that come out extreme among 77."""

CENTRE: Final = {"LOOP", "NEAR NORTH SIDE", "NEAR WEST SIDE", "NEAR SOUTH SIDE"}
WEST: Final = {"AUSTIN", "HUMBOLDT PARK", "WEST GARFIELD PARK", "EAST GARFIELD PARK", "NORTH LAWNDALE"}
SOUTH: Final = {"ENGLEWOOD", "WEST ENGLEWOOD", "GREATER GRAND CROSSING", "CHATHAM", "WASHINGTON PARK", "SOUTH SHORE"}
NORTH_WEST: Final = {"EDISON PARK", "NORWOOD PARK", "FOREST GLEN", "JEFFERSON PARK", "LINCOLN SQUARE", "NORTH CENTER"}
"""Quiet by every count."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class City:
    """Community areas, in metres, and the located crimes of each kind."""

    areas: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    neighbours: Neighbours

    def counts(self, kind: str) -> NDArray[np.int64]:
        mine = self.points[self.points["primary_type"] == kind]
        return mine.groupby("NID").size().reindex(self.areas["NID"], fill_value=0).to_numpy()

    def residuals(self, kind: str) -> Floats:
        """Pearson's, as `judge` takes them for Gi*."""
        rates = area_rates(self.counts(kind), self.areas["POP2010"])
        return (rates.observed - rates.expected) / np.sqrt(rates.expected)

    def judged(self, kind: str) -> Judged:
        centroids = self.areas.centroid
        columns = (self.areas["NID"].astype(str), self.areas["community"], self.areas["POP2010"])
        facts = [
            AreaFacts(code, name, None, code, int(people), x, y, (int(seen),), (1,))
            for code, name, people, x, y, seen in zip(
                *columns, centroids.x, centroids.y, self.counts(kind), strict=True
            )
        ]
        return judge(facts, self.neighbours, denominator="households")

    def names(self, rows: NDArray[np.bool_] | list[int]) -> set[str]:
        return set(self.areas["community"].to_numpy()[rows])


@pytest.fixture(scope="module")
def city(real_data: Path) -> City:
    raw = gpd.read_file(real_data / "points" / "chicago_comm.shp").set_crs(4326, allow_override=True)
    areas = raw.to_crs(METRES).sort_values("NID", ignore_index=True)
    events = pd.read_csv(real_data / "points" / "chicago_crimes_25000.csv.gz")
    at = gpd.points_from_xy(events["longitude"], events["latitude"], crs=4326)
    points = gpd.GeoDataFrame(events[["primary_type"]], geometry=at).to_crs(METRES)
    inside = points.sjoin(areas[["NID", "geometry"]], predicate="within")
    assert (len(areas), len(inside), areas["POP2010"].sum()) == (77, 24_946, 2_695_598)
    return City(areas, inside, queen(list(areas.geometry)))


def peers_graph(city: City) -> Graph:
    """Made by libpysal from the polygons, each area its own neighbour too."""
    near = Graph.build_contiguity(city.areas, rook=False)
    assert all(city.neighbours.of(i).tolist() == sorted(near[i].index) for i in range(len(city.areas)))
    return Graph.from_sparse(csr_array(near.sparse) + eye_array(len(city.areas), format="csr"))


@pytest.mark.filterwarnings("ignore:The alternative hypothesis:DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_gi_star_beside_esda(city: City, kind: str) -> None:
    values = city.residuals(kind)
    mine = getis_ord(values, city.neighbours, seed=1)
    # esda divides by the sum of the values, which is nearly 0 for residuals; z does not depend on where they begin.
    peer = G_Local(
        values - values.min() + 1,
        peers_graph(city),
        transform="B",
        star=True,
        permutations=PERMUTATIONS,
        seed=1,
        n_jobs=1,
    )
    assert mine.z == pytest.approx(peer.Zs, abs=1e-8)
    assert mine.permutations.max() == PERMUTATIONS
    named, hot = classes(mine), mine.z > 0
    one_tail, both = (as_classes(peer.Zs, p) for p in (peer.p_sim, np.minimum(1.0, 2 * peer.p_sim)))
    assert (named == both).mean() > 0.8
    assert (named == one_tail).mean() > 0.6
    # esda's p is that of the smaller tail, so it calls more: every area that we call is called the same way there.
    called = (named != "none") & (mine.p < 1)
    assert [one[:3] for one in one_tail[called]] == [one[:3] for one in named[called]]
    assert (mine.q <= 0.05).sum() < (false_discovery_control(peer.p_sim) <= 0.05).sum()
    # Crimes per resident have a long upper tail: as far below the mean as the coldest areas are, chance goes above it
    # often. A tail of its own forgets that; so the two sides differ in cold areas, hardly in hot ones.
    assert (named == both)[hot].mean() >= (named == both)[~hot].mean()


def as_classes(z: Floats, p: Floats) -> NDArray[np.str_]:
    return classes(GetisOrd(z, p, false_discovery_control(p), np.zeros(z.size, np.int64)))


def hot(said: Judged) -> set[str]:
    return {one.facts.name for one in said.areas if one.status in {"hot_95", "hot_99"}}


def test_theft_per_resident_is_of_the_centre(city: City) -> None:
    said = city.judged("THEFT")
    assert {"LOOP", "NEAR NORTH SIDE"} <= hot(said) <= CENTRE
    assert max(said.areas, key=lambda one: one.rate or 0).facts.name == "LOOP"
    first = said.clusters[0]
    assert {said_name(said, code) for code in first.members} == CENTRE
    assert (first.observed, round(first.expected), first.p) == (1460, 409, 0.001)


@pytest.mark.parametrize("kind", ["BATTERY", "ROBBERY", "NARCOTICS"])
def test_violence_and_drugs_are_of_the_west_and_the_south(city: City, kind: str) -> None:
    said = city.judged(kind)
    assert hot(said)
    assert hot(said) <= WEST | SOUTH
    significant = [one for one in said.clusters if one.significant]
    inside = {said_name(said, code) for one in significant for code in one.members}
    assert len(inside & WEST) >= 4
    assert len(inside & SOUTH) >= 4
    assert not inside & NORTH_WEST
    dangerous = sorted(said.areas, key=lambda one: -(one.shrunk or 0))[:6]
    assert {one.facts.name for one in dangerous} & WEST
    assert {one.status for one in said.areas if one.facts.name in NORTH_WEST} <= {"none", "cold_90", "cold_95"}


def said_name(said: Judged, code: str) -> str:
    return next(one.facts.name for one in said.areas if one.facts.code == code)


def test_drugs_are_one_cluster_of_the_west_side(city: City) -> None:
    centroids = city.areas.centroid
    first, *others = spatial_scan(
        city.counts("NARCOTICS"), city.areas["POP2010"], centroids.x, centroids.y, max_population_share=0.5, seed=1
    )
    assert city.names(list(first.members)) == WEST
    assert (first.cases, round(first.expected, 1), round(first.relative_risk, 1), first.p_value) == (
        636, 102.4, 12.0, 0.001,
    )  # fmt: skip
    assert {name for one in others if (one.p_value or 1) <= 0.05 for name in city.names(list(one.members))} & SOUTH


def test_a_surface_for_any_gis(city: City) -> None:
    mine = city.points[city.points["primary_type"] == "NARCOTICS"].geometry
    west, south, east, north = city.areas.total_bounds
    cell_m = 200.0
    rows, columns = (int(np.ceil(extent / cell_m)) for extent in (north - south, east - west))
    outline = city.areas.geometry.union_all()
    placed = Affine(cell_m, 0.0, west, 0.0, -cell_m, north)
    inside = rasterize([outline], out_shape=(rows, columns), transform=placed, dtype="uint8").astype(bool)
    bandwidth = likelihood_bandwidth(mine.x, mine.y).metres
    surface = kernel_density(
        mine.x, mine.y, bounds=(west, south, east, north), cell_m=cell_m, bandwidth_m=bandwidth, inside=inside
    )
    with MemoryFile(geotiff(surface, epsg=METRES)) as file, file.open() as raster:
        assert (raster.crs, raster.shape) == (rasterio.CRS.from_epsg(METRES), (rows, columns))
        read = raster.read(1, masked=True)
        row, column = np.unravel_index(read.argmax(), read.shape)
        peak = gpd.GeoSeries(gpd.points_from_xy(*[[edge] for edge in raster.xy(row, column)]), crs=METRES)
    assert read.mask.tolist() == (~inside).tolist()
    # Edge correction keeps an even pattern even and so no sum exactly.
    assert read.sum() * cell_m**2 / 1e6 == pytest.approx(len(mine), rel=0.05)
    assert city.names(city.areas.contains(peak.iloc[0]).to_numpy()) <= WEST
