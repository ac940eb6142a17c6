"""A coverage report as the compact JSON that the map's script reads: columns once, then one list of values an area."""

from typing import Final

from geo.analysis.coverage import AreaCoverage, CoverageReport
from geo.errors import Lang
from maps import labels

COLUMNS: Final = (
    "code", "name", "kind", "path", "parent", "tier", "status", "unassigned", "rule", "required", "visits", "unlocated",
    "cadres", "households", "households_reached", "grids", "grids_reached", "last_visit", "days_since", "days_overdue",
    "open_issues", "responsible", "exclusion",
)  # fmt: skip


def table(report: CoverageReport, lang: Lang) -> dict[str, object]:
    """The report's areas, the gap list as positions in them (worst first), and the page's language.

    Responsible cadres are ``[role, name, organisation]``, an exclusion is ``[reason, by, day]``.
    """
    position = {row.facts.code: at for at, row in enumerate(report.rows)}
    return {
        "lang": lang,
        "month": str(report.month),
        "level": report.level,
        "columns": COLUMNS,
        "rows": [_values(row, lang) for row in report.rows],
        "gaps": [position[row.facts.code] for row in report.gaps()],
    }


def _values(row: AreaCoverage, lang: Lang) -> list[object]:
    facts = row.facts
    return [
        facts.code,
        facts.name,
        labels.kind_name(facts, lang),
        facts.path,
        facts.parent_name,
        facts.tier,
        row.status,
        int(row.unassigned),
        labels.rule_text(row.rule, lang),
        row.required,
        facts.visits,
        facts.unlocated,
        facts.cadres,
        facts.households,
        facts.households_reached,
        facts.grids,
        facts.grids_reached,
        facts.last_visit and facts.last_visit.isoformat(),
        row.days_since,
        row.days_overdue,
        facts.open_issues,
        [[labels.role_name(one.role, lang), one.name, one.organisation] for one in facts.responsible],
        facts.exclusion and [facts.exclusion.reason, facts.exclusion.by, facts.exclusion.on.isoformat()],
    ]
