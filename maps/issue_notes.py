"""What must be known to read a problem heatmap: what could not be said, and every choice on the way to the rest."""

from collections.abc import Mapping, Sequence
from typing import Final

from geo.analysis.hotspots import HotspotReport
from geo.errors import Lang
from maps import issue_data, issue_labels, labels
from maps.issue_data import SurfaceLayer
from maps.issue_labels import CATEGORY_WORDS, ISSUE_WORDS
from maps.labels import Word

MAX_NAMED: Final = 12
"""Areas that a note names; of the others it gives the number."""

_HOW: Final[Mapping[str, Word]] = {
    "every_category": Word("全部类别", "all categories"),
    "observed": Word("计入", "Counted"),
    "counted": Word(
        "{n} 件；{categories}；按{level}，边界第 {version} 版", "{n}; {categories}; {level}, boundaries v{version}"
    ),
    "expected": Word("预期", "Expected"),
    "by_visits": Word("与走访次数成正比", "in proportion to visits"),
    "by_households": Word("与户数成正比", "in proportion to households"),
    "by_none": Word("各区域相同", "the same in every area"),
    "by_month": Word(
        "按月间接标准化：各月走访 × 当月总比率", "indirectly standardised: each month's visits at its rate"
    ),
    "rates": Word("比率", "Rates"),
    "rates_how": Word(
        "精确泊松 95% 区间；收缩值为经验贝叶斯（矩估计）",
        "exact Poisson 95 % intervals; shrunk by empirical Bayes (method of moments)",
    ),
    "gi": Word("热点", "Hot spots"),
    "gi_how": Word(
        "收缩比率的 Gi*，共边或共点为邻，{n} 次置换，错误发现率 10、5、1% 以内为 90、95、99% 置信；种子 {seed}",
        "Gi* of shrunk ratios; neighbours share an edge or corner; {n} permutations; at a false discovery rate of 10, "
        "5 and 1 % an area is hot or cold with 90, 95 and 99 % confidence; seed {seed}",
    ),
    "islands": Word("孤立区域", "Islands"),
    "islands_how": Word("并入最近的区域：{pairs}", "attached to the nearest area: {pairs}"),
    "scan": Word("聚集", "Clusters"),
    "scan_how": Word(
        "Kulldorff 空间扫描（泊松，圆形窗口，至多 {share} 的分母），{n} 次模拟，p ≤ 0.05 为显著；种子 {seed}",
        "Kulldorff's spatial scan (Poisson, circles of at most {share} of the denominator), {n} replicates, "
        "significant at p ≤ 0.05; seed {seed}",
    ),
    "surface": Word("密度面", "Surface"),
    "unknown": Word("未知", "Unknown"),
    "unknown_how": Word("{n} 个区域：{names}", "{n} areas: {names}"),
    "left_out": Word("不参与统计", "Left out"),
    "colours": Word("配色", "Colours"),
    "colours_how": Word(
        "密度面由浅到深亮度均匀；热点橙、冷点蓝，亮度等距，色觉异常者可辨",
        "surface: light to dark in even steps; hot in orange, cold in blue, in even steps that colour-blind eyes "
        "keep apart",
    ),
}


def messages(report: HotspotReport, lang: Lang) -> list[str]:
    """What could not be computed, most important first; these stand above the list."""
    words, judged = issue_labels.words(lang), report.judged
    if not report.rows:
        return [words["no_areas"]]
    said: list[str] = []
    if all(row.status == "unknown" for row in report.rows):
        said.append(words["all_unknown"])
    elif not report.issues:
        said.append(words["no_issues"])
    elif not any(one.significant for one in report.clusters):
        said.append(words["no_cluster"])
    if judged.refusal is not None:
        said.append(words["refused"].format(why=judged.refusal.text(lang)))
    return said


def notes(report: HotspotReport, lang: Lang) -> list[str]:
    """What no area counts."""
    words, said = issue_labels.words(lang), []
    for name, count in (("outside", report.outside), ("left_out", report.judged.choices.left_out)):
        if count:
            said.append(words[name].format(n=labels.number(count)))
    if not report.petitions:
        said.append(words["petitions"])
    return said


def how(report: HotspotReport, surfaces: Sequence[SurfaceLayer], lang: Lang) -> list[tuple[str, str]]:
    """Every choice, as labels and values."""
    chosen, known = report.judged.choices, {row.facts.code: row.facts.name for row in report.rows}

    def say(key: str, **values: object) -> str:
        return _HOW[key].text(lang).format(**values)

    categories = [CATEGORY_WORDS[one].text(lang) for one in report.categories] or [say("every_category")]
    counted = say(
        "counted",
        n=labels.number(report.issues),
        categories=_listed(categories, lang),
        level=labels.level_name(report.level, lang),
        version=report.version,
    )
    expected = say("by_month" if chosen.standardised_by_month else f"by_{chosen.denominator}")
    rows = [
        (say("observed"), counted),
        (say("expected"), f"{expected} ({issue_labels.denominator(chosen.denominator, lang)})"),
        (say("rates"), say("rates_how")),
        (say("gi"), say("gi_how", n=labels.number(chosen.permutations), seed=chosen.seed)),
    ]
    if report.judged.refusal is not None:
        rows[-1] = (say("gi"), report.judged.refusal.text(lang))
    if chosen.islands:
        pairs = [f"{known.get(one, one)} → {known.get(other, other)}" for one, other in chosen.islands]
        rows.append((say("islands"), say("islands_how", pairs=_listed(pairs, lang))))
    share, replicates = f"{chosen.population_share:.0%}", labels.number(chosen.replicates)
    rows.append((say("scan"), say("scan_how", share=share, n=replicates, seed=chosen.seed)))
    rows += [
        (say("surface"), f"{ISSUE_WORDS[one.kind].text(lang)}: {issue_data.surface_note(one, lang)}")
        for one in surfaces
    ]
    if chosen.unknown:
        names = _listed([known.get(code, code) for code in chosen.unknown], lang)
        rows.append((say("unknown"), say("unknown_how", n=labels.number(len(chosen.unknown)), names=names)))
    rows += [(say("left_out"), note) for note in notes(report, lang)]
    return [*rows, (say("colours"), say("colours_how"))]


def _listed(names: Sequence[str], lang: Lang) -> str:
    text = ISSUE_WORDS["between"].text(lang).join(names[:MAX_NAMED])
    if len(names) <= MAX_NAMED:
        return text
    return ISSUE_WORDS["and_more"].text(lang).format(names=text, n=len(names), more=len(names) - MAX_NAMED)
