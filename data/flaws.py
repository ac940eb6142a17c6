"""What goes wrong in real sheets, in fixed shares of the visits: `SHARES`.

Some rows lose quality (no position, a poor one, another frame) and still count where they were meant to. Others are
added that count nowhere (outside, refused) or count already (duplicates). So no planted truth depends on a flaw.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from data.gauge import INSIDE
from data.plane import IntArray, to_degrees
from data.settlements import Settlements
from data.streams import stream
from data.territory import Territory
from data.truths import months
from data.visiting import Visits, uuids
from geo.space.crs import from_wgs84

SHARES: Final = {
    "unlocated": 0.02,
    "poor_accuracy": 0.01,
    "gcj02": 0.05,
    "cgcs2000": 0.10,
    "outside": 0.003,
    "duplicate": 0.002,
    "rejected": 0.001,
}
"""Of the visits to areas."""

REJECTIONS: Final = ("ended_before_it_started", "unknown_staff_no", "lon_lat_swapped", "far_future")
"""Why rows are refused on purpose, in equal parts."""

NO_SUCH_STAFF: Final = "X99999"

_FAR_FUTURE: Final = "2099"
_POOR_M: Final = (500.0, 2000.0)
_ON_LAKE: Final = 0.3  # of the positions outside; the others are at sea
_CLAIMS_GRID: Final = 0.75  # of the visits without position; the others claim the village
_SENDING_H: Final = 6.0  # until a visit is sent, on average
_SENT_AGAIN_H: Final = 48.0


@dataclass(frozen=True, slots=True)
class FlawedVisits:
    """The sheet as it is written, and what is in it.

    :ivar to_areas: the rows of the visits to areas, in their own order
    :ivar counts: rows, stored, duplicates, rejected by reason, and of the stored the flawed by flaw
    """

    sheet: pd.DataFrame
    to_areas: pd.DataFrame
    counts: dict[str, object]


def add_flaws(visits: Visits, territory: Territory, settlements: Settlements, seed: int) -> FlawedVisits:
    """Spoil some rows, add others, and put all in the order in which they were sent."""
    rng = stream(seed, "flaws")
    areas = len(visits.sheet)
    outside, outside_month = _outside(visits, territory, round(areas * SHARES["outside"]), rng)
    rejected = _rejected(visits, round(areas * SHARES["rejected"] / len(REJECTIONS)), rng)
    to_areas = _spoiled(visits, territory, settlements, rng)
    stored = pd.concat([to_areas, outside], ignore_index=True)
    again = rng.choice(len(stored), round(areas * SHARES["duplicate"]), replace=False)
    sheet = pd.concat([stored, *rejected.values(), stored.iloc[again]], ignore_index=True)
    delay_h = rng.exponential(_SENDING_H, len(sheet))
    delay_h[len(sheet) - len(again) :] += _SENT_AGAIN_H
    sent = pd.to_datetime(sheet["started_at"]) + pd.to_timedelta((delay_h * 60).round(), unit="min")
    order = np.argsort(sent.to_numpy(), kind="stable")
    return FlawedVisits(
        sheet=sheet.iloc[order].reset_index(drop=True),
        to_areas=to_areas,
        counts=_counts(stored, outside, rejected, len(again), np.concatenate([visits.month, outside_month])),
    )


def _spoiled(visits: Visits, territory: Territory, settlements: Settlements, rng: np.random.Generator) -> pd.DataFrame:
    sheet, count = visits.sheet.copy(), len(visits.sheet)
    grid = territory.grids["code"].to_numpy(dtype=object)[visits.grid]
    village = grid.astype("U15").astype("U12").astype(object)  # a grid's code begins with its village's
    claim = np.where(rng.random(count) < _CLAIMS_GRID, grid, village)
    turn, frame_turn = rng.random(count), rng.random(count)
    unlocated = turn < SHARES["unlocated"]
    poor = ~unlocated & (turn < SHARES["unlocated"] + SHARES["poor_accuracy"])
    gcj02 = ~unlocated & (frame_turn < SHARES["gcj02"])
    cgcs2000 = ~unlocated & ~gcj02 & (frame_turn < SHARES["gcj02"] + SHARES["cgcs2000"])

    # A poor position is off by hundreds of metres, but drawn in to its grid: the truths need to know where it was.
    radius_m = rng.uniform(*_POOR_M, int(poor.sum())).round()
    offset_m = rng.normal(size=(len(radius_m), 2)) * radius_m[:, None] / 2
    sheet.loc[poor, ["lon", "lat"]] = to_degrees(settlements.positions(visits.grid[poor], offset_m))
    sheet.loc[poor, "accuracy_m"] = radius_m
    sheet.loc[poor | unlocated, "claimed_area"] = claim[poor | unlocated]
    lon, lat = from_wgs84(sheet.loc[gcj02, "lon"], sheet.loc[gcj02, "lat"], "gcj02")
    sheet.loc[gcj02, ["lon", "lat"]] = np.stack([lon, lat], axis=1).round(7)
    sheet["frame"] = np.select([unlocated, gcj02, cgcs2000], ["", "gcj02", "cgcs2000"], "wgs84").astype(object)
    sheet.loc[unlocated, ["lon", "lat", "accuracy_m"]] = np.nan
    return sheet


def _outside(
    visits: Visits, territory: Territory, count: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, IntArray]:
    """Visits recorded at sea or on the lake, whatever area they claim; and the month of each."""
    rows = rng.choice(len(visits.sheet), count, replace=False)
    ground = territory.ground
    on_lake = rng.random(count) < _ON_LAKE
    cell = np.where(on_lake, rng.choice(ground.lake, count), rng.choice(ground.sea, count))
    anywhere = rng.normal(size=(count, 2)) * 500
    offset_m = territory.gauge.keep_inside(cell, anywhere, limit=INSIDE / 2)
    lon_lat = to_degrees(territory.gauge.sites[cell] + offset_m)
    copies = visits.sheet.iloc[rows].assign(
        id=uuids(count, rng), lon=lon_lat[:, 0], lat=lon_lat[:, 1], accuracy_m=10.0, place=""
    )
    return copies, visits.month[rows]


def _rejected(visits: Visits, count: int, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Rows that must be refused, by reason; each has one fault and no other."""
    rows = rng.choice(len(visits.sheet), count * len(REJECTIONS), replace=False)
    copies = visits.sheet.iloc[rows].assign(id=uuids(len(rows), rng))
    backwards, nobody, swapped, future = (copies.iloc[at : at + count] for at in range(0, len(rows), count))
    earlier = visits.start[rows[:count]] - np.timedelta64(30, "m")
    faulty = (
        backwards.assign(ended_at=np.datetime_as_string(earlier, unit="s").astype(object)),
        nobody.assign(staff_no=NO_SUCH_STAFF),
        swapped.assign(lon=swapped["lat"], lat=swapped["lon"]),
        future.assign(started_at=_FAR_FUTURE + future["started_at"].str[4:], ended_at=""),
    )
    return dict(zip(REJECTIONS, faulty, strict=True))


def _counts(
    stored: pd.DataFrame, outside: pd.DataFrame, rejected: dict[str, pd.DataFrame], duplicates: int, month: IntArray
) -> dict[str, object]:
    refused = {reason: len(rows) for reason, rows in rejected.items()}
    by_month = np.bincount(month, minlength=len(months())).tolist()
    return {
        "rows": len(stored) + duplicates + sum(refused.values()),
        "stored": len(stored),
        "duplicate": duplicates,
        "rejected": refused,
        "unlocated": int(stored["lon"].isna().sum()),
        "poor_accuracy": int((stored["accuracy_m"] >= _POOR_M[0]).sum()),
        "gcj02": int((stored["frame"] == "gcj02").sum()),
        "cgcs2000": int((stored["frame"] == "cgcs2000").sum()),
        "outside": len(outside),
        "stored_by_month": {str(one): count for one, count in zip(months(), by_month, strict=True)},
    }
