"""What a template of the bulletin can speak of: figures with their marks, tables, sentences and maps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from geo.analysis import overview
from geo.analysis.bulletin_making import OF_NEXT, OF_ORGANISATIONS, OF_TOWNS
from geo.analysis.bulletins import Bulletin, Cell, Figure, ListChange, Part
from geo.errors import Lang
from geo.months import Month
from maps import bulletin_words as words
from maps import labels

MAX_ROWS: Final = 300
"""Rows of one annex; the workbook has all."""

MAX_NAMED: Final = 12
"""Areas that a change of a list names in one line."""

ANNEXES: Final[Mapping[str, tuple[str, ...]]] = {
    "unvisited": ("code", "name", "town_name", "tier", "last_visit", "days_overdue"),
    "unassigned": ("code", "name", "town_name", "tier", "status"),
    "overdue": ("organisation_name", "category", "title", "area_name", "due_on", "waiting_days"),
    "unanswered": ("organisation_name", "category", "title", "area_name", "reported_on", "waiting_days"),
    "in_circles": ("organisation_name", "category", "title", "area_name", "reported_on", "waiting_days"),
}
"""Lists that the document itself has, with their columns."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure in the text: ``{{ f.met }}`` is the number, ``{{ f.met.mark }}`` where the list behind it is found."""

    text: str
    mark: str
    change: str
    before: str
    signed: str

    def __str__(self) -> str:
        return self.text


def clean(text: object) -> str:
    """Text as a document can have it: without control characters, which XML has not."""
    return _CONTROL.sub(" ", str(text))


def context(bulletin: Bulletin, lang: Lang) -> dict[str, Any]:
    """All but the maps."""
    month = Month.parse(bulletin.month)
    state = words.word("draft", lang) if not bulletin.edition else words.word("edition", lang, n=bulletin.edition)
    return {
        "county": clean(bulletin.county_name),
        "title": clean(words.word("title", lang, county=bulletin.county_name)),
        "month": labels.month_name(month, lang),
        "next_month": labels.month_name(month.next(), lang),
        "state": state,
        "is_draft": not bulletin.edition,
        "edition": bulletin.edition,
        "running": words.word("running", lang, day=labels.day(bulletin.as_of, lang)) if bulletin.running else "",
        "as_of": words.word("as_of", lang, day=labels.day(bulletin.as_of, lang), n=bulletin.version),
        "when": words.word("now" if bulletin.running else "at_end", lang),
        "unit": words.unit(bulletin.level, lang),
        "empty": bulletin.is_empty,
        "tested": bulletin.tested,
        "f": _figures(bulletin, lang),
        "indicators": [_indicator(bulletin, name, lang) for name in overview.COUNTED],
        "towns": [_line(bulletin, "town", part, OF_TOWNS, lang) for part in bulletin.towns],
        "organisations": [
            _line(bulletin, "organisation", part, OF_ORGANISATIONS, lang) for part in bulletin.organisations
        ],
        "clusters": _clusters(bulletin, lang),
        "asked": _asked(bulletin, lang),
        "annex": {name: _annex(bulletin, name, lang) for name in ANNEXES},
        **_corrections(bulletin, lang),
    }


def _shown(bulletin: Bulletin, figure: Figure, number: int, lang: Lang) -> Shown:
    before = bulletin.numbered().get(figure.before or "", (0, None))[1]
    return Shown(
        words.number(figure),
        f"[{number}]",
        words.change(figure, before, lang),
        "—" if before is None else words.number(before),
        words.signed(figure, before, lang),
    )


def _figures(bulletin: Bulletin, lang: Lang) -> dict[str, Shown]:
    """Those of the county, by name."""
    return {
        name: _shown(bulletin, figure, number, lang)
        for name, (number, figure) in bulletin.numbered().items()
        if "." not in name
    }


def _indicator(bulletin: Bulletin, name: str, lang: Lang) -> dict[str, Any]:
    number, figure = bulletin.numbered()[name]
    shown = _shown(bulletin, figure, number, lang)
    own = bulletin.numbered().get(figure.before or "")
    return {
        "name": words.counted(name, bulletin.level, lang),
        "value": shown.text,
        "mark": shown.mark,
        "before": shown.before,
        "before_mark": f"[{own[0]}]" if own else "",
        "change": shown.signed,
    }


