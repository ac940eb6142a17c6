"""Issues on the wire; what comes in is `geo.intake.issues.IssueRow` and `EventRow`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from geo.analysis.issue_flow import Category, EventKind, Extent, ExtentProposal, Status
from geo.errors import Lang
from geo.services import issues as service
from geo.services.issue_events import History
from geo.services.issue_repeats import Similar
from geo.services.issue_routes import Proposal
from geo.services.issues import IssueAnswer
from geo.services.visits import Outcome
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import Counts, IssueRecord, StoredEvent


class SimilarOut(BaseModel):
    """An open issue of the same category at the same place or near."""

    id: UUID
    title: str
    metres: float | None = Field(description="between both; null where one has no position")

    @classmethod
    def of(cls, similar: Similar) -> "SimilarOut":
        """From the service's answer."""
        metres = None if similar.metres is None else round(similar.metres, 1)
        return cls(id=similar.id, title=similar.title, metres=metres)


class ProposalOut(BaseModel):
    """Who handles issues of the category in the area, by the county's table."""

    handler: str = Field(description="code of the organisation")
    name: str = Field(description="and how it is called")
    liaison: str | None

    @classmethod
    def of(cls, proposal: Proposal | None) -> "ProposalOut | None":
        """From the service's proposal."""
        return cls.model_validate(proposal, from_attributes=True) if proposal else None


class IssueRowAnswer(BaseModel):
    """What became of one row."""

    row: int = Field(description="its place in the batch, from 1")
    outcome: Outcome
    id: UUID | None
    field: str | None = Field(default=None, description="the field that is wrong")
    reason: str | None = None
    sent: dict[str, Any] | None = Field(default=None, description="under an id that exists: what was sent")
    kept: dict[str, Any] | None = Field(default=None, description="and what is stored, which stays")
    proposal: ProposalOut | None = Field(default=None, description="who should handle it")
    similar: list[SimilarOut] = Field(default=[], description="open issues that it may repeat")
    possible: list[EventKind] = Field(default=[], description="what can happen next")

    @classmethod
    def of(cls, answer: IssueAnswer, lang: Lang) -> "IssueRowAnswer":
        """From the service's answer."""
        return cls(
            row=answer.row,
            outcome=answer.outcome,
            id=answer.id,
            field=answer.rejection.field if answer.rejection else None,
            reason=answer.reason(lang),
            sent=answer.sent,
            kept=answer.kept,
            proposal=ProposalOut.of(answer.proposal),
            similar=[SimilarOut.of(one) for one in answer.similar],
            possible=list(answer.possible),
        )


class IssueBatchAnswer(BaseModel):
    """What became of a batch."""

    stored: int
    duplicate: int
    conflict: int
    rejected: int
    rows: list[IssueRowAnswer]

    @classmethod
    def of(cls, answers: list[IssueAnswer], lang: Lang) -> "IssueBatchAnswer":
        """From the service's answers."""
        outcomes: tuple[Outcome, ...] = ("stored", "duplicate", "conflict", "rejected")
        counts = {outcome: sum(answer.outcome == outcome for answer in answers) for outcome in outcomes}
        return cls(**counts, rows=[IssueRowAnswer.of(answer, lang) for answer in answers])


class IssueOut(BaseModel):
    """An issue with its tags and where it stands."""

    id: UUID
    category: Category
    title: str
    detail: str | None
    reported_at: datetime
    status: Status
    handler: str | None = Field(description="code of the organisation that handles it")
    liaison: str | None
    due_on: date | None
    waiting_days: int = Field(description="from the report to the end, or to today while it is open")
    overdue: bool = Field(description="open, and its last day has passed")
    transfers: int
    in_circles: bool = Field(description="an organisation was given it a second time (转圈)")
    answered_at: datetime | None = Field(description="when it was first replied to; null for no reply yet")
    ended_at: datetime | None = Field(description="when it was resolved or merged")
    merged_into: UUID | None
    extent: Extent | None = Field(description="individual, common or regional, as it was judged last")
    lon: float | None = Field(description="WGS-84")
    lat: float | None
    frame: str | None = Field(description="frame in which the position was sent")
    accuracy_m: float | None
    claimed_area: str | None
    place: str | None
    visit: UUID | None
    entered_by: str | None
    tag: str = Field(description="inside, near_border, outside (of every area), or unlocated")
    town: str | None
    village: str | None
    grid: str | None

    @classmethod
    def of(cls, record: IssueRecord, county: CountyInfo, today: date) -> "IssueOut":
        """From what is stored."""
        fields = {name: getattr(record, name) for name in cls.model_fields if hasattr(record, name)}
        return cls(
            **fields,
            waiting_days=service.waiting_days(record, county, today),
            overdue=service.is_overdue(record, today),
        )


