"""Words of the problem heatmap: classes, clusters, surfaces, months, and what is said where nothing can be."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from geo.analysis.clusters import Class
from geo.analysis.hotspots import Denominator
from geo.analysis.issue_flow import CATEGORY_WORDS as CATEGORY_WORDS_ZH
from geo.analysis.issue_flow import WORDS as STATUS_WORDS_ZH
from geo.analysis.issue_flow import Category, Status
from geo.analysis.kernels import Kernel
from geo.errors import Lang
from geo.months import Month
from maps import labels
from maps.labels import COVERAGE_WORDS, Word

CLASS_WORDS: Final[Mapping[Class, Word]] = {
    "hot_99": Word("热点（99% 置信）", "Hot spot (99 % confidence)"),
    "hot_95": Word("热点（95% 置信）", "Hot spot (95 % confidence)"),
    "hot_90": Word("热点（90% 置信）", "Hot spot (90 % confidence)"),
    "none": Word("不显著", "Not significant"),
    "cold_90": Word("冷点（90% 置信）", "Cold spot (90 % confidence)"),
    "cold_95": Word("冷点（95% 置信）", "Cold spot (95 % confidence)"),
    "cold_99": Word("冷点（99% 置信）", "Cold spot (99 % confidence)"),
    "unknown": Word("未知", "Unknown"),
}

CATEGORY_WORDS: Final[Mapping[Category, Word]] = {
    "livelihood": Word(CATEGORY_WORDS_ZH["livelihood"], "Livelihood"),
    "development": Word(CATEGORY_WORDS_ZH["development"], "Development"),
    "infrastructure": Word(CATEGORY_WORDS_ZH["infrastructure"], "Infrastructure"),
    "ecology": Word(CATEGORY_WORDS_ZH["ecology"], "Ecology"),
    "petition": Word(CATEGORY_WORDS_ZH["petition"], "Petitions"),
    "party": Word(CATEGORY_WORDS_ZH["party"], "Party"),
}

STATUS_WORDS: Final[Mapping[Status, Word]] = {
    status: Word(zh, status.capitalize()) for status, zh in STATUS_WORDS_ZH.items()
}

DENOMINATOR_WORDS: Final[Mapping[str, Word]] = {
    "visits": Word("走访", "Visits"),
    "households": Word("户数", "Households"),
    "none": Word("不除", "None"),
}

RATE_WORDS: Final[Mapping[Denominator, Word]] = {
    "visits": Word("每百次走访", "Per 100 visits"),
    "households": Word("每百户", "Per 100 households"),
    "none": Word("每个区域", "Per area"),
}

UNIT_WORDS: Final[Mapping[str, Word]] = {
    "per km²": Word("件/平方公里", "issues per km²"),
    "per 100": Word("件/百次走访", "issues per 100 visits"),
}

KERNEL_WORDS: Final[Mapping[Kernel, Word]] = {
    "quartic": Word("四次核", "quartic kernel"),
    "gaussian": Word("高斯核", "Gaussian kernel"),
}

_SHARED: Final = (
    "levels", "downloads", "other_language", "account", "no_script", "date", "month_names", "legend", "outlines",
    "names", "basemap", "whole", "zoom_in", "zoom_out", "close", "no_map", "sheet", "shown", "code", "path", "no_shape",
    "no_areas",
)  # fmt: skip

ISSUE_WORDS: Final[Mapping[str, Word]] = {name: COVERAGE_WORDS[name] for name in _SHARED} | {
    # page
    "title": Word("问题热力图", "Where problems gather"),
    "map": Word("问题热力地图", "Map of where problems gather"),
    "categories": Word("类别", "Category"),
    "all": Word("全部", "All"),
    "denominators": Word("除以", "Per"),
    "issues": Word("问题", "Issues"),
    "issues_unit": Word("件", ""),
    "visits": Word("走访", "Visits"),
    "visits_unit": Word("次", ""),
    "rate_per_100": Word("每百次走访", "Per 100 visits"),
    "clusters": Word("显著聚集", "Clusters"),
    "hot": Word("热点区域", "Hot areas"),
    "unknown_areas": Word("未知区域", "Unknown areas"),
    "how": Word("如何得出", "How this was computed"),
    # map
    "surface": Word("密度面", "Surface"),
    "relative": Word("每百次走访", "per 100 visits"),
    "absolute": Word("每平方公里", "per km²"),
    "no_surface": Word("不显示（区域填色）", "none (areas filled)"),
    "surface_note": Word("{kernel}，带宽 {metres} 米", "{kernel}, bandwidth {metres} m"),
    "blank_unknown": Word(
        "走访每平方公里不足 {n} 次处未知，留空", "blank: unknown, fewer than {n} visits per km²"
    ),
    "blank_or_low": Word(
        "留空处低于最低一级，或走访每平方公里不足 {n} 次（未知）",
        "blank: below the lowest class, or fewer than {n} visits per km² (unknown)",
    ),
    "nothing_drawn": Word("这个时段没有可画的密度", "nothing to draw in this period"),
    "hot_short": Word("热点", "Hot"),
    "cold_short": Word("冷点", "Cold"),
    "none": Word("不显著", "Not significant"),
    "unknown": Word("无走访，未知", "No visits: unknown"),
    "confidence": Word("置信度 90 · 95 · 99%", "at 90 · 95 · 99 %"),
    "cluster_outlines": Word("显著聚集", "Clusters"),
    "points": Word("单个问题", "Single issues"),
    "of_window": Word(
        "热点、冷点与聚集按整个时段判定；斜线为本月无走访",
        "Hot, cold and clusters are those of the whole window; hatched: no visits in this month",
    ),
    # months
    "months": Word("月份", "Months"),
    "whole_window": Word("整个时段", "Whole window"),
    "play": Word("按月播放", "Play the months"),
    "pause": Word("暂停", "Pause"),
    "previous": Word("上一个月", "Previous month"),
    "next": Word("下一个月", "Next month"),
    # list
    "list": Word("聚集与热点", "Clusters and hot areas"),
    "order": Word("最可能在前", "most likely first"),
    "filter": Word("按名称、代码筛选", "Filter by name or code"),
    "kinds": Word("按类别筛选", "Filter by class"),
    "focus": Word("聚集与热点", "Clusters and hot"),
    "weak": Word("不显著聚集", "Weak clusters"),
    "cold": Word("冷点", "Cold"),
    "no_match": Word("这一类里没有符合的区域", "Nothing in this class matches"),
    "around": Word("{name}一带", "Around {name}"),
    "areas_n": Word("{n} 个区域", "{n} areas"),
    "beyond": Word("另有 {n} 个在范围之外", "{n} more beyond the scope"),
    "and_more": Word("{names} 等 {n} 个", "{names} and {more} more"),
    "between": Word("、", ", "),
    "significant": Word("显著", "significant"),
    "not_significant": Word("不显著", "not significant"),
    "seen_of": Word("{observed} / 预期 {expected}", "{observed} / expected {expected}"),
    # cards
    "observed": Word("实际", "Observed"),
    "issues_n": Word("{n} 件", "{n}"),
    "expected": Word("预期", "Expected"),
    "interval": Word("95% 区间 {low}–{high}", "95 % interval {low}–{high}"),
    "shrunk": Word("收缩后", "Shrunk"),
    "shrunk_help": Word("经验贝叶斯", "empirical Bayes"),
    "visits_n": Word("{n} 次", "{n}"),
    "households": Word("户数", "Households"),
    "z": Word("z（Gi*）", "z (Gi*)"),
    "q": Word("q（错误发现率）", "q (false discovery rate)"),
    "no_visits": Word("窗口内无走访：未知，不是无事", "No visits in the window: unknown, not quiet"),
    "no_visits_month": Word("本月无走访：未知，不是无事", "No visits in this month: unknown, not quiet"),
    "no_households": Word("没有户数，无从相比：未知", "No number of households to compare with: unknown"),
    "cluster_n": Word("聚集 {n}", "Cluster {n}"),
    "in_cluster": Word("属于聚集 {n}", "In cluster {n}"),
    "relative_risk": Word("相对风险", "Relative risk"),
    "p": Word("p 值", "p"),
    "radius": Word("半径", "Radius"),
    "km": Word("{n} 公里", "{n} km"),
    "members": Word("成员", "Members"),
    "behind": Word("其中的问题（{n} 件）", "Issues behind it ({n})"),
    "behind_more": Word("另有 {n} 件", "{n} more"),
    "none_outside": Word("外部没有问题", "no issue outside"),
    # what could not be said
    "no_issues": Word("这个时段没有问题记录", "No issues in this window"),
    "all_unknown": Word(
        "这个时段没有任何走访：全部未知，无从判断", "Nobody was visited in this window: everything is unknown"
    ),
    "no_cluster": Word("未发现显著的区域性聚集（p ≤ 0.05）", "No regional cluster found at p ≤ 0.05"),
    "refused": Word("未作热点统计：{why}", "No hot spot statistic: {why}"),
    "outside": Word("其中 {n} 件不在任何区域内", "{n} of them lie in no area"),
    "left_out": Word("{n} 件在无走访的区域，不参与统计", "{n} in areas without visits take no part"),
    "petitions": Word("信访不计入（按您的权限）", "Petitions are not counted for your role"),
}  # fmt: skip


def words(lang: Lang) -> dict[str, str]:
    """The catalogue of the problem heatmap in one language."""
    return {key: word.text(lang) for key, word in ISSUE_WORDS.items()}


def window(begin: date, until: date, lang: Lang) -> str:
    """A window of days, by months where it is whole ones.

    >>> window(date(2026, 1, 1), date(2026, 3, 31), "zh-CN"), window(date(2026, 1, 1), date(2026, 1, 31), "en")
    ('2026年1月 – 2026年3月', 'January 2026')
    """
    if begin.day == 1 and (until + timedelta(days=1)).day == 1:
        ends = [labels.month_name(Month.of(one), lang) for one in (begin, until)]
    else:
        ends = [labels.day(one, lang) for one in (begin, until)]
    return ends[0] if ends[0] == ends[1] else " – ".join(ends)


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, thousands set apart; a dash where there is none.

    >>> decimal(0.012345), decimal(1234.5), decimal(12.0), decimal(None)
    ('0.0123', '1,234', '12', '—')
    """
    if value is None:
        return "—"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):g}"


def denominator(name: str, lang: Lang) -> str:
    """What issues are compared with; an unknown one as it is."""
    return DENOMINATOR_WORDS[name].text(lang) if name in DENOMINATOR_WORDS else name


def unit(name: str, lang: Lang) -> str:
    """The unit of a surface; an unknown one as it is."""
    return UNIT_WORDS[name].text(lang) if name in UNIT_WORDS else name
