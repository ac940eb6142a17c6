"""Rows of a sheet that are written plainly, read column by column: fifty times as fast as one by one.

A row is plain if every cell is in the usual form and nothing in it could be refused. Whatever is not is left to
`geo.intake.visits`, whose answer is the one that counts: a test compares both.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.intake.visit_columns import Visits, objects
from geo.limits import MAX_ACCURACY_M, MAX_CODE_CHARS, MAX_COMPANIONS, MAX_TEXT_CHARS
from geo.months import FIRST_YEAR, LAST_YEAR
from geo.space.crs import FRAMES, MAX_LAT, MAX_LON

Mask = NDArray[np.bool_]

_UUID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?$"
_DEGREES: Final = r"^-?[0-9]{1,3}\.[0-9]{1,15}$"
_METRES: Final = r"^[0-9]{1,6}(\.[0-9]{1,9})?$"
_CODE: Final = f"^[0-9A-Za-z._-]{{1,{MAX_CODE_CHARS}}}$"
_SPOILED: Final = r"^[0-9](\.[0-9]+)?[eE][0-9]{1,3}$|^[0-9]{15}0+$"
_TEXT: Final = r"^[^\x00-\x1f\x7f]*$"


def read(
    rows: Sequence[tuple[int, Mapping[str, str]]], *, zone: ZoneInfo, latest: datetime
) -> tuple[Visits, list[tuple[int, Mapping[str, str]]]]:
    """The plain rows, and the others as they came.

    :param rows: all with the same columns, texts without spaces around them
    :param latest: aware; a start after it is not plain
    """
    cells = {name: pa.array([fields.get(name, "") for _, fields in rows], pa.string()) for name in _NAMES}
    plain = _like(cells["id"], _UUID) & _code(cells["staff_no"])
    started, started_well = _times(cells["started_at"], zone)
    ended, ended_well = _times(cells["ended_at"], zone)
    no_end = _blank(cells["ended_at"])
    in_time = started <= np.datetime64(latest.astimezone(UTC).replace(tzinfo=None))
    plain &= started_well & in_time & (no_end | (ended_well & (ended >= started)))
    lon, lat = _numbers(cells["lon"], _DEGREES), _numbers(cells["lat"], _DEGREES)
    nowhere = _blank(cells["lon"]) & _blank(cells["lat"])
    somewhere = (np.abs(lon) <= MAX_LON) & (np.abs(lat) <= MAX_LAT) & (lon != lat)
    plain &= somewhere | (nowhere & ~_blank(cells["claimed_area"]))
    accuracy = _numbers(cells["accuracy_m"], _METRES)
    plain &= _blank(cells["accuracy_m"]) | (accuracy <= MAX_ACCURACY_M)
    plain &= _blank(cells["frame"]) | np.asarray(pc.is_in(cells["frame"], pa.array(FRAMES)))
    for name in ("claimed_area", "place"):
        plain &= _blank(cells[name]) | _code(cells[name])
    for name in ("topics", "companions"):
        plain &= _like(cells[name], _TEXT) & _shorter(cells[name], MAX_CODE_CHARS)
    plain &= np.asarray(pc.less(pc.count_substring_regex(cells["companions"], "[;；]"), MAX_COMPANIONS))
    for name in ("note", "findings"):
        plain &= _like(cells[name], _TEXT) & _shorter(cells[name], MAX_TEXT_CHARS)
    kept = np.flatnonzero(plain)
    numbers = np.fromiter((number for number, _ in rows), dtype=np.int64, count=len(rows))
    found = Visits(
        row=numbers[kept],
        started_at=started[kept],
        ended_at=ended[kept],
        lon=lon[kept],
        lat=lat[kept],
        accuracy_m=accuracy[kept],
        frame=_objects(cells["frame"], kept, empty="wgs84"),
        topics=_lists(_objects(cells["topics"], kept)),
        companions=_lists(_objects(cells["companions"], kept)),
        **{name: _objects(cells[name], kept) for name in _TEXTS},
    )
    return found, [row for row, is_plain in zip(rows, plain.tolist(), strict=True) if not is_plain]


_TEXTS: Final = ("id", "staff_no", "claimed_area", "place", "findings", "note")
_NAMES: Final = (
    *_TEXTS,
    "started_at",
    "ended_at",
    "lon",
    "lat",
    "frame",
    "accuracy_m",
    "topics",
    "companions",
)


def _like(cells: pa.Array, pattern: str) -> Mask:
    return np.asarray(pc.match_substring_regex(cells, pattern))


def _code(cells: pa.Array) -> Mask:
    """Like a code, and not like one that a spreadsheet has spoiled."""
    return _like(cells, _CODE) & ~_like(cells, _SPOILED)


def _blank(cells: pa.Array) -> Mask:
    return np.asarray(pc.equal(cells, ""))


def _shorter(cells: pa.Array, limit: int) -> Mask:
    return np.asarray(pc.less_equal(pc.utf8_length(cells), limit))


def _numbers(cells: pa.Array, pattern: str) -> NDArray[np.float64]:
    """NaN where a cell is not written in the usual form."""
    usual = pc.if_else(pc.match_substring_regex(cells, pattern), cells, pa.scalar(None, pa.string()))
    return np.asarray(usual.cast(pa.float64()).to_numpy(zero_copy_only=False))


def _times(cells: pa.Array, zone: ZoneInfo) -> tuple[NDArray[np.datetime64], Mask]:
    """Instants in UTC, and where there is one: not where clocks were put back or forward, nor on days that are none."""
    usual = pc.if_else(pc.match_substring_regex(cells, _TIME), cells, pa.scalar(None, pa.string()))
    local = pd.to_datetime(pd.Series(usual.to_pandas()), format="ISO8601", errors="coerce")
    sensible = local.dt.year.between(FIRST_YEAR, LAST_YEAR)
    instants = local.where(sensible).dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    times: NDArray[Any] = instants.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return times, ~np.isnat(times)


def _objects(cells: pa.Array, kept: NDArray[np.intp], *, empty: str | None = None) -> NDArray[np.object_]:
    values = np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object)[kept]
    values[values == ""] = empty
    return values


def _lists(cells: NDArray[np.object_]) -> NDArray[np.object_]:
    """Texts with ``;`` between become tuples. A list is as often the same as not, so each is split once."""
    known = {None: ()} | {
        cell: tuple(part.strip() for part in cell.replace("；", ";").split(";") if part.strip())
        for cell in set(cells.tolist()) - {None}
    }
    return objects([known[cell] for cell in cells.tolist()])
