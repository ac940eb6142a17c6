"""An outline whose frame is known, to compare a file with whose frame is not."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import FileUnreadable
from geo.intake import vector_files
from geo.space import frames, shapes
from geo.space.codes import normalise_cn
from geo.space.crs import Frame
from geo.space.frames import Reading


def read_reference(
    path: Path, *, frame: Frame = "wgs84", code: str | None = None, layer: str | None = None
) -> BaseGeometry:
    """An outline in WGS-84: the record with the county's code, or all of them where none has one.

    :param frame: of the file's degrees; outlines of Chinese web maps are in GCJ-02
    :param code: the county
    :raises FileUnreadable: it has no polygon, or several counties and none with the code
    """
    found = vector_files.open_layer(path, layer=layer, encoding=None)
    raw = found.frame
    chosen = raw if code is None or len(raw) == 1 else raw[_has_code(raw, code)]
    if chosen.empty:
        raise FileUnreadable(
            file=path.name,
            reason=f"none of its {len(raw)} records has the county code {code}; name the county with --county",
            reason_zh=f"{len(raw)} 条记录中没有县代码 {code}，请用 --county 指定县",
        )
    if len(chosen) > 1 and code is None:
        raise FileUnreadable(
            file=path.name,
            reason=f"it has {len(raw)} records; name the county with --county",
            reason_zh=f"文件有 {len(raw)} 条记录，请用 --county 指定县",
        )
    polygons = shapes.as_multipolygons(np.asarray(chosen.geometry.to_numpy(), dtype=object))
    polygons = polygons[~shapely.is_missing(polygons)]
    if not len(polygons):
        raise FileUnreadable(
            file=path.name, reason="it has no polygon to compare with", reason_zh="没有可供比较的面状图形"
        )
    epsg = found.crs.to_epsg() if found.crs is not None else None
    return shapes.union(frames.to_wgs84(polygons, Reading(epsg or 4326, frame)))


def _has_code(raw: gpd.GeoDataFrame, code: str) -> NDArray[np.bool_]:
    """Records of which some column holds the code, whatever it is called."""
    hits = np.zeros(len(raw), dtype=bool)
    for column in raw.columns.drop(raw.geometry.name):
        texts = (str(value).removesuffix(".0") for value in raw[column].tolist())
        hits |= np.fromiter((normalise_cn(text, "county") == code for text in texts), dtype=bool, count=len(raw))
    return hits
