"""What was typed into a form that could not be taken: kept through the sign-in, shown, and sent again by hand only."""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import security
from geo.limits import MAX_KEPT_CHARS

_OWN_PATH: Final = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]{0,1000}")
_NEVER: Final = ("/signin", "/signout", "/account")
"""Forms with passwords, and those that begin or end a session."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it came.

    :ivar path: where it was sent to, with the query
    :ivar fields: names and what was typed, in order
    :ivar files: fields that held a file, which cannot be kept
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    def text(self) -> str:
        """As one hidden field carries it."""
        return json.dumps([self.path, self.fields, self.files], ensure_ascii=False, separators=(",", ":"))


def own(path: str) -> str:
    """A path of this service; anything that a browser could read as another host is the home page."""
    return path if _OWN_PATH.fullmatch(path) else "/"


def is_form(request: Request) -> bool:
    """Whether a browser sent a form and waits for a page."""
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and "text/html" in request.headers.get("accept", "") and kind.startswith(_FORMS)


_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


async def of(request: Request) -> Kept | None:
    """What a form of ours held; None for what is no such form, is not to be kept, or is too much.

    Another site's form is not kept: shown with a button, it would be sent in the name of whoever presses it.
    """
    if not (is_form(request) and _is_ours(request)) or request.url.path.startswith(_NEVER):
        return None
    try:
        form = await request.form()
    except HTTPException:
        return None
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    typed = tuple(
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != security.FORM_FIELD and "password" not in name
    )
    chosen = tuple(name for name, value in form.multi_items() if isinstance(value, UploadFile))
    await request.close()
    found = Kept(path, typed, tuple(dict.fromkeys(chosen)))
    return found if own(path) == path and len(found.text()) <= MAX_KEPT_CHARS else None


def read(text: str) -> Kept | None:
    """What `Kept.text` wrote; None for anything else."""
    try:
        path, fields, files = json.loads(text)
        found = Kept(path, tuple((name, value) for name, value in fields), tuple(files))
    except (ValueError, TypeError, RecursionError):
        return None
    texts = [path, *found.files, *(part for pair in found.fields for part in pair)]
    if len(text) > MAX_KEPT_CHARS or not all(isinstance(one, str) for one in texts):
        return None
    return found if own(path) == path and not path.startswith(_NEVER) else None


def _is_ours(request: Request) -> bool:
    """Whether the form stood on a page of this host; browsers say so and pages cannot lie about it."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site") == "same-origin"
