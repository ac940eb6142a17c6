"""The examples in the docstrings of the pure floors are run."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import geo.analysis
import geo.space

EXAMPLES_EXPECTED = {
    "geo.analysis.clusters",
    "geo.analysis.extent",
    "geo.analysis.issue_flow",
    "geo.analysis.rates",
    "geo.analysis.scan",
    "geo.analysis.surfaces",
    "geo.months",
    "geo.space.codes",
    "geo.space.crs",
    "geo.space.hierarchy",
    "geo.space.locator",
}


def _modules(package: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.iter_modules(package.__path__, package.__name__ + ".")]


NAMES = ["geo.months", "maps.labels", *_modules(geo.space), *_modules(geo.analysis)]


@pytest.mark.parametrize("name", NAMES)
def test_examples_say_what_happens(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    if name in EXAMPLES_EXPECTED | {"maps.labels"}:
        assert result.attempted > 0
