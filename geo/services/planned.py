"""One area of a version that is being planned."""

from dataclasses import dataclass

import shapely

from geo.space.codes import Level

DERIVED = "derived"
"""Kind of a county area that no file brought: it is what the areas below it cover together."""


@dataclass(frozen=True, slots=True)
class PlannedArea:
    """An area of the next version; ``row`` is None for one that is taken over from the active version."""

    code: str
    level: Level
    name: str
    kind: str | None
    parent: str | None
    households: int | None
    population: int | None
    geometry: shapely.Geometry
    row: int | None = None
