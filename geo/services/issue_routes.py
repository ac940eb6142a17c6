"""Who should handle an issue: the county's table says it by category and area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.storage.queries import issues
from geo.storage.queries.issues import IssueRecord

Routes = Mapping[tuple[str, str], tuple[str, str | None]]
"""Handler and liaison by category and area."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who handles the issues of a category in an area, by the county's table.

    :ivar area: the area that the table says it of
    """

    handler: str
    liaison: str | None
    area: str


def of_row(routes: Routes, county: str, category: str, chain: Sequence[str | None]) -> Proposal | None:
    """The route of the smallest area that has one.

    :param chain: codes of town, village and grid
    """
    for code in (*reversed(chain), county):
        if code is not None and (category, code) in routes:
            return Proposal(*routes[category, code], code)
    return None


def of_issue(session: Session, county: str, record: IssueRecord) -> Proposal | None:
    """The same for a stored issue that nobody handles yet; None for others."""
    if record.handler is not None or record.status != "reported":
        return None
    chain = (record.town, record.village, record.grid)
    return of_row(issues.routes(session, county), county, record.category, chain)
