"""Who should handle an issue: the county's table says it by category and area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.storage.queries import issues
from geo.storage.queries.issues import IssueRecord


@dataclass(frozen=True, slots=True)
class Table:
    """A county's routes, and how its organisations are called.

    :ivar routes: handler and liaison by category and area
    """

    county: str
    routes: Mapping[tuple[str, str], tuple[str, str | None]]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who handles the issues of a category in an area, by the county's table.

    :ivar name: how the handler is called
    :ivar area: the area that the table says it of
    """

    handler: str
    name: str
    liaison: str | None
    area: str


def table(session: Session, county: str) -> Table:
    """What a county says of who handles what."""
    routes = issues.routes(session, county)
    return Table(county, routes, issues.organisation_names(session, county) if routes else {})


def of_row(table: Table, category: str, chain: Sequence[str | None]) -> Proposal | None:
    """The route of the smallest area that has one.

    :param chain: codes of town, village and grid
    """
    for code in (*reversed(chain), table.county):
        if code is not None and (category, code) in table.routes:
            handler, liaison = table.routes[category, code]
            return Proposal(handler, table.names.get(handler, handler), liaison, code)
    return None


def of_issue(session: Session, county: str, record: IssueRecord) -> Proposal | None:
    """The same for a stored issue that waits to be given to somebody; None for others."""
    if record.handler is not None or record.status != "reported":
        return None
    return of_row(table(session, county), record.category, (record.town, record.village, record.grid))
