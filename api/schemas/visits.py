"""Visits on the wire; what comes in is `geo.intake.visits.VisitRow`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from geo.errors import Lang
from geo.limits import MAX_TEXT_CHARS
from geo.services.visit_flags import Flag
from geo.services.visits import Answer, Outcome
from geo.storage.queries.visits import Revision, VisitRecord

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS, pattern=r"^[^\x00]*$")
]


class RowAnswer(BaseModel):
    """What became of one row."""

    row: int = Field(description="its place in the batch, from 1")
    outcome: Outcome
    id: UUID | None
    field: str | None = Field(default=None, description="the field that is wrong")
    reason: str | None = None
    sent: dict[str, Any] | None = Field(default=None, description="under an id that exists: what was sent")
    kept: dict[str, Any] | None = Field(default=None, description="and what is stored, which stays")
    flags: list[Flag] = Field(default=[], description="what looks odd, for you to check; nobody else is told")

    @classmethod
    def of(cls, answer: Answer, lang: Lang) -> "RowAnswer":
        """From the service's answer."""
        return cls(
            row=answer.row,
            outcome=answer.outcome,
            id=UUID(answer.id) if answer.id else None,
            field=answer.rejection.field if answer.rejection else None,
            reason=answer.reason(lang),
            sent=answer.sent,
            kept=answer.kept,
            flags=list(answer.flags),
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
    findings: str | None
    companions: list[str]
    entered_by: str | None = Field(description="account, or the name of an import")
    received_at: datetime
    withdrawn_at: datetime | None = Field(description="a visit that was withdrawn counts nowhere")
    tag: str = Field(
        description="inside, near_border (may as well lie in another area), outside (of every area), or unlocated"
    )
    town: str | None
    village: str | None
    grid: str | None

    @classmethod
    def of(cls, record: VisitRecord) -> "VisitOut":
        """From what is stored."""
        return cls.model_validate(record, from_attributes=True)


class VisitPage(BaseModel):
    """Visits in the order of their start; or with ``changed_since`` in the order of their last change."""

    visits: list[VisitOut]
    next: str | None = Field(description="cursor of the next page; of changes, where to go on later too")
    more: bool = Field(description="whether there are more now")


class CandidateOut(BaseModel):
    """An area that a visit may lie in, given how accurate its position is."""

    code: str
    name: str
    distance_m: float = Field(description="from the position, 0 inside")


class VisitDetail(VisitOut):
    """A visit with what its position leaves open."""

    candidates: list[CandidateOut] = Field(description="areas that the position may lie in, nearest first")
    flags: list[Flag] | None = Field(description="what looks odd; null for all but who made or entered it")


class RevisionOut(BaseModel):
    """What a visit said before a change."""

    number: int
    at: datetime
    actor: str
    action: Literal["corrected", "withdrawn", "restored"]
    reason: str
    before: dict[str, Any]

    @classmethod
    def of(cls, revision: Revision) -> "RevisionOut":
        """From what is stored."""
        return cls.model_validate(revision, from_attributes=True)


class ReasonIn(BaseModel):
    """Why a visit is withdrawn or restored."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class CorrectionIn(ReasonIn):
    """The fields that change, with their new values, and why."""

    changes: dict[str, Any] = Field(
        min_length=1, description="fields of a visit as `POST /visits` has them; a null takes a value away"
    )
