"""Being told in the moment of a commit that who is responsible, or who may ask, has changed (LISTEN and NOTIFY)."""

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

CHANNEL: Final = "wangge_changes"
_RETRY_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = 5.0
"""How long a connection that broke without a word can go unnoticed."""

_log = logging.getLogger("wangge.changes")


class ChangeFeed:
    """A thread that listens: it says when something has changed, and when it can hear and when it cannot.

    :ivar live: whether every change is heard; nothing may be relied on while it is not
    """

    def __init__(self, url: URL, heard: Callable[[], None], idle: Callable[[], None]) -> None:
        """``heard`` is called after a change, and whenever one may have been missed; ``idle`` when none is waiting."""
        self.live = False
        self._url, self._heard, self._idle = url, heard, idle
        self._stopped = threading.Event()
        self._bell: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._stopped.clear()
        self._bell, ear = socket.socketpair()
        self._thread = threading.Thread(target=self._run, args=(ear,), name="wangge-changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cease; returns when the thread has ended."""
        self._stopped.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout=_PROBE_SECONDS)
        if self._bell is not None:
            self._bell.close()
        self._bell = self._thread = None

    def wake(self) -> None:
        """Have ``idle`` called soon, without a change."""
        if self._bell is not None:
            with contextlib.suppress(OSError):  # nobody listens any more
                self._bell.send(b"\0")

    def _run(self, ear: socket.socket) -> None:
        try:
            with ear:
                self._keep_listening(ear)
        finally:  # whatever ended it, nothing is heard any more
            self.live = False
            self._heard()

    def _keep_listening(self, ear: socket.socket) -> None:
        told = False
        while not self._stopped.is_set():
            try:
                self._listen(ear)
            except (psycopg2.Error, SQLAlchemyError) as error:
                if self.live or not told:
                    _log.warning("not listening for changes: %s", " ".join(str(error).split()))
                told = True
            self.live = False
            self._heard()
            self._stopped.wait(_RETRY_SECONDS)

    def _listen(self, ear: socket.socket) -> None:
        arguments, options = self._url.get_dialect()().create_connect_args(self._url)
        opened = psycopg2.connect(
            *arguments, **{"connect_timeout": 5, "application_name": f"wangge, {CHANNEL}", **options}
        )
        try:
            opened.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with opened.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
                self.live = True
                self._heard()
                while not self._stopped.is_set():
                    self._idle()
                    self._hear(opened, cursor, ear)
        finally:
            opened.close()

    def _hear(self, opened: Any, cursor: Any, ear: socket.socket) -> None:
        """Wait until something was said, or somebody rings; see in between that the connection is still there."""
        ready, _, _ = select.select([opened, ear], [], [], _PROBE_SECONDS)
        if ear in ready:
            ear.recv(4_096)
        if opened in ready:
            opened.poll()
        elif not ready:
            cursor.execute("SELECT 1")
        if opened.notifies:
            opened.notifies.clear()
            self._heard()
