"""Answers that a client may keep: unchanged ones are said in a line instead of being sent again (RFC 9110, 13.1.2)."""

import hashlib
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

PRIVATE: Final = "private, no-cache"
"""Kept by whoever asked, and asked for again each time."""


def tagged(request: Request, body: BaseModel) -> Response:
    """The answer with a tag of its content, or 304 if the client has it already."""
    content = body.model_dump_json(by_alias=True).encode()
    tag = tag_of(content)
    headers = {"ETag": tag, "Cache-Control": PRIVATE}
    if is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def tag_of(content: bytes) -> str:
    """A weak tag: the same content, however it is packed for its way."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'


def is_known(tag: str, known: str) -> bool:
    """Whether a tag is among those of an ``If-None-Match``."""
    return bool(known) and not {tag, "*"}.isdisjoint(one.strip() for one in known.split(","))
