"""A client generated from the description by openapi-python-client: it compiles, and asks a running service."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.settings import Settings
from tests import entry
from tests.benchmarks.serving import served
from tests.squares import GRIDS

TIME_LIMIT = 120
# In a process of its own, as another system would have it: the package is on its path, the service behind a socket.
ASK = """
import json, sys
from wangge_client import AuthenticatedClient
from wangge_client.api.assignments import grid_assignments
client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True)
found = grid_assignments.sync(sys.argv[3], client=client)
lost = grid_assignments.sync("990199109", client=client)
print(json.dumps([found.to_dict(), lost.to_dict()]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    description = folder / "openapi.json"
    app = create_app(Settings(database_url="postgresql+psycopg2:///nowhere"))
    description.write_text(json.dumps(app.openapi()), encoding="utf-8")
    config = folder / "config.yml"
    config.write_text("package_name_override: wangge_client\npost_hooks: []\n", encoding="utf-8")
    program = Path(sys.executable).with_name("openapi-python-client")
    options = [
        "--path",
        str(description),
        "--config",
        str(config),
        "--output-path",
        str(folder / "made"),
        "--meta",
        "none",
    ]
    done = subprocess.run(
        [str(program), "generate", *options], capture_output=True, text=True, timeout=TIME_LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "made").rename(folder / "wangge_client")
    return folder


def test_every_module_compiles(package: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "compileall", "-q", str(package / "wangge_client")],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    names = {path.stem for path in (package / "wangge_client" / "api").rglob("*.py")}
    assert {"responsible_at", "grid_assignments", "cadre_grids", "list_assignments", "get_coverage"} <= names


@pytest.fixture(scope="module")
def address(squares_url: str, reachable_root: Path) -> Iterator[str]:
    environment = {"WANGGE_DATABASE_URL": squares_url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base


def test_it_fetches_who_is_responsible_for_a_grid(package: Path, address: str, service: TestClient) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, address, entry.TOKEN, GRIDS[0]],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
        cwd=package,
    )
    assert done.returncode == 0, done.stderr
    found, lost = json.loads(done.stdout)
    assert found == service.get(f"/grids/{GRIDS[0]}/assignments").json()
    assert (lost["status"], lost["type"]) == (404, "urn:wangge:problem:unknown-area")
