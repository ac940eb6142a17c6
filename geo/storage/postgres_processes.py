"""Which processes belong to a data directory. A pid file proves nothing: its number may be someone else's by now."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    argv: list[str]
    cwd: str | None

    @property
    def is_postmaster(self) -> bool:
        return Path(self.argv[0]).name == "postgres"

    @property
    def is_backend(self) -> bool:
        return self.argv[0].startswith("postgres: ")

    def works_in(self, data_dir: str) -> bool:
        """A postmaster and its children have changed into their data directory, so where they are now is decisive.

        The kernel keeps that from root in a container without CAP_SYS_PTRACE, and macOS has no /proc: there the
        ``-D`` that the postmaster was started with has to do, and the cluster name in the title of a child.
        """
        if self.cwd is not None:
            return self.cwd.removesuffix(" (deleted)") == data_dir
        if self.is_backend:
            return self.argv[0].startswith(f"postgres: {cluster_name(data_dir)}: ")
        return "-D" in self.argv and self.argv[self.argv.index("-D") + 1 :][:1] == [data_dir]


def cluster_name(data_dir: str | Path) -> str:
    """What the server's processes are to carry in their titles, by which their directory can be told."""
    return f"wangge-{hashlib.sha256(os.fsencode(os.path.realpath(data_dir))).hexdigest()[:16]}"


def postmasters(data_dir: Path) -> list[int]:
    """Process ids of the servers that run on the directory, even if it has been deleted under them."""
    where = os.path.realpath(data_dir)
    return [process.pid for process in _all() if process.is_postmaster and process.works_in(where)]


def is_postmaster(pid: int, data_dir: Path) -> bool:
    """True if this process is a server of that directory; False if it is gone, a zombie or something else."""
    process = _one(pid)
    return process is not None and process.is_postmaster and process.works_in(os.path.realpath(data_dir))


def backends(data_dir: Path) -> list[int]:
    """Process ids of the children of servers of the directory, the orphaned ones included."""
    where = os.path.realpath(data_dir)
    return [process.pid for process in _all() if process.is_backend and process.works_in(where)]


def exists(pid: int) -> bool:
    """True if any process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _all() -> Iterator[_Process]:
    if not (_PROC / "self").exists():
        yield from _from_ps()
        return
    for entry in _PROC.iterdir():
        process = _from_proc(int(entry.name)) if entry.name.isdigit() else None
        if process is not None:
            yield process


def _one(pid: int) -> _Process | None:
    if (_PROC / "self").exists():
        return _from_proc(pid)
    return next((process for process in _from_ps() if process.pid == pid), None)


def _from_proc(pid: int) -> _Process | None:
    try:
        command = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    if not command:  # a zombie or a thread of the kernel
        return None
    try:
        cwd = str((_PROC / str(pid) / "cwd").readlink())
    except OSError:
        cwd = None
    return _Process(pid, [os.fsdecode(part) for part in command.split(b"\0")], cwd)


def _from_ps() -> Iterator[_Process]:
    """The same where there is no /proc. ``ps`` joins the arguments, so the server's ``-D DIR`` is cut out by form."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        number, _, command = line.strip().partition(" ")
        program, found, rest = command.strip().partition(" -D ")
        argv = [program, "-D", rest.split(" -k ")[0].strip()] if found else [program]
        yield _Process(int(number), argv, None)
