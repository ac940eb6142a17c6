"""The private local PostGIS: a PostgreSQL server that the tool makes, starts and owns, for one ``WANGGE_HOME``.

It listens on a unix socket only. What it needs lies under one base directory, ``HOME/postgis``::

    data/   the cluster; has this name only once it is complete
    run/    the socket, in a directory that only the server's account and root can enter
    log/    startup.log, and a server log for each day of the week

As root the server runs as the account ``postgres`` (or ``nobody``); if that account cannot enter HOME, the base
directory is ``/var/lib/wangge/<hash of HOME>``, since the modes of a user's directories are not ours to change.
Starting, stopping and removing hold a lock (``HOME/postgis.lock``); asking does not.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from geo.errors import LocalPostgisError
from geo.storage import postgres_cluster as cluster
from geo.storage import postgres_place as place
from geo.storage.postgres_binaries import find_postgres
from geo.storage.postgres_lock import LockHeldError, locked
from geo.storage.postgres_processes import postmasters
from geo.storage.postgres_server import START_SECONDS, STOP_SECONDS, Server

LOCK_SECONDS: Final = START_SECONDS + STOP_SECONDS

_EXTENSIONS: Final = ("postgis", "btree_gist")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """What is known about the server. ``version`` and ``url`` are None while it does not answer."""

    state: Literal["absent", "stopped", "running"]
    pid: int | None
    data_dir: Path
    socket_dir: Path
    version: str | None
    url: str | None
    log: Path


class LocalPostgis:
    """The private server of one home directory. Every method raises LocalPostgisError, and nothing else, on failure."""

    def __init__(self, home: Path, *, durable: bool = True, database: str = "wangge") -> None:
        """``durable=False`` is for throw-away clusters: fast, and lost when the machine goes down."""
        self.home = home.resolve()
        self.database = database
        self._durable = durable

    @property
    def url(self) -> str:
        """The address for SQLAlchemy, whether the server runs or not."""
        with self._explaining():
            return self._address(self._server())

    def start(self) -> str:
        """Make what is missing, start what is stopped; returns the address. With a server that runs it is cheap."""
        with self._explaining():
            server = self._server()
            if server.recorded_pid() is not None and self._equipped(server):
                return self._address(server)
            self.home.mkdir(parents=True, exist_ok=True)
            with self._locked() as lock:
                server = self._server()
                pid = server.recorded_pid()
                if pid is None:
                    self._prepare_and_launch(server, lock)
                else:
                    server.wait_until_ready(pid)
                self._equip(server)
            return self._address(server)

    def stop(self, *, mode: Literal["fast", "immediate"] = "fast", patience_s: float = STOP_SECONDS) -> bool:
        """Stop the server and wait for its end; False if none was running.

        One that does not end within ``patience_s`` is stopped the immediate way, with a warning in the log: nothing
        that was committed is lost, but the next start has to recover.
        """
        with self._explaining(), self._locked() if self.home.is_dir() else nullcontext():
            server = self._server()
            pids = server.pids()
            for pid in pids:
                server.end(pid, mode, patience_s)
            return server.end_orphans() or bool(pids)

    def status(self) -> Status:
        """What is there. A server whose directory was deleted under it is found too."""
        with self._explaining():
            server = self._server()
            pid = next(iter(server.pids()), None)
            version = None if pid is None else self._version(server)
            return Status(
                state="running" if pid is not None else "stopped" if cluster.major_of(server.data_dir) else "absent",
                pid=pid,
                data_dir=server.data_dir,
                socket_dir=server.socket_dir,
                version=version,
                url=self._address(server) if version else None,
                log=server.log,
            )

    def destroy(self) -> None:
        """Stop the server and delete all of its data."""
        self.stop(mode="immediate")
        with self._explaining():
            server = self._server()
            for directory in (server.socket_dir, server.base):
                if directory.exists():
                    shutil.rmtree(directory)
            self._lock_file.unlink(missing_ok=True)

    @property
    def _lock_file(self) -> Path:
        return self.home / "postgis.lock"

    def _server(self) -> Server:
        base = place.base_directory(self.home)
        return Server(base, place.socket_directory(base, self.home))

    def _address(self, server: Server) -> str:
        query = {"host": str(server.socket_dir), "port": str(place.PORT)}
        url = URL.create("postgresql+psycopg2", username=cluster.SUPERUSER, database=self.database, query=query)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LocalPostgisError(reason=place.explained(error, self.home)) from error
        except psycopg2.Error as error:
            reason = f"the server refused: {' '.join(str(error).split())}; its log: {self._server().log}"
            raise LocalPostgisError(reason=reason) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            with locked(self._lock_file, limit_s=LOCK_SECONDS) as descriptor:
                yield descriptor
        except LockHeldError as error:
            reason = f"another process has been starting or stopping it for more than {LOCK_SECONDS} s"
            reason = f"{reason} (it holds {self._lock_file}); end that process and try again"
            raise LocalPostgisError(reason=reason) from error

    def _prepare_and_launch(self, server: Server, lock: int) -> None:
        account = place.account_for(server.base)
        place.make_room(server.base, account)
        for directory in (server.socket_dir, server.base / "log"):
            place.make_private(directory, account)
        for stray in postmasters(server.data_dir):
            _log.warning("a server (process %d) runs without its data directory; it is stopped", stray)
            server.end(stray, "immediate")
        major = cluster.major_of(server.data_dir)
        binaries = find_postgres(major=major)
        if major is None:
            cluster.create(server.data_dir, binaries, account, durable=self._durable, lock=lock)
        cluster.configure(server.data_dir, account, durable=self._durable)
        server.clear_left_overs()
        server.launch(binaries, account)

    def _equipped(self, server: Server) -> bool:
        try:
            with closing(server.connect(self.database)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = ANY(%s)", (list(_EXTENSIONS),))
                return cursor.fetchone() == (len(_EXTENSIONS),)
        except psycopg2.OperationalError:
            return False

    def _equip(self, server: Server) -> None:
        """Create the database and its extensions, as far as they are missing."""
        with closing(server.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (self.database,))
            if cursor.rowcount == 0:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        with closing(server.connect(self.database)) as connection, connection.cursor() as cursor:
            for extension in _EXTENSIONS:
                cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))

    def _version(self, server: Server) -> str | None:
        """PostgreSQL and PostGIS as the server names them, None if it does not answer."""
        try:
            with closing(server.connect(self.database)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
                postgis = cursor.fetchone()
                version = connection.get_parameter_status("server_version") or "?"
                return f"PostgreSQL {version.split()[0]}, PostGIS {postgis[0] if postgis else 'missing'}"
        except psycopg2.OperationalError:
            return None
