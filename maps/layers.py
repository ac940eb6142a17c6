"""What stands on a map, one small piece a layer. Each carries its data and the statement that draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import Lang
from geo.space.crs import Frame, from_wgs84
from geo.space.place import Place
from maps import catalogue
from maps.page import Basemap, Outline, Piece
from maps.polyline import encode_points, encode_polygons

Geometries = NDArray[np.object_]


def placed(geometries: Sequence[BaseGeometry | None], frame: Frame) -> Geometries:
    """WGS-84 geometries in the frame of the map; what has no position is None."""
    given = np.empty(len(geometries), dtype=object)
    given[:] = [None if one is None or one.is_empty else one for one in geometries]
    if frame != "wgs84":
        given = shapely.transform(given, lambda at: shifted(at, frame))
    return given


def shifted(at: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """WGS-84 positions in the frame of the map, (n, 2), lon/lat."""
    return at if frame == "wgs84" else np.column_stack(from_wgs84(at[:, 0], at[:, 1], frame))


def bounds(*geometries: Geometries) -> list[float] | None:
    """West, south, east, north of all of them together; None where there is nothing."""
    drawn = [one for group in geometries for one in group if one is not None]
    return [round(value, 6) for value in shapely.total_bounds(drawn).tolist()] if drawn else None


def extent(areas: Geometries, towns: Geometries, *, whole: bool) -> list[float] | None:
    """West, south, east, north of what a map shows first.

    :param whole: the areas are those of the whole county, so that its towns are shown too; else they lie around
    """
    return (None if whole else bounds(areas)) or bounds(areas, towns)


def shape_data(geometries: Geometries) -> dict[str, object]:
    """Encoded rings of each geometry, and a point inside each that has one, in the same order.

    Many vertices bring ``plain`` with them: the rings with fewer, neighbours still sharing them, for zooms at which
    nobody sees the difference, and how much of the width of the world they lose (``lost``).
    """
    rings = encode_polygons(geometries.tolist())
    drawn = geometries[[bool(one) for one in rings]]
    inside = shapely.get_coordinates(shapely.point_on_surface(drawn))
    data: dict[str, object] = {"shapes": rings, "anchors": encode_points(inside)}
    if PLAIN_FROM < shapely.get_num_coordinates(drawn).sum() <= _PLAIN_UP_TO:
        data |= _plainer(drawn, [bool(one) for one in rings])
    return data


PLAIN_FROM: Final = 5_000
"""Vertices from which plainer rings are looked for."""

_PLAIN_UP_TO: Final = 200_000
"""Vertices above which making them takes the server longer than they save the browser."""

_PARTS: Final = 1_000
"""A view of everything is about as many pixels wide, so this part of it may be lost."""

_WORTH: Final = 0.4
"""Part of the vertices above which plainer rings save too little for what they weigh."""


def _plainer(drawn: Geometries, has: Sequence[bool]) -> dict[str, object]:
    west, south, east, north = shapely.total_bounds(drawn)
    lost_deg = max(east - west, north - south) / _PARTS
    plain = shapely.coverage_simplify(drawn, lost_deg)
    if shapely.get_num_coordinates(plain).sum() > _WORTH * shapely.get_num_coordinates(drawn).sum():
        return {}
    rings = iter(encode_polygons(plain.tolist()))
    return {"plain": {"shapes": [next(rings) if one else [] for one in has], "lost": round(lost_deg / 360, 12)}}


@dataclass(frozen=True, slots=True)
class AreaTiles:
    """Areas that are too many for one page: their shapes come as vector tiles of the service.

    :ivar url: address with ``{z}``, ``{x}`` and ``{y}``
    :ivar layer: its name in the tiles
    :ivar max_zoom: beyond it a map enlarges what it has
    :ivar places: area code → where it is, WGS-84
    """

    url: str
    layer: str
    max_zoom: int
    places: Mapping[str, Place]

    def data(self, codes: Sequence[str], frame: Frame) -> dict[str, object]:
        """Address, and for each area that has a place a point inside, and two corners of the box around it.

        :param codes: of the areas, in the table's order
        :param frame: of the map
        """
        found = [self.places.get(code) for code in codes]
        return {
            "tiles": {"url": self.url, "layer": self.layer, "maxZoom": self.max_zoom, "frame": frame},
            "places": encode_points(shifted(_corners(found), frame)),
            "missing": [at for at, place in enumerate(found) if place is None],
        }

    def bounds(self, frame: Frame) -> list[float] | None:
        """West, south, east, north of all of them; None where there is nothing."""
        if not self.places:
            return None
        at = shifted(_corners(list(self.places.values())), frame)
        return [round(value, 6) for value in (*at.min(axis=0).tolist(), *at.max(axis=0).tolist())]


def _corners(places: Sequence[Place | None]) -> NDArray[np.float64]:
    """Point inside, south-west and north-east corner of each, one below the other, (3n, 2), lon/lat."""
    known = [(one.lon, one.lat, one.west, one.south, one.east, one.north) for one in places if one is not None]
    return np.array(known, dtype=np.float64).reshape(-1, 2)


class Tiles(Piece):
    """A basemap under everything; a note says it where its server does not answer."""

    def __init__(self, basemap: Basemap, lang: Lang = "zh-CN") -> None:
        super().__init__("tiles")
        self.basemap, self.lang = basemap, lang

    def data(self) -> object:
        """Address, attribution and what is said without an answer."""
        silent = catalogue.words("map_tools", self.lang)["no_basemap"]
        return {"url": self.basemap.url, "attribution": self.basemap.attribution, "silent": silent}

    def statement(self) -> str:
        """Adds the tiles."""
        return f"var {self.get_name()} = wangge.tiles({self.chart}, {self.read});"


class Areas(Piece):
    """The areas of a report, coloured by class in the browser.

    :param table: as `maps.coverage_data.table` makes it
    :param drawn: as `shape_data` or `AreaTiles.data` makes it, in the table's order
    :param colours: as `maps.palette.for_script` gives them
    """

    def __init__(self, table: Mapping[str, object], drawn: Mapping[str, object], colours: Mapping[str, object]) -> None:
        super().__init__("areas")
        self.table, self.drawn, self.colours = table, drawn, colours

    def data(self) -> object:
        """Facts, rings or tiles, and colours."""
        return {**self.table, **self.drawn, "colours": self.colours}

    def statement(self) -> str:
        """Draws the areas."""
        return f"var {self.get_name()} = wangge.areas({self.chart}, {self.read});"


class Outlines(Piece):
    """Towns as heavier lines over the areas, so that the map orients without a basemap."""

    def __init__(self, outlines: Sequence[Outline], geometries: Geometries, colour: str, areas: Piece) -> None:
        super().__init__("outlines")
        self.outlines, self.geometries, self.colour, self.areas = outlines, geometries, colour, areas

    def data(self) -> object:
        """Codes, names and rings."""
        towns = [[outline.code, outline.name] for outline in self.outlines]
        return {"towns": towns, "colour": self.colour, **shape_data(self.geometries)}

    def statement(self) -> str:
        """Draws the lines."""
        return f"var {self.get_name()} = wangge.outlines({self.chart}, {self.read}, {self.areas.get_name()});"


class Names(Piece):
    """Names of towns, and of areas where there is room, none over another."""

    def __init__(self, areas: Piece, outlines: Outlines) -> None:
        super().__init__("names")
        self.areas, self.outlines = areas, outlines

    def statement(self) -> str:
        """Places the names."""
        on, areas, outlines = self.chart, self.areas.get_name(), self.outlines.get_name()
        return f"var {self.get_name()} = wangge.names({on}, {areas}, {outlines});"


class Legend(Piece):
    """Ties the page's legend to the layers that its boxes switch."""

    def __init__(self, areas: Areas, layers: Mapping[str, Piece]) -> None:
        super().__init__("legend")
        self.areas, self.layers = areas, layers

    def statement(self) -> str:
        """Listens to the boxes."""
        layers = ", ".join(f"{name}: {layer.get_name()}" for name, layer in self.layers.items())
        return f"wangge.legend({self.chart}, {self.areas.get_name()}, {{{layers}}});"


class GapList(Piece):
    """Ties the page's gap list to the areas."""

    def __init__(self, areas: Areas) -> None:
        super().__init__("gap_list")
        self.areas = areas

    def statement(self) -> str:
        """Fills the list."""
        return f"wangge.gapList({self.chart}, {self.areas.get_name()});"
