"""``wangge db`` with settings as its context object, as the command line gives it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands.db import db
from geo.errors import LocalPostgisError
from geo.settings import Settings
from geo.storage.local_postgis import LocalPostgis

GIVEN = "postgresql+psycopg2://county:geheim@127.0.0.1:1/wangge?sslpassword=geheim"


def run(settings: Settings, command: str) -> tuple[int, str]:
    result = CliRunner().invoke(db, [command], obj=settings)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_from_absent_to_running_to_stopped(reachable_path: Path) -> None:
    settings = Settings(home=reachable_path / "home")
    try:
        code, said = run(settings, "status")
        assert (code, said.split()[1]) == (3, "absent")
        assert run(settings, "stop") == (0, "it was not running\n")
        code, said = run(settings, "start")
        assert (code, said.strip()) == (0, LocalPostgis(settings.home).url)
        code, said = run(settings, "status")
        assert code == 0
        assert "running (process " in said
        assert "PostGIS 3." in said
        assert run(settings, "url")[1].strip() in said
        assert run(settings, "stop") == (0, "stopped\n")
        code, said = run(settings, "status")
        assert (code, said.split()[1]) == (3, "stopped")
    finally:
        LocalPostgis(settings.home).destroy()


@pytest.mark.parametrize("command", ["start", "stop"])
def test_a_given_database_is_not_ours_to_start_or_stop(command: str) -> None:
    with pytest.raises(LocalPostgisError, match="not ours") as refusal:
        run(Settings(database_url=GIVEN), command)
    assert "geheim" not in str(refusal.value)


def test_status_of_a_given_database_shows_no_password() -> None:
    code, said = run(Settings(database_url=GIVEN), "status")
    assert code == 3
    assert "county:***@127.0.0.1" in said
    assert "geheim" not in said
    assert run(Settings(database_url=GIVEN), "url") == (0, f"{GIVEN}\n")


def test_status_of_a_given_database_that_answers(database_url: str) -> None:
    code, said = run(Settings(database_url=database_url), "status")
    assert code == 0
    assert "PostGIS 3." in said


def test_an_address_that_is_none() -> None:
    with pytest.raises(LocalPostgisError, match="is not an address"):
        run(Settings(database_url="somewhere"), "status")
