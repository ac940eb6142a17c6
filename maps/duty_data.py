"""A report of duties as the compact JSON that the map's script reads, and as the lines of the lists beside the map."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from geo.analysis.duty_maps import AreaDuty, CadreDuty, DutyReport
from geo.errors import Lang
from maps import catalogue, duty_palette, labels
from maps.shared_texts import Texts

COLUMNS: Final = (
    "code", "name", "kind", "above", "parent", "status", "unassigned", "load", "households", "exclusion", "holders",
    "responsible",
)  # fmt: skip

SHARED: Final = ("kind", "above", "parent", "status")


def table(report: DutyReport, lang: Lang) -> dict[str, object]:
    """The areas, those without anybody as positions in them, and the texts that several share.

    Who holds an area stands in ``holders`` as ``[cadre, role, since]``: a position in the report's cadres, and two in
    ``texts``. ``responsible`` is empty; maps of areas have that column.
    """
    texts = Texts()
    cadre = {one.staff_no: at for at, one in enumerate(report.cadres)}
    rows = [_values(row, report.level, cadre, texts, lang) for row in report.rows]
    cadres = [[one.name, texts[one.organisation_name], one.areas] for one in report.cadres]
    return {
        "level": report.level,
        "columns": COLUMNS,
        "shared": SHARED,
        "rows": rows,
        "cadres": cadres,
        "texts": list(texts),
        "gaps": [at for at, row in enumerate(report.rows) if row.unassigned],
    }


def _values(row: AreaDuty, level: str, cadre: Mapping[str, int], texts: Texts, lang: Lang) -> list[object]:
    area = row.area
    return [
        area.code,
        area.name,
        texts[labels.area_kind(area.kind, level, lang)],
        texts[area.path.removesuffix(area.code)],
        texts[area.parent_name or ""],
        texts[row.status],
        int(row.unassigned),
        row.load,
        area.households,
        area.exclusion,
        [
            [cadre[one.staff_no], texts[labels.role_name(one.role, lang)], texts[one.since.isoformat()]]
            for one in row.held
        ],
        [],
    ]


def cadre_lines(report: DutyReport, lang: Lang) -> list[dict[str, str]]:
    """The cadres as their list shows them, in the report's order."""
    return [_cadre(one, lang) for one in report.cadres]


def _cadre(one: CadreDuty, lang: Lang) -> dict[str, str]:
    words = catalogue.words("duty_map", lang)
    more = []
    if len(one.codes) != one.areas:
        more.append(words["holds_beyond"].format(n=labels.number(len(one.codes))))
    if one.other_levels:
        more.append(words["holds_more"].format(n=labels.number(one.other_levels)))
    return {
        "name": one.name,
        "organisation": one.organisation_name,
        "roles": words["between"].join(labels.role_name(role, lang) for role in one.roles),
        "holds": words["holds_n"].format(n=labels.number(one.areas)),
        "more": words["comma"].join(more),
    }


def area_lines(
    report: DutyReport, lang: Lang, drawn: Mapping[str, object], page: str | None
) -> list[dict[str, object]]:
    """The areas as their list shows them: those without anybody first.

    :param drawn: code → shape; an area without one is said to have none
    :param page: address of an area's page with ``CODE`` in it; None for no links
    """
    words = catalogue.words("duty_map", lang) | {"no_shape": labels.words(lang)["no_shape"]}
    position = {row.area.code: at for at, row in enumerate(report.rows)}
    nobody = words["nobody"]
    if report.role is not None:
        nobody = words["nobody_of_role"].format(role=labels.role_name(report.role, lang))
    lines: list[dict[str, object]] = []
    for row in report.listed():
        people = words["between"].join(f"{labels.role_name(one.role, lang)} {one.name}" for one in row.held)
        other = words["other"] if row.elsewhere else row.area.exclusion or nobody
        lines.append(
            {
                "at": position[row.area.code],
                "name": row.area.name,
                "parent": row.area.parent_name or "",
                "who": people or other,
                "load": words["load_n"].format(n=labels.number(row.load)) if row.load else "",
                "shapeless": "" if row.area.code in drawn else words["no_shape"],
                "badge": "unassigned" if row.unassigned else "excluded" if row.status == "excluded" else None,
                "href": page and page.replace("CODE", quote(row.area.code, safe="")),
            }
        )
    return lines


def for_script(report: DutyReport, lang: Lang, page: str | None) -> dict[str, object]:
    """What the script of the lists reads."""
    told = table(report, lang)
    return {
        "cadres": told["cadres"],
        "texts": told["texts"],
        "page": page,
        "highlight": duty_palette.for_script()["highlight"],
    }
