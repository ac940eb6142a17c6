"""Many rows at once: COPY is thirty times as fast as INSERT with values, and six times as fast as rows of a cursor."""

import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyarrow import csv
from sqlalchemy import Select, Table, text
from sqlalchemy.orm import Session

from geo.intake.batches import ahead
from geo.space.crs import WGS84
from geo.storage import reach

Value = str | int | float | bool | date | datetime | UUID | Sequence[str] | None

_BUFFER_BYTES = 2**20
_CHUNK_BYTES = 2**22
"""Of what is sent at once: another thread that computes lets go for each only after 5 ms."""
_WRITTEN_ROWS = 20_000
_POINT_WITH_SRID = 0x20000001
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """COPY rows into a table in the session's transaction. ``table`` and ``columns`` are names from the code."""
    buffer = io.StringIO()
    for row in rows:
        buffer.write("\t".join(map(_field, row)))
        buffer.write("\n")
    buffer.seek(0)
    with driver_of(session).cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", buffer)


def copy_table(driver: Any, table: str, rows: pa.Table) -> None:
    """COPY columns into columns of the same names, five times as fast as rows. ``table`` is a name from the code.

    :param driver: what `driver_of` says of the session
    """
    with driver.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({', '.join(rows.column_names)}) FROM STDIN (FORMAT csv)", _Written(rows), _CHUNK_BYTES
        )


class _Written:
    """A table as csv to read, each slice written while the server takes the one before."""

    def __init__(self, rows: pa.Table) -> None:
        self._slices = ahead(map(_csv, rows.to_batches(_WRITTEN_ROWS)))

    def read(self, _size: int) -> bytes:
        return next(self._slices, b"")


def _csv(rows: pa.RecordBatch) -> bytes:
    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False, batch_size=_WRITTEN_ROWS))
    return buffer.getvalue()


def as_lists(values: NDArray[np.object_]) -> list[str]:
    """Tuples of text as PostgreSQL writes arrays. The same lists come again and again, so each is written once."""
    known = {one: _list(one) for one in set(values.tolist())}
    return [known[one] for one in values.tolist()]


def copy_out(session: Session, query: Select[*tuple[object, ...]], types: Mapping[str, pa.DataType]) -> pa.Table:
    """The rows of a query that lie within the reach of the session, as columns, by COPY.

    :param types: name and type of every column, in the order of the query; NULL stays apart from an empty text
    """
    limited = reach.within(session, query)
    compiled = limited.compile(dialect=session.connection().dialect, compile_kwargs={"render_postcompile": True})
    with driver_of(session).cursor() as cursor, tempfile.TemporaryFile(buffering=_BUFFER_BYTES) as file:
        plain = cursor.mogrify(str(compiled), compiled.params).decode()
        cursor.copy_expert(f"COPY ({plain}) TO STDOUT (FORMAT csv)", file)
        if not file.tell():
            return pa.table({name: pa.array([], kind) for name, kind in types.items()})
        file.seek(0)
        return csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=list(types)),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=dict(types), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )


def upsert(
    session: Session, table: Table, columns: Sequence[str], key: Sequence[str], rows: Iterable[Sequence[Value]]
) -> None:
    """Add rows, or correct the ones whose key is there already, in one statement."""
    names = ", ".join(columns)
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key) or f"{key[0]} = {key[0]}"
    session.execute(text(f"CREATE TEMP TABLE upserted (LIKE {table.name} INCLUDING DEFAULTS INCLUDING IDENTITY)"))
    copy_rows(session, "upserted", columns, rows)
    session.execute(
        text(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM upserted ORDER BY {', '.join(key)}"  # noqa: S608 - names of the code
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
        )
    )
    session.execute(text("DROP TABLE upserted"))


def hex_ewkb(geometries: NDArray[np.object_], srid: int = WGS84) -> list[str | None]:
    """Geometries as PostGIS takes them in text; None stays None."""
    # bytes.hex() is ten times as fast as the hex of to_wkb.
    binary = shapely.to_wkb(shapely.set_srid(geometries, srid), include_srid=True).tolist()
    return [None if one is None else one.hex() for one in binary]


def hex_points(lon: NDArray[np.float64], lat: NDArray[np.float64], srid: int = WGS84) -> list[str]:
    """Points as PostGIS takes them in text, without a geometry object for each: extended WKB, little-endian."""
    packed = np.empty(len(lon), dtype=[("order", "u1"), ("kind", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])
    packed["order"], packed["kind"], packed["srid"], packed["x"], packed["y"] = 1, _POINT_WITH_SRID, srid, lon, lat
    size = 2 * packed.itemsize
    plain = packed.tobytes().hex()
    return [plain[begin : begin + size] for begin in range(0, len(plain), size)]


def driver_of(session: Session) -> Any:
    """The driver's own connection, in the session's transaction."""
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - the connection is open
    return driver


def _field(value: Value) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, list | tuple):
        return _list(value).translate(_ESCAPES)
    return str(value)


def _list(values: Sequence[str]) -> str:
    items = (str(item).replace("\\", "\\\\").replace('"', '\\"') for item in values)
    return "{" + ",".join(f'"{item}"' for item in items) + "}"
