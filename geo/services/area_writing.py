"""Areas of a plan on their way into the database, with the shapes that maps draw."""

from typing import Final

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.limits import DRAWING_TOLERANCE_M
from geo.services.boundary_plans import Plan
from geo.services.planned import PlannedArea
from geo.space import shapes
from geo.storage.bulk import Value, copy_rows, hex_ewkb

_OF_AN_AREA: Final = (
    "code",
    "level",
    "kind",
    "name",
    "parent_code",
    "town_code",
    "village_code",
    "grid_code",
    "households",
    "population",
)
_AREA_COLUMNS: Final = ("county_code", "version", *_OF_AN_AREA, "path", "area_m2", "geom", "drawn")


def drawn_shapes(plan: Plan) -> dict[str, BaseGeometry]:
    """The areas of a plan, simplified together for drawing; areas whose parent is not there stand alone."""
    geometries = np.array([area.geometry for area in plan.areas], dtype=object)
    drawn = shapes.simplify_tree(geometries, _parents(plan), tolerance_m=DRAWING_TOLERANCE_M)
    return {area.code: shape for area, shape in zip(plan.areas, drawn, strict=True)}


def _parents(plan: Plan) -> list[int]:
    index = {area.code: i for i, area in enumerate(plan.areas)}
    above = [plan.places[area.code].parent if area.code in plan.places else None for area in plan.areas]
    return [index.get(parent, -1) if parent is not None else -1 for parent in above]


def write(session: Session, plan: Plan, version: int) -> None:
    """Write the areas of a plan into a version: as loaded, and as maps draw them."""
    geometries = np.array([area.geometry for area in plan.areas], dtype=object)
    drawn = np.array(list(drawn_shapes(plan).values()), dtype=object)
    key, told = (plan.county.code, version), [_told(plan, area) for area in plan.areas]
    paths = [plan.places[area.code].path for area in plan.areas]
    sizes = shapes.area_m2(geometries).tolist()
    rows = zip(told, paths, sizes, hex_ewkb(geometries), hex_ewkb(drawn), strict=True)
    copy_rows(session, "areas", _AREA_COLUMNS, ((*key, *one, *rest) for one, *rest in rows))


def _told(plan: Plan, area: PlannedArea) -> tuple[Value, ...]:
    place = plan.places[area.code]
    above = (place.parent, *(place.ancestors.get(level) for level in ("town", "village", "grid")))
    return (area.code, area.level, area.kind, area.name, *above, area.households, area.population)
