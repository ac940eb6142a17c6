"""Imports that are carried on beside requests: one thread, which also goes on with what a dead process left.

Each part of a file is a transaction that also says how far the file has come, so an import that was cut off (the server
was killed, the database went away) goes on after the last part that was committed.
"""

import itertools
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from geo.errors import WanggeError
from geo.intake import batches
from geo.services import imports as service
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties, imports

PART_ROWS: Final = 2_000
"""Rows of one transaction: others who write wait no longer than it takes."""

_RETRY_SECONDS: Final = 5.0
_log = logging.getLogger("wangge.imports")


class Imports:
    """The folder of files that wait, and the thread that takes them.

    :param info: what sessions are made with
    :ivar sessions: on connections of their own, so that long work takes none from requests
    """

    def __init__(self, url: URL, home: Path, info: dict[str, Any]) -> None:
        self.folder = home / "imports"
        self._engine = make_engine(url, pool_size=4)
        self.sessions = sessionmaker(self._engine, class_=Session, expire_on_commit=False, info=info)
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
                while not self._stopped.is_set() and carry_on(self.sessions, self.folder, self._stopped.is_set):
                    pass
            except SQLAlchemyError as error:
                _log.warning("imports wait: %s", " ".join(str(error).split())[:200])
                self._stopped.wait(_RETRY_SECONDS)
                self._wake.set()


def run(
    sessions: sessionmaker[Session], county: str, id_: UUID, path: Path, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Carry an import on to its end, and do away with its file. What goes wrong with the file is noted with it.

    :param stopped: asked between parts; the rest is left to a later start
    """
    with sessions() as holder:
        if not imports.claim(holder, id_):
            return
        try:
            if not _parts(sessions, county, id_, path, stopped):
                return
        except WanggeError as error:
            _fail(sessions, county, id_, error.text("en"), error.text("zh-CN"))
        except OSError as error:
            _log.warning("import %s: %s", id_, error)
            _fail(sessions, county, id_, "the file is not there any more; send it again", "文件已不存在，请重新上传")
        finally:
            imports.release(holder, id_)
            holder.rollback()
    path.unlink(missing_ok=True)


def carry_on(sessions: sessionmaker[Session], folder: Path, stopped: Callable[[], bool]) -> int:
    """Carry on every import that is not finished and whose file lies here; how many."""
    with sessions() as session:
        open_ = imports.waiting(session)
    mine = [(county, id_, path) for county, id_ in open_ if (path := _file_of(folder, id_))]
    for county, id_, path in mine:
        run(sessions, county, id_, path, stopped)
    return len(mine)


def _file_of(folder: Path, id_: UUID) -> Path | None:
    return next((path for path in folder.glob(f"{id_}.*") if path.suffix in batches.SUFFIXES), None)


def _parts(
    sessions: sessionmaker[Session], county_code: str, id_: UUID, path: Path, stopped: Callable[[], bool]
) -> bool:
    """Whether it came to an end."""
    with sessions() as session:
        info = imports.get(session, county_code, id_)
        if info is None or info.status != "waiting":
            return True
        county = counties.resolve(session, county_code)
    typed = path.suffix == batches.NDJSON
    rows = itertools.islice(batches.read(path, info.kind), info.done, None)
    titles = batches.titles(path, info.kind)
    for part in batches.parts(rows, PART_ROWS):
        if stopped():
            return False
        with sessions() as session, session.begin():
            by = service.sender(session, info.actor)
            reach.limit(session, by.reach)
            read = service.reader(session, county, info.kind, typed=typed)
            answers = service.take(session, county, read(part), by=by, entered_by=by.name)
            service.note(session, info, part, answers, titles)
    with sessions() as session, session.begin():
        imports.finish(session, county_code, id_, "done")
    return True


def _fail(sessions: sessionmaker[Session], county: str, id_: UUID, en: str, zh: str) -> None:
    with sessions() as session, session.begin():
        imports.finish(session, county, id_, "failed", {"en": en, "zh-CN": zh})
