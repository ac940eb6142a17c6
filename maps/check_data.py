"""A boundary report as the compact JSON that the map's script reads: kinds, and one list of values an entry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.analysis.boundaries import BoundaryReport
from geo.errors import Lang
from geo.space.checks import Finding
from geo.space.crs import Frame
from geo.space.lineage import Link
from maps import check_labels, labels, layers
from maps.catalogue import Word
from maps.check_labels import CHECK_WORDS, FINDING_WORDS, RELATION_WORDS
from maps.polyline import encode_polygons

MAX_ENTRIES: Final = 2_000
"""Entries of one kind that the page lists and draws; the workbook has them all."""

Group = Literal["problem", "finding", "change", "note"]

_DECIMALS: Final = 8
"""Of the ground of a finding: a sliver is narrower than the metre that outlines are rounded to."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How entries of one kind are shown.

    :ivar colour: of mark and fill, ``#rrggbb``, dark enough for white letters
    :ivar sign: one character on the mark: kinds are not told apart by colour alone
    """

    name: str
    word: Word
    group: Group
    colour: str
    sign: Word


KINDS: Final = (
    Kind("forbids", CHECK_WORDS["forbids"], "problem", "#6b0f1a", Word("!", "!")),
    Kind("overlap", FINDING_WORDS["overlap"], "finding", "#b3261e", Word("叠", "O")),
    Kind("gap", FINDING_WORDS["gap"], "finding", "#8a5a00", Word("隙", "G")),
    Kind("outside_parent", FINDING_WORDS["outside_parent"], "finding", "#8e3b8f", Word("外", "X")),
    Kind("uncovered", FINDING_WORDS["uncovered"], "finding", "#5b5b00", Word("空", "U")),
    Kind("merged", RELATION_WORDS["merged"], "change", "#005f9e", Word("并", "M")),
    Kind("split", RELATION_WORDS["split"], "change", "#00695f", Word("拆", "S")),
    Kind("moved", RELATION_WORDS["moved"], "change", "#3f51b5", Word("移", "B")),
    Kind("renamed", RELATION_WORDS["renamed"], "change", "#4e6a1e", Word("名", "N")),
    Kind("renumbered", RELATION_WORDS["renumbered"], "change", "#2f6f7e", Word("码", "#")),
    Kind("new", RELATION_WORDS["new"], "change", "#1b7a3d", Word("新", "+")),
    Kind("gone", RELATION_WORDS["gone"], "change", "#444c52", Word("撤", "−")),
    Kind("warning", CHECK_WORDS["warning"], "note", "#6d5f2a", Word("注", "i")),
    Kind("repaired", FINDING_WORDS["repaired"], "note", "#5a4a8a", Word("修", "R")),
    Kind("multipart", FINDING_WORDS["multipart"], "note", "#5f6b73", Word("多", "P")),
    Kind("hole", FINDING_WORDS["hole"], "note", "#5f6b73", Word("孔", "H")),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list.

    :ivar ground: of a finding, drawn exactly
    :ivar new: code of the new area that is filled; ``old`` of the old one whose border is dashed
    """

    kind: str
    title: str
    detail: str
    size: str
    facts: tuple[tuple[str, str], ...]
    ground: BaseGeometry | None = None
    new: str | None = None
    old: str | None = None


def counts(report: BoundaryReport) -> dict[str, int]:
    """How many entries there are of each kind that occurs, in the order of `KINDS`."""
    found = {kind.name: report.count(kind.name) for kind in KINDS}
    found["forbids"] = sum(one.forbids for one in report.problems)
    found["warning"] = len(report.problems) - found["forbids"]
    return {name: count for name, count in found.items() if count}


def table(
    report: BoundaryReport,
    shapes: Mapping[str, BaseGeometry],
    old_shapes: Mapping[str, BaseGeometry],
    *,
    lang: Lang,
    frame: Frame,
) -> dict[str, object]:
    """Kinds, entries with their places, and the shapes they point to, placed in a frame."""
    entries = _limited(_entries(report, lang))
    grounds = layers.placed([one.ground for one in entries], frame)
    new, new_at = _drawn([one.new for one in entries], shapes, frame)
    old, old_at = _drawn([one.old for one in entries], old_shapes, frame)
    known = counts(report)
    names = list(known)
    rows = []
    for at, one in enumerate(entries):
        at_new, at_old = new_at.get(one.new), old_at.get(one.old)
        shown = grounds[at] if grounds[at] is not None else new[at_new] if at_new is not None else None
        shown = shown if shown is not None or at_old is None else old[at_old]
        place = None if shown is None else _point(shown)
        rows.append(
            [
                names.index(one.kind),
                one.title,
                one.detail,
                one.size,
                one.facts,
                place,
                _flat(grounds[at]),
                at_new,
                at_old,
            ]
        )
    kinds = [kind for kind in KINDS if kind.name in known]
    return {
        "kinds": [[k.name, k.word.text(lang), k.group, k.colour, k.sign.text(lang), known[k.name]] for k in kinds],
        "entries": rows,
        "new": encode_polygons(new),
        "old": encode_polygons(old),
    }


