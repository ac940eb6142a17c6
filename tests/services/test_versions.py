"""One version after another: lineage, what is carried over, the month of then, and the way back."""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from geo.errors import NothingToRollBackTo, OverlapsRefused
from geo.intake.boundary_files import BoundaryLayer
from geo.months import Month
from geo.services import boundaries, boundary_checks, boundary_plans, coverage
from geo.services.boundaries import Activation
from geo.space.codes import Level
from geo.storage.queries import boundaries as queries
from geo.storage.queries import lineage
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import AreaSetting, Assignment, Base, Organisation, Visit
from tests import squares
from tests.squares import COUNTY, GRIDS, SIDE, TOWNS, VILLAGES, box, layer
from tests.visiting import load_march, record, take, visit

DAY = date(2025, 6, 1)
MARCH = Month(2025, 3)
LEVELS: tuple[Level, ...] = ("town", "village", "grid")

MERGED = f"{VILLAGES[0]}009"
EAST = f"{VILLAGES[1]}003"
RENUMBERED = f"{VILLAGES[2]}007"

GRIDS_BEFORE_AND_AFTER = {
    (GRIDS[0], MERGED): "merged",
    (GRIDS[1], MERGED): "merged",
    (GRIDS[2], GRIDS[2]): "split",
    (GRIDS[2], EAST): "split",
    (GRIDS[3], GRIDS[3]): "renamed",
    (GRIDS[4], RENUMBERED): "renumbered",
    (GRIDS[5], GRIDS[5]): "moved",
    (GRIDS[6], GRIDS[6]): "same",
    (GRIDS[7], GRIDS[7]): "moved",
}


