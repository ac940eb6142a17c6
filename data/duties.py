"""Who held which role for which area, from when to when; ranges are half-open."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.people import People
from data.plane import IntArray
from data.streams import stream
from data.territory import Territory
from data.truths import FIRST_MONTH, Truths

NOBODY: Final = -1

_BEGINNINGS: Final = np.array(["2024-03-01", "2024-09-01", "2025-01-01", "2025-07-01"], dtype="datetime64[D]")
_HANDED_OVER: Final = 0.06  # of the grids have a new head within the year
_FULL_TIME, _PART_TIME, _INSTRUCTOR = 0.40, 0.25, 0.30  # of the grids have one
_ENDED: Final = 0.15  # of the full-time and part-time ones leave within the year and nobody follows
_DAYS: Final = 300

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Duties:
    """The sheet, and cadres by number, -1 for nobody.

    :ivar head: of each grid; ``next_head`` from the day ``handover`` on, which is NaT where nothing changes
    :ivar full_time: of each grid, those who stay throughout
    :ivar link: of each village
    """

    sheet: pd.DataFrame
    head: IntArray
    next_head: IntArray
    handover: Days
    full_time: IntArray
    link: IntArray


def make_duties(territory: Territory, people: People, truths: Truths, seed: int) -> Duties:
    """A leader for every town, a link for every village, a head for every grid, but for the unassigned ones."""
    rng = stream(seed, "duties")
    grid_town = territory.village_town[territory.grid_village]
    turn, grids = _turns(grid_town), len(grid_town)
    after_heads = np.bincount(grid_town)[territory.village_town]

    head = people.of_town(grid_town, turn)
    full_time = _some(people.of_town(grid_town, turn * 5 + 3), _FULL_TIME, rng)
    part_time = _some(people.of_town(grid_town, turn * 7 + 5), _PART_TIME, rng)
    instructor = _some(people.of_departments(grids, rng), _INSTRUCTOR, rng)
    link = people.of_town(territory.village_town, _turns(territory.village_town) + after_heads)
    link[truths.unassigned_village] = NOBODY
    for holder in (head, full_time, part_time, instructor):
        holder[list(truths.unassigned_grids)] = NOBODY
    next_head = np.where(head == NOBODY, NOBODY, people.of_town(grid_town, turn + 2))
    handover, full_time_end, part_time_end = (_ends(share, grids, rng) for share in (_HANDED_OVER, _ENDED, _ENDED))

    towns, villages, grid = (frame["code"] for frame in (territory.towns, territory.villages, territory.grids))
    handed = ~np.isnat(handover)
    rows = [
        _rows("area_leader", towns, people.first, rng),
        _rows("village_link", villages, link, rng),
        _rows("grid_head", grid, head, rng, end=handover),
        _rows("grid_head", grid[handed], next_head[handed], rng, begin=handover[handed]),
        _rows("full_time", grid, full_time, rng, end=full_time_end),
        _rows("part_time", grid, part_time, rng, end=part_time_end),
        _rows("instructor", grid, instructor, rng),
    ]
    return Duties(
        sheet=_sheet(pd.concat(rows, ignore_index=True), people),
        head=head,
        next_head=next_head,
        handover=handover,
        full_time=np.where(np.isnat(full_time_end), full_time, NOBODY),
        link=link,
    )


def _turns(group: IntArray) -> IntArray:
    """0, 1, 2 … within each group, in the order of the rows."""
    return np.asarray(pd.Series(group).groupby(group).cumcount(), dtype=np.int64)


def _some(holder: IntArray, share: float, rng: np.random.Generator) -> IntArray:
    return np.where(rng.random(len(holder)) < share, holder, NOBODY)


def _ends(share: float, count: int, rng: np.random.Generator) -> Days:
    """For a share of them a day within the year, from the second month on; NaT for the others."""
    days = np.datetime64(FIRST_MONTH.next().first_day, "D") + rng.integers(0, _DAYS, count)
    return np.where(rng.random(count) < share, days, np.datetime64("NaT", "D"))


def _rows(
    role: str,
    area: "pd.Series[str]",
    holder: IntArray,
    rng: np.random.Generator,
    *,
    begin: Days | None = None,
    end: Days | None = None,
) -> pd.DataFrame:
    """Rows of one role, begun before the first month and never ended unless days are given."""
    count = len(holder)
    frame = pd.DataFrame(
        {
            "holder": holder,
            "area": area.to_numpy(),
            "role": role,
            "from": rng.choice(_BEGINNINGS, count) if begin is None else begin,
            "to": np.full(count, np.datetime64("NaT", "D")) if end is None else end,
        }
    )
    return frame[frame["holder"] != NOBODY]


def _sheet(rows: pd.DataFrame, people: People) -> pd.DataFrame:
    rows = rows.sort_values(["area", "role", "from"], kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "staff_no": people.staff_no[rows["holder"].to_numpy()],
            "area": rows["area"],
            "role": rows["role"],
            "from": rows["from"].dt.strftime("%Y-%m-%d"),
            "to": rows["to"].dt.strftime("%Y-%m-%d").fillna(""),
        }
    )
