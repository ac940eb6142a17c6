"""Around every request: an id, one line of log, and an end to bodies that are too large."""

import logging
import re
import time
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.limits import MAX_BODY_BYTES, MAX_FORM_FILE_BYTES

_log = logging.getLogger("wangge.access")
_ID: Final = re.compile(r"[\w.-]{1,64}")


class RequestLog:
    """Gives each request an id (the caller's own, where it is harmless) and logs it in one line when it is done."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        request_id = sent if _ID.fullmatch(sent) else uuid4().hex
        header = (b"x-request-id", request_id.encode())
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, size = time.perf_counter(), 500, 0

        async def note(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*(one for one in message["headers"] if one[0] != header[0]), header]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            took = (time.perf_counter() - began) * 1000
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            # repr keeps control characters of a hostile path from starting a line of their own.
            path = repr(scope["path"] + query)[1:-1]
            _log.info("%s %s %d %dB %.1fms %s", scope["method"], path, status, size, took, request_id)


IMPORTS: Final = frozenset({"/visits/import", "/issues/import"})
"""They write what comes to disk, and count for themselves."""

LARGER: Final = dict.fromkeys(("/desk/boundaries", "/desk/imports"), MAX_FORM_FILE_BYTES)
"""Forms with a file; what is over a megabyte is read from disk."""


class BodyLimit:
    """Refuses a body over the limit, by its declared length or by what really comes."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] in IMPORTS:
            await self.app(scope, receive, send)
            return
        limit = LARGER.get(scope["path"], self.limit)
        declared = Headers(scope=scope).get("content-length", "0")
        came = 0

        async def counted() -> Message:
            nonlocal came
            if declared.isdigit() and int(declared) > limit:
                raise _too_large(limit)
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, counted, send)


def _too_large(limit: int) -> HTTPException:
    mib = limit // 1024 // 1024
    detail = f"请求内容超过 {mib} MiB，请分批发送 / the body is over {mib} MiB; send it in parts"
    return HTTPException(413, detail, headers={"Connection": "close"})
