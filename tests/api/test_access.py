"""Roles × scopes × routes, walked from the table of routes itself.

A county of squares and a neighbour; one account for every role and scope, each with a token. What an answer holds is
searched for codes that lie outside the scope, whatever its form.
"""

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from api.dependencies import Needs, session_of_reader
from geo.intake import issues as issue_rows
from geo.months import Month
from geo.services import accounts, boundaries, boundary_plans, bulletins, issues, sheets
from geo.services.accounts import ROLES, Role
from geo.settings import Settings
from geo.storage.database import make_engine
from geo.storage.queries import counties
from tests import squares, visiting
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

README = Path(__file__).parents[2] / "README.md"
PUBLIC = {
    ("GET", "/docs"),
    ("GET", "/field-worker.js"),
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/readyz"),
    ("GET", "/signin"),
    ("POST", "/signin"),
}
"""What answers anybody. Whatever else has no session of a reader has no decision, and fails."""

OWN = {("GET", "/visits/{visit_id}/history")}
"""What those without the permission `detail` are answered of their own: whose it is only the service knows."""

SCOPES = {"county": COUNTY, "town": TOWNS[0], "village": VILLAGES[0], "grid": GRIDS[0]}
NEIGHBOUR, NEIGHBOURS_TOWN = "990198", "990198101"
ALL = [COUNTY, *TOWNS, *VILLAGES, *GRIDS]
APP = create_app(Settings(database_url="postgresql+psycopg2:///nowhere"))


def routes() -> list[tuple[str, RouteContext]]:
    contexts = list(iter_route_contexts(APP.routes))
    found = [(method, context) for context in contexts for method in (context.methods or set()) - {"HEAD"}]
    return sorted(found, key=lambda one: (str(one[1].path), one[0]))


def below(dependant: Dependant) -> Iterator[Dependant]:
    for one in dependant.dependencies:
        yield one
        yield from below(one)


def needs(method: str, context: RouteContext) -> set[str] | None:
    """Permissions that a route asks for; None for a public one."""
    dependant = getattr(context, "dependant", None)
    calls = [one.call for one in below(dependant)] if dependant else []
    if session_of_reader not in calls:
        assert (method, context.path) in PUBLIC, f"{method} {context.path} has no decision about who may use it"
        return None
    assert (method, context.path) not in PUBLIC
    found = [call for call in calls if isinstance(call, Needs)]
    return {"read", *(one.permission for one in found), *("whole county" for one in found if one.whole)}


DECIDED = [(method, str(context.path), needs(method, context)) for method, context in routes()]
GUARDED = [(method, path, asked) for method, path, asked in DECIDED if asked is not None]


def allows(role: Role, asked: set[str]) -> bool:
    return asked - {"whole county"} <= accounts.MAY[role]


# the county


@pytest.fixture(scope="module")
def tokens(access_url: str) -> dict[tuple[str, str], str]:
    made = {}
    engine = make_engine(access_url)
    with Session(engine) as session, session.begin():
        for role, (level, code) in itertools.product(ROLES, SCOPES.items()):
            staff_no = "C1" if role == "cadre" else None
            one = accounts.add(
                session, f"{role}-{level}", role, county=COUNTY, scope=code, staff_no=staff_no, actor="test"
            )
            made[role, level] = accounts.make_token(session, one, "test", days=1, actor="test")[1]
    engine.dispose()
    return made


