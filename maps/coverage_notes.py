"""What a coverage map says around its picture, on a page and on paper: place, figures and notes."""

from geo.analysis.coverage import STATUSES, CoverageReport
from geo.errors import Lang
from maps import labels


def place(report: CoverageReport) -> str:
    """Name of the scope, with its county before it where it is not the county."""
    return report.scope_name if report.scope == report.county else f"{report.county_name} {report.scope_name}"


def figures(report: CoverageReport) -> dict[str, str]:
    """The counts of the month, as they are shown."""
    counts: dict[str, int] = {status: report.count(status) for status in STATUSES}
    counts |= {"all": len(report.rows), "unassigned": report.unassigned}
    counts |= {"visits": report.visits, "unlocated": report.unlocated}
    return {name: labels.number(value) for name, value in counts.items()} | {"rate": labels.percent(report.rate)}


def notes(report: CoverageReport, lang: Lang) -> list[str]:
    """What must be known to read the figures: up to when, by which boundaries, and what no area counts."""
    words = labels.words(lang)
    told = [
        words["as_of"].format(day=labels.day(report.as_of, lang)),
        words["version"].format(n=report.version, day=labels.day(report.in_force_from, lang))
        + f"（{words[report.boundaries]}）".translate({} if lang == "zh-CN" else {0xFF08: " (", 0xFF09: ")"}),
    ]
    for name, count in (("outside", report.outside), ("untagged", report.untagged)):
        if count:
            told.append(words[name].format(n=labels.number(count)))
    return told
