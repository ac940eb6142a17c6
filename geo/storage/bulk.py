"""Many rows at once: COPY is thirty times as fast as INSERT with values."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from geo.space.crs import WGS84

Value = str | int | float | bool | date | datetime | UUID | Sequence[str] | None

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """COPY rows into a table in the session's transaction. ``table`` and ``columns`` are names from the code."""
    buffer = io.StringIO()
    for row in rows:
        buffer.write("\t".join(map(_field, row)))
        buffer.write("\n")
    buffer.seek(0)
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - the connection is open
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", buffer)


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


def hex_ewkb(geometries: NDArray[np.object_]) -> list[str | None]:
    """Geometries as PostGIS takes them in text, EPSG:4326; None stays None."""
    encoded: list[str | None] = shapely.to_wkb(
        shapely.set_srid(geometries, WGS84), hex=True, include_srid=True
    ).tolist()
    return encoded


def _field(value: Value) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, list | tuple):
        items = (str(item).replace("\\", "\\\\").replace('"', '\\"') for item in value)
        return ("{" + ",".join(f'"{item}"' for item in items) + "}").translate(_ESCAPES)
    return str(value)