@pytest.fixture(scope="module")
def access_url(database_url: str, template: str) -> Iterator[str]:
    from tests.conftest import _copy_database, _drop_database  # noqa: PLC0415 - the fixtures' own helpers

    url = _copy_database(database_url, "with_accounts", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        visiting.load_march(session, county)
        held = [
            {"staff_no": f"C{1 + number % 2}", "area": code, "role": role, "from": "2025-01-01"}
            for number, (code, role) in enumerate(
                [(grid, "grid_head") for grid in GRIDS]
                + [(village, "village_link") for village in VILLAGES]
                + [(town, "area_leader") for town in TOWNS]
            )
        ]
        assert sheets.take_whole(session, county, "assignments", enumerate(held, start=2), "assignments.csv") == len(
            held
        )
        layer = squares.layer("town", [NEIGHBOURS_TOWN], [squares.box(10, 0)])
        staged = boundaries.stage(session, boundary_plans.plan(session, layer, county_name="邻县"))
        boundaries.activate(session, NEIGHBOUR, staged.version, from_day=squares.date(2025, 1, 1))
        found = [
            {"id": str(UUID(int=501 + number)), "reported_at": "2025-03-12T09:00:00", "category": "infrastructure"}
            | {"title": "路灯不亮", "lon": squares.centre(grid)[0], "lat": squares.centre(grid)[1]}
            for number, grid in enumerate(GRIDS)
        ]
        good, refused = issue_rows.parse(enumerate(found, start=1), zone=county.zone, now=datetime.now(UTC))
        assert refused == []
        issues.report(session, county, good)
        bulletins.publish(session, county, Month(2025, 3), "test")
        assert counties.all_codes(session) == [NEIGHBOUR, COUNTY]
    engine.dispose()
    yield url
    _drop_database(url)


@pytest.fixture(scope="module")
def open_service(access_url: str, reachable_root: Path) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=access_url, home=reachable_root))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def within(level: str) -> set[str]:
    """Codes of the scope and of all below it."""
    return {code for code in ALL if code.startswith(SCOPES[level])} if level != "county" else set(ALL)


LON, LAT = squares.centre(GRIDS[0])
ASKED = {
    "lon": LON,
    "lat": LAT,
    "month": "2025-03",
    "on": "2025-03-10",
    "category": "infrastructure",
    "bandwidth_m": 1_000,
}
"""What some routes cannot be asked without, or answer sooner with; OGC refuses what it does not know: it gets none."""

VISIT, ISSUE = str(UUID(int=1)), str(UUID(int=501))
PATHS = {
    "visit_id": VISIT,
    "issue_id": ISSUE,
    "import_id": ISSUE,
    "month": "2025-03",
    "edition": "1",
    "name": "viewer-grid",
    "number": "1",
    "staff_no": "C1",
    "version": "1",
    "collection": "grids",
    "fid": GRIDS[0],
    "code": GRIDS[0],
    "layer": "grids",
    "kind": "visits",
    "z": "14",
    "x": "13653",
    "y": "6759",
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/assignments/at"): {"points": [{"lon": LON, "lat": LAT}], "on": "2025-03-10"},
}


def ask(client: TestClient, method: str, path: str, token: str | None, **query: Any) -> Any:
    filled = path
    for name, value in PATHS.items():
        filled = filled.replace(f"{{{name}}}", str(query.pop(f"path_{name}", value)))
    given = {} if path.startswith("/ogc") else {**ASKED, **query}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # A body that nothing can be made of: who may not is refused before it is read.
    body = {"json": BODIES.get((method, path), {})} if method != "GET" else {}
    return client.request(
        method, filled, params=given if path not in {"/openapi.json"} else {}, headers=headers, **body
    )


def texts(answer: Any) -> str:
    if "spreadsheet" in answer.headers.get("content-type", ""):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return str(answer.content.decode("utf-8", "replace"))


def foreign(answer: Any, level: str) -> set[str]:
    """Codes of areas outside the scope that stand in an answer; those above the scope are no secret in a path."""
    above = {COUNTY, *(code for code in ALL if SCOPES[level].startswith(code))}
    said = texts(answer)
    return {
        code for code in {*ALL, NEIGHBOURS_TOWN} - within(level) - above if re.search(rf"(?<!\d){code}(?!\d)", said)
    }


# the decisions


def test_every_route_has_a_decision() -> None:
    assert len(GUARDED) > 30
    assert {(method, path) for method, path, asked in DECIDED if asked is None} == PUBLIC


def matrix() -> str:
    """The table of the README."""
    lines = [
        f"| route | {' | '.join(ROLES)} | note |",
        f"|---|{'---|' * (len(ROLES) + 1)}",
    ]
    for method, path, asked in DECIDED:
        marks = ["yes" if asked is None or allows(role, asked) else "–" for role in ROLES]
        note = "no account needed" if asked is None else "scope: the whole county" if "whole county" in asked else ""
        if (method, path) in OWN:
            marks = ["yes" if "detail" in accounts.MAY[role] else "own" for role in ROLES]
            note = "own: of who made or entered it"
        lines.append(f"| `{method} {path}` | {' | '.join(marks)} | {note} |")
    return "\n".join(lines)


def test_the_readme_shows_the_decisions() -> None:
    """The failure prints the table that belongs there."""
    begin, end = "<!-- access matrix -->\n", "\n<!-- end of access matrix -->"
    assert begin in README.read_text(encoding="utf-8")
    shown = README.read_text(encoding="utf-8").split(begin)[1].split(end)[0].strip()
    assert shown == matrix(), matrix()


