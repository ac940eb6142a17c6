"""Installations that are not there are laid out in a directory, each with a pg_config that answers for it."""

from pathlib import Path

import pytest

from geo.errors import LocalPostgisError
from geo.storage.postgres_binaries import find_postgres


def installation(
    root: Path, version: str, *, postgis: str | None = "3.3.2", programs: str = "initdb pg_ctl postgres"
) -> Path:
    bin_dir, extensions = root / version / "bin", root / version / "share" / "extension"
    bin_dir.mkdir(parents=True)
    extensions.mkdir(parents=True)
    for program in programs.split():
        (bin_dir / program).touch()
    if postgis is not None:
        (extensions / "postgis.control").write_text(f"comment = 'x'\ndefault_version = '{postgis}'\n")
    pg_config = bin_dir / "pg_config"
    answers = f"{bin_dir}\\n{extensions.parent}\\nPostgreSQL {version} (Debian)\\n"
    pg_config.write_text(f"#!/bin/sh\nprintf '{answers}'\n")
    pg_config.chmod(0o755)
    return pg_config


def test_the_newest_with_postgis_is_taken(tmp_path: Path) -> None:
    installed = [
        installation(tmp_path, "15.18"),
        installation(tmp_path, "16.2"),
        installation(tmp_path, "16.10"),
        installation(tmp_path, "17beta1", postgis=None),
    ]
    assert find_postgres(pg_configs=installed).version == "16.10"
    assert find_postgres(pg_configs=installed, major=15).version == "15.18"


@pytest.mark.parametrize(
    ("version", "postgis", "programs", "found"),
    [
        ("15.18", None, "initdb pg_ctl postgres", "found: PostgreSQL 15.18 without PostGIS"),
        ("15.18", "3.2.9", "initdb pg_ctl postgres", "found: PostgreSQL 15.18 with PostGIS 3.2.9"),
        ("14.9", "3.3.2", "initdb pg_ctl postgres", "found: PostgreSQL 14.9 with PostGIS 3.3.2"),
        ("15.18", "3.3.2", "psql", "found: no PostgreSQL server"),
    ],
)
def test_what_is_missing_is_named_with_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, postgis: str | None, programs: str, found: str
) -> None:
    installed = [installation(tmp_path, version, postgis=postgis, programs=programs)]
    for platform, line in (("linux", "apt-get install -y postgresql-postgis"), ("darwin", "brew install postgis")):
        monkeypatch.setattr("sys.platform", platform)
        with pytest.raises(LocalPostgisError) as refusal:
            find_postgres(pg_configs=installed)
        assert found in str(refusal.value)
        assert str(refusal.value).endswith(line)


def test_programs_that_do_not_answer_are_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "pg_config"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    installed = [broken, tmp_path / "nowhere", installation(tmp_path, "15.18")]
    assert find_postgres(pg_configs=installed).version == "15.18"


def test_this_machine_has_one() -> None:
    assert find_postgres().usable
