"""The docs are tested: every command, route, setting and column of a sheet stands in the README."""

import re
from pathlib import Path

import click
import pytest
from fastapi.routing import iter_route_contexts

from api import cli
from api.app import create_app
from geo.intake.batches import ROWS
from geo.services.sheet_kinds import SHEETS
from geo.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def leaves(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        below = leaves(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
        found += below
    return found


@pytest.mark.parametrize("path", leaves(cli.cli), ids=" ".join)
def test_every_command_stands_in_the_readme(path: tuple[str, ...]) -> None:
    name = " ".join(path)
    assert re.search(rf"`(wangge )?{name}\b", README), f"wangge {name}"


@pytest.fixture(scope="module")
def routes() -> set[str]:
    app = create_app(Settings(database_url="postgresql+psycopg2:///nowhere"))
    return {str(context.path) for context in iter_route_contexts(app.routes) if context.methods}


def test_every_route_stands_in_the_readme(routes: set[str]) -> None:
    assert len(routes) > 8
    missing = [route for route in routes if not re.search(rf"[ `]{re.escape(route)}[`?]", README)]
    assert missing == []


def test_every_route_of_the_readme_is_there(routes: set[str]) -> None:
    table = README[README.index("### HTTP") :]
    named = set(re.findall(r"`(?:GET|POST) (/[^`?]*)", table)) | set(re.findall(r", `(/[^`?]*)", table))
    assert named - routes - {"/docs", "/openapi.json", "/"} == set()
    assert named >= {"/areas", "/visits", "/coverage"}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_readme(name: str) -> None:
    assert f"`WANGGE_{name.upper()}`" in README


def test_every_setting_of_the_readme_is_there() -> None:
    known = {f"WANGGE_{name.upper()}" for name in Settings.model_fields}
    elsewhere = {"WANGGE_DATABASE_PASSWORD", "WANGGE_REAL_DATA"}
    assert set(re.findall(r"WANGGE_[A-Z_]+[A-Z]", README)) - elsewhere <= known


@pytest.mark.parametrize("kind", [*SHEETS, *ROWS])
def test_every_column_of_a_sheet_stands_in_the_readme(kind: str) -> None:
    row = SHEETS[kind].row if kind in SHEETS else ROWS[kind]
    line = next(line for line in README.splitlines() if line.startswith(f"| {kind} "))
    for name, field in row.model_fields.items():
        named = f"`{field.alias or name}`" + ("*" if field.is_required() else "")
        assert named in line, f"{kind}: {named}"
