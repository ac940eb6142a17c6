"""The tables of published bulletins: the snapshot of every edition with its hash, and the maps that belong to it.

A trigger keeps both from being changed or removed: what was published stays as it was, and a correction is another
edition.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.tables import Base


class PublishedBulletin(Base):
    """An edition of a month's bulletin.

    :ivar month: its first day
    :ivar actor: the account that published it
    :ivar snapshot: the whole bulletin; ``sha256`` is that of its canonical form
    :ivar reason: why there is an edition after the first
    """

    __tablename__ = "bulletins"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published_at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    reason: Mapped[str | None]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[str]

    __table_args__ = (
        CheckConstraint("edition > 0", name="edition"),
        CheckConstraint("edition = 1 OR reason IS NOT NULL", name="reason"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
    )


class BulletinFile(Base):
    """A file that belongs to an edition as it was drawn when that was published: a map, or the county's template."""

    __tablename__ = "bulletin_files"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "month", "edition"],
            ["bulletins.county_code", "bulletins.month", "bulletins.edition"],
        ),
    )
