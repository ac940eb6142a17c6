"""Alembic brings the schema forwards and backwards, and what it makes is what the models say."""

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.orm import Session

from geo.storage.database import current_revision, head_revision, migrate, postgis_version
from geo.storage.tables import Base

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
           pg_get_expr(d.adbin, d.adrelid), co.collname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""
FUNCTIONS = """
    SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
NOT_OURS = {"spatial_ref_sys", "alembic_version"}


def connect(url: str) -> Connection:
    return create_engine(url, poolclass=NullPool).connect()


def schema(url: str, *queries: str) -> set[tuple[object, ...]]:
    with connect(url) as connection:
        rows = [tuple(row) for query in queries for row in connection.execute(text(query))]
    return {row for row in rows if row[0] not in NOT_OURS}


def test_forwards_backwards_and_forwards_again(fresh_url: str) -> None:
    everything = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS)
    before = schema(fresh_url, *everything)
    migrate(fresh_url, "base")
    assert schema(fresh_url, *everything) == set()
    migrate(fresh_url)
    assert schema(fresh_url, *everything) == before
    assert {row[0] for row in before} >= set(Base.metadata.tables)
    with connect(fresh_url) as connection, Session(connection) as session:
        assert current_revision(session) == head_revision()
        assert postgis_version(session).startswith("3.")


def test_backwards_takes_data_away_without_complaint(fresh_url: str) -> None:
    with connect(fresh_url) as connection, connection.begin():
        connection.execute(text("INSERT INTO counties VALUES ('990199', 'cn', 'Asia/Shanghai', 4549)"))
    migrate(fresh_url, "base")
    migrate(fresh_url)
    assert schema(fresh_url, "SELECT code FROM counties") == set()


def test_alembic_finds_no_difference_between_models_and_schema(fresh_url: str) -> None:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": alembic_helpers.include_object,
    }
    with connect(fresh_url) as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_catalogue_of_models_and_migrations_is_the_same(fresh_url: str) -> None:
    """Alembic compares neither checks, exclusions, collations nor generated columns; the catalogue has them all."""
    compared = (COLUMNS, CONSTRAINTS, INDEXES)
    migrated = schema(fresh_url, *compared)
    migrate(fresh_url, "base")
    with connect(fresh_url) as connection, connection.begin():
        Base.metadata.create_all(connection)
    assert schema(fresh_url, *compared) == migrated


ACCESS = {"accounts", "tokens", "sign_ins", "failed_sign_ins", "audit"}
"""Those of the service itself, whatever counties it holds."""


def test_every_table_that_grows_has_the_county_first_in_its_key() -> None:
    grows = {"areas", "visits", "places", "assignments", "visit_tallies", "household_tallies", "cadres"}
    assert grows <= set(Base.metadata.tables)
    for name, table in Base.metadata.tables.items():
        if name in ACCESS:
            continue
        first = next(iter(table.primary_key.columns)).name
        assert first == ("code" if name == "counties" else "county_code"), name


def test_two_migrations_at_once_wait_for_each_other(fresh_url: str) -> None:
    migrate(fresh_url, "base")
    program = f"from geo.storage.database import migrate; migrate({fresh_url!r})"
    both = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert schema(fresh_url, "SELECT version_num, 1 FROM alembic_version") == {(head_revision(), 1)}
