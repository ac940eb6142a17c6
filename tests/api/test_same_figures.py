"""One month, one scope: Home, map, lists, answers, workbooks and bulletin say the same figures."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.app import create_app
from data.sample import Sample
from geo.settings import Settings
from maps import home_figures
from tests import entry
from tests.api.test_home import figures, number

MONTH = "2026-10"
STATUSES = ("met", "under", "unvisited", "excluded")
STANDINGS = ("open", "overdue", "unanswered", "in_circles")


@pytest.fixture(scope="module")
def service(sample_url: str, reachable_root: Path) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=sample_url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client


@pytest.fixture(scope="module", params=["county", "town"])
def scope(request: Any, sample: Sample) -> dict[str, str]:
    return {} if request.param == "county" else {"area": sorted(sample.towns["code"])[3]}


@pytest.fixture(scope="module")
def told(service: TestClient, scope: dict[str, str]) -> dict[str, Any]:
    found = service.get("/overview", params={"month": MONTH, **scope})
    assert found.status_code == 200
    return dict(found.json()["figures"])


def lines(service: TestClient, path: str, **asked: str) -> list[dict[str, str]]:
    answer = service.get(path, params={"month": MONTH, "format": "csv", "lang": "en", **asked})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_home(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    page = service.get("/", params={"month": MONTH, **scope}).text
    shown = figures(page)
    assert set(shown) == {*home_figures.COVERAGE, *home_figures.ISSUES}
    for name, text in shown.items():
        if name != "clusters":
            assert number(text) == (round(told[name], 3) if name == "rate" else told[name]), name
    later = service.get("/clusters", params={"month": MONTH, **scope}).text
    assert f'data-value="{told["clusters"]}"' in later
    assert len(re.findall(r"<li>[^<]*p = ", later)) == told["clusters"]


def test_map(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    page = service.get("/maps/coverage", params={"month": MONTH, **scope}).text
    shown = dict(re.findall(r'class="figure figure-(\w+)"><dt.*?</dt><dd>([\d,.%]+)', page))
    assert number(shown["rate"]) == round(told["rate"], 3)
    for name in (*STATUSES, "unassigned", "visits"):
        assert number(shown[name]) == told[name], name


def test_answers_and_their_files(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    summary = service.get("/coverage", params={"month": MONTH, **scope}).json()["summary"]
    for name in (*STATUSES, "unassigned", "visits", "rate"):
        assert summary[name] == told[name], name
    rows = lines(service, "/coverage", **scope)
    assert len(rows) == told["all"]
    for status in STATUSES:
        assert sum(row["status"] == status for row in rows) == told[status]
    assert sum(int(row["households_reached"]) for row in rows) == told["households_reached"]
    answer = service.get("/coverage", params={"month": MONTH, "format": "xlsx", "lang": "en", **scope})
    book = load_workbook(io.BytesIO(answer.content), read_only=True)
    shown = {str(row[0]): row[1] for row in book["Summary"].iter_rows(values_only=True)}
    assert [shown[name] for name in ("Met", "Under", "Not visited", "Excluded", "Nobody assigned", "Visits")] == [
        told[name] for name in (*STATUSES, "unassigned", "visits")
    ]


def test_lists(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    assert len(lines(service, "/desk/gaps", show="all", **scope)) == told["all"]
    for reason in ("unvisited", "under", "unassigned"):
        assert len(lines(service, "/desk/gaps", reason=reason, **scope)) == told[reason], reason
    for standing in STANDINGS:
        assert len(lines(service, "/desk/issues", standing=standing, **scope)) == told[standing], standing


def test_links_of_home_lead_to_as_many_lines(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    page = service.get("/", params={"month": MONTH, **scope}).text
    parts = [part.partition("</div>")[0] for part in page.split('data-figure="')[1:]]
    links = {part.partition('"')[0]: found[1] for part in parts if (found := re.search(r'<a href="([^"]+)"', part))}
    checked = [name for name in ("met", "under", "unvisited", "unassigned", *STANDINGS) if name in links]
    assert len(checked) == 8
    for name in checked:
        answer = service.get(links[name].replace("&amp;", "&") + "&format=csv")
        assert answer.status_code == 200, (name, answer.text)
        assert len(list(csv.reader(io.StringIO(answer.text)))) - 1 == told[name], name


def test_bulletin_and_its_workbook(service: TestClient, scope: dict[str, str], told: dict[str, Any]) -> None:
    if scope:
        pytest.skip("a bulletin is of the whole county")
    asked = {"lang": "en"}
    content = service.get(f"/bulletins/{MONTH}/draft", params=asked).json()["bulletin"]
    shown = {one["name"]: one["value"] for one in content["figures"]}
    counted = [name for name in told if name not in {"month", "as_of"}]
    for name in counted:
        assert shown[name] == pytest.approx(told[name]), name
    answer = service.get(f"/bulletins/{MONTH}/draft", params={**asked, "format": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content))
    values = [row[2] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    names = [one["name"] for one in content["figures"]]
    by_name = dict(zip(names, values, strict=True))
    for name in counted:
        assert by_name[name] == pytest.approx(told[name]), name
