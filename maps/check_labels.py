"""Words of the checks of boundaries: findings, changes, and what an activation carried over."""

from collections.abc import Mapping
from typing import Final

from geo.analysis.boundaries import BoundaryReport, Problem
from geo.errors import Lang
from geo.space.checks import Finding
from geo.space.codes import LEVELS, cn_parent, is_code
from geo.space.frames import Reading
from geo.space.lineage import Link
from maps import catalogue, labels
from maps.catalogue import Word

FINDING_WORDS: Final[Mapping[str, Word]] = catalogue.section("check_findings")

RELATION_WORDS: Final[Mapping[str, Word]] = catalogue.section("check_relations")

CARRIED_WORDS: Final[Mapping[str, Word]] = catalogue.section("check_carried")

NOTE_WORDS: Final[Mapping[str, Word]] = catalogue.section("check_notes")

STATUS_WORDS: Final[Mapping[str, Word]] = catalogue.section("check_statuses")

CHECK_WORDS: Final[Mapping[str, Word]] = catalogue.section("check")


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
    """Names of some areas, the village before a grid; codes where they have none."""
    return ("、" if lang == "zh-CN" else ", ").join(_name_of(report, code) for code in codes)


def _name_of(report: BoundaryReport, code: str) -> str:
    name = report.names.get(code, code)
    above = report.names.get(cn_parent(code, "grid") or "") if is_code(code, "grid", "cn") else None
    return f"{above} {name}" if above and name != code else name


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
    held = [(level, report.counts[level]) for level in LEVELS if level in report.counts]
    counts = " · ".join(f"{labels.level_name(level, lang)} {count:,}" for level, count in held)
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
