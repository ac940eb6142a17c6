"""Real files that others made; nothing of them is kept here.

Each county is loaded once a module into a database of its own, through the command line in this process. What the
service counts is compared with a spatial join of the raw files that none of our code takes part in.
"""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import cli
from api.app import create_app
from geo.settings import Settings
from tests import entry
from tests.conftest import _copy_database, _drop_database
from tests.real.browsing import Seen, look

DEFAULT = Path(__file__).parents[2] / ".." / "shared" / "data"

Wangge = Callable[..., str]
Look = Callable[[Path], Seen]


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get("WANGGE_REAL_DATA") or DEFAULT).resolve()
    if not folder.is_dir():
        pytest.skip(f"there are no real files in {folder}; WANGGE_REAL_DATA names their folder")
    return folder


@pytest.fixture(scope="module")
def county_url(database_url: str, template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    url = _copy_database(database_url, request.module.__name__.rpartition(".")[2], template)
    yield url
    _drop_database(url)


@pytest.fixture(scope="module")
def wangge(county_url: str, reachable_root: Path) -> Wangge:
    """``wangge("coverage", "2019-06")``: what the command says; one that fails ends the test."""

    def run(*arguments: str | Path) -> str:
        said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.setenv("WANGGE_DATABASE_URL", county_url)
            patch.setenv("WANGGE_HOME", str(reachable_root))
            cli.main([str(argument) for argument in arguments])
        said.seek(0)
        return said.read()

    return run


@pytest.fixture(scope="module")
def web(county_url: str, reachable_root: Path) -> Iterator[TestClient]:
    with TestClient(
        create_app(Settings(database_url=county_url, home=reachable_root)), headers=entry.HEADERS
    ) as client:
        yield client


@pytest.fixture
def look_at() -> Look:
    """Opens a page in a browser of its own thread: only one may be driven in each, and other tests keep theirs."""

    def in_thread(page: Path) -> Seen:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(look, page, page.with_suffix(".png")).result()

    return in_thread
