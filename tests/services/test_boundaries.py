"""Boundary versions: planned, staged, activated, each whole or not at all."""

import threading
from datetime import date
from uuid import UUID

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import BoundariesRejected, CountyUnclear, UnknownVersion, VersionNotStaged
from geo.intake.boundary_files import BoundaryLayer
from geo.intake.rejections import Rejection
from geo.months import Month
from geo.services import boundaries, boundary_checks, boundary_plans, coverage
from geo.services.boundaries import Activation
from geo.services.tagging import tagger
from geo.storage.database import make_engine
from geo.storage.queries import areas, counties, positions
from geo.storage.queries import boundaries as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import Area, BoundaryVersion, County, Place, Visit
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box, layer
from tests.visiting import outcomes, record, take, visit

MERGED = f"{VILLAGES[0]}003"
"""A grid that takes the place of both grids of the first village."""


def merged_grids() -> BoundaryLayer:
    return layer("grid", [MERGED, *GRIDS[2:]], [box(0, 0, high=2), *(box(i // 2, i % 2) for i in range(2, 8))])


def put_into_force(session: Session, *layers: BoundaryLayer, day: date = date(2025, 6, 1)) -> Activation:
    staged = boundaries.stage(session, boundary_plans.plan(session, *layers, county=COUNTY))
    return boundaries.activate(session, COUNTY, staged.version, from_day=day)


def counts(session: Session) -> dict[str, int]:
    return {
        model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
        for model in (County, BoundaryVersion, Area)
    }


def problems(session: Session, *layers: BoundaryLayer, county: str | None = COUNTY) -> list[tuple[int, str, str]]:
    plan = boundary_plans.plan(session, *layers, county=county)
    before = counts(session)
    with pytest.raises(BoundariesRejected) as refusal:
        boundaries.stage(session, plan)
    assert counts(session) == before
    first = plan.errors[0]
    assert first.located("en") in str(refusal.value)
    assert refusal.value.text("zh-CN").count("。") <= 2
    return [(error.row, error.field, error.en) for error in plan.errors]


def test_a_plan_writes_nothing(session: Session) -> None:
    plan = boundary_plans.plan(session, *squares.layers())
    assert (plan.count("county"), plan.count("town"), plan.count("village"), plan.count("grid")) == (1, 2, 4, 8)
    assert plan.errors == []
    assert plan.is_new_county
    assert set(counts(session).values()) == {0}


def test_staged_is_not_in_force(session: Session) -> None:
    staged = boundaries.stage(session, boundary_plans.plan(session, *squares.layers()))
    assert (staged.version, staged.status, staged.in_force_from) == (1, "staged", None)
    assert queries.find_active(session, COUNTY) is None
    assert queries.count_by_level(session, COUNTY, 1) == {"county": 1, "town": 2, "village": 4, "grid": 8}


def test_activated_is_in_force_and_the_old_one_retired(session: Session, county: CountyInfo) -> None:
    done = put_into_force(session, merged_grids())
    assert done.retired is not None
    newest, oldest = queries.all_of(session, county.code)
    assert (newest.status, newest.in_force_from, newest.in_force_until) == ("active", date(2025, 6, 1), None)
    assert (oldest.status, oldest.in_force_from, oldest.in_force_until) == (
        "retired",
        date(2025, 1, 1),
        date(2025, 6, 1),
    )
    for day, version in ((date(2025, 5, 31), 1), (date(2025, 6, 1), 2), (date(1999, 1, 1), 1)):
        assert queries.in_force_on(session, COUNTY, day).version == version


def test_an_earlier_day_cuts_the_old_one_short(session: Session, county: CountyInfo) -> None:
    """Corrected boundaries that count from the same day or an earlier one leave no day with two versions."""
    put_into_force(session, merged_grids(), day=date(2025, 6, 1))
    put_into_force(session, *squares.layers(), day=date(2025, 3, 1))
    begun = [(version.in_force_from, version.in_force_until) for version in queries.all_of(session, county.code)]
    assert begun == [
        (date(2025, 3, 1), None),
        (date(2025, 6, 1), date(2025, 3, 1)),
        (date(2025, 1, 1), date(2025, 3, 1)),
    ]
    for day, version in ((date(2024, 1, 1), 1), (date(2025, 2, 28), 1), (date(2025, 3, 1), 3), (date(2025, 7, 1), 3)):
        assert queries.in_force_on(session, county.code, day).version == version


def test_a_version_that_was_never_in_force_is_not_read(session: Session, county: CountyInfo) -> None:
    put_into_force(session, merged_grids(), day=date(2025, 1, 1))
    put_into_force(session, *squares.layers(), day=date(2024, 6, 1))
    for day in (date(2024, 1, 1), date(2024, 6, 1), date(2025, 1, 1), date(2025, 12, 1)):
        assert queries.in_force_on(session, county.code, day).version == 3


def test_a_version_without_a_day_begins_today(session: Session, county: CountyInfo) -> None:
    staged = boundaries.stage(session, boundary_plans.plan(session, merged_grids()))
    done = boundaries.activate(session, COUNTY, staged.version)
    assert done.version.in_force_from == coverage.today(county)


def test_the_level_of_the_file_is_replaced_and_the_others_stay(session: Session, county: CountyInfo) -> None:
    put_into_force(session, merged_grids())
    old, new = (
        {area.code: area for area in areas.page(session, queries.get(session, county.code, n), limit=None)}
        for n in (1, 2)
    )
    assert set(old) - set(new) == {GRIDS[0], GRIDS[1]}
    assert set(new) - set(old) == {MERGED}
    assert all(old[code] == new[code] for code in set(old) & set(new))
    shapes = [areas.shapes(session, queries.get(session, COUNTY, n), [*TOWNS, *VILLAGES], drawn=False) for n in (1, 2)]
    assert all(shapely.equals_identical(shapes[0][code], shapes[1][code]) for code in shapes[0])


def test_paths_follow_the_codes(session: Session, county: CountyInfo) -> None:
    version = queries.active(session, county.code)
    grid = areas.find(session, version, GRIDS[7])
    assert grid is not None
    assert grid.path == f"{COUNTY}/{TOWNS[1]}/{VILLAGES[3]}/{GRIDS[7]}"
    assert grid.parent == VILLAGES[3]


def test_a_functional_zone_runs_a_village_of_another_town(session: Session, county: CountyInfo) -> None:
    """The first village keeps its code, which names the first town, but is run by the second."""
    villages = layer("village", VILLAGES, [box(i, 0, high=2) for i in range(4)], parent=[TOWNS[1], None, None, None])
    put_into_force(session, villages)
    version = queries.active(session, county.code)
    record(session, county, [visit(1, "2025-07-01T09:00:00", grid=GRIDS[0])])
    assert session.scalars(select(Visit.town_code)).one() == TOWNS[1]
    under = {
        town: [area.code for area in areas.page(session, version, level="grid", scope=f"{COUNTY}/{town}", limit=None)]
        for town in TOWNS
    }
    assert under == {TOWNS[0]: GRIDS[2:4], TOWNS[1]: GRIDS[:2] + GRIDS[4:]}
    july = Month(2025, 7)
    report = coverage.report(session, county, july, level="grid", area=TOWNS[1])
    assert [row.facts.code for row in report.rows] == under[TOWNS[1]]
    assert report.visits == 1
    assert coverage.report(session, county, july, level="grid", area=TOWNS[0]).visits == 0


def test_a_scope_is_a_path_and_no_prefix_of_text(session: Session) -> None:
    """Opaque codes: ``1`` is no prefix of ``11`` when areas are meant."""
    villages = layer("village", ["1", "11"], [box(0, 0), box(1, 0)])
    staged = boundaries.stage(session, boundary_plans.plan(session, villages, county="chicago"))
    boundaries.activate(session, "chicago", staged.version, from_day=date(2025, 1, 1))
    info = counties.resolve(session, "chicago")
    report = coverage.report(session, info, Month(2025, 7), area="1")
    assert [row.facts.code for row in report.rows] == ["1"]
    assert info.scheme == "opaque"


def test_a_county_that_no_file_brings_is_derived(session: Session) -> None:
    towns = squares.layers()[0]
    boundaries.stage(session, boundary_plans.plan(session, towns, county_name="方格县"))
    version = queries.get(session, COUNTY, 1)
    county = areas.find(session, version, COUNTY)
    assert county is not None
    assert (county.name, county.kind, county.path) == ("方格县", "derived", COUNTY)
    shape = areas.shapes(session, version, [COUNTY], drawn=False)[COUNTY]
    assert shape.equals(box(0, 0, wide=4, high=2))


def test_a_derived_county_grows_with_its_towns_and_keeps_its_name(session: Session, county: CountyInfo) -> None:
    codes = [*TOWNS, f"{COUNTY}103"]
    put_into_force(session, layer("town", codes, [box(i * 2, 0, wide=2, high=2) for i in range(3)]))
    version = queries.active(session, county.code)
    assert areas.shapes(session, version, [COUNTY], drawn=False)[COUNTY].equals(box(0, 0, wide=6, high=2))
    found = areas.find(session, version, COUNTY)
    assert found is not None
    assert found.name == "方格县"


def test_an_outline_of_the_county_comes_alone_and_first(session: Session) -> None:
    outline = layer("county", [COUNTY], [box(0, 0, wide=4, high=2)])
    put_into_force(session, outline, day=date(2025, 1, 1))
    info = counties.resolve(session, COUNTY)
    assert coverage.report(session, info, Month(2025, 7)).rows == ()
    put_into_force(session, *squares.layers())
    county = areas.find(session, queries.active(session, COUNTY), COUNTY)
    assert county is not None
    assert county.kind is None, "the outline that was brought stays"


def test_a_level_that_is_not_loaded_is_skipped(session: Session) -> None:
    villages = squares.layers()[1]
    boundaries.stage(session, boundary_plans.plan(session, villages))
    village = areas.find(session, queries.get(session, COUNTY, 1), VILLAGES[0])
    assert village is not None
    assert village.path == f"{COUNTY}/{VILLAGES[0]}"


@pytest.mark.usefixtures("county")
def test_no_children_no_parent_by_mistake(session: Session) -> None:
    """A town whose ground nobody takes over leaves its villages without a parent: refused, and said which."""
    said = problems(session, layer("town", TOWNS[:1], [box(0, 0, wide=2, high=2)]))
    assert {field for _, field, _ in said} == {"parent"}
    assert VILLAGES[2] in said[0][2]
    assert TOWNS[1] in said[0][2]


@pytest.mark.parametrize(
    ("codes", "parents", "row", "field", "words"),
    [
        ([VILLAGES[0], VILLAGES[1], VILLAGES[0]], None, 3, "code", "stands already row 1"),
        ([VILLAGES[0], "12345", VILLAGES[2]], None, 2, "code", "is not a village code of 12 digits"),
        ([VILLAGES[0], f"{COUNTY}101abc", VILLAGES[2]], None, 2, "code", "is not a village code"),
        ([VILLAGES[0], VILLAGES[1], f"{COUNTY}109201"], None, 3, "parent", f"{COUNTY}109, which is not there"),
        (VILLAGES[:3], [None, f"{COUNTY}777", None], 2, "parent", f"{COUNTY}777, which is not there"),
        (VILLAGES[:3], [None, None, VILLAGES[0]], 3, "parent", VILLAGES[0]),
        (VILLAGES[:3], [None, None, VILLAGES[2]], 3, "parent", VILLAGES[2]),
        ([VILLAGES[0], VILLAGES[1], "990200101201"], None, 3, "parent", "990200101"),
    ],
)
@pytest.mark.usefixtures("county")
def test_one_message_names_the_row(
    session: Session, codes: list[str], parents: list[str] | None, row: int, field: str, words: str
) -> None:
    columns: dict[str, list[object]] = {"parent": list(parents)} if parents else {}
    said = problems(session, layer("village", codes, [box(i, 0, high=2) for i in range(3)], **columns))
    mine = [one for one in said if one[0] == row and one[1] == field]
    assert mine, said
    assert words in mine[0][2]
    assert all(one[0] in (row, 0) for one in said), "rows that are right are not blamed"


@pytest.mark.usefixtures("county")
def test_a_file_of_another_county(session: Session) -> None:
    said = problems(session, layer("county", ["990200"], [box(0, 0)]))
    assert said[0] == (1, "code", f"990200 is not the county {COUNTY}")
    with pytest.raises(CountyUnclear, match="990199, 990200"):
        boundary_plans.plan(session, layer("town", [TOWNS[0], "990200101"], [box(0, 0), box(1, 0)]))


def test_an_opaque_code_that_is_the_countys_own(session: Session) -> None:
    said = problems(session, layer("village", ["a", "chicago"], [box(0, 0), box(1, 0)]), county="chicago")
    assert (2, "code") in [(row, field) for row, field, _ in said]


def test_opaque_codes_need_a_county(session: Session) -> None:
    with pytest.raises(CountyUnclear, match="--county"):
        boundary_plans.plan(session, layer("village", ["a"], [box(0, 0)]))


def test_rows_that_the_reader_refused_forbid_the_load(session: Session) -> None:
    one = squares.layers()[0]
    refused = (Rejection(7, "geometry", "has no polygon (Point)", "没有面状图形（Point）"),)
    broken = BoundaryLayer(one.source, one.level, one.crs, {}, one.areas, refused, ())
    assert problems(session, broken) == [(7, "geometry", "has no polygon (Point)")]


def test_neighbours_that_overlap_are_told_and_not_forbidden(session: Session) -> None:
    polygons = [box(0, 0, wide=2, high=2), shapely.buffer(box(2, 0, wide=2, high=2), 0.001, join_style="mitre")]
    plan = boundary_plans.plan(session, layer("town", TOWNS, polygons))
    assert plan.errors == []
    found = boundary_checks.examine(session, plan)
    assert [(one.kind, one.codes) for one in found.findings if one.kind == "overlap"] == [("overlap", tuple(TOWNS[:2]))]


@pytest.mark.parametrize("version", [1, 2])
def test_only_a_staged_version_is_activated(session: Session, county: CountyInfo, version: int) -> None:
    put_into_force(session, merged_grids())
    with pytest.raises(VersionNotStaged, match="retired" if version == 1 else "active"):
        boundaries.activate(session, county.code, version)
    with pytest.raises(UnknownVersion):
        boundaries.activate(session, county.code, 9)


def all_tags(session: Session) -> dict[object, str]:
    stored = positions.of_visits(session, COUNTY)
    return dict(zip(stored.ids.tolist(), stored.tagged.tolist(), strict=True))


def test_activation_tags_as_if_everything_came_anew(session: Session, county: CountyInfo) -> None:
    """Merged grids, a village under another town, claims of merged grids, a position that is outside from now on."""
    take(
        session,
        county,
        "places",
        {"id": "H1", "kind": "household", "lon": 120.005, "lat": 30.005},
        {"id": "H2", "kind": "household", "area": GRIDS[1]},
    )
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(119.995, 120.045, 300), rng.uniform(29.995, 30.025, 300)
    rows = [visit(n, lon=float(x), lat=float(y)) for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    rows += [visit(400 + n, claimed_area=code) for n, code in enumerate([*TOWNS, *VILLAGES, *GRIDS])]
    record(session, county, rows)
    villages = layer("village", VILLAGES[:3], [box(i, 0, high=2) for i in range(3)], parent=[TOWNS[1], None, None])
    grids = layer("grid", [MERGED, *GRIDS[2:6]], [box(0, 0, high=2), *(box(i // 2, i % 2) for i in range(2, 6))])
    old = all_tags(session)
    done = put_into_force(session, villages, grids)
    new = all_tags(session)
    assert done.visits == len(rows)
    assert done.retagged == sum(old[key] != new[key] for key in old) > 0
    stored = positions.of_visits(session, COUNTY)
    fresh = tagger(session, done.version).tag_all(stored.lon, stored.lat, stored.accuracy_m, stored.claimed)
    assert stored.tagged.tolist() == fresh.chains.tolist()
    words = dict(session.execute(select(Visit.id, Visit.tag)).all())
    assert [words[UUID(key)] for key in stored.ids.tolist()] == fresh.word.tolist()
    homes = dict(session.execute(select(Place.id, Place.area_code)).all())
    assert homes == {"H1": MERGED, "H2": MERGED}, "H2 has no position and names a grid that was merged into another"


def test_geopandas_agrees_with_the_tags(session: Session, county: CountyInfo) -> None:
    rng = np.random.default_rng(4)
    points = shapely.points(rng.uniform(119.995, 120.045, 200), rng.uniform(29.995, 30.025, 200))
    record(session, county, [visit(n, lon=point.x, lat=point.y) for n, point in enumerate(points)])
    grids = gpd.GeoDataFrame({"grid": GRIDS}, geometry=[box(i // 2, i % 2) for i in range(8)], crs=4326)
    joined = gpd.GeoDataFrame(geometry=points, crs=4326).sjoin(grids, how="left")
    expected = [None if grid != grid else grid for grid in joined["grid"]]  # noqa: PLR0124 - NaN
    found = session.execute(select(Visit.grid_code).order_by(Visit.id)).scalars().all()
    assert found == expected


def test_a_load_that_fails_leaves_nothing(fresh_url: str) -> None:
    engine = make_engine(fresh_url)
    too_many = layer("town", TOWNS, [box(0, 0), box(1, 0)], population=[1, 3_000_000_000])
    with pytest.raises(Exception, match="out of range"), Session(engine) as session, session.begin():
        boundaries.stage(session, boundary_plans.plan(session, too_many))
    with Session(engine) as session:
        assert set(counts(session).values()) == {0}
    engine.dispose()


def test_readers_see_the_old_version_and_writers_wait_for_the_new(fresh_url: str) -> None:
    engine = make_engine(fresh_url, pool_size=5)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        record(session, county, [visit(1, grid=GRIDS[0])])
    answered = threading.Event()
    failures: list[BaseException] = []

    def send() -> None:
        try:
            with Session(engine) as sender, sender.begin():
                assert outcomes(record(sender, county, [visit(2, grid=GRIDS[1])])) == {"stored": 1}
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)
        answered.set()

    with Session(engine) as activating, activating.begin():
        staged = boundaries.stage(activating, boundary_plans.plan(activating, merged_grids()))
        boundaries.activate(activating, COUNTY, staged.version, from_day=date(2025, 1, 1))
        with Session(engine) as reader:
            assert queries.active(reader, COUNTY).version == 1
            report = coverage.report(reader, county, Month(2025, 3), level="grid")
            assert {row.facts.code: row.facts.visits for row in report.rows if row.facts.visits} == {GRIDS[0]: 1}
        thread = threading.Thread(target=send)
        thread.start()
        assert not answered.wait(0.5), "a batch waits while versions change"
    thread.join(timeout=30)
    assert failures == []
    with Session(engine) as session:
        assert set(session.scalars(select(Visit.grid_code))) == {MERGED}
    engine.dispose()


def test_two_activations_at_once_are_one_after_the_other(fresh_url: str) -> None:
    engine = make_engine(fresh_url, pool_size=3)
    with Session(engine) as session, session.begin():
        squares.load(session)
        for _ in range(2):
            boundaries.stage(session, boundary_plans.plan(session, merged_grids()))
    failures: list[BaseException] = []

    def activate(version: int) -> None:
        try:
            with Session(engine) as session, session.begin():
                boundaries.activate(session, COUNTY, version, from_day=date(2025, 6, version))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=activate, args=(version,)) for version in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
    with Session(engine) as session:
        assert sorted(version.status for version in queries.all_of(session, COUNTY)) == ["active", "retired", "retired"]
    engine.dispose()
