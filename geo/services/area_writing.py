"""Areas of a plan on their way into the database, with the shapes that maps and tiles draw."""

from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.limits import DRAWING_TOLERANCE_M
from geo.services.boundary_plans import Plan
from geo.space import shapes, tiling
from geo.space.crs import WEB_MERCATOR
from geo.storage.bulk import copy_rows, hex_ewkb

_AREA_COLUMNS: Final = (
    "county_code",
    "version",
    "code",
    "level",
    "kind",
    "name",
    "parent_code",
    "path",
    "town_code",
    "village_code",
    "grid_code",
    "households",
    "population",
    "area_m2",
    "geom",
    "drawn",
)


_TILE_COLUMNS: Final = (
    "county_code",
    "version",
    "band",
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
    "geom",
)


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
    """Write the areas of a plan into a version: as loaded, as maps draw them, and as vector tiles show them."""
    geometries = np.array([area.geometry for area in plan.areas], dtype=object)
    places = [plan.places[area.code] for area in plan.areas]
    drawn = np.array(list(drawn_shapes(plan).values()), dtype=object)
    rows = zip(plan.areas, places, shapes.area_m2(geometries), hex_ewkb(geometries), hex_ewkb(drawn), strict=True)
    copy_rows(
        session,
        "areas",
        _AREA_COLUMNS,
        (
            (
                plan.county.code,
                version,
                area.code,
                area.level,
                area.kind,
                area.name,
                place.parent,
                place.path,
                place.ancestors.get("town"),
                place.ancestors.get("village"),
                place.ancestors.get("grid"),
                area.households,
                area.population,
                float(size),
                geom,
                simple,
            )
            for area, place, size, geom, simple in rows
        ),
    )
    _write_tile_shapes(session, plan, version, drawn)


def _write_tile_shapes(session: Session, plan: Plan, version: int, drawn: shapes.Geometries) -> None:
    for band, geometries in tiling.generalised(drawn, _parents(plan)):
        rows = zip(plan.areas, hex_ewkb(geometries, WEB_MERCATOR), shapely.is_empty(geometries), strict=True)
        copy_rows(
            session,
            "tile_shapes",
            _TILE_COLUMNS,
            (
                (
                    plan.county.code,
                    version,
                    band,
                    area.code,
                    area.level,
                    area.kind,
                    area.name,
                    place.parent,
                    place.ancestors.get("town"),
                    place.ancestors.get("village"),
                    place.ancestors.get("grid"),
                    area.households,
                    area.population,
                    shape,
                )
                for area, shape, vanished in rows
                if area.level != "county" and not vanished
                for place in (plan.places[area.code],)
            ),
        )
