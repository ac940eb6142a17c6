"""Problems found on visits: at the same rate per visit all over the county, but in the planted clusters.

So raw counts follow the effort, which is very uneven, and only counts per visit show where something is the matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import Minutes
from data.clusters import Cluster
from data.flaws import FlawedVisits
from data.places import Places
from data.plane import FloatArray, IntArray
from data.problems import COMMON, DETAILS, INDIVIDUAL, TITLES
from data.routing import LIMITS, handlers
from data.streams import stream
from data.territory import Territory
from data.visiting import Visits, uuids
from geo.analysis.issue_flow import Category

COLUMNS: Final = (
    "id", "reported_at", "category", "title", "detail", "lon", "lat", "frame", "accuracy_m", "claimed_area", "place",
    "visit", "handler", "liaison", "due_on",
)  # fmt: skip

STRENGTH: Final = 4.0
"""How many times the rate of elsewhere the clusters have of their category."""

PER_VISIT: Final[Mapping[Category, float]] = {
    "livelihood": 0.0100,
    "development": 0.0045,
    "infrastructure": 0.0065,
    "ecology": 0.0050,
    "petition": 0.0035,
    "party": 0.0030,
}
"""Issues of each category to be found on one visit outside the clusters."""

_TWICE: Final = 24  # issues at scale 1 that are found again by another visit to the same place
_WITHIN: Final = np.timedelta64(60, "D")
_GOOD_M: Final = 100.0  # accuracy of the two visits, so that their positions lie within 250 m of one another
_COMMON: Final = 0.4  # of the titles of its category
_LETTERS: Final = 0.4  # of the petitions come without a visit's name, at the village's door
_OWN_POSITION: Final = 0.6  # of the issues repeat position and place of their visit, the others leave it at naming it
_WITH_HANDLER, _WITH_LIAISON, _WITH_DUE = 0.2, 0.5, 0.1
_AFTER_MIN: Final = (2, 50)


@dataclass(frozen=True, slots=True)
class Issues:
    """The sheet, in the order in which they were reported, and what is known of each row.

    :ivar first: row of the issue that it repeats, -1 for none
    :ivar individual: whether it is one household's
    :ivar due: last day
    :ivar handler, liaison: who it goes to by the routes, and to whom else it may be passed
    """

    sheet: pd.DataFrame
    village: IntArray
    month: IntArray
    reported: Minutes
    first: IntArray
    individual: NDArray[np.bool_]
    due: NDArray[np.datetime64]
    handler: NDArray[np.object_]
    liaison: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class _Found:
    """Issues by the row of their visit."""

    visit: IntArray
    category: NDArray[np.object_]
    title: NDArray[np.object_]
    individual: NDArray[np.bool_]


def make_issues(
    territory: Territory,
    places: Places,
    visits: Visits,
    flawed: FlawedVisits,
    clusters: Sequence[Cluster],
    *,
    strength: float,
    seed: int,
    scale: int,
) -> Issues:
    """Find them on the visits, some a second time, and write them down."""
    rng = stream(seed, "issues")
    found = _found(visits, places, territory.grid_village[visits.grid], clusters, strength, rng)
    original, again = _found_again(found, visits, flawed.to_areas, _TWICE * scale, rng)
    row = np.concatenate([np.arange(len(found.visit)), original])
    visit = np.concatenate([found.visit, again])
    reported = visits.start[visit] + rng.integers(*_AFTER_MIN, len(visit)).astype("timedelta64[m]")
    order = np.argsort(reported, kind="stable")
    place_in_order = np.argsort(order)
    first = np.concatenate([np.full(len(found.visit), -1), place_in_order[original]])[order]
    row, visit, reported = row[order], visit[order], reported[order]

    village = territory.grid_village[visits.grid[visit]]
    category = found.category[row]
    handler, liaison = handlers(category, territory.village_town[village], territory)
    limit = np.array([LIMITS[one] for one in category]).astype("timedelta64[D]")
    sooner = rng.random(len(row)) < _WITH_DUE
    due = reported.astype("datetime64[D]") + np.where(sooner, limit // 2, limit)
    sheet = pd.DataFrame(
        {
            "id": uuids(len(row), rng),
            "reported_at": np.datetime_as_string(reported, unit="s").astype(object),
            "category": category,
            "title": found.title[row],
            "detail": rng.choice(DETAILS, len(row)).astype(object),
            **_where(visit, category, village, first, flawed.to_areas, territory, rng),
            "handler": np.where(rng.random(len(row)) < _WITH_HANDLER, handler, ""),
            "liaison": np.where(rng.random(len(row)) < _WITH_LIAISON, liaison, ""),
            "due_on": np.where(sooner, np.datetime_as_string(due).astype(object), ""),
        },
        columns=list(COLUMNS),
    )
    individual = found.individual[row]
    return Issues(sheet, village, visits.month[visit], reported, first, individual, due, handler, liaison)


def _found(
    visits: Visits,
    places: Places,
    village: IntArray,
    clusters: Sequence[Cluster],
    strength: float,
    rng: np.random.Generator,
) -> _Found:
    """Those of the whole county, and those that the clusters have beside them."""
    rates = np.array(list(PER_VISIT.values()))
    everywhere = np.flatnonzero(rng.random(len(village)) < rates.sum())
    turn = rng.random(len(village))
    more = [
        np.flatnonzero(np.isin(village, one.villages) & (turn < (strength - 1) * PER_VISIT[one.category]))
        for one in clusters
    ]
    category = np.concatenate(
        [
            rng.choice(list(PER_VISIT), len(everywhere), p=rates / rates.sum()).astype(object),
            *(np.full(len(rows), one.category, dtype=object) for one, rows in zip(clusters, more, strict=True)),
        ]
    )
    visit = np.concatenate([everywhere, *more])
    title = _titles(category, len(everywhere), rng)
    individual = _make_individual(title, visit, category, visits, places, rng)
    return _Found(visit, category, title, individual)


def _titles(category: NDArray[np.object_], everywhere: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """A title of the category; one of its first two after ``everywhere`` rows, where a place makes the problem."""
    title = np.empty(len(category), dtype=object)
    of_place = np.arange(len(category)) >= everywhere
    for name, titles in TITLES.items():
        share = np.full(len(titles), 1 / len(titles))
        if COMMON in titles:
            share = np.where(np.array(titles) == COMMON, _COMMON, (1 - _COMMON) / (len(titles) - 1))
        mine = category == name
        title[mine] = rng.choice(titles, int(mine.sum()), p=share)
        title[mine & of_place] = rng.choice(titles[:2], int((mine & of_place).sum()))
    return title


def _make_individual(
    title: NDArray[np.object_],
    visit: IntArray,
    category: NDArray[np.object_],
    visits: Visits,
    places: Places,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Give titles that nobody else has to some issues of households, in place; which ones."""
    homes = set(places.sheet.loc[places.sheet["kind"] == "household", "id"])
    at_home = np.array([place in homes for place in visits.sheet["place"].to_numpy()[visit]])
    individual = np.zeros(len(title), dtype=bool)
    individual[rng.choice(np.flatnonzero(at_home & (category == "livelihood")), len(INDIVIDUAL), replace=False)] = True
    title[individual] = INDIVIDUAL
    return individual


