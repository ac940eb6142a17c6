"""What looks odd about a visit. A flag informs who entered it, who may then correct it; it counts for nothing.

- ``claim_contradicts``: a precise position lies in another area than the claimed one, beyond its accuracy. Both stay.
- ``far_from_claim``: it lies more than `FAR_M` away from the claimed area.
- ``claim_unknown``: beside a position an area is claimed that no boundaries know, as where a digit was lost. Both stay.
- ``too_fast``: between this visit and one before or after it of the same person lies more way than time.
- ``same_spot``: many visits of one person on one day within a few metres.
- ``at_office``: the position is that of an office and not of a place: it was probably entered there afterwards.
"""

from datetime import UTC, timedelta
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.intake.visit_columns import Objects, Visits, objects
from geo.services import visit_checks
from geo.services.tagging import METRES_PER_DEGREE, Tagger, Tags
from geo.storage import reach
from geo.storage.queries import positions as queries
from geo.storage.queries.counties import CountyInfo

Flag = Literal["claim_contradicts", "far_from_claim", "claim_unknown", "too_fast", "same_spot", "at_office"]

PRECISE_M: Final = 100.0
"""A position of this accuracy or better says where a visit was; one without an accuracy is taken as it is."""

FAR_M: Final = 1_000.0
TOO_FAST_KMH: Final = 120.0
NEAR_ENOUGH_M: Final = 3_000.0
"""Less way than this is never too fast: clocks are set by hand and positions err."""

SPOT_M: Final = 20.0
MANY_AT_ONE_SPOT: Final = 10
OFFICE_M: Final = 50.0

_AROUND: Final = timedelta(days=1)
_AT_ONCE: Final = 256
_EARTH_M: Final = 6_371_008.8
"""Mean radius of the earth (IUGG)."""

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def of(session: Session, county: CountyInfo, visits: Visits, tags: Tags, areas: Tagger) -> Objects:
    """The flags of each of some new visits, as tuples.

    :param visits: positions in WGS-84
    """
    contradicts = areas.contradicted(tags, visits.claimed_area)
    precise = ~(visits.accuracy_m > PRECISE_M)
    around = _with_stored(session, county, visits)
    with reach.unlimited(session):
        unknown = visit_checks.unknown_claims(session, county, visits, areas)
    found: dict[Flag, Mask] = {
        "claim_contradicts": contradicts & precise,
        "far_from_claim": _far(visits, contradicts, areas),
        "claim_unknown": unknown,
        "too_fast": _too_fast(around)[: len(visits)],
        "same_spot": _same_spot(around, county)[: len(visits)],
        "at_office": _at_office(session, county, visits),
    }
    flags: list[tuple[Flag, ...]] = [()] * len(visits)
    odd = np.flatnonzero(np.logical_or.reduce(list(found.values())))
    for at in odd.tolist():
        flags[at] = tuple(flag for flag, mask in found.items() if mask[at])
    return objects(flags)


def _far(visits: Visits, contradicts: Mask, areas: Tagger) -> Mask:
    far = np.zeros(len(visits), dtype=bool)
    for at in np.flatnonzero(contradicts).tolist():
        metres = areas.metres_to(visits.claimed_area[at], float(visits.lon[at]), float(visits.lat[at]))
        far[at] = metres is not None and metres > FAR_M + np.nan_to_num(visits.accuracy_m[at])
    return far


def _with_stored(session: Session, county: CountyInfo, visits: Visits) -> pd.DataFrame:
    """The new visits, then those stored of the same people from a day before to a day after, by staff number."""
    new = pd.DataFrame(
        {
            "staff_no": visits.staff_no,
            "start": visits.started_at,
            "end": np.where(np.isnat(visits.ended_at), visits.started_at, visits.ended_at),
            "lon": visits.lon,
            "lat": visits.lat,
            "accuracy_m": np.nan_to_num(visits.accuracy_m),
        }
    )
    if not len(visits):
        return new
    # Whoever may see a part of the county only is told of what looks odd about it, not of what lies beyond.
    with reach.unlimited(session):
        stored = queries.movements(
            session,
            county.code,
            set(visits.staff_no.tolist()),
            begin=visits.started_at.min().item().replace(tzinfo=UTC) - _AROUND,
            end=visits.started_at.max().item().replace(tzinfo=UTC) + _AROUND,
        )
    return pd.concat([new, stored], ignore_index=True) if len(stored) else new


