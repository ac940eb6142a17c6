"""The page for the field on a phone, without network between filling in and sending: one record arrives, once."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.storage.database import make_engine
from tests import entry, squares, visiting
from tests.benchmarks.serving import served
from tests.squares import COUNTY, GRIDS, VILLAGES

pytestmark = pytest.mark.browser

PASSWORD = "a long pass phrase"
LON, LAT = squares.centre(GRIDS[0])


@pytest.fixture(scope="module")
def address(database_url: str, template: str, reachable_root: Path) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "for_the_field", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        held = {"staff_no": "C1", "area": GRIDS[1], "role": "grid_head", "from": "2025-01-01"}
        visiting.take(session, county, "assignments", held)
        accounts.add(session, "wang", "cadre", county=COUNTY, staff_no="C1", password=PASSWORD, actor="test")
    engine.dispose()
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base
    _drop_database(url)


@pytest.fixture
def phone(chromium: Browser, address: str) -> Iterator[Page]:
    """Signed in, on the page, with a position that is known to 12 m."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        geolocation={"longitude": LON, "latitude": LAT, "accuracy": 12},
        permissions=["geolocation"],
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/field")
    page.fill("#name", "wang")
    page.fill("#password", PASSWORD)
    page.click("button.main")
    page.wait_for_selector("html[data-ready]")
    page.evaluate("navigator.serviceWorker.ready")
    while not page.evaluate("caches.open('field-page').then((cache) => cache.match('/field')).then(Boolean)"):
        page.wait_for_timeout(50)
    yield page
    assert errors == []
    context.close()


def asked(page: Page, address: str, path: str) -> Any:
    answer = page.context.request.get(address + path, headers=entry.HEADERS)
    assert answer.status == 200
    return answer.json()


def noted(page: Page, address: str, words: str) -> list[dict[str, Any]]:
    return [one for one in asked(page, address, "/visits?limit=1000")["visits"] if one["note"] == words]


def wait_until_sent(page: Page) -> None:
    page.wait_for_timeout(300)  # it is kept first
    page.wait_for_selector("html[data-waiting='0']")


def test_a_visit_without_network_arrives_once(phone: Page, address: str) -> None:
    stored: list[str] = []
    phone.context.on("response", lambda answer: stored.append(answer.url) if answer.status == 201 else None)
    phone.click("#locate")
    expect(phone.locator("#where")).to_contain_text("精度约 12 米")
    phone.context.set_offline(True)
    expect(phone.locator("#offline")).to_be_visible()
    phone.fill("#note", "没有网络")
    phone.check("[value=治水剿劣]")
    phone.click("button[type=submit]")
    expect(phone.locator("#waiting li")).to_have_count(1)
    expect(phone.locator("#saved")).to_contain_text("联网后自动发送")
    phone.reload()
    phone.wait_for_selector("html[data-ready]")
    expect(phone.locator("#waiting li")).to_have_count(1)
    assert noted(phone, address, "没有网络") == []
    phone.context.set_offline(False)
    wait_until_sent(phone)
    phone.reload()
    phone.wait_for_selector("html[data-ready]")
    (found,) = noted(phone, address, "没有网络")
    assert (found["staff_no"], found["grid"], found["accuracy_m"], found["topics"]) == (
        "C1",
        GRIDS[0],
        12.0,
        ["治水剿劣"],
    )
    assert found["entered_by"] == "wang"
    expect(phone.locator("#sent li")).to_have_count(1)
    assert len([url for url in stored if "/visits?" in url]) == 1


def test_two_tabs_and_the_worker_send_it_once(phone: Page, address: str) -> None:
    other = phone.context.new_page()
    other.goto(f"{address}/field")
    other.wait_for_selector("html[data-ready]")
    phone.context.set_offline(True)
    phone.fill("#area", VILLAGES[2])
    phone.fill("#note", "两个页面")
    phone.click("button[type=submit]")
    expect(phone.locator("#waiting li")).to_have_count(1)
    phone.context.set_offline(False)
    for page in (phone, other):
        page.evaluate("Outbox.flush()")
    wait_until_sent(phone)
    assert len(noted(phone, address, "两个页面")) == 1


def test_what_is_typed_stays_when_the_page_goes(phone: Page) -> None:
    phone.fill("#note", "还没有写完")
    phone.check("[value=拆违治乱]")
    phone.reload()
    phone.wait_for_selector("html[data-ready]")
    expect(phone.locator("#note")).to_have_value("还没有写完")
    expect(phone.locator("[value=拆违治乱]")).to_be_checked()


