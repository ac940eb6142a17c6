"""The data directory of the private server: made whole or not at all, recognised, configured."""

import os
import re
import secrets
import shutil
import sys
from pathlib import Path
from typing import Final

from geo.errors import LocalPostgisError
from geo.storage.postgres_binaries import PostgresBinaries
from geo.storage.postgres_place import PORT, Account
from geo.storage.postgres_processes import cluster_name

SUPERUSER: Final = "wangge"

_CONF: Final = "wangge.conf"

_SETTINGS: Final = {
    "listen_addresses": "''",
    "port": str(PORT),
    "max_connections": "250",  # the largest WANGGE_POOL_SIZE is 200, and commands run beside it
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",  # compiling costs more than it saves on queries of milliseconds
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "logging_collector": "on",  # one file a weekday, overwritten a week later
    "log_directory": "'../log'",
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "'%m [%p] %u@%d '",
}

_THROW_AWAY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def major_of(data_dir: Path) -> int | None:
    """The PostgreSQL major version that made the directory; None if it is absent or empty.

    Raises LocalPostgisError for a directory that is no cluster: it may hold anything, so it is never touched.
    """
    if not data_dir.exists() or not any(data_dir.iterdir()):
        return None
    try:
        version = (data_dir / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        version = ""
    if not version.isdigit():
        reason = f"{data_dir} is damaged or not a PostgreSQL data directory (no valid PG_VERSION); nothing was changed"
        raise LocalPostgisError(reason=f"{reason}; move it away, or set WANGGE_HOME to another directory")
    return int(version)


def create(data_dir: Path, binaries: PostgresBinaries, account: Account, *, durable: bool, lock: int) -> None:
    """Make the cluster beside its place and rename it when complete, so that what has the name is always whole.

    ``lock`` is the descriptor of the held lock. initdb keeps it open: when this process is killed, the lock is free
    only after initdb has ended too, and no one clears away a directory that is still being written.
    """
    for half_made in data_dir.parent.glob("data.new-*"):
        shutil.rmtree(half_made)
    new = data_dir.with_name(f"data.new-{secrets.token_hex(4)}")
    try:
        _initdb(new, binaries, account, durable=durable, lock=lock)
        own = (new / "postgresql.conf").read_text(encoding="utf-8")
        _put(new / "postgresql.conf", f"{own}\ninclude '{_CONF}'\n# What stands below overrides {_CONF}.\n", account)
        new.rename(data_dir)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _sync(data_dir.parent)


def _initdb(new: Path, binaries: PostgresBinaries, account: Account, *, durable: bool, lock: int) -> None:
    command: list[str | Path] = [binaries.bin_dir / "initdb", "-D", new, "-U", SUPERUSER]
    # macOS has no C.UTF-8; the two differ only in which letters are letters.
    command += ["--encoding=UTF8", f"--locale={'C.UTF-8' if sys.platform == 'linux' else 'C'}"]
    # Whoever reaches the socket is its owner or root, because its directory is 0700 and there is no port. Both could
    # read the data files anyway, and a password would have to lie beside them.
    command += ["--auth-local=trust", "--auth-host=reject"]
    command += ["--data-checksums", "--no-instructions", *([] if durable else ["--no-sync"])]
    done = account.run(command, cwd=new.parent, keep=(lock,))
    if done.returncode != 0:
        raise LocalPostgisError(reason=f"the database could not be made in {new.parent}: {telling(done.stdout)}")


def configure(data_dir: Path, account: Account, *, durable: bool) -> None:
    """Write our settings, so that an older cluster gets those of today when it starts."""
    settings = _SETTINGS | {"cluster_name": f"'{cluster_name(data_dir)}'"} | ({} if durable else _THROW_AWAY)
    lines = [f"{name} = {value}" for name, value in settings.items()]
    text = "\n".join(
        ["# Written by wangge at every start; put your own settings at the end of postgresql.conf.", *lines]
    )
    conf = data_dir / _CONF
    if not conf.exists() or conf.read_text(encoding="utf-8") != text + "\n":
        _put(conf, text + "\n", account)


def telling(output: str) -> str:
    """The few lines of a program's output or a server's log that say why, joined into one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reasons = [line for line in lines if re.search(r"FATAL|PANIC|HINT|error:|could not|refused", line)]
    return " | ".join(list(dict.fromkeys(reasons or lines))[-4:]) or "it said nothing"


def _put(path: Path, text: str, account: Account) -> None:
    """Replace the file in one step, as a new one: root must not write through a link that the account has laid."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), account.uid, account.gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
