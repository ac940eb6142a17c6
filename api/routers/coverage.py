"""Coverage of a month and its gap list."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import exports
from api.dependencies import AreaQuery, BoundariesQuery, CountyDep, LangQuery, LevelQuery, MonthQuery, SessionDep
from api.schemas.coverage import CoverageOut
from geo.analysis.coverage import CoverageReport, Reason
from geo.services import coverage

router = APIRouter(tags=["coverage"])

FormatQuery = Annotated[exports.WebFormat, Query(description="form of the answer")]

_FORMATS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": CoverageOut,
        "content": {exports.MEDIA_TYPES[name]: {} for name in ("csv", "xlsx", "geojson")},
    }
}


@router.get("/coverage", responses=_FORMATS)
def get_coverage(
    session: SessionDep,
    county: CountyDep,
    month: MonthQuery,
    lang: LangQuery,
    *,
    level: LevelQuery = "village",
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
    format: FormatQuery = "json",  # noqa: A002 - the name on the wire
) -> Response:
    """Every area of a level in a scope, with its requirement, visits, spread, last visit and status."""
    report = coverage.report(session, county, month, level=level, area=area, read_with=boundaries)
    shapes = coverage.drawn_shapes(session, report) if format == "geojson" else {}
    return _answer("coverage", report, report.rows, shapes, format, lang)


@router.get("/coverage/gaps", responses=_FORMATS)
def get_gaps(
    session: SessionDep,
    county: CountyDep,
    month: MonthQuery,
    lang: LangQuery,
    *,
    level: LevelQuery = "village",
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
    reason: Annotated[Reason | None, Query(description="only areas that stand here for this reason")] = None,
    format: FormatQuery = "json",  # noqa: A002 - the name on the wire
) -> Response:
    """What is still needed, worst first: nobody assigned, then days overdue, then tier."""
    report = coverage.report(session, county, month, level=level, area=area, read_with=boundaries)
    rows = [row for row in report.gaps() if reason is None or reason in row.reasons]
    shapes = coverage.drawn_shapes(session, report) if format == "geojson" else {}
    return _answer("gaps", report, rows, shapes, format, lang)


def _answer(
    what: Literal["coverage", "gaps"],
    report: CoverageReport,
    rows: exports.Rows,
    shapes: coverage.Shapes,
    format_: exports.WebFormat,
    lang: LangQuery,
) -> Response:
    content = exports.render(report, rows, format_, lang, shapes)
    answer = Response(content, media_type=exports.MEDIA_TYPES[format_])
    if format_ != "json":
        name = quote(f"{what}-{report.scope}-{report.month}-{report.level}.{format_}")
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer
