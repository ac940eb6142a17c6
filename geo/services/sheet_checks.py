"""What forbids a row of a sheet beside what the row says itself: what is stored, and the rows above it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Table, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.intake.rejections import Rejection
from geo.services.lost_zeros import hint
from geo.services.sheet_kinds import SHEETS, Sheet
from geo.storage.queries import lost_zeros
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import Area, Assignment, Cadre, Organisation, Place

Record = Mapping[str, Any]
Wrong = dict[int, Rejection]
"""Why a record cannot be taken, by its place in the list."""

_NUMBERED: Final[Mapping[str, InstrumentedAttribute[str]]] = {
    "areas": Area.code,
    "cadres": Cadre.staff_no,
    "organisations": Organisation.code,
    "places": Place.id,
}
"""Tables whose ids a spreadsheet may have made numbers of."""

_CHINESE: Final = {"areas": "区域", "cadres": "干部", "organisations": "单位"}
_FOREVER: Final = date.max
_AT_ONCE: Final = 1_000


def check(
    session: Session, county: CountyInfo, sheet: Sheet, numbers: Sequence[int], records: Sequence[Record]
) -> Wrong:
    """Why records cannot be taken; of several reasons the first.

    :param numbers: of the rows, as the sender counts, one a record
    """
    wrong: Wrong = {}

    def refuse(at: int, field: str, en: str, zh: str) -> None:
        wrong.setdefault(at, Rejection(numbers[at], names.get(field, field), en, zh))

    names = {column: name for name, column in sheet.columns.items()}
    for column, (target, target_column) in sheet.references.items():
        _unknown(session, county, records, column, target, target_column, refuse)
    _shortened(session, county, sheet, records, refuse)
    _twice(sheet, numbers, records, wrong, refuse)
    if sheet is SHEETS["assignments"]:
        _second_heads(session, county, sheet, numbers, records, wrong, refuse)
    return wrong


Refuse = Callable[[int, str, str, str], None]


def _unknown(
    session: Session,
    county: CountyInfo,
    records: Sequence[Record],
    column: str,
    target: Table,
    target_column: str,
    refuse: Refuse,
) -> None:
    """Records that point at what is not there."""
    wanted = {record[column] for record in records if record[column] is not None}
    query = select(target.c[target_column]).where(
        target.c.county_code == county.code, target.c[target_column].in_(wanted)
    )
    missing = wanted - set(session.scalars(query))
    meant = lost_zeros.find(session, county.code, _NUMBERED[target.name], missing)
    for at, record in enumerate(records):
        said = record[column]
        if said in missing:
            en, zh = hint(said, meant)
            called = _CHINESE[target.name]
            refuse(
                at,
                column,
                f"{said} is not among the {target.name}{en or '; import them first'}",
                f"{called}中没有 {said}{zh or f'，请先导入{called}'}",
            )


def _shortened(session: Session, county: CountyInfo, sheet: Sheet, records: Sequence[Record], refuse: Refuse) -> None:
    """Records whose own id would be new, and is a stored one without its zeros."""
    (key, *others) = sheet.key
    if others or key in sheet.references or sheet.table.name not in _NUMBERED:
        return
    wanted = {str(record[key]) for record in records}
    query = select(sheet.table.c[key]).where(
        sheet.table.c.county_code == county.code, sheet.table.c[key] == func.any(list(wanted))
    )
    meant = lost_zeros.find(session, county.code, _NUMBERED[sheet.table.name], wanted - set(session.scalars(query)))
    for at, record in enumerate(records):
        if record[key] in meant:
            en, zh = hint(record[key], meant)
            refuse(at, key, f"there is no {record[key]} yet{en}", f"尚无 {record[key]}{zh}")


def _twice(sheet: Sheet, numbers: Sequence[int], records: Sequence[Record], wrong: Wrong, refuse: Refuse) -> None:
    """Records whose key stands already in a row above."""
    seen: dict[tuple[Any, ...], int] = {}
    for at, record in enumerate(records):
        if at in wrong:
            continue
        key = key_of(sheet, record)
        first = seen.setdefault(key, numbers[at])
        if first != numbers[at]:
            said = " ".join(str(part) for part in key)
            refuse(at, sheet.key[0], f"{said} stands already in row {first}", f"{said} 与第 {first} 行重复，请只留一行")


def _second_heads(
    session: Session,
    county: CountyInfo,
    sheet: Sheet,
    numbers: Sequence[int],
    records: Sequence[Record],
    wrong: Wrong,
    refuse: Refuse,
) -> None:
    """Heads of a grid while it has another, by what is stored or by a row above.

    What the sheet corrects counts as it will be, wherever in the sheet that stands.
    """
    heads = [at for at, record in enumerate(records) if record["role"] == "grid_head" and at not in wrong]
    corrected = {key_of(sheet, records[at]) for at in heads}
    there: dict[str, list[tuple[date, date, str, str]]] = defaultdict(list)
    query = select(Assignment.area_code, Assignment.role, Assignment.staff_no, Assignment.from_day, Assignment.to_day)
    areas = {records[at]["area_code"] for at in heads}
    heads_there = query.where(
        Assignment.county_code == county.code, Assignment.role == "grid_head", Assignment.area_code.in_(areas)
    )
    for area, role, staff, begin, end in session.execute(heads_there):
        if (area, role, staff, begin) not in corrected:
            there[area].append((begin, end or _FOREVER, staff, staff))
    for at in heads:
        record = records[at]
        area, begin, end = record["area_code"], record["from_day"], record["to_day"] or _FOREVER
        other = next((one for one in there[area] if begin < one[1] and one[0] < end), None)
        if other is None:
            staff = record["staff_no"]
            there[area].append((begin, end, f"{staff} (row {numbers[at]})", f"{staff}（第 {numbers[at]} 行）"))
            continue
        days = f"{other[0]}", "" if other[1] == _FOREVER else f"{other[1]}"
        refuse(
            at,
            "role",
            *second_head(
                f"{area} has {other[2]} from {days[0]}{days[1] and f' to {days[1]}'}; end that first",
                f"{area} 从 {days[0]} {days[1] and f'到 {days[1]} '}已有 {other[3]}，请先填写其截止日",
            ),
        )


def key_of(sheet: Sheet, record: Record) -> tuple[Any, ...]:
    """What finds a record again among those of its kind."""
    return tuple(record[name] for name in sheet.key)


def stored_keys(session: Session, sheet: Sheet, records: Sequence[Record]) -> set[tuple[Any, ...]]:
    """Keys of the records that are there already."""
    columns = [sheet.table.c[name] for name in sheet.key]
    found: set[tuple[Any, ...]] = set()
    for begin in range(0, len(records), _AT_ONCE):
        part = records[begin : begin + _AT_ONCE]
        query = select(*columns).where(
            sheet.table.c.county_code == part[0]["county_code"],
            tuple_(*columns).in_([key_of(sheet, record) for record in part]),
        )
        found |= {tuple(row) for row in session.execute(query)}
    return found


def second_head(en: str, zh: str) -> tuple[str, str]:
    """The sentence about a second head of a grid, with what is known of the first."""
    return f"a grid has one head at a time: {en}", f"同一网格同一时间只能有一名网格长：{zh}"
