"""Imports on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from geo.errors import Lang
from geo.services.visit_flags import Flag
from geo.storage.queries.imports import Flagged, ImportInfo, Oddities, Refused


class RefusedRow(BaseModel):
    """A row that was not stored, and why."""

    row: int = Field(description="as the sender counts: rows of the sheet, the header being one, or lines")
    field: str
    reason: str

    @classmethod
    def of(cls, refused: Refused, lang: Lang) -> "RefusedRow":
        """From what is stored."""
        return cls(row=refused.row, field=refused.field, reason=refused.zh if lang == "zh-CN" else refused.en)


class FlaggedRow(BaseModel):
    """A row that was stored and looks odd."""

    row: int = Field(description="as of the refused rows")
    id: UUID = Field(description="of the visit")
    flags: list[Flag]

    @classmethod
    def of(cls, flagged: Flagged) -> "FlaggedRow":
        """From what is stored."""
        return cls.model_validate(flagged, from_attributes=True)


class Odd(BaseModel):
    """What looks odd about the rows that were stored, for who sent them to check; as it was when they were taken."""

    counts: dict[Flag, int] = Field(description="rows by flag; a row may have several")
    rows: int = Field(description="rows with any flag")
    first: list[FlaggedRow] = Field(description="the first of them")

    @classmethod
    def of(cls, oddities: Oddities | None) -> "Odd | None":
        """From what is stored."""
        if oddities is None:
            return None
        first = [FlaggedRow.of(one) for one in oddities.first]
        return cls.model_validate({"counts": oddities.counts, "rows": oddities.rows, "first": first})


class ImportOut(BaseModel):
    """How far an import has come."""

    id: UUID
    kind: Literal["visits", "issues"]
    file: str
    status: Literal["waiting", "done", "failed"] = Field(description="waiting: it is being taken, or soon will be")
    actor: str
    done: int = Field(description="rows that were taken so far")
    stored: int
    duplicate: int
    conflict: int
    rejected: int
    message: str | None = Field(
        description="why it failed: the file cannot be read, and nothing of it was stored; or taking it was broken off"
        " later, and the rows that `done` counts stay"
    )
    created_at: datetime
    finished_at: datetime | None
    refused: list[RefusedRow] = Field(description="the first rows that were refused; all of them as a sheet to mend")
    rejected_sheet: str | None = Field(description="where that sheet is")
    odd: Odd | None = Field(description="what looks odd about stored visits; null for all but who sent them")

    @classmethod
    def of(cls, info: ImportInfo, refused: list[Refused], lang: Lang, odd: Oddities | None = None) -> "ImportOut":
        """From what is stored."""
        message = info.message.get(lang) if info.message else None
        fields = {name: getattr(info, name) for name in cls.model_fields if hasattr(info, name) and name != "message"}
        return cls(
            **fields,
            message=message,
            refused=[RefusedRow.of(one, lang) for one in refused],
            rejected_sheet=f"/imports/{info.id}/rejected?format=xlsx" if info.rejected + info.conflict else None,
            odd=Odd.of(odd),
        )
