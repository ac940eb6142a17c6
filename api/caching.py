"""A cache of answers that is bounded by what they take."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from fastapi.concurrency import run_in_threadpool


class BytesCache:
    """The answers that were asked for last, up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What is kept under a key; made in a thread where nothing is."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = await run_in_threadpool(make)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made) + _ENTRY_BYTES
            while self._size > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped) + _ENTRY_BYTES
        return made


_ENTRY_BYTES = 500
"""About what an entry costs beside its bytes, so that empty answers are bounded too."""
