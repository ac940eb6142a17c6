"""Coverage of places in a month: what was visited, and what not yet."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import exports, lists, place_exports
from api.dependencies import AccessDep, AreaQuery, CountyDep, LangQuery, MonthQuery, SessionDep
from api.schemas.place_coverage import PlaceCoverageOut
from geo.analysis.place_coverage import ListedKind
from geo.services import place_coverage

router = APIRouter(tags=["coverage"])


@router.get("/coverage/places", responses=lists.described(PlaceCoverageOut))
def get_place_coverage(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    month: MonthQuery,
    lang: LangQuery,
    *,
    area: AreaQuery = None,
    kind: Annotated[ListedKind | None, Query(description="only this kind; without it households are counted")] = None,
    form: Annotated[lists.ListFormat, Query(alias="format", description="form of the answer")] = "json",
) -> Response:
    """Enterprises, projects and scenic spots, unvisited first; households counted by area, never listed."""
    report = place_coverage.report(session, county, month, kind=kind, area=area or access.area)
    answer = Response(place_exports.render(report, form, lang), media_type=exports.MEDIA_TYPES[form])
    if form != "json":
        name = quote(f"places-{report.scope}-{report.month}.{form}")
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer
