"""COPY takes every text as it is, and upsert corrects what is there."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, column, literal, select, text
from sqlalchemy import table as literal_table
from sqlalchemy.orm import Session

from geo.intake.visit_columns import objects
from geo.storage.bulk import as_lists, copy_out, copy_rows, copy_table, driver_of, hex_ewkb, hex_points, upsert

HOSTILE = [
    "",
    " ",
    "tab\there",
    "line\nfeed",
    "carriage\rreturn\r\n",
    "back\\slash",
    "\\",
    "\\N",
    "\\.",
    "\\t",
    "NULL",
    "null",
    '"quoted"',
    "it's",
    "a,b;c",
    "{}",
    "{a,b}",
    "\x08\x0b\x0c\x7f",
    "㛃𠮷",
    "é\u0301\u200b\ufeff",
    "'; DROP TABLE visits; --",
]

# PostgreSQL has no text with NUL, and UTF-8 none with half a surrogate pair.
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@pytest.fixture
def rows(session: Session) -> Session:
    session.execute(text("CREATE TEMP TABLE copied (i int PRIMARY KEY, s text, a text[])"))
    return session


def read(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text("SELECT i, s, a FROM copied ORDER BY i"))]


def test_hostile_texts_come_back_as_they_went(rows: Session) -> None:
    sent = [(i, value, [value, value]) for i, value in enumerate(HOSTILE)]
    copy_rows(rows, "copied", ("i", "s", "a"), sent)
    assert read(rows) == sent


def test_null_is_not_empty(rows: Session) -> None:
    copy_rows(rows, "copied", ("i", "s", "a"), [(1, None, None), (2, "", []), (3, "\\N", [""]), (4, "NULL", ["NULL"])])
    assert read(rows) == [(1, None, None), (2, "", []), (3, "\\N", [""]), (4, "NULL", ["NULL"])]


def send(session: Session, texts: list[str | None], lists: list[tuple[str, ...]]) -> list[tuple[object, ...]]:
    """Texts and lists side by side, as columns; what then stands in the table."""
    numbers = pa.array(range(len(texts)), pa.int32())
    table = pa.table({"i": numbers, "s": pa.array(texts, pa.string()), "a": as_lists(objects(lists))})
    copy_table(driver_of(session), "copied", table)
    return read(session)


def test_hostile_texts_come_back_from_columns_too(rows: Session) -> None:
    texts = [*HOSTILE, *(f"a\n{value}\nb" for value in HOSTILE), None]
    lists = [() if value is None else (value, "", value) for value in texts]
    expected = [(i, *pair) for i, pair in enumerate(zip(texts, map(list, lists), strict=True))]
    assert send(rows, texts, lists) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.none() | TEXTS, st.lists(TEXTS, max_size=4).map(tuple)), max_size=6))
def test_any_text_and_any_list_of_texts_in_columns(
    rows: Session, sent: list[tuple[str | None, tuple[str, ...]]]
) -> None:
    rows.execute(text("TRUNCATE copied"))
    found = send(rows, [one for one, _ in sent], [several for _, several in sent])
    assert found == [(i, one, list(several)) for i, (one, several) in enumerate(sent)]


def test_no_rows_are_no_rows(rows: Session) -> None:
    copy_rows(rows, "copied", ("i", "s", "a"), [])
    assert read(rows) == []
    assert send(rows, [], []) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, max_size=6), arrays=st.lists(st.lists(TEXTS, max_size=4), max_size=6))
def test_any_text_and_any_list_of_texts(rows: Session, texts: list[str], arrays: list[list[str]]) -> None:
    rows.execute(text("TRUNCATE copied"))
    sent: list[tuple[object, ...]] = [(i, value, None) for i, value in enumerate(texts)]
    sent += [(i, None, value) for i, value in enumerate(arrays, start=len(texts))]
    copy_rows(rows, "copied", ("i", "s", "a"), sent)  # type: ignore[arg-type]
    assert read(rows) == sent


def test_other_types(session: Session) -> None:
    session.execute(text("CREATE TEMP TABLE typed (u uuid, d date, t timestamptz, b boolean, f float8, g geometry)"))
    sent = (
        UUID("0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01"),
        date(2024, 2, 29),
        datetime(2025, 3, 1, 1, 2, 3, 456789, tzinfo=UTC),
        True,
        0.1 + 0.2,
    )
    point = hex_ewkb(np.array([shapely.Point(120.1, 30.2), None], dtype=object))
    assert point[1] is None
    copy_rows(session, "typed", ("u", "d", "t", "b", "f", "g"), [(*sent, point[0])])
    found = session.execute(text("SELECT u, d, t, b, f, ST_X(g), ST_Y(g), ST_SRID(g) FROM typed")).one()
    assert tuple(found) == (*sent, 120.1, 30.2, 4326)


def test_a_row_that_does_not_fit_leaves_none(rows: Session) -> None:
    with pytest.raises(Exception, match="invalid input syntax"), rows.begin_nested():
        copy_rows(rows, "copied", ("i", "s"), [(1, "a"), ("x", "b")])
    assert read(rows) == []


def test_upsert_adds_and_corrects(rows: Session) -> None:
    table = Table("copied", MetaData(), Column("i", Integer), Column("s", Text))
    upsert(rows, table, ("i", "s"), ["i"], [(1, "a"), (2, "b")])
    upsert(rows, table, ("i", "s"), ["i"], [(3, "\tc"), (2, None)])
    assert [row[:2] for row in read(rows)] == [(1, "a"), (2, None), (3, "\tc")]
    assert rows.scalar(text("SELECT to_regclass('pg_temp.upserted')")) is None


def test_copy_out_gives_every_text_as_it_is(session: Session) -> None:
    """An empty text is no NULL, and what a text holds does not end its row."""
    session.execute(text("CREATE TEMP TABLE given (n int, t text, x float8)"))
    rows = [(n, value, 0.1 * n) for n, value in enumerate([*HOSTILE, None])]
    copy_rows(session, "given", ("n", "t", "x"), rows)
    table = copy_out(
        session,
        select(column("t"), column("x"), column("n")).select_from(literal_table("given")).order_by(column("n")),
        {"t": pa.string(), "x": pa.float64(), "n": pa.int64()},
    )
    assert table["t"].to_pylist() == [*HOSTILE, None]
    assert table["x"].to_pylist() == [row[2] for row in rows]


def test_copy_out_of_nothing_has_its_columns(session: Session) -> None:
    query = select(literal("%(x)s", Text).label("t")).where(literal(1) == 2)
    assert copy_out(session, query, {"t": pa.string()}).num_rows == 0
    values = copy_out(session, select(literal("100 % ' \\ :x", Text)), {"t": pa.string()})
    assert values["t"].to_pylist() == ["100 % ' \\ :x"]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=5))
def test_points_are_written_as_shapely_writes_them(points: list[tuple[float, float]]) -> None:
    lon, lat = (np.array([one[axis] for one in points], dtype=float) for axis in (0, 1))
    assert hex_points(lon, lat) == hex_ewkb(np.asarray(shapely.points(lon, lat), dtype=object))
