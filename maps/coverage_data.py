"""A coverage report as the compact JSON that the map's script reads: columns once, then one list of values an area."""

from typing import Final

from geo.analysis.coverage import AreaCoverage, CoverageReport
from geo.errors import Lang
from maps import labels
from maps.shared_texts import Texts

COLUMNS: Final = (
    "code", "name", "kind", "above", "parent", "tier", "status", "unassigned", "rule", "required", "visits",
    "unlocated", "cadres", "households", "households_reached", "grids", "grids_reached", "last_visit", "days_since",
    "days_overdue", "open_issues", "responsible", "exclusion",
)  # fmt: skip

SHARED: Final = ("kind", "above", "parent", "tier", "status", "rule", "last_visit")


def table(report: CoverageReport, lang: Lang) -> dict[str, object]:
    """The report's areas, the gap list as positions in them (worst first), and the level.

    What many areas share is a position in ``texts``: the columns of `SHARED`, of which ``above`` is the path without
    the area's own code. Responsible cadres are ``[role, name, organisation]``, role and organisation positions too;
    an exclusion is ``[reason, by, day]``.
    """
    position = {row.facts.code: at for at, row in enumerate(report.rows)}
    texts = Texts()
    rows = [_values(row, texts, lang) for row in report.rows]
    return {
        "level": report.level,
        "columns": COLUMNS,
        "shared": SHARED,
        "rows": rows,
        "texts": list(texts),
        "gaps": [position[row.facts.code] for row in report.gaps()],
    }


def _values(row: AreaCoverage, texts: Texts, lang: Lang) -> list[object]:
    facts = row.facts
    return [
        facts.code,
        facts.name,
        texts[labels.kind_name(facts, lang)],
        texts[facts.path.removesuffix(facts.code)],
        texts[facts.parent_name or ""],
        texts[facts.tier],
        texts[row.status],
        int(row.unassigned),
        texts[labels.rule_text(row.rule, lang)],
        row.required,
        facts.visits,
        facts.unlocated,
        facts.cadres,
        facts.households,
        facts.households_reached,
        facts.grids,
        facts.grids_reached,
        None if facts.last_visit is None else texts[facts.last_visit.isoformat()],
        row.days_since,
        row.days_overdue,
        facts.open_issues,
        [[texts[labels.role_name(one.role, lang)], one.name, texts[one.organisation]] for one in facts.responsible],
        facts.exclusion and [facts.exclusion.reason, facts.exclusion.by, facts.exclusion.on.isoformat()],
    ]
