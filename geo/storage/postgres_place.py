"""Who runs the private server, and in which directories.

PostgreSQL refuses to run as root, so root hands it to an unprivileged account, which must be able to reach the data.
"""

import errno
import hashlib
import os
import pwd
import re
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.errors import LocalPostgisError

PORT: Final = 5432
"""Only part of the socket's file name; no port is opened."""

SYSTEM_PLACE: Final = Path("/var/lib/wangge")
"""Where root keeps the data of a home that the server's account cannot enter."""

# sun_path holds 104 bytes on macOS and 108 on Linux, a closing NUL included. The short directory is not under TMPDIR:
# two processes with different ones must find the same server.
_MAX_SOCKET_PATH_BYTES: Final = 103
_SHORT_PLACE: Final = Path("/tmp")  # noqa: S108 (made 0700, owner and kind checked by make_private)


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that owns the data and runs the server."""

    uid: int
    gid: int
    name: str

    def run(
        self, command: Sequence[str | Path], *, cwd: Path, keep: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run to its end as this account, away from the terminal's Ctrl-C, and without our environment.

        A PGPORT or PGDATA of the caller would change what the server does, and its secrets are none of the server's
        business. ``keep`` are the file descriptors that stay open in the child.
        """
        drop = os.geteuid() == 0
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ} | {"LANG": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            start_new_session=True,
            pass_fds=keep,
            umask=0o077,
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=[] if drop else None,
        )

    def can_enter(self, directory: Path) -> bool:
        """Asked of the kernel, which knows access lists and mount options that mode bits do not show."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory], cwd=Path("/")).returncode == 0


def base_directory(home: Path) -> Path:
    """The directory of data, socket and logs: inside ``home`` wherever the server's account can reach it."""
    inside = home / "postgis"
    if os.geteuid() != 0 or inside.exists():
        return inside
    system = SYSTEM_PLACE / _digest(home)
    if system.exists():
        return system
    nearest = next(part for part in (home, *home.parents) if part.exists())
    return inside if _unprivileged().can_enter(nearest) else system


def account_for(base: Path) -> Account:
    """Ourselves; as root, the owner of what is already there, otherwise ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return _account(os.geteuid(), os.getegid())
    found = base.stat() if base.exists() else None
    return _account(found.st_uid, found.st_gid) if found and found.st_uid != 0 else _unprivileged()


def socket_directory(base: Path, home: Path) -> Path:
    """Inside ``base``; a short one elsewhere if the path is too long for a socket, or needs quoting somewhere.

    The path passes a shell (pg_ctl), a comma-separated list (unix_socket_directories) and a URL.
    """
    inside = base / "run"
    short_enough = len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= _MAX_SOCKET_PATH_BYTES
    if short_enough and re.fullmatch(r"[\w+./-]+", str(inside)):
        return inside
    return _SHORT_PLACE / f"wangge-{_digest(home)}"


def make_private(directory: Path, account: Account) -> None:
    """Make the directory, mode 0700, the account's own; or take the one that is already so.

    Raises LocalPostgisError for a symbolic link and for a directory of somebody else: in a temp directory anyone may
    have put it there.
    """
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise LocalPostgisError(
                reason=f"{directory} is not a directory of its own; remove it and start again"
            ) from None
        if found.st_uid not in {account.uid, os.geteuid()}:
            owner = owner_of(directory)
            raise LocalPostgisError(
                reason=f"{directory} belongs to {owner} and not to {account.name}; remove it"
            ) from None
        if stat.S_IMODE(found.st_mode) & 0o077:
            directory.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(directory, account.uid, account.gid, follow_symlinks=False)


def make_room(base: Path, account: Account) -> None:
    """Make the base directory, and see that the account gets there.

    Raises LocalPostgisError if it does not, or if the path has a character that pg_ctl would hand to a shell.
    """
    if forbidden := set("\"'`$\\\n") & set(str(base)):
        reason = f"{base} has {' '.join(sorted(forbidden))} in its name, which PostgreSQL's programs would misread"
        raise LocalPostgisError(reason=f"{reason}; set WANGGE_HOME to another directory")
    if not base.parent.exists():
        base.parent.mkdir(parents=True)
        base.parent.chmod(0o755)  # ours, whatever the umask: the account passes through
    make_private(base, account)
    if not account.can_enter(base):
        reason = (
            f"the account {account.name} cannot enter {base}; let it pass through {base.parent} and above (chmod a+x)"
        )
        raise LocalPostgisError(reason=f"{reason}, or set WANGGE_HOME to another directory")


def explained(error: OSError, home: Path) -> str:
    """What the operating system refused, and what to do about it, in one line."""
    what = f"{error.filename or home}: {error.strerror or error}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        place = next((part for part in (home / "postgis", home, *home.parents) if os.path.lexists(part)), home)
        return (
            f"{what} ({place} belongs to {owner_of(place)}); run as that account or as root, "
            "or set WANGGE_HOME to a directory of your own"
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        return f"{what}; make room or set WANGGE_HOME to a directory elsewhere"
    return f"{what}; WANGGE_HOME is {home}"


def owner_of(path: Path) -> str:
    """Name of the account that owns the path."""
    found = path.lstat()
    return _account(found.st_uid, found.st_gid).name


def _unprivileged() -> Account:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise LocalPostgisError(
        reason="PostgreSQL does not run as root and there is no account postgres or nobody; add one"
    )


def _account(uid: int, gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(uid, gid, f"user {uid}")
    return Account(uid, entry.pw_gid, entry.pw_name)


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
