"""Coverage of a month and its gap list."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api import exports
from api.dependencies import LangQuery, ReportDep, SessionDep
from api.schemas.coverage import CoverageOut
from geo.analysis.coverage import CoverageReport, Reason
from geo.errors import Lang
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
    report: ReportDep,
    lang: LangQuery,
    format: FormatQuery = "json",  # noqa: A002 - the name on the wire
) -> Response:
    """Every area of a level in a scope, with its requirement, visits, spread, last visit and status."""
    return _answer(session, "coverage", report, report.rows, format, lang)


@router.get("/coverage/gaps", responses=_FORMATS)
def get_gaps(
    session: SessionDep,
    report: ReportDep,
    lang: LangQuery,
    *,
    reason: Annotated[Reason | None, Query(description="only areas that stand here for this reason")] = None,
    format: FormatQuery = "json",  # noqa: A002 - the name on the wire
) -> Response:
    """What is still needed, worst first: nobody assigned, then days overdue, then tier."""
    return _answer(session, "gaps", report, report.gaps(reason), format, lang)


def _answer(
    session: Session,
    what: Literal["coverage", "gaps"],
    report: CoverageReport,
    rows: exports.Rows,
    format_: exports.WebFormat,
    lang: Lang,
) -> Response:
    shapes = coverage.drawn_shapes(session, report) if format_ == "geojson" else {}
    content = exports.render(report, rows, format_, lang, shapes)
    answer = Response(content, media_type=exports.MEDIA_TYPES[format_])
    if format_ != "json":
        name = quote(f"{what}-{report.scope}-{report.month}-{report.level}.{format_}")
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer
