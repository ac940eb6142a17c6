"""A county of unit squares, small enough to count by hand.

Two towns side by side, each of two villages, each of two grids of 0.01° by 0.01°::

    lat 30.02 ┌─────────┬─────────┐
              │ grid 2  │ grid 2  │   town 101: villages 201 (west), 202 (east of it)
    lat 30.01 ├─────────┼─────────┤   town 102: villages 203, 204, further east
              │ grid 1  │ grid 1  │
    lat 30.00 └─────────┴─────────┘
            120.00    120.01    120.02 … 120.04
"""

from datetime import date

import geopandas as gpd
import pandas as pd
import pyproj
import shapely
from sqlalchemy.orm import Session

from geo.intake.boundary_files import BoundaryLayer
from geo.services import boundaries, boundary_plans, sheets
from geo.space.codes import Level
from geo.space.shapes import as_multipolygons
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo

COUNTY = "990199"
TOWNS = [f"{COUNTY}{town}" for town in (101, 102)]
VILLAGES = [f"{COUNTY}{101 + i // 2}{201 + i}" for i in range(4)]
GRIDS = [f"{village}{number:03d}" for village in VILLAGES for number in (1, 2)]

SIDE = 0.01
_ELLIPSOID = pyproj.Geod(ellps="GRS80")


def box(column: int, row: int, *, wide: int = 1, high: int = 1) -> shapely.Polygon:
    """A rectangle of squares; columns count from 120.00° E, rows from 30.00° N."""
    west, south = round(120 + column * SIDE, 2), round(30 + row * SIDE, 2)
    return shapely.box(west, south, round(west + wide * SIDE, 2), round(south + high * SIDE, 2))


def centre(grid: str) -> tuple[float, float]:
    """Longitude and latitude in the middle of a grid."""
    village, number = VILLAGES.index(grid[:12]), int(grid[12:])
    point = box(village, number - 1).centroid
    return point.x, point.y


def moved(lon: float, lat: float, *, east: float = 0.0, north: float = 0.0) -> tuple[float, float]:
    """The position so many metres away, on the ellipsoid."""
    lon, lat, _ = _ELLIPSOID.fwd(lon, lat, 90, east)
    lon, lat, _ = _ELLIPSOID.fwd(lon, lat, 0, north)
    return lon, lat


def layer(level: Level, codes: list[str], polygons: list[shapely.Geometry], **columns: list[object]) -> BoundaryLayer:
    """A layer as the reader gives it; ``columns`` replace what is not said."""
    frame = pd.DataFrame(
        {
            "row": range(1, len(codes) + 1),
            "code": codes,
            "name": [f"{level} {code}" for code in codes],
            "parent": None,
            "kind": None,
            "households": 100,
            "population": 300,
            **columns,
        },
        dtype=object,
    )
    geometries = as_multipolygons(gpd.GeoSeries(polygons).to_numpy())
    return BoundaryLayer(
        f"{level}s.geojson", level, "EPSG:4326", {}, gpd.GeoDataFrame(frame, geometry=geometries, crs=4326), (), ()
    )


def layers() -> list[BoundaryLayer]:
    """Towns, villages and grids."""
    return [
        layer("town", TOWNS, [box(i * 2, 0, wide=2, high=2) for i in range(2)]),
        layer("village", VILLAGES, [box(i, 0, high=2) for i in range(4)]),
        layer("grid", GRIDS, [box(i // 2, i % 2) for i in range(8)]),
    ]


def load(session: Session, *others: BoundaryLayer, from_day: date = date(2025, 1, 1)) -> CountyInfo:
    """Boundaries in force (other layers, if they are given), one organisation, cadres C1 and C2."""
    staged = boundaries.stage(session, boundary_plans.plan(session, *(others or layers()), county_name="方格县"))
    boundaries.activate(session, COUNTY, staged.version, from_day=from_day)
    info = counties.resolve(session, COUNTY)
    sheets.take_whole(
        session,
        info,
        "organisations",
        [(2, {"code": "D1", "name": "走访办", "kind": "department"})],
        "organisations.csv",
    )
    people = [(row, {"staff_no": f"C{row - 1}", "name": f"干部{row - 1}", "organisation": "D1"}) for row in (2, 3)]
    sheets.take_whole(session, info, "cadres", people, "cadres.csv")
    return info
