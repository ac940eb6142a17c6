"""Coverage of a month on the squares, counted by hand, and by a second way of counting that shares no code."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.analysis.coverage import AreaCoverage, CoverageLevel, CoverageReport
from geo.errors import FutureMonth, NoBoundaries, UnknownArea
from geo.months import Month
from geo.services import boundaries, boundary_plans, coverage
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import County
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box, layer
from tests.visiting import Row, load_march, record, take, visit

MARCH = Month(2025, 3)
LEVELS: dict[CoverageLevel, list[str]] = {"town": TOWNS, "village": VILLAGES, "grid": GRIDS}
LATER = datetime(2026, 1, 1, tzinfo=UTC)


def report(
    session: Session, county: CountyInfo, month: Month = MARCH, level: CoverageLevel = "village", **asked: Any
) -> CoverageReport:
    return coverage.report(session, county, month, level=level, **{"now": LATER, **asked})


def row(found: CoverageReport, code: str) -> AreaCoverage:
    (one,) = [one for one in found.rows if one.facts.code == code]
    return one


def by_code(found: CoverageReport, fact: str) -> dict[str, Any]:
    return {one.facts.code: getattr(one.facts, fact) for one in found.rows}


@pytest.fixture
def march(session: Session, county: CountyInfo) -> CountyInfo:
    load_march(session, county)
    return county


def test_grids_counted_by_hand(session: Session, march: CountyInfo) -> None:
    found = report(session, march, level="grid")
    assert by_code(found, "visits") == dict(zip(GRIDS, [2, 1, 1, 0, 0, 0, 0, 0], strict=True))
    assert by_code(found, "unlocated") == dict(zip(GRIDS, [0, 0, 1, 0, 0, 0, 0, 0], strict=True))
    assert by_code(found, "households_reached") == dict(zip(GRIDS, [1, 1, 0, 0, 0, 0, 0, 0], strict=True))
    assert by_code(found, "grids_reached") == by_code(found, "visits") | {GRIDS[0]: 1}
    assert (found.visits, found.unlocated, found.untagged, found.outside) == (4, 1, 2, 1)


def test_villages_counted_by_hand(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    assert by_code(found, "visits") == dict(zip(VILLAGES, [3, 2, 0, 0], strict=True))
    assert by_code(found, "cadres") == dict(zip(VILLAGES, [2, 1, 0, 0], strict=True))
    assert by_code(found, "unlocated") == dict(zip(VILLAGES, [0, 2, 0, 0], strict=True))
    assert by_code(found, "households_reached") == dict(zip(VILLAGES, [2, 1, 0, 0], strict=True))
    assert by_code(found, "grids_reached") == dict(zip(VILLAGES, [2, 1, 0, 0], strict=True))
    assert set(by_code(found, "grids").values()) == {2}
    assert set(by_code(found, "households").values()) == {100}
    assert [one.status for one in found.rows] == ["met", "met", "unvisited", "unvisited"]
    assert (found.visits, found.untagged, found.outside, found.rate) == (5, 1, 1, 0.5)


def test_towns_counted_by_hand(session: Session, march: CountyInfo) -> None:
    found = report(session, march, level="town")
    assert by_code(found, "visits") == dict(zip(TOWNS, [5, 1], strict=True))
    assert by_code(found, "cadres") == dict(zip(TOWNS, [2, 1], strict=True))
    assert by_code(found, "grids_reached") == dict(zip(TOWNS, [3, 0], strict=True))
    assert by_code(found, "households_reached") == dict(zip(TOWNS, [3, 0], strict=True))
    assert (found.untagged, found.outside) == (0, 1)
    assert found.county_name == found.scope_name == "方格县"


def test_the_last_visit_is_the_last_ever_up_to_the_months_end(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    assert by_code(found, "last_visit") == dict(
        zip(VILLAGES, [date(2025, 3, 31), date(2025, 3, 16), date(2025, 2, 10), None], strict=True)
    )
    assert [one.days_since for one in found.rows] == [0, 15, 49, None]
    assert [one.days_overdue for one in found.rows] == [0, 0, 18, None]
    assert row(report(session, march, level="town"), TOWNS[1]).facts.last_visit == date(2025, 3, 17)


def test_a_running_month_is_counted_to_today(session: Session, march: CountyInfo) -> None:
    now = datetime(2025, 3, 17, 16, 0, tzinfo=UTC)
    found = report(session, march, now=now)
    assert found.as_of == date(2025, 3, 18), "it is the 18th in the county"
    assert row(found, VILLAGES[1]).days_since == 2
    with pytest.raises(FutureMonth):
        report(session, march, Month(2025, 4), now=now)
    assert report(session, march, Month(2025, 4), now=datetime(2025, 3, 31, 16, 0, tzinfo=UTC)).as_of == date(
        2025, 4, 1
    )


def test_scope_by_area(session: Session, march: CountyInfo) -> None:
    for level in LEVELS:
        whole = report(session, march, level=level)
        for scope in (*TOWNS, *VILLAGES):
            part = report(session, march, level=level, area=scope)
            assert part.scope == scope
            assert part.rows == tuple(one for one in whole.rows if f"/{scope}/" in f"/{one.facts.path}/"), (
                f"{level} under {scope}"
            )
    assert report(session, march, area=TOWNS[1], level="grid").untagged == 1
    assert report(session, march, area=VILLAGES[1], level="grid").untagged == 1
    with pytest.raises(UnknownArea, match="990199109"):
        report(session, march, area="990199109")


def test_status_rules_and_tiers(session: Session, march: CountyInfo) -> None:
    take(
        session,
        march,
        "rules",
        {"level": "village", "tier": "ordinary", "visits_per_month": 2},
        {"level": "village", "tier": "key", "visits_per_month": 4},
        {"level": "grid", "tier": "ordinary", "visits_per_month": 3},
    )
    take(
        session,
        march,
        "settings",
        {"code": VILLAGES[0], "tier": "key"},
        {
            "code": VILLAGES[2],
            "excluded_reason": "整村搬迁",
            "excluded_by": "张三",
            "excluded_on": "2025-01-05",
        },
    )
    found = report(session, march)
    assert [(one.required, one.status) for one in found.rows] == [
        (4, "under"),
        (2, "met"),
        (2, "excluded"),
        (2, "unvisited"),
    ]
    assert [one.missing for one in found.rows] == [1, 0, 0, 2]
    assert found.rate == pytest.approx(1 / 3)
    exclusion = row(found, VILLAGES[2]).facts.exclusion
    assert exclusion is not None
    assert (exclusion.reason, exclusion.by, exclusion.on) == ("整村搬迁", "张三", date(2025, 1, 5))
    assert [one.required for one in report(session, march, level="town").rows] == [1, 1], "no rule is one visit a month"


@pytest.mark.parametrize(
    ("every_days", "required"),
    [
        (7, [4, 4, 4, 4]),
        (31, [1, 1, 1, 1]),
        (10, [3, 3, 3, 3]),
        # Longer than the month: due when the last visit before it is so long ago. Village 0: 28 February, due on
        # 8 April; village 2: 10 February, due on 21 March; the others were never visited before.
        (39, [0, 1, 1, 1]),
        (49, [0, 1, 1, 1]),
        (50, [0, 1, 0, 1]),
    ],
)
def test_a_rule_of_every_so_many_days(
    session: Session, march: CountyInfo, every_days: int, required: list[int]
) -> None:
    take(session, march, "rules", {"level": "village", "tier": "ordinary", "every_days": every_days})
    found = report(session, march)
    assert [one.required for one in found.rows] == required
    assert row(found, VILLAGES[2]).days_overdue == max(0, 49 - every_days)
    assert row(found, VILLAGES[2]).status == ("unvisited" if required[2] else "met")


def test_assigned_on_the_reports_day(session: Session, march: CountyInfo) -> None:
    take(
        session,
        march,
        "assignments",
        {"staff_no": "C1", "area": VILLAGES[0], "role": "village_link", "from": "2025-03-31"},
        {"staff_no": "C2", "area": VILLAGES[0], "role": "grid_head", "from": "2025-01-01"},
        {"staff_no": "C1", "area": VILLAGES[1], "role": "village_link", "from": "2025-04-01"},
        {"staff_no": "C1", "area": VILLAGES[2], "role": "village_link", "from": "2025-01-01", "to": "2025-03-31"},
        {"staff_no": "C1", "area": VILLAGES[3], "role": "village_link", "from": "2025-01-01", "to": "2025-04-01"},
    )
    found = report(session, march)
    assert [one.unassigned for one in found.rows] == [False, True, True, False]
    assert [(one.staff_no, one.role) for one in row(found, VILLAGES[0]).facts.responsible] == [
        ("C2", "grid_head"),
        ("C1", "village_link"),
    ]
    assert row(found, VILLAGES[0]).facts.responsible[0].organisation == "走访办"
    assert found.unassigned == 2
    assert [one.facts.code for one in found.gaps()] == [VILLAGES[2], VILLAGES[1], VILLAGES[3]]
    assert [one.facts.code for one in found.gaps("unvisited")] == [VILLAGES[2], VILLAGES[3]]


def test_what_is_excluded_is_neither_unassigned_nor_a_gap(session: Session, march: CountyInfo) -> None:
    excluded = {"excluded_reason": "水库", "excluded_by": "李四", "excluded_on": "2025-01-01"}
    take(session, march, "settings", {"code": VILLAGES[3], **excluded})
    found = report(session, march)
    assert not row(found, VILLAGES[3]).unassigned
    assert VILLAGES[3] not in [one.facts.code for one in found.gaps()]
    assert (found.count("excluded"), len(found.rows)) == (1, 4)


def random_visits(rng: random.Random, count: int) -> list[Row]:
    rows = []
    for number in range(count):
        moment = datetime(2025, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")) + timedelta(hours=rng.randrange(24 * 240))
        fields: Row = {"staff_no": rng.choice(["C1", "C2"]), "place": rng.choice([None, "H1", "H2", "H3", "E1"])}
        if rng.random() < 0.2:
            fields["claimed_area"] = rng.choice([*TOWNS, *VILLAGES, *GRIDS])
        else:
            fields["lon"] = round(rng.uniform(119.99, 120.05), 6)
            fields["lat"] = round(rng.uniform(29.99, 30.03), 6)
        rows.append(visit(number, moment.isoformat(), **fields))
    return rows


def chain(one: Row) -> tuple[str, ...]:
    """Codes of the town, village and grid of a visit, by arithmetic."""
    if "lon" not in one:
        claim = str(one["claimed_area"])
        return tuple(claim[:digits] for digits in (9, 12, 15) if len(claim) >= digits)
    column, up = int((one["lon"] - 120) // 0.01), int((one["lat"] - 30) // 0.01)
    if not (0 <= column < 4 and 0 <= up < 2):
        return ()
    grid = GRIDS[column * 2 + up]
    return grid[:9], grid[:12], grid


@pytest.mark.parametrize("seed", range(2))
def test_another_way_of_counting_agrees(session: Session, county: CountyInfo, seed: int) -> None:
    homes = {"H1": GRIDS[0], "H2": GRIDS[7], "H3": VILLAGES[1]}
    take(
        session,
        county,
        "places",
        *({"id": key, "kind": "household", "area": area} for key, area in homes.items()),
        {"id": "E1", "kind": "enterprise", "area": GRIDS[3]},
    )
    rows = random_visits(random.Random(seed), 300)  # noqa: S311 - no secret
    record(session, county, rows)
    for month in (Month(2025, n) for n in range(1, 9)):
        taken = [one for one in rows if one["started_at"].startswith(str(month))]
        for level, codes in LEVELS.items():
            found = report(session, county, month, level=level)
            at: dict[str, list[Row]] = defaultdict(list)
            for one in taken:
                for code in chain(one):
                    at[code].append(one)
            reached = {one["place"] for one in taken if one["place"] in homes}
            assert by_code(found, "visits") == {code: len(at[code]) for code in codes}
            assert by_code(found, "cadres") == {code: len({one["staff_no"] for one in at[code]}) for code in codes}
            assert by_code(found, "unlocated") == {code: sum("lon" not in one for one in at[code]) for code in codes}
            assert by_code(found, "grids_reached") == {
                code: len({chain(one)[2] for one in at[code] if len(chain(one)) == 3}) for code in codes
            }
            assert by_code(found, "households_reached") == {
                code: sum(homes[place].startswith(code) for place in reached) for code in codes
            }
            past = [one for one in rows if one["started_at"][:7] <= str(month)]
            assert by_code(found, "last_visit") == {
                code: max(
                    (date.fromisoformat(one["started_at"][:10]) for one in past if code in chain(one)), default=None
                )
                for code in codes
            }
            assert found.outside == sum(chain(one) == () for one in taken)
            assert found.visits + found.untagged + found.outside == len(taken)


def test_a_parents_visits_are_those_of_its_children_and_of_none(session: Session, county: CountyInfo) -> None:
    record(session, county, random_placeless(7))
    below: dict[CoverageLevel, CoverageLevel] = {"town": "village", "village": "grid"}
    for level, under in below.items():
        for parent in report(session, county, level=level).rows:
            children = report(session, county, level=under, area=parent.facts.code)
            assert parent.facts.visits == children.visits + children.untagged
            assert parent.facts.unlocated >= children.unlocated


def random_placeless(seed: int) -> list[Row]:
    rows = random_visits(random.Random(seed), 300)  # noqa: S311 - no secret
    return [one | {"place": None} for one in rows]


def test_months_partition_time(session: Session, county: CountyInfo) -> None:
    rows = random_placeless(8)
    record(session, county, rows)
    months = [Month(2024, 12), *(Month(2025, n) for n in range(1, 13))]
    for level in LEVELS:
        found = [report(session, county, month, level=level) for month in months]
        assert sum(one.visits + one.untagged + one.outside for one in found) == len(rows)


def test_statuses_add_up(session: Session, county: CountyInfo) -> None:
    record(session, county, random_placeless(9)[:15])
    take(session, county, "rules", {"level": "grid", "tier": "ordinary", "visits_per_month": 2})
    for month in (Month(2025, n) for n in range(1, 9)):
        found = report(session, county, month, level="grid")
        assert sum(found.count(status) for status in ("met", "under", "unvisited", "excluded")) == len(found.rows) == 8


def test_one_visit_more_never_lowers_a_rate(session: Session, county: CountyInfo) -> None:
    rates = []
    for number, one in enumerate(random_placeless(10)[:30]):
        record(session, county, [one | {"started_at": "2025-03-10T09:00:00", "id": visit(number)["id"]}])
        rates.append(report(session, county, level="grid").rate)
    assert rates == sorted(rates, key=lambda rate: rate or 0)


def activate(session: Session, day: date, *layers: Any) -> None:
    staged = boundaries.stage(session, boundary_plans.plan(session, *layers, county=COUNTY))
    boundaries.activate(session, COUNTY, staged.version, from_day=day)


def moved_boundaries() -> list[Any]:
    """The first village is one grid now, the last one is gone, and the second belongs to the second town."""
    villages = layer("village", VILLAGES[:3], [box(i, 0, high=2) for i in range(3)], parent=[None, TOWNS[1], None])
    grids = layer(
        "grid", [f"{VILLAGES[0]}003", *GRIDS[2:6]], [box(0, 0, high=2), *(box(i // 2, i % 2) for i in range(2, 6))]
    )
    return [villages, grids]


def reports(session: Session, county: CountyInfo, month: Month = MARCH) -> dict[CoverageLevel, CoverageReport]:
    return {level: report(session, county, month, level=level) for level in LEVELS}


PLACES: list[Row] = [
    {"id": "H1", "kind": "household", "lon": 120.005, "lat": 30.005},
    {"id": "H2", "kind": "household", "area": GRIDS[7]},
    {"id": "H3", "kind": "household", "lon": 120.035, "lat": 30.015, "area": VILLAGES[3]},
    {"id": "E1", "kind": "enterprise", "area": GRIDS[3]},
]


def test_a_month_of_then_stays_as_it_was_when_boundaries_change(session: Session, county: CountyInfo) -> None:
    take(session, county, "places", *PLACES)
    record(session, county, random_visits(random.Random(11), 300))  # noqa: S311
    before = reports(session, county)
    activate(session, date(2025, 6, 1), *moved_boundaries())
    assert reports(session, county) == before
    assert before["grid"].version == 1
    may, june = (report(session, county, Month(2025, n), level="grid") for n in (5, 6))
    assert (may.version, june.version) == (1, 2)
    assert len(june.rows) == 5
    # And once more: what is retired twice over is still read as it was.
    activate(session, date(2025, 8, 1), *squares.layers())
    assert reports(session, county) == before
    assert report(session, county, Month(2025, 6), level="grid") == june


def test_a_home_outside_of_all_areas_stays_with_the_one_it_names(session: Session, county: CountyInfo) -> None:
    """A boat village's mooring lies in the water: it is outside, and named as part of a grid."""
    take(session, county, "places", {"id": "B1", "kind": "household", "lon": 119.99, "lat": 30.0, "area": GRIDS[0]})
    record(session, county, [visit(1, grid=GRIDS[0], place="B1")])
    before = reports(session, county)
    assert before["grid"].rows[0].facts.households_reached == 1
    activate(session, date(2025, 6, 1), *moved_boundaries())
    assert reports(session, county) == before


