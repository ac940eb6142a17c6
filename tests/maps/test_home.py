"""The first page as text, its figures in words, and its small lines."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis import overview
from geo.analysis.overview import COUNTED, Figures
from geo.analysis.standings import IssueFigures
from geo.months import Month
from maps import home, home_figures, trend
from maps.home import Choice, HomeLinks
from maps.page import Links, Nav, NavItem
from tests.maps import county
from tests.maps.test_coverage_map import HOSTILE, Tags

ISSUES = IssueFigures(reported=9, ended=4, open=12, overdue=3, unanswered=5, in_circles=1)
WAYS = HomeLinks(
    "/m", "/g", "/h", "/t", "/c", "一年", figures=dict.fromkeys((*home_figures.COVERAGE, *home_figures.ISSUES), "")
)


def draw(names: list[str], **changes: object) -> str:
    rows = [replace(county.facts(at), name=name) for at, name in enumerate(names)]
    report = county.report(rows)
    shapes = county.shapes(report, columns=3, steps=2)
    figures = overview.figures(report, ISSUES)
    nav = Nav("页面", (NavItem("home", "首页", "/", current=True),))
    values: dict[str, object] = {
        "links": Links(account="/account", language="/?lang=en", pages=nav),
        "ways": WAYS,
        "choices": [Choice("1", HOSTILE[0], 0, chosen=True), Choice("2", HOSTILE[1], 1, chosen=False)],
        "reader": HOSTILE[0],
    }
    return home.draw(report, figures, figures, shapes, county.outlines(report, shapes), **(values | changes))  # type: ignore[arg-type]


def test_nothing_of_the_data_becomes_markup() -> None:
    page = draw(HOSTILE)
    tags = Tags(page)
    plain = Tags(draw(["甲"] * len(HOSTILE)))
    assert [tag for tag, _ in tags.found] == [tag for tag, _ in plain.found]
    for name in HOSTILE[:4]:
        assert name in tags.text or name.replace("'", "&#39;") in page


def test_the_same_month_gives_the_same_page() -> None:
    assert draw(["甲", "乙", "丙"]) == draw(["甲", "乙", "丙"])
    assert "Overview" in draw(["甲"], lang="en")


@pytest.mark.parametrize(
    ("name", "now", "before", "change", "tone"),
    [
        ("unvisited", 7, 4, "较上月 +3", "worse"),
        ("unvisited", 4, 7, "较上月 −3", "better"),
        ("met", 203, 209, "较上月 −6", "worse"),
        ("households_reached", 3308, 1145, "较上月 +2,163", "better"),
        ("open", 5, 5, "与上月持平", "same"),
        ("rate", 0.944, 0.9721, "较上月 −2.8 个百分点", "worse"),
        ("rate", 0.9441, 0.9442, "与上月持平", "worse"),
        ("excluded", 3, 2, "较上月 +1", None),
    ],
)
def test_changes_in_words(name: str, now: float, before: float, change: str, tone: str | None) -> None:
    one, other = (with_value(name, value) for value in (now, before))
    found = home_figures.shown(name, one, other, "zh-CN")
    assert (found.change, found.tone) == (change, tone)
    assert home_figures.shown(name, one, None, "zh-CN").change == ""


def test_a_month_that_runs_is_not_measured_against_a_whole_one() -> None:
    before = with_value("rate", 0.944)
    running = replace(with_value("rate", 0.009), month=Month(2026, 11), as_of=date(2026, 11, 12))
    found = home_figures.shown("rate", running, before, "zh-CN", running=True)
    assert (found.value, found.change, found.tone) == ("0.9%", "上月全月 94.4%", None)
    assert home_figures.shown("open", running, before, "zh-CN", running=True).change == "与上月持平"
    report = county.report([county.facts(0)])
    values = {
        "shapes": {},
        "outlines": [],
        "links": Links("/?month=2026-10"),
        "ways": WAYS,
        "choices": [],
        "reader": "",
    }
    page = home.draw(report, running, before, running=True, **values)  # type: ignore[arg-type]
    assert "截至2026年11月12日，第 12 天，共 30 天" in page
    assert '<a href="/?month=2026-10">看上个月</a>' in page
    assert 'class="notice"' not in home.draw(report, before, before, **values)  # type: ignore[arg-type]


def with_value(name: str, value: float) -> Figures:
    base = Figures(Month(2026, 10), date(2026, 10, 31), 9, 5, 2, 1, 1, 0, 0.5, 40, 100, 30, ISSUES, 0)
    if hasattr(ISSUES, name):
        return replace(base, issues=replace(ISSUES, **{name: value}))
    return replace(base, **{name: value})


def test_every_figure_has_its_words() -> None:
    figures = with_value("met", 5)
    for lang in ("zh-CN", "en"):
        for name in COUNTED:
            found = home_figures.shown(name, figures, figures, lang)  # type: ignore[arg-type]
            assert found.label
            assert found.value


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=1, max_size=24))
def test_lines_rise_and_fall_with_their_values(values: list[int | None]) -> None:
    months = [
        replace(with_value("met", 1), month=Month(2024 + at // 12, at % 12 + 1), households=value)
        for at, value in enumerate(values)
    ]
    (line,) = trend.lines(months, "zh-CN", ["households"])
    points = [tuple(map(float, one.split(","))) for run in line.runs for one in run.split()]
    known = [value for value in values if value is not None]
    assert len(points) == len(known)
    assert all(0 <= x <= trend.WIDTH and 0 <= y <= trend.HEIGHT for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    for (_, y), (_, other), one, two in zip(points, points[1:], known, known[1:], strict=False):
        if one < two:
            assert y >= other
        if one > two:
            assert y <= other
    assert (line.last is None) == (values[-1] is None)
    assert len(line.values) == len(values)
