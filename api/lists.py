"""Lists as sheets: the same rows as the JSON, with the same names, all of them instead of a page."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel

from api import cells
from api.cells import Cell
from api.exports import MEDIA_TYPES
from geo.errors import TooLarge
from geo.limits import MAX_EXPORT_ROWS

ListFormat = Literal["json", "csv", "xlsx"]
FormatQuery = Annotated[
    ListFormat, Query(alias="format", description="json by page; csv or xlsx all at once, from the cursor on")
]


def described(model: Any) -> dict[int | str, dict[str, Any]]:
    """What a list may be answered with, for its description."""
    return {200: {"model": model, "content": {MEDIA_TYPES[form]: {} for form in ("csv", "xlsx")}}}


def size(form: ListFormat, limit: int) -> int:
    """How many rows to read: one more than will be shown, which tells that there are more."""
    return (limit if form == "json" else MAX_EXPORT_ROWS) + 1


def sheet(model: type[BaseModel], rows: Sequence[BaseModel], form: ListFormat, name: str) -> Response:
    """Rows as a file; text that a spreadsheet would take for a formula is kept as text.

    :raises TooLarge: there are more than `MAX_EXPORT_ROWS`
    """
    if len(rows) > MAX_EXPORT_ROWS:
        raise TooLarge(what="the number of rows", what_zh="行数", limit=MAX_EXPORT_ROWS)
    titles = [field.serialization_alias or key for key, field in model.model_fields.items()]
    lines = [[_cell(getattr(row, key)) for key in model.model_fields] for row in rows]
    content: str | bytes = cells.to_csv(titles, lines)
    if form == "xlsx":
        content = cells.to_xlsx({name: (titles, lines)}, ("total", [("rows", len(lines))]))
    answer = Response(content, media_type=MEDIA_TYPES[form])
    answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{form}')}"
    return answer


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return _TRUTH[value]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    if isinstance(value, dict):
        return ";".join(f"{key} {one}" for key, one in value.items())
    return str(value)


_TRUTH: Final = {True: "true", False: "false"}
