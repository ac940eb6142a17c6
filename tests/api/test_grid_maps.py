"""The maps of grids over HTTP and from the command line: forms agree, bad input gets a sentence, nothing leaks."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy.orm import Session

from api.app import create_app
from geo.analysis.duty_maps import CLASSES
from geo.services import accounts
from geo.settings import Settings
from geo.storage.database import make_engine
from geo.storage.queries import counties
from maps.comparison_palette import CHANGE_STYLES
from maps.duty_palette import DUTY_STYLES
from tests import entry
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES
from tests.visiting import record, take, visit

HELD = [("C1", GRIDS[0]), ("C1", GRIDS[1]), ("C1", GRIDS[2]), ("C2", GRIDS[3]), ("C2", VILLAGES[0])]


@pytest.fixture
def county(loaded: TestClient, loaded_url: str) -> TestClient:
    """C1 holds three grids, C2 one and a village; a note about a household."""
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        info = counties.resolve(session, COUNTY)
        rows = [
            {"staff_no": who, "area": code, "role": "village_link" if code in VILLAGES else "grid_head"}
            | {"from": "2025-01-01"}
            for who, code in HELD
        ]
        take(session, info, "assignments", *rows)
        record(session, info, [visit(71, "2025-03-20T09:00:00", grid=GRIDS[0], place="H1", note="家中有病人")])
    engine.dispose()
    return loaded


def get(client: TestClient, path: str, **asked: Any) -> Any:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer


def test_every_form_says_the_same(county: TestClient) -> None:
    asked = {"on": "2025-03-10", "level": "grid", "lang": "en"}
    body = get(county, "/maps/grids", format="json", **asked).json()
    loads = {one["code"]: one["load"] for one in body["areas"]}
    assert loads == {code: 3 if at < 3 else 1 if at == 3 else 0 for at, code in enumerate(GRIDS)}
    assert {one["staff_no"]: (one["areas"], one["other_levels"]) for one in body["cadres"]} == {
        "C1": (3, 0),
        "C2": (1, 1),
    }
    assert body["summary"]["unassigned"] == 4
    text = get(county, "/maps/grids", format="csv", **asked).content.decode("utf-8-sig")
    assert {row["code"]: int(row["load"]) for row in csv.DictReader(io.StringIO(text))} == loads
    features = get(county, "/maps/grids", format="geojson", **asked).json()["features"]
    assert [one["properties"] for one in features] == body["areas"]
    assert all(one["geometry"]["type"] == "MultiPolygon" for one in features)
    book = load_workbook(io.BytesIO(get(county, "/maps/grids", format="xlsx", **asked).content))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert {row[0]: row[header.index("Most held by one person")] for row in rows} == loads
    assert rows[0][0] == GRIDS[4], "those without anybody first"
    page = get(county, "/maps/grids", **asked).text
    shown = dict(re.findall(r'data-layer="(\w+)" checked>.*?<b>([^<]*)</b>', page))
    assert shown == {name: str(body["summary"][name]) for name in CLASSES}


def test_role_and_organisation_narrow_the_map(county: TestClient) -> None:
    asked = {"on": "2025-03-10", "format": "json"}
    role = get(county, "/maps/grids", role="full_time", **asked).json()
    assert role["summary"]["unassigned"] == len(GRIDS)
    assert get(county, "/maps/grids", role="", organisation="", **asked).json()["summary"]["unassigned"] == 4
    same = get(county, "/maps/grids", organisation="D1", **asked).json()
    assert same["summary"]["load_3"] == 3
    page = get(county, "/maps/grids", role="grid_head", on="2025-03-10").text
    assert '<option value="grid_head" selected>' in page


def test_a_scope_with_one_grid(county: TestClient) -> None:
    for path in ("/maps/grids", "/maps/compare"):
        page = get(county, path, area=GRIDS[0], level="grid", month="2025-03").text
        assert GRIDS[0] in page
        assert GRIDS[1] not in page


@pytest.mark.parametrize("level", ["town", "village", "grid"])
def test_every_level_has_a_page(county: TestClient, level: str) -> None:
    code = {"town": TOWNS, "village": VILLAGES, "grid": GRIDS}[level][0]
    for lang in ("zh-CN", "en"):
        page = get(county, f"/maps/grids/{code}", month="2025-03", lang=lang).text
        assert f"<dd>{code}</dd>" in page
    assert "/maps/grids/" in page
    alone = get(county, f"/maps/grids/{code}", month="2025-03", standalone="true")
    assert "attachment" in alone.headers["content-disposition"]
    assert 'src="/static' not in alone.text


def test_a_month_without_data_is_a_page(county: TestClient) -> None:
    page = get(county, "/maps/compare", month="2024-05", lang="en").text
    assert "there are no visits in May 2024" in page
    assert "there are no visits in April 2024" in page
    assert get(county, f"/maps/grids/{GRIDS[0]}", month="2024-05").status_code == 200
    assert get(county, "/maps/grids", month="2024-05").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/maps/grids?month=2199-01", 422, "2199-01"),
        ("/maps/grids?area=990199109", 404, "990199109"),
        ("/maps/grids?role=king", 422, "role"),
        ("/maps/grids?organisation=D9", 422, "D9"),
        ("/maps/grids?level=county", 422, "level"),
        ("/maps/grids?on=yesterday", 422, "on"),
        ("/maps/grids/nowhere", 404, "nowhere"),
        (f"/maps/grids/{COUNTY}", 404, COUNTY),
        (f"/maps/grids/{GRIDS[0]}?month=2199-01", 422, "2199-01"),
        (f"/maps/grids/{GRIDS[0]}?month=x", 422, "x"),
        ("/maps/grids/%3Cscript%3E", 404, "<script>"),
        ("/maps/compare?month=2025-03&with=2025-03", 422, "with"),
        ("/maps/compare?month=2199-01", 422, "2199-01"),
        ("/maps/compare?month=2025-03&with=2199-01", 422, "2199-01"),
        ("/maps/compare?month=2025-03&with=x", 422, "x"),
        ("/maps/compare?view=triple", 422, "view"),
        ("/maps/compare?month=2025-03&area=990199109", 404, "990199109"),
    ],
)
def test_bad_input_gets_one_sentence(service: TestClient, path: str, status: int, said: str) -> None:
    answer = service.get(path, headers={"accept-language": "en"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


@pytest.fixture
def viewer(county: TestClient, loaded_url: str, reachable_path: Path) -> Iterator[TestClient]:
    engine = make_engine(loaded_url)
    with Session(engine) as session, session.begin():
        one = accounts.add(session, "looker", "viewer", county=COUNTY, scope=VILLAGES[0], actor="test")
        token = accounts.make_token(session, one, "test", days=1, actor="test")[1]
    engine.dispose()
    assert county
    app = create_app(Settings(database_url=loaded_url, home=reachable_path))
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def test_a_viewer_reads_no_note_and_no_name_of_a_place(county: TestClient, viewer: TestClient) -> None:
    mine, theirs = (get(one, f"/maps/grids/{GRIDS[0]}", month="2025-03").text for one in (county, viewer))
    assert "家中有病人" in mine
    assert "E1" in mine
    assert "家中有病人" not in theirs
    assert not re.search(r"\bE1\b", theirs)
    assert "名称仅限有明细权限的账号" in theirs
    assert viewer.get(f"/maps/grids/{GRIDS[7]}").status_code == 404


def test_pages_lead_to_each_other_and_keep_what_is_asked(county: TestClient) -> None:
    page = get(county, "/maps/coverage", month="2025-03", level="grid").text
    for name in ("/maps/compare", "/maps/grids"):
        (link,) = set(re.findall(rf'href="({name}\?[^"]*)"', page))
        assert "month=2025-03" in link
        assert 'aria-current="page"' in county.get(link.replace("&amp;", "&")).text
    compared = get(county, "/maps/compare", month="2025-03", level="grid", view="difference").text
    steps = re.findall(r'class="step" href="([^"]*)"', compared)
    assert "month=2025-02&amp;with=2025-01" in steps[0]
    assert "view=difference" in steps[0]
    policy = county.get("/maps/compare?month=2025-03").headers["content-security-policy"]
    assert "unsafe-eval" not in policy


def test_commands_write_the_pages(county: TestClient, loaded_url: str, tmp_path: Path, monkeypatch: Any) -> None:
    from click.testing import CliRunner  # noqa: PLC0415 - only here

    from api import cli  # noqa: PLC0415 - as above

    assert county
    assert entry.HEADERS
    monkeypatch.setenv("WANGGE_DATABASE_URL", loaded_url)
    monkeypatch.setenv("WANGGE_HOME", str(tmp_path))
    for words, name, said in (
        (["grids", "--on", "2025-03-10", "--standalone"], "grids.html", "网格分工"),
        (["grids", "--on", "2025-03-10", "--role", "grid_head"], "grids.csv", "C1 grid_head"),
        (["grid", GRIDS[0], "--month", "2025-03", "--standalone", "--lang", "en"], "grid.html", "Last visits"),
    ):
        done = CliRunner().invoke(cli.cli, ["map", *words, "-o", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert said in (tmp_path / name).read_text(encoding="utf-8-sig")
    wrong = CliRunner().invoke(cli.cli, ["map", "grid", "nowhere", "-o", str(tmp_path / "x.html")])
    assert wrong.exit_code != 0


PICTURES = [
    (
        "/maps/grids?on=2025-03-10&level=grid&format=png",
        "duties-2025-03-10-grid.png",
        DUTY_STYLES,
        {"load_1"},
    ),
    ("/maps/compare?month=2025-03&format=png", "compare-2025-02-2025-03-village.png", CHANGE_STYLES, {"newly_met"}),
]


@pytest.mark.parametrize(("path", "name", "styles", "shown"), PICTURES)
def test_maps_are_pictures_too(county: TestClient, path: str, name: str, styles: Any, shown: set[str]) -> None:
    """Its classes stand in it with their colours, and asked twice it is the same."""
    answer = county.get(path)
    assert answer.headers["content-type"] == "image/png"
    assert name in answer.headers["content-disposition"]
    picture = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert picture.width == 1600
    counted = {colour: count for count, colour in picture.getcolors(maxcolors=picture.width * picture.height)}
    large = {one for one, style in styles.items() if counted.get(tuple(bytes.fromhex(style.fill[1:])), 0) > 20_000}
    assert large & shown == shown
    assert county.get(path).content == answer.content
