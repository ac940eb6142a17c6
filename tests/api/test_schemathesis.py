"""Requests made up from the description of the API: no answer is a server error, or other than described.

The examples of the description are of the sample county, and so is the database: a copy that may be written to, where a
request may meet what others left.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import text

from api.app import create_app
from api.exports import MEDIA_TYPES
from geo.settings import Settings
from geo.storage.database import make_engine
from tests import entry
from tests.benchmarks.serving import served

EXAMPLES = 10
FILES = ("text/csv", "application/x-ndjson", "application/jsonl", MEDIA_TYPES["xlsx"])
schemathesis.serializer.alias(list(FILES), "application/octet-stream")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(create_app(Settings(database_url="postgresql+psycopg2:///nowhere")).openapi())


@pytest.fixture(scope="module")
def address(database_url: str, sample_url: str, reachable_root: Path) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    assert sample_url
    url = _copy_database(database_url, "to_be_tried", "with_sample")
    engine = make_engine(url)
    with engine.begin() as connection:  # sixty thousand rows as a workbook, time and again, would try patience only
        connection.execute(text("TRUNCATE visits CASCADE"))
    engine.dispose()
    environment = {"WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(reachable_root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield base
    _drop_database(url)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_what_the_description_allows(case: schemathesis.Case, address: str) -> None:
    case.call_and_validate(base_url=address, headers=entry.HEADERS, checks=CHECKS)
