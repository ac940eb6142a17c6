"""Alembic's environment: runs on the connection that `geo.storage.database.migrate` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

from geo.storage.tables import Base

# Any number would do; it only has to be the same in every process that migrates.
_MIGRATION_LOCK = 990_101


def run(connection: Connection) -> None:
    """Migrate under a lock, so that two services that start at once do not do it twice."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
