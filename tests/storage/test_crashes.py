"""Killed in the middle: after the restart all of a load or a batch is there, or none of it.

A durable cluster of its own, the real command line and the real server as processes of their own. They are killed
(SIGKILL) at seeded moments of the time in which an undisturbed run of the same work has its writing transaction open.
A power cut is played by killing the postmaster and all of its children at once.
"""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import geopandas as gpd
import numpy as np
import psycopg2
import psycopg2.extensions
import pytest
import shapely
from sqlalchemy import Engine, NullPool, create_engine, select, text
from sqlalchemy.orm import Session

from geo.services import sheets
from geo.storage import postgres_processes
from geo.storage.database import make_engine, migrate
from geo.storage.local_postgis import LocalPostgis
from geo.storage.queries import counties
from geo.storage.queries.coverage import households_reached, tallied
from geo.storage.tables import HouseholdTally, Place, ReachedTally, Visit, VisitTally
from tests import entry, squares

ROOT = Path(__file__).parents[2]
WANGGE = Path(sys.executable).with_name("wangge")
ZONE = "Asia/Shanghai"
ROWS = 8_000
BATCHES, BATCH = 6, 1_000
SPLIT = 14

# Who has begun to write visits or a boundary version, until the end of that transaction.
WRITERS = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'wangge' AND mode = 'RowExclusiveLock'
    AND relation IN ('visits'::regclass, 'boundary_versions'::regclass)
