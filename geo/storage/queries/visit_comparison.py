"""Visits that are sent again beside what is stored, tens of thousands at once."""

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Uuid, cast, func, select
from sqlalchemy.orm import Session

from geo.intake.visit_columns import Visits
from geo.storage.bulk import copy_out
from geo.storage.queries.visits import COORDINATE_DIGITS
from geo.storage.tables import Visit


def same_as_stored(session: Session, county: str, visits: Visits) -> NDArray[np.bool_]:
    """Which of some visits say exactly what is stored under their ids; where it is not clear at once, False.

    It looks at the whole county: for sessions that see it.

    :param visits: positions in WGS-84, ids that are there
    """
    columns = _as_columns(session, county, visits.id.tolist())
    place = {id_: at for at, id_ in enumerate(columns["id"].tolist())}
    at = np.array([place.get(id_, -1) for id_ in visits.id.tolist()], dtype=np.intp)
    stored = {name: values[at] for name, values in columns.items()} if place else {}
    if not stored:
        return np.zeros(len(visits), dtype=bool)
    located = ~np.isnan(visits.lon)
    same = (at >= 0) & (stored["frame"] == np.where(located, visits.frame.astype(str), ""))
    for name, values in (("lon", visits.lon), ("lat", visits.lat)):
        same &= np.isclose(stored[name], values, rtol=0, atol=0.4 * 10**-COORDINATE_DIGITS, equal_nan=True)
    same &= (stored["accuracy_m"] == visits.accuracy_m) | (np.isnan(stored["accuracy_m"]) & np.isnan(visits.accuracy_m))
    for name, times in (("started_at", visits.started_at), ("ended_at", visits.ended_at)):
        same &= (stored[name] == times) | (np.isnat(stored[name]) & np.isnat(times))
    for name in ("staff_no", "claimed_area", "place", "findings", "note"):
        same &= stored[name] == np.array([value or "" for value in getattr(visits, name).tolist()], dtype=object)
    for name in ("topics", "companions"):
        lists = getattr(visits, name).tolist()
        written = {one: json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in set(lists)}
        same &= stored[name] == np.array([written[one] for one in lists], dtype=object)
    return np.asarray(same, dtype=bool)


def _as_columns(session: Session, county: str, ids: list[str]) -> dict[str, NDArray[Any]]:
    texts = {
        "id": Visit.id,
        "staff_no": Visit.staff_no,
        "frame": Visit.frame,
        "claimed_area": Visit.claimed_area,
        "place": Visit.place_id,
        "findings": Visit.findings,
        "note": Visit.note,
        "topics": func.array_to_json(Visit.topics),
        "companions": func.array_to_json(Visit.companions),
    }
    numbers = {"lon": func.ST_X(Visit.position), "lat": func.ST_Y(Visit.position), "accuracy_m": Visit.accuracy_m}
    moments = {"started_at": Visit.started_at, "ended_at": Visit.ended_at}
    query = select(*texts.values(), *numbers.values(), *moments.values()).where(
        Visit.county_code == county, Visit.id == func.any(cast(_ids(ids), ARRAY(Uuid)))
    )
    types = dict.fromkeys(texts, pa.string()) | dict.fromkeys(numbers, pa.float64())
    found = copy_out(session, query, types | dict.fromkeys(moments, pa.timestamp("us", "UTC")))
    columns: dict[str, NDArray[Any]] = {}
    for name in texts:
        columns[name] = np.asarray(found[name].fill_null("").to_numpy(), dtype=object)
    for name in numbers:
        columns[name] = np.asarray(found[name].to_numpy(), dtype=np.float64)
    for name in moments:
        columns[name] = found[name].to_numpy().astype("datetime64[us]")
    return columns


def _ids(ids: Collection[str]) -> str:
    """UUIDs as PostgreSQL reads an array of them, in one value."""
    return "{" + ",".join(ids) + "}"
