"""Values of boundary records, and why some records are refused."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.intake.rejections import Rejection

_MAX_COUNT: Final = 2**31 - 1


def counts_of(column: "pd.Series[str]") -> "pd.Series[int]":
    """Whole numbers of households or people; missing where there is none that can be one."""
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.where(numbers.between(0, _MAX_COUNT)).round().astype("Int64")


def texts_of(column: "pd.Series[str]") -> list[str | None]:
    """Text as typed; a number of a spreadsheet loses its ``.0``, since codes are not quantities."""
    return [_text(value) for value in column.tolist()]


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def refusals(
    records: gpd.GeoDataFrame, raw: gpd.GeoDataFrame, no_counts: "Mapping[str, pd.Series[bool]]"
) -> tuple[Rejection, ...]:
    """Why rows cannot be taken, the first reason of each.

    :param no_counts: for households and population, in which rows there is something that is no count
    """
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
