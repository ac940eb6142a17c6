"""A page from disk in headless Chromium, and what could be seen of it."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Route, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET

# Areas that have a colour at their own point: fills lie on the canvas of the overlay pane.
DRAWN = """() => {
  const found = (start) => window[Object.keys(window).find((key) => key.startsWith(start))];
  const canvas = document.querySelector('.leaflet-overlay-pane canvas'), box = canvas.getBoundingClientRect();
  const map = document.querySelector('.map').getBoundingClientRect();
  const scale = canvas.width / box.width, pen = canvas.getContext('2d');
  return found('areas_').rows.filter((row) => {
    const at = found('map_').latLngToContainerPoint(row.anchor);
    const x = (map.left + at.x - box.left) * scale, y = (map.top + at.y - box.top) * scale;
    return pen.getImageData(x, y, 1, 1).data[3] > 0;
  }).map((row) => row.code);
}"""


@dataclass
class Seen:
    """Codes of the areas that have a colour, names in the gap list, what was asked of others, what went wrong."""

    drawn: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def look(page_file: Path, picture: Path) -> Seen:
    """Open the page at 1440 x 900 and take a picture of it."""
    seen = Seen()
    address = page_file.resolve().as_uri()

    def gate(route: Route) -> None:
        if route.request.url == address or route.request.url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.route("**/*", gate)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        page.goto(address)
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        seen.drawn = page.evaluate(DRAWN)
        seen.listed = page.locator(".gap-list .gap-name").all_inner_texts()
        page.screenshot(path=picture)
        browser.close()
    return seen
