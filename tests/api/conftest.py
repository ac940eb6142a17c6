"""``service`` answers from the county of squares and is only read; ``loaded`` is one that a test may write to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from geo.settings import Settings
from geo.storage.database import make_engine
from tests import entry, squares, visiting


@pytest.fixture(scope="session")
def service(squares_url: str, reachable_root: Path) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=squares_url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client


@pytest.fixture
def loaded_url(fresh_url: str) -> str:
    engine = make_engine(fresh_url)
    with Session(engine) as session, session.begin():
        visiting.load_march(session, squares.load(session))
    engine.dispose()
    return fresh_url


@pytest.fixture
def loaded(loaded_url: str, client: TestClient) -> TestClient:
    assert loaded_url
    return client
