"""Files of areas in any usual format are opened, or refused with one sentence that says why."""

import codecs
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyarrow as pa
import pyogrio
from pyproj import CRS

from geo.errors import FileUnreadable, InvalidChoice
from geo.intake import archives, text_encodings
from geo.intake.text_encodings import FoundEncoding

FORMATS: Final[Mapping[str, str]] = {
    ".shp": "Shapefile",
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSON lines",
    ".ndjson": "GeoJSON lines",
    ".topojson": "TopoJSON",
    ".kml": "KML",
    ".fgb": "FlatGeobuf",
    ".parquet": "GeoParquet",
}
ARCHIVES: Final = frozenset({".zip", ".kmz"})
PATTERNS: Final = ", ".join(f"*{suffix}" for suffix in (*FORMATS, *sorted(ARCHIVES)))

_FIRST_BYTES: Final[Mapping[str, tuple[bytes, ...]]] = {
    "Shapefile": (b"\x00\x00\x27\x0a",),
    "GeoPackage": (b"SQLite format 3\x00",),
    "GeoJSON": (b"{", b"["),
    "GeoJSON lines": (b"{", b"\x1e"),
    "TopoJSON": (b"{",),
    "KML": (b"<?xml", b"<kml", b"<!--"),
    "FlatGeobuf": (b"fgb",),
    "GeoParquet": (b"PAR1",),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
# Of a file that ends in the middle of a record pyogrio finds fewer geometries than it was told.
_DAMAGED: Final = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, IndexError)
_SINGLE: Final = frozenset({"Shapefile", "GeoJSON", "GeoJSON lines", "FlatGeobuf"})
_SHP_HEADER_BYTES: Final = 100
_HEAD_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class VectorLayer:
    """One layer as a file has it.

    :ivar frame: its records, coordinates as they are in the file, curves made of straight pieces
    :ivar file: name of the file, inside an archive as ``outer.zip/inner.shp``
    :ivar layer: name of the layer where the file has several
    :ivar encoding: of a shapefile's text; None for formats that have only one
    :ivar crs: what the file declares or its format implies; None if neither
    :ivar crs_implied: the file is silent, its format stands for WGS-84
    """

    frame: gpd.GeoDataFrame
    file: str
    format: str
    layer: str | None
    encoding: FoundEncoding | None
    crs: CRS | None
    crs_implied: bool


def open_layer(path: Path, *, layer: str | None, encoding: str | None) -> VectorLayer:
    """All records of the one layer that is meant; of an archive with several files ``layer`` may name the file.

    :raises FileUnreadable: missing, empty, damaged, not what its suffix says, or without geometries
    :raises InvalidChoice: a suffix, layer or encoding that there is not
    """
    if path.suffix.lower() not in FORMATS and path.suffix.lower() not in ARCHIVES:
        raise _not_read(path)
    if not path.is_file():
        raise FileUnreadable(file=str(path), reason="there is no such file", reason_zh="没有这个文件")
    if path.stat().st_size == 0:
        raise FileUnreadable(file=path.name, reason="the file is empty (0 bytes)", reason_zh="文件是空的（0 字节）")
    _check_encoding(encoding)
    with _picked(path, layer) as (picked, shown, inner):
        return _open(picked, shown, inner, encoding)


def _not_read(path: Path) -> FileUnreadable | InvalidChoice:
    if path.suffix.lower() == ".dbf":
        return FileUnreadable(
            file=path.name,
            reason="this is the table of a shapefile, without any geometry; name the .shp that stands beside it",
            reason_zh="这是 Shapefile 的属性表，没有图形，请指定同名的 .shp 文件",
        )
    return InvalidChoice(field="FILE", value=path.name, choices=PATTERNS)


@contextmanager
def _picked(path: Path, layer: str | None) -> Iterator[tuple[Path, str, str | None]]:
    """The file to read, how to call it, and the layer in it; out of an archive it is there only meanwhile."""
    if path.suffix.lower() not in ARCHIVES:
        yield path, path.name, layer
        return
    _check_content(path, path.name, "zip")
    with archives.unpacked(path) as folder:
        found = sorted(
            file for file in folder.rglob("*") if file.suffix.lower() in FORMATS and "__MACOSX" not in file.parts
        )
        by_stem = {file.stem: file for file in found}
        if not found:
            raise FileUnreadable(
                file=path.name,
                reason=f"the archive holds no file of areas ({PATTERNS})",
                reason_zh=f"压缩包内没有可读的边界文件（{PATTERNS}）",
            )
        if layer in by_stem:
            picked, inner = by_stem[layer], None
        elif len(found) == 1:
            picked, inner = found[0], layer
        else:
            raise _several(path.name, layer, sorted(by_stem))
        yield picked, f"{path.name}/{picked.name}", inner


def _open(path: Path, shown: str, layer: str | None, encoding: str | None) -> VectorLayer:
    form = FORMATS[path.suffix.lower()]
    _check_content(path, shown, form)
    found = _encoding_of(path, form, encoding)
    if form == "GeoParquet":
        frame = _read_parquet(path, shown)
    else:
        frame, layer = _read(path, shown, form, layer, found)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FileUnreadable(
            file=shown, reason="it is a table without any geometry", reason_zh="只有表格，没有任何图形"
        )
    head = _head(path) if form in ("GeoJSON", "GeoJSON lines", "TopoJSON") else b""
    if b'"Topology"' in head:
        form = "TopoJSON"
    implied = form in ("TopoJSON", "KML", "GeoJSON lines") or (form == "GeoJSON" and not _declares_crs(path, frame))
    return VectorLayer(frame, shown, form, layer, found, CRS(4326) if implied else frame.crs, implied)


