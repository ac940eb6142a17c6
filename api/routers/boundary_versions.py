"""Boundary versions, and what changed from one to the next."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import boundary_exports, exports, lists
from api.dependencies import (
    MAY_CHECK,
    PAGE,
    CountyDep,
    CursorQuery,
    LangQuery,
    LimitQuery,
    SessionDep,
    VersionPath,
    number_of,
)
from api.schemas.boundary_versions import CarriedOut, ChangeOut, ChangesPage, VersionList, VersionOut
from geo.services import boundary_checks
from geo.space.lineage import Relation
from geo.storage.queries import boundaries, lineage

router = APIRouter(tags=["boundary versions"])

WebFormat = Literal["json", "csv", "xlsx"]


@router.get("/boundary-versions", response_model=VersionList, responses=lists.described(VersionList))
def list_versions(
    session: SessionDep, county: CountyDep, *, form: lists.FormatQuery = "json"
) -> VersionList | Response:
    """Every boundary version of the county, the newest first."""
    found = boundaries.all_of(session, county.code)
    counts = boundaries.counts_of_all(session, county.code)
    versions = [VersionOut.of(version, counts[version.version]) for version in found]
    return VersionList(versions=versions) if form == "json" else lists.sheet(VersionOut, versions, form, "versions")


@router.get(
    "/boundary-versions/{version}/changes",
    dependencies=[MAY_CHECK],
    response_model=ChangesPage,
    responses=lists.described(ChangesPage),
)
def list_changes(
    session: SessionDep,
    county: CountyDep,
    version: VersionPath,
    *,
    relation: Annotated[Relation | None, Query(description="only these; all but `same` if not given")] = None,
    limit: LimitQuery = PAGE,
    cursor: CursorQuery = None,
    form: lists.FormatQuery = "json",
) -> ChangesPage | Response:
    """What became of every area when this version was made, and what its activation carried over."""
    info = boundaries.get(session, county.code, version)
    after = number_of(cursor) if cursor else 0
    found = lineage.page(session, county.code, version, relation=relation, after=after, limit=lists.size(form, limit))
    if form != "json":
        return lists.sheet(ChangeOut, [ChangeOut.of(link) for _, link in found], form, f"changes-{version}")
    return ChangesPage(
        version=version,
        based_on=info.based_on,
        counts=lineage.counts(session, county.code, version),
        changes=[ChangeOut.of(link) for _, link in found[:limit]],
        carried=[CarriedOut.of(row) for row in lineage.carried(session, county.code, version)] if not after else [],
        next=str(found[limit - 1][0]) if len(found) > limit else None,
    )


@router.get("/boundary-versions/{version}/report", response_class=Response, dependencies=[MAY_CHECK])
def get_report(
    session: SessionDep,
    county: CountyDep,
    version: VersionPath,
    lang: LangQuery,
    *,
    form: Annotated[WebFormat, Query(alias="format", description="json, csv or xlsx")] = "json",
) -> Response:
    """What the checks found when this version was staged, and what it changes."""
    report = boundary_checks.of_version(session, boundaries.get(session, county.code, version))
    answer = Response(boundary_exports.render(report, form, lang), media_type=exports.MEDIA_TYPES[form])
    if form != "json":
        name = f"check-{county.code}-{version}.{form}"
        answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
