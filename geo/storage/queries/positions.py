"""Positions and claims of stored visits and places, as arrays for a locator."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Double, Select, cast, func, null, select, text
from sqlalchemy.orm import Session

from geo.storage.bulk import copy_out, copy_rows
from geo.storage.issue_tables import Issue
from geo.storage.tables import Organisation, Place, Visit

Codes = NDArray[np.object_]

_COLUMNS: Final = {
    "id": pa.string(),
    "lon": pa.float64(),
    "lat": pa.float64(),
    "accuracy": pa.float64(),
    "claimed": pa.string(),
    "tagged": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Positions:
    """Arrays of one length. Numbers are NaN where a row has no position or accuracy."""

    ids: Codes
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    claimed: Codes
    tagged: Codes
    """What the row is tagged to now: ``word/town/village/grid`` of a visit, the area of a place; empty for none."""


def of_visits(session: Session, county: str, *, before: datetime | None = None) -> Positions:
    """Every visit of a county, or those that began before an instant."""
    query = _tagged(Visit).where(Visit.county_code == county)
    return _arrays(session, query if before is None else query.where(Visit.started_at < before))


def of_issues(session: Session, county: str) -> Positions:
    """Every issue of a county."""
    return _arrays(session, _tagged(Issue).where(Issue.county_code == county))


def _tagged(model: type[Visit] | type[Issue]) -> Select[Any]:
    chain = func.concat(model.tag, "/", model.town_code, "/", model.village_code, "/", model.grid_code)
    x, y = func.ST_X(model.position), func.ST_Y(model.position)
    return select(model.id, x, y, model.accuracy_m, model.claimed_area, chain)


def of_places(session: Session, county: str) -> Positions:
    """Every place of a county."""
    query = select(
        Place.id,
        func.ST_X(Place.position),
        func.ST_Y(Place.position),
        cast(null(), Double),
        Place.claimed_area,
        func.coalesce(Place.area_code, ""),
    )
    return _arrays(session, query.where(Place.county_code == county))


def movements(session: Session, county: str, staff: Collection[str], *, begin: datetime, end: datetime) -> pd.DataFrame:
    """Visits of some people from one instant to another.

    :return: ``staff_no``, ``start`` and ``end`` (the start where none is known) in UTC, ``lon`` and ``lat``
        (NaN for none), ``accuracy_m`` (0 for none)
    """
    query = select(
        Visit.staff_no,
        Visit.started_at,
        func.coalesce(Visit.ended_at, Visit.started_at),
        func.ST_X(Visit.position),
        func.ST_Y(Visit.position),
        func.coalesce(Visit.accuracy_m, 0),
    ).where(
        Visit.county_code == county,
        Visit.staff_no == func.any(list(staff)),
        Visit.started_at >= begin,
        Visit.started_at <= end,
        Visit.withdrawn_at.is_(None),
    )
    moment = pa.timestamp("us", "UTC")
    types = {"staff_no": pa.string(), "start": moment, "end": moment}
    types |= dict.fromkeys(("lon", "lat", "accuracy_m"), pa.float64())
    frame: pd.DataFrame = copy_out(session, query, types).to_pandas()
    for name in ("start", "end"):
        frame[name] = frame[name].dt.tz_localize(None)
    return frame


def offices(session: Session, county: str) -> list[tuple[float, float]]:
    """Longitude and latitude of the organisations whose position is known."""
    query = select(func.ST_X(Organisation.position), func.ST_Y(Organisation.position)).where(
        Organisation.county_code == county, Organisation.position.is_not(None)
    )
    return [(lon, lat) for lon, lat in session.execute(query)]


def write_tags(
    session: Session, table: Literal["visits", "issues"], county: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Set tags of visits or issues: rows of id, tag, town, village, grid."""
    numbers = {"visits": "visit_changes", "issues": "issue_changes"}[table]
    session.execute(
        text(
            "CREATE TEMP TABLE retagged (id uuid PRIMARY KEY, tag text, town_code text, village_code text,"
            " grid_code text) ON COMMIT DROP"
        )
    )
    copy_rows(session, "retagged", ("id", "tag", "town_code", "village_code", "grid_code"), rows)
    session.execute(
        text(
            f"UPDATE {table} v SET tag = r.tag, town_code = r.town_code, village_code = r.village_code,"  # noqa: S608 - from above
            f" grid_code = r.grid_code, change = nextval('{numbers}'), changed_at = clock_timestamp()"
            " FROM retagged r WHERE v.county_code = :county AND v.id = r.id"
        ),
        {"county": county},
    )
    session.execute(text("DROP TABLE retagged"))


def write_place_areas(session: Session, county: str, rows: Sequence[Sequence[object]]) -> None:
    """Set the area of places: rows of id, area."""
    session.execute(text("CREATE TEMP TABLE moved (id text PRIMARY KEY, area_code text) ON COMMIT DROP"))
    copy_rows(session, "moved", ("id", "area_code"), rows)  # type: ignore[arg-type]
    session.execute(
        text("UPDATE places p SET area_code = m.area_code FROM moved m WHERE p.county_code = :county AND p.id = m.id"),
        {"county": county},
    )
    session.execute(text("DROP TABLE moved"))


def _arrays(session: Session, query: Select[*tuple[object, ...]]) -> Positions:
    table = copy_out(session, query, _COLUMNS)
    return Positions(
        ids=_objects(table["id"]),
        lon=np.asarray(table["lon"].to_numpy()),
        lat=np.asarray(table["lat"].to_numpy()),
        accuracy_m=np.asarray(table["accuracy"].to_numpy()),
        claimed=_objects(table["claimed"]),
        tagged=_objects(table["tagged"]),
    )


def _objects(column: pa.ChunkedArray) -> Codes:
    return np.asarray(column.to_numpy(), dtype=object)
