"""Hot spots over HTTP and from the command line, on the county of squares: what was counted, every form, bad input."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import rasterio
import rasterio.warp
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy.orm import Session

from api.app import create_app
from geo.analysis.issue_flow import CATEGORIES
from geo.analysis.surface_pictures import CONTOUR
from geo.intake import issues as issue_rows
from geo.services import accounts, issues
from geo.settings import Settings
from geo.storage.database import make_engine
from tests import entry, squares, visiting
from tests.api.test_cli import Run, failed, ok, without  # noqa: F401 - fixtures
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

MARCH = {"from": "2025-03", "to": "2025-03"}
ROUTES = ("/hotspots", "/hotspots/clusters", "/hotspots/surface.png", "/hotspots/surface.tif")


def issue(number: int, grid: str | None, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": str(UUID(int=number)), "reported_at": "2025-03-10T09:00:00"}
    row |= {"category": "infrastructure", "title": "路灯不亮"}
    if grid is not None:
        row["lon"], row["lat"] = squares.centre(grid)
    return row | fields


ISSUES = [
    *(issue(number, GRIDS[0]) for number in range(1, 9)),
    issue(9, GRIDS[2], title="桥面破损"),
    issue(10, GRIDS[2], category="petition", title="来信"),
    issue(11, GRIDS[6]),
    issue(12, None, lon=121.0, lat=31.0),
    issue(13, GRIDS[0], reported_at="2025-02-28T23:59:59"),
    issue(14, GRIDS[0], reported_at="2025-04-01T00:00:00"),
    issue(15, None, claimed_area=VILLAGES[0], category="ecology", title="河道有垃圾"),
]
"""March: nine in village 0 and two in village 1, which were visited; one in village 3, which was not; one outside."""


@pytest.fixture(scope="module")
def counted_url(database_url: str, template: str) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "with_hotspots", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        visiting.load_march(session, county)
        good, refused = issue_rows.parse(enumerate(ISSUES, start=1), zone=county.zone, now=datetime.now(UTC))
        assert refused == []
        issues.report(session, county, good)
    engine.dispose()
    yield url
    _drop_database(url)


@pytest.fixture(scope="module")
def told(counted_url: str, reachable_root: Path) -> Iterator[TestClient]:
    """Only read."""
    app = create_app(Settings(database_url=counted_url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False, headers=entry.HEADERS) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(counted_url: str) -> dict[str, dict[str, str]]:
    """A viewer of the county, who sees no petitions, and a supervisor of a village."""
    made = {}
    engine = make_engine(counted_url)
    with Session(engine) as session, session.begin():
        for name, role, scope in (("guest", "viewer", None), ("li", "supervisor", VILLAGES[1])):
            one = accounts.add(session, name, role, county=COUNTY, scope=scope, actor="test")  # type: ignore[arg-type]
            secret = accounts.make_token(session, one, "test", days=1, actor="test")[1]
            made[name] = {"Authorization": f"Bearer {secret}"}
    engine.dispose()
    return made


def of(answer: Any) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return {one["code"]: one for one in answer.json()["areas"]}


def grids(told: TestClient, **asked: Any) -> Any:
    answer = told.get("/hotspots", params=MARCH | {"level": "grid", "per": "households"} | asked)
    assert answer.status_code == 200, answer.text
    return answer


# what is counted


def test_counts_and_expected_by_hand(told: TestClient) -> None:
    """Five visits and eleven issues in two villages; nothing is known of the other two."""
    areas = of(told.get("/hotspots", params=MARCH))
    assert [areas[code]["visits"] for code in VILLAGES] == [3, 2, 0, 0]
    assert [areas[code]["observed"] for code in VILLAGES] == [9, 2, 0, 1]
    assert [areas[code]["expected"] for code in VILLAGES] == [pytest.approx(6.6), pytest.approx(4.4), None, None]
    assert [areas[code]["rate"] for code in VILLAGES] == [pytest.approx(300), pytest.approx(100), None, None]
    assert [areas[code]["status"] for code in VILLAGES] == ["none", "none", "unknown", "unknown"]
    summary = told.get("/hotspots", params=MARCH).json()["summary"]
    assert (summary["issues"], summary["outside"], summary["visits"]) == (13, 1, 5)
    assert summary["choices"]["unknown"] == VILLAGES[2:]
    assert summary["choices"]["left_out"] == 1
    assert (summary["begin"], summary["until"]) == ("2025-03-01", "2025-03-31")


def test_edges_of_a_window_are_those_of_the_county(told: TestClient) -> None:
    """23:59:59 of 28 February and 0:00 of 1 April lie beside March; visits likewise, by months and by days."""

    def counts(begin: str, until: str) -> list[tuple[int, int]]:
        areas = of(told.get("/hotspots", params={"from": begin, "to": until}))
        return [(areas[code]["observed"], areas[code]["visits"]) for code in VILLAGES]

    march = [(9, 3), (2, 2), (0, 0), (1, 0)]
    assert (
        counts("2025-03", "2025-03") == counts("2025-03-01", "2025-03-31") == counts("2025-03", "2025-03-31") == march
    )
    assert counts("2025-02-28", "2025-02-28") == [(1, 1), (0, 0), (0, 0), (0, 0)]
    assert counts("2025-04-01", "2025-04-01") == [(1, 1), (0, 0), (0, 0), (0, 0)]
    assert counts("2025-03-02", "2025-03-30")[0] == (9, 1)
    assert counts("2025-02-28", "2025-04-01")[0] == (11, 5)
    assert counts("2025-02", "2025-04")[0] == counts("2025-02-01", "2025-04-30")[0] == (11, 6)
    assert counts(" 2025-03 ", "2025-03-31 ") == march


def test_categories_and_levels(told: TestClient) -> None:
    several = of(told.get("/hotspots", params=MARCH | {"category": ["ecology", "petition", "ecology"]}))
    assert [several[code]["observed"] for code in VILLAGES] == [1, 1, 0, 0]
    summary = told.get("/hotspots", params=MARCH | {"category": ["ecology", "ecology"]}).json()["summary"]
    assert (summary["categories"], summary["petitions"]) == (["ecology"], True)
    towns = of(told.get("/hotspots", params=MARCH | {"level": "town"}))
    assert [(towns[code]["observed"], towns[code]["visits"]) for code in TOWNS] == [(11, 5), (1, 1)]
    small = {one["code"]: one for one in grids(told).json()["areas"]}
    assert [small[code]["observed"] for code in GRIDS] == [8, 0, 2, 0, 0, 0, 1, 0]
    assert [small[code]["visits"] for code in GRIDS] == [2, 1, 1, 0, 0, 0, 0, 0]
    assert grids(told).json()["summary"]["outside"] == 2, "one outside, and one that names a village only"


def test_by_month(told: TestClient) -> None:
    summary = told.get("/hotspots", params=MARCH | {"by_month": "true"}).json()["summary"]
    assert summary["choices"]["standardised_by_month"] is True
    other = told.get("/hotspots", params=MARCH | {"by_month": "true", "per": "none"}).json()["summary"]
    assert other["choices"]["standardised_by_month"] is False


def test_without_a_window_it_is_the_year_to_the_latest_month_with_visits(told: TestClient) -> None:
    summary = told.get("/hotspots").json()["summary"]
    assert (summary["begin"], summary["until"]) == ("2024-05-01", "2025-04-30")
    to_a_day = told.get("/hotspots", params={"to": "2025-03-15"}).json()["summary"]
    assert (to_a_day["begin"], to_a_day["until"]) == ("2024-04-01", "2025-03-15")


def test_a_small_county_is_refused_gi_and_has_clusters(told: TestClient) -> None:
    """Three grids that were visited: too few for Gi*, and in one lie eight of ten issues."""
    for lang, words in (
        ("en", "only 3 areas have a value; Gi* needs 30"),
        ("zh-CN", "有数据的区域只有 3 个，少于 30 个"),
    ):
        found = grids(told, lang=lang).json()
        assert found["summary"]["refusal"].startswith(words)
        (first,) = found["clusters"]
        assert (first["rank"], first["centre"], first["members"], first["beyond"]) == (1, GRIDS[0], [GRIDS[0]], 0)
        assert (first["observed"], first["expected"]) == (8, pytest.approx(10 / 3))
        assert first["relative_risk"] == pytest.approx((8 / (10 / 3)) / (2 / (20 / 3)))
        assert first["log_likelihood_ratio"] == pytest.approx(8 * np.log(2.4) + 2 * np.log(0.3))
        assert first["significant"] == (first["p"] <= 0.05)
        assert first["radius_m"] == 0
        asked = MARCH | {"level": "grid", "per": "households", "lang": lang}
        alone = told.get("/hotspots/clusters", params=asked).json()
        assert alone == {"summary": found["summary"], "clusters": found["clusters"]}


def test_same_request_same_bytes_and_the_seed_is_told(told: TestClient) -> None:
    assert grids(told).content == grids(told).content
    other = grids(told, seed=2**31 - 1).json()
    assert other["summary"]["choices"]["seed"] == 2**31 - 1
    assert other["areas"] == grids(told).json()["areas"]
    for form in ("png", "tif"):
        one, again = (told.get(f"/hotspots/surface.{form}", params=MARCH) for _ in range(2))
        assert one.content == again.content
        assert one.headers["wangge-surface"] == again.headers["wangge-surface"]


def test_who_may_not_see_petitions_is_not_told_how_many_there_are(
    told: TestClient, tokens: dict[str, dict[str, str]]
) -> None:
    seen, blind = (told.get("/hotspots", params=MARCH, headers=headers) for headers in ({}, tokens["guest"]))
    assert (of(seen)[VILLAGES[1]]["observed"], of(blind)[VILLAGES[1]]["observed"]) == (2, 1)
    assert (seen.json()["summary"]["petitions"], blind.json()["summary"]["petitions"]) == (True, False)
    asked = MARCH | {"category": "petition"}
    alone = told.get("/hotspots", params=asked, headers=tokens["guest"])
    assert {one["observed"] for one in alone.json()["areas"]} == {0}
    surface = told.get("/hotspots/surface.png", params=asked | {"kind": "absolute"}, headers=tokens["guest"])
    assert json.loads(surface.headers["wangge-surface"])["issues"] == 0
    everything = told.get("/hotspots/surface.png", params=MARCH, headers=tokens["guest"])
    said = json.loads(everything.headers["wangge-surface"])
    assert (said["petitions_seen"], "petition" in said["categories"]) == (False, False)


def test_a_scope_is_told_of_itself_and_compared_with_all(told: TestClient, tokens: dict[str, dict[str, str]]) -> None:
    whole = of(told.get("/hotspots", params=MARCH | {"level": "village"}))
    answer = told.get("/hotspots", params=MARCH | {"level": "village"}, headers=tokens["li"])
    mine = of(answer)
    assert mine == {VILLAGES[1]: whole[VILLAGES[1]]}
    assert VILLAGES[0] not in answer.text
    assert answer.json()["summary"]["issues"] == 2
    assert answer.json()["summary"]["outside"] == 0
    for form in ("png", "tif"):
        surface = told.get(f"/hotspots/surface.{form}", params=MARCH, headers=tokens["li"])
        said = json.loads(surface.headers["wangge-surface"])
        assert (said["issues"], said["visits"]) == (2, 0), "those of the village that have a position"
        assert (said["area"], said["issues_without_position"]) == (VILLAGES[1], 0)
    small = told.get("/hotspots", params=MARCH, headers=tokens["li"]).json()
    assert small["summary"]["level"] == "grid"
    same = told.get("/hotspots", params=MARCH | {"area": VILLAGES[1], "level": "village"})
    assert of(same) == mine


def test_a_level_that_a_scope_has_nothing_of_is_said(told: TestClient) -> None:
    for lang, words in (("en", "no area of this level"), ("zh-CN", "没有这个层级的区域")):
        answer = told.get("/hotspots", params=MARCH | {"area": GRIDS[0], "level": "village", "lang": lang}).json()
        assert answer["areas"] == []
        assert words in answer["summary"]["refusal"], answer["summary"]


def test_a_window_ends_with_the_month_that_runs(told: TestClient) -> None:
    summary = told.get("/hotspots", params={"from": "2025-03", "to": "2199-12"}).json()["summary"]
    assert summary["until"][:7] == datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m")


# forms


def test_csv(told: TestClient) -> None:
    answer = told.get("/hotspots", params=MARCH | {"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"hotspots-{COUNTY}-2025-03-01-2025-03-31-village.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    areas = of(told.get("/hotspots", params=MARCH))
    assert [row["code"] for row in rows] == VILLAGES
    for row in rows:
        for name, value in areas[row["code"]].items():
            assert row[name] == ("" if value is None else str(value)), name


def test_xlsx(told: TestClient) -> None:
    for lang, names in (("zh-CN", ["区域", "聚集", "说明"]), ("en", ["Areas", "Clusters", "Notes"])):
        book = load_workbook(io.BytesIO(grids(told, format="xlsx", lang=lang).content))
        assert book.sheetnames == names
        assert book.worksheets[0].max_row == len(GRIDS) + 1
        assert {book.worksheets[0].cell(row, 1).value for row in range(2, 10)} == set(GRIDS)
        clusters = list(book.worksheets[1].values)
        assert clusters[1][:3] == (1, f"grid {GRIDS[0]}", 8)
        notes = dict(book.worksheets[2].values)
        assert notes["seed"] == 1
        assert notes["refusal"].startswith("only 3" if lang == "en" else "有数据的区域只有 3 个")
        assert notes["unknown"] == "; ".join(GRIDS[3:])


def test_geojson(told: TestClient) -> None:
    answer = grids(told, format="geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    found, plain = answer.json(), grids(told).json()
    assert found["type"] == "FeatureCollection"
    assert (found["summary"], found["clusters"]) == (plain["summary"], plain["clusters"])
    assert [one["properties"] for one in found["features"]] == plain["areas"]
    assert [one["id"] for one in found["features"]] == GRIDS
    for one in found["features"]:
        ring = np.array(one["geometry"]["coordinates"], dtype=object)
        assert one["geometry"]["type"] in {"Polygon", "MultiPolygon"}
        assert ring.size


@pytest.mark.parametrize(("kind", "unit"), [("relative", "per 100 visits"), ("absolute", "per km2")])
def test_a_surface_can_be_read_as_a_raster(told: TestClient, kind: str, unit: str) -> None:
    answer = told.get("/hotspots/surface.tif", params=MARCH | {"kind": kind, "bandwidth_m": 700})
    assert answer.headers["content-type"] == "image/tiff"
    said = json.loads(answer.headers["wangge-surface"])
    with rasterio.MemoryFile(answer.content) as memory, memory.open() as raster:
        tags, values = raster.tags(), raster.read(1)
        assert raster.crs.to_epsg() == said["epsg"]
        assert raster.crs.is_projected
        assert np.isnan(raster.nodata)
        assert (raster.res[0], raster.dtypes) == (pytest.approx(said["cell_m"], abs=0.01), ("float32",))
        west, south, east, north = rasterio.warp.transform_bounds(raster.crs, 4326, *raster.bounds)
    assert (west, south, east, north) == pytest.approx((120.0, 30.0, 120.04, 30.02), abs=2e-4)
    assert (tags["unit"], tags["kernel"], tags["bandwidth_m"]) == (unit, "quartic", "700.0")
    assert (tags["bandwidth_rule"], tags["kind"], tags["issues"]) == ("given", kind, "11")
    assert (tags["begin"], tags["until"]) == ("2025-03-01", "2025-03-31")
    assert (tags["area"], tags["boundary_version"]) == (COUNTY, "1")
    assert set(tags["categories"].split()) == set(CATEGORIES)
    assert (tags["petitions_seen"], tags["issues_without_position"]) == ("True", "1")
    assert said.keys() <= tags.keys()
    if kind == "relative":
        assert np.isnan(values).all(), "of five visits in all nothing can be said"
    else:
        assert np.nanmin(values) >= 0
        assert np.nanmax(values) > 0


def test_the_problem_heatmap_as_a_picture(told: TestClient) -> None:
    answer = told.get("/maps/issues.png", params=MARCH | {"level": "grid"})
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'attachment; filename="issues-2025-03-01-2025-03-31-grid.png"'
    drawn = Image.open(io.BytesIO(answer.content))
    assert drawn.width == 1600
    assert len(drawn.convert("RGB").getcolors(1 << 24)) > 50
    english = told.get("/maps/issues.png", params=MARCH | {"level": "grid", "lang": "en"})
    assert english.content != answer.content
    page = told.get("/maps/issues", params=MARCH).text
    assert "/maps/issues.png?" in page


def test_a_picture_says_where_it_lies_and_what_its_colours_mean(told: TestClient) -> None:
    answer = told.get("/hotspots/surface.png", params=MARCH | {"kind": "absolute"})
    assert answer.headers["content-type"] == "image/png"
    said = json.loads(answer.headers["wangge-surface"])
    assert said["bandwidth_rule"] == "silverman"
    assert said["bounds"] == pytest.approx([120.0, 30.0, 120.04, 30.02], abs=2e-4)
    lows = [low for low, *_ in said["legend"]]
    assert lows == sorted(lows)
    assert said["legend"][-1][1] is None
    image = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    assert 400 <= image.shape[1] <= 520
    painted = {"#" + bytes(colour[:3]).hex() for colour in np.unique(image.reshape(-1, 4), axis=0) if colour[3]}
    assert painted <= {colour for *_, colour in said["legend"]} | {CONTOUR}
    by_likelihood = told.get("/hotspots/surface.png", params=MARCH | {"bandwidth": "likelihood"})
    assert json.loads(by_likelihood.headers["wangge-surface"])["bandwidth_rule"] == "likelihood"


# what is not there, and bad input


def test_a_month_of_nothing(told: TestClient) -> None:
    asked = {"from": "2025-01", "to": "2025-01"}
    found = told.get("/hotspots", params=asked).json()
    assert {one["status"] for one in found["areas"]} == {"unknown"}
    assert found["clusters"] == []
    assert (found["summary"]["issues"], found["summary"]["visits"], found["summary"]["refusal"]) == (0, 0, None)
    for kind in ("relative", "absolute"):
        answer = told.get("/hotspots/surface.tif", params=asked | {"kind": kind})
        with rasterio.MemoryFile(answer.content) as memory, memory.open() as raster:
            values = raster.read(1)
        assert np.isnan(values).all() if kind == "relative" else np.nanmax(values) == 0
        picture = told.get("/hotspots/surface.png", params=asked | {"kind": kind})
        assert json.loads(picture.headers["wangge-surface"])["legend"] == []


UNREADABLE = [
    "",
    " ",
    "2026-13",
    "2026-02-30",
    "2026",
    "九月",
    "２０２５-０３",
    "2025-03\x00",
    "9999-12-31",
    "0001-01-01",
]
BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"from": "2099-01", "to": "2099-02"}, 422, "future-window"),
    ({"from": "2099-01-01"}, 422, "future-window"),
    ({"from": "2025-04", "to": "2025-03"}, 422, "invalid-window"),
    ({"from": "2025-03-02", "to": "2025-03-01"}, 422, "invalid-window"),
    *(
        ({name: text}, 422, "invalid-day")
        for name in ("from", "to")
        for text in (
            "",
            " ",
            "2026-13",
            "2026-02-30",
            "2026",
            "九月",
            "２０２５-０３",
            "2025-03\x00",
            "9999-12-31",
            "0001-01-01",
        )
    ),
    ({"category": "roads"}, 422, "invalid-request"),
    ({"category": ""}, 422, "invalid-request"),
    ({"area": "990199109999"}, 404, "unknown-area"),
    ({"area": "\x00"}, 422, "invalid-request"),
    ({"county": "990197"}, 404, "unknown-county"),
]
OF_AREAS: list[dict[str, Any]] = [
    {"level": "county"},
    {"level": "street"},
    {"per": "people"},
    {"seed": -1},
    {"seed": 2**31},
    {"seed": "x"},
    {"by_month": "maybe"},
]
OF_SURFACES: list[dict[str, Any]] = [
    {"bandwidth_m": 99.9},
    {"bandwidth_m": 50_001},
    {"bandwidth_m": "nan"},
    {"bandwidth_m": "inf"},
    {"bandwidth_m": "wide"},
    {"bandwidth": "mine"},
    {"kernel": "cosine"},
    {"kind": "both"},
]


def refused(told: TestClient, route: str, asked: dict[str, Any], status: int, kind: str) -> None:
    for lang in ("en", "zh-CN"):
        answer = told.get(route, params=MARCH | {"lang": lang} | asked)
        assert answer.status_code == status, (asked, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        told_ = answer.json()
        assert told_["type"] == f"urn:wangge:problem:{kind}", (asked, told_)
        assert told_["detail"]


@pytest.mark.parametrize("route", ROUTES)
def test_bad_input_is_refused_in_a_sentence(told: TestClient, route: str) -> None:
    for asked, status, kind in BAD:
        refused(told, route, asked, status, kind)
    for asked in OF_SURFACES if "surface" in route else OF_AREAS:
        refused(told, route, asked, 422, "invalid-request")
    if route == "/hotspots":
        refused(told, route, {"format": "pdf"}, 422, "invalid-request")


def test_what_cannot_be_read_is_named(told: TestClient) -> None:
    said = told.get("/hotspots", params={"from": "2026-02-30", "lang": "en"}).json()["detail"]
    assert said == '"2026-02-30" is neither a day nor a month; write it as 2026-10-12 or 2026-10'
    later = told.get("/hotspots", params={"from": "2099-01", "lang": "en"}).json()["detail"]
    assert later.startswith("the window begins on 2099-01-01, which is still to come")


def test_the_narrowest_and_the_widest_bandwidth(told: TestClient, tokens: dict[str, dict[str, str]]) -> None:
    assert told.get("/hotspots/surface.png", params=MARCH | {"bandwidth_m": 100}).status_code == 200
    for headers in ({}, tokens["li"]):
        answer = told.get("/hotspots/surface.png", params=MARCH | {"bandwidth_m": 50_000}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.headers["wangge-surface"])["cell_m"] > 400, "no finer than the bandwidth asks for"


@pytest.mark.parametrize("route", ROUTES)
def test_no_county_at_all(client: TestClient, route: str) -> None:
    answer = client.get(route)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_county_of_towns_only(client: TestClient, fresh_url: str) -> None:
    """No villages, no grids, no visits, no issues."""
    engine = make_engine(fresh_url)
    with Session(engine) as session, session.begin():
        squares.load(session, squares.layers()[0])
    engine.dispose()
    for level in ("village", "grid"):
        found = client.get("/hotspots", params={"level": level})
        assert found.status_code == 200, found.text
        assert (found.json()["areas"], found.json()["clusters"]) == ([], [])
        assert client.get("/hotspots", params={"level": level, "format": "xlsx"}).status_code == 200
    towns = client.get("/hotspots", params={"level": "town"}).json()
    assert [one["status"] for one in towns["areas"]] == ["unknown", "unknown"]
    for form in ("png", "tif"):
        assert client.get(f"/hotspots/surface.{form}").status_code == 200
    extents = client.get("/issues/extents").json()
    assert extents == {"issues": [], "next": None, "judged": 0, "agreement_rate": None}


# whose problem


@pytest.fixture
def writable(loaded_url: str, client: TestClient) -> TestClient:
    answer = client.post("/issues", json=ISSUES)
    assert answer.status_code == 201, answer.text
    assert loaded_url
    return client


def test_extents_are_proposed_of_open_issues(writable: TestClient) -> None:
    writable.post(f"/issues/{UUID(int=1)}/events", json={"kind": "resolved"})
    whole = writable.get("/issues/extents").json()
    assert sorted(UUID(one["id"]).int for one in whole["issues"]) == list(range(2, 16))
    assert (whole["judged"], whole["agreement_rate"]) == (0, None)
    for one in whole["issues"]:
        single = writable.get(f"/issues/{one['id']}/extent").json()
        assert single == one["proposal"]
        assert one["judged"] is None
        assert {"extent", "zh", "en"} == set(single)
    only = writable.get("/issues/extents?category=ecology").json()["issues"]
    assert [UUID(one["id"]).int for one in only] == [15]
    seen: list[str] = []
    cursor = ""
    while True:
        page = writable.get(f"/issues/extents?limit=5{cursor}").json()
        seen += [one["id"] for one in page["issues"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [one["id"] for one in whole["issues"]]
    closed = writable.get(f"/issues/{UUID(int=1)}/extent")
    assert closed.status_code == 200


def test_confirmed_or_overruled_both_are_kept_and_the_last_word_counts(writable: TestClient) -> None:
    def judge(number: int, extent: str | None, **fields: Any) -> Any:
        body = {"kind": "judged", "extent": extent, **fields}
        return writable.post(f"/issues/{UUID(int=number)}/events?lang=en", json=body)

    def rate() -> tuple[int, float | None]:
        page = writable.get("/issues/extents").json()
        return page["judged"], page["agreement_rate"]

    proposed = {number: writable.get(f"/issues/{UUID(int=number)}/extent").json() for number in (2, 9)}
    assert {one["extent"] for one in proposed.values()} == {"individual"}
    first = judge(2, "individual")
    assert first.status_code == 201, first.text
    assert first.json()["extent"] == "individual"
    assert first.json()["events"][-1]["extent"] == "individual"
    assert first.json()["events"][-1]["proposal"] == proposed[2]
    assert rate() == (1, 1.0)
    assert judge(9, "regional", note="跨村的桥").status_code == 201
    assert rate() == (2, 0.5)
    assert judge(2, "common").status_code == 201
    assert rate() == (2, 0.0)
    assert judge(9, "individual").json()["extent"] == "individual"
    assert rate() == (2, 0.5)
    events = writable.get(f"/issues/{UUID(int=9)}").json()["events"]
    assert [(one["extent"], one["proposal"] and one["proposal"]["extent"]) for one in events] == [
        (None, None),
        ("regional", "individual"),
        ("individual", "individual"),
    ]
    assert [one["status"] for one in writable.get("/issues").json()["issues"]] == ["reported"] * len(ISSUES)
    page = {UUID(one["id"]).int: one["judged"] for one in writable.get("/issues/extents").json()["issues"]}
    assert (page[2], page[9], page[3]) == ("common", "individual", None)


def test_judgements_that_make_no_sense(writable: TestClient) -> None:
    def judge(number: int, body: dict[str, Any]) -> Any:
        return writable.post(f"/issues/{UUID(int=number)}/events?lang=en", json={"kind": "judged", **body})

    without_extent = judge(2, {})
    assert without_extent.status_code == 409
    assert "individual, common or regional" in without_extent.json()["detail"]
    assert judge(2, {"extent": "global"}).status_code == 422
    assert judge(2, {"extent": ""}).status_code == 409
    assert judge(99, {"extent": "common"}).status_code == 404
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert judge(2, {"extent": "common", "at": soon}).status_code == 422
    writable.post(f"/issues/{UUID(int=2)}/events", json={"kind": "merged", "into": str(UUID(int=3))})
    assert judge(2, {"extent": "common"}).status_code == 409
    assert writable.get("/issues/extents").json()["judged"] == 0
    for path in ("/issues/extents?limit=0", "/issues/extents?cursor=x", "/issues/x/extent", "/issues/extents?area=%00"):
        assert writable.get(path).status_code == 422, path
    assert writable.get(f"/issues/{UUID(int=99)}/extent").status_code == 404


def test_merged_and_withdrawn_are_not_counted(writable: TestClient) -> None:
    before = of(writable.get("/hotspots", params=MARCH))[VILLAGES[0]]
    writable.post(f"/issues/{UUID(int=2)}/events", json={"kind": "merged", "into": str(UUID(int=3))})
    gone = writable.post(f"/visits/{UUID(int=1)}/withdrawal", json={"reason": "重复"})
    assert gone.status_code == 200, gone.text
    for asked in (MARCH, {"from": "2025-03-01", "to": "2025-04-01"}):
        after = of(writable.get("/hotspots", params=asked))[VILLAGES[0]]
        more = (1, 1) if asked is not MARCH else (0, 0)
        assert (after["observed"], after["visits"]) == (
            before["observed"] - 1 + more[0],
            before["visits"] - 1 + more[1],
        )
    surface = writable.get("/hotspots/surface.tif", params=MARCH)
    assert surface.status_code == 200, surface.text
    said = json.loads(surface.headers["wangge-surface"])
    assert (said["issues"], said["visits"]) == (10, 2), "of the county that have a position"


def test_another_window_keeps_what_was_asked_and_an_issue_is_marked(told: TestClient) -> None:
    page = told.get("/maps/issues", params=MARCH | {"category": ["ecology", "livelihood"], "per": "households"}).text
    form = page.partition('<form class="period"')[2].partition("</form>")[0]
    for kept in (
        'name="category" value="ecology"',
        'name="category" value="livelihood"',
        'name="per" value="households"',
    ):
        assert kept in form
    assert form.count('value="2025-03"') == 2
    assert "markedIssue" not in page
    assert "markedIssue" in told.get("/maps/issues", params=MARCH | {"issue": str(UUID(int=2))}).text
    assert told.get("/maps/issues", params=MARCH | {"issue": str(UUID(int=999))}).status_code == 404


def test_pages_lead_to_the_problems_of_the_year_in_which_clusters_are_looked_for(told: TestClient) -> None:
    page = told.get("/", params={"month": "2025-03"}).text
    links = set(re.findall(r"/maps/issues\?[^\"]*", page))
    assert links
    assert all("from=2024-04" in link and "to=2025-03" in link for link in links), links
    assert page.count("2024年4月 – 2025年3月") >= 2


# from the command line


@pytest.fixture
def command(without: Run, counted_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: F811
    monkeypatch.setenv("WANGGE_DATABASE_URL", counted_url)

    def with_window(*arguments: object) -> Any:
        return without("hotspots", "--from", "2025-03", "--to", "2025-03", *arguments)

    return with_window


def test_every_form_from_the_command_line(command: Run, told: TestClient, tmp_path: Path) -> None:
    asked = ["--level", "grid", "--per", "households"]
    table = ok(command(*asked))
    assert "only 3 areas have a value" in table
    assert "unknown: nobody looked" in table
    assert f"grid {GRIDS[0]}" in table
    assert "热点统计" in ok(command(*asked, "--lang", "zh-CN"))
    assert json.loads(ok(command(*asked, "--format", "json"))) == grids(told, lang="en").json()
    assert ok(command(*asked, "--format", "geojson")) == grids(told, lang="en", format="geojson").text
    path = tmp_path / "spots.csv"
    ok(command(*asked, "--format", "csv", "-o", path))
    assert path.read_bytes() == grids(told, format="csv").content
    book = tmp_path / "spots.xlsx"
    ok(command(*asked, "--format", "xlsx", "-o", book))
    assert load_workbook(book).sheetnames == ["Areas", "Clusters", "Notes"]
    few = json.loads(ok(command("--category", "ecology", "--area", VILLAGES[0], "--by-month", "--format", "json")))
    assert [(one["code"], one["observed"]) for one in few["areas"]] == [(VILLAGES[0], 1)]


def test_a_surface_from_the_command_line(command: Run, told: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "surface.tif"
    ok(command("--surface", path, "--bandwidth", "700"))
    with rasterio.open(path) as raster:
        values, tags = raster.read(1), raster.tags()
    answer = told.get("/hotspots/surface.tif", params=MARCH | {"bandwidth_m": 700})
    with rasterio.MemoryFile(answer.content) as memory, memory.open() as raster:
        assert np.array_equal(values, raster.read(1), equal_nan=True)
        assert tags == raster.tags()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "2025-02"], "ends before it begins"),
        (["--from", "2099-01", "--to", "2099-02"], "still to come"),
        (["--from", "2026-13"], "neither a day nor a month"),
        (["--to", "2026-02-30"], "neither a day nor a month"),
        (["--from", ""], "neither a day nor a month"),
        (["--area", "990199109999"], "990199109999"),
        (["--county", "990197"], "990197"),
    ],
)
def test_what_a_command_cannot_answer(command: Run, arguments: list[str], words: str) -> None:
    assert words in failed(command(*arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--category", "roads"],
        ["--level", "county"],
        ["--per", "people"],
        ["--seed", "-1"],
        ["--bandwidth", "99"],
        ["--format", "pdf"],
    ],
)
def test_options_that_are_none(command: Run, arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err
