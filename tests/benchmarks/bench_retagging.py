"""A million visits tagged anew when a version takes force, beside the SQL way: UPDATE … FROM areas WHERE ST_Covers.

Both write into the same table with its indexes and its tallies, each in a transaction that is rolled back. The new
version merges the first two grids of every tenth village; the others keep code and ground. A second one gives every
grid another code, so that every row must be written: there most of the time is PostgreSQL's own, on both sides.
"""

import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.services import boundaries, boundary_plans, retagging, tagging
from geo.storage.database import make_engine
from geo.storage.queries import areas
from geo.storage.queries import boundaries as queries
from geo.storage.queries.boundaries import VersionInfo
from tests import squares
from tests.benchmarks.bench_coverage import COUNTY, _fill, _make_county

pytestmark = pytest.mark.bench

AT_LEAST_TIMES: Final = 10
OUR_ROUNDS: Final = 3
PEER_TIMEOUT: Final = "30min"
# Each has what suits it: a table of one geometry an area with GiST, and fresh statistics.
PREPARE: Final = """
    DROP TABLE IF EXISTS peer_grids;
    CREATE TABLE peer_grids AS SELECT town_code, village_code, grid_code, geom FROM areas
    WHERE county_code = '{county}' AND version = {version} AND level = 'grid';
    CREATE INDEX ON peer_grids USING gist (geom);
    ANALYZE peer_grids;
"""
PEER: Final = """
    UPDATE visits v SET tag = 'inside', town_code = a.town_code, village_code = a.village_code, grid_code = a.grid_code
    FROM peer_grids a WHERE v.county_code = '{county}' AND ST_Covers(a.geom, v.position)
"""
CAREFUL_PEER: Final = f"{PEER} AND v.grid_code IS DISTINCT FROM a.grid_code"

Grids = tuple[list[str], list[shapely.Geometry]]


def test_a_million_visits_tagged_anew(fresh_url: str) -> None:
    engine = make_engine(fresh_url)
    _fill(engine, _make_county(engine), 0, 1)
    lines = ["a million visits tagged anew, seconds, and rows written"]
    ratios = {}
    for name, change in {"two grids of every tenth village": _merged, "every grid renumbered": _renumbered}.items():
        version = _stage(engine, change)
        ours, changed, mine = _measure_ours(engine, version)
        theirs, theirs_tags = _measure_peer(engine, version, PEER)
        careful, _ = _measure_peer(engine, version, CAREFUL_PEER)
        ratios[name] = theirs / ours
        lines.append(
            f"{name:34}{changed:>9,} rows  {ours:6.2f}  UPDATE … ST_Covers {theirs:7.2f} ({ratios[name]:.1f}×), "
            f"only of what changes {careful:7.2f} ({careful / ours:.1f}×)"
        )
        assert _differences(engine, version, mine, theirs_tags) == 0
    engine.dispose()
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert ratios["two grids of every tenth village"] >= AT_LEAST_TIMES


def _merged(codes: list[str], polygons: list[shapely.Geometry]) -> Grids:
    merged: dict[str, list[shapely.Geometry]] = {}
    seen: Counter[str] = Counter()
    villages = {village: number for number, village in enumerate(dict.fromkeys(code[:12] for code in codes))}
    for code, polygon in zip(codes, polygons, strict=True):
        village = code[:12]
        seen[village] += 1
        joins = villages[village] % 10 == 0 and seen[village] <= 2
        merged.setdefault(f"{village}900" if joins else code, []).append(polygon)
    return list(merged), [shapely.coverage_union_all(parts) for parts in merged.values()]


def _renumbered(codes: list[str], polygons: list[shapely.Geometry]) -> Grids:
    return [f"{code[:12]}{500 + int(code[12:])}" for code in codes], polygons


def _stage(engine: Engine, change: Callable[[list[str], list[shapely.Geometry]], Grids]) -> VersionInfo:
    with Session(engine) as session, session.begin():
        grids = areas.level_shapes(session, queries.active(session, COUNTY), "grid")
        codes, polygons = change(grids.codes.tolist(), grids.geometries.tolist())
        return boundaries.stage(session, boundary_plans.plan(session, squares.layer("grid", codes, polygons)))


def _measure_ours(engine: Engine, version: VersionInfo) -> tuple[float, int, dict[str, str | None]]:
    """Median seconds with the locators built anew each time, rows written, grids by visit."""
    times, changed, mine = [], 0, {}
    for _ in range(OUR_ROUNDS):
        tagging._cache = tagging._Cache()
        with Session(engine) as session:
            begun = time.perf_counter()
            _, changed = retagging.retag_visits(session, version)
            times.append(time.perf_counter() - begun)
            mine = _tags(session)
            session.rollback()
        _vacuum_visits(engine)
    return statistics.median(times), changed, mine


def _measure_peer(engine: Engine, version: VersionInfo, query: str) -> tuple[float, dict[str, str | None]]:
    with Session(engine) as session, session.begin():
        session.execute(text(PREPARE.format(county=COUNTY, version=version.version)))
    with Session(engine) as session:
        session.execute(text(f"SET LOCAL statement_timeout = '{PEER_TIMEOUT}'"))
        begun = time.perf_counter()
        session.execute(text(query.format(county=COUNTY)))
        took = time.perf_counter() - begun
        tags = _tags(session)
        session.rollback()
    _vacuum_visits(engine)
    return took, tags


def _tags(session: Session) -> dict[str, str | None]:
    rows = session.execute(text("SELECT id::text, grid_code FROM visits WHERE county_code = :c"), {"c": COUNTY})
    return {row[0]: row[1] for row in rows}


def _vacuum_visits(engine: Engine) -> None:
    """What a round that was rolled back left behind must not slow down the next."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM visits"))


def _differences(
    engine: Engine, version: VersionInfo, mine: dict[str, str | None], theirs: dict[str, str | None]
) -> int:
    """Visits that both put into different grids although they lie farther than about 1 cm from an edge."""
    other = [key for key, grid in mine.items() if theirs[key] != grid]
    with Session(engine) as session:
        grids = areas.level_shapes(session, version, "grid")
        rows: Any = session.execute(
            text(
                "SELECT ST_X(position), ST_Y(position) FROM visits WHERE county_code = :c AND id = ANY(:ids ::uuid[])"
            ),
            {"c": COUNTY, "ids": other},
        ).all()
    if not rows:
        return 0
    edges = shapely.STRtree(shapely.boundary(grids.geometries))
    _, distance = edges.query_nearest(shapely.points(np.array(rows, dtype=float)), return_distance=True)
    return int((distance > 1e-7).sum())
