"""Fixtures strategy.

- No test sees the settings of whoever runs it: ``WANGGE_*`` is taken out of the environment, so a user's database is
  out of reach.
- One throw-away PostGIS cluster for the whole run, real but without fsync: ``cluster``, its address ``database_url``.
  It is stopped and deleted at the end, whatever the tests did. ``make test`` runs the files on several cores; each
  process has a cluster of its own.
- The schema is migrated once, by Alembic itself. ``session`` is one transaction that is rolled back after the test,
  with savepoints inside. What must really commit gets a database of its own, copied from the migrated
  one: ``fresh_url``.
- ``county`` is a small county of squares in the rolled-back session (see ``tests/squares.py``), ``squares_url`` a
  database with it and a few visits, ``sample_url`` one with the fictional sample county; both loaded once and
  only read.
- ``client`` is the web service on a fresh database; it and all like it ask as an admin (see ``tests/entry.py``).
- ``reachable_path`` is a directory like ``tmp_path`` that other accounts can pass through: pytest's own is closed to
  the account that runs the server when the tests run as root.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.orm import Session

from api.app import create_app
from data import loading
from data import sample as samples
from geo.settings import Settings
from geo.storage.database import make_engine, migrate
from geo.storage.local_postgis import LocalPostgis
from geo.storage.queries.counties import CountyInfo
from tests import entry, squares, visiting

_numbers = itertools.count(1)

# A busy machine is slow, not wrong.
hypothesis_settings.register_profile("wangge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("wangge")

KEPT = {"WANGGE_REAL_DATA"}
"""Says where the real files of the ``real`` tests are; the service does not read it."""


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANGGE_") and name not in KEPT]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def reachable_root() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="wangge-test-")).resolve()
    try:
        path.chmod(0o711)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def reachable_path(reachable_root: Path) -> Path:
    path = Path(tempfile.mkdtemp(dir=reachable_root))
    path.chmod(0o711)
    return path


@pytest.fixture(scope="session")
def cluster(reachable_root: Path) -> Iterator[LocalPostgis]:
    server = LocalPostgis(reachable_root / "cluster", durable=False)
    try:
        server.start()
        yield server
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def database_url(cluster: LocalPostgis) -> str:
    return cluster.url


def _copy_database(url: str, name: str, template: str) -> str:
    """A new database with the content of another one, which nobody may be connected to meanwhile."""
    admin = create_engine(make_url(url).set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _drop_database(url: str) -> None:
    admin = create_engine(make_url(url).set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def template(database_url: str) -> str:
    """Name of a migrated, empty database that nobody is connected to."""
    migrate(database_url)
    entry.open_to_tests(database_url)
    _copy_database(database_url, "template_migrated", "wangge")
    return "template_migrated"


@pytest.fixture
def fresh_url(database_url: str, template: str) -> Iterator[str]:
    url = _copy_database(database_url, f"fresh_{next(_numbers)}", template)
    yield url
    _drop_database(url)


@pytest.fixture(scope="session")
def squares_url(database_url: str, template: str) -> str:
    url = _copy_database(database_url, "with_squares", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        visiting.load_march(session, squares.load(session))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sample() -> samples.Sample:
    return samples.make()


@pytest.fixture(scope="session")
def sample_url(database_url: str, template: str, sample: samples.Sample) -> str:
    url = _copy_database(database_url, "with_sample", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        loading.load(session, sample)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def _shared_url(database_url: str, template: str) -> str:
    return _copy_database(database_url, "rolled_back", template)


@pytest.fixture
def session(_shared_url: str) -> Iterator[Session]:
    engine = make_engine(_shared_url)
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()
    engine.dispose()


@pytest.fixture
def county(session: Session) -> CountyInfo:
    return squares.load(session)


@pytest.fixture
def settings(fresh_url: str, reachable_path: Path) -> Settings:
    return Settings(database_url=fresh_url, home=reachable_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client
