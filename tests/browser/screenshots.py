"""Pictures of every page at both sizes and on paper: ``make screenshots`` writes them into var/screenshots."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy.orm import Session

from data import loading
from data import sample as samples
from data.sample import Sample
from geo.storage.database import make_engine, migrate
from geo.storage.local_postgis import LocalPostgis
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.live import DESK, PHONE, Live, live, signed_in
from tests.browser.screens import SCREENS, Screen, Shown, prepare, settle

FOLDER: Final = Path("var/screenshots")
PAPER: Final = (703, 1032)
"""What the margins of 12 mm leave of A4, in CSS pixels."""

LONGEST: Final = 2_600
"""Pixels of a page that are taken; lists go on as they begin."""


def main(names: list[str]) -> None:
    """Take the pages with these names, or all."""
    unknown = set(names) - {one.name for one in SCREENS}
    if unknown:
        sys.exit(f"no page is named {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in SCREENS)}")
    wanted = [one for one in SCREENS if not names or one.name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sample_service() as (served, sample), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        take(browser, served, prepare(browser, served, sample), wanted, FOLDER)
        browser.close()
    print(f"{len(wanted)} pages at both sizes and on paper: {FOLDER}/")  # noqa: T201 - it is a command


@contextmanager
def sample_service() -> Iterator[tuple[Live, Sample]]:
    """The service with the sample county in a PostGIS of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wangge-screens-") as folder:
        root, sample = Path(folder).resolve(), samples.make()
        root.chmod(0o711)
        server = LocalPostgis(root / "cluster", durable=False)
        try:
            server.start()
            migrate(server.url)
            engine = make_engine(server.url)
            with Session(engine) as session, session.begin():
                loading.load(session, sample)
            engine.dispose()
            with live(server.url, root, sample) as served:
                yield served, sample
        finally:
            server.destroy()


def take(browser: Browser, served: Live, shown: Shown, screens: list[Screen], folder: Path) -> None:
    """Write NAME-desk.png, NAME-phone.png and NAME-paper.png of each page."""
    for by in dict.fromkeys(one.by for one in screens):
        for size, kind in ((DESK, "desk"), (PHONE, "phone")):
            with signed_in(browser, served, by, size=size) as opened:
                for one in screens:
                    if one.by == by:
                        page = opened.go(shown.of(one))
                        settle(page)
                        _picture(page, folder / f"{one.name}-{kind}.png")
                        if kind == "desk":
                            _on_paper(page, folder / f"{one.name}-paper.png")
                if any(one.status != 200 for one in screens):
                    opened.errors.clear()  # the browser notes a page that is not there as an error


def _picture(page: Page, path: Path) -> None:
    size = page.viewport_size or {"width": 0, "height": 0}
    height = min(LONGEST, page.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": size["width"], "height": max(height, size["height"])}
    page.screenshot(path=path, full_page=True, clip=clip)


def _on_paper(page: Page, path: Path) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
    page.wait_for_timeout(300)
    _picture(page, path)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


if __name__ == "__main__":
    main(sys.argv[1:])
