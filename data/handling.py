"""What became of the issues until the sample ends: most are answered and settled, some wait, a few go in circles."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import Minutes
from data.issues import Issues
from data.plane import IntArray
from data.problems import EXTENSIONS, REOPENINGS, REPLIES
from data.streams import stream
from data.truths import MONTHS, months
from geo.analysis.issue_flow import EventKind

COLUMNS: Final = ("issue", "kind", "at", "organisation", "due_on", "into", "note")

CIRCLES: Final = 12
"""Issues at scale 1 that come back to an organisation that had passed them on (转圈)."""

_MERGED: Final = 0.5  # of the issues that repeat another one
_AT_ONCE: Final = 0.08  # are answered and settled by whoever heard of them
_FORGOTTEN: Final = 0.015  # are never assigned
_TRANSFERRED: Final = 0.10
_ACCEPTED, _EXTENDED, _REPLIED, _RESOLVED, _CONFIRMED, _CLOSED = 0.97, 0.08, 0.94, 0.95, 0.6, 0.75
_REOPENED, _TAKEN_UP_AGAIN, _SETTLED_AGAIN = 0.04, 0.85, 0.7
_MONTHS_LEFT: Final = 3  # until the end from the report of what goes in circles, so that it comes round
_LONGER_DAYS: Final = (10, 31)
_OPENS_MIN, _DAY_MIN = 8 * 60 + 30, 8 * 60  # offices open at half past eight, for eight hours


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that happens to some issues.

    :ivar happens: whether it does, of each issue
    :ivar days: working days since the step before, on average
    """

    kind: EventKind
    happens: NDArray[np.bool_]
    days: float
    organisation: NDArray[np.object_] | None = None


def make_events(issues: Issues, seed: int, scale: int) -> pd.DataFrame:
    """What happened after each report, in the order of time; what would come after the last month has not happened."""
    rng = stream(seed, "handling")
    steps = _steps(issues, _circling(issues, CIRCLES * scale, rng), rng)
    frames = []
    waited = np.zeros(len(issues.sheet), dtype=np.int64)
    for step in steps:
        waited += np.where(step.happens, 1 + rng.exponential(step.days * _DAY_MIN, len(waited)).astype(np.int64), 0)
        at = _in_office_hours(issues.reported, waited)
        rows = np.flatnonzero(step.happens & (at < np.datetime64(months()[-1].next().first_day, "m")))
        frames.append(_rows(step, rows, at[rows], issues, rng))
    events = pd.concat(frames, ignore_index=True)
    order = np.lexsort([events["row"].to_numpy(), events["at"].to_numpy()])
    events = events.iloc[order].reset_index(drop=True)
    return events.assign(at=events["at"].dt.strftime("%Y-%m-%dT%H:%M:%S"))[list(COLUMNS)]


def _circling(issues: Issues, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    repeated = np.isin(np.arange(len(issues.first)), issues.first) | (issues.first >= 0)
    early = np.flatnonzero((issues.month < MONTHS - _MONTHS_LEFT) & ~repeated & ~issues.individual)
    circling = np.zeros(len(issues.first), dtype=bool)
    circling[rng.choice(early, count, replace=False)] = True
    return circling


def _steps(issues: Issues, circling: NDArray[np.bool_], rng: np.random.Generator) -> list[_Step]:
    """In an order in which each is possible after those before it."""
    count = len(circling)

    def some(share: float, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return among & (rng.random(count) < share)

    merged = some(_MERGED, issues.first >= 0)
    named = (issues.sheet["handler"] != "").to_numpy()  # is assigned by being reported
    plain = ~merged & ~circling & ~named
    at_once = some(_AT_ONCE, plain)
    with_handler = ~merged & ~at_once & ~some(_FORGOTTEN, plain)
    passed_on = circling | some(_TRANSFERRED, with_handler)
    accepted = some(_ACCEPTED, with_handler)
    replied = some(_REPLIED, accepted) | at_once
    resolved = some(_RESOLVED, accepted) | at_once
    confirmed = some(_CONFIRMED, resolved)
    closed = some(_CLOSED, resolved)
    reopened = some(_REOPENED, resolved & with_handler)
    taken_up = some(_TAKEN_UP_AGAIN, reopened)
    return [
        _Step("merged", merged, 2.0),
        _Step("assigned", with_handler & ~named, 1.0, issues.handler),
        _Step("transferred", passed_on, 2.0, issues.liaison),
        _Step("transferred", circling, 4.0, issues.handler),
        _Step("accepted", accepted, 1.0),
        _Step("extended", some(_EXTENDED, accepted), 3.0),
        _Step("replied", replied, 3.0),
        _Step("resolved", resolved, 5.0),
        _Step("confirmed", confirmed, 3.0),
        _Step("closed", closed, 5.0),
        _Step("reopened", reopened, 8.0),
        _Step("accepted", taken_up, 1.0),
        _Step("resolved", some(_SETTLED_AGAIN, taken_up), 6.0),
    ]


def _in_office_hours(reported: Minutes, waited_min: IntArray) -> Minutes:
    """From the working day after the report on."""
    days, minute = np.divmod(waited_min, _DAY_MIN)
    day = np.busday_offset(reported.astype("datetime64[D]"), days + 1, roll="backward")
    return np.asarray(day.astype("datetime64[m]") + (_OPENS_MIN + minute).astype("timedelta64[m]"))


def _rows(step: _Step, rows: IntArray, at: Minutes, issues: Issues, rng: np.random.Generator) -> pd.DataFrame:
    said: dict[EventKind, tuple[str, ...]] = {"replied": REPLIES, "extended": EXTENSIONS, "reopened": REOPENINGS}
    longer = issues.due[rows] + rng.integers(*_LONGER_DAYS, len(rows)).astype("timedelta64[D]")
    id_ = issues.sheet["id"].to_numpy()
    return pd.DataFrame(
        {
            "row": rows,
            "issue": id_[rows],
            "kind": step.kind,
            "at": at,
            "organisation": "" if step.organisation is None else step.organisation[rows],
            "due_on": np.datetime_as_string(longer).astype(object) if step.kind == "extended" else "",
            "into": id_[issues.first[rows]] if step.kind == "merged" else "",
            "note": rng.choice(said.get(step.kind, ("",)), len(rows)).astype(object),
        }
    )
