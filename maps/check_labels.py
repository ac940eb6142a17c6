"""Words of the checks of boundaries: findings, changes, and what an activation carried over."""

from collections.abc import Mapping
from typing import Final

from geo.analysis.boundaries import BoundaryReport, Problem
from geo.errors import Lang
from geo.space.checks import Finding
from geo.space.frames import Reading
from geo.space.lineage import Link
from maps import labels
from maps.labels import Word

FINDING_WORDS: Final[Mapping[str, Word]] = {
    "overlap": Word("重叠", "Overlap"),
    "gap": Word("缝隙", "Gap"),
    "outside_parent": Word("超出上级", "Outside its parent"),
    "uncovered": Word("上级未覆盖", "Parent not covered"),
    "repaired": Word("图形已修复", "Repaired"),
    "multipart": Word("多部分", "Several parts"),
    "hole": Word("有孔洞", "With holes"),
}

RELATION_WORDS: Final[Mapping[str, Word]] = {
    "merged": Word("合并", "Merged"),
    "split": Word("拆分", "Split"),
    "moved": Word("边界调整", "Border moved"),
    "renamed": Word("更名", "Renamed"),
    "renumbered": Word("改码", "Renumbered"),
    "new": Word("新增", "New"),
    "gone": Word("撤销", "Gone"),
    "same": Word("未变", "Same"),
}

CARRIED_WORDS: Final[Mapping[str, Word]] = {
    "assignment": Word("分工", "assignment"),
    "setting": Word("区域设置", "setting"),
    "organisation": Word("单位区域", "organisation"),
    "account": Word("账号范围", "scope of an account"),
    "carried": Word("已转入", "carried over"),
    "decide": Word("待决定", "to decide"),
    "conflict": Word("网格长冲突", "two heads"),
}

NOTE_WORDS: Final[Mapping[str, Word]] = {
    "format": Word("格式", "Format"),
    "layer": Word("图层", "Layer"),
    "encoding": Word("编码", "Encoding"),
    "columns": Word("列", "Columns"),
    "crs": Word("坐标系", "CRS"),
    "frame": Word("坐标提示", "Frame"),
    "codes": Word("代码表", "Code list"),
    "records": Word("记录", "Records"),
}

STATUS_WORDS: Final[Mapping[str, Word]] = {
    "staged": Word("待启用", "staged"),
    "active": Word("现行", "in force"),
    "retired": Word("已停用", "retired"),
}

CHECK_WORDS: Final[Mapping[str, Word]] = {
    "title": Word("边界检查", "Boundary checks"),
    "version": Word("第 {n} 版", "Version {n}"),
    "not_stored": Word("未入库", "not stored"),
    "based_on": Word("对照第 {n} 版", "compared with version {n}"),
    "first_version": Word("首个版本，无对照", "the first version, nothing to compare with"),
    "areas": Word("区域", "Areas"),
    "source": Word("文件", "File"),
    "findings": Word("检查发现", "Findings"),
    "changes": Word("变化", "Changes"),
    "problems": Word("问题", "Problems"),
    "summary": Word("汇总", "Summary"),
    "forbids": Word("须改正", "Must be mended"),
    "warning": Word("提示", "Notice"),
    "kind": Word("类型", "Kind"),
    "level": Word("层级", "Level"),
    "codes": Word("代码", "Codes"),
    "names": Word("名称", "Names"),
    "area": Word("面积（m²）", "Area (m²)"),
    "width": Word("宽度（m）", "Width (m)"),
    "sliver": Word("狭缝", "Sliver"),
    "lon": Word("经度", "Longitude"),
    "lat": Word("纬度", "Latitude"),
    "detail": Word("说明", "Detail"),
    "old_code": Word("原代码", "Old code"),
    "old_name": Word("原名称", "Old name"),
    "new_code": Word("新代码", "New code"),
    "new_name": Word("新名称", "New name"),
    "share_of_old": Word("占原区域", "Share of old"),
    "share_of_new": Word("占新区域", "Share of new"),
    "iou": Word("重合度", "Overlap (IoU)"),
    "row": Word("行", "Row"),
    "row_n": Word("第 {n} 行", "Row {n}"),
    "size": Word("面积", "Size"),
    "whole": Word("显示全部", "Show everything"),
    "borders": Word("区域边界", "Borders"),
    "shown": Word("显示 {n} / {all} 条", "{n} of {all} shown"),
    "no_match": Word("没有符合条件的条目", "Nothing matches"),
    "order": Word("须改正的在前，面积大的在前", "what must be mended first, then by size"),
    "no_place": Word("无位置", "no place"),
    "field": Word("字段", "Field"),
    "reason": Word("原因", "Reason"),
    "sliver_width": Word("狭缝宽度界限", "A sliver is narrower than"),
    "overlap_limit": Word("重叠上限", "Overlap limit"),
    "largest_overlap": Word("最大重叠", "Largest overlap"),
    "moved_by_repair": Word("修复移动面积", "Ground moved by the repair"),
    "readings": Word("坐标解读与吻合度", "Readings of the coordinates, and their fit"),
    "parts": Word("{n} 部分", "{n} parts"),
    "holes": Word("{n} 个孔洞", "{n} holes"),
    "before_after": Word("修复前 {before}，修复后 {after}", "{before} before, {after} after"),
    "other_language": Word("English", "中文"),
    "account": Word("账号", "Account"),
    "none": Word("没有发现问题", "Nothing found"),
    "list": Word("清单", "List"),
    "more": Word("另有 {n} 条，见表格", "and {n} more, in the workbook"),
    "filter": Word("按名称或代码查找", "Find by name or code"),
    "kinds": Word("按类型筛选", "Filter by kind"),
    "all": Word("全部", "All"),
    "legend": Word("图例", "Legend"),
    "old": Word("原边界", "Old border"),
    "new_border": Word("新边界", "New border"),
    "basemap": Word("底图", "Base map"),
    "map": Word("边界检查地图", "Map of boundary checks"),
    "no_map": Word("没有可绘制的图形", "There is nothing to draw"),
    "sheet": Word("展开或收起清单", "Open or close the list"),
    "downloads": Word("下载", "Download"),
    "details": Word("读取方式", "How it was read"),
    "no_script": Word("清单需要 JavaScript", "The list needs JavaScript"),
    "zoom_in": Word("放大", "Zoom in"),
    "zoom_out": Word("缩小", "Zoom out"),
    "close": Word("关闭", "Close"),
}


