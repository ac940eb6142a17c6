"""Counties."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import CountyNeeded, NoBoundaries, UnknownCounty
from geo.space.codes import Scheme
from geo.storage.tables import County


@dataclass(frozen=True, slots=True)
class CountyInfo:
    """What every reading of a county needs."""

    code: str
    scheme: Scheme
    zone: ZoneInfo
    metric_epsg: int


def find(session: Session, code: str) -> CountyInfo | None:
    """The county of that code."""
    county = session.get(County, code)
    return _info(county) if county else None


def resolve(session: Session, code: str | None) -> CountyInfo:
    """The county that is named, or the only one there is."""
    if code is not None:
        found = find(session, code)
        if found is None:
            raise UnknownCounty(county=code)
        return found
    several = session.scalars(select(County).order_by(County.code).limit(6)).all()
    if not several:
        raise NoBoundaries
    if len(several) > 1:
        raise CountyNeeded(counties=", ".join(county.code for county in several))
    return _info(several[0])


def _info(county: County) -> CountyInfo:
    scheme: Scheme = "cn" if county.scheme == "cn" else "opaque"
    return CountyInfo(county.code, scheme, ZoneInfo(county.time_zone), county.metric_epsg)


def all_codes(session: Session) -> list[str]:
    """Codes of all counties."""
    return list(session.scalars(select(County.code).order_by(County.code)))


def hold(session: Session, code: str, *, alone: bool) -> None:
    """Hold a county until the transaction ends: together with other writers of visits, or alone to change versions.

    It keeps a batch from being tagged with a version that is retired before the batch is committed.
    """
    query = select(County.code).where(County.code == code)
    session.execute(query.with_for_update(key_share=True) if alone else query.with_for_update(read=True))
