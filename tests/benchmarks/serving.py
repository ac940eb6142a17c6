"""Services of their own processes on the loopback, and wrk against them: bounded in time, ended by their id."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 16
SECONDS: Final = 8
_TIME_LIMIT: Final = 120


@dataclass(frozen=True)
class Load:
    """What wrk measured; ``p99_ms`` is the time within which 99 of 100 were answered."""

    per_second: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.per_second:8,.0f}/s, p99 {self.p99_ms:6.1f} ms"


@contextmanager
def served(arguments: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Run Python with these arguments as the service; gives its address once it is ready."""
    with running([sys.executable, *arguments], {**os.environ, **environment}, ready="/readyz") as base:
        yield base


@contextmanager
def running(command: list[str], environment: Mapping[str, str], *, ready: str) -> Iterator[str]:
    """Run a server, told its port by ``{port}`` or WANGGE_PORT, until it answers at ``ready``; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [one.replace("{port}", str(port)) for one in command]
    process = subprocess.Popen(command, env={**environment, "WANGGE_PORT": str(port)}, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _TIME_LIMIT
        while not _answers(port, ready):
            assert process.poll() is None, command
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int, path: str) -> bool:
    with contextlib.suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
        asked.request("GET", path)
        return asked.getresponse().status == 200
    return False


def load(base: str, paths: list[str], headers: Mapping[str, str], folder: Path, *, seconds: int = SECONDS) -> Load:
    """Requests a second over some paths in turn, one thread and 16 connections; all must be answered with 200."""
    wrk = shutil.which("wrk")
    assert wrk, "wrk is missing: make bench installs it"
    script = folder / "paths.lua"
    lines = ",\n".join(f'"{path}"' for path in paths)
    script.write_text(
        f"local paths = {{\n{lines}\n}}\nlocal at = 0\n"
        "request = function()\n  at = at % #paths + 1\n  return wrk.format('GET', paths[at])\nend\n"
    )
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    said = subprocess.run(
        [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), *sent, base],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _TIME_LIMIT,
    ).stdout
    assert "Non-2xx" not in said, said
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    assert rate, said
    assert p99, said
    return Load(float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1_000}[p99[2]])
