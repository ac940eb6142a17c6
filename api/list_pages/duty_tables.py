"""The three lists of who is responsible: assignments in force, areas with nobody, and cadres with too many or none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from api import addresses
from api.tables import Choice, Column, Piece, Table
from geo.errors import Lang
from geo.services.duties import Duty, DutyReport
from geo.space.codes import Level
from geo.storage.queries import areas
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.assignments import AssignmentInfo
from geo.storage.queries.boundaries import VersionInfo
from maps import catalogue, labels

PATH: Final = "/desk/assignments"
Kept = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment and its area, None where the boundaries in force have it no more.

    :ivar name: of the area, the village before a grid: every village has a first grid
    """

    one: AssignmentInfo
    area: AreaInfo | None
    name: str


@dataclass(frozen=True, slots=True)
class Without:
    """An area that nobody holds a role for."""

    code: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A cadre, and whether it is too much or nothing."""

    duty: Duty
    standing: str


def with_parents(session: Session, version: VersionInfo, found: Collection[AreaInfo]) -> dict[str, AreaInfo]:
    """Areas by code, and the villages of the grids among them."""
    known = {one.code: one for one in found}
    above = {one.parent for one in found if one.level == "grid" and one.parent}
    return areas.by_codes(session, version, sorted(above - set(known))) | known


def full_name(area: AreaInfo, known: Mapping[str, AreaInfo]) -> str:
    """The name of an area, the village before a grid."""
    above = known.get(area.parent or "") if area.level == "grid" else None
    return f"{above.name} {area.name}" if above else area.name


def held_table(rows: Sequence[Held], lang: Lang, kept: Kept, *, may: bool) -> Table[Held]:
    """Assignments in force.

    :param may: whether the reader may change them
    """
    say = catalogue.words("duties", lang)
    common = {key: kept.get(key) for key in ("county", "lang")}

    def name(row: Held) -> list[Piece]:
        has_page = row.area is not None and row.area.level != "county"
        return [Piece(row.name, addresses.to(addresses.of_area(row.one.area), common) if has_page else "")]

    def actions(row: Held) -> list[Piece]:
        over = addresses.to(f"{PATH}/hand-over", common, giver=row.one.staff_no, areas=row.one.area)
        return [
            Piece(say["end"], addresses.to(f"{PATH}/{row.one.id}/end", common)),
            Piece(say["hand_over"], over),
        ]

    columns: list[Column[Held]] = [
        Column("name", say["name"], lambda row: row.name, pieces=name, heading=True),
        Column("code", say["code"], lambda row: row.one.area, card="small"),
        Column(
            "level",
            say["level"],
            lambda row: labels.level_name(row.area.level, lang) if row.area else None,
            card="small",
        ),
        Column("role", say["role"], lambda row: labels.role_name(row.one.role, lang), card="lead"),
        Column("person", say["person"], lambda row: row.one.name, card="lead"),
        Column("staff_no", say["staff_no"], lambda row: row.one.staff_no, card="small"),
        Column("post", say["post"], lambda row: row.one.post, card="small"),
        Column("organisation", say["organisation"], lambda row: row.one.organisation_name, card="lead"),
        Column("from", say["from"], lambda row: row.one.from_day.isoformat(), card="small"),
        Column(
            "to", say["to"], lambda row: row.one.to_day.isoformat() if row.one.to_day else say["open_end"], card="small"
        ),
    ]
    if may:
        columns.append(Column("actions", say["actions"], lambda _: None, pieces=actions, exported=False))
    organisations = {row.one.organisation: row.one.organisation_name for row in rows}
    choices: list[Choice[Held]] = [
        Choice(
            "role", say["role"], {one: word.text(lang) for one, word in labels.ROLE_WORDS.items()},
            lambda row: {row.one.role},
        ),
        Choice(
            "organisation",
            say["organisation"],
            dict(sorted(organisations.items(), key=lambda one: one[0])),
            lambda row: {row.one.organisation},
        ),
    ]  # fmt: skip
    return Table(say["held_title"], columns, choices, empty=say["none_held"])


def without_rows(found: DutyReport, known: Mapping[str, AreaInfo]) -> list[Without]:
    """Areas with nobody; ``known`` names their parents."""
    return [
        Without(code, name, known[parent].name if parent and parent in known else parent or "")
        for code, name, parent in found.without
    ]


def without_table(found: DutyReport, lang: Lang, kept: Kept, *, may: bool) -> Table[Without]:
    """Areas with nobody of a role."""
    say = catalogue.words("duties", lang)
    common = {key: kept.get(key) for key in ("county", "lang")}

    def name(row: Without) -> list[Piece]:
        return [Piece(row.name, addresses.to(addresses.of_area(row.code), common))]

    columns: list[Column[Without]] = [
        Column("name", say["name"], lambda row: row.name, pieces=name, heading=True),
        Column("code", say["code"], lambda row: row.code, card="small"),
        Column("parent", say["parent"], lambda row: row.parent, card="lead"),
    ]
    if may:
        columns.append(
            Column(
                "actions",
                say["actions"],
                lambda _: None,
                pieces=lambda row: [
                    Piece(say["give"], addresses.to(f"{PATH}/give", common, areas=row.code, role=found.role))
                ],
                exported=False,
            )
        )
    return Table(
        f"{say['without_title']}（{_level(found.level, lang)}，{labels.role_name(found.role, lang)}）"
        if lang == "zh-CN"
        else f"{say['without_title']} ({_level(found.level, lang)}, {labels.role_name(found.role, lang)})",
        columns,
        empty=say["none_without"],
    )


def cadre_rows(found: DutyReport, *, whole: bool) -> list[Loaded]:
    """Cadres with too many areas, then those with none.

    :param whole: who holds nothing in a part of the county need not be known to those who see that part only
    """
    idle = found.idle if whole else ()
    return [*(Loaded(one, "heavy") for one in found.heavy), *(Loaded(one, "idle") for one in idle)]


def cadre_table(lang: Lang, kept: Kept, *, may: bool) -> Table[Loaded]:
    """Cadres by what they hold; by organisation, and never as a ranking."""
    say = catalogue.words("duties", lang)
    common = {key: kept.get(key) for key in ("county", "lang")}
    marks = {"heavy": "badge-under", "idle": "badge-plain"}

    def actions(row: Loaded) -> list[Piece]:
        staff_no = row.duty.load.staff_no
        if row.standing == "idle":
            return [Piece(say["give"], addresses.to(f"{PATH}/give", common, staff_no=staff_no))]
        return [Piece(say["hand_over"], addresses.to(f"{PATH}/hand-over", common, giver=staff_no))]

    columns: list[Column[Loaded]] = [
        Column("person", say["person"], lambda row: row.duty.load.name, heading=True),
        Column("staff_no", say["staff_no"], lambda row: row.duty.load.staff_no, card="small"),
        Column("organisation", say["organisation"], lambda row: row.duty.load.organisation_name, card="lead"),
        Column(
            "standing",
            say["standing"],
            lambda row: say[row.standing],
            key=lambda row: ("heavy", "idle").index(row.standing),
            pieces=lambda row: [Piece(say[row.standing], mark=marks[row.standing])],
            card="lead",
        ),
        Column("areas", say["areas"], lambda row: row.duty.load.areas, numeric=True),
        Column("households", say["households"], lambda row: row.duty.load.households, numeric=True),
        Column("days_overdue", say["days_overdue"], lambda row: row.duty.days_overdue, numeric=True),
    ]
    if may:
        columns.append(Column("actions", say["actions"], lambda _: None, pieces=actions, exported=False))
    choice: Choice[Loaded] = Choice(
        "standing", say["standing"], {one: say[one] for one in ("heavy", "idle")}, lambda row: {row.standing}
    )
    return Table(say["cadres_title"], columns, [choice], empty=say["none_cadres"])


def _level(level: Level, lang: Lang) -> str:
    return labels.level_name(level, lang)
