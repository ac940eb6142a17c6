"""Headers that keep a browser from doing what a page did not mean: a content security policy and its kin."""

import base64
import re
from hashlib import sha256
from typing import Final

from fastapi.responses import HTMLResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY: Final = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:{images}; "
    "connect-src 'self'; font-src 'self'; frame-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""Scripts only from here, and inline only those that a page was made with. Styles may be inline: what a county's data
colours has no class of its own, and a style can run nothing."""

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": _POLICY.format(scripts="", images=""),
}


class SecurityHeaders:
    """Adds the headers to every answer that does not have its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def page(html: str, *, basemap: str | None = None, status: int = 200) -> HTMLResponse:
    """An HTML answer whose inline scripts, as they stand, are the only ones that its browser runs.

    :param basemap: address of tiles that the page may fetch
    """
    hashes = [base64.b64encode(sha256(one.encode()).digest()).decode() for one in _INLINE_SCRIPT.findall(html)]
    scripts = "".join(f" 'sha256-{one}'" for one in hashes)
    policy = _POLICY.format(scripts=scripts, images=f" {_host(basemap)}" if basemap else "")
    return HTMLResponse(html, status, headers={"content-security-policy": policy, "cache-control": "private, no-cache"})


def _host(url: str) -> str:
    """Scheme and host of a tile address; ``{s}`` in it stands for any name.

    >>> _host("https://{s}.tiles.example/{z}/{x}/{y}.png")
    'https://*.tiles.example'
    """
    scheme, _, rest = url.partition("://")
    return f"{scheme}://" + re.sub(r"^\{\w+\}", "*", rest.partition("/")[0])
