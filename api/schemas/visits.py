"""Visits on the wire; what comes in is `geo.intake.visits.VisitRow`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from geo.errors import Lang
from geo.services.visits import Answer, Outcome
from geo.storage.queries.visits import VisitRecord


class RowAnswer(BaseModel):
    """What became of one row."""

    row: int = Field(description="its place in the batch, from 1")
    outcome: Outcome
    id: UUID | None
    field: str | None = Field(default=None, description="the field that is wrong")
    reason: str | None = None
    sent: dict[str, Any] | None = Field(default=None, description="under an id that exists: what was sent")
    kept: dict[str, Any] | None = Field(default=None, description="and what is stored, which stays")

    @classmethod
    def of(cls, answer: Answer, lang: Lang) -> "RowAnswer":
        """From the service's answer."""
        return cls(
            row=answer.row,
            outcome=answer.outcome,
            id=answer.id,
            field=answer.rejection.field if answer.rejection else None,
            reason=answer.reason(lang),
            sent=answer.sent,
            kept=answer.kept,
        )


class BatchAnswer(BaseModel):
    """What became of a batch."""

    stored: int
    duplicate: int
    conflict: int
    rejected: int
    rows: list[RowAnswer]

    @classmethod
    def of(cls, answers: list[Answer], lang: Lang) -> "BatchAnswer":
        """From the service's answers."""
        counts = {outcome: sum(answer.outcome == outcome for answer in answers) for outcome in _OUTCOMES}
        return cls(**counts, rows=[RowAnswer.of(answer, lang) for answer in answers])


_OUTCOMES: tuple[Outcome, ...] = ("stored", "duplicate", "conflict", "rejected")


class VisitOut(BaseModel):
    """A stored visit with its tags."""

    id: UUID
    staff_no: str
    started_at: datetime
    ended_at: datetime | None
    lon: float | None = Field(description="WGS-84")
    lat: float | None
    frame: str | None = Field(description="frame in which the position was sent")
    accuracy_m: float | None
    claimed_area: str | None
    place: str | None
    topics: list[str]
    note: str | None
    tag: str = Field(description="inside, outside (of every area), or unlocated")
    town: str | None
    village: str | None
    grid: str | None

    @classmethod
    def of(cls, record: VisitRecord) -> "VisitOut":
        """From what is stored."""
        return cls.model_validate(record, from_attributes=True)


class VisitPage(BaseModel):
    """Visits in the order of their start."""

    visits: list[VisitOut]
    next: str | None = Field(description="cursor of the next page, null on the last one")
