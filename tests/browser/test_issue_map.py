"""The problem heatmap in a real browser: list, map and months are one, on a desk and on a phone, with no other host."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from maps import issue_map
from maps.issue_palette import CLASS_STYLES
from maps.page import Links
from tests.browser.conftest import Opened, Site
from tests.browser.test_coverage_map import DARK_ON_MARKS, PHONE, PIXEL, overlaps, place
from tests.maps import hot_county

pytestmark = pytest.mark.browser

Open = Callable[..., Opened]

REPORT = hot_county.report()
SHAPES = hot_county.shapes(REPORT)
FRAMES = hot_county.frames(REPORT)
SIGNIFICANT = [one for one in REPORT.clusters if one.significant]
HOT = [row for row in REPORT.rows if row.status.startswith("hot")]
SEEN = next(row for row in REPORT.rows if row.status == "none")


def draw(**changes: object) -> str:
    links = Links(
        levels={"town": "?level=town", "village": "?level=village"},
        categories={"all": "?", "ecology": "?category=ecology", "petition": "?category=petition"},
        denominators={"visits": "?per=visits", "households": "?per=households", "none": "?per=none"},
        downloads={"xlsx": "/a.xlsx", "png": "/a.png"},
        language="?lang=en",
    )
    values: dict[str, object] = {
        "frames": FRAMES, "behind": hot_county.behind(REPORT), "points": hot_county.points(), "links": links,
    }  # fmt: skip
    return issue_map.draw(REPORT, SHAPES, hot_county.outlines(REPORT, SHAPES), **(values | changes))


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    return site.add(draw())


def shown(page: Page) -> list[str]:
    return page.locator(".gap-list li:visible .gap-name").all_inner_texts()


def test_list_has_clusters_first_then_hot_areas(open_page: Open, address: str) -> None:
    page = open_page(address).page
    names = shown(page)
    assert len(names) == len(SIGNIFICANT) + len(HOT)
    first = page.locator(".gap-list li:visible").first
    expect(first).to_contain_text("显著")
    expect(first).to_contain_text("p = 0.001")
    expect(first).to_contain_text(f"{SIGNIFICANT[0].observed} / 预期")
    assert sorted(names[len(SIGNIFICANT) :]) == sorted(row.facts.name for row in HOT)
    page.locator(".reason-unknown").click()
    assert len(shown(page)) == len(hot_county.UNSEEN)
    page.locator(".reason-all").click()
    page.get_by_role("searchbox").fill(SEEN.facts.code)
    assert shown(page)[-1] == SEEN.facts.name


def test_cluster_opens_with_its_numbers_and_the_issues_behind_it(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.locator(".gap:visible").first.hover()
    expect(page.locator(".leaflet-highlight-pane path").first).to_have_attribute("d", re.compile(r"M\d"))
    page.locator(".gap:visible").first.click()
    card = page.get_by_role("dialog", name="聚集 1")
    expect(card).to_contain_text("桥面破损，雨天积水")
    for word in ("实际", "预期", "相对风险", "p 值", "半径", "成员"):
        expect(card).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.locator(".gap:visible").first).to_be_focused()


def test_map_points_at_the_list_and_back(open_page: Open, address: str) -> None:
    page = open_page(address).page
    hot = HOT[-1]
    page.mouse.move(*place(page, hot.facts.code))
    expect(page.locator(".gap.pointed")).to_contain_text(hot.facts.name)
    expect(page.locator(".leaflet-tooltip")).to_contain_text(hot.facts.name)
    page.locator("button.cluster-number:visible").first.click()
    expect(page.get_by_role("dialog", name="聚集 1")).to_be_visible()
    expect(page.locator(".gap[aria-current]")).to_contain_text("显著")


def test_keyboard_alone_is_enough(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.locator(".gap:visible").first.focus()
    for _ in SIGNIFICANT:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    name = page.locator(".gap[aria-current] .gap-name").inner_text()
    expect(page.get_by_role("dialog", name=name)).to_be_visible()


def test_area_tells_its_numbers_and_the_unknown_says_so(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.mouse.click(*place(page, SEEN.facts.code))
    card = page.get_by_role("dialog", name=SEEN.facts.name)
    for word in ("不显著", "预期", "95% 区间", "收缩后", "z（Gi*）", "q（错误发现率）"):
        expect(card).to_contain_text(word)
    page.keyboard.press("Escape")
    unseen = REPORT.rows[hot_county.UNSEEN[0]]
    page.mouse.click(*place(page, unseen.facts.code))
    expect(page.get_by_role("dialog", name=unseen.facts.name)).to_contain_text("窗口内无走访：未知，不是无事")


def test_classes_fill_without_a_surface_and_the_unknown_is_hatched_in_both(open_page: Open, address: str) -> None:
    page = open_page(address).page
    unseen = REPORT.rows[hot_county.UNSEEN[1]].facts.code

    def hatched() -> bool:
        x, y = place(page, unseen)
        return len({tuple(page.evaluate(PIXEL, (x + step, y - 12))) for step in range(12)}) > 2

    at = place(page, SEEN.facts.code)
    expect(page.locator("img.surface-image")).to_be_visible()
    assert page.evaluate(PIXEL, at)[3] == 0
    assert hatched()
    page.get_by_role("radio", name="不显示").check()
    page.wait_for_timeout(100)
    expect(page.locator("img.surface-image")).to_have_count(0)
    expect(page.locator(".scale")).to_be_hidden()
    for row in (SEEN, HOT[0]):
        fill = list(bytes.fromhex(CLASS_STYLES[row.status].fill[1:]))
        assert page.evaluate(PIXEL, place(page, row.facts.code))[:3] == fill
    assert hatched()
    page.get_by_role("radio", name="每平方公里").check()
    expect(page.locator(".scale .unit")).to_have_text("件/平方公里")
    assert page.locator(".scale li").count() == len(FRAMES[0].surfaces[1].legend)


def test_legend_switches_layers(open_page: Open, address: str) -> None:
    page = open_page(address).page
    assert page.locator("button.cluster-number:visible").count() == len(SIGNIFICANT)
    dark = page.evaluate(DARK_ON_MARKS)
    page.get_by_role("checkbox", name="显著聚集").uncheck()
    page.wait_for_timeout(100)
    assert page.locator(".cluster-mark").count() == 0
    assert page.evaluate(DARK_ON_MARKS) < dark
    page.get_by_role("checkbox", name="地名").uncheck()
    assert page.locator(".name").count() == 0
    page.get_by_role("radio", name="不显示").check()
    page.get_by_role("checkbox", name="不显著").uncheck()
    page.wait_for_timeout(100)
    assert page.evaluate(PIXEL, place(page, SEEN.facts.code))[3] == 0


def test_single_issues_are_shown_when_asked_for_and_open(open_page: Open, address: str) -> None:
    page = open_page(address).page
    box = page.get_by_role("checkbox", name="单个问题")
    expect(box).not_to_be_checked()
    box.check()
    at = page.evaluate("""() => {
      const chart = window[Object.keys(window).find((key) => key.startsWith('map_'))];
      const map = document.querySelector('.map').getBoundingClientRect();
      const at = chart.latLngToContainerPoint([29.7, 119.5]);
      return [map.left + at.x, map.top + at.y];
    }""")
    page.mouse.click(*at)
    expect(page.locator(".leaflet-popup .card").last).to_contain_text("路灯不亮")
    expect(page.locator(".leaflet-popup .card").last).to_contain_text("民生 · 已受理 · 2026年9月3日")


def test_months_step_play_and_change_what_is_said(open_page: Open, address: str) -> None:
    page = open_page(address).page
    name, issues = page.locator(".player output"), page.locator('[data-figure="issues"]')
    expect(name).to_have_text("整个时段")
    before = page.locator("img.surface-image").get_attribute("src")
    skipped = REPORT.rows[hot_county.SKIPPED]
    page.mouse.click(*place(page, skipped.facts.code))
    card = page.get_by_role("dialog", name=skipped.facts.name)
    expect(card).to_be_visible()
    page.get_by_role("button", name="下一个月").click()
    expect(name).to_have_text("2026年8月")
    expect(issues).to_have_text(f"{sum(FRAMES[1].observed):,}")
    expect(card).to_contain_text("本月无走访：未知，不是无事")
    expect(page.locator(".of-window")).to_be_visible()
    assert page.locator("img.surface-image").get_attribute("src") != before
    page.get_by_role("slider").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="暂停")).to_have_attribute("aria-pressed", "true")
    expect(name).to_have_text("2026年9月")
    expect(name).to_have_text("2026年10月", timeout=4000)
    expect(page.get_by_role("button", name="按月播放")).to_have_attribute("aria-pressed", "false", timeout=4000)
    page.keyboard.press("Home")
    expect(name).to_have_text("整个时段")
    expect(page.locator(".of-window")).to_be_hidden()


def test_how_it_was_computed_unfolds(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.get_by_text("如何得出").click()
    expect(page.locator(".facts-fold")).to_contain_text("999 次模拟")


def test_on_a_phone_nothing_overlaps_and_the_list_gives_way(open_page: Open, address: str) -> None:
    page = open_page(address, **PHONE).page
    for one, other in (
        (".map", ".gaps"),
        (".figures", ".map"),
        (".map", ".player"),
        (".legend", ".player"),
        (".legend", ".leaflet-control-zoom"),
    ):
        assert not overlaps(page, one, other), (one, other)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".legend summary").tap()
    assert not overlaps(page, ".legend", ".leaflet-control-zoom")
    page.locator(".legend summary").tap()
    before = page.locator(".map").bounding_box()
    assert before
    assert before["height"] >= 240
    page.locator(".gap:visible").first.tap()
    expect(page.get_by_role("dialog", name="聚集 1")).to_be_visible()
    after = page.locator(".map").bounding_box()
    assert after
    assert after["height"] > before["height"] + 150


def test_one_file_works_from_disk_in_english(open_page: Open, tmp_path) -> None:
    path = tmp_path / "issues.html"
    path.write_text(draw(standalone=True, lang="en", links=None), encoding="utf-8")
    page = open_page(path.as_uri()).page
    page.locator(".gap:visible").first.click()
    expect(page.get_by_role("dialog", name="Cluster 1")).to_contain_text("Relative risk")
    page.get_by_role("button", name="Play the months").click()
    expect(page.locator(".player output")).to_have_text("August 2026")


def test_text_from_data_never_runs(open_page: Open, site: Site) -> None:
    text = "<img src=x onerror=alert(1)>\"'𠮷"
    report = hot_county.report(hot_county.facts(name=text, parent_name=text))
    drawn = hot_county.shapes(report)
    html = issue_map.draw(
        report, drawn, [], frames=hot_county.frames(report), behind=hot_county.behind(report, text), points=[]
    )
    page = open_page(site.add(html)).page
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.locator(".gap:visible").first.click()
    card = page.get_by_role("dialog", name="聚集 1")
    expect(card).to_contain_text(text)
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1440


def test_nothing_to_show_is_a_page(open_page: Open, site: Site) -> None:
    blind = hot_county.report(hot_county.facts(visits=(0, 0, 0)))
    page = open_page(site.add(issue_map.draw(blind, hot_county.shapes(blind), []))).page
    expect(page.get_by_text("全部未知，无从判断")).to_be_visible()
    few = hot_county.report(hot_county.facts(20, many=1.0))
    page = open_page(site.add(issue_map.draw(few, {}, []))).page
    expect(page.locator(".message").last).to_contain_text("请改用空间扫描")
    expect(page.get_by_text("没有可以画出的边界")).to_be_visible()


def test_printing_shows_everything_and_comes_back(open_page: Open, address: str) -> None:
    page = open_page(address).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator(".facts-fold .facts")).to_be_visible()
    expect(page.locator(".player")).to_be_hidden()
    expect(page.locator(".scale")).to_be_visible()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".player")).to_be_visible()


def test_what_is_hot_for_its_surroundings_says_so(open_page: Open, site: Site) -> None:
    rows = tuple(replace(row, ratio=0.943) if row == HOT[0] else row for row in REPORT.rows)
    report = replace(REPORT, judged=replace(REPORT.judged, areas=rows))
    page = open_page(site.add(issue_map.draw(report, SHAPES, []))).page
    entries = page.locator(".gap-list li", has_text="因周边偏高")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text(HOT[0].facts.name)
    entries.locator("button").click()
    expect(page.locator(".area-popup .unseen")).to_contain_text("因周边偏高")


def test_numbers_of_the_scale_stand_apart(open_page: Open, address: str) -> None:
    page = open_page(address).page
    gaps = page.evaluate(
        "() => [...document.querySelectorAll('.scale li')].map((one) => {"
        "const text = document.createRange(); text.selectNodeContents(one.lastChild);"
        "return one.getBoundingClientRect().right - text.getBoundingClientRect().right; })"
    )
    assert len(gaps) > 2
    assert min(gaps) >= 4


def test_an_issue_that_is_asked_for_is_marked_and_opened(open_page: Open, site: Site) -> None:
    one = hot_county.points()[1]
    page = open_page(site.add(draw(marked=one, points=None))).page
    card = page.locator(".area-popup .card")
    expect(card).to_contain_text(one.title)
    expect(card).to_be_in_viewport()
    lat, lng, zoom = page.evaluate(
        "() => { const chart = Object.values(window).find((one) => one?.showWhole);"
        "return [chart.getCenter().lat, chart.getCenter().lng, chart.getZoom()]; }"
    )
    assert (lat, lng) == pytest.approx((one.lat, one.lon), abs=0.02)
    assert zoom >= 13
    assert page.evaluate(DARK_ON_MARKS) > 100
