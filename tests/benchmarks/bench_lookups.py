"""Who is responsible at a point, over HTTP, beside the same question asked of PostGIS with ST_Covers.

Both services run alone in turn, one worker each, with wrk's 16 connections over the same thousand points of a county
of 3,000 grids, where every grid, village and town has somebody.
"""

import http.client
import json
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.storage.database import make_engine
from geo.storage.queries import accounts as stored
from tests.benchmarks import coverages
from tests.benchmarks.bench_coverage import COUNTY, _make_county
from tests.benchmarks.serving import load, served

pytestmark = pytest.mark.bench

AT_LEAST_TIMES: Final = 2.5
POINTS: Final = 1_000
DAY: Final = "2026-06-01"
TOKEN: Final = "wg_of-the-benchmark"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
ASSIGN: Final = """
    INSERT INTO assignments (county_code, staff_no, area_code, role, from_day)
    SELECT a.county_code, c.staff_no, a.code,
      CASE a.level WHEN 'grid' THEN 'grid_head' WHEN 'village' THEN 'village_link' ELSE 'area_leader' END, '2026-01-01'
    FROM areas a, (SELECT min(staff_no) AS staff_no FROM cadres WHERE county_code = :county) c
    WHERE a.county_code = :county AND a.level <> 'county'
"""


def test_who_is_responsible_at_a_point(fresh_url: str, reachable_path: Path, tmp_path: Path) -> None:
    _prepare(fresh_url)
    environment = {"WANGGE_DATABASE_URL": fresh_url, "WANGGE_HOME": str(reachable_path)}
    environment |= {"PEER_TOKEN": TOKEN, "PEER_COUNTY": COUNTY}
    points = _points()
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        paths = [f"/assignments/at?lon={lon}&lat={lat}&on={DAY}" for lon, lat in points]
        _warm(base, paths[0])
        ours, mine = load(base, paths, HEADERS, tmp_path), _answers(base, paths[:200])
        endpoint = load(base, [f"{path}&lang=en" for path in paths], HEADERS, tmp_path)
    with served(["-m", "tests.benchmarks.covers_service"], environment) as base:
        paths = [f"/peer/at?lon={lon}&lat={lat}&on={DAY}" for lon, lat in points]
        theirs, their_answers = load(base, paths, HEADERS, tmp_path), _answers(base, paths[:200])
    ratio = ours.per_second / theirs.per_second
    sys.stdout.write(
        f"\nwho is responsible at a point, 3,000 grids, one worker, 16 connections\n"
        f"from memory {ours}   ST_Covers {theirs}   {ratio:.1f}×\n"
        f"the endpoint itself, which asks the database five times {endpoint}\n"
    )
    assert mine == their_answers
    assert ratio >= AT_LEAST_TIMES


def _prepare(url: str) -> None:
    engine = make_engine(url)
    _make_county(engine)
    with Session(engine) as session, session.begin():
        session.execute(text(ASSIGN), {"county": COUNTY})
        account = accounts.add(session, "bench", "service", county=COUNTY, actor="bench")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        stored.add_token(session, account.id, "bench", accounts.digest(TOKEN), tomorrow)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _points() -> list[tuple[float, float]]:
    """Inside by a clear margin: the border itself is half-open here and closed there."""
    county = coverages.county()
    lon, lat = coverages.clustered_points(county, POINTS * 2)
    west, south, east, north = 119.42, 30.02, 120.22, 30.58
    inside = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    return [(float(x), float(y)) for x, y in np.round(np.column_stack([lon, lat])[inside][:POINTS], 6)]


def _warm(base: str, path: str) -> None:
    """Until the directory is there, as for every but the first request after a start."""
    for _ in range(10):
        _answers(base, [path])
        time.sleep(0.3)


def _answers(base: str, paths: list[str]) -> list[Any]:
    with closing(http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)) as asked:
        found = []
        for path in paths:
            asked.request("GET", path, headers=HEADERS)
            found.append(json.loads(asked.getresponse().read()))
    return found
