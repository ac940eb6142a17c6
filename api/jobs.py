"""Imports that are carried on beside requests: one thread, which also goes on with what a dead process left."""

import logging
import threading
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from geo.services import imports
from geo.storage.database import make_engine

_RETRY_SECONDS: Final = 5.0
_log = logging.getLogger("wangge.imports")


class Imports:
    """The folder of files that wait, and the thread that takes them.

    :ivar sessions: on connections of their own, so that long work takes none from requests
    """

    def __init__(self, url: URL, home: Path) -> None:
        self.folder = home / "imports"
        self._engine = make_engine(url, pool_size=4)
        self.sessions = sessionmaker(self._engine, class_=Session, expire_on_commit=False)
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Go on with what is waiting."""
        self._stopped.clear()
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="wangge-imports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cease after the part that is being taken; the rest waits for the next start."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=_RETRY_SECONDS)
        self._engine.dispose()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                while not self._stopped.is_set() and imports.carry_on(self.sessions, self.folder, self._stopped.is_set):
                    pass
            except SQLAlchemyError as error:
                _log.warning("imports wait: %s", " ".join(str(error).split())[:200])
                self._stopped.wait(_RETRY_SECONDS)
                self._wake.set()