def _limited(entries: Iterator[Entry]) -> list[Entry]:
    order = {kind.name: at for at, kind in enumerate(KINDS)}
    seen: dict[str, int] = {}
    kept: list[Entry] = []
    for one in entries:
        seen[one.kind] = seen.get(one.kind, 0) + 1
        if seen[one.kind] <= MAX_ENTRIES:
            kept.append(one)
    return sorted(kept, key=lambda one: order[one.kind])


def _entries(report: BoundaryReport, lang: Lang) -> Iterator[Entry]:
    for problem in report.problems:
        told = problem.zh if lang == "zh-CN" else problem.en
        row = CHECK_WORDS["row_n"].text(lang).format(n=problem.row) if problem.row else ""
        where = " · ".join(part for part in (row, problem.field) if part)
        yield Entry("forbids" if problem.forbids else "warning", told, where, "", ())
    for finding in report.findings:
        yield _of_finding(report, finding, lang)
    for link in report.changes:
        if link.relation != "same":
            yield _of_change(link, lang)


def _of_finding(report: BoundaryReport, one: Finding, lang: Lang) -> Entry:
    word = {key: value.text(lang) for key, value in CHECK_WORDS.items()}
    level, detail = labels.level_name(one.level, lang), check_labels.finding_detail(one, lang)
    size = check_labels.square_metres(one.area_m2, lang)
    facts = [(word["level"], level), (word["codes"], ", ".join(one.codes)), (word["size"], size)]
    if one.width_m:
        facts.append((word["width"], f"{one.width_m:,.2f}"))
    if detail:
        facts.append((word["detail"], detail))
    title = check_labels.names_of(report, one.codes, lang)
    is_point = one.geometry.geom_type == "Point"
    new = one.codes[0] if is_point else None
    return Entry(one.kind, title, " · ".join(filter(None, (level, detail))), size, tuple(facts), one.geometry, new=new)


def _of_change(link: Link, lang: Lang) -> Entry:
    word = {key: value.text(lang) for key, value in CHECK_WORDS.items()}
    level = labels.level_name(link.level, lang)
    facts = [(word["level"], level)]
    if link.old_code is not None:
        facts.append((word["old"], f"{link.old_name or ''} {link.old_code}"))
    if link.new_code is not None:
        facts.append((word["new_border"], f"{link.new_name or ''} {link.new_code}"))
    size = ""
    if link.old_code is not None and link.new_code is not None:
        shares = ("share_of_old", link.share_of_old), ("share_of_new", link.share_of_new), ("iou", link.iou)
        facts += [(word[key], f"{100 * share:.1f} %") for key, share in shares]
        size = f"{100 * link.iou:.1f} %"
    return Entry(
        link.relation, check_labels.change_text(link), level, size, tuple(facts), new=link.new_code, old=link.old_code
    )


def _drawn(
    codes: list[str | None], shapes: Mapping[str, BaseGeometry], frame: Frame
) -> tuple[list[BaseGeometry | None], dict[str | None, int]]:
    """Shapes of some codes, each once, and the place of each."""
    wanted = [code for code in dict.fromkeys(codes) if code is not None and code in shapes]
    placed = layers.placed([shapes[code] for code in wanted], frame)
    return placed.tolist(), {code: at for at, code in enumerate(wanted)}


def _point(geometry: BaseGeometry) -> list[float]:
    point = shapely.point_on_surface(geometry)
    return [round(point.x, _DECIMALS), round(point.y, _DECIMALS)]


def _flat(geometry: BaseGeometry | None) -> list[list[float]]:
    """Rings of a polygon as lon, lat, lon, lat …; none of a point."""
    if geometry is None or geometry.geom_type == "Point":
        return []
    rings = shapely.get_rings(shapely.get_parts(geometry))
    return [np.round(shapely.get_coordinates(ring), _DECIMALS).ravel().tolist() for ring in rings]
