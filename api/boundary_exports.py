"""The checks of boundaries as text, CSV, workbook or JSON: all drawn from the one report.

CSV and JSON are for machines and keep English names; the workbook and the text are for people and speak their language.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

import shapely

from api import cells
from api.cells import Cell
from geo.analysis.boundaries import BoundaryReport, Problem
from geo.errors import Lang
from geo.space.checks import Finding
from geo.space.lineage import Link
from maps import check_labels, labels
from maps.check_labels import CHECK_WORDS, FINDING_WORDS, RELATION_WORDS

Format = Literal["table", "json", "csv", "xlsx"]

_FINDING_COLUMNS: Final = ("kind", "level", "codes", "names", "area", "width", "lon", "lat", "detail")
_CHANGE_COLUMNS: Final = (
    *("kind", "level", "old_code", "old_name", "new_code", "new_name"),
    *("share_of_old", "share_of_new", "iou"),
)
_PROBLEM_COLUMNS: Final = ("kind", "row", "field", "reason")
_CSV_COLUMNS: Final = (
    *("record", "kind", "level", "codes", "names", "area_m2", "width_m", "lon", "lat", "detail"),
    *("old_code", "old_name", "new_code", "new_name", "share_of_old", "share_of_new", "iou"),
)
_SHOWN: Final = 20
_TEXT_CODES: Final = 2
_PLACE_DECIMALS: Final = 6


def render(report: BoundaryReport, form: Format, lang: Lang) -> str | bytes:
    """A report in one form."""
    if form == "xlsx":
        return to_xlsx(report, lang)
    if form == "csv":
        return to_csv(report)
    return to_json(report) if form == "json" else to_table(report, lang)


def to_table(report: BoundaryReport, lang: Lang) -> str:
    """Text for a terminal: the figures, then the first problems, findings and changes."""
    figures = check_labels.figures(report, lang)
    size = max(cells.width(label) for label, _ in figures)
    lines = [f"{label}{' ' * (size - cells.width(label))}  {value}" for label, value in figures]
    changes = changed(report)
    problems = [
        f"{_word('forbids' if one.forbids else 'warning', lang)}: {check_labels.problem_text(one, lang)}"
        for one in report.problems[:_SHOWN]
    ]
    lines += _section(problems, len(report.problems), lang)
    if report.findings:
        titles = [_word(column, lang) for column in _FINDING_COLUMNS]
        rows = [_finding_row(report, one, lang, codes=_TEXT_CODES) for one in report.findings[:_SHOWN]]
        lines += _section(cells.to_text(titles, rows), len(report.findings), lang)
    if changes:
        titles = [_word(column, lang) for column in _CHANGE_COLUMNS]
        rows = [_change_row(one, lang) for one in changes[:_SHOWN]]
        lines += _section(cells.to_text(titles, rows), len(changes), lang)
    return "\n".join(lines) + "\n"


def _section(lines: Sequence[str], count: int, lang: Lang) -> list[str]:
    more = [_word("more", lang).format(n=count - _SHOWN)] if count > _SHOWN else []
    return ["", *lines, *more] if lines else []


def to_csv(report: BoundaryReport) -> str:
    """Every finding and every change, one a line."""
    return cells.to_csv(_CSV_COLUMNS, _csv_rows(report))


def _csv_rows(report: BoundaryReport) -> Iterator[list[Cell]]:
    for one in report.findings:
        lon, lat = place(one)
        codes, names = ";".join(one.codes), ";".join(report.names.get(code, "") for code in one.codes)
        size = [round(one.area_m2, 2), round(one.width_m, 2)]
        detail = check_labels.finding_detail(one, "en")
        yield ["finding", one.kind, one.level, codes, names, *size, lon, lat, detail, *[None] * 7]
    for link in changed(report):
        shares = [round(link.share_of_old, 6), round(link.share_of_new, 6), round(link.iou, 6)]
        old_and_new = [link.old_code, link.old_name, link.new_code, link.new_name]
        yield ["change", link.relation, link.level, *[None] * 7, *old_and_new, *shares]


def to_xlsx(report: BoundaryReport, lang: Lang) -> bytes:
    """A workbook: findings, changes, problems, and the figures."""
    tables: dict[str, cells.Table] = {
        _word("findings", lang): (
            [_word(column, lang) for column in _FINDING_COLUMNS],
            [_finding_row(report, one, lang) for one in report.findings],
        ),
        _word("changes", lang): (
            [_word(column, lang) for column in _CHANGE_COLUMNS],
            [_change_row(one, lang) for one in changed(report)],
        ),
        _word("problems", lang): (
            [_word(column, lang) for column in _PROBLEM_COLUMNS],
            [_problem_row(one, lang) for one in report.problems],
        ),
    }
    return cells.to_xlsx(tables, (_word("summary", lang), check_labels.figures(report, lang)))


def to_json(report: BoundaryReport) -> str:
    """The whole report; geometries are replaced by their place and bounding box."""
    plain: dict[str, Any] = asdict(report)
    plain["findings"] = [_plain(one) for one in report.findings]
    plain["changes"] = [asdict(link) for link in changed(report)]
    plain["notes"] = {key: {"zh": said.zh, "en": said.en} for key, said in report.notes.items()}
    plain["scores"] = [{"reading": one.reading.name, "iou": round(one.iou, 6)} for one in report.scores]
    return json.dumps(plain, ensure_ascii=False, indent=2)


def _plain(finding: Finding) -> dict[str, Any]:
    lon, lat = place(finding)
    box = [round(value, _PLACE_DECIMALS) for value in shapely.bounds(finding.geometry).tolist()]
    plain = {name: getattr(finding, name) for name in Finding.__slots__ if name != "geometry"}
    return plain | {"lon": lon, "lat": lat, "bbox": box}


def place(finding: Finding) -> tuple[float, float]:
    """A point on a finding, WGS-84 degrees."""
    point = shapely.point_on_surface(finding.geometry)
    return round(point.x, _PLACE_DECIMALS), round(point.y, _PLACE_DECIMALS)


def changed(report: BoundaryReport) -> list[Link]:
    """Changes without what stayed the same."""
    return [link for link in report.changes if link.relation != "same"]


def _finding_row(report: BoundaryReport, one: Finding, lang: Lang, codes: int | None = None) -> list[Cell]:
    """Cells of a finding; ``codes`` limits how many areas are named."""
    lon, lat = place(one)
    named, more = one.codes[:codes], " …" if len(one.codes) > len(one.codes[:codes]) else ""
    return [
        FINDING_WORDS[one.kind].text(lang),
        labels.level_name(one.level, lang),
        ", ".join(named) + more,
        check_labels.names_of(report, named, lang) + more,
        round(one.area_m2, 1),
        round(one.width_m, 2) if one.width_m else None,
        lon,
        lat,
        check_labels.finding_detail(one, lang) or None,
    ]


def _change_row(link: Link, lang: Lang) -> list[Cell]:
    shares = [f"{100 * share:.1f} %" for share in (link.share_of_old, link.share_of_new, link.iou)]
    return [
        RELATION_WORDS[link.relation].text(lang),
        labels.level_name(link.level, lang),
        link.old_code,
        link.old_name,
        link.new_code,
        link.new_name,
        *(shares if link.old_code is not None and link.new_code is not None else [None] * 3),
    ]


def _problem_row(one: Problem, lang: Lang) -> list[Cell]:
    return [
        _word("forbids" if one.forbids else "warning", lang),
        one.row,
        one.field,
        one.en if lang == "en" else one.zh,
    ]


def _word(key: str, lang: Lang) -> str:
    return CHECK_WORDS[key].text(lang)
