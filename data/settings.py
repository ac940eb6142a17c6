"""Visit rules, and the areas whose setting is not the plain one."""

import pandas as pd

from data.territory import Territory
from data.truths import Truths

_RULES = (
    ("town", "ordinary", 4, None),
    ("town", "key", 8, None),
    ("village", "ordinary", 1, None),
    ("village", "key", 2, None),
    ("grid", "ordinary", 2, None),
    ("grid", "key", None, 10),
)

SETTING_COLUMNS = ["code", "tier", "excluded_reason", "excluded_by", "excluded_on"]


def rules_frame() -> pd.DataFrame:
    """Visits a month, or one visit every so many days."""
    frame = pd.DataFrame(_RULES, columns=["level", "tier", "visits_per_month", "every_days"])
    return frame.astype({"visits_per_month": "Int64", "every_days": "Int64"})


def settings_frame(territory: Territory, truths: Truths) -> pd.DataFrame:
    """Areas of tier key and excluded ones; all others are ordinary and count."""
    levels = {"village": (territory.villages, truths.key_villages), "grid": (territory.grids, truths.key_grids)}
    rows = []
    for level, (areas, key) in levels.items():
        excluded = {one.row: (one.reason, one.by, one.on) for one in truths.excluded if one.level == level}
        rows += [
            (code, "key" if is_key else "ordinary", *excluded.get(row, ("", "", "")))
            for row, (code, is_key) in enumerate(zip(areas["code"], key, strict=True))
            if is_key or row in excluded
        ]
    return pd.DataFrame(rows, columns=SETTING_COLUMNS)
