"""What people come for, from the first page to the end, with the sample county and every other host refused."""

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from data.sample import Sample
from tests.browser.live import MONTH, PHONE, Live, signed_in
from tests.browser.screens import bring, grids_file, publish

pytestmark = pytest.mark.browser


def unvisited(sample: Sample, town: str) -> set[str]:
    """Names of the villages of a town that nobody visited in the month, as they were planted."""
    planted: Any = sample.planted["unvisited_villages"]
    villages = sample.villages[sample.villages["code"].isin(planted[MONTH])]
    return set(villages[villages["parent"] == town]["name"])


def responsible(sample: Sample, name: str, town: str) -> str:
    """Name of the cadre who holds a village."""
    villages = sample.villages
    code = villages[(villages["name"] == name) & (villages["parent"] == town)]["code"].iloc[0]
    held = sample.assignments[(sample.assignments["area"] == code) & (sample.assignments["role"] == "village_link")]
    return str(sample.cadres.set_index("staff_no")["name"][held["staff_no"].iloc[-1]])


def saved(page: Page, link: str) -> bytes:
    """The file behind a link."""
    with page.expect_download(timeout=60_000) as waiting:
        page.locator(link).first.click()
    return Path(waiting.value.path()).read_bytes()


def test_a_supervisor_finds_what_nobody_visited_and_who_is_responsible(
    chromium: Browser, living: Live, sample: Sample
) -> None:
    missed = unvisited(sample, living.town)
    assert missed
    with signed_in(chromium, living, "supervisor") as opened:
        page = opened.go(f"/?month={MONTH}")
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("[data-figure=unvisited] b")).to_have_text(str(len(missed)))
        listed = page.locator(".first-list a", has=page.locator(".badge-unvisited"))
        assert set(listed.locator(".gap-name").all_inner_texts()) == missed
        name = listed.first.locator(".gap-name").inner_text()
        listed.first.click()
        card = page.locator(".area-popup")
        expect(card).to_contain_text(responsible(sample, name, living.town))
        card.locator(".open a").click()
        page.wait_for_url("**/maps/grids/*")
        expect(page.locator("h1 .place")).to_have_text(name)
        expect(page.locator(".held")).to_contain_text(responsible(sample, name, living.town))
        expect(page.locator(".box .badge-unvisited").first).to_be_visible()


def test_a_planner_takes_the_list_of_gaps_and_publishes_the_month(chromium: Browser, living: Live) -> None:
    with signed_in(chromium, living, "planner") as opened:
        page = opened.go(f"/desk/gaps?month={MONTH}")
        shown = [
            [" ".join(cell.split()) for cell in row.locator("[data-label] > span").all_inner_texts()]
            for row in page.locator(".list tbody tr").all()
        ]
        sheet = load_workbook(io.BytesIO(saved(page, ".list-links a:text-is('xlsx')"))).worksheets[0]
        heads, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        assert heads == page.locator(".list thead th").all_inner_texts()
        assert len(rows) == len(shown) > 5
        code = heads.index("代码")
        assert [row[code] for row in rows] == [row[code] for row in shown]
        for name in ("走访", "要求", "还差"):
            at = heads.index(name)
            assert [str(row[at]) for row in rows] == [row[at] for row in shown]

        page.locator(".pages a", has_text="通报").click()
        page.locator(".button.main").click()
        publish(page, MONTH)
        expect(page.locator(".said")).to_be_visible()
        document = Document(io.BytesIO(saved(page, ".files a")))
        text = "\n".join(part.text for part in document.paragraphs)
        assert "2026年10月" in text
        assert len(document.tables) >= 1


def test_an_admin_brings_boundaries_sees_them_and_takes_them_back(
    chromium: Browser, living: Live, sample: Sample, tmp_path: Path
) -> None:
    grids = sample.grids.copy()
    code = grids["code"].iloc[0]
    grids.loc[grids.index[0], "name"] = "改名网格"
    file = grids_file(grids, tmp_path / "grids.geojson")
    with signed_in(chromium, living, "admin") as opened:
        page = opened.go("/desk/boundaries")
        version = bring(page, file)
        expect(page.get_by_text("改名网格")).to_be_visible()
        page.locator("a[href*='/maps/check']").first.click()
        page.wait_for_selector("html[data-ready]")
        changed = page.locator(".gap-list li", has_text="更名")
        expect(changed).to_have_count(1)
        expect(changed).to_contain_text(f"改名网格 ({code})")
        _confirmed(opened.go(f"/desk/boundaries/{version}"), "#activate", version)
        assert opened.go(f"/areas/{code}").locator("body").inner_text().count("改名网格")
        page = opened.go("/desk/boundaries")
        expect(page.locator(".list tbody tr", has=page.locator(".badge-met")).locator("th")).to_contain_text(
            str(version)
        )
        _confirmed(opened.go(f"/desk/boundaries/{version}"), "#rollback", version)
        assert not opened.go(f"/areas/{code}").locator("body").inner_text().count("改名网格")


def _confirmed(page: Page, form: str, version: int) -> None:
    """Look at what would happen, type the number, and have it done."""
    page.locator(f"{form} button[type=submit]").click(no_wait_after=True)
    page.locator("#confirm").fill(str(version), timeout=60_000)
    page.locator("form:has(#confirm) button.strong").click(no_wait_after=True)
    expect(page.locator(".said")).to_be_visible(timeout=60_000)


def test_a_cadre_sees_on_the_phone_what_is_due(chromium: Browser, living: Live, sample: Sample) -> None:
    given = sample.assignments
    held = given[(given["staff_no"] == living.staff_no) & (given["to"] == "")]
    assert len(held) > 1
    names = set(sample.grids[sample.grids["code"].isin(held["area"])]["name"])
    with signed_in(chromium, living, "cadre", size=PHONE) as opened:
        page = opened.go("/mine")
        areas = page.locator(".own").first.locator("li")
        expect(areas).to_have_count(len(held))
        for entry in areas.all():
            assert any(name in entry.inner_text() for name in names)
        expect(areas.first.locator(".badge")).to_be_in_viewport()
        expect(areas.first).to_contain_text("要求")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        page.get_by_role("link", name="记录走访或问题").click()
        page.wait_for_url("**/field*")
        expect(page.get_by_role("button", name="保存并发送")).to_be_visible()
