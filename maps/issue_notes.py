"""What must be known to read a problem heatmap: what could not be said, and every choice on the way to the rest."""

from collections.abc import Mapping, Sequence
from typing import Final

from geo.analysis.hotspots import HotspotReport
from geo.errors import Lang
from maps import catalogue, issue_data, issue_labels, labels
from maps.catalogue import Word
from maps.issue_data import SurfaceLayer
from maps.issue_labels import CATEGORY_WORDS, ISSUE_WORDS

MAX_NAMED: Final = 12
"""Areas that a note names; of the others it gives the number."""

_HOW: Final[Mapping[str, Word]] = catalogue.section("issue_how")


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