def changed_grids() -> BoundaryLayer:
    """Two merged, one split into halves, one renamed, one renumbered, a border moved by a fifth of a square."""
    whole = [box(i // 2, i % 2) for i in range(8)]
    west, east = (shapely.box(120.01 + x, 30.0, 120.015 + x, 30.01) for x in (0, 0.005))
    strip = shapely.box(120.03, 30.01, 120.03 + SIDE / 5, 30.02)
    codes = [MERGED, GRIDS[2], EAST, GRIDS[3], RENUMBERED, GRIDS[5], GRIDS[6], GRIDS[7]]
    polygons = [box(0, 0, high=2), west, east, whole[3], whole[4], whole[5] | strip, whole[6], whole[7] - strip]
    names: list[object] = [f"grid {code}" for code in codes]
    names[3], names[4] = "新网格", f"grid {GRIDS[4]}"
    return layer("grid", codes, polygons, name=names)


def put_into_force(session: Session, *layers: BoundaryLayer, day: date = DAY, **options: Any) -> Activation:
    staged = boundaries.stage(session, boundary_plans.plan(session, *layers, county=COUNTY))
    return boundaries.activate(session, COUNTY, staged.version, from_day=day, **options)


def people(session: Session, county: CountyInfo) -> None:
    """Heads of grids and a link of a village; a setting and an organisation at codes that will be no more."""
    rows: list[dict[str, Any]] = [
        {"staff_no": "C1", "area": GRIDS[0], "role": "grid_head", "from": "2025-01-01"},
        {"staff_no": "C2", "area": GRIDS[2], "role": "grid_head", "from": "2025-01-01"},
        {"staff_no": "C2", "area": GRIDS[4], "role": "grid_head", "from": "2025-01-01", "to": "2025-12-01"},
        {"staff_no": "C1", "area": GRIDS[4], "role": "full_time", "from": "2025-09-01"},
        {"staff_no": "C1", "area": GRIDS[5], "role": "grid_head", "from": "2025-01-01"},
    ]
    take(session, county, "assignments", *rows)
    take(session, county, "settings", {"code": GRIDS[4], "tier": "key"})
    take(session, county, "organisations", {"code": "D2", "name": "工作站", "kind": "department", "area": GRIDS[4]})


def held(session: Session) -> list[tuple[str, str, str, date, date | None]]:
    rows = session.execute(
        select(Assignment.staff_no, Assignment.area_code, Assignment.role, Assignment.from_day, Assignment.to_day)
    )
    return sorted((tuple(row) for row in rows), key=str)  # type: ignore[arg-type]


def everything(session: Session) -> dict[str, list[str]]:
    """Every row of every table as text, in a fixed order."""
    session.flush()
    return {
        table.name: sorted(session.scalars(text(f"SELECT ROW({_told(table)})::text FROM {table.name}")))  # noqa: S608
        for table in Base.metadata.sorted_tables
    }


def _told(table: Table) -> str:
    """All columns but the number and time of the last change, which rise whatever becomes of the rest."""
    return ", ".join(column.name for column in table.c if column.name not in ("change", "changed_at"))


def reports(session: Session, county: CountyInfo, month: Month = MARCH) -> dict[str, object]:
    return {level: coverage.report(session, county, month, level=level) for level in LEVELS}


@pytest.mark.usefixtures("county")
def test_lineage_of_every_kind_of_change(session: Session) -> None:
    done = put_into_force(session, changed_grids())
    links = lineage.links(session, COUNTY, done.version.version)
    assert {(link.old_code, link.new_code): link.relation for link in links} == GRIDS_BEFORE_AND_AFTER
    shares = {(link.old_code, link.new_code): link for link in links}
    assert shares[GRIDS[0], MERGED].share_of_new == pytest.approx(0.5, abs=1e-3)
    assert shares[GRIDS[2], EAST].share_of_old == pytest.approx(0.5, abs=1e-6)
    assert shares[GRIDS[5], GRIDS[5]].iou == pytest.approx(1 / 1.2, abs=1e-3)
    assert shares[GRIDS[7], GRIDS[7]].iou == pytest.approx(0.8, abs=1e-3)


def test_assignments_go_to_the_successors(session: Session, county: CountyInfo) -> None:
    people(session, county)
    done = put_into_force(session, changed_grids())
    first, last = date(2025, 1, 1), date(2025, 12, 1)
    assert held(session) == sorted(
        [
            ("C1", GRIDS[0], "grid_head", first, DAY),
            ("C1", MERGED, "grid_head", DAY, None),
            ("C2", GRIDS[2], "grid_head", first, None),
            ("C2", GRIDS[4], "grid_head", first, DAY),
            ("C2", RENUMBERED, "grid_head", DAY, last),
            ("C1", RENUMBERED, "full_time", date(2025, 9, 1), None),
            ("C1", GRIDS[5], "grid_head", first, None),
        ],
        key=str,
    )
    told = {(row.kind, row.outcome, row.reason, row.old_code, row.new_code) for row in done.carried}
    assert told == {
        ("assignment", "carried", "merged", GRIDS[0], MERGED),
        ("assignment", "decide", "split", GRIDS[2], EAST),
        ("assignment", "carried", "renumbered", GRIDS[4], RENUMBERED),
        ("setting", "carried", "renumbered", GRIDS[4], RENUMBERED),
        ("organisation", "carried", "renumbered", GRIDS[4], RENUMBERED),
    }
    tiers = dict(session.execute(select(AreaSetting.code, AreaSetting.tier)).all())
    assert tiers[RENUMBERED] == "key"
    assert session.scalar(select(Organisation.area_code).where(Organisation.code == "D2")) == RENUMBERED


def test_two_heads_of_one_area_are_for_a_person_to_decide(session: Session, county: CountyInfo) -> None:
    take(
        session,
        county,
        "assignments",
        {"staff_no": "C1", "area": GRIDS[0], "role": "grid_head", "from": "2025-01-01"},
        {"staff_no": "C2", "area": GRIDS[1], "role": "grid_head", "from": "2025-01-01"},
    )
    done = put_into_force(session, changed_grids())
    assert {(row.subject, row.outcome, row.reason) for row in done.carried} == {
        ("C1", "decide", "conflict"),
        ("C2", "decide", "conflict"),
    }
    assert [row for row in held(session) if row[1] == MERGED] == []
    assert {row[4] for row in held(session)} == {DAY}, "both end, and stand in the list"


def test_the_month_of_then_stays_as_it_was_to_the_digit(session: Session, county: CountyInfo) -> None:
    people(session, county)
    load_march(session, county)
    before = reports(session, county)
    put_into_force(session, changed_grids())
    assert reports(session, county) == before


def test_the_month_of_now_counts_by_the_new_areas(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    old = {row.facts.code: row.facts.visits for row in coverage.report(session, county, MARCH, level="grid").rows}
    put_into_force(session, changed_grids())
    report = coverage.report(session, county, MARCH, level="grid", read_with="now")
    new = {row.facts.code: row.facts.visits for row in report.rows}
    assert new[MERGED] == old[GRIDS[0]] + old[GRIDS[1]] == 3
    assert new[RENUMBERED] == old[GRIDS[4]]
    assert GRIDS[0] not in new
    towns = coverage.report(session, county, MARCH, level="town", read_with="now")
    then = coverage.report(session, county, MARCH, level="town")
    assert [row.facts.visits for row in towns.rows] == [row.facts.visits for row in then.rows]


def test_tags_are_those_of_a_spatial_join(session: Session, county: CountyInfo) -> None:
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(119.998, 120.042, 400), rng.uniform(29.998, 30.022, 400)
    record(session, county, [visit(n, lon=float(lon[n]), lat=float(lat[n])) for n in range(400)])
    put_into_force(session, changed_grids())
    grids = changed_grids().areas
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    joined = frame.sjoin(grids[["code", "geometry"]], how="left", predicate="within")["code"]
    expected = [None if code != code else code for code in joined]  # noqa: PLR0124 - NaN
    assert session.scalars(select(Visit.grid_code).order_by(Visit.id)).all() == expected


def test_rollback_restores_everything(session: Session, county: CountyInfo) -> None:
    people(session, county)
    load_march(session, county)
    before, months = everything(session), reports(session, county)
    put_into_force(session, changed_grids())
    assert everything(session) != before
    done = boundaries.rollback(session, COUNTY)
    assert (done.version.version, done.retired and done.retired.version) == (1, 2)
    after = everything(session)
    changed = {name for name, rows in after.items() if rows != before[name]}
    # The version that was taken back is kept, staged, with its areas and lineage.
    history = {"assignment_changes", "assignment_counters"}
    assert changed == {"areas", "boundary_versions", "lineage"} | history
    assert set(before["areas"]) <= set(after["areas"])
    assert set(before["assignment_changes"]) < set(after["assignment_changes"]), "the history is only added to"
    staged = queries.get(session, COUNTY, 2)
    assert (staged.status, staged.in_force_from, staged.replaced) == ("staged", None, None)
    first = queries.get(session, COUNTY, 1)
    assert (first.status, first.in_force_from, first.in_force_until) == ("active", date(2025, 1, 1), None)
    assert reports(session, county) == months


def test_forth_and_back_twice_ends_as_once(session: Session, county: CountyInfo) -> None:
    people(session, county)
    load_march(session, county)
    put_into_force(session, changed_grids())
    once = {name: rows for name, rows in everything(session).items() if name != "boundary_versions"}
    boundaries.rollback(session, COUNTY)
    boundaries.activate(session, COUNTY, 2, from_day=DAY)
    twice = {name: rows for name, rows in everything(session).items() if name != "boundary_versions"}
    # Assignments that were made anew have new numbers.
    for name in ("assignments", "carryovers"):
        assert len(once.pop(name)) == len(twice.pop(name))
    for history in ("assignment_changes", "assignment_counters"):
        assert once.pop(history) != twice.pop(history)
    assert twice == once


@pytest.mark.usefixtures("county")
def test_the_first_version_has_nothing_before_it(session: Session) -> None:
    with pytest.raises(NothingToRollBackTo):
        boundaries.rollback(session, COUNTY)


def test_what_people_wrote_meanwhile_stays(session: Session, county: CountyInfo) -> None:
    put_into_force(session, changed_grids())
    take(session, county, "assignments", {"staff_no": "C1", "area": MERGED, "role": "grid_head", "from": "2025-07-01"})
    record(session, county, [visit(1, grid=GRIDS[0]), visit(2, claimed_area=MERGED)])
    boundaries.rollback(session, COUNTY)
    assert [row[1] for row in held(session)] == [MERGED]
    assert session.scalars(select(Visit.grid_code).order_by(Visit.id)).all() == [GRIDS[0], None]
    # The claim of both merged grids is read as what holds them all.
    assert session.scalars(select(Visit.village_code).order_by(Visit.id)).all() == [VILLAGES[0]] * 2


def test_claims_follow_the_ground(session: Session, county: CountyInfo) -> None:
    claims = [GRIDS[0], GRIDS[2], GRIDS[4], GRIDS[6]]
    record(session, county, [visit(n, claimed_area=code) for n, code in enumerate(claims)])
    put_into_force(session, changed_grids())
    found = session.execute(select(Visit.village_code, Visit.grid_code).order_by(Visit.id)).all()
    assert [tuple(row) for row in found] == [
        (VILLAGES[0], MERGED),
        (VILLAGES[1], GRIDS[2]),
        (VILLAGES[2], RENUMBERED),
        (VILLAGES[3], GRIDS[6]),
    ]


def overlapping(by: float) -> BoundaryLayer:
    """The first town reaches into the second."""
    return layer("town", TOWNS, [shapely.box(120.0, 30.0, 120.02 + by, 30.02), box(2, 0, wide=2, high=2)])


@pytest.mark.usefixtures("county")
def test_overlaps_above_the_limit_are_refused_and_accepted_on_record(session: Session) -> None:
    before = everything(session)
    staged = boundaries.stage(session, boundary_plans.plan(session, overlapping(0.0001)))
    # 0.0001° by 0.02° at 30° N are about 9.65 m by 2,217 m.
    assert staged.largest_overlap_m2 == pytest.approx(21_400, rel=0.01)
    with pytest.raises(OverlapsRefused) as refused:
        boundaries.activate(session, COUNTY, staged.version, from_day=DAY)
    assert "--accept-overlaps" in str(refused.value)
    assert everything(session)["visits"] == before["visits"]
    done = boundaries.activate(session, COUNTY, staged.version, from_day=DAY, accept_overlaps=True)
    assert done.version.overlaps_accepted_at is not None


@pytest.mark.usefixtures("county")
def test_a_sliver_of_less_than_the_limit_passes(session: Session) -> None:
    staged = boundaries.stage(session, boundary_plans.plan(session, overlapping(0.0000003)))
    assert 0 < staged.largest_overlap_m2 < 100
    done = boundaries.activate(session, COUNTY, staged.version, from_day=DAY)
    assert done.version.overlaps_accepted_at is None


@pytest.mark.usefixtures("county")
def test_repair_gives_a_sliver_away_and_says_how_much(session: Session) -> None:
    plan = boundary_plans.plan(session, overlapping(0.0000003), repair_width_m=1.0)
    report = boundary_checks.examine(session, plan)
    assert report.largest_overlap_m2 == 0
    # 0.0000003° are 2.9 cm, on a border of 2,217 m.
    assert sum(report.moved_m2.values()) == pytest.approx(64, rel=0.1)
    towns = np.array([area.geometry for area in plan.areas if area.level == "town"])
    assert shapely.coverage_is_valid(towns)


def test_a_version_that_is_based_on_an_older_one_is_compared_anew(session: Session, county: CountyInfo) -> None:
    """Two are staged side by side; the second takes force over the first, not over what it was compared with."""
    people(session, county)
    first = boundaries.stage(session, boundary_plans.plan(session, changed_grids()))
    later = layer("grid", [*GRIDS[:7], f"{VILLAGES[3]}008"], [box(i // 2, i % 2) for i in range(8)])
    second = boundaries.stage(session, boundary_plans.plan(session, later))
    assert (first.based_on, second.based_on) == (1, 1)
    boundaries.activate(session, COUNTY, first.version, from_day=DAY)
    boundaries.activate(session, COUNTY, second.version, from_day=date(2025, 7, 1))
    links = {(link.old_code, link.new_code): link.relation for link in lineage.links(session, COUNTY, second.version)}
    assert links[RENUMBERED, GRIDS[4]] == "renumbered"
    assert links[MERGED, GRIDS[0]] == links[MERGED, GRIDS[1]] == "split"
    heads = [row for row in held(session) if row[2] == "grid_head" and row[4] is None]
    assert {row[1] for row in heads} == {GRIDS[2], GRIDS[5]}, "the head of the merged grid is for a person to decide"


def test_villages_merged_and_split_take_their_grids_along(session: Session, county: CountyInfo) -> None:
    """Villages alone are brought; grids of a village that is no more come under the one that has their ground."""
    merged, upper = f"{TOWNS[0]}301", f"{TOWNS[1]}302"
    codes = [merged, VILLAGES[2], upper, VILLAGES[3]]
    villages = layer("village", codes, [box(0, 0, wide=2, high=2), box(2, 0), box(2, 1), box(3, 0, high=2)])
    load_march(session, county)
    before = reports(session, county)
    plan = boundary_plans.plan(session, villages)
    assert plan.errors == []
    assert {plan.places[grid].parent for grid in GRIDS[:4]} == {merged}
    assert len(plan.warnings) == 4
    done = put_into_force(session, villages)
    relations = {(link.old_code, link.new_code): link.relation for link in lineage.links(session, COUNTY, 2)}
    assert relations == {
        (VILLAGES[0], merged): "merged",
        (VILLAGES[1], merged): "merged",
        (VILLAGES[2], VILLAGES[2]): "split",
        (VILLAGES[2], upper): "split",
        (VILLAGES[3], VILLAGES[3]): "same",
    }
    assert reports(session, county) == before
    now = coverage.report(session, county, MARCH, level="village", read_with="now")
    assert {row.facts.code: row.facts.visits for row in now.rows}[merged] == 5
    assert done.version.version == 2
    boundaries.rollback(session, COUNTY)
    assert reports(session, county) == before


def test_grids_of_villages_that_came_later_come_under_them(session: Session) -> None:
    """Grids first, then villages and towns: each level comes between what was there."""
    by_level = {one.level: one for one in squares.layers()}
    for level in ("grid", "village", "town"):
        put_into_force(session, by_level[level], day=date(2025, 1, 1))
    plan = boundary_plans.plan(session, by_level["town"], county=COUNTY)
    assert plan.places[GRIDS[5]].path == f"{COUNTY}/{TOWNS[1]}/{VILLAGES[2]}/{GRIDS[5]}"
    assert plan.warnings == []
