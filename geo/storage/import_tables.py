"""The tables of imports: files that were sent, how far each has come, and the rows that were refused.

A file is taken in parts, each a transaction that stores its rows and says so here, so that an import that was cut off
goes on where it stopped. The file itself lies in the service's own folder until it is done.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.tables import Base


class Import(Base):
    """A file of visits or issues that was sent over HTTP.

    :ivar actor: the account that sent it
    :ivar titles: of each column in its order the name that it has here, and its title as it came
    :ivar done: rows that were taken so far, whatever became of them
    :ivar message: why it failed, in English and Chinese
    """

    __tablename__ = "imports"

    county_code: Mapped[str] = mapped_column(ForeignKey("counties.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    file: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    actor: Mapped[str]
    titles: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    done: Mapped[int] = mapped_column(server_default=text("0"))
    stored: Mapped[int] = mapped_column(server_default=text("0"))
    duplicate: Mapped[int] = mapped_column(server_default=text("0"))
    conflict: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    message: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind IN ('visits', 'issues')", name="kind"),
        CheckConstraint("status IN ('waiting', 'done', 'failed')", name="status"),
        CheckConstraint("done = stored + duplicate + conflict + rejected", name="counts"),
        Index(None, "county_code", "created_at"),
    )


class ImportRejection(Base):
    """A row that was refused, as it came, and why."""

    __tablename__ = "import_rejections"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[dict[str, Any]] = mapped_column(JSONB)
    field: Mapped[str]
    en: Mapped[str]
    zh: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "import_id"], ["imports.county_code", "imports.id"], ondelete="CASCADE"),
    )


class ImportFlag(Base):
    """A row that was stored and looked odd then, for who sent it to check.

    :ivar flags: those of `geo.services.visit_flags`; a later correction changes those of the visit only
    """

    __tablename__ = "import_flags"

    county_code: Mapped[str] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visit_id: Mapped[UUID]
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text))

    __table_args__ = (
        ForeignKeyConstraint(["county_code", "import_id"], ["imports.county_code", "imports.id"], ondelete="CASCADE"),
    )