def square_metres(value: float, lang: Lang) -> str:
    """An area as people read it: m² up to a hectare, then hectares, then km².

    >>> square_metres(3.14, "en"), square_metres(25_000, "en"), square_metres(4_500_000, "zh-CN")
    ('3.1 m²', '2.50 ha', '4.50 km²')
    """
    if value < 10_000:  # noqa: PLR2004 - a hectare
        return f"{value:,.1f} m²"
    if value < 1_000_000:  # noqa: PLR2004 - a square kilometre
        return f"{value / 10_000:,.2f} {'公顷' if lang == 'zh-CN' else 'ha'}"
    return f"{value / 1_000_000:,.2f} km²"


def finding_detail(finding: Finding, lang: Lang) -> str:
    """What there is to say of a finding besides its size."""
    if finding.kind == "multipart":
        return CHECK_WORDS["parts"].text(lang).format(n=finding.count)
    if finding.kind == "hole":
        return CHECK_WORDS["holes"].text(lang).format(n=finding.count)
    if finding.before_m2 is not None and finding.after_m2 is not None:
        told = CHECK_WORDS["before_after"].text(lang)
        sizes = told.format(before=square_metres(finding.before_m2, lang), after=square_metres(finding.after_m2, lang))
        return f"{finding.detail}; {sizes}" if lang == "en" else f"{finding.detail}；{sizes}"
    return CHECK_WORDS["sliver"].text(lang) if finding.sliver else ""


def names_of(report: BoundaryReport, codes: tuple[str, ...], lang: Lang) -> str:
    """Names of some areas, codes where they have none."""
    return ("、" if lang == "zh-CN" else ", ").join(report.names.get(code, code) for code in codes)


def change_text(link: Link) -> str:
    """Old and new name with their codes, one where both are the same.

    >>> change_text(Link("village", "renamed", "1", "1", "东村", "新东村", 1, 1, 1))
    '东村 → 新东村 (1)'
    """
    old, new = link.old_name or link.old_code, link.new_name or link.new_code
    if link.old_code is None or link.new_code is None:
        return f"{old or new} ({link.old_code or link.new_code})"
    if link.old_code == link.new_code:
        return f"{old if old == new else f'{old} → {new}'} ({link.new_code})"
    return f"{old} ({link.old_code}) → {new} ({link.new_code})"


def problem_text(problem: Problem, lang: Lang) -> str:
    """Row, field and reason of a problem."""
    row = CHECK_WORDS["row_n"].text(lang).format(n=problem.row) if problem.row else ""
    where = " ".join(part for part in (row, problem.field) if part)
    return f"{where}：{problem.zh}" if lang == "zh-CN" else f"{where}: {problem.en}"


def facts(report: BoundaryReport, lang: Lang) -> list[tuple[str, str]]:
    """Labels and values of what there is to know of a report besides its counts."""
    word = {key: value.text(lang) for key, value in CHECK_WORDS.items()}
    version = word["version"].format(n=report.version) if report.version else word["not_stored"]
    status = f" · {STATUS_WORDS[report.status].text(lang)}" if report.status else ""
    based = word["based_on"].format(n=report.based_on) if report.based_on else word["first_version"]
    counts = " · ".join(f"{labels.level_name(level, lang)} {count:,}" for level, count in report.counts.items())
    rows = [
        (f"{report.county_name} {report.county}", f"{version}{status} · {based}"),
        (word["source"], report.source),
        (word["areas"], counts),
        *((NOTE_WORDS[key].text(lang), said.en if lang == "en" else said.zh) for key, said in report.notes.items()),
    ]
    fits = [f"{reading_name(one.reading, lang)} {one.iou:.3f}" for one in report.scores if one.iou > 0]
    if fits:
        rows.append((word["readings"], " · ".join(fits)))
    rows += [
        (word["sliver_width"], f"{report.sliver_width_m:g} m"),
        (word["overlap_limit"], square_metres(report.overlap_limit_m2, lang)),
        (word["largest_overlap"], square_metres(report.largest_overlap_m2, lang)),
    ]
    if report.moved_m2:
        rows.append((word["moved_by_repair"], square_metres(sum(report.moved_m2.values()), lang)))
    return rows


def figures(report: BoundaryReport, lang: Lang) -> list[tuple[str, str]]:
    """The facts, and how many findings and changes there are of each kind."""
    kinds = [(FINDING_WORDS[kind], report.count(kind)) for kind in FINDING_WORDS]
    kinds += [(RELATION_WORDS[relation], report.count(relation)) for relation in RELATION_WORDS if report.based_on]
    return facts(report, lang) + [(one.text(lang), f"{count:,}") for one, count in kinds if count]


def reading_name(reading: Reading, lang: Lang) -> str:
    """How a reading of coordinates is called."""
    return reading.name_zh if lang == "zh-CN" else reading.name
