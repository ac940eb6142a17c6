"""Who handles what in the sample, and within how many days."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.names import department_names
from data.plane import IntArray
from data.territory import Territory
from geo.analysis.issue_flow import Category

LIMITS: Final[Mapping[Category, int]] = {
    "livelihood": 15,
    "development": 30,
    "infrastructure": 30,
    "ecology": 15,
    "petition": 60,
    "party": 20,
}
"""Days."""

BY_TOWN: Final[Category] = "livelihood"
"""The towns handle these themselves."""

_DEPARTMENTS: Final[Mapping[Category, tuple[str, str]]] = {  # the handling and the liaison department
    "livelihood": ("县民政局", "县卫健局"),
    "development": ("县发改局", "县农业农村局"),
    "infrastructure": ("县住建局", "县交通运输局"),
    "ecology": ("县生态环境局", "县水利局"),
    "petition": ("县信访局", "县司法局"),
    "party": ("县委组织部", "县委宣传部"),
}


def limits_frame() -> pd.DataFrame:
    """Days by category."""
    return pd.DataFrame({"category": list(LIMITS), "days": list(LIMITS.values())})


def routes_frame(territory: Territory) -> pd.DataFrame:
    """A department of the county for every category; the town for what towns handle, with the department beside it."""
    county = [(category, "", *map(_code, both)) for category, both in _DEPARTMENTS.items()]
    department = _code(_DEPARTMENTS[BY_TOWN][0])
    towns = [(BY_TOWN, code, f"T{code}", department) for code in territory.towns["code"]]
    return pd.DataFrame([*county, *towns], columns=["category", "area", "handler", "liaison"])


def handlers(
    category: NDArray[np.object_], town: IntArray, territory: Territory
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Codes of the organisation that each issue goes to by the routes, and of the liaison beside it.

    :param town: row of each issue's town
    """
    first = np.array([_code(_DEPARTMENTS[one][0]) for one in category], dtype=object)
    second = np.array([_code(_DEPARTMENTS[one][1]) for one in category], dtype=object)
    by_town = category == BY_TOWN
    of_town = ("T" + territory.towns["code"]).to_numpy(dtype=object)[town]
    return np.where(by_town, of_town, first), np.where(by_town, first, second)


def _code(name: str) -> str:
    return _CODES[name]


_CODES: Final = {name: f"D{number:02d}" for number, name in enumerate(department_names(), start=1)}
"""As `data.people` numbers them."""
