"""Imports that are carried on beside requests: one thread, which also goes on with what a dead process left.

A file is read to its end before its first row is stored, so that of a file that cannot be read nothing is. Then each
part is a transaction that also says how far the file has come, so an import that was cut off (the server was killed,
the database went away) goes on after the last part that was committed. Whatever else goes wrong with one import ends
that import, and no other.
"""

import itertools
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg2
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, sessionmaker

from geo.errors import WanggeError
from geo.intake import batches
from geo.services import imports as service
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties, imports

PART_ROWS: Final = 2_000
"""Rows of one transaction: others who write wait no longer than it takes."""

_UNEXPECTED: Final = (
    (
        "something unexpected happened and is in the log of the service; rows that were stored until then stay, and"
        " sending the file again stores nothing twice"
    ),
    "导入时发生意外错误，已记入服务日志；此前已存入的行保留，重新上传不会重复存入",
)
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
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever happens
                _log.warning("imports wait: %s", " ".join(str(error).split())[:200], exc_info=not _is_outage(error))
                self._stopped.wait(_RETRY_SECONDS)
                self._wake.set()


def run(
    sessions: sessionmaker[Session], county: str, id_: UUID, path: Path, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Carry an import on to its end, and do away with its file. What goes wrong with it is noted with it.

    :param stopped: asked between parts; the rest is left to a later start
    :raises DBAPIError, psycopg2.Error: the database does not answer; the import goes on later
    """
    with sessions() as holder:
        if not imports.claim(holder, id_):
            return
        try:
            if not _parts(sessions, county, id_, path, stopped):
                return
        except WanggeError as error:
            _name_as_sent(sessions, county, id_, path, error)
            _fail(sessions, county, id_, error.text("en"), error.text("zh-CN"))
        except OSError as error:
            _log.warning("import %s: %s", id_, error)
            _fail(sessions, county, id_, "the file is not there any more; send it again", "文件已不存在，请重新上传")
        except Exception as error:
            if _is_outage(error):
                raise
            _log.exception("import %s", id_)
            _fail(sessions, county, id_, *_UNEXPECTED)
        finally:
            imports.release(holder, id_)
            holder.rollback()
    path.unlink(missing_ok=True)


def carry_on(sessions: sessionmaker[Session], folder: Path, stopped: Callable[[], bool]) -> int:
    """Carry on every import that is not finished and whose file lies here; how many.

    Raises what kept the first of them from being carried on, after all others were tried.
    """
    with sessions() as session:
        open_ = imports.waiting(session)
    mine = [(county, id_, path) for county, id_ in open_ if (path := _file_of(folder, id_))]
    kept: list[Exception] = []
    for county, id_, path in mine:
        try:
            run(sessions, county, id_, path, stopped)
        except Exception as error:  # noqa: BLE001 - raised below
            kept.append(error)
    if kept:
        raise kept[0]
    return len(mine)


def _is_outage(error: Exception) -> bool:
    """Whether the database was at fault and not what it was asked, so that it may do later.

    A connection that ends in the middle of COPY is a bare DatabaseError of the driver.
    """
    if isinstance(error, NoConnection) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    gone = psycopg2.OperationalError | psycopg2.InterfaceError
    return isinstance(cause, gone) or type(cause) is psycopg2.DatabaseError


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
    if info.done == 0:
        batches.look_through(path, info.kind)
    typed = path.suffix == batches.NDJSON
    rows = itertools.islice(batches.read(path, info.kind), info.done, None)
    titles = batches.titles(path, info.kind)
    for part in batches.parts(rows, PART_ROWS):
        if stopped():
            return False
        with sessions() as session, session.begin():
            by = service.sender(session, info.actor)
            reach.limit(session, by.reach)
            reach.without_petitions(session, None if by.may("detail") else by.name)
            read = service.reader(session, county, info.kind, typed=typed)
            answers = service.take(session, county, read(part), by=by, entered_by=by.name)
            service.note(session, info, part, answers, titles)
    with sessions() as session, session.begin():
        imports.finish(session, county_code, id_, "done")
    return True


def _fail(sessions: sessionmaker[Session], county: str, id_: UUID, en: str, zh: str) -> None:
    with sessions() as session, session.begin():
        said = {"en": en, "zh-CN": zh}
        imports.finish(session, county, id_, "failed", {lang: text.replace("\0", "�") for lang, text in said.items()})


def _name_as_sent(sessions: sessionmaker[Session], county: str, id_: UUID, path: Path, error: WanggeError) -> None:
    """Here a file is called by the id of its import, which tells its sender nothing."""
    if error.facts.get("file") == path.name:
        with sessions() as session:
            info = imports.get(session, county, id_)
        error.facts["file"] = info.file if info is not None else ""
