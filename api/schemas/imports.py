"""Imports on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from geo.errors import Lang
from geo.storage.queries.imports import ImportInfo, Refused


class RefusedRow(BaseModel):
    """A row that was not stored, and why."""

    row: int = Field(description="as the sender counts: rows of the sheet, the header being one, or lines")
    field: str
    reason: str

    @classmethod
    def of(cls, refused: Refused, lang: Lang) -> "RefusedRow":
        """From what is stored."""
        return cls(row=refused.row, field=refused.field, reason=refused.zh if lang == "zh-CN" else refused.en)


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
    message: str | None = Field(description="why it failed; what was taken until then stays")
    created_at: datetime
    finished_at: datetime | None
    refused: list[RefusedRow] = Field(description="the first rows that were refused; all of them as a sheet to mend")
    rejected_sheet: str | None = Field(description="where that sheet is")

    @classmethod
    def of(cls, info: ImportInfo, refused: list[Refused], lang: Lang) -> "ImportOut":
        """From what is stored."""
        message = info.message.get(lang) if info.message else None
        fields = {name: getattr(info, name) for name in cls.model_fields if hasattr(info, name) and name != "message"}
        return cls(
            **fields,
            message=message,
            refused=[RefusedRow.of(one, lang) for one in refused],
            rejected_sheet=f"/imports/{info.id}/rejected?format=xlsx" if info.rejected + info.conflict else None,
        )
