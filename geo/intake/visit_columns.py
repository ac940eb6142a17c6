"""Visits as columns of one length: what a batch is while it is checked, tagged and stored."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.space.crs import FRAMES, to_wgs84

Objects = NDArray[np.object_]
Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Visits:
    """Good rows. Positions are as sent, in ``frame``; NaN, NaT and None stand for what a row does not say.

    :ivar row: as the sender counts
    :ivar id: UUIDs as text
    :ivar started_at: UTC, microseconds
    :ivar topics: tuples of text, as ``companions``
    """

    row: NDArray[np.int64]
    id: Objects
    staff_no: Objects
    started_at: Times
    ended_at: Times
    lon: Floats
    lat: Floats
    frame: Objects
    accuracy_m: Floats
    claimed_area: Objects
    place: Objects
    topics: Objects
    companions: Objects
    findings: Objects
    note: Objects

    @classmethod
    def of(
        cls,
        *,
        row: Sequence[int],
        started_at: Sequence[datetime | None] | Times,
        ended_at: Sequence[datetime | None] | Times,
        lon: Sequence[float] | Floats,
        lat: Sequence[float] | Floats,
        accuracy_m: Sequence[float] | Floats,
        **texts: Sequence[Any],
    ) -> "Visits":
        """From sequences of one length."""
        return cls(
            row=np.asarray(row, dtype=np.int64),
            started_at=np.asarray(started_at, dtype="datetime64[us]"),
            ended_at=np.asarray(ended_at, dtype="datetime64[us]"),
            lon=np.asarray(lon, dtype=np.float64),
            lat=np.asarray(lat, dtype=np.float64),
            accuracy_m=np.asarray(accuracy_m, dtype=np.float64),
            **{name: objects(values) for name, values in texts.items()},
        )

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: NDArray[Any]) -> "Visits":
        """Some of the rows: a mask, or places in the order wanted."""
        return Visits(**{one.name: getattr(self, one.name)[index] for one in fields(self)})

    def and_(self, other: "Visits") -> "Visits":
        """The rows of both, in the order of their numbers."""
        if not len(other):
            return self
        both = {one.name: np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)}
        return Visits(**both).take(np.argsort(both["row"], kind="stable"))

    def in_wgs84(self) -> tuple[Floats, Floats]:
        """Longitude and latitude in degrees of WGS-84."""
        lon, lat = self.lon.copy(), self.lat.copy()
        for frame in FRAMES:
            mine = self.frame == frame
            lon[mine], lat[mine] = to_wgs84(lon[mine], lat[mine], frame)
        return lon, lat


def objects(values: Sequence[Any]) -> Objects:
    """An array of objects, whatever they are: numpy would make a table of tuples of one length."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
