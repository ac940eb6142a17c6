"""A month at a glance, and how its figures went over the last year."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import AccessDep, AreaQuery, BoundariesQuery, CountyDep, LevelQuery, MonthQuery, SessionDep
from api.schemas.overview import FiguresOut, OverviewOut, TrendOut
from geo.limits import MAX_TREND_MONTHS
from geo.services import overview

router = APIRouter(tags=["overview"])


@router.get("/overview")
def get_overview(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    month: MonthQuery,
    level: LevelQuery,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
    clusters: Annotated[bool, Query(description="look for clusters of issues too, which takes a second or two")] = True,
) -> OverviewOut:
    """The figures of a month with the change to the month before: the same that every page and bulletin shows."""
    found = overview.overview(
        session, county, month, level=level, area=area or access.area, read_with=boundaries, clusters=clusters
    )
    return OverviewOut.of(found)


@router.get("/overview/trend")
def get_trend(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    month: MonthQuery,
    level: LevelQuery,
    *,
    area: AreaQuery = None,
    months: Annotated[int, Query(ge=1, le=MAX_TREND_MONTHS, description="how many, the last of them included")] = 12,
) -> TrendOut:
    """Figures of a month and those before it, read with the boundaries of now; without clusters."""
    found = overview.trend(session, county, month, level=level, area=area or access.area, months=months)
    return TrendOut(months=[FiguresOut.of(one) for one in found])