def test_late_visits_count_for_then_as_if_they_had_come_in_time(session: Session, county: CountyInfo) -> None:
    take(session, county, "places", *PLACES)
    rows = random_visits(random.Random(12), 300)  # noqa: S311 - no secret
    rows += [visit(900 + n, claimed_area=code) for n, code in enumerate([GRIDS[3], VILLAGES[1], TOWNS[0]])]
    with session.begin_nested() as savepoint:
        record(session, county, rows)
        in_time = reports(session, county)
        savepoint.rollback()
    session.expunge_all()
    record(session, county, rows[::2])
    activate(session, date(2025, 6, 1), *moved_boundaries())
    record(session, county, rows[1::2])
    assert reports(session, county) == in_time


def test_then_and_now(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, grid=GRIDS[0]), visit(2, grid=GRIDS[1]), visit(3, grid=GRIDS[7])])
    activate(session, date(2025, 6, 1), *moved_boundaries())
    then, now = (report(session, county, level="grid", read_with=which) for which in ("then", "now"))
    assert by_code(then, "visits") == {code: int(code in (GRIDS[0], GRIDS[1], GRIDS[7])) for code in GRIDS}
    merged = f"{VILLAGES[0]}003"
    assert by_code(now, "visits") == {merged: 2, **dict.fromkeys(GRIDS[2:6], 0)}
    assert (then.boundaries, now.boundaries, then.version, now.version) == ("then", "now", 1, 2)
    assert (then.outside, now.untagged, now.outside) == (0, 1, 0), "its village is gone, its town is not"
    assert row(now, merged).facts.last_visit == date(2025, 3, 10)