def test_what_is_missing_is_said_and_nothing_is_sent(phone: Page) -> None:
    phone.click("button[type=submit]")
    expect(phone.locator("#error")).to_have_text("请填写：所在区域")
    phone.fill("#area", "没有这个村")
    phone.click("button[type=submit]")
    expect(phone.locator("#error")).to_contain_text("没有这个区域")
    expect(phone.locator("#waiting li")).to_have_count(0)


def test_an_issue_with_its_area_and_what_is_known_nearby(phone: Page, address: str) -> None:
    for title in ("路灯不亮", "路灯又不亮"):
        phone.check("[name=kind][value=issue]")
        phone.check("[value=infrastructure]")
        phone.click("#locate")
        expect(phone.locator("#where")).to_contain_text("位于")
        if title == "路灯又不亮":
            expect(phone.locator("#similar")).to_contain_text("路灯不亮 (0 m)")
        phone.fill("#title", title)
        phone.click("button[type=submit]")
        wait_until_sent(phone)
        expect(phone.locator("#sent")).to_contain_text(title)
    found = asked(phone, address, "/issues")["issues"]
    assert {one["title"] for one in found} == {"路灯不亮", "路灯又不亮"}
    assert {one["grid"] for one in found} == {GRIDS[0]}


def test_my_areas_are_a_touch_away(phone: Page) -> None:
    chip = phone.locator("#mine label")
    expect(chip).to_have_count(1)
    phone.check("#mine input")
    assert phone.input_value("#area").startswith(GRIDS[1])
    size = chip.bounding_box()
    assert size is not None
    assert size["height"] >= 44, "a thumb is 44 pixels wide"


def test_near_a_border_the_candidates_are_offered(phone: Page) -> None:
    phone.context.set_geolocation({"longitude": 120.01 - 0.00004, "latitude": LAT, "accuracy": 20})
    phone.click("#locate")
    expect(phone.locator("#candidates label")).to_have_count(2)
    phone.locator("#candidates input").nth(1).check()
    assert phone.input_value("#area").startswith(GRIDS[2])


def test_a_position_elsewhere_is_asked_about_once_and_what_arrived_is_said(phone: Page, address: str) -> None:
    phone.click("#locate")
    expect(phone.locator("#where")).to_contain_text("位于")
    phone.fill("#area", GRIDS[4])
    phone.fill("#note", "隔了几个网格")
    phone.click("button[type=submit]")
    expect(phone.locator("#error")).to_contain_text("请核对；确实如此请再按一次")
    expect(phone.locator("#saved")).to_be_hidden()
    assert noted(phone, address, "隔了几个网格") == []
    phone.click("button[type=submit]")
    expect(phone.locator("#saved")).to_contain_text("已保存并送达。")
    expect(phone.locator("#saved")).to_be_in_viewport()
    assert len(noted(phone, address, "隔了几个网格")) == 1
    expect(phone.get_by_role("link", name="我的")).to_be_visible()


def test_a_refused_record_says_why_and_can_be_mended(phone: Page, address: str) -> None:
    phone.fill("#area", GRIDS[0])
    phone.fill("#place", "H404")
    phone.fill("#note", "编号写错")
    phone.click("button[type=submit]")
    expect(phone.locator("#waiting .why")).to_contain_text("没有编号为 H404 的走访对象")
    phone.locator("#waiting button", has_text="修改").click()
    phone.fill("#place", "")
    phone.click("button[type=submit]")
    wait_until_sent(phone)
    assert len(noted(phone, address, "编号写错")) == 1


def test_a_session_that_has_ended_loses_nothing(phone: Page, address: str) -> None:
    phone.context.clear_cookies()
    phone.fill("#area", GRIDS[0])
    phone.fill("#note", "登录已过期")
    phone.click("button[type=submit]")
    expect(phone.locator("#expired")).to_be_visible()
    expect(phone.locator("#waiting li")).to_have_count(1)
    phone.click("#expired a")
    phone.fill("#name", "wang")
    phone.fill("#password", PASSWORD)
    phone.click("button.main")
    phone.wait_for_selector("html[data-ready]")
    wait_until_sent(phone)
    assert len(noted(phone, address, "登录已过期")) == 1


def test_a_clock_that_is_a_month_off(phone: Page, address: str) -> None:
    phone.clock.install(time="2030-01-01T00:00:00Z")
    phone.reload()
    with contextlib.suppress(Exception):
        phone.clock.run_for(2_000)
    phone.wait_for_selector("html[data-ready]")
    expect(phone.locator("#clock")).to_contain_text("已按服务器时间记录")
    phone.fill("#area", GRIDS[0])
    phone.fill("#note", "时钟不准")
    phone.click("button[type=submit]")
    wait_until_sent(phone)
    (found,) = noted(phone, address, "时钟不准")
    assert not found["started_at"].startswith("2030")


def test_nothing_overflows(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.check("[name=kind][value=issue]")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
