"""The description of the API (OpenAPI): stable names of operations, and one model of all refusals."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

PROBLEM_TYPE: Final = "application/problem+json"


class Refused(BaseModel):
    """One field that cannot be used as it is."""

    field: str
    reason: str


class Problem(BaseModel):
    """Why something was refused (RFC 9457)."""

    type: str = Field(description="what kind of refusal it is; `about:blank` where the status says all")
    title: str
    status: int
    detail: str = Field(description="one sentence for people, in the language that was asked for")
    instance: str = Field(description="path of the request")
    request_id: str | None = Field(default=None, description="finds the request in the log")
    facts: dict[str, Any] | None = Field(default=None, description="what the sentence was made from")
    errors: list[Refused] | None = Field(default=None, description="every field that cannot be used")


_REFUSALS: Final[Mapping[str, str]] = {
    "400": "it cannot be read",
    "401": "nobody said who asks, or what was sent stands for nobody",
    "403": "the account may not do this",
    "404": "nothing has that name, or it lies outside the scope",
    "405": "there is no such method here",
    "409": "it contradicts what is stored",
    "413": "the body is too large",
    "422": "something in it cannot be used; the fields are named",
    "503": "the database does not answer, or the question takes too long",
}
_OPEN: Final = frozenset({"/healthz", "/readyz"})
_SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of an account"},
    "account and token": {"type": "http", "scheme": "basic", "description": "for programs that know no tokens"},
}


def operation_id(route: APIRoute) -> str:
    """The name of the function: generated clients call their methods by it, so it stays when paths change."""
    return route.name


def install(app: FastAPI) -> None:
    """Describe refusals and sign-in for every operation, in this one place."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes, tags=app.openapi_tags
            )
            app.openapi_schema = _completed(described)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _completed(described: dict[str, Any]) -> dict[str, Any]:
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    components["securitySchemes"] = _SCHEMES
    for path, operations in described["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422")):
                del responses["422"]
            for status, words in _REFUSALS.items():
                content = responses.get(status, {}).get("content", {})
                responses[status] = {
                    "description": responses.get(status, {}).get("description", words),
                    "content": {PROBLEM_TYPE: content.get("application/json", {"schema": _REFERENCE})},
                }
            if path not in _OPEN:
                operation["security"] = [{name: []} for name in _SCHEMES]
    return described


_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
