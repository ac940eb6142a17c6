"""Words of the bulletin: names of figures, lists and columns, and how cells and changes are written."""

from typing import Any, Final

from geo.analysis.bulletins import Asked, Bulletin, Cell, Figure
from geo.analysis.coverage import VisitRule
from geo.errors import Lang
from geo.months import Month
from maps import catalogue, issue_labels, labels

FLAGS: Final = frozenset(
    {"unassigned", "reported", "ended", "open", "overdue", "unanswered", "in_circles", "still_open"}
)
_YES: Final[dict[Lang, str]] = {"zh-CN": "是", "en": "yes"}
_SHARES: Final = frozenset({"rate"})
_DIGITS: Final = {"expected": 3, "relative_risk": 3, "p": 2, "median_days": 3}


def word(name: str, lang: Lang, /, **values: Any) -> str:
    """A word of the bulletin, with its values."""
    return catalogue.section("bulletin")[name].text(lang).format(**values)


def list_name(name: str, lang: Lang) -> str:
    """A list, and the sheet that has it."""
    return catalogue.section("bulletin_lists")[name].text(lang)


def column(name: str, lang: Lang) -> str:
    """A column of a list."""
    return catalogue.section("bulletin_columns")[name].text(lang)


def unit(level: str, lang: Lang) -> str:
    """What areas of a level are counted as."""
    return word(f"unit_{level}", lang)


def indicator(name: str, lang: Lang) -> str:
    """What a figure counts, without of what."""
    last = name.rsplit(".", 1)[-1]
    named = f"next_{last}" if name.startswith("next.") else last
    figures = catalogue.section("bulletin_figures")
    return figures[named].text(lang) if named in figures else _category(last, lang)


def counted(name: str, level: str, lang: Lang) -> str:
    """The same for the figures of the whole county, which say what they count areas of."""
    return word("all_of", lang, level=labels.level_name(level, lang)) if name == "all" else indicator(name, lang)


def figure_name(bulletin: Bulletin, name: str, lang: Lang) -> str:
    """A figure in full, like 长渡街道 · 未走访."""
    kind, _, rest = name.partition(".")
    middle, _, _ = rest.rpartition(".")
    before = {"before": word("last_month", lang)}.get(kind, "")
    return " · ".join(one for one in (before, _of_what(bulletin, kind, middle, lang), indicator(name, lang)) if one)


def _of_what(bulletin: Bulletin, kind: str, middle: str, lang: Lang) -> str:
    if kind in ("town", "organisation"):
        parts = bulletin.towns if kind == "town" else bulletin.organisations
        name = next((one.name for one in parts if one.code == middle), middle)
        return name or middle or nothing(kind, lang)
    if kind == "clusters" and middle:
        category, _, rank = middle.rpartition("-")
        named = _category(category, lang) if category else ""
        return f"{named}{list_name(kind, lang) if not named else ''} {rank}".strip()
    if kind == "next":
        level, _, tier = middle.partition(".")
        return f"{labels.level_name(level, lang)} {labels.COVERAGE_WORDS[tier].text(lang)}"
    return ""


def nothing(kind: str, lang: Lang) -> str:
    """The line of what belongs to no town or organisation."""
    return word("no_town" if kind == "town" else "unassigned_issue", lang)


def _category(name: str, lang: Lang) -> str:
    found = issue_labels.CATEGORY_WORDS
    return found[name].text(lang) if name in found else name  # type: ignore[index]


def number(figure: Figure) -> str:
    """A figure as it is read: counts whole, a rate in percent, a statistic with a few digits."""
    last = figure.name.rsplit(".", 1)[-1]
    if figure.value is None:
        return "—"
    if last in _SHARES:
        return labels.percent(figure.value)
    if last in _DIGITS:
        return issue_labels.decimal(figure.value, _DIGITS[last])
    return labels.number(round(figure.value))


def change(figure: Figure, before: Figure | None, lang: Lang) -> str:
    """How a figure went since the month before, in words."""
    if before is None or before.value is None or figure.value is None:
        return word("unknown_before", lang)
    more = figure.value - before.value
    share = figure.name in _SHARES
    size = f"{abs(more) * 100:.1f}" if share else labels.number(round(abs(more)))
    if float(size.replace(",", "")) == 0:
        return word("same", lang)
    return word("up" if more > 0 else "down", lang, n=word("points", lang, n=size) if share else size)


def signed(figure: Figure, before: Figure | None, lang: Lang) -> str:
    """The same with a sign, for tables."""
    if before is None or before.value is None or figure.value is None:
        return "—"
    more = figure.value - before.value
    text = f"{more * 100:+.1f}" if figure.name in _SHARES else f"{round(more):+,}"
    if float(text.replace(",", "")) == 0:
        return "0"
    text = text.replace("-", "−")
    return word("points", lang, n=text) if figure.name in _SHARES else text


def cell(name: str, value: Cell, lang: Lang) -> Cell:
    """A cell of a list as people read it; text and numbers stay what they are."""
    if name in FLAGS and isinstance(value, int):
        return _YES[lang] if value else None
    if value is None:
        return word("untold", lang) if name == "title" else None
    if not isinstance(value, str):
        return value
    if name == "category":
        return _category(value, lang)
    if name == "level":
        return labels.level_name(value, lang)
    return _coded(name, value, lang)


def _coded(name: str, value: str, lang: Lang) -> str:
    if name == "extent":
        return catalogue.section("bulletin_extents")[value].text(lang)
    if name in ("tier", "status"):
        if value in labels.COVERAGE_WORDS:
            return labels.COVERAGE_WORDS[value].text(lang)
        found = issue_labels.STATUS_WORDS
        return found[value].text(lang) if value in found else value  # type: ignore[index]
    return value


def rule(asked: Asked, lang: Lang) -> str:
    """What is asked of the areas of a level and tier."""
    return labels.rule_text(VisitRule(asked.level, asked.tier, asked.visits_per_month, asked.every_days), lang)


def month(bulletin: Bulletin, lang: Lang) -> str:
    """The month of a bulletin."""
    return labels.month_name(Month.parse(bulletin.month), lang)