"""

Kill = Callable[["Site", "subprocess.Popen[str]"], None]


class Site:
    """The durable cluster, its address, and processes that use it."""

    def __init__(self, home: Path) -> None:
        self.postgis = LocalPostgis(home, durable=True)
        self.url = self.postgis.start()
        self.engine: Engine = create_engine(self.url, poolclass=NullPool)
        self._watch: psycopg2.extensions.connection | None = None

    def run(self, *arguments: str | Path, **settings: str) -> "subprocess.Popen[str]":
        environment = os.environ | {
            "WANGGE_HOME": str(self.postgis.home),
            "WANGGE_DATABASE_URL": self.url,
            "WANGGE_LANG": "en",
            **settings,
        }
        command = [str(WANGGE), *map(str, arguments)]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def someone_writes(self) -> bool:
        """Asked every few milliseconds, so over a connection that stays, and is made anew after a crash."""
        if self._watch is None or self._watch.closed:
            self._watch = psycopg2.connect(self.url.replace("postgresql+psycopg2", "postgresql"))
            self._watch.autocommit = True
        with self._watch.cursor() as cursor:
            cursor.execute(WRITERS)
            return cursor.rowcount > 0

    def count(self, table: str) -> int:
        return int(str(self.ask(f"SELECT count(*) FROM {table}")[0][0]))  # noqa: S608 - a name from below

    def empty(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("TRUNCATE visits CASCADE"))

    def cut_power(self) -> None:
        """Every process of the server at once."""
        status = self.postgis.status()
        assert status.pid is not None
        for pid in (status.pid, *postgres_processes.backends(status.data_dir)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def restart(self) -> None:
        """The cut connection is given up first: it would not notice before it is used."""
        self._watch = None
        assert self.postgis.start() == self.url


def power_cut(site: Site, _process: "subprocess.Popen[str]") -> None:
    site.cut_power()


def killed_itself(_site: Site, process: "subprocess.Popen[str]") -> None:
    process.kill()


@pytest.fixture(scope="module")
def site(reachable_root: Path) -> Iterator[Site]:
    home = reachable_root / "crashes"
    site = Site(home)
    try:
        migrate(site.url)
        entry.open_to_tests(site.url)
        engine = make_engine(site.url)
        with Session(engine) as session, session.begin():
            county = squares.load(session)
            homes = [(row, {"id": f"H{row}", "kind": "household", **position(row)}) for row in range(2, 80)]
            sheets.take_whole(session, county, "places", homes, "places.csv")
        engine.dispose()
        yield site
    finally:
        site.postgis.destroy()


def position(number: int) -> dict[str, float]:
    """Somewhere in the county of squares; every tenth is outside of it."""
    at = random.Random(number)  # noqa: S311 - no secret
    return {"lon": round(at.uniform(120.0, 120.044), 7), "lat": round(at.uniform(30.0, 30.02), 7)}


def visit(number: int) -> dict[str, object]:
    day, hour = 1 + number % 28, number % 24
    return {
        "id": str(UUID(int=number)),
        "staff_no": f"C{1 + number % 2}",
        "started_at": f"2025-{1 + number % 3:02d}-{day:02d}T{hour:02d}:00:00",
        "place": f"H{2 + number % 78}",
        **position(number),
    }


def is_consistent(site: Site) -> bool:
    """Whether every tally equals a recount."""
    with Session(site.engine) as session:
        by_cadre, by_household = tallied(Visit.__table__, Place.__table__, ZONE)
        reached = households_reached(HouseholdTally.__table__)
        pairs = ((VisitTally, by_cadre), (HouseholdTally, by_household), (ReachedTally, reached))
        return all(
            {tuple(row) for row in session.execute(select(table.__table__))}
            == {tuple(row) for row in session.execute(recount)}
            for table, recount in pairs
        )


def wait_for(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def undisturbed(site: Site, *command: str | Path) -> float:
    """Run it to its end; seconds from the first to the last moment at which it was seen writing."""
    process = site.run(*command)
    wait_for(lambda: site.someone_writes() or process.poll() is not None)
    begun = seen = time.monotonic()
    while process.poll() is None:
        if site.someone_writes():
            seen = time.monotonic()
        time.sleep(0.01)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return seen - begun


def disturbed(site: Site, kill: Kill, delay_s: float, *command: str | Path) -> bool:
    """Run it, kill while it writes, start the server again if need be; whether the command had said that it is done."""
    process = site.run(*command)
    wait_for(lambda: site.someone_writes() or process.poll() is not None)
    time.sleep(delay_s)
    kill(site, process)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    site.restart()
    # A client that is gone is noticed when its backend has finished what it was doing.
    wait_for(lambda: not site.someone_writes())
    return process.returncode == 0


def moments(seed: int, count: int, span_s: float) -> list[float]:
    """One moment in each equal part of a span, the first of them at once: the next run may be a faster one."""
    at = random.Random(seed)  # noqa: S311 - no secret
    return [(part + at.random()) / count * span_s if part else 0.0 for part in range(count)]


# --- a sheet of visits


@pytest.fixture(scope="module")
def visits_sheet(reachable_root: Path) -> Path:
    path = reachable_root / "crash_visits.csv"
    rows = [visit(number) for number in range(ROWS)]
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_sheet_of_visits_is_stored_whole_or_not_at_all(site: Site, visits_sheet: Path) -> None:
    command = ("visits", "import", visits_sheet)
    site.empty()
    span = undisturbed(site, *command)
    assert site.count("visits") == ROWS
    ends = []
    kills = (power_cut, killed_itself, power_cut)
    for kill, delay_s in zip(kills, moments(1, len(kills), span), strict=True):
        site.empty()
        done = disturbed(site, kill, delay_s, *command)
        ends.append(site.count("visits"))
        assert ends[-1] in ((ROWS,) if done else (0, ROWS))
        assert is_consistent(site)
    assert 0 in ends, "no moment was in the middle"
    undisturbed(site, *command)
    assert site.count("visits") == ROWS
    assert is_consistent(site)


# --- boundaries, put into force over visits that are there


@pytest.fixture(scope="module")
def grid_files(reachable_root: Path) -> dict[str, Path]:
    """Two ways to cut every village into 196 grids: their numbers begin with 0 to 3, or with 4 to 7."""
    files = {}
    for first in ("0", "1"):
        codes, polygons = [], []
        for column, village in enumerate(squares.VILLAGES):
            west, south, east, north = squares.box(column, 0, high=2).bounds
            xs, ys = np.linspace(west, east, SPLIT + 1), np.linspace(south, north, SPLIT + 1)
            for i in range(SPLIT * SPLIT):
                x, y = i % SPLIT, i // SPLIT
                codes.append(f"{village}{int(first) * 400 + i:03d}")
                polygons.append(shapely.box(xs[x], ys[y], xs[x + 1], ys[y + 1]))
        files[first] = reachable_root / f"grids_{first}.geojson"
        gpd.GeoDataFrame({"code": codes, "name": codes}, geometry=polygons, crs=4326).to_file(files[first])
    return files


def test_boundaries_are_loaded_and_in_force_or_nothing_of_them_is_there(
    site: Site, visits_sheet: Path, grid_files: dict[str, Path]
) -> None:
    def load(first: str) -> tuple[str | Path, ...]:
        day = "2025-01-01"
        return ("boundaries", "load", grid_files[first], "--level", "grid", "--commit", "--activate", "--from", day)

    site.empty()
    undisturbed(site, "visits", "import", visits_sheet)
    span = undisturbed(site, *load("1"))
    assert in_force(site) == "1"
    appoint_heads(site)
    kept = []
    kills = (power_cut, killed_itself) * 5
    for kill, delay_s in zip(kills, moments(2, len(kills), span), strict=True):
        before = in_force(site)
        new = "0" if before == "1" else "1"
        done = disturbed(site, kill, delay_s, *load(new))
        after = in_force(site)
        kept.append(after == before)
        assert after == new or not done
        assert is_consistent(site)
        assert heads_stand_in(site) == {after}
    assert any(kept), "no moment was in the middle"
    before = in_force(site)
    undisturbed(site, *load("0" if before == "1" else "1"))
    assert in_force(site) != before
    assert is_consistent(site)
    assert site.count("visits") == ROWS


def appoint_heads(site: Site) -> None:
    """One for the first grid of every village; the other file has a grid of another number on the same ground."""
    heads = [
        {"staff_no": "C1", "area": f"{village}400", "role": "grid_head", "from": "2025-01-01"}
        for village in squares.VILLAGES
    ]
    with Session(site.engine) as session, session.begin():
        county = counties.resolve(session, squares.COUNTY)
        sheets.take_whole(session, county, "assignments", list(enumerate(heads, start=2)), "assignments.csv")
    assert heads_stand_in(site) == {"1"}


def heads_stand_in(site: Site) -> set[str]:
    """Of which file the grids are that have a head; every village has one, and every version since has its lineage."""
    rows = site.ask("SELECT area_code FROM assignments WHERE role = 'grid_head' AND to_day IS NULL")
    assert sorted(str(code)[:12] for (code,) in rows) == squares.VILLAGES
    bare = "SELECT version FROM boundary_versions WHERE version > 1 EXCEPT SELECT version FROM lineage"
    assert site.ask(bare) == []
    return {str(int(str(code)[12]) // 4) for (code,) in rows}


def in_force(site: Site) -> str:
    """Which of the two files is in force; nothing is staged, every version is whole and every visit tagged by one."""
    assert site.ask("SELECT FROM boundary_versions WHERE status = 'staged'") == []
    sizes = "SELECT version, count(*) FILTER (WHERE level = 'grid') FROM areas GROUP BY 1 ORDER BY 1"
    counts = dict(site.ask(sizes))
    assert list(counts.values()) == [8] + [4 * SPLIT * SPLIT] * (len(counts) - 1)
    assert [version for (version,) in site.ask("SELECT version FROM boundary_versions ORDER BY 1")] == list(counts)
    grids = (
        "SELECT DISTINCT substr(code, 13, 1)::int / 4 FROM areas JOIN boundary_versions USING (county_code, version)"
        " WHERE status = 'active' AND level = 'grid'"
    )
    tags = "SELECT DISTINCT substr(grid_code, 13, 1)::int / 4 FROM visits WHERE grid_code IS NOT NULL"
    (found,) = site.ask(grids)
    assert site.ask(tags) == [found]
    return str(found[0])


# --- batches sent to the server


class Server:
    """``wangge serve`` on a free port of the loopback."""

    def __init__(self, site: Site) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = site.run("serve", WANGGE_PORT=str(self.port))
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        with (
            contextlib.suppress(OSError),
            closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as asked,
        ):
            asked.request("GET", "/readyz")
            return asked.getresponse().status == HTTPStatus.OK
        return False

    def post(self, batch: int) -> int | None:
        """Send one batch; the status of the answer, None if there was none."""
        rows = [visit(number) for number in range(batch * BATCH, (batch + 1) * BATCH)]
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as sent:
                sent.request("POST", "/visits", json.dumps(rows), {"Content-Type": "application/json", **entry.HEADERS})
                return sent.getresponse().status
        except (OSError, http.client.HTTPException):
            return None

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def stored_batches(site: Site) -> dict[int, int]:
    """Rows by batch; a batch of which nothing is there is left out."""
    query = f"SELECT ('x' || right(id::text, 8))::bit(32)::int / {BATCH} AS batch, count(*) FROM visits GROUP BY 1"  # noqa: S608 - a number
    return {int(str(batch)): int(str(rows)) for batch, rows in site.ask(query)}


@pytest.fixture
def servers(site: Site) -> Iterator[Callable[[], Server]]:
    """Starts servers, and ends those that are left."""
    started: list[Server] = []

    def start() -> Server:
        started.append(Server(site))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()


def test_a_batch_is_stored_whole_or_not_at_all(site: Site, servers: Callable[[], Server]) -> None:
    site.empty()
    server = servers()
    assert server.post(0) == HTTPStatus.CREATED
    begun = time.monotonic()
    assert server.post(1) == HTTPStatus.CREATED
    span = (time.monotonic() - begun) * BATCHES
    for victim, delay_s in zip(("server", "postgis", "server"), moments(3, 3, span), strict=True):
        site.empty()
        answers: dict[int, int | None] = {}
        # What is sent goes on in this thread, so another one kills.
        killer = threading.Timer(delay_s, server.kill if victim == "server" else site.cut_power)
        killer.start()
        for batch in range(BATCHES):
            answers[batch] = server.post(batch)
        killer.join()
        if victim == "server":
            server = servers()
        else:
            site.restart()
        wait_for(lambda: not site.someone_writes())
        stored = stored_batches(site)
        assert set(stored.values()) <= {BATCH}
        assert {batch for batch, status in answers.items() if status == HTTPStatus.CREATED} <= set(stored)
        assert is_consistent(site)
        again = [server.post(batch) for batch in range(BATCHES)]
        assert again == [HTTPStatus.OK if batch in stored else HTTPStatus.CREATED for batch in range(BATCHES)]
        assert stored_batches(site) == dict.fromkeys(range(BATCHES), BATCH)
        assert is_consistent(site)
