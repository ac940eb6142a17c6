"""Answers that a client may keep: unchanged ones are said in a line instead of being sent again (RFC 9110, 13.1.2)."""

import hashlib
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel


def tagged(request: Request, body: BaseModel) -> Response:
    """The answer with a tag of its content, or 304 if the client has it already."""
    content = body.model_dump_json(by_alias=True).encode()
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
