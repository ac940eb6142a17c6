"""Files of visits and issues, taken part by part: each part is a transaction that also says how far the file has come.

An import that was cut off (the server was killed, the database went away) goes on after the last part that was
committed; rows carry ids or get them from what they say, so nothing is stored twice whatever happens.
"""

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from geo.errors import Lang, UnknownAccount, UnknownJob, WanggeError
from geo.intake import batches, returned
from geo.intake import issues as issue_rows
from geo.intake import visits as visit_rows
from geo.intake.batches import Kind, Numbered
from geo.intake.issues import NumberedIssue
from geo.intake.rejections import Rejection
from geo.intake.visit_columns import Visits
from geo.services import accounts, issues, visits
from geo.services.accounts import Access
from geo.services.issues import IssueAnswer
from geo.services.visits import Answer
from geo.storage import reach
from geo.storage.queries import counties, imports
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.imports import ImportInfo, Refused

PART_ROWS: Final = 2_000
"""Rows of one transaction: others who write wait no longer than it takes."""

_log = logging.getLogger("wangge.imports")


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a file, as they came and as they were read."""

    rows: Sequence[Numbered]
    good: Visits | list[NumberedIssue]
    refused: list[Rejection]


def read(county: CountyInfo, kind: Kind, rows: Sequence[Numbered], *, typed: bool) -> Part:
    """Check some rows of a file, as far as that can be done without a database.

    :param typed: values are those of JSON; otherwise all are texts of a sheet
    """
    now = datetime.now(UTC)
    if kind == "visits":
        parse = visit_rows.parse if typed else visit_rows.parse_sheet
        return Part(rows, *parse(rows, zone=county.zone, now=now))
    parse_issues = issue_rows.parse if typed else issue_rows.parse_sheet
    return Part(rows, *parse_issues(rows, zone=county.zone, now=now))


def take(
    session: Session, county: CountyInfo, part: Part, *, by: Access | None = None, entered_by: str | None = None
) -> Sequence[Answer] | Sequence[IssueAnswer]:
    """Store some rows of a file and answer each."""
    if isinstance(part.good, Visits):
        return visits.record(session, county, part.good, part.refused, by=by, entered_by=entered_by)
    return issues.report(session, county, part.good, part.refused, by=by, entered_by=entered_by, offer_similar=False)


def run(
    sessions: sessionmaker[Session], county: str, id_: UUID, path: Path, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Carry an import on to its end, and do away with its file. What goes wrong with the file is noted with it.

    :param stopped: asked between parts; the rest is left to a later start
    """
    with sessions() as holder:
        if not imports.claim(holder, id_):
            return
        try:
            if not _parts(sessions, county, id_, path, stopped):
                return
        except WanggeError as error:
            _fail(sessions, county, id_, error.text("en"), error.text("zh-CN"))
        except OSError as error:
            _log.warning("import %s: %s", id_, error)
            _fail(sessions, county, id_, "the file is not there any more; send it again", "文件已不存在，请重新上传")
        finally:
            imports.release(holder, id_)
            holder.rollback()
    path.unlink(missing_ok=True)


def carry_on(sessions: sessionmaker[Session], folder: Path, stopped: Callable[[], bool]) -> int:
    """Carry on every import that is not finished and whose file lies here; how many."""
    with sessions() as session:
        open_ = imports.waiting(session)
    mine = [(county, id_, path) for county, id_ in open_ if (path := file_of(folder, id_))]
    for county, id_, path in mine:
        run(sessions, county, id_, path, stopped)
    return len(mine)


def file_of(folder: Path, id_: UUID) -> Path | None:
    """Where the file of an import lies."""
    return next((path for path in folder.glob(f"{id_}.*") if path.suffix in batches.SUFFIXES), None)


def get(session: Session, county: str, id_: UUID, *, by: Access) -> ImportInfo:
    """One import: one's own, or any for those who manage; raises `UnknownJob`."""
    found = imports.get(session, county, id_)
    if found is None or not (found.actor == by.name or by.may("manage")):
        raise UnknownJob(id=id_)
    return found


def _parts(
    sessions: sessionmaker[Session], county_code: str, id_: UUID, path: Path, stopped: Callable[[], bool]
) -> bool:
    """Whether it came to an end."""
    with sessions() as session:
        info = imports.get(session, county_code, id_)
        if info is None or info.status != "waiting":
            return True
        county = counties.resolve(session, county_code)
    typed = path.suffix == batches.NDJSON
    rows = _after(batches.read(path, info.kind), info.done)
    titles = batches.titles(path, info.kind)
    for part in batches.parts(rows, PART_ROWS):
        if stopped():
            return False
        with sessions() as session, session.begin():
            by = _access(session, info.actor)
            reach.limit(session, by.reach)
            answers = take(session, county, read(county, info.kind, part, typed=typed), by=by, entered_by=by.name)
            _note(session, info, part, answers, titles)
    with sessions() as session, session.begin():
        imports.finish(session, county_code, id_, "done")
    return True


def _after(rows: Iterator[Numbered], done: int) -> Iterator[Numbered]:
    """The rows that were not taken before."""
    for at, row in enumerate(rows):
        if at >= done:
            yield row


def _access(session: Session, name: str) -> Access:
    """Who sent it, with what the account may do now; raises `UnknownAccount` if it was ended meanwhile."""
    account = accounts.get(session, name)
    if not account.active:
        raise UnknownAccount(name=name)
    return accounts.access_of(account)


def _note(
    session: Session,
    info: ImportInfo,
    part: Sequence[Numbered],
    answers: Sequence[Answer] | Sequence[IssueAnswer],
    titles: Mapping[str, str],
) -> None:
    cells: Mapping[int, Mapping[str, Any]] = dict(part)
    refused = [
        Refused(one.row, _plain(cells[one.row]), one.rejection.field, one.rejection.en, one.rejection.zh)
        for one in answers
        if one.rejection is not None
    ]
    imports.add_part(session, info.county, info.id, Counter(one.outcome for one in answers), refused, titles)


def _plain(cells: Any) -> dict[str, Any]:
    """A row as PostgreSQL keeps JSON: without NUL, which it refuses."""
    if not isinstance(cells, Mapping):
        return {"": str(cells)[:200].replace("\0", "�")}
    return {str(name).replace("\0", "�"): _clean(value) for name, value in cells.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "�").encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value).replace("\0", "�")


def _fail(sessions: sessionmaker[Session], county: str, id_: UUID, en: str, zh: str) -> None:
    with sessions() as session, session.begin():
        imports.finish(session, county, id_, "failed", {"en": en, "zh-CN": zh})


def rejected_sheet(info: ImportInfo, refused: Sequence[Refused], form: str, lang: Lang) -> bytes:
    """The refused rows as they came, with what is wrong with each, as a csv or xlsx file to mend and send again."""
    reasons = {one.row: (one.field, one.zh if lang == "zh-CN" else one.en) for one in refused}
    return returned.render([(one.row, one.cells) for one in refused], reasons, info.titles, form)
