"""One sample county for all tests of this folder: nothing changes it."""

import pytest

from data.sample import Sample, make


@pytest.fixture(scope="session")
def sample() -> Sample:
    return make()
