"""The running server of a data directory: found, launched, waited for, ended."""

import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psycopg2
import psycopg2.extensions

from geo.errors import LocalPostgisError
from geo.storage import postgres_processes as processes
from geo.storage.postgres_binaries import PostgresBinaries
from geo.storage.postgres_cluster import SUPERUSER, telling
from geo.storage.postgres_place import PORT, Account

START_SECONDS: Final = 180
"""A server that was killed replays up to 2 GB of its log first."""

STOP_SECONDS: Final = 30

ORPHAN_PATIENCE_SECONDS: Final = 2
"""Children of a killed server leave by themselves as soon as they wait for something; one that computes does not."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """The server of ``base/data``, whether it runs or not."""

    base: Path
    socket_dir: Path

    @property
    def data_dir(self) -> Path:
        """The cluster."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """The log that was written last; their directory while there is none."""
        return max(self._log_sizes(), key=lambda path: path.stat().st_mtime, default=self.base / "log")

    def recorded_pid(self) -> int | None:
        """The process id in the pid file, if that process is our server."""
        record = self._pid_file()
        return record[0] if record and processes.is_postmaster(record[0], self.data_dir) else None

    def pids(self) -> list[int]:
        """The recorded one, or those that run without a pid file: just starting, or their data deleted."""
        recorded = self.recorded_pid()
        return [recorded] if recorded is not None else processes.postmasters(self.data_dir)

    def connect(self, database: str) -> psycopg2.extensions.connection:
        """A connection as superuser, in autocommit mode."""
        connection = psycopg2.connect(
            host=str(self.socket_dir), port=PORT, user=SUPERUSER, dbname=database, connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def clear_left_overs(self) -> None:
        """Remove what a dead server left and the next one would stumble over. Only when none of ours runs.

        PostgreSQL gets over the pid file of a process that is gone, but not over a number that is another's by now.
        """
        record = self._pid_file()
        if record and processes.exists(record[0]):
            _log.warning("process %d of the pid file is not our server; the file is removed", record[0])
            (self.data_dir / "postmaster.pid").unlink()
        for left_over in self.socket_dir.glob(".s.PGSQL.*"):
            left_over.unlink()

    def launch(self, binaries: PostgresBinaries, account: Account) -> None:
        """Start it and wait until it answers. Raises LocalPostgisError with what the server's log says."""
        startup_log = self.base / "log" / "startup.log"
        command: list[str | Path] = [binaries.bin_dir / "pg_ctl", "start", "-D", self.data_dir]
        command += ["-w", "-t", str(START_SECONDS), "-l", startup_log, "-o", f"-k {self.socket_dir}"]
        begun = time.monotonic()
        while True:
            startup_log.unlink(missing_ok=True)
            sizes = self._log_sizes()
            done = account.run(command, cwd=self.base)
            if done.returncode == 0:
                return
            pid = self.recorded_pid()
            if pid is not None:
                self.wait_until_ready(pid)
                return
            said = self._logged_since(sizes)
            waited = time.monotonic() - begun
            if "shared memory block" not in said or waited > START_SECONDS:
                reason = f"the server did not start: {telling(said or done.stdout)}; its log: {self.log}"
                raise LocalPostgisError(reason=reason)
            if waited > ORPHAN_PATIENCE_SECONDS:
                self.end_orphans()
            time.sleep(0.3)

    def wait_until_ready(self, pid: int) -> None:
        """Wait for a server that someone else launched, or that is still recovering."""
        deadline = time.monotonic() + START_SECONDS
        while (refusal := self._refusal()) is not None:
            if self._lost_its_socket():
                reason = f"the server (process {pid}) runs, but its socket is no longer in {self.socket_dir}"
                raise LocalPostgisError(reason=f"{reason}; stop it with wangge db stop and start again")
            if not processes.is_postmaster(pid, self.data_dir):
                reason = f"the server (process {pid}) ended while it was starting; its log: {self.log}"
                raise LocalPostgisError(reason=reason)
            if time.monotonic() > deadline:
                reason = f"the server (process {pid}) does not answer after {START_SECONDS} s: {refusal}"
                raise LocalPostgisError(reason=f"{reason}; wait if its log says that it recovers: {self.log}")
            time.sleep(0.1)

    def end(self, pid: int, mode: Literal["fast", "immediate"], patience_s: float = STOP_SECONDS) -> None:
        """Stop one server process and wait for its end; the immediate way if the fast one takes too long."""
        steps = [(signal.SIGINT, patience_s)] if mode == "fast" else []
        # The server itself kills children that do not leave within 5 s of SIGQUIT.
        for number, patience in [*steps, (signal.SIGQUIT, STOP_SECONDS)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if not processes.is_postmaster(pid, self.data_dir):
                    return
                time.sleep(0.02)
            _log.warning("the server (process %d) did not stop on %s within %g s", pid, number.name, patience)
        raise LocalPostgisError(reason=f"the server (process {pid}) does not stop; its log: {self.log}")

    def end_orphans(self) -> bool:
        """End the children of a server that was killed, which still hold its shared memory; False if there are none.

        Only when none of ours runs.
        """
        orphans = processes.backends(self.data_dir)
        for pid in orphans:
            _log.warning("process %d of a server that was killed is still at work; it is ended", pid)
            # What the dead postmaster itself would have sent: leave at once, touch nothing.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        return bool(orphans)

    def _refusal(self) -> str | None:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError as error:
            return " ".join(str(error).split())
        return None

    def _lost_its_socket(self) -> bool:
        """Moved or deleted while it ran: the pid file's last line says ready, and there is nothing to connect to."""
        _, lines = self._pid_file() or (0, [""])
        return lines[-1].strip() == "ready" and not any(self.socket_dir.glob(".s.PGSQL.*"))

    def _pid_file(self) -> tuple[int, list[str]] | None:
        try:
            lines = (self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return int(lines[0]), lines
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _log_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in (self.base / "log").glob("*.log")}

    def _logged_since(self, sizes: dict[Path, int]) -> str:
        """What the logs have gained; a file that is smaller than before has been begun anew."""
        gained = []
        for path, size in self._log_sizes().items():
            before = sizes.get(path, 0)
            gained.append(path.read_bytes()[before if size >= before else 0 :].decode(errors="replace"))
        return "\n".join(gained)
