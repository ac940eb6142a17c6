"""Files of visits and issues over HTTP: answered at once where they are small, else 202 and an import to look at."""

import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid4

import anyio
from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from api.dependencies import PAGE, PLAIN, AccessDep, CountyDep, LangQuery, LimitQuery, Needs, SessionDep
from api.errors import problem
from api.exports import MEDIA_TYPES
from api.jobs import Imports, run
from api.schemas.imports import ImportOut
from geo.errors import FileUnreadable, Lang, TooLarge
from geo.intake.batches import SUFFIXES, Kind
from geo.limits import MAX_IMPORT_BYTES
from geo.services import imports as service
from geo.services.accounts import Access
from geo.storage.queries import imports
from geo.storage.queries.counties import CountyInfo

router = APIRouter(tags=["imports"])

AT_ONCE_BYTES: Final = 512 * 1024
"""Files up to here are taken before they are answered: some three thousand rows."""

_SHOWN: Final = 100
_TYPES: Final = {
    "text/csv": ".csv",
    "application/x-ndjson": ".ndjson",
    "application/jsonl": ".ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": ImportOut, "description": "it is being taken; `GET /imports/{import_id}` says how far it has come"},
    422: {
        "description": "the file cannot be read, and nothing of it was stored; if it was broken off later, it says so"
    },
}
NameQuery = Annotated[
    str, Query(max_length=200, pattern=PLAIN, description="name of the file, of a body that does not say it")
]
ImportPath = Annotated[UUID, PathParameter(description="id of an import")]
_PLAIN_NAME: Final = re.compile(r"[\x00-\x1f\x7f/\\]")


@router.post(
    "/visits/import",
    dependencies=[Depends(Needs("record"))],
    response_model=ImportOut,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def import_visits(
    request: Request, county: CountyDep, access: AccessDep, lang: LangQuery, *, name: NameQuery = ""
) -> Response:
    """Store the visits of a csv, xlsx or NDJSON file. Sending it again stores nothing twice."""
    return await _import(request, county, access, lang, "visits", name)


@router.post(
    "/issues/import",
    dependencies=[Depends(Needs("record"))],
    response_model=ImportOut,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def import_issues(
    request: Request, county: CountyDep, access: AccessDep, lang: LangQuery, *, name: NameQuery = ""
) -> Response:
    """Report the issues of a csv, xlsx or NDJSON file. Sending it again stores nothing twice."""
    return await _import(request, county, access, lang, "issues", name)


@router.get("/imports")
def list_imports(
    session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery, limit: LimitQuery = PAGE
) -> list[ImportOut]:
    """The latest imports: one's own, or all for those who manage."""
    found = imports.page(session, county.code, actor=None if access.may("manage") else access.name, limit=limit)
    return [ImportOut.of(one, [], lang) for one in found]


@router.get("/imports/{import_id}")
def get_import(
    session: SessionDep, county: CountyDep, access: AccessDep, lang: LangQuery, import_id: ImportPath
) -> ImportOut:
    """How far an import has come, the first rows that were refused, and to who sent it those that look odd."""
    info = service.get(session, county.code, import_id, by=access)
    odd = service.oddities(session, info, by=access, limit=_SHOWN)
    return ImportOut.of(info, imports.refused(session, county.code, import_id, limit=_SHOWN), lang, odd)


@router.get(
    "/imports/{import_id}/rejected",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPES[form]: {} for form in ("csv", "xlsx")}}},
)
def rejected_rows(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    lang: LangQuery,
    import_id: ImportPath,
    *,
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format", description="kind of sheet")] = "xlsx",
) -> Response:
    """The refused rows as they came, with what is wrong and what to type; mended, the sheet can be sent again."""
    info = service.get(session, county.code, import_id, by=access)
    content = service.rejected_sheet(info, imports.refused(session, county.code, import_id), form, lang)
    answer = Response(content, media_type=MEDIA_TYPES[form])
    answer.headers["content-disposition"] = f'attachment; filename="rejected.{form}"'
    return answer


async def _import(request: Request, county: CountyInfo, access: Access, lang: Lang, kind: Kind, name: str) -> Response:
    jobs: Imports = request.app.state.imports
    id_ = uuid4()
    try:
        name, body = await _body(request, name)
        suffix = _suffix(request, name)
        path = anyio.Path(jobs.folder / f"{id_}{suffix}")
        await path.parent.mkdir(parents=True, exist_ok=True)
        size = await _keep(body, path)
        await run_in_threadpool(_begin, jobs, county.code, id_, kind, name or f"{kind}{suffix}", access.name)
    finally:
        await request.close()
    if size > AT_ONCE_BYTES:
        jobs.wake()
    else:
        await run_in_threadpool(run, jobs.sessions, county.code, id_, Path(path))
    out = await run_in_threadpool(_told, jobs, county.code, id_, lang)
    if out.status == "failed":
        kind_of_problem = "urn:wangge:problem:import-failed"
        return problem(
            request, HTTPStatus.UNPROCESSABLE_ENTITY, out.message or "", kind=kind_of_problem, import_id=str(id_)
        )
    status = HTTPStatus.ACCEPTED if out.status == "waiting" else HTTPStatus.OK
    return JSONResponse(out.model_dump(mode="json"), status, headers={"location": f"/imports/{id_}"})


async def _body(request: Request, name: str) -> tuple[str, AsyncIterator[bytes]]:
    """Name and content of what was sent: the body itself, or the file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _PLAIN_NAME.sub("", name), request.stream()
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        reason = "the form has no field `file` with a file in it"
        raise FileUnreadable(file=name or "form", reason=reason, reason_zh="表单中没有名为 file 的文件")

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await file.read(1 << 20):
            yield chunk

    return _PLAIN_NAME.sub("", file.filename or name)[-200:], chunks()


def _suffix(request: Request, name: str) -> str:
    by_name = Path(name).suffix.lower()
    if by_name in SUFFIXES:
        return by_name
    by_type = _TYPES.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if by_name or by_type is None:
        raise FileUnreadable(
            file=name or "body",
            reason="send csv, xlsx or NDJSON, and say which by the name or the Content-Type",
            reason_zh="请上传 csv、xlsx 或 NDJSON 文件，并用文件名或 Content-Type 注明",
        )
    return by_type


async def _keep(body: AsyncIterator[bytes], path: anyio.Path) -> int:
    size = 0
    try:
        async with await path.open("wb") as file:
            async for chunk in _bounded(body):
                size += len(chunk)
                await file.write(chunk)
    except BaseException:
        await path.unlink(missing_ok=True)
        raise
    return size


async def _bounded(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > MAX_IMPORT_BYTES:
            raise TooLarge(what="the file", what_zh="文件", limit=f"{MAX_IMPORT_BYTES // 2**20} MiB")
        yield chunk


def _begin(jobs: Imports, county: str, id_: UUID, kind: Kind, name: str, actor: str) -> None:
    with jobs.sessions() as session, session.begin():
        imports.begin(session, county, id_, kind, name, actor)


def _told(jobs: Imports, county: str, id_: UUID, lang: Lang) -> ImportOut:
    with jobs.sessions() as session:
        info = imports.get(session, county, id_)
        assert info is not None  # noqa: S101 - it was begun above
        odd = imports.oddities(session, county, id_, limit=_SHOWN)
        return ImportOut.of(info, imports.refused(session, county, id_, limit=_SHOWN), lang, odd)
