"""Pages are drawn from the made-up county of `tests.maps.county`; nothing here needs a database or a browser."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

Data = dict[str, Any]


@pytest.fixture
def data_of() -> Callable[[str, str], Data]:
    """Reads what a page gives to its script: ``data_of(html, "areas")``."""

    def read(html: str, name: str) -> Data:
        found = re.search(rf'<script type="application/json" id="{name}[^"]*">(.*?)</script>', html, re.DOTALL)
        assert found, f"no data named {name} in the page"
        loaded: Data = json.loads(found[1])
        return loaded

    return read


@pytest.fixture
def rows_of(data_of: Callable[[str, str], Data]) -> Callable[[str], list[Data]]:
    """The areas that a page gives to its script, as the script reads them."""

    def read(html: str) -> list[Data]:
        data = data_of(html, "areas")
        texts = data["texts"]
        rows = [dict(zip(data["columns"], values, strict=True)) for values in data["rows"]]
        for row in rows:
            row |= {name: texts[row[name]] for name in data["shared"] if row[name] is not None}
            row["path"] = row["above"] + row["code"]
            row["responsible"] = [[texts[role], name, texts[unit]] for role, name, unit in row["responsible"]]
        return rows

    return read
