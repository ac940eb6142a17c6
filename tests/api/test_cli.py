"""The command line: dry runs, imports, reports, and errors of one line."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import geopandas as gpd
import pytest
import shapely
from openpyxl import load_workbook
from sqlalchemy import create_engine, text

from api import cli
from api.commands.lazy import LazyGroup
from geo.settings import Settings
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box

CONSOLE_SCRIPT = Path(sys.executable).with_name("wangge")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process; no database is there."""
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql+psycopg2://w:geheim@/w?host=/nowhere")
    monkeypatch.setenv("WANGGE_LANG", "en")

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        code = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return command


@pytest.fixture
def run(without: Run, fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on an empty database."""
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_url)
    return without


@pytest.fixture
def loaded(loaded_url: str, run: Run) -> Run:
    """The same, with the county of squares in it."""
    assert loaded_url
    return run


def ok(done: Done) -> str:
    assert done.code == 0, done.err
    return done.out


def failed(done: Done) -> str:
    """The one line of an error."""
    assert done.code == 2, done
    lines = done.err.strip().splitlines()
    assert lines[-1].startswith("wangge: ")
    assert "Traceback" not in done.err
    return lines[-1]


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


ALL = list(commands(cli.cli))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_has_help_and_what_writes_or_reads_files_an_example(
    without: Run, path: tuple[str, ...], command: click.Command
) -> None:
    said = ok(without(*path, "--help"))
    assert said.startswith(f"Usage: wangge {' '.join(path)}")
    assert (command.help or "").strip()
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(path)} {parameter.name}"
    if any(isinstance(parameter, click.Argument) for parameter in command.params):
        assert f"wangge {' '.join(path)}" in " ".join(said.split()).partition("Example")[2]


def test_the_overview_says_what_each_command_says() -> None:
    assert isinstance(cli.cli, LazyGroup)
    assert [path[0] for path, _ in ALL if len(path) == 1] == list(cli.COMMANDS)


WRONG: list[tuple[list[str], str]] = [
    (["coverage"], "Missing argument"),
    (["coverage", "2025-13"], "2025-13"),
    (["coverage", "March"], "write it as 2026-10"),
    (["coverage", "2199-12"], "has not begun yet"),
    (["coverage", "2025-03", "--level", "county"], "county"),
    (["coverage", "2025-03", "--area", "990199109"], "990199109"),
    (["coverage", "2025-03", "--county", "330122"], "330122"),
    (["coverage", "2025-03", "-o", "/nowhere/at/all.csv"], "cannot be written"),
    (["coverage", "2025-03", "--format", "pdf"], "pdf"),
    (["gaps", "2025-03", "--reason", "ugly"], "ugly"),
    (["map", "coverage", "2199-12"], "has not begun yet"),
    (["boundaries", "load", "nothing.shp", "--level", "town"], "there is no such file"),
    (["boundaries", "load", "nothing.docx", "--level", "town"], "*.geojson"),
    (["boundaries", "load", "x.shp", "--level", "continent"], "continent"),
    (["boundaries", "load", "x.shp"], "--level"),
    (["boundaries", "load", "x.shp", "--level", "town", "--activate"], "--commit"),
    (["boundaries", "load", "x.shp", "--level", "town", "--column", "shape=x"], "--column"),
    (["boundaries", "load", "x.shp", "--level", "town", "--time-zone", "Mars/Base"], "Mars/Base"),
    (["boundaries", "activate", "7"], "no boundary version 7"),
    (["boundaries", "activate", "1"], "only a staged one"),
    (["visits", "import", "nothing.csv"], "there is no such file"),
    (["cadres", "import", "nothing.csv"], "there is no such file"),
    (["sample", "load", "--scale", "3"], "1, 10, 100"),
    (["fly"], "fly"),
    (["db", "start"], "not ours to start or stop"),
]


def test_errors_are_one_line(loaded: Run) -> None:
    for arguments, words in WRONG:
        said = failed(loaded(*arguments))
        assert words in said, arguments
        assert len(said) < 400, arguments


def test_settings_that_are_wrong(without: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_PORT", "many")
    assert "WANGGE_PORT" in failed(without("boundaries", "versions"))
    monkeypatch.setenv("WANGGE_PORT", "8000")
    monkeypatch.setenv("WANGGE_BASEMAP_URL", "http://tiles")
    assert "{z}" in failed(without("boundaries", "versions"))


def test_a_database_that_does_not_answer(without: Run) -> None:
    said = failed(without("coverage", "2025-03"))
    assert "geheim" not in said


def test_a_given_database_is_not_migrated_behind_its_owners_back(run: Run, fresh_url: str) -> None:
    ok(run("db", "migrate", "--to", "base"))
    assert "wangge db migrate" in failed(run("coverage", "2025-03"))
    assert rows(fresh_url, "SELECT to_regclass('areas')") == [(None,)]
    assert "head" in ok(run("db", "migrate"))
    assert "no boundaries are in force" in failed(run("coverage", "2025-03"))


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    path = tmp_path / "towns.geojson"
    shapes = [box(column, 0, wide=2, high=2) for column in (0, 2)]
    gpd.GeoDataFrame({"XZQDM": TOWNS, "XZQMC": ["东镇", "西镇"]}, geometry=shapes, crs=4326).to_file(path)
    return path


def test_a_dry_run_writes_nothing(run: Run, fresh_url: str, towns: Path) -> None:
    said = ok(run("boundaries", "load", towns, "--level", "town"))
    assert "Towns 2" in said
    assert "code=XZQDM" in said
    assert "dry run: nothing was written" in said
    assert rows(fresh_url, "SELECT (SELECT count(*) FROM counties), (SELECT count(*) FROM areas)") == [(0, 0)]


def test_load_stage_activate_and_list(run: Run, fresh_url: str, towns: Path) -> None:
    said = ok(run("boundaries", "load", towns, "--level", "town", "--county-name", "方格县", "--commit"))
    assert f"staged as version 1 of {COUNTY}" in said
    assert f"wangge boundaries activate 1 --county {COUNTY}" in said
    listed = ok(run("boundaries", "versions"))
    assert "staged" in listed
    assert "(1 county, 2 town)" in listed
    said = ok(run("boundaries", "activate", "1", "--county", COUNTY, "--from", "2025-01-01"))
    assert "version 1 is in force from 2025-01-01" in said
    said = ok(run("boundaries", "load", towns, "--level", "town", "--commit", "--activate", "--from", "2025-06-01"))
    assert "version 2 is in force from 2025-06-01, version 1 retired" in said
    newest, oldest = ok(run("boundaries", "versions")).splitlines()
    assert newest.split()[:3] == ["2", "active", "2025-06-01"]
    assert oldest.split()[:5] == ["1", "retired", "2025-01-01", "–", "2025-06-01"]
    assert rows(fresh_url, "SELECT name FROM areas WHERE version = 2 ORDER BY code")[1:] == [("东镇",), ("西镇",)]


def test_a_file_with_a_bad_row_is_not_staged_even_with_commit(run: Run, fresh_url: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.gpkg"
    gpd.GeoDataFrame({"code": [TOWNS[0], TOWNS[0]]}, geometry=[box(0, 0), box(1, 0)], crs=4326).to_file(path)
    for more in ([], ["--commit"], ["--commit", "--activate"]):
        done = run("boundaries", "load", path, "--level", "town", *more)
        assert "row 2, code" in failed(done)
        assert "Must be mended: Row 2 code:" in done.out
    assert rows(fresh_url, "SELECT count(*) FROM boundary_versions") == [(0,)]


def test_rollback_and_changes(run: Run, fresh_url: str, towns: Path, tmp_path: Path) -> None:
    ok(run("boundaries", "load", towns, "--level", "town", "--commit", "--activate", "--from", "2025-01-01"))
    renamed = tmp_path / "renamed.shp"
    gpd.read_file(towns).assign(XZQMC=["东镇", "新西镇"]).to_file(renamed)
    said = ok(run("boundaries", "load", renamed, "--level", "town", "--commit", "--activate", "--from", "2025-06-01"))
    assert re.search(r"Renamed +1\n", said)
    assert "西镇" in ok(run("boundaries", "changes", "2"))
    assert "更名" in ok(run("boundaries", "changes", "2", "--lang", "zh-CN"))
    said = ok(run("boundaries", "rollback"))
    assert "version 1 is in force from 2025-01-01, version 2 is staged again" in said
    assert rows(fresh_url, "SELECT version, status FROM boundary_versions ORDER BY 1") == [(1, "active"), (2, "staged")]
    assert "none to go back to" in failed(run("boundaries", "rollback"))


def test_overlaps_are_insisted_on_or_repaired(run: Run, fresh_url: str, tmp_path: Path) -> None:
    path = tmp_path / "over.gpkg"
    shapes = [shapely.box(120.0, 30.0, 120.0200005, 30.02), box(2, 0, wide=2, high=2)]
    gpd.GeoDataFrame({"code": TOWNS}, geometry=shapes, crs=4326).to_file(path)
    load = ("boundaries", "load", path, "--level", "town", "--commit", "--activate")
    assert "--accept-overlaps" in failed(run(*load))
    assert rows(fresh_url, "SELECT count(*) FROM boundary_versions") == [(0,)], "all or nothing"
    assert re.search(r"Largest overlap +0\.0 m²\n", ok(run(*load, "--repair")))
    assert "version 2 is in force" in ok(run(*load, "--accept-overlaps"))
    assert "overlaps accepted" in ok(run("boundaries", "versions"))


def test_a_report_is_written_in_every_form(run: Run, towns: Path, tmp_path: Path) -> None:
    load = ("boundaries", "load", towns, "--level", "town")
    for name, start in (
        ("a.html", b"<!DOCTYPE html>"),
        ("a.xlsx", b"PK"),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.json", b"{"),
    ):
        ok(run(*load, "--report", tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(start)
    assert "*.html, *.xlsx" in failed(run(*load, "--report", tmp_path / "a.pdf"))
    ok(run(*load, "--commit", "--activate"))
    for form in ("table", "json", "csv", "xlsx", "html"):
        ok(run("map", "check", "--format", form, "-o", tmp_path / f"b.{form}"))
    assert "Version 1" in (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "7" in failed(run("map", "check", "7"))


def test_names_codes_and_a_frame_that_nobody_said(run: Run, tmp_path: Path) -> None:
    """A file of names in an undeclared projection, with a list of codes and an outline of the county."""
    shapes = [box(0, 0, wide=2, high=2), box(2, 0, wide=2, high=2)]
    metric = gpd.GeoSeries(shapes, crs=4326).to_crs(4528)
    path, codes, outline = tmp_path / "towns.shp", tmp_path / "codes.csv", tmp_path / "county.geojson"
    gpd.GeoDataFrame({"MC": ["东镇", "西镇"]}, geometry=metric.tolist(), crs=4528).to_file(path)
    path.with_suffix(".prj").unlink()
    codes.write_text(f"代码,名称\n{TOWNS[0]},东 镇\n{TOWNS[1]},西镇\n{COUNTY}109,南镇\n", encoding="gb18030")
    gpd.GeoDataFrame({"adcode": [int(COUNTY)]}, geometry=[box(0, 0, wide=4, high=2)], crs=4326).to_file(outline)
    said = ok(run("boundaries", "load", path, "--level", "town", "--codes", codes, "--reference", outline))
    assert "EPSG:4528 1.000" in said
    assert "1 by the same name, 1 by another form of it, 0 not found, 1 of the list left: 南镇" in said


@pytest.mark.parametrize(
    "options",
    [
        ("--activate",),
        ("--accept-overlaps",),
        ("--commit", "--from", "2025-01-01"),
        ("--repair", "0"),
        ("--axes", "zz"),
        ("--reference", "nowhere.shp"),
        ("--codes", "nowhere.csv"),
        ("--column", "colour=x"),
    ],
)
def test_options_that_do_not_go(run: Run, fresh_url: str, towns: Path, options: tuple[str, ...]) -> None:
    failed(run("boundaries", "load", towns, "--level", "town", *options))
    assert rows(fresh_url, "SELECT count(*) FROM boundary_versions") == [(0,)]


def test_a_file_that_is_not_what_its_suffix_says(run: Run, tmp_path: Path) -> None:
    for name, content in (("a.gpkg", b"{}"), ("b.shp", b"\0" * 200), ("c.geojson", b"<xml/>"), ("d.geojson", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        assert name in failed(run("boundaries", "load", path, "--level", "town"))


def test_county_from_files_to_the_report(run: Run, tmp_path: Path) -> None:
    """The tour of the README, with Chinese column names and GB18030."""
    for layer in squares.layers():
        path = tmp_path / f"{layer.level}.gpkg"
        layer.areas[["code", "name", "households", "population", "geometry"]].astype(
            {"households": int, "population": int}
        ).to_file(path)
        ok(run("boundaries", "load", path, "--level", layer.level, "--commit", "--activate", "--from", "2025-01-01"))
    sheets = {
        "organisations": f"代码,名称,类型,区域\r\nD1,走访办,department,{TOWNS[0]}\r\n",
        "cadres": "工号,姓名,单位,职务,电话\nC1,张三,D1,主任,\nC2,李四,D1,,\n",
        "assignments": f"工号,区域代码,角色,起,止\nC1,{VILLAGES[0]},village_link,2025-01-01,\n",
        "places": f"编号,类型,名称,经度,纬度,所在区域,结对干部\nH1,household,甲户,120.005,30.005,{GRIDS[0]},C1\n",
        "rules": "层级,类别,每月次数,间隔天数\nvillage,ordinary,2,\n",
        "settings": f"代码,类别,排除原因,经手人,排除日期\n{VILLAGES[3]},,水库,张三,2025-01-01\n",
    }
    for kind, content in sheets.items():
        path = tmp_path / f"{kind}.csv"
        path.write_text(content, encoding="gb18030")
        assert f"{kind}.csv: {2 if kind == 'cadres' else 1} {kind} taken" in ok(run(kind, "import", path))
    visits = tmp_path / "走访.csv"
    visits.write_text(
        "工号,开始时间,经度,纬度,所在区域,走访对象,中心工作,备注\n"
        "C1,2025-03-05T09:00:00,120.005,30.005,,H1,治水剿劣；拆违治乱,㐂𠮷\n"
        f"C2,2025-03-06 10:00:00,,,{GRIDS[1]},,,\n",
        encoding="gb18030",
    )
    assert "2 rows: 2 stored, 0 duplicate" in ok(run("visits", "import", visits))
    assert "2 rows: 0 stored, 2 duplicate" in ok(run("visits", "import", visits))
    body = json.loads(ok(run("coverage", "2025-03", "--format", "json")))
    first, *_, last = body["areas"]
    assert (first["visits"], first["required"], first["status"], first["households_reached"]) == (2, 2, "met", 1)
    assert first["responsible"][0]["name"] == "张三"
    assert (last["status"], last["exclusion"]["reason"]) == ("excluded", "水库")
    assert body["summary"]["rate"] == pytest.approx(1 / 3)


VISITS = [
    ["id", "staff_no", "started_at", "lon", "lat", "note"],
    ["0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01", "C1", "2025-03-05T09:00:00", "120.005", "30.005", "好"],
    ["0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e02", "C9", "2025-03-05T09:00:00", "120.005", "30.005", 'a "quoted", note'],
    ["0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e03", "C2", "2025-03-05T09:00:00", "120.005", "95", "行\n二"],
    ["", "C2", "soon", "120.005", "30.005", ""],
]


def write(path: Path, table: list[list[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(table)
    return path


def test_rejected_rows_come_back_and_go_in_when_mended(loaded: Run, loaded_url: str, tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.csv"
    done = loaded("visits", "import", write(tmp_path / "visits.csv", VISITS), "--rejected", rejected)
    assert "4 rows: 1 stored, 0 duplicate, 0 in conflict, 3 rejected" in ok(done)
    assert "row 3, staff_no: no cadre has the number C9" in done.err
    assert "row 4, lat: must be between" in done.err
    assert "row 5, started_at:" in done.err
    with rejected.open(encoding="utf-8-sig", newline="") as file:
        back = list(csv.reader(file))
    assert back[0] == [*VISITS[0], "row", "reason"]
    assert [row[:6] for row in back[1:]] == VISITS[2:]
    assert [row[6] for row in back[1:]] == ["3", "4", "5"]
    again = tmp_path / "again.csv"
    assert "3 rows: 0 stored, 0 duplicate, 0 in conflict, 3 rejected" in ok(loaded("visits", "import", rejected))
    back[1][1], back[2][3:5], back[3][2] = "C1", ["120.005", "30.005"], "2025-03-07T08:00:00"
    write(again, back, "gb18030")
    assert "3 rows: 3 stored" in ok(loaded("visits", "import", again))
    notes = rows(loaded_url, "SELECT note FROM visits WHERE note IS NOT NULL ORDER BY id")
    assert notes == [("好",), ('a "quoted", note',), ("行\n二",)]


def test_rejected_rows_that_cannot_be_written_stop_the_import(loaded: Run, loaded_url: str, tmp_path: Path) -> None:
    """Said before anything is stored: otherwise the reasons would be lost."""
    before = rows(loaded_url, "SELECT count(*) FROM visits")
    sheet = write(tmp_path / "visits.csv", VISITS)
    said = failed(loaded("visits", "import", sheet, "--rejected", tmp_path / "no" / "such" / "folder.csv"))
    assert "cannot be written" in said
    assert rows(loaded_url, "SELECT count(*) FROM visits") == before


def test_a_visit_sheet_without_its_columns(loaded: Run, tmp_path: Path) -> None:
    assert "started_at: there is no such column" in failed(
        loaded("visits", "import", write(tmp_path / "a.csv", [["staff_no"], ["C1"]]))
    )
    table = [["staff_no", "started_at", "colour"], ["C1", "2025-03-05T09:00:00", "red"]]
    assert "colour" in failed(loaded("visits", "import", write(tmp_path / "b.csv", table)))
    assert "no record" in failed(loaded("visits", "import", write(tmp_path / "c.csv", VISITS[:1])))
    (tmp_path / "d.csv").write_bytes(b"PK\x03\x04\0\0")
    assert "not a csv" in failed(loaded("visits", "import", tmp_path / "d.csv"))


def test_a_bad_row_is_refused_and_given_back_the_others_are_taken(loaded: Run, loaded_url: str, tmp_path: Path) -> None:
    (before,) = rows(loaded_url, "SELECT count(*) FROM cadres")
    table = [["staff_no", "name", "organisation"], ["C8", "王五", "D1"], ["C9", "赵六", "D9"]]
    refused = tmp_path / "refused.csv"
    done = loaded("cadres", "import", write(tmp_path / "cadres.csv", table), "--rejected", refused)
    assert done.code == 0
    assert "row 3, organisation: D9 is not among the organisations" in done.err
    (kept,) = list(csv.DictReader(io.StringIO(refused.read_text(encoding="utf-8-sig"))))
    assert kept["staff_no"] == "C9"
    assert rows(loaded_url, "SELECT count(*) FROM cadres") == [(before[0] + 1,)]


def test_every_form_of_coverage_and_gaps(loaded: Run, tmp_path: Path) -> None:
    for command, codes in (("coverage", VILLAGES), ("gaps", [VILLAGES[3], VILLAGES[2], VILLAGES[0], VILLAGES[1]])):
        table = ok(loaded(command, "2025-03"))
        assert [code for line in table.splitlines() for code in VILLAGES if line.startswith(code)] == codes
        body = json.loads(ok(loaded(command, "2025-03", "--format", "json")))
        assert [one["code"] for one in body["areas"]] == codes
        as_csv = ok(loaded(command, "2025-03", "--format", "csv"))
        assert [one["code"] for one in csv.DictReader(io.StringIO(as_csv.removeprefix("\ufeff")))] == codes
        features = json.loads(ok(loaded(command, "2025-03", "--format", "geojson")))["features"]
        assert [one["id"] for one in features] == codes
        path = tmp_path / f"{command}.xlsx"
        done = loaded(command, "2025-03", "--format", "xlsx", "-o", path)
        assert (ok(done), str(path) in done.err) == ("", True)
        assert [row[0].value for row in load_workbook(path).worksheets[0].iter_rows(min_row=2)] == codes
    assert json.loads(ok(loaded("gaps", "2025-03", "--reason", "unvisited", "--format", "json", "--level", "grid")))
    scoped = json.loads(ok(loaded("coverage", "2025-03", "--area", TOWNS[1], "--format", "json")))
    assert [one["code"] for one in scoped["areas"]] == VILLAGES[2:]


def test_coverage_of_places(loaded: Run, tmp_path: Path) -> None:
    table = ok(loaded("places", "coverage", "2025-03"))
    assert "Enterprise 1 / 1 (100.0%)" in table
    assert "Household 3 / 3 (100.0%)" in table
    assert "H1" not in table
    assert "企业 1 / 1" in ok(loaded("places", "coverage", "2025-03", "--lang", "zh-CN"))
    found = json.loads(ok(loaded("places", "coverage", "2025-03", "--format", "json", "--area", GRIDS[0])))
    assert [one["id"] for one in found["places"]] == ["E1"]
    assert found["summary"]["kinds"]["household"]["all"] == 1
    assert "E1" not in ok(loaded("places", "coverage", "2025-03", "--kind", "project", "--format", "csv"))
    book = tmp_path / "places.xlsx"
    ok(loaded("places", "coverage", "2025-03", "--format", "xlsx", "-o", book))
    assert load_workbook(book).sheetnames == ["Places", "Households", "Summary"]
    assert "household" in failed(loaded("places", "coverage", "2025-03", "--kind", "household"))
    assert "2199-12" in failed(loaded("places", "coverage", "2199-12"))


def test_the_table_in_both_languages(loaded: Run) -> None:
    assert "Visits" in ok(loaded("coverage", "2025-03"))
    assert "走访次数" in ok(loaded("coverage", "2025-03", "--lang", "zh-CN"))


def test_a_map_is_written(loaded: Run, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    ok(loaded("map", "coverage", "2025-03", "--level", "grid", "-o", path, "--standalone"))
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert all(code in page for code in GRIDS)
    assert 'src="/static' not in page
    picture = tmp_path / "map.PNG"
    ok(loaded("map", "coverage", "2025-03", "--level", "grid", "-o", picture))
    assert picture.read_bytes().startswith(b"\x89PNG")


def console(url: str, command: str) -> "subprocess.CompletedProcess[bytes]":
    """The installed console script, in a shell."""
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_LANG": "zh-CN"}
    line = command.replace("wangge", str(CONSOLE_SCRIPT))
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, timeout=60, check=False)


def test_the_console_script_says_an_error_in_one_line(squares_url: str) -> None:
    done = console(squares_url, "wangge coverage 2199-12")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == done.stderr.decode().strip() + "\n"
    assert "尚未开始" in done.stderr.decode()


def test_the_console_script_and_a_pipe_that_nobody_reads(squares_url: str, tmp_path: Path) -> None:
    book = tmp_path / "gaps.xlsx"
    silent = "wangge coverage 2025-03 --level grid --format json | true"
    done = console(squares_url, f"wangge gaps 2025-03 --format xlsx > {book} & {silent}; wait")
    assert (done.returncode, done.stderr) == (0, b"")
    assert load_workbook(book).sheetnames == ["区域", "汇总"]


def test_help_asks_for_no_database() -> None:
    done = console("postgresql:///nowhere", "wangge --help")
    assert done.returncode == 0
    assert all(name.encode() in done.stdout for name in cli.COMMANDS)


def test_every_setting_has_its_words() -> None:
    assert all(field.description for field in Settings.model_fields.values())
