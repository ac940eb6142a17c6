"""The machine's own PostgreSQL: where its programs lie, and whether PostGIS is installed beside them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.errors import LocalPostgisError

MIN_POSTGRES: Final = 15
MIN_POSTGIS: Final = (3, 3)

_PLACES: Final = (
    "/usr/lib/postgresql/*/bin/pg_config",  # Debian, Ubuntu
    "/opt/homebrew/opt/postgresql@*/bin/pg_config",  # Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin/pg_config",  # Homebrew on Intel
)


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """One installed PostgreSQL. ``postgis`` is the version that CREATE EXTENSION would make; None without PostGIS."""

    bin_dir: Path
    version: str
    postgis: str | None

    @property
    def major(self) -> int:
        """The number that data directories are bound to."""
        return _numbers(self.version)[0]

    @property
    def usable(self) -> bool:
        """New enough, with PostGIS that is new enough."""
        return self.major >= MIN_POSTGRES and self.postgis is not None and _numbers(self.postgis) >= MIN_POSTGIS

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} " + (f"with PostGIS {self.postgis}" if self.postgis else "without PostGIS")


def find_postgres(*, major: int | None = None, pg_configs: Iterable[Path] | None = None) -> PostgresBinaries:
    """The newest PostgreSQL that has PostGIS; with ``major``, the newest of that major version.

    ``pg_configs`` are the ``pg_config`` programs to ask; without it the one on PATH and those of the usual places.
    Raises LocalPostgisError with the line to type where there is none.
    """
    found = list(_installed(_known_pg_configs() if pg_configs is None else pg_configs))
    fitting = [one for one in found if one.usable and major in (None, one.major)]
    if fitting:
        return max(fitting, key=lambda one: _numbers(one.version))
    needed = f"PostgreSQL {major or f'{MIN_POSTGRES} or newer'} with PostGIS {'.'.join(map(str, MIN_POSTGIS))} or newer"
    there = ", ".join(sorted({str(one) for one in found})) or "no PostgreSQL server"
    raise LocalPostgisError(reason=f"{needed} is needed, found: {there}; type as root: {_install_line(major)}")


def _known_pg_configs() -> Iterator[Path]:
    on_path = shutil.which("pg_config")
    if on_path is not None:
        yield Path(on_path)
    for pattern in _PLACES:
        yield from sorted(Path("/").glob(pattern.removeprefix("/")))


def _installed(pg_configs: Iterable[Path]) -> Iterator[PostgresBinaries]:
    for pg_config in pg_configs:
        answers = _ask(pg_config)
        if answers is None:
            continue
        bin_dir, share_dir, version = answers
        # pg_config also comes with the client's header files, without a server beside it.
        if all((bin_dir / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            yield PostgresBinaries(bin_dir, version, _postgis_version(share_dir))


def _ask(pg_config: Path) -> tuple[Path, Path, str] | None:
    command = [str(pg_config), "--bindir", "--sharedir", "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.splitlines()
    version = re.search(r"PostgreSQL (\d[\w.]*)", answer.stdout)
    if version is None or len(lines) < 3:  # noqa: PLR2004 (three questions, three answers)
        return None
    return Path(lines[0]), Path(lines[1]), version[1]


def _postgis_version(share_dir: Path) -> str | None:
    try:
        control = (share_dir / "extension" / "postgis.control").read_text(encoding="utf-8")
    except OSError:
        return None
    version = re.search(r"^default_version\s*=\s*'(\d[^']*)'", control, re.MULTILINE)
    return version[1] if version else None


def _install_line(major: int | None) -> str:
    if sys.platform == "darwin":
        return "brew install postgis" + (f" postgresql@{major}" if major else "")
    return f"apt-get install -y {f'postgresql-{major}-postgis-3' if major else 'postgresql-postgis'}"


def _numbers(version: str) -> tuple[int, ...]:
    """15.18 → (15, 18); 17beta1 → (17, 1)."""
    return tuple(int(digits) for digits in re.findall(r"\d+", version))
