"""When visits happen: working hours mostly, with evenings, early mornings and weekends; county time throughout."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.plane import IntArray
from data.truths import months

Minutes = NDArray[np.datetime64]
"""Local times, to the minute."""

_DAY_OF_WEEK: Final = np.array([1.0, 1.0, 1.05, 1.0, 0.95, 0.45, 0.30])  # Monday first
_SHIFTS: Final = (  # share, from, to (minutes of the day)
    (0.38, 8 * 60 + 20, 11 * 60 + 40),
    (0.37, 13 * 60 + 40, 17 * 60 + 30),
    (0.18, 18 * 60, 20 * 60 + 50),
    (0.07, 6 * 60 + 40, 8 * 60 + 20),  # before 8:00 it is still the day before in UTC
)
_FIRST_MINUTE: Final = np.timedelta64(7 * 60 + 10, "m")
_LAST_MINUTE: Final = np.timedelta64(20 * 60 + 55, "m")
_SHORTEST_MIN, _LONGEST_MIN = 8, 76


def starts(month: IntArray, rng: np.random.Generator) -> Minutes:
    """A time in each month.

    :param month: 0 for the first month of the sample
    """
    day = np.empty(len(month), dtype="datetime64[D]")
    for number, one in enumerate(months()):
        days = np.arange(np.datetime64(one.first_day, "D"), np.datetime64(one.next().first_day, "D"))
        share = _DAY_OF_WEEK[(days.astype(np.int64) + 3) % 7]  # day 0, the 1st of January 1970, was a Thursday
        chosen = month == number
        day[chosen] = rng.choice(days, int(chosen.sum()), p=share / share.sum())
    shares, first, last = np.array(_SHIFTS).T
    shift = rng.choice(len(shares), len(month), p=shares)
    minute = rng.uniform(first[shift], last[shift]).astype(np.int64)
    return np.asarray(day.astype("datetime64[m]") + minute.astype("timedelta64[m]"))


def durations(count: int, rng: np.random.Generator) -> NDArray[np.timedelta64]:
    """A quarter of an hour to an hour, mostly."""
    return np.asarray(rng.integers(_SHORTEST_MIN, _LONGEST_MIN, count).astype("timedelta64[m]"))


def crowd_month_ends(start: Minutes, group: IntArray, month: IntArray, empty: NDArray[np.bool_]) -> None:
    """Move visits to the very end and beginning of the months around an empty one, in place.

    Where a village is unvisited in a month, its last visit before falls on the last evening of the month before, and
    its first after on the 1st at 7:10, which in UTC is still the empty month: counting by UTC is found out.

    :param group: village of each visit
    :param empty: (villages, months)
    """
    count = empty.shape[1]
    key = group * count + month
    order = np.lexsort([start, key])
    first_of = np.searchsorted(key[order], np.arange(empty.size + 1))
    firsts = np.array([one.first_day for one in months()], dtype="datetime64[D]").astype("datetime64[m]")
    for village, gap in np.argwhere(empty).tolist():
        before, after = village * count + gap - 1, village * count + gap + 1
        if gap > 0 and first_of[before] < first_of[before + 1]:
            start[order[first_of[before + 1] - 1]] = firsts[gap] - np.timedelta64(1, "D") + _LAST_MINUTE
        if gap < count - 1 and first_of[after] < first_of[after + 1]:
            start[order[first_of[after]]] = firsts[gap + 1] + _FIRST_MINUTE
