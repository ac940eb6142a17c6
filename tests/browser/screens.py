"""Every page that people see, each as somebody who may open it, and what has to be there for them to show something."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import geopandas as gpd
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as Late

from data.sample import Sample
from tests.browser.live import MONTH, Live, signed_in

PUBLISHED: Final = "2026-09"
"""Month whose bulletin is published for the pages; later ones are left to whoever tries publishing."""


@dataclass(frozen=True)
class Screen:
    """One page.

    :ivar path: with the names of `Shown` in braces
    :ivar by: who opens it; empty for nobody
    :ivar status: that it answers with
    """

    name: str
    path: str
    by: str = "planner"
    status: int = 200


SCREENS: Final = (
    Screen("sign-in", "/signin", by=""),
    Screen("home", "/?month={month}"),
    Screen("home-supervisor", "/?month={month}", by="supervisor"),
    Screen("clusters", "/clusters?month={month}"),
    Screen("trend", "/trend?month={month}"),
    Screen("coverage", "/maps/coverage?month={month}"),
    Screen("problems", "/maps/issues?from={month}&to={month}"),
    Screen("grids", "/maps/grids?month={month}"),
    Screen("area", "/maps/grids/{village}?month={month}"),
    Screen("compare-side", "/maps/compare?month={month}"),
    Screen("compare-difference", "/maps/compare?month={month}&view=difference"),
    Screen("check", "/maps/check?version={version}"),
    Screen("gaps", "/desk/gaps?month={month}"),
    Screen("issues", "/desk/issues"),
    Screen("issue", "/desk/issues/{issue}", by="admin"),
    Screen("assignments", "/desk/assignments"),
    Screen("assignments-cadres", "/desk/assignments?tab=cadres"),
    Screen("give", "/desk/assignments/give"),
    Screen("hand-over", "/desk/assignments/hand-over"),
    Screen("rules", "/desk/rules"),
    Screen("rule", "/desk/rules/visits"),
    Screen("exclusions", "/desk/exclusions"),
    Screen("exclude", "/desk/exclusions/exclude"),
    Screen("boundaries", "/desk/boundaries", by="admin"),
    Screen("boundary-version", "/desk/boundaries/{version}", by="admin"),
    Screen("imports", "/desk/imports"),
    Screen("bulletins", "/desk/bulletins?month={month}"),
    Screen("bulletin-confirm", "/desk/bulletins/{month}"),
    Screen("bulletin-edition", "/desk/bulletins/{published}/1"),
    Screen("mine", "/mine", by="cadre"),
    Screen("field", "/field", by="cadre"),
    Screen("account", "/account"),
    Screen("docs", "/docs"),
    Screen("not-found", "/desk/issues/00000000-0000-0000-0000-000000000000", status=404),
    Screen("not-allowed", "/desk/boundaries", by="supervisor", status=403),
)


@dataclass(frozen=True)
class Shown:
    """What the pages are about, by the names in their addresses."""

    month: str
    published: str
    village: str
    version: int
    issue: str

    def of(self, screen: Screen) -> str:
        """The address of a page."""
        return screen.path.format_map(vars(self))


def prepare(browser: Browser, served: Live, sample: Sample) -> Shown:
    """Bring changed boundaries, publish a bulletin, and choose an issue and an area."""
    with TemporaryDirectory() as folder, signed_in(browser, served, "admin") as opened:
        version = bring(opened.go("/desk/boundaries"), grids_file(_changed(sample), Path(folder) / "grids.geojson"))
    with signed_in(browser, served, "planner") as opened:
        page = opened.go(f"/desk/bulletins/{PUBLISHED}")
        publish(page, PUBLISHED)
        href = opened.go("/desk/issues").locator("table.list tbody th a").first.get_attribute("href") or ""
    issue = href.partition("/desk/issues/")[2].partition("?")[0]
    unvisited: Any = sample.planted["unvisited_villages"]
    return Shown(MONTH, PUBLISHED, str(unvisited[MONTH][0]), version, issue)


def settle(page: Page) -> None:
    """Wait until maps are drawn and what comes later has come."""
    if page.locator("script[src*='wangge.js']").count():
        page.wait_for_selector("html[data-ready]", timeout=30_000)
    for waiting in page.locator(".waiting").all():
        with suppress(Late):
            waiting.scroll_into_view_if_needed(timeout=2_000)
    page.wait_for_load_state("networkidle", timeout=60_000)
    # No text is evaluated in the page, which its policy would refuse.
    expect(page.locator(".waiting")).to_have_count(0, timeout=60_000)
    page.evaluate("window.scrollTo(0, 0)")


def grids_file(grids: gpd.GeoDataFrame, path: Path) -> Path:
    """Write grids as a GeoJSON file of codes and names."""
    path.write_text(grids[["code", "name", "geometry"]].to_json(), encoding="utf-8")
    return path


def publish(page: Page, month: str) -> None:
    """Confirm what is asked before the first bulletin of a month is published; maps and files take their time."""
    page.locator("form[method=post] button.go").click(no_wait_after=True)
    page.wait_for_url(f"**/desk/bulletins/{month}/1?**", timeout=120_000)


def bring(page: Page, file: Path) -> int:
    """Have a file of grids checked and staged by whoever looks at the boundaries; gives the version."""
    page.set_input_files("#file", file)
    page.select_option("#level", "grid")
    page.locator("form:has(#file) button[type=submit]").click()
    page.wait_for_url(re.compile(r"/desk/boundaries/\d+\?"), timeout=60_000)
    return int(page.url.partition("/desk/boundaries/")[2].partition("?")[0])


def _changed(sample: Sample) -> gpd.GeoDataFrame:
    """The grids with three under other names, and two of one village merged."""
    grids = sample.grids.copy()
    grids.loc[grids.index[:3], "name"] = ["新网格一", "新网格二", "新网格三"]
    kept, gone = grids.index[5], grids.index[6]
    grids.loc[kept, "geometry"] = grids.geometry[kept].union(grids.geometry[gone])
    return grids.drop(index=gone)
