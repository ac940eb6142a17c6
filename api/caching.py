"""What need not be made or sent again: answers up to a number of bytes, and files whose address names their content."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from maps import assets

PathLike = str | os.PathLike[str]


class LastingFiles(StaticFiles):
    """Front-end files; one that was asked for with the hash of its content never changes, and is kept for a year."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, with how long it may be kept."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        return _kept(answer, lasting=assets.is_hash_of(Path(full_path), _mark(scope)))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or several of ours that were asked for as one."""
        folder, _, names = path.partition("/")
        if folder != assets.TOGETHER or scope["method"] not in {"GET", "HEAD"}:
            return await super().get_response(path, scope)
        found = await run_in_threadpool(assets.joined, names)
        if found is None:
            raise HTTPException(404)
        return _kept(Response(found.text, media_type=found.media_type), lasting=found.mark == _mark(scope))


def _mark(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("v", [""])[0]


def _kept(answer: Response, *, lasting: bool) -> Response:
    answer.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return answer


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
