"""Published bulletins, and the names that bulletins speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from geo.months import Month
from geo.storage.bulletin_tables import BulletinFile, PublishedBulletin
from geo.storage.tables import Organisation


@dataclass(frozen=True, slots=True)
class EditionInfo:
    """An edition without its snapshot."""

    county: str
    month: Month
    edition: int
    published_at: datetime
    actor: str
    reason: str | None
    sha256: str


_INFO = (
    PublishedBulletin.county_code,
    PublishedBulletin.month,
    PublishedBulletin.edition,
    PublishedBulletin.published_at,
    PublishedBulletin.actor,
    PublishedBulletin.reason,
    PublishedBulletin.sha256,
)


def take_turn(session: Session, county: str, month: Month) -> None:
    """Wait for whoever publishes the same month until the transaction ends."""
    key = func.hashtextextended(f"bulletin {county} {month}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def editions(
    session: Session,
    county: str,
    *,
    month: Month | None = None,
    after: tuple[Month, int] | None = None,
    limit: int | None = None,
) -> list[EditionInfo]:
    """Editions, the latest month and edition first.

    :param after: month and edition of the last one that was seen
    """
    table = PublishedBulletin
    query = (
        select(*_INFO)
        .where(table.county_code == county)
        .order_by(table.month.desc(), table.edition.desc())
        .limit(limit)
    )
    if month is not None:
        query = query.where(table.month == month.first_day)
    if after is not None:
        query = query.where(func.row(table.month, table.edition) < func.row(after[0].first_day, after[1]))
    return [_info(row) for row in session.execute(query)]


def snapshot(session: Session, county: str, month: Month, edition: int) -> dict[str, Any] | None:
    """What was published."""
    table = PublishedBulletin
    return session.scalar(
        select(table.snapshot).where(
            table.county_code == county, table.month == month.first_day, table.edition == edition
        )
    )


def files(session: Session, county: str, month: Month, edition: int) -> dict[str, bytes]:
    """Files of an edition by name."""
    table = BulletinFile
    query = select(table.name, table.content).where(
        table.county_code == county, table.month == month.first_day, table.edition == edition
    )
    return {name: bytes(content) for name, content in session.execute(query.order_by(table.name))}


def file_hashes(session: Session, county: str, month: Month, edition: int) -> dict[str, str]:
    """The hashes that are stored beside the files."""
    table = BulletinFile
    query = select(table.name, table.sha256).where(
        table.county_code == county, table.month == month.first_day, table.edition == edition
    )
    return {row.name: row.sha256 for row in session.execute(query.order_by(table.name))}


def add(session: Session, info: Mapping[str, Any], files_: Mapping[str, tuple[bytes, str]]) -> None:
    """Store an edition and its files, each with its hash."""
    session.execute(insert(PublishedBulletin).values(**info))
    key = {name: info[name] for name in ("county_code", "month", "edition")}
    rows = [{**key, "name": name, "content": content, "sha256": of} for name, (content, of) in files_.items()]
    if rows:
        session.execute(insert(BulletinFile), rows)


def organisation_names(session: Session, county: str) -> dict[str, str]:
    """Names of organisations by code."""
    query = select(Organisation.code, Organisation.name).where(Organisation.county_code == county)
    return {row.code: row.name for row in session.execute(query)}


def _info(row: Any) -> EditionInfo:
    return EditionInfo(
        row.county_code, Month.of(row.month), row.edition, row.published_at, row.actor, row.reason, row.sha256
    )
