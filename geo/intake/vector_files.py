"""GeoJSON, Shapefile and GeoPackage files are opened, or refused with one sentence that says why."""

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import pyogrio

from geo.errors import FileUnreadable, InvalidChoice

DRIVERS: Final = {".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile", ".gpkg": "GPKG"}

_FIRST_BYTES: Final[Mapping[str, tuple[bytes, ...]]] = {
    "GeoJSON": (b"{", b"["),
    "ESRI Shapefile": (b"\x00\x00\x27\x0a",),
    "GPKG": (b"SQLite format 3\x00",),
}
_SHP_HEADER_BYTES: Final = 100


def open_layer(path: Path, *, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    """All records of the one layer that is meant.

    :raises FileUnreadable: missing, empty, damaged, not what its suffix says, or without geometries
    :raises InvalidChoice: a suffix, layer or encoding that there is not
    """
    if path.suffix.lower() not in DRIVERS:
        raise InvalidChoice(field="FILE", value=path.name, choices="*.geojson, *.shp, *.gpkg")
    if not path.is_file():
        raise FileUnreadable(file=str(path), reason="there is no such file", reason_zh="没有这个文件")
    if path.stat().st_size == 0:
        raise FileUnreadable(file=path.name, reason="the file is empty (0 bytes)", reason_zh="文件是空的（0 字节）")
    kind = DRIVERS[path.suffix.lower()]
    _check_content(path, kind)
    _check_encoding(encoding)
    try:
        _check_layer(path, layer)
        raw = gpd.read_file(path, engine="pyogrio", layer=layer, encoding=encoding, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        said = str(error).partition(" It might help")[0].rstrip(";. ")
        raise FileUnreadable(
            file=path.name, reason=f"cannot be read as {kind} ({said})", reason_zh=f"无法按 {kind} 读取（{said}）"
        ) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(
            file=path.name,
            reason="its text has another encoding than declared; try --encoding GB18030",
            reason_zh="文字编码与声明不符，请试 --encoding GB18030",
        ) from error
    if not isinstance(raw, gpd.GeoDataFrame):
        raise FileUnreadable(
            file=path.name, reason="it is a table without any geometry", reason_zh="只有表格，没有任何图形"
        )
    return raw


def _check_content(path: Path, kind: str) -> None:
    """GDAL goes by the content and takes anything under any name; a wrong name is a wrong file."""
    with path.open("rb") as file:
        start = file.read(_SHP_HEADER_BYTES)
    if not start.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").startswith(_FIRST_BYTES[kind]):
        raise FileUnreadable(
            file=path.name,
            reason=f"this is no {kind}, whatever its name says",
            reason_zh=f"内容不是 {kind}，与后缀不符",
        )
    # A cut shapefile is read without a word, with empty polygons; its header says how many 16-bit words it had.
    size = path.stat().st_size
    if kind == "ESRI Shapefile" and size < (said := 2 * int.from_bytes(start[24:28], "big")):
        raise FileUnreadable(
            file=path.name,
            reason=f"the file is cut off ({size} of {said} bytes)",
            reason_zh=f"文件不完整（应有 {said} 字节，只有 {size} 字节）",
        )


def _check_encoding(encoding: str | None) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise InvalidChoice(field="--encoding", value=encoding, choices="UTF-8, GB18030, GBK …") from error


def _check_layer(path: Path, layer: str | None) -> None:
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if layer is None and len(names) > 1:
        several = ", ".join(names)
        raise FileUnreadable(
            file=path.name,
            reason=f"it has several layers ({several}); name one with --layer",
            reason_zh=f"文件有多个图层（{several}），请用 --layer 指定",
        )
    if layer is not None and layer not in names:
        raise InvalidChoice(field="--layer", value=layer, choices=", ".join(names))