def _found_again(
    found: _Found, visits: Visits, recorded: pd.DataFrame, count: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Rows of issues, and of later visits to the same place that find them once more."""
    all_ = pd.DataFrame({"place": recorded["place"], "start": visits.start, "visit": np.arange(len(recorded))})
    all_ = all_[(recorded["place"] != "") & (recorded["accuracy_m"] < _GOOD_M)]
    fit = ~np.isin(found.category, ("petition", "party")) & ~found.individual
    known = pd.DataFrame({"visit": found.visit, "issue": np.arange(len(found.visit))})[fit].merge(all_, on="visit")
    both = known.merge(all_[all_["place"].isin(known["place"])], on="place", suffixes=("", "_again"))
    wait = both["start_again"] - both["start"]
    both = both[(wait > np.timedelta64(1, "D")) & (wait <= _WITHIN)].sort_values(["issue", "start_again"])
    both = both.drop_duplicates("issue").drop_duplicates("visit_again")
    chosen = np.sort(rng.choice(len(both), count, replace=False))
    return both["issue"].to_numpy()[chosen], both["visit_again"].to_numpy()[chosen]


def _where(
    visit: IntArray,
    category: NDArray[np.object_],
    village: IntArray,
    first: IntArray,
    recorded: pd.DataFrame,
    territory: Territory,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.object_] | NDArray[np.str_] | FloatArray]:
    """Position, area, place and visit: repeated from the visit, or its name alone, or the village alone."""
    letter = (category == "petition") & (rng.random(len(visit)) < _LETTERS)
    own = ~letter & ((rng.random(len(visit)) < _OWN_POSITION) | (first >= 0))
    said = recorded.iloc[visit]
    text = {name: np.where(own, said[name], "") for name in ("frame", "claimed_area", "place")}
    code = territory.villages["code"].to_numpy(dtype=object)[village]
    return {
        **{name: np.where(own, said[name], np.nan) for name in ("lon", "lat", "accuracy_m")},
        **text,
        "claimed_area": np.where(letter, code, text["claimed_area"]),
        "visit": np.where(letter, "", said["id"]),
    }
