"""Ids that begin with zeros, found by what a spreadsheet has left of them."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session


def find(
    session: Session, county: str, column: InstrumentedAttribute[str], ids: Collection[str]
) -> dict[str, list[str]]:
    """Of each id that is all digits, the stored ones that are the same with more zeros before it, if there are any.

    Reads the whole table of the county, so it is asked only about ids that are not stored.
    """
    rests: dict[str, list[str]] = defaultdict(list)
    for one in ids:
        if one.isascii() and one.isdigit():
            rests[one.lstrip("0")].append(one)
    if not rests:
        return {}
    query = (
        select(column)
        .where(column.class_.county_code == county, func.ltrim(column, "0").in_(list(rests)))
        .distinct()
        .order_by(column)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for stored in session.scalars(query):
        for one in rests[stored.lstrip("0")]:
            if len(stored) > len(one):
                found[one].append(stored)
    return dict(found)