@pytest.mark.parametrize(("method", "path", "asked"), GUARDED)
def test_nobody_is_answered_without_an_account(
    open_service: TestClient, method: str, path: str, asked: set[str]
) -> None:
    assert asked
    for token in (None, "", "wg_of-nobody", "tests-only"):
        answer = ask(open_service, method, path, token)
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "asked"), GUARDED)
def test_roles_and_scopes(
    open_service: TestClient, tokens: dict[tuple[str, str], str], method: str, path: str, asked: set[str]
) -> None:
    for (role, level), token in tokens.items():
        may = allows(role, asked) and (level == "county" or "whole county" not in asked)  # type: ignore[arg-type]
        if path.startswith(("/account/", "/signout")) or path == "/account" or method == "DELETE":
            continue  # one's own, or a change of what the next would ask with
        if (method, path) in OWN:
            may = role == "cadre" or "detail" in accounts.MAY[role]  # type: ignore[index]
        answer = ask(open_service, method, path, token)
        assert (answer.status_code != 403) == may, (role, level, answer.text)
        assert answer.status_code not in {401, 500}, (role, level, answer.text)
        if method == "GET" and may:
            assert answer.status_code == 200 or path.startswith(
                ("/accounts/", "/imports/", "/desk/imports/", "/desk/assignments/{number}/")
            ), (
                role,
                level,
                answer.text,
            )
            assert foreign(answer, level) == set(), (role, level)


FORMS = [
    ("/coverage", {"format": form, "level": area})
    for form in ("json", "csv", "xlsx", "geojson")
    for area in ("town", "village", "grid")
] + [
    ("/coverage/gaps", {"format": "csv", "level": "grid"}),
    *(("/coverage/places", {"format": form}) for form in ("json", "csv", "xlsx")),
    ("/maps/coverage", {"level": "grid", "standalone": "true"}),
    ("/maps/coverage.png", {"level": "grid"}),
    ("/maps/issues.png", {"level": "grid"}),
    *(("/desk/gaps", {"format": form, "level": "grid", "show": "all"}) for form in ("html", "csv", "xlsx")),
    *(("/desk/assignments", {"tab": tab, "most": "1"}) for tab in ("held", "without", "cadres")),
    ("/desk/assignments", {"format": "csv"}),
    ("/desk/assignments/give", {}),
    *(
        ("/maps/grids", {"level": area, "format": form})
        for form in ("html", "json", "csv", "xlsx", "geojson")
        for area in ("town", "village", "grid")
    ),
    ("/maps/grids", {"level": "grid", "standalone": "true", "role": "grid_head"}),
    ("/maps/grids/{code}", {"standalone": "true"}),
    *(("/maps/compare", {"level": "grid", "view": view}) for view in ("side", "difference")),
    *(
        ("/desk/issues", {"format": form, "standing": one})
        for form in ("html", "csv", "xlsx")
        for one in ("open", "all")
    ),
    ("/mine", {}),
    ("/assignments", {"changed_since": "2020-01-01T00:00:00Z"}),
    ("/areas", {"limit": "1000"}),
    ("/visits", {"limit": "1000"}),
    ("/visits", {"changed_since": "2020-01-01T00:00:00Z", "limit": "1000"}),
    ("/issues", {"limit": "1000"}),
    ("/issues", {"changed_since": "2020-01-01T00:00:00Z", "limit": "1000"}),
    ("/issues", {"format": "csv"}),
    ("/issues/extents", {"limit": "1000"}),
    *(
        ("/hotspots", {"format": form, "level": area, "to": "2025-03", "per": per})
        for form, area, per in (
            ("json", "grid", "visits"),
            ("csv", "grid", "households"),
            ("xlsx", "grid", "none"),
            ("geojson", "grid", "visits"),
            ("json", "village", "households"),
            ("json", "town", "none"),
        )
    ),
    ("/hotspots/clusters", {"level": "grid", "to": "2025-03"}),
    ("/hotspots/surface.png", {"kind": "absolute", "to": "2025-03"}),
    ("/hotspots/surface.tif", {"kind": "relative", "to": "2025-03"}),
    ("/tiles/{layer}/{z}/{x}/{y}", {"path_z": "10", "path_x": "853", "path_y": "422"}),
    ("/tiles/{layer}/{z}/{x}/{y}", {"path_z": "16", "path_x": "54614", "path_y": "27037"}),
]


