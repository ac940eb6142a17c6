"""The sample county 云栖县（虚构示例）: fictional from its ground to its last issue, and seeded.

``scale`` multiplies villages, grids, households, cadres, places, visits and issues. Towns grow with its root, so that
codes of three digits suffice; the ground keeps its size, so the grids get smaller. Missing text is empty, missing
numbers are NaN, times are county time.

Making (writing) on two cores: scale 1 takes 1 s (1.5 s) and 0.3 GB, scale 10 9 s (8 s) and 0.8 GB, scale 100, with
6 million visits and 1.2 GB of files, 3 minutes (4 minutes) and 7 GB.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data import files
from data.clusters import choose_clusters
from data.duties import make_duties
from data.effort import plan_visits
from data.flaws import add_flaws
from data.handling import make_events
from data.issue_truths import issue_truths
from data.issues import STRENGTH, make_issues
from data.people import make_people
from data.places import make_places
from data.planted import planted
from data.routing import limits_frame, routes_frame
from data.settings import rules_frame, settings_frame
from data.settlements import make_settlements
from data.territory import COUNTY, make_territory
from data.truths import choose
from data.visiting import make_visits


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample county.

    :ivar outline, towns, villages, grids: EPSG:4326; code, name, parent, kind, households, population, geometry
    :ivar rules: level, tier, visits_per_month, every_days
    :ivar area_settings: code, tier, excluded_reason, excluded_by, excluded_on; areas not named are ordinary
    :ivar limits: category, days
    :ivar routes: category, area (empty for the county), handler, liaison
    :ivar issues: what was found, on visits mostly
    :ivar issue_events: what happened after the reports until the end of the last month, in the order of time
    :ivar planted: what is true on purpose, see `data.planted`
    """

    seed: int
    scale: int
    county: str
    outline: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    organisations: pd.DataFrame
    cadres: pd.DataFrame
    assignments: pd.DataFrame
    places: pd.DataFrame
    visits: pd.DataFrame
    rules: pd.DataFrame
    area_settings: pd.DataFrame
    limits: pd.DataFrame
    routes: pd.DataFrame
    issues: pd.DataFrame
    issue_events: pd.DataFrame
    planted: dict[str, object]


def make(*, seed: int = 20261, scale: int = 1, strength: float = STRENGTH) -> Sample:
    """Make the county; the same arguments make the same county.

    :param strength: how many times the issues per visit of elsewhere the planted clusters have of their category, 1 for
        no clusters; nothing but the issues depends on it
    """
    if scale < 1:
        raise ValueError("scale must be 1 or more")
    if strength < 1:
        raise ValueError("strength must be 1 or more")
    territory = make_territory(seed, scale)
    truths = choose(territory, seed, scale)
    people = make_people(territory, seed, scale)
    duties = make_duties(territory, people, truths, seed)
    settlements = make_settlements(territory, seed)
    places = make_places(territory, settlements, people, seed, scale)
    effort = plan_visits(territory, truths, seed, scale)
    clean = make_visits(territory, settlements, people, duties, places, truths, effort, seed)
    visits = add_flaws(clean, territory, settlements, seed)
    clusters = choose_clusters(territory, truths, seed)
    issues = make_issues(territory, places, clean, visits, clusters, strength=strength, seed=seed, scale=scale)
    events = make_events(issues, seed, scale)
    visits_of = np.bincount(territory.grid_village[clean.grid], minlength=len(territory.villages))
    issues_planted = issue_truths(issues, events, clusters, territory, visits_of, strength)
    return Sample(
        seed=seed,
        scale=scale,
        county=COUNTY,
        outline=territory.outline,
        towns=territory.towns,
        villages=territory.villages,
        grids=territory.grids,
        organisations=people.organisations,
        cadres=people.cadres,
        assignments=duties.sheet,
        places=places.sheet,
        visits=visits.sheet,
        rules=rules_frame(),
        area_settings=settings_frame(territory, truths),
        limits=limits_frame(),
        routes=routes_frame(territory),
        issues=issues.sheet,
        issue_events=events,
        planted=planted(territory, truths, visits.counts, issues_planted),
    )


def write(sample: Sample, folder: Path) -> list[Path]:
    """Write boundaries.gpkg, a csv for each sheet, planted.json and README.txt; existing ones are replaced.

    :return: the files, in that order
    """
    layers = {"county": sample.outline, "towns": sample.towns, "villages": sample.villages, "grids": sample.grids}
    sheets = {
        "organisations": sample.organisations,
        "cadres": sample.cadres,
        "assignments": sample.assignments,
        "places": sample.places,
        "visits": sample.visits,
        "rules": sample.rules,
        "area_settings": sample.area_settings,
        "limits": sample.limits,
        "routes": sample.routes,
        "issues": sample.issues,
        "issue_events": sample.issue_events,
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [
        files.write_layers(layers, folder / "boundaries.gpkg"),
        *(files.write_sheet(frame, folder / f"{name}.csv") for name, frame in sheets.items()),
        files.write_json(sample.planted, folder / "planted.json"),
        files.write_readme(sample.seed, sample.scale, folder / "README.txt"),
    ]
