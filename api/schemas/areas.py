"""Areas on the wire."""

from typing import Any

from pydantic import BaseModel, Field

from geo.space.codes import Level
from geo.storage.queries.areas import AreaInfo


class AreaOut(BaseModel):
    """An area."""

    code: str
    level: Level
    kind: str | None
    name: str
    parent: str | None
    path: str = Field(description="codes from the county down")
    households: int | None
    population: int | None
    area_m2: float = Field(description="on the ellipsoid")

    @classmethod
    def of(cls, area: AreaInfo) -> "AreaOut":
        """From what the query gives."""
        return cls(
            code=area.code,
            level=area.level,
            kind=area.kind,
            name=area.name,
            parent=area.parent,
            path=area.path,
            households=area.households,
            population=area.population,
            area_m2=round(area.area_m2, 1),
        )


class AreaDetail(AreaOut):
    """An area with its boundary."""

    boundary_version: int
    geometry: dict[str, Any] | None = Field(description="GeoJSON MultiPolygon, WGS-84, if asked for")


class AreaPage(BaseModel):
    """A page of areas, by code."""

    boundary_version: int
    areas: list[AreaOut]
    next: str | None = Field(description="cursor of the next page, null on the last one")


class Candidate(BaseModel):
    """An area that the position may lie in."""

    code: str
    name: str
    level: Level
    distance_m: float = Field(description="from the position to the area, 0 inside")

    @classmethod
    def of(cls, area: AreaInfo, distance_m: float) -> "Candidate":
        """From an area and its distance; decimetres are more than a position knows."""
        return cls(code=area.code, name=area.name, level=area.level, distance_m=round(distance_m, 1))


class AreasAt(BaseModel):
    """Where a position lies."""

    lon: float = Field(description="WGS-84")
    lat: float
    boundary_version: int
    areas: list[AreaOut] = Field(description="the smallest first, up to the county")
    candidates: list[Candidate] = Field(
        description="areas of the smallest level within the accuracy circle, the nearest first"
    )
