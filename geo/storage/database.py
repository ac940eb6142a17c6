"""Engines, sessions and migrations of the one database.

The private local PostGIS is only one of the places that a URL can come from; see `resolve_url`.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from geo.settings import Settings
from geo.storage.local_postgis import LocalPostgis

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_DRIVER: Final = "postgresql+psycopg2"


def resolve_url(settings: Settings) -> URL:
    """The configured database, or the private local PostGIS, started if it is not running."""
    url = settings.database_url or LocalPostgis(settings.home).start()
    return make_url(url).set(drivername=_DRIVER)


def make_engine(url: URL | str, *, pool_size: int = 2, statement_timeout_ms: int = 0) -> Engine:
    """An engine whose connections all speak UTC, without JIT (it costs more than it gives in queries of milliseconds).

    :param statement_timeout_ms: 0 for none, as commands want it
    """
    options = f"-c timezone=UTC -c jit=off -c statement_timeout={statement_timeout_ms}"
    return create_engine(
        make_url(url).set(drivername=_DRIVER),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 10, "application_name": "wangge"},
    )


def migrate(url: URL | str, revision: str = "head") -> None:
    """Bring the schema to a revision, forwards or backwards, in one transaction; two at once wait for each other."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = _config(connection)
            step = command.downgrade if revision == "base" else command.upgrade
            step(config, revision)
    finally:
        engine.dispose()


def without_time_limit(session: Session) -> None:
    """Let the statements of this transaction take as long as those of a command: to tag a million visits takes time."""
    session.execute(text("SET LOCAL statement_timeout = 0"))


def analyze(session: Session, *tables: str) -> None:
    """Let PostgreSQL count tables anew, all if none is named: after a load, plans made for empty ones take minutes."""
    session.execute(text(f"ANALYZE {', '.join(tables)}"))


def head_revision() -> str:
    """The revision that this code expects."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None  # noqa: S101 - the package ships its migrations
    return head


def current_revision(session: Session) -> str | None:
    """The revision that the database is at, None before the first migration."""
    return MigrationContext.configure(session.connection()).get_current_revision()


def postgis_version(session: Session) -> str:
    """Version of the PostGIS library that answers."""
    return str(session.scalar(text("SELECT postgis_lib_version()")))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
