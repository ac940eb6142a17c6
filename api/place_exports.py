"""A coverage report of places as JSON, CSV, workbook or text: all drawn from the one value.

CSV and JSON are for machines and keep English names; the workbook and the text are for people and speak their language.
A csv is one table, that of the places: households, which are counted by area, stand in the other forms.
"""

from collections.abc import Sequence
from typing import Final, Literal

from api import cells
from api.cells import Cell
from api.columns import Column, Row
from api.lists import ListFormat
from api.schemas.place_coverage import PlaceCoverageOut
from geo.analysis.place_coverage import Count, Home, HouseholdFacts, PlaceCoverage, PlaceFacts
from geo.errors import Lang
from maps import labels

Format = Literal["table"] | ListFormat


def _of_home(home: Home | None, fact: Literal["code", "name", "town_name", "village_name"]) -> str | None:
    return getattr(home, fact) if home else None


_PLACES: Final[tuple[Column[PlaceFacts], ...]] = (
    Column("id", "编号", "Id", lambda one, _: one.id, in_text=True),
    Column("name", "名称", "Name", lambda one, _: one.name, in_text=True),
    Column("kind", "类型", "Kind", lambda one, lang: labels.place_kind(one.kind, lang), in_text=True),
    Column("area", "区域代码", "Area", lambda one, _: _of_home(one.home, "code")),
    Column("area_name", "所在区域", "Area name", lambda one, _: _of_home(one.home, "name"), in_text=True),
    Column("town_name", "镇街", "Town", lambda one, _: _of_home(one.home, "town_name"), in_text=True),
    Column("village_name", "村社", "Village", lambda one, _: _of_home(one.home, "village_name"), in_text=True),
    Column("staff_no", "工号", "Staff no.", lambda one, _: one.partner.staff_no if one.partner else None),
    Column("cadre", "结对干部", "Cadre", lambda one, _: one.partner.name if one.partner else None, in_text=True),
    Column("organisation", "单位", "Organisation", lambda one, _: one.partner.organisation if one.partner else None),
    Column("visits", "走访次数", "Visits", lambda one, _: one.visits, in_text=True),
    Column(
        "last_visit",
        "最近走访",
        "Last visit",
        lambda one, _: one.last_visit.isoformat() if one.last_visit else None,
        in_text=True,
    ),
)
_HOUSEHOLDS: Final[tuple[Column[HouseholdFacts], ...]] = (
    Column("area", "区域代码", "Area", lambda one, _: _of_home(one.home, "code")),
    Column("area_name", "所在区域", "Area name", lambda one, _: _of_home(one.home, "name")),
    Column("town_name", "镇街", "Town", lambda one, _: _of_home(one.home, "town_name")),
    Column("village_name", "村社", "Village", lambda one, _: _of_home(one.home, "village_name")),
    Column("all", "住户", "Households", lambda one, _: one.count.all),
    Column("visited", "已走访", "Visited", lambda one, _: one.count.visited),
    Column("unvisited", "未走访", "Not visited", lambda one, _: one.count.unvisited),
)


def render(report: PlaceCoverage, form: Format, lang: Lang) -> str | bytes:
    """A report in one form."""
    if form == "xlsx":
        return to_xlsx(report, lang)
    if form == "csv":
        return to_csv(report)
    return to_json(report) if form == "json" else to_table(report, lang)


def to_json(report: PlaceCoverage) -> str:
    """The wire form as text."""
    return PlaceCoverageOut.of(report).model_dump_json(indent=2)


def to_csv(report: PlaceCoverage) -> str:
    """The places; English names, the words of the wire."""
    columns = _columns(report)
    lines = (
        [place.kind if column.name == "kind" else column.value(place, "en") for column in columns]
        for place in report.places
    )
    return cells.to_csv([column.name for column in columns], lines)


def to_xlsx(report: PlaceCoverage, lang: Lang) -> bytes:
    """A workbook: the places, the households by area, and the figures of the month."""
    zh = lang == "zh-CN"
    tables = {"走访对象" if zh else "Places": _table(_columns(report), report.places, lang)}
    if report.kind is None:
        tables["住户" if zh else "Households"] = _table(_HOUSEHOLDS, report.households, lang)
    return cells.to_xlsx(tables, ("汇总" if zh else "Summary", _figures(report, lang)))


def to_table(report: PlaceCoverage, lang: Lang) -> str:
    """Text for a terminal: the figures, then the places."""
    figures = "  ".join(f"{label} {value}" for label, value in _figures(report, lang))
    titles, lines = _table([column for column in _columns(report) if column.in_text], report.places, lang)
    return "\n".join([figures, "", *cells.to_text(titles, lines)]) + "\n"


def _columns(report: PlaceCoverage) -> Sequence[Column[PlaceFacts]]:
    since: Column[PlaceFacts] = Column(
        "days_since", "距今天数", "Days since", lambda one, _: report.days_since(one), in_text=True
    )
    return *_PLACES, since


def _table(columns: Sequence[Column[Row]], rows: Sequence[Row], lang: Lang) -> cells.Table:
    return [column.title(lang) for column in columns], [[column.value(row, lang) for column in columns] for row in rows]


def _figures(report: PlaceCoverage, lang: Lang) -> list[tuple[str, Cell]]:
    """What was asked, and "visited / all (rate)" of every kind."""
    asked: list[tuple[str, Cell]] = [(report.scope_name, str(report.month))]
    return asked + [(labels.place_kind(kind, lang), _share(count)) for kind, count in report.counts.items()]


def _share(count: Count) -> str:
    return f"{count.visited} / {count.all} ({labels.percent(count.rate)})"
