"""Whose problem each issue is: proposals, for people to confirm or to overrule by an event."""

from dataclasses import replace

from fastapi import APIRouter

from api import cursors
from api.dependencies import PAGE, CountyDep, CursorQuery, LimitQuery, SessionDep
from api.routers.issues import FilterDep, IssuePath
from api.schemas.issues import ExtentPage, ExtentProposalOut, OpenExtent
from geo.services import extents, issue_events
from geo.storage.queries import issues

router = APIRouter(tags=["issues"])


@router.get("/issues/extents")
def list_extents(
    session: SessionDep,
    county: CountyDep,
    wanted: FilterDep,
    *,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
) -> ExtentPage:
    """Open issues with what is proposed of each, the latest first; a judgement is an event of the kind ``judged``."""
    after = cursors.read(cursor) if cursor else None
    found = issues.page(session, county.code, replace(wanted, is_open=True), after=after, limit=limit + 1)
    shown = found[:limit]
    proposed = extents.proposals(session, county, shown)
    agreement = extents.agreement(session, county.code)
    more = cursors.write(shown[-1].reported_at, shown[-1].id) if len(found) > limit else None
    return ExtentPage(
        issues=[OpenExtent.of(one, proposed[one.id]) for one in shown],
        next=more,
        judged=agreement.judged,
        agreement_rate=agreement.rate,
    )


@router.get("/issues/{issue_id}/extent")
def get_extent(session: SessionDep, county: CountyDep, issue_id: IssuePath) -> ExtentProposalOut:
    """What is proposed of one issue now, and why."""
    record = issue_events.history(session, county.code, issue_id).record
    return ExtentProposalOut.of(extents.proposals(session, county, [record])[record.id])