def _line(bulletin: Bulletin, kind: str, part: Part, names: Iterable[str], lang: Lang) -> dict[str, Any]:
    """A town or an organisation with its figures; the mark spans those of the line."""
    numbered = bulletin.numbered()
    found = {name: numbered[f"{kind}.{part.code}.{name}"] for name in names}
    marks = [number for number, _ in found.values()]
    return {
        "code": clean(part.code),
        "name": clean(part.name or part.code or words.nothing(kind, lang)),
        "mark": f"[{min(marks)}–{max(marks)}]",
        "cells": {name: words.number(figure) for name, (_, figure) in found.items()},
    }


def _clusters(bulletin: Bulletin, lang: Lang) -> list[dict[str, str]]:
    """A sentence of reasons for each, and the marks of its figures."""
    found = []
    for line in bulletin.listing("clusters").records():
        own = f"clusters.{line['cluster']}."
        figures = {
            name.removeprefix(own): numbered for name, numbered in bulletin.numbered().items() if name.startswith(own)
        }
        told = {name: words.number(figure) for name, (_, figure) in figures.items()}
        sentence = words.word(
            "cluster_year",
            lang,
            name=line["name"],
            towns=line["towns"],
            unit=words.unit(bulletin.level, lang),
            category=words.cell("category", line["category"], lang) or "",
            **{one: told[one] for one in ("areas", "observed", "expected", "relative_risk", "p", "open", "judged")},
        )
        marks = [number for number, _ in figures.values()]
        found.append({"text": clean(sentence), "mark": f"[{min(marks)}–{max(marks)}]"})
    return found


def _asked(bulletin: Bulletin, lang: Lang) -> list[dict[str, str]]:
    numbered, found = bulletin.numbered(), []
    for one in bulletin.asked:
        own = {name: numbered[f"next.{one.level}.{one.tier}.{name}"] for name in OF_NEXT}
        marks = [number for number, _ in own.values()]
        found.append(
            {
                "level": labels.level_name(one.level, lang),
                "tier": labels.COVERAGE_WORDS[one.tier].text(lang),
                "rule": words.rule(one, lang),
                "mark": f"[{min(marks)}–{max(marks)}]",
                **{name: words.number(figure) for name, (_, figure) in own.items()},
            }
        )
    return found


def _annex(bulletin: Bulletin, name: str, lang: Lang) -> dict[str, Any]:
    listing, columns = bulletin.listing(name), ANNEXES[name]
    mark, figure = bulletin.numbered()[name]
    rows = [[_text(column, row[column], lang) for column in columns] for row in listing.records()[:MAX_ROWS]]
    more = len(listing.rows) > MAX_ROWS
    sheet = words.list_name(name, lang)
    return {
        "value": words.number(figure),
        "mark": f"[{mark}]",
        "rows": rows,
        "more": words.word("shown_of", lang, n=MAX_ROWS, all=len(listing.rows), sheet=sheet) if more else "",
    }


def _text(column: str, value: Cell, lang: Lang) -> str:
    found = words.cell(column, value, lang)
    if found is None and column == "organisation_name":
        return words.nothing("organisation", lang)
    if found is None and column == "last_visit":
        return labels.COVERAGE_WORDS["never"].text(lang)
    return "—" if found is None else clean(found)


def _corrections(bulletin: Bulletin, lang: Lang) -> dict[str, Any]:
    figures = [
        {
            "name": clean(words.figure_name(bulletin, one.name, lang)),
            "old": words.number(Figure(one.name, one.old)),
            "new": words.number(Figure(one.name, one.new)),
        }
        for one in bulletin.differences.figures[:MAX_ROWS]
    ]
    return {
        "correction": words.word("correction_reason", lang, n=bulletin.edition, reason=clean(bulletin.reason))
        if bulletin.reason
        else "",
        "changed_figures": figures,
        "changed_lists": [_changed(one, lang) for one in bulletin.differences.lists],
        "edition_before": bulletin.edition - 1,
    }


def _changed(one: ListChange, lang: Lang) -> dict[str, str]:
    return {
        "name": words.list_name(one.list_name, lang),
        "came": _parts(one.came, lang),
        "left": _parts(one.left, lang),
    }


def _parts(parts: tuple[Part, ...], lang: Lang) -> str:
    named = [one.name or words.word("untold", lang) if one.name != one.code else one.code for one in parts]
    if not named:
        return "—"
    text = words.word("names_join", lang).join(named[:MAX_NAMED])
    return clean(text + (words.word("and_more", lang, n=len(named)) if len(named) > MAX_NAMED else ""))
