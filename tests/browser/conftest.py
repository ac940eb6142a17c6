"""A headless Chromium, and a loopback server for pages and our files; every other address is refused and noted."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from sqlalchemy.engine import make_url

from data.sample import Sample
from maps.assets import TOGETHER, URL_PREFIX, joined, static_dir
from tests.browser.live import Live, live

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml"}


@dataclass
class Site:
    """Pages by path, and where they are served."""

    base: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    def add(self, html: str) -> str:
        """Serve a page; returns its address."""
        path = f"/page{len(self.pages)}"
        self.pages[path] = html
        return self.base + path

    def answer(self, path: str) -> tuple[str, bytes] | None:
        if path in self.pages:
            return "text/html; charset=utf-8", self.pages[path].encode()
        if path.startswith(f"{URL_PREFIX}/{TOGETHER}/"):
            several = joined(path.removeprefix(f"{URL_PREFIX}/{TOGETHER}/"))
            return (several.media_type, several.text) if several else None
        asset = static_dir() / path.removeprefix(URL_PREFIX + "/")
        if path.startswith(URL_PREFIX + "/") and asset.is_file():
            return TYPES[asset.suffix], asset.read_bytes()
        return None


@dataclass
class Opened:
    """A page that is open, what it asked of other hosts, and what went wrong in it."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.answer(urlsplit(self.path).path)
            self.send_response(200 if found else 404)
            kind, body = found or ("text/plain", b"")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install -y chromium (make test does it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Callable[..., Opened]]:
    """``open_page(address, width=, height=, touch=)``; afterwards nothing may have left or failed."""
    made: list[Opened] = []

    def go(address: str, *, width: int = 1440, height: int = 900, touch: bool = False, ready: bool = True) -> Opened:
        context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch)
        opened = Opened(context.new_page())
        made.append(opened)

        def gate(route: Route) -> None:
            url = route.request.url
            if url.startswith((site.base, "data:", "blob:")) or (url.startswith("file:") and url == address):
                route.continue_()
            else:
                opened.outside.append(url)
                route.abort()

        opened.page.route("**/*", gate)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
        opened.page.goto(address)
        if ready:
            opened.page.wait_for_selector("html[data-ready]", timeout=20_000)
        return opened

    yield go
    for opened in made:
        opened.page.context.close()
    assert [url for opened in made for url in opened.outside] == []
    assert [error for opened in made for error in opened.errors] == []


@pytest.fixture(scope="session")
def living(database_url: str, sample_url: str, sample: Sample, reachable_root: Path) -> Iterator[Live]:
    """The service with the sample county, in a database of its own that journeys may write to."""
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "for_journeys", make_url(sample_url).database or "")
    with live(url, reachable_root, sample) as found:
        yield found
    _drop_database(url)
