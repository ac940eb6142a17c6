"""Boundary files: GeoJSON, Shapefile or GeoPackage become records with a code, a name, a parent and a polygon."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.errors import ColumnMissing, FileEmpty, FileUnreadable, InvalidChoice
from geo.intake import vector_files
from geo.intake.rejections import Rejection
from geo.space import shapes
from geo.space.checks import Repair
from geo.space.codes import Level
from geo.space.crs import WGS84, Frame, is_wgs84_like, to_wgs84
from geo.space.frames import Score

USUAL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "代码", "区划代码", "行政区代码", "XZQDM", "DM", "adcode", "id"),
    "name": ("name", "名称", "村名", "XZQMC", "MC"),
    "parent": ("parent", "parent_code", "上级代码"),
    "kind": ("kind", "类型"),
    "households": ("households", "户数"),
    "population": ("population", "人口"),
}
_NEEDED: Final = ("code",)
_MAX_COUNT: Final = 2**31 - 1

Counts = Mapping[str, "pd.Series[int]"]


@dataclass(frozen=True, slots=True)
class BoundaryLayer:
    """One level of areas as a file gives it.

    :ivar areas: EPSG:4326 MultiPolygons with ``row`` (from 1), ``code``, ``name``, ``parent``, ``kind``,
        ``households``, ``population``; text columns hold None where the file is silent
    :ivar columns: which column of the file was taken for what
    :ivar repaired: rows whose polygon was invalid and has been repaired
    """

    source: str
    level: Level
    crs: str
    columns: Mapping[str, str]
    areas: gpd.GeoDataFrame
    refused: tuple[Rejection, ...]
    repaired: tuple[int, ...]
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)
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
    """Read one level of areas.

    :param columns: which column is the code, name, parent, kind, households or population; the usual names are found
    :param crs: for a file that declares none, e.g. ``EPSG:4490``
    :param frame: the frame of degrees that were shifted for Chinese web maps
    :raises FileUnreadable: missing, empty, damaged, not what its suffix says, or of unknown CRS
    :raises FileEmpty: no record at all
    :raises InvalidChoice: a suffix, layer, encoding, CRS or field that there is not
    :raises ColumnMissing: no column for the code
    """
    raw = vector_files.open_layer(path, layer=layer, encoding=encoding)
    if raw.empty:
        raise FileEmpty(file=path.name)
    mapped = _map_columns(path, raw, columns or {})
    declared = _declared_crs(path, raw, crs)
    counts: Counts = {field: _counts(raw[mapped[field]]) for field in ("households", "population") if field in mapped}
    broken = ~shapely.is_valid(raw.geometry.to_numpy()) & ~shapely.is_missing(raw.geometry.to_numpy())
    records = _records(raw, mapped, counts, _in_wgs84(raw, declared, frame))
    refused = _refusals(records, raw, {field: raw[mapped[field]].notna() & counts[field].isna() for field in counts})
    kept = records.drop(index=[rejection.row - 1 for rejection in refused])
    repaired = tuple(int(row) for row in np.flatnonzero(broken) + 1 if row - 1 in kept.index)
    return BoundaryLayer(path.name, level, declared.to_string(), mapped, kept, refused, repaired)


def _map_columns(path: Path, raw: gpd.GeoDataFrame, given: Mapping[str, str]) -> dict[str, str]:
    present = [str(column) for column in raw.columns if column != raw.geometry.name]
    folded = {column.casefold(): column for column in reversed(present)}
    mapped: dict[str, str] = {}
    for field, column in given.items():
        if field not in USUAL_NAMES:
            raise InvalidChoice(field="--column", value=field, choices=", ".join(USUAL_NAMES))
        if column not in present:
            raise ColumnMissing(file=path.name, column=field, columns=", ".join(present) or "—")
        mapped[field] = column
    for field, names in USUAL_NAMES.items():
        found = next((folded[name.casefold()] for name in names if name.casefold() in folded), None)
        if field not in mapped and found is not None:
            mapped[field] = found
    for field in _NEEDED:
        if field not in mapped:
            raise ColumnMissing(file=path.name, column=field, columns=", ".join(present) or "—")
    return mapped


def _declared_crs(path: Path, raw: gpd.GeoDataFrame, given: str | None) -> CRS:
    try:
        declared = CRS.from_user_input(given) if given else raw.crs
    except CRSError as error:
        raise InvalidChoice(field="--crs", value=given, choices="EPSG:4490, EPSG:4326, EPSG:4549 …") from error
    if declared is None:
        raise FileUnreadable(
            file=path.name,
            reason="it declares no coordinate reference system; say which with --crs, e.g. --crs EPSG:4490",
            reason_zh="文件没有声明坐标系，请用 --crs 指定，例如 --crs EPSG:4490",
        )
    return CRS.from_user_input(declared)


def _in_wgs84(raw: gpd.GeoDataFrame, declared: CRS, frame: Frame) -> shapes.Geometries:
    geometries = raw.geometry.set_crs(declared, allow_override=True)
    if not is_wgs84_like(declared):
        geometries = geometries.to_crs(WGS84)
    plain = np.asarray(geometries.to_numpy(), dtype=object)
    if frame not in ("wgs84", "cgcs2000"):
        plain = shapely.transform(plain, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], frame)))
    return shapes.as_multipolygons(plain)


def _records(
    raw: gpd.GeoDataFrame,
    mapped: Mapping[str, str],
    counts: Counts,
    polygons: shapes.Geometries,
) -> gpd.GeoDataFrame:
    data: dict[str, object] = {"row": np.arange(1, len(raw) + 1)}
    for field in ("code", "name", "parent", "kind"):
        texts = _texts(raw[mapped[field]]) if field in mapped else [None] * len(raw)
        # Left to itself pandas makes a text column of it, in which None is a NaN that passes for a code.
        data[field] = pd.Series(texts, dtype=object)
    for field in ("households", "population"):
        data[field] = counts[field] if field in counts else pd.Series([None] * len(raw), dtype="Int64")
    records = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(polygons, crs=WGS84))
    records["name"] = records["name"].where(records["name"].notna(), records["code"])
    return records


def _counts(column: "pd.Series[str]") -> "pd.Series[int]":
    """Whole numbers of households or people; missing where there is none that can be one."""
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.where(numbers.between(0, _MAX_COUNT)).round().astype("Int64")


def _texts(column: "pd.Series[str]") -> list[str | None]:
    """Text as typed; a number of a spreadsheet loses its ``.0``, since codes are not quantities."""
    return [_text(value) for value in column.tolist()]


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def _refusals(
    records: gpd.GeoDataFrame, raw: gpd.GeoDataFrame, no_counts: "Mapping[str, pd.Series[bool]]"
) -> tuple[Rejection, ...]:
    refused: list[Rejection] = []
    bounds = shapely.bounds(records.geometry.to_numpy())
    kinds = raw.geometry.geom_type.tolist()
    for row, code, polygon, box, kind in zip(
        records["row"], records["code"], records.geometry, bounds, kinds, strict=True
    ):
        if code is None:
            refused.append(Rejection(int(row), "code", "has no code", "没有代码"))
        elif polygon is None:
            refused.append(Rejection(int(row), "geometry", *_no_polygon(kind)))
        elif abs(box[1]) > 90 or abs(box[3]) > 90 or abs(box[0]) > 180 or abs(box[2]) > 180:  # noqa: PLR2004 - degrees
            en = f"lies at {box[0]:.4f}, {box[1]:.4f}, which is no longitude and latitude; check --crs"
            refused.append(
                Rejection(int(row), "geometry", en, f"坐标 {box[0]:.4f}, {box[1]:.4f} 不是经纬度，请检查 --crs")
            )
        elif wrong := [field for field, is_wrong in no_counts.items() if is_wrong.iloc[row - 1]]:
            refused.append(Rejection(int(row), wrong[0], "is not a number from 0 up", "不是从 0 起的数字"))
    return tuple(refused)


def _no_polygon(kind: object) -> tuple[str, str]:
    if kind in {"Polygon", "MultiPolygon"}:
        return (
            "its polygon encloses nothing, or lies outside what its CRS covers; check --crs",
            "面状图形没有面积，或超出坐标系的范围，请检查 --crs",
        )
    if not isinstance(kind, str):
        return "has no polygon (no geometry at all)", "没有面状图形（图形为空）"
    return f"has no polygon ({kind})", f"没有面状图形（{kind}）"