def _encoding_of(path: Path, form: str, encoding: str | None) -> FoundEncoding | None:
    if encoding is not None:
        return FoundEncoding(text_encodings.canonical(encoding) or encoding, "given")
    return text_encodings.of_shapefile(path) if form == "Shapefile" else None


def _read(
    path: Path, shown: str, form: str, layer: str | None, encoding: FoundEncoding | None
) -> tuple[gpd.GeoDataFrame, str | None]:
    source: Path | bytes = path
    if form == "GeoJSON" and _head(path).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        source = _collection(path, shown)
    # GDAL says what it leaves out, as measures; what matters of that is seen in the geometries themselves.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return _read_quietly(source, path, shown, form, layer, encoding)


def _read_quietly(
    source: Path | bytes, path: Path, shown: str, form: str, layer: str | None, encoding: FoundEncoding | None
) -> tuple[gpd.GeoDataFrame, str | None]:
    try:
        # Listing reads some formats from end to end, and these have only one.
        single = form in _SINGLE and layer is None and b'"Topology"' not in _head(path)
        names = [] if single else [str(name) for name in pyogrio.list_layers(source)[:, 0]]
        if (layer is None and len(names) > 1) or (layer is not None and layer not in names):
            raise _several(shown, layer, names)
        name = encoding and encoding.name
        frame = gpd.read_file(source, engine="pyogrio", layer=layer, encoding=name, on_invalid="ignore")
    except _DAMAGED as error:
        raise _unreadable(path, shown, form, error) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(
            file=shown,
            reason="its text has another encoding than declared; try --encoding GB18030",
            reason_zh="文字编码与声明不符，请试 --encoding GB18030",
        ) from error
    return frame, layer if len(names) > 1 else None


def _read_parquet(path: Path, shown: str) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, TypeError, KeyError, OSError, pa.ArrowException) as error:
        raise _unreadable(path, shown, "GeoParquet", error) from error


def _collection(path: Path, shown: str) -> bytes:
    """A bare list of features or geometries, as a collection."""
    try:
        items = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise FileUnreadable(
            file=shown, reason=f"is no valid JSON ({error})", reason_zh=f"不是有效的 JSON（{error}）"
        ) from error
    features = [_feature(item) for item in items]
    if not any(isinstance(one, dict) and "geometry" in one for one in features):
        raise FileUnreadable(
            file=shown,
            reason="its list holds neither GeoJSON features nor geometries",
            reason_zh="列表里既没有 GeoJSON 要素，也没有图形",
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _feature(item: Any) -> Any:
    is_geometry = isinstance(item, dict) and ("coordinates" in item or "geometries" in item)
    return {"type": "Feature", "properties": {}, "geometry": item} if is_geometry else item


def _declares_crs(path: Path, frame: gpd.GeoDataFrame) -> bool:
    """Whether a GeoJSON has a member ``crs``, which stands before or after its features."""
    if frame.crs is not None and frame.crs.to_epsg() != 4326:  # noqa: PLR2004 - what GDAL takes for a silent one
        return True
    with path.open("rb") as file:
        start = file.read(_HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        end = file.read()
    return any(b'"crs"' in part and b'"name"' in part.partition(b'"crs"')[2][:200] for part in (start, end))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _unreadable(path: Path, shown: str, form: str, error: Exception) -> FileUnreadable:
    said = "damaged" if isinstance(error, IndexError) else str(error)
    said = said.partition("\n")[0].partition(" It might help")[0].replace(str(path), shown).rstrip(";. ")
    return FileUnreadable(
        file=shown,
        reason=f"cannot be read as {form} ({said}); export it again, e.g. from QGIS",
        reason_zh=f"无法按 {form} 读取（{said}），请用 QGIS 等软件重新导出",
    )


def _check_content(path: Path, shown: str, form: str) -> None:
    """GDAL goes by the content and takes anything under any name; a wrong name is a wrong file."""
    with path.open("rb") as file:
        start = file.read(_SHP_HEADER_BYTES)
    if not start.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").startswith(_FIRST_BYTES[form]):
        raise FileUnreadable(
            file=shown,
            reason=f"this is no {form}, whatever its name says",
            reason_zh=f"内容不是 {form}，与后缀不符",
        )
    # A cut shapefile is read without a word, with empty polygons; its header says how many 16-bit words it had.
    size = path.stat().st_size
    if form == "Shapefile" and size < (said := 2 * int.from_bytes(start[24:28], "big")):
        raise FileUnreadable(
            file=shown,
            reason=f"the file is cut off ({size} of {said} bytes)",
            reason_zh=f"文件不完整（应有 {said} 字节，只有 {size} 字节）",
        )


def _check_encoding(encoding: str | None) -> None:
    if encoding is not None and text_encodings.canonical(encoding) is None:
        raise InvalidChoice(field="--encoding", value=encoding, choices="UTF-8, GB18030, GBK …")


def _several(shown: str, layer: str | None, names: list[str]) -> FileUnreadable | InvalidChoice:
    if layer is not None:
        return InvalidChoice(field="--layer", value=layer, choices=", ".join(names))
    several = ", ".join(names)
    return FileUnreadable(
        file=shown,
        reason=f"it has several layers ({several}); name one with --layer",
        reason_zh=f"文件有多个图层（{several}），请用 --layer 指定",
    )