class IssuePage(BaseModel):
    """Issues, the latest first; or with ``changed_since`` in the order of their last change."""

    issues: list[IssueOut]
    next: str | None = Field(description="cursor of the next page; of changes, where to go on later too")
    more: bool = Field(description="whether there are more now")


class ExtentProposalOut(BaseModel):
    """Whose problem it seems to be, and why."""

    extent: Extent
    zh: str
    en: str

    @classmethod
    def of(cls, proposal: ExtentProposal) -> "ExtentProposalOut":
        """From what was proposed."""
        return cls(extent=proposal.extent, zh=proposal.zh, en=proposal.en)


class EventOut(BaseModel):
    """Something that happened to an issue."""

    number: int
    kind: EventKind
    at: datetime
    actor: str
    organisation: str | None
    due_on: date | None
    into: UUID | None
    note: str | None
    extent: Extent | None = Field(description="whose problem it is, of judged")
    proposal: ExtentProposalOut | None = Field(description="what was proposed then")

    @classmethod
    def of(cls, stored: StoredEvent) -> "EventOut":
        """From what is stored."""
        event = stored.event
        return cls(
            number=stored.number,
            kind=event.kind,
            at=event.at,
            actor=stored.actor,
            organisation=event.organisation,
            due_on=event.due_on,
            into=UUID(event.into) if event.into else None,
            note=event.note,
            extent=event.extent,
            proposal=ExtentProposalOut.of(event.proposal) if event.proposal else None,
        )


class IssueWithEvents(IssueOut):
    """An issue with all that happened to it."""

    events: list[EventOut]
    possible: list[EventKind] = Field(description="what can happen next by the asking account's saying")
    proposal: ProposalOut | None = Field(description="who should handle it, while nobody does")

    @classmethod
    def told(
        cls,
        found: History,
        shown: IssueRecord,
        county: CountyInfo,
        today: date,
        possible: tuple[EventKind, ...],
        *,
        proposal: Proposal | None,
    ) -> "IssueWithEvents":
        """From a history, and the record as the asking account sees it."""
        issue = IssueOut.of(shown, county, today)
        events = [EventOut.of(one) for one in found.events]
        return cls(**issue.model_dump(), events=events, possible=list(possible), proposal=ProposalOut.of(proposal))


class CategoryCounts(BaseModel):
    """How many issues of a category; nulls where there are too few petitions to be told."""

    category: Category
    issues: int | None
    is_open: int | None
    overdue: int | None
    answered: int | None
    in_circles: int | None
    answered_share: float | None = Field(description="share with a reply (事事有回音), 0 to 1")

    @classmethod
    def of(cls, counts: Counts | None) -> "CategoryCounts":
        """From the service's counts; None stands for petitions that are too few."""
        if counts is None:
            hidden = dict.fromkeys(("issues", "is_open", "overdue", "answered", "in_circles", "answered_share"))
            return cls(category="petition", **hidden)
        return cls(
            category=counts.category,
            issues=counts.issues,
            is_open=counts.is_open,
            overdue=counts.overdue,
            answered=counts.answered,
            in_circles=counts.in_circles,
            answered_share=round(counts.answered / counts.issues, 4) if counts.issues else None,
        )


class IssueCounts(BaseModel):
    """Counts of issues by category."""

    categories: list[CategoryCounts]


class OpenExtent(BaseModel):
    """An open issue with what is proposed of it, and what was judged so far."""

    id: UUID
    category: Category
    title: str
    village: str | None
    judged: Extent | None
    proposal: ExtentProposalOut

    @classmethod
    def of(cls, record: IssueRecord, proposal: ExtentProposal) -> "OpenExtent":
        """From the issue and its proposal."""
        same = {name: getattr(record, name) for name in ("id", "category", "title", "village")}
        return cls(**same, judged=record.extent, proposal=ExtentProposalOut.of(proposal))


class ExtentPage(BaseModel):
    """Open issues, the latest first, and how often people said what had been proposed."""

    issues: list[OpenExtent]
    next: str | None = Field(description="cursor of the next page")
    judged: int = Field(description="issues of the county that were judged beside a proposal")
    agreement_rate: float | None = Field(description="share of these that were judged as proposed, 0 to 1")
