"""What is true of the issues on purpose or by count, told from the rows alone and not by the rules of the service."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clusters import Cluster
from data.issues import Issues
from data.plane import IntArray
from data.problems import COMMON
from data.territory import Territory
from data.truths import months

_ENDED: Final = ("resolved", "merged")
_GIVEN: Final = ("assigned", "transferred")


def issue_truths(
    issues: Issues,
    events: pd.DataFrame,
    clusters: Sequence[Cluster],
    territory: Territory,
    visits_of: IntArray,
    strength: float,
) -> dict[str, object]:
    """In plain values; ids are sorted, and ``unanswered`` names those that were merged too.

    :param visits_of: visits to each village
    """
    village = territory.villages["code"].to_numpy(dtype=object)
    month = np.array([str(one) for one in months()], dtype=object)
    sheet = issues.sheet.assign(village=village[issues.village], month=month[issues.month])
    last_day = months()[-1].last_day
    return {
        "strength": strength,
        "clusters": [_cluster(one, sheet, village, visits_of, territory) for one in clusters],
        "common": {"title": COMMON, "villages": sorted(set(sheet.loc[sheet["title"] == COMMON, "village"]))},
        "individual": sorted(sheet["id"][issues.individual]),
        "duplicates": [
            {"first": first, "again": again}
            for first, again in zip(
                sheet["id"].to_numpy()[issues.first[issues.first >= 0]], sheet["id"][issues.first >= 0], strict=True
            )
        ],
        "on": str(last_day),
        "merged": sorted(events.loc[events["kind"] == "merged", "issue"]),
        "reopened": sorted(events.loc[events["kind"] == "reopened", "issue"]),
        "in_circles": _in_circles(sheet, events),
        "unanswered": sorted(set(sheet["id"]) - set(events.loc[events["kind"] == "replied", "issue"])),
        "overdue": _overdue(issues, events, str(last_day)),
        "counts": _counts(sheet),
    }


def _cluster(
    one: Cluster, sheet: pd.DataFrame, village: NDArray[np.object_], visits_of: IntArray, territory: Territory
) -> dict[str, object]:
    rows = list(one.villages)
    codes = village[rows].tolist()
    mine = sheet["village"].isin(codes) & (sheet["category"] == one.category)
    return {
        "category": one.category,
        "villages": codes,
        "towns": sorted(set(territory.villages["parent"].iloc[rows])),
        "visits": int(visits_of[rows].sum()),
        "issues": int(mine.sum()),
    }


def _in_circles(sheet: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """Those that an organisation received twice; the handler of the sheet received them first."""
    named = sheet.loc[sheet["handler"] != "", ["id", "handler"]].set_axis(["issue", "organisation"], axis=1)
    received = pd.concat([named, events.loc[events["kind"].isin(_GIVEN), ["issue", "organisation"]]])
    return sorted(set(received.loc[received.duplicated(), "issue"]))


def _overdue(issues: Issues, events: pd.DataFrame, day: str) -> list[str]:
    """Those that wait on a day after their last one."""
    due = pd.Series(issues.due.astype(str), index=issues.sheet["id"])
    due.update(events[events["kind"] == "extended"].set_index("issue")["due_on"])
    turns = events[events["kind"].isin((*_ENDED, "reopened"))].groupby("issue")["kind"].last()
    ended = turns.index[turns.isin(_ENDED)]
    return sorted(due.index[(due < day) & ~due.index.isin(ended)])


def _counts(sheet: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    """Issues by village, category and month; what has none is left out."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    seen = Counter(zip(sheet["village"], sheet["category"], sheet["month"], strict=True))
    for (village, category, month), count in sorted(seen.items()):
        counts.setdefault(village, {}).setdefault(category, {})[month] = count
    return counts
