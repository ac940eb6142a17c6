"""Two months of coverage as the compact JSON that the map's script reads, and as the lines of the list beside it."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from geo.analysis.comparison import AreaChange, Comparison
from geo.analysis.coverage import AreaCoverage
from geo.errors import Lang
from maps import catalogue, labels
from maps.shared_texts import Texts

_MONTH: Final = ("status", "visits", "required", "last_visit", "unassigned")
COLUMNS: Final = (
    "code", "name", "kind", "above", "parent", "status", "unassigned", "responsible",
    *(f"before_{name}" for name in _MONTH), *(f"after_{name}" for name in _MONTH),
)  # fmt: skip

SHARED: Final = ("kind", "above", "parent", "status")


def table(report: Comparison, lang: Lang) -> dict[str, object]:
    """The areas with both months; ``status`` is what became of them, ``unassigned`` that of the later month."""
    texts = Texts()
    return {
        "level": report.after.level,
        "columns": COLUMNS,
        "shared": SHARED,
        "rows": [_values(row, texts, lang) for row in report.rows],
        "texts": list(texts),
        "gaps": [],
    }


def _values(row: AreaChange, texts: Texts, lang: Lang) -> list[object]:
    facts = row.shown.facts
    people = [[texts[labels.role_name(one.role, lang)], one.name, texts[one.organisation]] for one in facts.responsible]
    return [
        facts.code,
        facts.name,
        texts[labels.kind_name(facts, lang)],
        texts[facts.path.removesuffix(facts.code)],
        texts[facts.parent_name or ""],
        texts[row.change],
        int(row.shown.unassigned),
        people,
        *_month(row.before),
        *_month(row.after),
    ]


def _month(row: AreaCoverage | None) -> list[object]:
    if row is None:
        return ["excluded", 0, 0, None, 0]
    last = row.facts.last_visit
    return [row.status, row.facts.visits, row.required, last.isoformat() if last else None, int(row.unassigned)]


def lines(report: Comparison, rows: Sequence[AreaChange], lang: Lang, page: str | None) -> list[dict[str, object]]:
    """Areas as a list shows them.

    :param page: address of an area's page with ``CODE`` in it; None for no links
    """
    words = catalogue.words("comparison", lang)
    position = {row.code: at for at, row in enumerate(report.rows)}
    return [_line(row, position[row.code], words["visits_both"], lang, page) for row in rows]


def _line(row: AreaChange, at: int, visits: str, lang: Lang, page: str | None) -> dict[str, object]:
    facts = row.shown.facts
    before, after = ("—" if one is None else f"{one.facts.visits}/{one.required}" for one in (row.before, row.after))
    who = "、".join(f"{labels.role_name(one.role, lang)} {one.name}" for one in facts.responsible[:2])
    return {
        "at": at,
        "name": facts.name,
        "parent": facts.parent_name or "",
        "who": facts.exclusion.reason if facts.exclusion else who or labels.words(lang)["nobody"],
        "visits": visits.format(before=before, after=after),
        "change": row.change,
        "href": page and page.replace("CODE", quote(row.code, safe="")),
    }
