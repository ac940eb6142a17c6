"""Debian's ogr2ogr copies villages out of a running service: the same set as in the database, whatever is asked for."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from sqlalchemy.orm import Session

from data.loading import COUNTY
from geo.storage.database import make_engine
from geo.storage.queries import areas, boundaries, counties
from tests import entry
from tests.benchmarks.serving import served

TIME_LIMIT = 120
SIGNED_IN = {"GDAL_HTTP_USERPWD": f"{entry.NAME}:{entry.TOKEN}"}

pytestmark = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="ogr2ogr is not there; make test installs it")


@pytest.fixture(scope="module")
def address(sample_url: str, reachable_root: Path) -> Iterator[str]:
    environment = {"WANGGE_DATABASE_URL": sample_url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield f"OAPIF:{base}/ogc"


@pytest.fixture(scope="module")
def stored(sample_url: str) -> gpd.GeoDataFrame:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        version = boundaries.active(session, COUNTY)
        found = areas.page(session, version, level="village", limit=None)
        shapes = areas.shapes(session, version, [one.code for one in found], drawn=False)
    engine.dispose()
    rows = [{"code": one.code, "town": one.path.split("/")[1], "geometry": shapes[one.code]} for one in found]
    return gpd.GeoDataFrame(rows, crs=4326).set_index("code").sort_index()


def run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [program, *arguments],
        env={**os.environ, **SIGNED_IN},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout


def copied(address: str, folder: Path, *options: str) -> gpd.GeoDataFrame:
    path = folder / f"copy{time.monotonic_ns()}.gpkg"
    run("ogr2ogr", "-f", "GPKG", str(path), address, "villages", *options)
    return gpd.read_file(path).set_index("code").sort_index()


def same(found: gpd.GeoDataFrame, wanted: gpd.GeoDataFrame, *, within: float = 1e-9) -> None:
    assert list(found.index) == list(wanted.index)
    apart = shapely.hausdorff_distance(found.geometry.to_numpy(), wanted.geometry.to_numpy())
    assert apart.max() <= within


def test_the_collections_are_listed(address: str) -> None:
    listed = run("ogrinfo", "-ro", "-q", address)
    assert all(name in listed for name in ("towns", "villages", "grids", "coverage", "visits"))


def test_without_an_account_nothing_is_listed(address: str) -> None:
    done = subprocess.run(["ogrinfo", "-ro", address], capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    assert "villages" not in done.stdout
    assert "401" in done.stderr


@pytest.mark.parametrize("size", ["50", "1000"])
def test_every_village_page_by_page(address: str, stored: gpd.GeoDataFrame, tmp_path: Path, size: str) -> None:
    assert len(stored) == 218
    same(copied(address, tmp_path, "-oo", f"PAGE_SIZE={size}"), stored)


def test_a_box(address: str, stored: gpd.GeoDataFrame, tmp_path: Path) -> None:
    west, south, east, north = (round(float(value), 3) for value in stored.iloc[20:24].total_bounds)
    wanted = stored[stored.intersects(shapely.box(west, south, east, north))]
    assert 4 <= len(wanted) < len(stored)
    found = copied(address, tmp_path, "-spat", *map(str, (west, south, east, north)))
    same(found, wanted)


def test_an_attribute(address: str, stored: gpd.GeoDataFrame, tmp_path: Path) -> None:
    town = stored["town"].iloc[0]
    wanted = stored[stored["town"] == town]
    same(copied(address, tmp_path, "-where", f"town = '{town}'"), wanted)


@pytest.mark.parametrize("epsg", [4549, 3857, 4490])
def test_in_other_systems(address: str, stored: gpd.GeoDataFrame, sample_url: str, tmp_path: Path, epsg: int) -> None:
    """Metres of the county's own zone (EPSG:4549 in a county of 120° E), of Web Mercator, and CGCS2000 degrees."""
    engine = make_engine(sample_url)
    with Session(engine) as session:
        metric = counties.resolve(session, COUNTY).metric_epsg
    engine.dispose()
    target = metric if epsg == 4549 else epsg
    found = copied(address, tmp_path, "-t_srs", f"EPSG:{target}")
    assert found.crs.to_epsg() == target
    same(found, stored.to_crs(target), within=1e-3 if target != 4490 else 1e-8)


def test_coverage_and_visits_come_out_too(address: str, tmp_path: Path) -> None:
    path = tmp_path / "coverage.geojson"
    run("ogr2ogr", "-f", "GeoJSON", str(path), address, "coverage", "-where", "status = 'unvisited'")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert found["features"]
    assert {one["properties"]["status"] for one in found["features"]} == {"unvisited"}
    told = run("ogrinfo", "-ro", "-so", address, "visits")
    assert "Feature Count: 59" in told