@pytest.mark.parametrize(("path", "query"), FORMS)
@pytest.mark.parametrize("level", SCOPES)
def test_nothing_of_elsewhere_in_any_form(
    open_service: TestClient, tokens: dict[tuple[str, str], str], path: str, query: dict[str, str], level: str
) -> None:
    answer = ask(open_service, "GET", path, tokens["planner", level], **query)
    assert answer.status_code == 200, answer.text
    assert foreign(answer, level) == set()
    if path == "/issues/extents":
        assert VILLAGES[0] in texts(answer)
    elif (
        path == "/desk/gaps"
        or (path == "/desk/assignments" and query.get("tab") in {None, "held"})
        or path.startswith(("/areas", "/visits", "/issues", "/assignments", "/tiles"))
        or (path in {"/coverage", "/hotspots"} and query["level"] == "grid")
    ):
        assert GRIDS[0] in texts(answer)


def test_what_lies_elsewhere_is_as_if_it_were_not_there(
    open_service: TestClient, tokens: dict[tuple[str, str], str]
) -> None:
    """The same status and kind for a foreign code as for one that never was: no answer tells them apart."""
    token = tokens["planner", "village"]
    lon, lat = squares.centre(GRIDS[7])
    pairs = [
        ("/areas/{code}", {"path_code": GRIDS[7]}, {"path_code": "990199109999999"}),
        ("/areas/{code}/children", {"path_code": TOWNS[1]}, {"path_code": "990199109"}),
        ("/maps/grids/{code}", {"path_code": GRIDS[7]}, {"path_code": "990199109999999"}),
        ("/maps/grids", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/maps/compare", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/grids/{code}/assignments", {"path_code": GRIDS[7]}, {"path_code": "990199109999999"}),
        ("/cadres/{staff_no}/grids", {"path_staff_no": "C9", "on": "2024-01-01"}, {"path_staff_no": "nobody"}),
        ("/coverage", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/coverage/places", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/visits", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/issues", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/issues/{issue_id}", {"path_issue_id": str(UUID(int=508))}, {"path_issue_id": str(UUID(int=999))}),
        ("/issues/{issue_id}/extent", {"path_issue_id": str(UUID(int=508))}, {"path_issue_id": str(UUID(int=999))}),
        ("/issues/extents", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        *(
            (f"/hotspots{path}", {"area": VILLAGES[3]}, {"area": "990199109999"})
            for path in ("", "/clusters", "/surface.png", "/surface.tif")
        ),
        ("/visits/{visit_id}", {"path_visit_id": str(UUID(int=10))}, {"path_visit_id": str(UUID(int=999))}),
        ("/assignments", {"area": VILLAGES[3]}, {"area": "990199109999"}),
        ("/areas/at", {"lon": lon, "lat": lat}, {"lon": 10.0, "lat": 10.0}),
        ("/assignments/at", {"lon": lon, "lat": lat}, {"lon": 10.0, "lat": 10.0}),
        ("/areas", {"county": NEIGHBOUR}, {"county": "990197"}),
        ("/ogc/collections/{collection}/items/{fid}", {"path_fid": GRIDS[7]}, {"path_fid": "990199109999999"}),
    ]
    for path, theirs, nowhere in pairs:
        one, other = (ask(open_service, "GET", path, token, **query) for query in (theirs, nowhere))
        assert (one.status_code, one.json()["type"]) == (other.status_code, other.json()["type"]), path
        assert one.status_code == 404, path


def test_changes_stay_within_the_scope(open_service: TestClient, tokens: dict[tuple[str, str], str]) -> None:
    headers = {"Authorization": f"Bearer {tokens['supervisor', 'village']}"}
    everything = {"Authorization": f"Bearer {tokens['admin', 'county']}"}
    held = open_service.get("/assignments?limit=1000", headers=everything).json()["assignments"]
    theirs = next(one["id"] for one in held if one["area"] == GRIDS[7])
    body = {"staff_no": "C2", "areas": [GRIDS[7]], "role": "part_time", "from": "2025-06-01"}
    assert open_service.post("/assignments", json=body, headers=headers).status_code == 404
    ended = open_service.patch(f"/assignments/{theirs}", json={"to": "2025-09-01"}, headers=headers)
    assert ended.status_code == 404
    over = {"giver": "C1", "taker": "C2", "from": "2025-09-01"}
    moved = open_service.post("/assignments/hand-over", json=over, headers=headers)
    assert moved.status_code == 200, moved.text
    assert {one["area"] for one in moved.json()} <= within("village")
    after = open_service.get("/assignments?limit=1000", headers=everything).json()["assignments"]
    kept = [one for one in held if one["area"] not in within("village")]
    assert kept == [one for one in after if one["area"] not in within("village")]


# visits


def test_a_cadre_sends_visits_of_his_own(open_service: TestClient, tokens: dict[tuple[str, str], str]) -> None:
    headers = {"Authorization": f"Bearer {tokens['cadre', 'village']}"}
    rows = [
        visiting.visit(9001, "2025-04-01T09:00:00", grid=GRIDS[0]),
        visiting.visit(9002, "2025-04-01T10:00:00", grid=GRIDS[0], staff_no="C2"),
        visiting.visit(9003, "2025-04-01T11:00:00", grid=GRIDS[7]),
    ]
    answer = open_service.post("/visits", json=rows, headers=headers).json()
    assert [row["outcome"] for row in answer["rows"]] == ["stored", "rejected", "stored"]
    assert answer["rows"][1]["field"] == "staff_no"


def test_others_send_visits_within_their_scope(open_service: TestClient, tokens: dict[tuple[str, str], str]) -> None:
    headers = {"Authorization": f"Bearer {tokens['service', 'village']}"}
    rows = [
        visiting.visit(9011, "2025-04-02T09:00:00", grid=GRIDS[0]),
        visiting.visit(9012, "2025-04-02T10:00:00", grid=GRIDS[7]),
        visiting.visit(9013, "2025-04-02T11:00:00", claimed_area=TOWNS[1]),
    ]
    answer = open_service.post("/visits", json=rows, headers=headers).json()
    assert [row["outcome"] for row in answer["rows"]] == ["stored", "rejected", "rejected"]


def test_the_id_of_a_foreign_visit_shows_nothing_of_it(
    open_service: TestClient, tokens: dict[tuple[str, str], str]
) -> None:
    theirs = visiting.visit(9021, "2025-04-03T09:00:00", grid=GRIDS[7], note="ihre Notiz")
    everything = {"Authorization": f"Bearer {tokens['planner', 'county']}"}
    assert open_service.post("/visits", json=[theirs], headers=everything).status_code == 201
    mine = visiting.visit(9021, "2025-04-03T09:00:00", grid=GRIDS[0])
    headers = {"Authorization": f"Bearer {tokens['service', 'village']}"}
    answer = open_service.post("/visits", json=[mine], headers=headers)
    assert answer.status_code == 409
    assert "ihre Notiz" not in answer.text
    assert GRIDS[7] not in answer.text


@pytest.mark.parametrize(("role", "seen"), [(role, "detail" in accounts.MAY[role]) for role in ROLES])
def test_households_are_for_those_who_may_see_detail(
    open_service: TestClient, tokens: dict[tuple[str, str], str], role: Role, *, seen: bool
) -> None:
    """The household of another cadre's visit, and the note; enterprises are no secret, and one's own visits neither."""
    everything = {"Authorization": f"Bearer {tokens['planner', 'county']}"}
    rows = [
        visiting.visit(9031, "2025-05-03T09:00:00", grid=GRIDS[0], staff_no="C2", place="H1", note="家中有病人"),
        visiting.visit(9032, "2025-05-03T10:00:00", grid=GRIDS[0], staff_no="C2", place="E1", note="用工"),
        visiting.visit(9033, "2025-05-03T11:00:00", grid=GRIDS[0], staff_no="C1", place="H1", note="本人所记"),
    ]
    assert open_service.post("/visits", json=rows, headers=everything).status_code in {200, 201}
    headers = {"Authorization": f"Bearer {tokens[role, 'village']}"}
    found = open_service.get("/visits?month=2025-05", headers=headers).json()["visits"]
    by_id = {one["id"]: (one["place"], one["note"]) for one in found}
    household, enterprise, own = (by_id[row["id"]] for row in rows)
    assert household == (("H1", "家中有病人") if seen else (None, None))
    assert enterprise == ("E1", "用工")
    assert own == (("H1", "本人所记") if seen or role == "cadre" else (None, None))