def _too_fast(around: pd.DataFrame) -> Mask:
    """Visits next to each other in a person's time whose distance, less both accuracies, no car covers."""
    found = np.zeros(len(around), dtype=bool)
    located = np.flatnonzero(around["lon"].notna())
    staff = pd.factorize(around["staff_no"].to_numpy()[located])[0]
    order = located[np.lexsort((around["start"].to_numpy()[located], staff))]
    if len(order) < 2:  # noqa: PLR2004 - a pair
        return found
    before, after = order[:-1], order[1:]
    lon, lat = (around[name].to_numpy() for name in ("lon", "lat"))
    who, accuracy = around["staff_no"].to_numpy(), around["accuracy_m"].to_numpy()
    metres = _metres(lon[before], lat[before], lon[after], lat[after]) - accuracy[before] - accuracy[after]
    gap = around["start"].to_numpy()[after] - around["end"].to_numpy()[before]
    hours = np.maximum(gap / np.timedelta64(1, "h"), 1 / 60)
    fast = (who[before] == who[after]) & (metres > NEAR_ENOUGH_M) & (metres / 1_000 / hours > TOO_FAST_KMH)
    found[before[fast]] = found[after[fast]] = True
    return found


def _same_spot(around: pd.DataFrame, county: CountyInfo) -> Mask:
    found = np.zeros(len(around), dtype=bool)
    located = around[around["lon"].notna()]
    local = located["start"].dt.tz_localize("UTC").dt.tz_convert(county.zone)
    # Where clocks are put forward at midnight, a day has none.
    located = located.assign(day=local.dt.tz_localize(None).dt.floor("D"))
    size = located.groupby(["staff_no", "day"], sort=False)["lon"].transform("size")
    for _, several in located[size >= MANY_AT_ONE_SPOT].groupby(["staff_no", "day"], sort=False):
        beside = _beside(several["lon"].to_numpy(), several["lat"].to_numpy())
        found[several.index.to_numpy()[beside >= MANY_AT_ONE_SPOT]] = True
    return found


def _beside(lon: Floats, lat: Floats) -> NDArray[np.intp]:
    """How many of some positions lie within `SPOT_M` of each, itself counted.

    A sheet may put thousands on one person and day, so only bands of latitude are compared, and one spot once.
    """
    spots, spot, times = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True, return_counts=True)
    y, x = spots.T
    band = 2 * SPOT_M / METRES_PER_DEGREE
    counts = np.empty(len(spots), dtype=np.intp)
    for begin in range(0, len(spots), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        first, end = np.searchsorted(y, (y[some][0] - band, y[some][-1] + band))
        near = _metres(x[some, None], y[some, None], x[first:end], y[first:end]) <= SPOT_M
        counts[some] = near @ times[first:end]
    return counts[spot.ravel()]


def _at_office(session: Session, county: CountyInfo, visits: Visits) -> Mask:
    found = np.zeros(len(visits), dtype=bool)
    candidates = np.flatnonzero(~np.isnan(visits.lon) & (visits.place == None))  # noqa: E711 - elementwise
    with reach.unlimited(session):
        offices = queries.offices(session, county.code) if len(candidates) else []
    for lon, lat in offices:
        metres = _metres(visits.lon[candidates], visits.lat[candidates], np.float64(lon), np.float64(lat))
        found[candidates] |= metres <= OFFICE_M
    return found


def _metres(lon: Any, lat: Any, other_lon: Any, other_lat: Any) -> Floats:
    """Great-circle distance by the haversine formula, metres."""
    x, y, u, v = (np.radians(value) for value in (lon, lat, other_lon, other_lat))
    half = np.sin((v - y) / 2) ** 2 + np.cos(y) * np.cos(v) * np.sin((u - x) / 2) ** 2
    return np.asarray(2 * _EARTH_M * np.arcsin(np.sqrt(half)))
