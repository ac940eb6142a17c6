"""Whether the process lives and whether it can serve."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.dependencies import OpenSessionDep
from api.errors import problem
from geo.storage.database import current_revision, head_revision, postgis_version

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """The database answers and its schema is the one that this code expects."""

    status: Literal["ready"]
    migration: str
    postgis: str = Field(description="version of the PostGIS library")


@router.get("/healthz")
async def health() -> Health:
    """The process lives; asks nobody else."""
    return Health(status="ok")


@router.get("/readyz", response_model=Readiness, responses={503: {"description": "not ready, and why"}})
def readiness(request: Request, session: OpenSessionDep) -> Response:
    """The database answers, has PostGIS, and is migrated."""
    at, wanted = current_revision(session), head_revision()
    if at != wanted:
        detail = f"the schema is at {at or 'nothing'}, this code needs {wanted}: run wangge db migrate"
        return problem(request, 503, detail, kind="urn:wangge:problem:not-migrated")
    ready = Readiness(status="ready", migration=at, postgis=postgis_version(session))
    return JSONResponse(ready.model_dump())
