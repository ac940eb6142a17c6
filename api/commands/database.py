"""How commands reach the database: one transaction, committed when the command has done its work."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from geo.errors import LocalPostgisError
from geo.services.household_ids import session_info
from geo.settings import Settings
from geo.storage.database import current_revision, head_revision, make_engine, migrate, resolve_url
from geo.storage.household_key import household_key


def ready_url(settings: Settings) -> URL:
    """The database, migrated. The private one is brought up to date; another one belongs to somebody else."""
    url = resolve_url(settings)
    engine = make_engine(url)
    try:
        with Session(engine) as session:
            at, wanted = current_revision(session), head_revision()
    finally:
        engine.dispose()
    if at != wanted and settings.database_url is not None:
        reason = f"the schema of WANGGE_DATABASE_URL is at {at or 'nothing'}, needed is {wanted}: run wangge db migrate"
        raise LocalPostgisError(reason=reason)
    if at != wanted:
        migrate(url)
    return url


@contextmanager
def transaction(settings: Settings) -> Iterator[Session]:
    """A session whose work is committed at the end, or not at all."""
    engine = make_engine(ready_url(settings))
    try:
        info = session_info(household_key(settings))
        with Session(engine, expire_on_commit=False, info=info) as session, session.begin():
            yield session
    finally:
        engine.dispose()
