"""Sixty thousand visits sent three times over by four clients at once, and the server killed twice meanwhile.

The real server and a durable cluster of its own, as in `test_crashes`: each visit is there once at the end, with
tallies that equal a recount.
"""

import contextlib
import http.client
import json
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from geo.services import sheets
from geo.storage.database import make_engine, migrate
from tests import entry, squares
from tests.squares import GRIDS
from tests.storage.test_crashes import Site, is_consistent, killed_itself, position
from tests.visiting import visit

ROWS, BATCH, CLIENTS, TIMES = 60_000, 1_000, 4, 3
LIMIT_S = 420


@pytest.fixture(scope="module")
def site(reachable_root: Path) -> Iterator[Site]:
    site = Site(reachable_root / "senders")
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


class Server:
    """The service on one port, killed and started again."""

    def __init__(self, site: Site) -> None:
        self.site, self.port = site, _free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = self.site.run("serve", WANGGE_PORT=str(self.port))
        deadline = time.monotonic() + 60
        while self.ask("GET", "/readyz")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def kill(self) -> None:
        assert self.process is not None
        killed_itself(self.site, self.process)
        self.process.communicate(timeout=30)

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and content; status 0 where nobody answered."""
        headers = {**entry.HEADERS, "Content-Type": kind}
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as asked,
        ):
            asked.request(method, path, body, headers)
            answer = asked.getresponse()
            return answer.status, answer.read()
        return 0, b""


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    site.empty()
    server = Server(site)
    server.start()
    yield server
    server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def rows() -> list[dict[str, object]]:
    days = [f"2025-{1 + n % 9:02}-{1 + n % 27:02}T{6 + n % 15:02}:{n % 60:02}:00" for n in range(ROWS)]
    return [
        visit(n, days[n], grid=GRIDS[n % 8], staff_no=f"C{1 + n % 2}", place=f"H{2 + n % 78}", accuracy_m=12)
        for n in range(ROWS)
    ]


def test_batches_of_four_clients(server: Server, site: Site) -> None:
    every = rows()
    batches = [json.dumps(every[begin : begin + BATCH]).encode() for begin in range(0, ROWS, BATCH)]
    turns = [at for _ in range(TIMES) for at in range(len(batches))]
    counts: Counter[str] = Counter()
    unanswered: Counter[int] = Counter()
    failures: list[BaseException] = []
    lock, begun = threading.Lock(), time.monotonic()

    def client(number: int) -> None:
        mine = turns[number::CLIENTS]
        random.Random(number).shuffle(mine)  # noqa: S311 - no secret
        try:
            for at in mine:
                while True:
                    assert time.monotonic() - begun < LIMIT_S
                    status, content = server.ask("POST", "/visits", batches[at])
                    if status in (200, 201):
                        break
                    assert status in (0, 503), content  # nobody there; sent again until it is answered
                    with lock:
                        unanswered[status] += 1
                    time.sleep(0.3)
                told = json.loads(content)
                assert told["stored"] + told["duplicate"] == BATCH
                with lock:
                    counts.update(stored=told["stored"], duplicate=told["duplicate"], answered=1)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for share in (0.25, 0.6):
        while counts["answered"] < share * len(turns) and not failures:
            time.sleep(0.05)
        server.kill()
        server.start()
    for thread in threads:
        thread.join(timeout=LIMIT_S)
    assert failures == []
    assert unanswered[0] > 0, "no client met a server that was gone"
    assert site.count("visits") == ROWS
    assert counts["answered"] == len(turns)
    assert counts["stored"] <= ROWS  # what was stored and could not be answered any more is a duplicate next time
    assert is_consistent(site)


def test_a_file_sent_three_times(server: Server, site: Site) -> None:
    """The server is killed twice while imports are carried on; each goes on after the next start."""
    content = "\n".join(json.dumps(row) for row in rows()).encode()
    sent = [server.ask("POST", "/visits/import", content, "application/x-ndjson") for _ in range(TIMES)]
    assert [status for status, _ in sent] == [202] * TIMES
    ids = [json.loads(body)["id"] for _, body in sent]
    for share in (0.2, 0.7):
        deadline = time.monotonic() + LIMIT_S
        while site.count("visits") < share * ROWS:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.kill()
        server.start()
    told: list[dict[str, object]] = []
    deadline = time.monotonic() + LIMIT_S
    while len(told) < TIMES:
        told = [json.loads(server.ask("GET", f"/imports/{one}")[1] or b"{}") for one in ids]
        told = [one for one in told if one.get("status") == "done"]
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert site.count("visits") == ROWS
    assert [one["done"] for one in told] == [ROWS] * TIMES
    assert sum(int(str(one["stored"])) for one in told) == ROWS
    assert sum(int(str(one["duplicate"])) for one in told) == (TIMES - 1) * ROWS
    assert is_consistent(site)
