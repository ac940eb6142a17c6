"""The communes of France read, checked and written as a boundary version, beside reading and writing them alone.

35,357 areas with 2.2 million vertices. The peer is `geopandas.read_file` and `to_postgis` of the same file: no check,
no simplified shapes, no tree. Both take turns; ours is also put into force, which is told apart.
"""

import gzip
import os
import resource
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import geopandas as gpd
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.intake import boundary_files
from geo.services import boundaries, boundary_checks, boundary_plans
from geo.storage.database import make_engine
from tests.real.conftest import DEFAULT

pytestmark = pytest.mark.bench

AT_MOST_TIMES: Final = 3.0
ROUNDS: Final = 3
COMMUNES: Final = 35_357


@pytest.fixture
def communes(tmp_path: Path) -> Path:
    packed = Path(os.environ.get("WANGGE_REAL_DATA") or DEFAULT) / "scale" / "france_communes_2018.geojsonl.gz"
    if not packed.is_file():
        pytest.skip(f"there is no {packed.name} in the folder of real files; WANGGE_REAL_DATA names it")
    plain = tmp_path / "communes.geojsonl"
    with gzip.open(packed) as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target)
    return plain


def test_communes_of_france(fresh_url: str, communes: Path) -> None:
    engine = make_engine(fresh_url)
    steps: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        with timed(steps, "read_file + to_postgis"):
            gpd.read_file(communes).to_postgis("peer", engine, if_exists="replace")
        load(engine, communes, steps)
    medians = {name: statistics.median(times) for name, times in steps.items()}
    ours = sum(medians[name] for name in ("read", "plan", "check", "write"))
    ratio = ours / medians["read_file + to_postgis"]
    lines = [
        f"{COMMUNES:,} communes, medians in seconds",
        *(f"{name:24}{value:7.1f}" for name, value in medians.items()),
    ]
    lines.append(f"reading, checking and writing takes {ratio:.2f} times as long as reading and writing alone")
    lines.append(f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    engine.dispose()
    assert ratio <= AT_MOST_TIMES


def load(engine: Engine, communes: Path, steps: dict[str, list[float]]) -> None:
    """One load as the command does it, taken back at the end."""
    with Session(engine) as session:
        with timed(steps, "read"):
            layer = boundary_files.read(communes, "village")
        with timed(steps, "plan"):
            plan = boundary_plans.plan(session, layer, county="france", county_name="France")
        with timed(steps, "check"):
            report = boundary_checks.examine(session, plan)
        with timed(steps, "write"):
            staged = boundaries.stage(session, plan, report)
        with timed(steps, "activate"):
            boundaries.activate(session, "france", staged.version)
        assert report.counts["village"] == COMMUNES
        assert report.count("repaired") == 1
        session.rollback()


@contextmanager
def timed(steps: dict[str, list[float]], name: str) -> Iterator[None]:
    """Add the seconds that it takes."""
    begun = time.perf_counter()
    yield
    steps[name].append(time.perf_counter() - begun)
