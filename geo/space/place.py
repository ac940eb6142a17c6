"""Where an area is, without its shape."""

from typing import NamedTuple


class Place(NamedTuple):
    """A point inside an area, and the box around it. WGS-84, degrees."""

    lon: float
    lat: float
    west: float
    south: float
    east: float
    north: float
