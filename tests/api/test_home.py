"""The first page: its figures are those of every other answer, and it shows nothing beyond the reader's reach."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from data.sample import Sample
from geo.analysis.overview import COUNTED
from geo.services import accounts
from geo.settings import Settings
from geo.storage.database import make_engine
from maps import home_figures
from tests import entry
from tests.maps.test_coverage_map import Tags

MONTH = "2026-10"


@pytest.fixture(scope="module")
def county_url(database_url: str, sample_url: str) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "with_home", sample_url.rpartition("/")[2].partition("?")[0])
    yield url
    _drop_database(url)


@pytest.fixture(scope="module")
def sample_service(county_url: str, reachable_root: Path) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=county_url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client


def figures(html: str) -> dict[str, str]:
    """What the page says of each figure, without its unit."""
    return dict(re.findall(r'data-figure="(\w+)">.*?<b>([^<]+)</b>', html, re.DOTALL))


def number(text: str) -> float | None:
    if text == "—":
        return None
    return round(float(text.rstrip("%")) / 100, 3) if text.endswith("%") else int(text.replace(",", ""))


@pytest.mark.parametrize("level", ["town", "village", "grid"])
def test_figures_are_those_of_the_overview(sample_service: TestClient, level: str) -> None:
    asked = {"month": MONTH, "level": level}
    page = sample_service.get("/", params=asked)
    assert page.status_code == 200
    found = sample_service.get("/overview", params=asked | {"clusters": "false"}).json()
    shown = figures(page.text)
    assert {*home_figures.COVERAGE, *home_figures.ISSUES} == set(shown)
    assert shown.pop("clusters") == "—"
    for name, text in shown.items():
        expected = found["figures"][name]
        assert number(text) == (round(expected, 3) if name == "rate" else expected), name


def test_the_overview_agrees_with_coverage_and_lists(sample_service: TestClient) -> None:
    found = sample_service.get("/overview", params={"month": MONTH}).json()
    summary = sample_service.get("/coverage", params={"month": MONTH}).json()["summary"]
    for name in ("met", "under", "unvisited", "excluded", "unassigned", "visits", "rate"):
        assert found["figures"][name] == summary[name], name
    gaps = sample_service.get("/coverage/gaps", params={"month": MONTH}).json()["areas"]
    for reason in ("unvisited", "under", "unassigned"):
        assert found["figures"][reason] == sum(reason in one["reasons"] for one in gaps)
    areas = sample_service.get("/coverage", params={"month": MONTH}).json()["areas"]
    assert found["figures"]["households_reached"] == sum(one["households_reached"] for one in areas)
    before = sample_service.get("/overview", params={"month": "2026-09"}).json()["figures"]
    assert found["previous"] == before
    for name in COUNTED:
        assert found["change"][name] == found["figures"][name] - before[name]


@pytest.mark.parametrize("asked", [{"level": "village"}, {"level": "grid", "lang": "en"}])
def test_every_figure_leads_to_the_list_behind_it(
    sample_service: TestClient, sample: Sample, asked: dict[str, str]
) -> None:
    page = sample_service.get("/", params={"month": MONTH, "area": sorted(sample.towns["code"])[2], **asked}).text
    shown = figures(page)
    links = dict(re.findall(r'data-figure="(\w+)">\s*<dt>.*?</dt>\s*<dd class="value"><a href="([^"]+)"', page))
    assert set(links) == {*home_figures.COVERAGE, *home_figures.ISSUES} - {"households_reached"}
    for name, href in links.items():
        if name in ("rate", "clusters"):
            continue
        answer = sample_service.get(f"{unescape(href)}&format=csv")
        assert answer.headers["content-type"].startswith("text/csv"), name
        assert len(list(csv.reader(io.StringIO(answer.text)))) - 1 == number(shown[name]), name


def test_the_most_urgent_are_the_first_of_the_gap_list(sample_service: TestClient) -> None:
    page = sample_service.get("/", params={"month": MONTH}).text
    gaps = sample_service.get("/coverage/gaps", params={"month": MONTH}).json()["areas"]
    assert re.findall(r'data-code="(\d+)"', page) == [one["code"] for one in gaps[:10]]
    assert f"共 {len(gaps)} 个" in page
    text = Tags(page).text
    for one in gaps[:10]:
        assert one["name"] in text
        assert all(person["name"] in text for person in one["responsible"][:1])


def test_the_address_carries_the_state(sample_service: TestClient, sample: Sample) -> None:
    town = sorted(sample.towns["code"])[2]
    page = sample_service.get("/", params={"month": "2026-03", "level": "grid", "area": town, "lang": "en"}).text
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', page)]
    assert any("month=2026-02" in one and f"area={town}" in one and "level=grid" in one for one in links)
    assert any(one.startswith("/?") and "level=village" in one and "month=2026-03" in one for one in links)
    assert f'<option value="{town}" selected>' in page
    assert "March 2026" in page
    for one in links:
        assert "://" not in one


def test_clusters_and_trend_come_apart(sample_service: TestClient) -> None:
    page = sample_service.get("/clusters", params={"month": MONTH}).text
    found = sample_service.get("/overview", params={"month": MONTH}).json()["figures"]["clusters"]
    assert re.search(r'data-value="(\d+)"', page)[1] == str(found)  # type: ignore[index]
    assert len(re.findall(r"<li>.*p = 0\.\d{3}", page)) == found >= 2
    trend = sample_service.get("/trend", params={"month": MONTH}).text
    months = sample_service.get("/overview/trend", params={"month": MONTH}).json()["months"]
    assert len(months) == 12
    assert months[-1]["open"] == sample_service.get("/overview", params={"month": MONTH}).json()["figures"]["open"]
    cells = re.findall(r'<tr><th scope="row">[^<]+</th>(.*?)</tr>', trend)
    assert len(cells) == 12
    newest = re.findall(r"<td>([^<]+)</td>", cells[0])
    assert [number(text) for text in newest] == [
        round(months[-1]["rate"], 3),
        *(months[-1][name] for name in ("unvisited", "households_reached", "open", "overdue", "unanswered")),
    ]


def test_a_month_without_data_says_what_to_do(sample_service: TestClient) -> None:
    page = sample_service.get("/", params={"month": "2024-03", "boundaries": "now"})
    assert page.status_code == 200
    assert "这个月还没有走访记录" in page.text
    assert figures(page.text)["unvisited"] != "0"
    assert sample_service.get("/", params={"month": "2099-01"}).status_code == 422


@pytest.fixture(scope="module")
def supervisor(county_url: str, sample: Sample) -> tuple[dict[str, str], str]:
    town = sorted(sample.towns["code"])[3]
    engine = make_engine(county_url)
    with Session(engine) as session, session.begin():
        made = accounts.add(session, "town3", "supervisor", county=sample.county, scope=town, actor="test")
        secret = accounts.make_token(session, made, "t", days=1, actor="test")[1]
    engine.dispose()
    return {"Authorization": f"Bearer {secret}"}, town


def test_a_supervisor_sees_her_town_alone(
    sample_service: TestClient, sample: Sample, supervisor: tuple[dict[str, str], str]
) -> None:
    headers, town = supervisor
    for path in ("/", "/clusters", "/trend"):
        answer: Any = sample_service.get(path, params={"month": MONTH}, headers=headers)
        assert answer.status_code == 200
        for other in sample.towns["code"]:
            assert other == town or not re.search(rf"(?<!\d){other}", answer.text), (path, other)
    page = sample_service.get("/", params={"month": MONTH}, headers=headers).text
    chosen = sample_service.get("/", params={"month": MONTH, "area": town}).text
    assert figures(page) == figures(chosen)
    options = re.findall(r'<option value="(\d+)"', page)
    assert options[0] == town
    assert set(options[1:]) == set(sample.villages[sample.villages["parent"] == town]["code"])
    assert sample_service.get("/", params={"month": MONTH, "area": sample.county}, headers=headers).status_code == 404


def test_files_with_their_hash_are_kept_for_a_year(sample_service: TestClient) -> None:
    page = sample_service.get("/", params={"month": MONTH}).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    together = [one for one in files if "/together/" in one]
    assert {one.partition("?")[0].rpartition(".")[2] for one in together} == {"css", "js"}
    assert set(together) < set(files)
    for one in files:
        assert sample_service.get(one).headers["cache-control"] == "public, max-age=31536000, immutable"
    for one in (files[0], together[0]):
        bare = one.partition("?")[0]
        for changed in (bare, f"{bare}?v=0123456789ab"):
            assert sample_service.get(changed).headers["cache-control"] == "no-cache"


def test_files_that_come_as_one_are_ours_and_of_one_kind(sample_service: TestClient) -> None:
    answer = sample_service.get("/static/together/wangge.css+pages.css")
    apart = [sample_service.get(f"/static/{name}").text for name in ("wangge.css", "pages.css")]
    assert answer.text == "\n".join(apart)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    for names in ("wangge.css+wangge.js", "nothing.js", "vendor/leaflet/leaflet.js", "..%2Fpage.py", ""):
        assert sample_service.get(f"/static/together/{names}").status_code == 404
    assert sample_service.post("/static/together/wangge.css").status_code == 405
