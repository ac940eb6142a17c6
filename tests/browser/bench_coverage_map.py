"""Time to ready of the coverage map beside a plain folium.Choropleth of the same county, in one browser.

Nothing is fetched from a content network: the peer gets Leaflet from here and goes without the rest, so that only its
own work is measured. Ready means that the page has loaded and two frames have passed since.
The peer draws villages and grids in one page with the boundaries as they are stored; ours draws one level, simplified
as the service does it. Making the page counts on both sides.
"""

import re
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser
from shapely.geometry.base import BaseGeometry

from geo.analysis.coverage import CoverageReport
from geo.space.codes import Level
from maps import assets, coverage_map, pinyin
from tests.browser.conftest import Site
from tests.maps import county

pytestmark = [pytest.mark.browser, pytest.mark.bench]

ROUNDS = 5
OPEN_MS = 2_000
"""From asking for the page to its being ready."""

TOLERANCE_DEG = 1e-4  # about 10 m, as geo.limits.DRAWING_TOLERANCE_M
TWO_FRAMES = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)

Shapes = dict[str, BaseGeometry]


def level_of(level: Level, areas: int, columns: int) -> tuple[CoverageReport, Shapes]:
    rows = [county.facts(at, level=level, columns=columns) for at in range(areas)]
    report = county.report(rows, level=level)
    return report, county.shapes(report, columns=columns, steps=75)


def simplified(shapes: Shapes) -> Shapes:
    drawn = shapely.coverage_simplify(np.array(list(shapes.values()), dtype=object), TOLERANCE_DEG)
    return dict(zip(shapes, drawn, strict=True))


def without_networks(html: str) -> str:
    """The peer's page with Leaflet from here and without jQuery, Bootstrap and icons, which drawing does not need."""
    for name, ours in (("leaflet.js", assets.LEAFLET_JS), ("leaflet.css", assets.LEAFLET_CSS)):
        html = re.sub(rf'"https://[^"]*/{name}"', f'"{assets.url_of(ours)}"', html)
    return re.sub(r'<script src="https://[^>]*></script>|<link [^>]*href="https://[^>]*>', "", html)


def ready_ms(browser: Browser, address: str) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address, wait_until="load")
    elapsed: float = page.evaluate(TWO_FRAMES)
    context.close()
    assert errors == []
    return elapsed


def timed(make: Callable[[], str]) -> tuple[str, float]:
    start = perf_counter()
    return make(), (perf_counter() - start) * 1000


@pytest.mark.parametrize(
    "counted",
    [
        pytest.param((("village", 218, 16), ("grid", 650, 26)), id="218 villages and 650 grids"),
        pytest.param((("grid", 3_000, 60),), id="3,000 grids"),
    ],
)
def test_coverage_map_is_ready_in_half_the_time(
    chromium: Browser, site: Site, counted: tuple[tuple[Level, int, int], ...]
) -> None:
    pinyin.readings("西")  # libraries are loaded before on both sides
    levels = [level_of(*one) for one in counted]
    grids = levels[-1]
    plain, plain_made = timed(lambda: county.plain_choropleth(*levels))
    drawn = simplified(grids[1])
    outlines = county.outlines(grids[0], drawn)
    ours, ours_made = timed(lambda: coverage_map.draw(grids[0], drawn, outlines))
    addresses = {"plain": site.add(without_networks(plain)), "ours": site.add(ours)}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            times[name].append(ready_ms(chromium, address))
    for name, html, made in (("plain", plain, plain_made), ("ours", ours, ours_made)):
        print(f"{name}: {len(html.encode()):,} bytes, made in {made:.0f} ms, ready in {median(times[name]):.0f} ms")  # noqa: T201
    assert len(ours.encode()) <= len(plain.encode()) / 4
    assert ours_made + median(times["ours"]) <= (plain_made + median(times["plain"])) / 2
    assert ours_made + median(times["ours"]) < OPEN_MS
