"""Boundary files: any usual format becomes records with a code, a name, a parent and a polygon.

A file is opened first, its coordinates as they are, and then placed: read in a frame, so that what frame that is can be
found out in between.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.analysis.boundaries import Said
from geo.errors import FileEmpty, FileUnreadable, InvalidChoice
from geo.intake import boundary_columns, vector_files
from geo.intake.boundary_rows import counts_of, refusals, texts_of
from geo.intake.code_lists import Join
from geo.intake.rejections import Rejection
from geo.intake.vector_files import VectorLayer
from geo.space import crs as shifted
from geo.space import frames, shapes
from geo.space.checks import Repair
from geo.space.codes import Level, normalise_cn
from geo.space.crs import WGS84, Frame, is_wgs84_like
from geo.space.frames import Reading, Score

_Way = Callable[[shapes.Geometries], shapes.Geometries]
Counts = Mapping[str, "pd.Series[int]"]


@dataclass(frozen=True, slots=True)
class SourceLayer:
    """One level of areas as a file has it, not yet placed.

    :ivar geometries: valid MultiPolygons in the file's own coordinates, None where a row has none
    :ivar columns: which column of the file was taken for what
    :ivar notes: how it was read: ``format``, ``layer``, ``encoding``, ``columns``
    """

    source: str
    level: Level
    vector: VectorLayer
    geometries: shapes.Geometries
    columns: Mapping[str, str]
    notes: Mapping[str, Said]

    def texts(self, field: str) -> list[str | None]:
        """The values of a field, one a row; None where the file is silent."""
        frame = self.vector.frame
        return texts_of(frame[self.columns[field]]) if field in self.columns else [None] * len(frame)


@dataclass(frozen=True, slots=True)
class BoundaryLayer:
    """One level of areas as a file gives it.

    :ivar areas: EPSG:4326 MultiPolygons with ``row`` (from 1), ``code``, ``name``, ``parent``, ``kind``,
        ``households``, ``population``; text columns hold None where the file is silent
    :ivar columns: which column of the file was taken for what
    :ivar repaired: rows whose polygon was invalid and has been repaired
    :ivar notes: how it was read, as of `SourceLayer`, with ``crs``
    :ivar repairs: of the rows that are kept, before and after, by code
    :ivar scores: how well each reading of the coordinates fits, best first; empty where nothing was tried
    """

    source: str
    level: Level
    crs: str
    columns: Mapping[str, str]
    areas: gpd.GeoDataFrame
    refused: tuple[Rejection, ...]
    repaired: tuple[int, ...]
    notes: Mapping[str, Said] = dataclasses.field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()
    scores: tuple[Score, ...] = ()


def read(
    path: Path,
    level: Level,
    *,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    frame: Frame = "wgs84",
) -> BoundaryLayer:
    """Open and place one level of areas whose frame is known; see `open_file` and `place`."""
    source = open_file(path, level, columns=columns, layer=layer, encoding=encoding)
    return place(source, crs=crs, frame=frame)


def open_file(
    path: Path,
    level: Level,
    *,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    needed: Sequence[str] = ("code",),
) -> SourceLayer:
    """Open one level of areas.

    :param columns: which column is the code, name, parent, kind, households or population; the usual names are found
    :param needed: fields that there must be a column for
    :raises FileUnreadable: missing, empty, damaged, not what its suffix says
    :raises FileEmpty: no record at all
    :raises InvalidChoice: a suffix, layer, encoding or field that there is not
    :raises ColumnMissing: no column for a field that is needed
    """
    vector = vector_files.open_layer(path, layer=layer, encoding=encoding)
    if vector.frame.empty:
        raise FileEmpty(file=path.name)
    found = boundary_columns.mapped(path.name, vector.frame, level, columns or {}, needed=needed)
    polygons = shapes.as_multipolygons(np.asarray(vector.frame.geometry.to_numpy(), dtype=object))
    return SourceLayer(path.name, level, vector, polygons, found, _notes(vector, found))


def place(
    source: SourceLayer,
    *,
    crs: str | None = None,
    frame: Frame = "wgs84",
    reading: Reading | None = None,
    scores: tuple[Score, ...] = (),
    join: Join | None = None,
) -> BoundaryLayer:
    """Read the coordinates of a layer in one frame, and refuse the rows that cannot be taken.

    :param crs: goes before what the file declares, e.g. ``EPSG:4490``
    :param frame: the frame of degrees that were shifted for Chinese web maps
    :param reading: goes before both
    :param scores: what was tried to find the reading
    :param join: codes that were found by name, instead of those of the file
    :raises FileUnreadable: no reading, and the file declares no CRS
    :raises InvalidChoice: a CRS that there is not
    """
    name, told, way = _way(source, crs, frame, reading)
    # A ring that was valid may touch itself once it is moved, or have no numbers any more.
    polygons = source.geometries if way is None else shapes.as_multipolygons(way(source.geometries))
    raw = source.vector.frame
    counts: Counts = {
        field: counts_of(raw[source.columns[field]])
        for field in ("households", "population")
        if field in source.columns
    }
    codes = join.codes if join else [code and normalise_cn(code, source.level) for code in source.texts("code")]
    records = _records(source, codes, counts, polygons)
    refused = refusals(
        records, raw, {field: raw[source.columns[field]].notna() & counts[field].isna() for field in counts}
    )
    if join:
        why = {rejection.row: rejection for rejection in join.refused}
        refused = tuple(why.get(one.row, one) for one in refused)
    kept = records.drop(index=[rejection.row - 1 for rejection in refused])
    repairs = _repairs(source, kept, way)
    return BoundaryLayer(
        source=source.source,
        level=source.level,
        crs=name,
        columns=source.columns,
        areas=kept,
        refused=refused,
        repaired=tuple(repairs),
        notes={**source.notes, "crs": told},
        repairs=tuple(repairs.values()),
        scores=scores,
    )


_HOW_ENCODED: Final[Mapping[str, Said]] = {
    "given": Said("按指定", "as given"),
    "cpg": Said("据 .cpg", "by the .cpg"),
    "ldid": Said("据 .dbf 文件头", "by the header of the .dbf"),
    "text": Said("据文字内容判断", "by the text itself"),
}


def _notes(vector: VectorLayer, columns: Mapping[str, str]) -> dict[str, Said]:
    notes = {"format": Said(vector.format, vector.format)}
    if vector.layer is not None:
        notes["layer"] = Said(vector.layer, vector.layer)
    if vector.encoding is not None:
        name, how, not_this = vector.encoding.name, _HOW_ENCODED[vector.encoding.how], vector.encoding.overruled
        notes["encoding"] = Said(
            f"{name}（{how.zh}）" + (f"，与声明的 {not_this} 不符" if not_this else ""),
            f"{name} ({how.en})" + (f", not {not_this} as declared" if not_this else ""),
        )
    taken = ", ".join(f"{field}={column}" for field, column in columns.items()) or "—"
    notes["columns"] = Said(taken, taken)
    return notes


def _way(
    source: SourceLayer, given: str | None, frame: Frame, reading: Reading | None
) -> tuple[str, Said, _Way | None]:
    """The CRS, how it is told, and what makes WGS-84 of raw geometries; None where they are it already."""
    if reading is not None:
        chosen = reading
        return f"EPSG:{reading.epsg}", Said(reading.name_zh, reading.name), lambda raw: frames.to_wgs84(raw, chosen)
    declared = declared_crs(source, given)
    name = declared.to_string()
    shown, shift = name if name.startswith("EPSG:") else declared.name, "" if frame == "wgs84" else f", {frame}"
    how = Said("文件声明", "declared")
    if given:
        how = Said("按指定", "as given")
    elif source.vector.crs_implied:
        how = Said(f"{source.vector.format} 默认", f"implied by {source.vector.format}")
    told = Said(f"{shown}（{how.zh}）{shift}", f"{shown} ({how.en}){shift}")
    if is_wgs84_like(declared) and frame in ("wgs84", "cgcs2000"):
        return name, told, None
    project = Transformer.from_crs(declared, WGS84, always_xy=True).transform

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (xy[:, 0], xy[:, 1]) if is_wgs84_like(declared) else project(xy[:, 0], xy[:, 1])
        return np.column_stack(shifted.to_wgs84(x, y, frame))

    return name, told, lambda raw: np.asarray(shapely.transform(raw, move), dtype=object)


def declared_crs(source: SourceLayer, given: str | None) -> CRS:
    """The CRS that was given, or that the file declares.

    :raises InvalidChoice: there is no such CRS
    :raises FileUnreadable: neither
    """
    try:
        declared = CRS.from_user_input(given) if given else source.vector.crs
    except CRSError as error:
        raise InvalidChoice(field="--crs", value=given, choices="EPSG:4490, EPSG:4326, EPSG:4549 …") from error
    if declared is None:
        raise FileUnreadable(
            file=source.source,
            reason="it declares no coordinate reference system; say which with --crs, e.g. --crs EPSG:4490, "
            "or name an outline to compare it with: --reference FILE",
            reason_zh="文件没有声明坐标系，请用 --crs 指定，例如 --crs EPSG:4490；或用 --reference 指定一个参照边界",
        )
    return CRS.from_user_input(declared)


def _repairs(source: SourceLayer, kept: gpd.GeoDataFrame, way: _Way | None) -> dict[int, Repair]:
    """By row, what was done to those that were invalid as they came and are kept."""
    raw = np.asarray(source.vector.frame.geometry.to_numpy(), dtype=object)
    broken = np.flatnonzero(~shapely.is_valid(raw) & ~shapely.is_missing(raw))
    rows = kept.index.intersection(broken)
    before = raw[rows] if way is None else way(raw[rows])
    reasons = shapely.is_valid_reason(raw[rows])
    found = zip(rows, kept.loc[rows, "code"], reasons, before, kept.loc[rows].geometry, strict=True)
    return {int(row) + 1: Repair(code, str(reason), old, new) for row, code, reason, old, new in found}


def _records(
    source: SourceLayer, codes: Sequence[str | None], counts: Counts, polygons: shapes.Geometries
) -> gpd.GeoDataFrame:
    size = len(polygons)
    data: dict[str, object] = {"row": np.arange(1, size + 1)}
    for field in ("code", "name", "parent", "kind"):
        texts = codes if field == "code" else source.texts(field)
        # Left to itself pandas makes a text column of it, in which None is a NaN that passes for a code.
        data[field] = pd.Series(list(texts), dtype=object)
    for field in ("households", "population"):
        data[field] = counts[field] if field in counts else pd.Series([None] * size, dtype="Int64")
    records = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(polygons, crs=WGS84))
    records["name"] = records["name"].where(records["name"].notna(), records["code"])
    return records
