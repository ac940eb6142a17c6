"""Organisations and cadres."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.names import department_names, person_names
from data.plane import IntArray
from data.streams import stream
from data.territory import COUNTY, Territory

CADRES: Final = 1_200
_IN_TOWNS: Final = 900
_SEATS: Final = {"subdistrict": "办事处", "town": "人民政府", "township": "人民政府"}
_LEADER: Final = "党（工）委书记"
_TOWN_POSTS: Final = {
    "村（社区）干部": 0.45,
    "网格员": 0.3,
    "科员": 0.15,
    "副镇（乡）长": 0.05,
    "党群中心工作人员": 0.05,
}
_DEPARTMENT_POSTS: Final = {"科员": 0.5, "科长": 0.3, "副局长": 0.1, "四级调研员": 0.1}
_PHONES: Final = ("", "000-0000")


@dataclass(frozen=True, slots=True)
class People:
    """Sheets, and cadres by number: those of a town follow one another, its leader first; the departments come last.

    :ivar staff_no: of each cadre
    :ivar first: the leader of each town
    :ivar size: cadres of each town
    """

    organisations: pd.DataFrame
    cadres: pd.DataFrame
    staff_no: NDArray[np.object_]
    first: IntArray
    size: IntArray

    def of_town(self, town: IntArray, turn: IntArray) -> IntArray:
        """Somebody of the town, by turns; the leader is left out."""
        return np.asarray(self.first[town] + 1 + turn % (self.size[town] - 1))

    def of_departments(self, count: int, rng: np.random.Generator) -> IntArray:
        """Anybody of the departments."""
        return rng.integers(int(self.size.sum()), len(self.staff_no), count)


def make_people(territory: Territory, seed: int, scale: int) -> People:
    """Share the cadres out: to the towns by their grids (one a grid and a leader at least), the rest to departments."""
    rng = stream(seed, "people")
    grid_town = territory.village_town[territory.grid_village]
    grids = np.bincount(grid_town, minlength=len(territory.towns))
    size = np.maximum(_IN_TOWNS * scale * grids // grids.sum(), grids + 2)
    total, in_towns, towns = CADRES * scale, int(size.sum()), len(size)
    organisations = _organisations(territory)
    department = rng.integers(towns, len(organisations), total - in_towns)
    first = np.cumsum(size) - size
    post = np.concatenate([_posts(_TOWN_POSTS, in_towns, rng), _posts(_DEPARTMENT_POSTS, total - in_towns, rng)])
    post[first] = _LEADER
    staff_no = np.array([f"C{number:05d}" for number in range(1, total + 1)], dtype=object)
    organisation = np.concatenate([np.repeat(np.arange(towns), size), np.sort(department)])
    cadres = pd.DataFrame(
        {
            "staff_no": staff_no,
            "name": person_names(total, rng),
            "organisation": organisations["code"].to_numpy()[organisation],
            "post": post,
            "phone": rng.choice(_PHONES, total),
        }
    )
    return People(organisations, cadres, staff_no, first, size)


def _organisations(territory: Territory) -> pd.DataFrame:
    towns, departments = territory.towns, department_names()
    names = [name + _SEATS[kind] for name, kind in zip(towns["name"], towns["kind"], strict=True)]
    numbers = range(1, len(departments) + 1)
    return pd.DataFrame(
        {
            "code": [*(f"T{code}" for code in towns["code"]), *(f"D{number:02d}" for number in numbers)],
            "name": names + departments,
            "kind": ["town"] * len(towns) + ["department"] * len(departments),
            "area": [*towns["code"], *[COUNTY] * len(departments)],
        }
    )


def _posts(shares: dict[str, float], count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    return np.asarray(rng.choice(list(shares), count, p=list(shares.values())).astype(object))
