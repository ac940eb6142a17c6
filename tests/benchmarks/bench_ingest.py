"""Visits through the command line and over HTTP, beside COPY of the same rows into the same table, empty each time.

COPY is the limit: it is given what ours has made of the sheet (tags, flags, positions), as text, and the table has its
indexes, foreign keys and tallies in both. Ours reads the sheet, checks and tags every row, looks for what is there
already, and is timed as a process from its start to its end. All of them take turns.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from data import files, loading
from data import sample as samples
from geo.intake import batches
from geo.storage.database import make_engine
from tests import entry
from tests.benchmarks.serving import served

pytestmark = pytest.mark.bench

SCALE: Final = 5
ROUNDS: Final = 3
OVER_HTTP: Final = 60_000
BATCH: Final = 1_000
CLIENTS: Final = 4
AT_LEAST: Final = 0.5
COLUMNS: Final = (
    "county_code, id, staff_no, started_at, ended_at, position, frame, accuracy_m, claimed_area, place_id, topics,"
    " note, findings, companions, flags, entered_by, tag, town_code, village_code, grid_code"
)


def test_visits_into_the_table(fresh_url: str, reachable_path: Path) -> None:
    sample = samples.make(scale=SCALE)
    sheet = files.write_sheet(sample.visits, reachable_path / "visits.csv")
    engine = make_engine(fresh_url)
    with Session(engine) as session, session.begin():
        nothing = {name: getattr(sample, name).iloc[:0] for name in ("visits", "issues", "issue_events")}
        loading.load(session, replace(sample, **nothing))
    environment = {**os.environ, "WANGGE_DATABASE_URL": fresh_url, "WANGGE_HOME": str(reachable_path)}
    _import(sheet, environment)
    rows, stored = _copied_out(engine)
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        seconds["COPY"].append(_timed(engine, lambda: _copy_in(engine, rows)))
        seconds["wangge visits import"].append(_timed(engine, lambda: _import(sheet, environment)))
    rates = {name: stored / statistics.median(times) for name, times in seconds.items()}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        rates |= _over_http(engine, base, sheet)
    engine.dispose()
    lines = [f"{stored:,} visits, medians of {ROUNDS}; over HTTP {OVER_HTTP:,}", ""]
    lines += [f"{name:42}{rate:10,.0f} rows/s{rate / rates['COPY']:8.0%}" for name, rate in rates.items()]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert rates["wangge visits import"] >= AT_LEAST * rates["COPY"]


def _timed(engine: Engine, work: Callable[[], object]) -> float:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits CASCADE"))
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _import(sheet: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", "from api import cli; cli.main()", "visits", "import", str(sheet)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=900)


def _copied_out(engine: Engine) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    raw = engine.raw_connection()
    with raw.cursor() as cursor:
        cursor.copy_expert(f"COPY visits ({COLUMNS}) TO STDOUT", buffer)
        cursor.execute("SELECT count(*) FROM visits")
        count = int(cursor.fetchone()[0])
    raw.close()
    return buffer.getvalue(), count


def _copy_in(engine: Engine, rows: bytes) -> None:
    raw = engine.raw_connection()
    with raw.cursor() as cursor:
        cursor.copy_expert(f"COPY visits ({COLUMNS}) FROM STDIN", io.BytesIO(rows))
    raw.commit()
    raw.close()


def _over_http(engine: Engine, base: str, sheet: Path) -> dict[str, float]:
    """Batches of a thousand by four clients, and a file of lines that is carried on beside; rows a second."""
    rows = [_typed(fields) for _, fields in batches.read(sheet, "visits")][:OVER_HTTP]
    parts = [json.dumps(rows[begin : begin + BATCH]).encode() for begin in range(0, len(rows), BATCH)]
    headers = {**entry.HEADERS, "Content-Type": "application/json"}

    def send(part: bytes) -> None:
        httpx.post(f"{base}/visits", content=part, headers=headers, timeout=120).raise_for_status()

    def all_parts() -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(send, parts))

    send(parts[0])  # the locators are made at the first use
    found = {f"POST /visits, {CLIENTS} clients": len(rows) / _timed(engine, all_parts)}
    lines = "\n".join(json.dumps(row) for row in rows).encode()

    def as_file() -> None:
        kind = {**entry.HEADERS, "Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{base}/visits/import", content=lines, headers=kind, timeout=120)
        assert answer.status_code == 202
        while httpx.get(base + answer.headers["location"], headers=entry.HEADERS).json()["status"] == "waiting":
            time.sleep(0.05)

    found["POST /visits/import, NDJSON"] = len(rows) / _timed(engine, as_file)
    return found


def _typed(fields: Any) -> dict[str, Any]:
    """A row of the sheet as a program sends it."""
    row = {name: value for name, value in fields.items() if value}
    return row | {name: float(row[name]) for name in ("lon", "lat", "accuracy_m") if name in row}