def test_two_readings_of_then_in_one_transaction(session: Session, county: CountyInfo) -> None:
    record(session, county, random_placeless(13))
    activate(session, date(2025, 6, 1), *moved_boundaries())
    first = [report(session, county, Month(2025, n), level="grid") for n in (2, 3)]
    again = [report(session, county, Month(2025, n), level="grid") for n in (2, 3)]
    assert first == again
    assert [len(one.rows) for one in first] == [8, 8]


def test_before_the_first_version_the_first_one_is_read(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, "2024-05-05T09:00:00", grid=GRIDS[0])])
    found = report(session, county, Month(2024, 5))
    assert (found.version, found.visits) == (1, 1)


def test_nothing_of_it_is_kept_in_the_database(session: Session, march: CountyInfo) -> None:
    activate(session, date(2025, 6, 1), *moved_boundaries())
    before = session.execute(text("SELECT count(*) FROM visit_tallies")).scalar_one()
    report(session, march)
    assert session.execute(text("SELECT count(*) FROM visit_tallies")).scalar_one() == before


def test_another_county_is_another_world(session: Session, march: CountyInfo) -> None:
    villages = layer("village", ["a", VILLAGES[0]], [box(0, 0, high=2), box(1, 0, high=2)])
    staged = boundaries.stage(
        session, boundary_plans.plan(session, villages, county="chicago", time_zone="America/Chicago")
    )
    boundaries.activate(session, "chicago", staged.version, from_day=date(2025, 1, 1))
    chicago = counties.resolve(session, "chicago")
    for kind, fields in (
        ("organisations", {"code": "D1", "name": "City", "kind": "department"}),
        ("cadres", {"staff_no": "C1", "name": "A", "organisation": "D1"}),
    ):
        take(session, chicago, kind, fields)
    before = report(session, march)
    # The same ids, a month earlier in this calendar: 1 March in Shanghai is 28 February here.
    record(session, chicago, [visit(1, "2025-03-01T00:00:00+08:00", lon=120.005, lat=30.005)])
    assert report(session, march) == before
    assert by_code(report(session, chicago, Month(2025, 2)), "visits") == {VILLAGES[0]: 0, "a": 1}
    assert report(session, chicago).visits == 0


def test_without_boundaries_there_is_no_report(session: Session) -> None:
    session.add(County(code=COUNTY, scheme="cn", time_zone="Asia/Shanghai", metric_epsg=4549))
    session.flush()
    with pytest.raises(NoBoundaries):
        report(session, counties.resolve(session, COUNTY))


def test_a_report_is_a_value(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    assert found == report(session, march)
    assert hash(found) == hash(report(session, march))
    assert replace(found, outside=found.outside + 1) != found


def test_the_month_to_show_first(session: Session, march: CountyInfo) -> None:
    assert coverage.latest_month(session, march, LATER) == Month(2025, 4)
    assert coverage.latest_month(session, march, datetime(2025, 3, 5, tzinfo=UTC)) == MARCH
