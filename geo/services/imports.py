"""Files of visits and issues, taken part by part.

Rows carry ids or get them from what they say, so that a part which comes again stores nothing twice. Who carries a file
on says in the transaction of each part how far it has come.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo.errors import Lang, UnknownAccount, UnknownJob
from geo.intake import batches, returned
from geo.intake import issues as issue_rows
from geo.intake import visits as visit_rows
from geo.intake.batches import Kind, Numbered
from geo.intake.cells import plain
from geo.intake.issues import NumberedIssue
from geo.intake.rejections import Rejection, Spoiled, as_it_came, set_aside
from geo.limits import MAX_CELL_CHARS
from geo.services import accounts, household_ids, issues, visits
from geo.services.accounts import Access
from geo.services.issues import IssueAnswer
from geo.services.visits import Answer, Tagged
from geo.storage.queries import imports
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.imports import Flagged, ImportInfo, Oddities, Refused

_PLACE: Final = "place"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a file, as they came and as they were read."""

    rows: Sequence[Numbered]
    good: Tagged | list[NumberedIssue]
    refused: list[Rejection]


def reader(session: Session, county: CountyInfo, kind: Kind, *, typed: bool) -> Callable[[Sequence[Numbered]], Part]:
    """What checks some rows of a file and tags visits, without a database and so in whatever thread.

    What it made is to be taken in the transaction that it was asked in: until that ends no other areas come into force.

    :param typed: values are those of JSON; otherwise all are texts of a sheet
    :raises NoBoundaries: nothing is in force that visits could be tagged to
    """
    now = datetime.now(UTC)
    if kind == "issues":
        parse_issues = issue_rows.parse if typed else issue_rows.parse_sheet

        def read_issues(rows: Sequence[Numbered]) -> Part:
            whole, spoiled = set_aside(rows)
            good, refused = parse_issues(whole, zone=county.zone, now=now)
            return Part(rows, good, [*spoiled, *refused])

        return read_issues
    areas = visits.areas_in_force(session, county.code)
    parse = visit_rows.parse if typed else visit_rows.parse_sheet

    def read(rows: Sequence[Numbered]) -> Part:
        whole, spoiled = set_aside(rows)
        good, refused = parse(whole, zone=county.zone, now=now)
        return Part(rows, visits.with_tags(good, areas), [*spoiled, *refused])

    return read


def take(
    session: Session, county: CountyInfo, part: Part, *, by: Access | None = None, entered_by: str | None = None
) -> Sequence[Answer] | Sequence[IssueAnswer]:
    """Store some rows of a file and answer each."""
    if isinstance(part.good, Tagged):
        return visits.record(session, county, part.good, part.refused, by=by, entered_by=entered_by)
    return issues.report(session, county, part.good, part.refused, by=by, entered_by=entered_by, offer_similar=False)


def get(session: Session, county: str, id_: UUID, *, by: Access) -> ImportInfo:
    """One import: one's own, or any for those who manage; raises `UnknownJob`."""
    found = imports.get(session, county, id_)
    if found is None or not (found.actor == by.name or by.may("manage")):
        raise UnknownJob(id=id_)
    return found


def oddities(session: Session, info: ImportInfo, *, by: Access, limit: int) -> Oddities | None:
    """What looks odd about the rows of an import, for who sent it; None for all others."""
    return imports.oddities(session, info.county, info.id, limit=limit) if info.actor == by.name else None


def sender(session: Session, name: str) -> Access:
    """Who sent it, with what the account may do now; raises `UnknownAccount` if it was ended meanwhile."""
    account = accounts.get(session, name)
    if not account.active:
        raise UnknownAccount(name=name)
    return accounts.access_of(account)


def note(
    session: Session,
    info: ImportInfo,
    part: Sequence[Numbered],
    answers: Sequence[Answer] | Sequence[IssueAnswer],
    titles: Mapping[str, str],
) -> None:
    """Count what became of a part, and keep what was refused or looks odd, in the transaction that stores it.

    Where ids of households are hashed, no id is kept that may be one.
    """
    cells: Mapping[int, Mapping[str, Any]] = dict(part)
    refused = [
        Refused(one.row, _plain(as_it_came(cells[one.row])), *map(_clean, _said(one.rejection)))
        for one in answers
        if one.rejection is not None
    ]
    if household_ids.are_hashed(session):
        named = [_may_name_households(cells[one.row], info.kind) for one in refused]
        refused = _without_households(session, info.county, refused, named)
    flagged = [
        Flagged(one.row, UUID(one.id), one.flags) for one in answers if isinstance(one, Answer) and one.id and one.flags
    ]
    outcomes = Counter[str](one.outcome for one in answers)
    imports.add_part(session, info.county, info.id, outcomes, refused, titles, flagged)


def _may_name_households(cells: Mapping[str, Any], kind: Kind) -> set[str]:
    """Columns in which the id of a household may stand.

    Those that are none of the kind's; and of a row with a cell too many, whose cells have slipped, all from its own on.
    """
    names = list(as_it_came(cells))
    slipped = isinstance(cells, Spoiled) and cells.surplus and _PLACE in names
    others = {name for name in names if name not in batches.ROWS[kind].model_fields}
    return {_PLACE, *others, *(names[names.index(_PLACE) :] if slipped else ())}


def _without_households(
    session: Session, county: str, refused: Sequence[Refused], named: Sequence[set[str]]
) -> list[Refused]:
    said = [
        {name: plain(str(value)) for name, value in one.cells.items() if name in names and value not in (None, "")}
        for one, names in zip(refused, named, strict=True)
    ]
    under = household_ids.masked(session, county, {id_ for ids in said for id_ in ids.values()})
    out = []
    for one, ids in zip(refused, said, strict=True):
        kept = {name: under[id_] for name, id_ in ids.items() if id_ in under}
        en, zh = one.en, one.zh
        if one.field == _PLACE and _PLACE in kept:
            en, zh = (text.replace(ids[_PLACE], kept[_PLACE]) for text in (en, zh))
        out.append(replace(one, cells=one.cells | kept, en=en, zh=zh))
    return out


def _said(rejection: Rejection) -> tuple[str, str, str]:
    return rejection.field, rejection.en, rejection.zh


def _plain(cells: Mapping[str, Any]) -> dict[str, Any]:
    """A row as PostgreSQL keeps JSON: without NUL, which it refuses. No cell is longer than a workbook's can be."""
    return {_clean(name): _kept(value) for name, value in cells.items()}


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _clean(value if isinstance(value, str) else str(value))


def _clean(text: str) -> str:
    return text[:MAX_CELL_CHARS].replace("\0", "�")


def rejected_sheet(info: ImportInfo, refused: Sequence[Refused], form: str, lang: Lang) -> bytes:
    """The refused rows as they came, with what is wrong with each, as a csv or xlsx file to mend and send again."""
    reasons = {one.row: (one.field, one.zh if lang == "zh-CN" else one.en) for one in refused}
    return returned.render([(one.row, one.cells) for one in refused], reasons, info.titles, form)
