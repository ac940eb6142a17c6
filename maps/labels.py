"""Words, numbers and dates that people see, in Chinese and English. One catalogue; a test holds it complete."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from geo.analysis.coverage import AreaFacts, VisitRule
from geo.errors import Lang
from geo.months import Month


class Word(NamedTuple):
    """One entry: Chinese, English. ``{name}`` stands for a value."""

    zh: str
    en: str

    def text(self, lang: Lang) -> str:
        """The word in one language."""
        return self.zh if lang == "zh-CN" else self.en


_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

LEVEL_WORDS: Final[Mapping[str, Word]] = {
    "county": Word("县", "County"),
    "town": Word("镇街", "Towns"),
    "village": Word("村社", "Villages"),
    "grid": Word("网格", "Grids"),
}

KIND_WORDS: Final[Mapping[str, Word]] = {
    "county": Word("县", "county"),
    "town": Word("镇", "town"),
    "township": Word("乡", "township"),
    "subdistrict": Word("街道", "subdistrict"),
    "zone": Word("功能区", "functional zone"),
    "village": Word("行政村", "village"),
    "community": Word("社区", "community"),
    "grid": Word("网格", "grid"),
}

ROLE_WORDS: Final[Mapping[str, Word]] = {
    "grid_head": Word("网格长", "Grid head"),
    "full_time": Word("专职网格员", "Full-time member"),
    "part_time": Word("兼职网格员", "Part-time member"),
    "instructor": Word("网格指导员", "Instructor"),
    "village_link": Word("联村干部", "Village link"),
    "area_leader": Word("包片领导", "Area leader"),
}

PLACE_WORDS: Final[Mapping[str, Word]] = {
    "enterprise": Word("企业", "Enterprise"),
    "project": Word("项目", "Project"),
    "scenic_spot": Word("景区", "Scenic spot"),
    "household": Word("住户", "Household"),
}

COVERAGE_WORDS: Final[Mapping[str, Word]] = {
    # page
    "title": Word("走访覆盖", "Visit coverage"),
    "all": Word("全部", "All"),
    "met": Word("已达标", "Met"),
    "under": Word("未达标", "Under"),
    "unvisited": Word("未走访", "Not visited"),
    "excluded": Word("不计入", "Excluded"),
    "unassigned": Word("无人负责", "Nobody assigned"),
    "rate": Word("达标率", "Rate met"),
    "rate_help": Word("达标 ÷（全部 − 不计入）", "met ÷ (all − excluded)"),
    "visits": Word("走访", "Visits"),
    "visits_colon": Word("走访：", "Visits: "),
    "visits_unit": Word("次", ""),
    "unlocated_of": Word("其中 {n} 次无定位", "{n} without a position"),
    "located_all": Word("全部有定位", "all with a position"),
    "as_of": Word("截至 {day}", "As of {day}"),
    "version": Word("边界第 {n} 版，{day} 起", "Boundaries v{n}, from {day}"),
    "then": Word("当月边界", "boundaries of then"),
    "now": Word("现行边界", "boundaries of now"),
    "outside": Word(
        "另有 {n} 次定位在全县边界之外，不计入任何区域", "{n} more lie outside the county and count for no area"
    ),
    "untagged": Word("另有 {n} 次不属于本层级任何区域", "{n} more belong to no area of this level"),
    "months": Word("月份", "Month"),
    "previous_month": Word("上个月", "Previous month"),
    "next_month": Word("下个月", "Next month"),
    "levels": Word("层级", "Level"),
    "downloads": Word("下载", "Download"),
    "other_language": Word("English", "中文"),
    "account": Word("账号", "Account"),
    "no_script": Word("地图和清单需要浏览器脚本。", "The map and the list need scripts in the browser."),
    "date": Word("{y}年{month}月{d}日", "{d} {month} {y}"),
    "month_names": Word("1 2 3 4 5 6 7 8 9 10 11 12", " ".join(_MONTHS_EN)),
    # map
    "map": Word("走访覆盖地图", "Map of visit coverage"),
    "legend": Word("图例与图层", "Legend and layers"),
    "outlines": Word("镇街界线", "Town outlines"),
    "names": Word("地名", "Names"),
    "basemap": Word("底图", "Basemap"),
    "whole": Word("全图", "Whole area"),
    "zoom_in": Word("放大", "Zoom in"),
    "zoom_out": Word("缩小", "Zoom out"),
    "close": Word("关闭", "Close"),
    "no_map": Word("没有可以画出的边界", "There is no boundary to draw"),
    # list
    "gaps": Word("待补清单", "Gap list"),
    "gaps_order": Word("最急在前", "worst first"),
    "filter": Word("按名称、代码、负责人筛选", "Filter by name, code or person"),
    "reasons": Word("按原因筛选", "Filter by reason"),
    "no_match": Word("没有符合筛选条件的区域", "No area matches the filter"),
    "no_gaps": Word("本月没有缺口，全部达标", "No gaps this month: every area is met"),
    "no_areas": Word(
        "这个范围内没有该层级的区域。请换一个层级，或先载入边界。",
        "There is no area of this level here. Choose another level, or load boundaries first.",
    ),
    "excluded_list": Word("不计入的区域", "Excluded areas"),
    "shapeless_list": Word("没有边界图形的区域", "Areas without a shape"),
    "sheet": Word("展开或收起清单", "Expand or collapse the list"),
    "shown": Word("显示 {n} / {all}", "{n} of {all} shown"),
    # one area
    "key": Word("重点", "key"),
    "ordinary": Word("一般", "ordinary"),
    "required": Word("要求", "Required"),
    "required_n": Word("{n} 次", "{n}"),
    "rule_of": Word("{rule} · {tier}", "{rule}, {tier}"),
    "visited": Word("走访", "Visited"),
    "visits_of": Word("{visits} / {required} 次", "{visits} / {required}"),
    "visits_only": Word("{visits} 次", "{visits}"),
    "unlocated": Word("无定位 {n} 次", "{n} without a position"),
    "cadres": Word("走访干部", "Visited by"),
    "cadres_n": Word("{n} 人", "{n} cadres"),
    "grids_reached": Word("覆盖网格", "Grids reached"),
    "households_reached": Word("覆盖户数", "Households reached"),
    "share": Word("{n} / {all}（{percent}）", "{n} / {all} ({percent})"),
    "last_visit": Word("最近走访", "Last visit"),
    "days_ago": Word("{n} 天前", "{n} days ago"),
    "never": Word("从未走访", "Never visited"),
    "overdue": Word("超期", "Overdue"),
    "overdue_n": Word("超期 {n} 天", "{n} days overdue"),
    "days_n": Word("{n} 天", "{n} days"),
    "not_overdue": Word("未超期", "not overdue"),
    "open_issues": Word("在办问题", "Open issues"),
    "issues_n": Word("{n} 件", "{n}"),
    "responsible": Word("负责人", "Responsible"),
    "nobody": Word("无人负责", "nobody assigned"),
    "and_more": Word("{first} 等 {n} 人", "{first} and {more} more"),
    "excluded_why": Word("不计入原因", "Excluded because"),
    "excluded_by": Word("{by}，{day}", "{by}, {day}"),
    "code": Word("代码", "Code"),
    "path": Word("层级路径", "Path"),
    "no_shape": Word("无图形", "no shape"),
}


def words(lang: Lang) -> dict[str, str]:
    """The catalogue of the coverage map in one language."""
    return {key: word.text(lang) for key, word in COVERAGE_WORDS.items()}


def level_name(level: str, lang: Lang) -> str:
    """A level of areas; an unknown one as it is."""
    return LEVEL_WORDS[level].text(lang) if level in LEVEL_WORDS else level


def kind_name(facts: AreaFacts, lang: Lang) -> str:
    """What sort of area it is: its kind where one is known, else its level."""
    kind = facts.kind or facts.level
    return KIND_WORDS[kind].text(lang) if kind in KIND_WORDS else kind


def role_name(role: str, lang: Lang) -> str:
    """A role of an assignment; an unknown one as it is."""
    return ROLE_WORDS[role].text(lang) if role in ROLE_WORDS else role


def place_kind(kind: str, lang: Lang) -> str:
    """A kind of places; an unknown one as it is."""
    return PLACE_WORDS[kind].text(lang) if kind in PLACE_WORDS else kind


def rule_text(rule: VisitRule, lang: Lang) -> str:
    """A visit rule in words.

    >>> rule_text(VisitRule("village", "key", visits_per_month=2), "zh-CN")
    '每月 2 次'
    """
    if rule.every_days is not None:
        return Word("每 {n} 天 1 次", "every {n} days").text(lang).format(n=rule.every_days)
    return Word("每月 {n} 次", "{n} per month").text(lang).format(n=rule.visits_per_month)


def month_name(month: Month, lang: Lang) -> str:
    """A month.

    >>> month_name(Month(2026, 10), "zh-CN"), month_name(Month(2026, 10), "en")
    ('2026年10月', 'October 2026')
    """
    return f"{month.year}年{month.number}月" if lang == "zh-CN" else f"{_MONTHS_EN[month.number - 1]} {month.year}"


def day(when: date, lang: Lang) -> str:
    """A day.

    >>> day(date(2026, 10, 31), "zh-CN"), day(date(2026, 10, 31), "en")
    ('2026年10月31日', '31 October 2026')
    """
    if lang == "zh-CN":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTHS_EN[when.month - 1]} {when.year}"


def number(value: int) -> str:
    """A count with thousands set apart, the same in both languages.

    >>> number(12345)
    '12,345'
    """
    return f"{value:,}"


def percent(share: float | None) -> str:
    """A share of 0 to 1 with one decimal; a dash where there is none.

    >>> percent(0.70123), percent(None)
    ('70.1%', '—')
    """
    return "—" if share is None else f"{share:.1%}"
