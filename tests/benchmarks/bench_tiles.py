"""Vector tiles beside tipg, on the same table of the same database: 3,000 grids of 300 vertices.

Both run alone in turn, one worker each, with wrk's 16 connections over the same tiles: those wholly within the county,
where a tile is full. Ours are asked past the cache (which is measured apart); tipg has none.
"""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import numpy as np
import pytest
from sqlalchemy import make_url

from tests.benchmarks.bench_coverage import COUNTY
from tests.benchmarks.bench_lookups import HEADERS, _prepare
from tests.benchmarks.serving import Load, load, running, served

pytestmark = pytest.mark.bench

AT_LEAST_TIMES: Final = {10: 8, 12: 2}
TIPG: Final = "tipg==1.6.1"
TIPG_ENVIRONMENT: Final = Path(__file__).parents[2] / ".venv-tipg"
BOUNDS: Final = (119.4, 30.0, 120.24, 30.6)
NO_CACHE: Final = """
from api import app, cli
app.MAX_TILE_CACHE_BYTES = 0
cli.main(["serve"])
"""


def test_vector_tiles(fresh_url: str, reachable_path: Path, tmp_path: Path) -> None:
    _prepare(fresh_url)
    environment = {"WANGGE_DATABASE_URL": fresh_url, "WANGGE_HOME": str(reachable_path)}
    tiles = {zoom: _inside(zoom) for zoom in AT_LEAST_TIMES}
    measured: dict[tuple[str, int], Load] = {}
    for name, program in {"ours": NO_CACHE, "ours, cached": "from api import cli; cli.main(['serve'])"}.items():
        with served(["-c", program], environment) as base:
            for zoom, places in tiles.items():
                paths = [f"/tiles/grids/{zoom}/{x}/{y}" for x, y in places]
                load(base, paths, HEADERS, tmp_path, seconds=2)
                measured[name, zoom] = load(base, paths, HEADERS, tmp_path)
    with _tipg(fresh_url) as base:
        for zoom, places in tiles.items():
            filters = f"filter-lang=cql2-text&filter={quote('level=' + chr(39) + 'grid' + chr(39))}"
            columns = "properties=code,name,level,kind,parent_code,households,population"
            paths = [
                f"/collections/public.areas/tiles/WebMercatorQuad/{zoom}/{x}/{y}?geom-column=geom&{columns}&{filters}"
                for x, y in places
            ]
            measured["tipg", zoom] = load(base, paths, {}, tmp_path)
    lines = ["vector tiles of 3,000 grids, one worker, 16 connections"]
    lines += [f"z{zoom} ({len(tiles[zoom])} tiles) {name:14}{value}" for (name, zoom), value in measured.items()]
    ratios = {zoom: measured["ours", zoom].per_second / measured["tipg", zoom].per_second for zoom in tiles}
    lines += [f"z{zoom}: {ratio:.1f} times tipg's" for zoom, ratio in ratios.items()]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert all(ratios[zoom] >= AT_LEAST_TIMES[zoom] for zoom in ratios)


def _inside(zoom: int) -> list[tuple[int, int]]:
    """Tiles that lie wholly within the county, at most 200; the one in its middle where none does."""
    west, south, east, north = BOUNDS
    (left, top), (right, bottom) = _place(west, north, zoom), _place(east, south, zoom)
    found = [(x, y) for x in range(left + 1, right) for y in range(top + 1, bottom)]
    return found[:200] or [_place((west + east) / 2, (south + north) / 2, zoom)]


def _place(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    count = 2**zoom
    return (
        int((lon + 180) / 360 * count),
        int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * count),
    )


@contextmanager
def _tipg(url: str) -> Iterator[str]:
    """tipg as its documentation starts it, from an environment of its own."""
    python = TIPG_ENVIRONMENT / "bin/python"
    if not python.exists():
        venv.create(TIPG_ENVIRONMENT, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, TIPG, "uvicorn[standard]"], check=True, timeout=600)
    at = make_url(url)
    host = at.query.get("host") or at.host or ""
    environment = {
        "POSTGRES_USER": at.username or "",
        "POSTGRES_PASS": at.password or "none",
        "POSTGRES_HOST": quote(str(host), safe=""),
        "POSTGRES_PORT": str(at.query.get("port") or at.port or 5432),
        "POSTGRES_DBNAME": at.database or "",
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_DB_EXCLUDE_FUNCTION_SCHEMAS": '["public"]',
        "DB_MIN_CONN_SIZE": "16",
        "DB_MAX_CONN_SIZE": "16",
    }
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--log-level", "warning", "--port", "{port}"]
    with running(command, {**os.environ, **environment}, ready="/healthz") as base:
        yield base
    assert COUNTY
