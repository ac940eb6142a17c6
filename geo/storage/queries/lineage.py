"""Lineage: which area became which, and what an activation carried over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from geo.space.lineage import RELATIONS, Link, Relation
from geo.storage.tables import BoundaryVersion, Carryover, Lineage

_NEW_CODE = ("renumbered", "merged", "split")


@dataclass(frozen=True, slots=True)
class Carried:
    """One row of ``carryovers``; see there."""

    kind: str
    outcome: str
    reason: str
    old_code: str
    new_code: str | None
    subject: str | None = None
    role: str | None = None
    old_id: int | None = None
    new_id: int | None = None
    until: date | None = None


def store(session: Session, county: str, version: int, links: Sequence[Link]) -> None:
    """Replace the lineage of a version."""
    session.execute(delete(Lineage).where(Lineage.county_code == county, Lineage.version == version))
    rows = [
        {
            "county_code": county,
            "version": version,
            "ordinal": ordinal,
            "level": link.level,
            "relation": link.relation,
            "old_code": link.old_code,
            "new_code": link.new_code,
            "old_name": link.old_name,
            "new_name": link.new_name,
            "share_of_old": link.share_of_old,
            "share_of_new": link.share_of_new,
            "iou": link.iou,
        }
        for ordinal, link in enumerate(links, start=1)
    ]
    if rows:
        session.execute(insert(Lineage), rows)


def links(session: Session, county: str, version: int) -> list[Link]:
    """Every link of a version, by level, old and new code."""
    rows = session.scalars(
        select(Lineage).where(Lineage.county_code == county, Lineage.version == version).order_by(Lineage.ordinal)
    )
    return [_link(row) for row in rows]


def page(
    session: Session, county: str, version: int, *, relation: Relation | None, after: int, limit: int
) -> list[tuple[int, Link]]:
    """Links of one relation, or of all but ``same``, each with its number, from after a number on."""
    wanted = Lineage.relation != "same" if relation is None else Lineage.relation == relation
    rows = session.scalars(
        select(Lineage)
        .where(Lineage.county_code == county, Lineage.version == version, wanted, Lineage.ordinal > after)
        .order_by(Lineage.ordinal)
        .limit(limit)
    )
    return [(row.ordinal, _link(row)) for row in rows]


def counts(session: Session, county: str, version: int) -> dict[Relation, int]:
    """Links of a version by relation, in the order of `RELATIONS`."""
    rows = session.execute(
        select(Lineage.relation, func.count())
        .where(Lineage.county_code == county, Lineage.version == version)
        .group_by(Lineage.relation)
    )
    found = {row[0]: row[1] for row in rows}
    return {relation: found[relation] for relation in RELATIONS if relation in found}


def store_carried(session: Session, county: str, version: int, rows: Sequence[Carried]) -> None:
    """Write what an activation carried over or left to decide."""
    values = [
        {"county_code": county, "version": version, "ordinal": ordinal}
        | {name: getattr(row, name) for name in Carried.__slots__}
        for ordinal, row in enumerate(rows, start=1)
    ]
    if values:
        session.execute(insert(Carryover), values)


def carried(session: Session, county: str, version: int) -> list[Carried]:
    """What the activation of a version carried over or left to decide, in its order."""
    rows = session.scalars(
        select(Carryover)
        .where(Carryover.county_code == county, Carryover.version == version)
        .order_by(Carryover.ordinal)
    )
    return [Carried(**{name: getattr(row, name) for name in Carried.__slots__}) for row in rows]


def forget(session: Session, county: str, version: int) -> None:
    """Remove what was carried over by a version: it was taken back."""
    session.execute(delete(Carryover).where(Carryover.county_code == county, Carryover.version == version))


def chain(session: Session, county: str) -> list[int]:
    """The versions that are or were in force, in the order in which they were activated; the last one is active."""
    replaced: Mapping[int, int | None] = {
        row.version: row.replaced
        for row in session.execute(
            select(BoundaryVersion.version, BoundaryVersion.replaced).where(
                BoundaryVersion.county_code == county, BoundaryVersion.status != "staged"
            )
        )
    }
    before = {old: new for new, old in replaced.items() if old is not None}
    current = next((version for version, old in replaced.items() if old is None), None)
    order: list[int] = []
    while current is not None:
        order.append(current)
        current = before.get(current)
    return order


def staged_on(session: Session, county: str, version: int) -> list[int]:
    """Staged versions that are compared with a version, the latest first."""
    query = select(BoundaryVersion.version).where(
        BoundaryVersion.county_code == county, BoundaryVersion.status == "staged", BoundaryVersion.based_on == version
    )
    return list(session.scalars(query.order_by(BoundaryVersion.version.desc())))


def successions(session: Session, county: str, version: int) -> list[tuple[str, str]]:
    """Pairs of an old and a new code in which the ground of an area went to another code, in one version."""
    rows = session.execute(
        select(Lineage.old_code, Lineage.new_code).where(
            Lineage.county_code == county, Lineage.version == version, Lineage.relation.in_(_NEW_CODE)
        )
    )
    return [(old, new) for old, new in rows if old is not None and new is not None]


def _link(row: Lineage) -> Link:
    return Link(
        level=row.level,
        relation=row.relation,
        old_code=row.old_code,
        new_code=row.new_code,
        old_name=row.old_name,
        new_name=row.new_name,
        share_of_old=row.share_of_old,
        share_of_new=row.share_of_new,
        iou=row.iou,
    )
