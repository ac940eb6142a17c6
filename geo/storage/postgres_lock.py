"""One process at a time: a lock on a file, which the kernel frees when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockHeldError(Exception):
    """Another process holds the lock and goes on holding it."""


@contextmanager
def locked(path: Path, *, limit_s: float) -> Iterator[int]:
    """Hold the lock; gives the open descriptor, which a child may keep. Raises LockHeldError after ``limit_s``."""
    deadline = time.monotonic() + limit_s
    while (descriptor := _try(path)) is None:
        if time.monotonic() > deadline:
            raise LockHeldError(path)
        time.sleep(0.05)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try(path: Path) -> int | None:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Removed by the former holder: others would lock a new file, so this one protects nothing.
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _open(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        if not path.exists():
            raise
        return os.open(path, flags | os.O_RDONLY)  # another account's file: locking needs no writing
