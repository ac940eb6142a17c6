"""Visits as they should have been recorded: who, when, where, whom. Their flaws are added in `data.flaws`."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import Minutes, crowd_month_ends, durations, starts
from data.duties import NOBODY, Duties
from data.names import TOPICS
from data.people import People
from data.places import Places
from data.plane import FloatArray, IntArray, to_degrees
from data.settlements import Settlements
from data.streams import stream
from data.territory import Territory
from data.truths import Truths

COLUMNS: Final = (
    "id", "staff_no", "started_at", "ended_at", "lon", "lat", "frame", "accuracy_m", "claimed_area", "place", "topics",
    "note",
)  # fmt: skip

_WITH_PLACE: Final = 0.85
_WITH_END: Final = 0.9
_BY_PARTNER: Final = 0.5  # of the visits to a place that has one
_BY_HEAD, _BY_FULL_TIME, _BY_LINK = 0.60, 0.75, 0.92  # cumulative; the rest by anybody of the town
_CLAIM_GRID, _CLAIM_VILLAGE = 0.60, 0.85  # cumulative; the rest claim nothing
_ACCURACY_M: Final = (3.0, 15.0, 80.0)  # least, median, most
_NOTES: Final = {
    "": 0.55,
    "走访正常": 0.12,
    "了解家庭情况，无困难诉求": 0.08,
    "宣传防汛安全": 0.06,
    "反映村道路灯不亮, 已登记": 0.05,
    "协调邻里用水问题": 0.05,
    "老人独居，已联系志愿者": 0.05,
    "户主外出，电话回访": 0.035,
    '反映<b>围墙</b>"倾斜" & 开裂，已上报': 0.003,  # a page or a sheet that does not escape shows it
    "=1+1 不是公式": 0.002,
}


@dataclass(frozen=True, slots=True)
class Visits:
    """The sheet without flaws, in no order, and the area that each visit was to.

    :ivar start: as in the sheet
    """

    sheet: pd.DataFrame
    grid: IntArray
    month: IntArray
    start: Minutes


def make_visits(
    territory: Territory,
    settlements: Settlements,
    people: People,
    duties: Duties,
    places: Places,
    truths: Truths,
    effort: IntArray,
    seed: int,
) -> Visits:
    """One row for each visit of the plan.

    :param effort: visits of each grid and month
    """
    rng = stream(seed, "visits")
    cell = np.repeat(np.arange(effort.size), effort.ravel())
    grid, month = np.divmod(cell, effort.shape[1])
    village = territory.grid_village[grid]
    start = starts(month, rng)
    crowd_month_ends(start, village, month, truths.unvisited)
    place = _places(grid, places, rng)
    lon_lat, accuracy_m = _positions(grid, place, places, settlements, rng)
    end = np.datetime_as_string(start + durations(len(grid), rng), unit="s").astype(object)
    end[rng.random(len(grid)) >= _WITH_END] = ""
    sheet = pd.DataFrame(
        {
            "id": uuids(len(grid), rng),
            "staff_no": people.staff_no[_visitors(grid, start, place, territory, people, duties, places, rng)],
            "started_at": np.datetime_as_string(start, unit="s").astype(object),
            "ended_at": end,
            "lon": lon_lat[:, 0],
            "lat": lon_lat[:, 1],
            "frame": "wgs84",
            "accuracy_m": accuracy_m,
            "claimed_area": _claims(grid, territory, rng),
            "place": np.where(place >= 0, places.sheet["id"].to_numpy()[place], ""),
            "topics": _topics(len(grid), rng),
            "note": rng.choice(list(_NOTES), len(grid), p=list(_NOTES.values())).astype(object),
        }
    )
    return Visits(sheet, grid, month, start)


def uuids(count: int, rng: np.random.Generator) -> list[str]:
    """Random UUIDs (RFC 9562, version 4), the same under the same generator."""
    octets = np.frombuffer(rng.bytes(16 * count), dtype=np.uint8).reshape(-1, 16).copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    text = octets.tobytes().hex()
    found = (text[at : at + 32] for at in range(0, len(text), 32))
    return [f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}" for one in found]


def _places(grid: IntArray, places: Places, rng: np.random.Generator) -> IntArray:
    """A place of each grid, -1 for none."""
    chosen = places.first[grid] + (rng.random(len(grid)) * places.size[grid]).astype(np.int64)
    given = (rng.random(len(grid)) < _WITH_PLACE) & (places.size[grid] > 0)
    return np.where(given, chosen, -1)


def _positions(
    grid: IntArray, place: IntArray, places: Places, settlements: Settlements, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Where the phone says it was, lon/lat, and how accurately, metres; never outside the grid."""
    least, median, most = _ACCURACY_M
    accuracy_m = np.clip(rng.lognormal(np.log(median), 0.5, len(grid)), least, most).round(1)
    there = np.where(place[:, None] >= 0, places.offset_m[place], settlements.somewhere(grid, rng))
    jitter = rng.normal(size=(len(grid), 2)) * accuracy_m[:, None] / 2
    return to_degrees(settlements.positions(grid, there + jitter)), accuracy_m


def _visitors(
    grid: IntArray,
    start: Minutes,
    place: IntArray,
    territory: Territory,
    people: People,
    duties: Duties,
    places: Places,
    rng: np.random.Generator,
) -> IntArray:
    """Somebody responsible: for the grid on that day, the village or the place; else anybody of the town."""
    count, village = len(grid), territory.grid_village[grid]
    head = np.where(start >= duties.handover[grid], duties.next_head[grid], duties.head[grid])
    full_time = np.where(duties.full_time[grid] == NOBODY, head, duties.full_time[grid])
    somebody = people.of_town(territory.village_town[village], rng.integers(0, 2**31, count))
    turn = rng.random(count)
    visitor = np.select(
        [turn < _BY_HEAD, turn < _BY_FULL_TIME, turn < _BY_LINK], [head, full_time, duties.link[village]], somebody
    )
    partner = np.where(place >= 0, places.partner[place], NOBODY)
    visitor = np.where((partner != NOBODY) & (rng.random(count) < _BY_PARTNER), partner, visitor)
    return np.where(visitor == NOBODY, somebody, visitor)


def _claims(grid: IntArray, territory: Territory, rng: np.random.Generator) -> NDArray[np.object_]:
    turn = rng.random(len(grid))
    village = territory.villages["code"].to_numpy(dtype=object)[territory.grid_village[grid]]
    claim = np.where(turn < _CLAIM_GRID, territory.grids["code"].to_numpy(dtype=object)[grid], village)
    return np.where(turn < _CLAIM_VILLAGE, claim, "")


def _topics(count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """One topic, or two."""
    one = list(TOPICS)
    pairs = [f"{first};{second}" for first in TOPICS for second in TOPICS if first < second]
    share = [0.7 / len(one)] * len(one) + [0.3 / len(pairs)] * len(pairs)
    return np.asarray(rng.choice(one + pairs, count, p=share).astype(object))
