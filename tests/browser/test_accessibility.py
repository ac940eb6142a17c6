"""Every page under axe-core at both sizes, in Chinese and in English: nothing serious or critical stands in the way."""

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from data.sample import Sample
from tests.browser.live import DESK, PHONE, Live, signed_in
from tests.browser.screens import SCREENS, Shown, prepare, settle

pytestmark = pytest.mark.browser

AXE: Final = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RUN: Final = "() => axe.run(document, {resultTypes: ['violations'], iframes: false})"
"""What stands in a frame is a page of its own among the screens."""

OF_SWAGGER: Final = 'nested-interactive: <button aria-expanded="false" class="opblock-summary-control">'
"""How Swagger UI nests the link to an operation in the button that opens it; ours to wait for, not to mend."""

WEIGHTY: Final = {"serious", "critical"}


@pytest.fixture(scope="module")
def shown(chromium: Browser, living: Live, sample: Sample) -> Shown:
    return prepare(chromium, living, sample)


@pytest.fixture(scope="module")
def axe() -> str:
    assert AXE.is_file(), f"{AXE} is missing: npm ci brings it (make test does it)"
    return AXE.read_text(encoding="utf-8")


def weighty(page: Page, axe: str) -> list[str]:
    """What axe finds that is serious or critical: rule, element and what to do."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(RUN)["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {' '.join(node['failureSummary'].split())[:240]}"
        for one in found
        if one["impact"] in WEIGHTY
        for node in one["nodes"][:4]
        if not f"{one['id']}: {node['html']}".startswith(OF_SWAGGER)
    ]


ROLES: Final = dict.fromkeys(one.by for one in SCREENS)
LOOKED_AT: Final = [
    *((by, size, "zh-CN") for by in ROLES for size in (DESK, PHONE)),
    *((by, PHONE, "en") for by in ROLES if by != "planner"),
]
"""A planner has most of the pages; those of the others stand for them in English."""


@pytest.mark.parametrize(("by", "size", "lang"), LOOKED_AT)
def test_nothing_stands_in_the_way(
    chromium: Browser, living: Live, shown: Shown, axe: str, by: str, size: tuple[int, int], lang: str
) -> None:
    found = {}
    with signed_in(chromium, living, by, size=size) as opened:
        for screen in SCREENS:
            if screen.by == by:
                path = shown.of(screen)
                page = opened.go(f"{path}{'&' if '?' in path else '?'}lang={lang}")
                settle(page)
                said = weighty(page, axe)
                if page.evaluate("document.documentElement.scrollWidth") > size[0]:
                    said.append("it is wider than the window")
                if said:
                    found[screen.name] = said
        opened.errors[:] = [one for one in opened.errors if "40" not in one]  # a refusal is noted as an error
    assert found == {}


def test_axe_finds_what_is_wrong(chromium: Browser, axe: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<html lang=zh><title>x</title><main><h1>x</h1><input><p style='color:#ccc'>pale</p></main>")
    assert {one.partition(":")[0] for one in weighty(page, axe)} == {"label", "color-contrast"}
    context.close()
