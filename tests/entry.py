"""The account that tests ask with, where access is not what they are about: an admin who sees everything."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from geo.services import accounts
from geo.storage.database import make_engine
from geo.storage.queries import accounts as stored

NAME: Final = "tests"
TOKEN: Final = "wg_tests-only"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}


def open_to_tests(url: str) -> None:
    """Write the account and its token."""
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        account = accounts.add(session, NAME, "admin", county=None, actor=NAME)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        stored.add_token(session, account.id, NAME, accounts.digest(TOKEN), tomorrow)
    engine.dispose()
