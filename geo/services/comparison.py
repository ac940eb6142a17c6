"""Two months of coverage read with the same boundaries and compared."""

from sqlalchemy.orm import Session

from geo.analysis.comparison import Comparison, compare
from geo.analysis.coverage import Boundaries
from geo.errors import InvalidChoice
from geo.months import FIRST_MONTH, Month
from geo.services import coverage
from geo.space.codes import Level
from geo.storage.queries.counties import CountyInfo


def report(
    session: Session,
    county: CountyInfo,
    month: Month,
    other: Month | None = None,
    *,
    level: Level = "village",
    area: str | None = None,
) -> Comparison:
    """A month beside another, by the boundaries of then where both months had the same, else by those of now.

    :param other: the month before if not given
    :raises InvalidChoice: both months are the same
    :raises FutureMonth: one of them has not begun
    :raises UnknownArea: the boundaries have no such area
    """
    if other is None:
        other = month.previous() if month > FIRST_MONTH else month.next()
    if other == month:
        raise InvalidChoice(field="with", value=str(other), choices=f"another month than {month}")
    for one in (month, other):
        coverage.counted_to(county, one)
    versions = {coverage.version_for(session, county, one, "then").version for one in (month, other)}
    read: Boundaries = "then" if len(versions) == 1 else "now"
    after, before = (
        coverage.report(session, county, one, level=level, area=area, read_with=read) for one in (month, other)
    )
    return compare(before, after, boundaries_differ=len(versions) > 1)
