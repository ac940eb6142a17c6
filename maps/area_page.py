"""The page of one area: its map among its neighbours, and beside and below it all that is known of it."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final
from urllib.parse import quote

from shapely.geometry.base import BaseGeometry

from geo.analysis.area_pages import AreaReport, Descent, OpenIssue, PlaceCount
from geo.analysis.coverage import STATUSES, AreaCoverage
from geo.errors import Lang
from geo.months import Month
from maps import assets, bars, catalogue, check_labels, issue_labels, labels, layers, map_tools, palette
from maps.page import Basemap, CountyMap, Links, Outline, Page, Piece, script_json

STYLES: Final = (assets.LEAFLET_CSS, "wangge.css", "coverage.css", "area.css", "print.css")
SCRIPTS: Final = (
    assets.LEAFLET_JS,
    "wangge.js",
    *map_tools.SCRIPTS,
    "shape.js",
    "overlays.js",
    "panel.js",
    "areas.js",
    "marking.js",
    "area.js",
)
COLUMNS: Final = (
    "code", "name", "kind", "above", "parent", "status", "unassigned", "visits", "required", "responsible",
)  # fmt: skip

_WORST: Final = ("unvisited", "under", "met", "excluded")
_BESIDE: Final = {"fill": "#f4f6f6", "hatch": None}


def draw(
    report: AreaReport,
    shapes: Mapping[str, BaseGeometry],
    *,
    lang: Lang = "zh-CN",
    basemap: Basemap | None = None,
    links: Links | None = None,
    area_page: str | None = None,
    issue_page: str | None = None,
    others: Mapping[str, str] | None = None,
    standalone: bool = False,
) -> str:
    """One complete HTML page.

    :param shapes: code → polygons in WGS-84 degrees of the area, those below and beside it
    :param basemap: tiles under the map; all shapes are shifted into their frame
    :param links: navigation; left out where the page is a file
    :param area_page: address of the page of an area with ``CODE`` in it
    :param issue_page: address of the page of an issue with ``ID`` in it
    :param others: name of a word → another page about this area
    :param standalone: everything inside the one file, which then works from disk with no network
    :raises maps.assets.AssetMissing: ``make assets`` was not run
    """
    frame = basemap.frame if basemap else "wgs84"
    own = report.coverage.facts
    inside = report.children or (report.coverage,)
    drawn = layers.placed([shapes.get(code) for code in (*(row.facts.code for row in inside), *report.beside)], frame)
    whole = layers.placed([shapes.get(own.code)], frame)
    context = _context(report, lang, links or Links())
    context |= {
        "others": others or {},
        "page": area_page,
        "children": [_child(row, at, lang, area_page) for at, row in sorted(enumerate(report.children), key=_worst)],
        "issues": [_issue(one, lang, issue_page) for one in report.issues],
        "above": [(one.name, _to(area_page, one.code)) for one in report.above],
        "beside": [(name, _to(area_page, code)) for code, name in report.beside.items()],
        "descent": None if report.descent is None else [_descent(one, lang) for one in report.descent],
    }
    page = Page(
        "area.html.j2",
        context,
        lang=lang,
        styles=(*STYLES, *map_tools.styles(standalone=standalone)),
        scripts=(*SCRIPTS, *map_tools.later_scripts(standalone=standalone)),
        standalone=standalone,
    )
    extent = layers.bounds(whole) or layers.bounds(drawn)
    label = catalogue.words("area_page", lang)["map"]
    chart = CountyMap(extent, label=label, tiled=basemap is not None)
    chart.add_to(page)
    map_tools.Tools((), frame, lang, standalone=standalone).add_to(chart)
    if basemap:
        layers.Tiles(basemap, lang).add_to(chart)
    colours = palette.for_script()
    colours["status"] = {**colours["status"], "of_beside": _BESIDE}  # type: ignore[dict-item]
    areas = layers.Areas(_table(report, lang), layers.shape_data(drawn), colours).add_to(chart)
    outline = [Outline(own.code, own.name if report.children else "", shapes[own.code])] if own.code in shapes else []
    lines = layers.Outlines(outline, whole if outline else whole[:0], palette.OUTLINE, areas).add_to(chart)
    layers.Names(areas, lines).add_to(chart)
    Rows(areas, area_page).add_to(chart)
    return page.render()


class Rows(Piece):
    """Ties the rows of the areas below to the map."""

    def __init__(self, areas: layers.Areas, area_page: str | None) -> None:
        super().__init__("rows")
        self.areas, self.area_page = areas, area_page

    def data(self) -> object:
        """Where the pages of areas are."""
        return {"page": self.area_page}

    def statement(self) -> str:
        """Listens to the rows."""
        return f"wangge.areaPage({self.chart}, {self.areas.get_name()}, {self.read});"


def _table(report: AreaReport, lang: Lang) -> dict[str, object]:
    """What lies inside, coloured by its status, and what lies beside it."""
    own = report.coverage.facts
    level = own.level
    rows = [_values(row, lang) for row in report.children or (report.coverage,)]
    rows += [
        [code, name, labels.area_kind(None, level, lang), "", "", "of_beside", 0, None, None, []]
        for code, name in report.beside.items()
    ]
    return {
        "level": report.child_level or level,
        "columns": COLUMNS,
        "shared": (),
        "rows": rows,
        "texts": [],
        "gaps": [],
    }


def _values(row: AreaCoverage, lang: Lang) -> list[object]:
    facts = row.facts
    return [
        facts.code,
        facts.name,
        labels.kind_name(facts, lang),
        facts.path.removesuffix(facts.code),
        facts.parent_name or "",
        row.status,
        int(row.unassigned),
        facts.visits,
        row.required,
        [],
    ]


def _to(page: str | None, code: str) -> str | None:
    return page and page.replace("CODE", quote(code, safe=""))


def _context(report: AreaReport, lang: Lang, links: Links) -> dict[str, object]:
    words = labels.words(lang) | catalogue.words("area_page", lang)
    facts = report.coverage.facts
    month = labels.month_name(report.month, lang)
    return {
        "words": words,
        "words_json": script_json(words),
        "colours": palette.css_variables(),
        "place": facts.name,
        "subject": labels.kind_name(facts, lang),
        "when": month,
        "level": "",
        "level_links": [],
        "title": f"{facts.name} · {labels.kind_name(facts, lang)} · {month}",
        "county": report.county_name,
        "area": facts,
        "facts": _facts(report, words, lang),
        "coverage": _coverage(report.coverage, words, lang),
        "coverage_title": words["coverage"].format(month=month),
        "status": report.coverage.status,
        "statuses": STATUSES if report.children else (),
        "unassigned": report.coverage.unassigned,
        "notes": [words["as_of"].format(day=labels.day(report.as_of, lang)), words["current"].format(n=report.version)],
        "bars": bars.svg([_bar(when, row, words, lang) for when, row in report.trend], words["trend"]),
        "held": _held(report, words, lang),
        "places": [_place(one, words, lang) for one in report.places],
        "places_named": any(one.names is not None for one in report.places),
        "visits": [
            (labels.day(one.day, lang), one.cadre, words["between"].join(one.topics), one.note) for one in report.visits
        ],
        "issues_shown": words["issues_shown"].format(
            all=labels.number(report.open_issues), n=labels.number(len(report.issues))
        )
        if report.open_issues > len(report.issues)
        else "",
        "links": links,
    }


def _facts(report: AreaReport, words: Mapping[str, str], lang: Lang) -> list[tuple[str, str]]:
    facts = report.coverage.facts
    told = [(words["code"], facts.code)]
    for name, value in (("households", facts.households), ("population", facts.population)):
        if value is not None:
            told.append((words[name], labels.number(value)))
    told.append((words["size"], check_labels.square_metres(report.area_m2, lang)))
    told.append((words["tier"], f"{words[facts.tier]} · {labels.rule_text(report.coverage.rule, lang)}"))
    if facts.exclusion:
        day = labels.day(facts.exclusion.on, lang)
        text = words["excluded_by_whom"].format(reason=facts.exclusion.reason, by=facts.exclusion.by, day=day)
        told.append((words["exclusion"], text))
    return told


def _coverage(row: AreaCoverage, words: Mapping[str, str], lang: Lang) -> list[tuple[str, str]]:
    facts = row.facts
    visits = words["visits_only" if row.status == "excluded" else "visits_of"]
    told = [(words["visited"], visits.format(visits=labels.number(facts.visits), required=row.required))]
    told.append((words["cadres"], words["cadres_n"].format(n=facts.cadres)))
    spread = [("households_reached", facts.households_reached, facts.households)]
    if facts.level != "grid":
        spread.insert(0, ("grids_reached", facts.grids_reached, facts.grids))
    for name, reached, of_all in spread:
        if of_all:
            share = labels.percent(reached / of_all)
            text = words["share"].format(n=labels.number(reached), all=labels.number(of_all), percent=share)
            told.append((words[name], text))
    if facts.last_visit is None or row.days_since is None:
        told.append((words["last_visit"], words["never"]))
    else:
        ago = words["days_ago"].format(n=row.days_since)
        told.append((words["last_visit"], f"{labels.day(facts.last_visit, lang)} · {ago}"))
    if row.days_overdue and not facts.exclusion:
        told.append((words["overdue_by"], words["days_n"].format(n=row.days_overdue)))
    return told


def _bar(month: Month, row: AreaCoverage, words: Mapping[str, str], lang: Lang) -> bars.Bar:
    tip = words["trend_bar"].format(
        month=labels.month_name(month, lang), n=row.facts.visits, required=row.required, status=words[row.status]
    )
    mark = None if row.status == "excluded" else row.required
    label = f"{month.number}月" if lang == "zh-CN" else labels.month_name(month, lang)[:3]
    return bars.Bar(label, row.facts.visits, mark, row.status, tip)


def _held(report: AreaReport, words: Mapping[str, str], lang: Lang) -> list[SimpleNamespace]:
    own = report.coverage.facts.code
    return [
        SimpleNamespace(
            role=labels.role_name(one.role, lang),
            name=one.name,
            organisation=one.organisation,
            since=words["since"].format(day=labels.day(one.since, lang)),
            of="" if one.area.code == own else words["of_above"].format(name=one.area.name),
        )
        for one in report.held
    ]


def _place(one: PlaceCount, words: Mapping[str, str], lang: Lang) -> tuple[str, str, str]:
    names = words["between"].join(one.names or ())
    if one.names and len(one.names) < one.count:
        names += words["and_others"].format(n=labels.number(one.count))
    return labels.place_kind(one.kind, lang), labels.number(one.count), names


def _issue(one: OpenIssue, lang: Lang, page: str | None) -> SimpleNamespace:
    words = catalogue.words("area_page", lang)
    return SimpleNamespace(
        title=one.title or issue_labels.CATEGORY_WORDS[one.category].text(lang),
        href=page and page.replace("ID", one.id),
        day=labels.day(one.day, lang),
        category=issue_labels.CATEGORY_WORDS[one.category].text(lang),
        status=issue_labels.STATUS_WORDS[one.status].text(lang),
        due=words["due"].format(day=labels.day(one.due_on, lang)) if one.due_on else "",
        overdue=one.overdue,
    )


def _worst(numbered: tuple[int, AreaCoverage]) -> tuple[bool, int, int, int]:
    """Order of the areas below: nobody assigned, then by status and days overdue, then as they came."""
    at, row = numbered
    return not row.unassigned, _WORST.index(row.status), -(row.days_overdue or 0), at


def _child(row: AreaCoverage, at: int, lang: Lang, page: str | None) -> SimpleNamespace:
    words = labels.words(lang)
    facts = row.facts
    people = words["nobody"] if row.unassigned else "、".join(one.name for one in facts.responsible)
    visits = words["visits_only" if row.status == "excluded" else "visits_of"]
    return SimpleNamespace(
        at=at,
        name=facts.name,
        href=_to(page, facts.code),
        status=row.status,
        unassigned=row.unassigned,
        visits=visits.format(visits=labels.number(facts.visits), required=row.required),
        people=people,
        last=facts.last_visit.isoformat() if facts.last_visit else words["never"],
    )


def _descent(one: Descent, lang: Lang) -> tuple[str, str, str]:
    """Which version, what happened, and from or into what."""
    words = catalogue.words("area_page", lang)
    when = words["in_version"].format(n=one.version, day=labels.day(one.in_force_from, lang))
    relation = check_labels.RELATION_WORDS[one.relation].text(lang)
    if one.other is None:
        return when, relation, words["from_nothing" if one.before else "to_nothing"]
    code, name = one.other
    other = name if name == code else f"{name} {code}"
    return when, relation, words["was" if one.before else "became"].format(other=other)
