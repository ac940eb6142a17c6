"""TileJSON (version 3.0.0)."""

from typing import Any, Literal

from pydantic import BaseModel


class TileJson(BaseModel):
    """What a map needs to know of a layer of vector tiles."""

    tilejson: Literal["3.0.0"] = "3.0.0"
    name: str
    description: str
    version: str
    scheme: Literal["xyz"] = "xyz"
    tiles: list[str]
    bounds: list[float] | None
    minzoom: int
    maxzoom: int
    vector_layers: list[dict[str, Any]]
