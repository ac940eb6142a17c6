"""What looks odd about a visit: each threshold from both sides, and who is told of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from geo.intake.visits import parse
from geo.services import visit_flags, visits
from geo.services.accounts import Access
from geo.services.visit_flags import SPOT_M
from geo.services.visits import Answer
from geo.storage import reach
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach
from geo.storage.tables import Visit
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, moved
from tests.visiting import Row, outcomes, record, take, visit

HOME = (120.005, 30.005)
"""In the middle of grid 0."""

MIDDAY = "2025-03-10T12:00:00"


def position(east: float = 0.0, north: float = 0.0, *, of: tuple[float, float] = HOME) -> dict[str, float]:
    lon, lat = moved(*of, east=east, north=north)
    return {"lon": lon, "lat": lat}


def after(minutes: float, start: str = MIDDAY) -> str:
    return (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()


def flags(answers: Iterable[Answer]) -> list[tuple[str, ...]]:
    return [tuple(answer.flags) for answer in answers]


def alone(session: Session, county: CountyInfo, **fields: Any) -> tuple[str, ...]:
    """The flags of one visit on a day without others."""
    (answer,) = record(session, county, [visit(1, MIDDAY, **fields)])
    assert answer.outcome == "stored"
    return tuple(answer.flags)


def stored(session: Session) -> dict[int, tuple[str, ...]]:
    return {id_.int: tuple(told) for id_, told in session.execute(select(Visit.id, Visit.flags))}


# claim_contradicts, far_from_claim


@pytest.mark.parametrize(
    ("accuracy", "claim", "expected"),
    [
        # ten metres west of grid 2, in grid 0
        (None, GRIDS[0], ()),
        (None, VILLAGES[0], ()),
        (None, TOWNS[0], ()),
        (None, None, ()),
        (None, "no code", ("claim_unknown",)),
        (500, GRIDS[0][:-1], ("claim_unknown",)),
        (None, COUNTY, ()),
        (None, GRIDS[2], ("claim_contradicts",)),
        (5, GRIDS[2], ("claim_contradicts",)),
        (9.9, VILLAGES[1], ("claim_contradicts",)),
        (10.1, GRIDS[2], ()),
        (15, VILLAGES[1], ()),
        (15, GRIDS[3], ("claim_contradicts",)),
        (15, GRIDS[1], ("claim_contradicts",)),
        (100, GRIDS[3], ("claim_contradicts",)),
        (100.1, GRIDS[3], ()),
        (15, TOWNS[1], ("claim_contradicts",)),
    ],
)
def test_a_claim_that_a_precise_position_contradicts(
    session: Session, county: CountyInfo, accuracy: float | None, claim: str | None, expected: tuple[str, ...]
) -> None:
    here = position(-10, of=(120.01, 30.005))
    assert alone(session, county, **here, accuracy_m=accuracy, claimed_area=claim) == expected
    assert stored(session) == {1: expected}
    assert session.scalar(select(Visit.claimed_area)) == claim, "both stay as they are"


@pytest.mark.parametrize(
    ("metres", "accuracy", "is_far"),
    [(995, None, False), (1_005, None, True), (1_050, 60, False), (1_050, 40, True), (3_100, 2_200, False)],
)
def test_far_from_the_claimed_area(
    session: Session,
    county: CountyInfo,
    metres: float,
    accuracy: float | None,
    is_far: bool,  # noqa: FBT001 - a case
) -> None:
    fields = {**position(-metres, of=(120.02, 30.005)), "accuracy_m": accuracy, "claimed_area": TOWNS[1]}
    assert ("far_from_claim" in alone(session, county, **fields)) is is_far


def test_far_and_not_precise_is_far_all_the_same(session: Session, county: CountyInfo) -> None:
    fields = {**position(-3_000, of=(120.02, 30.005)), "accuracy_m": 500, "claimed_area": GRIDS[4]}
    assert alone(session, county, **fields) == ("far_from_claim",)


def test_outside_the_county_a_claim_is_contradicted(session: Session, county: CountyInfo) -> None:
    assert alone(session, county, lon=121.0, lat=31.0, claimed_area=GRIDS[0]) == ("claim_contradicts", "far_from_claim")


def test_without_a_position_nothing_contradicts(session: Session, county: CountyInfo) -> None:
    assert alone(session, county, claimed_area=GRIDS[0], accuracy_m=5) == ()


# too_fast


@pytest.mark.parametrize(
    ("metres", "minutes", "fast"),
    [(10_200, 5, True), (9_800, 5, False), (3_008, 0, True), (2_985, 0, False), (3_008, 1, True), (3_008, 2, False)],
)
def test_too_fast(
    session: Session,
    county: CountyInfo,
    metres: float,
    minutes: float,
    fast: bool,  # noqa: FBT001 - a case
) -> None:
    rows = [visit(1, MIDDAY, **position()), visit(2, after(minutes), **position(north=metres))]
    expected: tuple[str, ...] = ("too_fast",) if fast else ()
    assert flags(record(session, county, rows)) == [expected, expected]
    assert stored(session) == {1: expected, 2: expected}


@pytest.mark.parametrize(("first", "second"), [(1_200, None), (None, 1_200), (600, 600)])
def test_what_both_positions_may_err_is_no_way(
    session: Session, county: CountyInfo, first: float | None, second: float | None
) -> None:
    here, there = position(), position(north=11_100)
    rows = [visit(1, MIDDAY, **here, accuracy_m=first), visit(2, after(5), **there, accuracy_m=second)]
    assert flags(record(session, county, rows)) == [(), ()]
    stricter = [visit(3, "2025-04-10T12:00:00", **here), visit(4, "2025-04-10T12:05:00", **there)]
    assert flags(record(session, county, stricter)) == [("too_fast",), ("too_fast",)]


def test_a_stored_visit_counts_with_its_accuracy(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, MIDDAY, **position(), accuracy_m=1_200)])
    assert flags(record(session, county, [visit(2, after(5), **position(north=11_100))])) == [()]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_only_the_new_row_is_told_of_a_stored_one(session: Session, county: CountyInfo, minutes: float) -> None:
    record(session, county, [visit(1, MIDDAY, **position())])
    assert flags(record(session, county, [visit(2, after(minutes), **position(15_000))])) == [("too_fast",)]
    assert stored(session) == {1: (), 2: ("too_fast",)}


def test_across_midnight(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, "2025-03-10T23:58:00", **position())])
    assert flags(record(session, county, [visit(2, "2025-03-11T00:03:00", **position(15_000))])) == [("too_fast",)]


@pytest.mark.parametrize(("ended", "expected"), [(None, ()), (58, ("too_fast",)), (70, ("too_fast",)), (50, ())])
def test_the_way_begins_when_a_visit_ends(
    session: Session, county: CountyInfo, ended: float | None, expected: tuple[str, ...]
) -> None:
    """15 km in an hour, less what the visit itself took."""
    end = None if ended is None else after(ended)
    record(session, county, [visit(1, MIDDAY, **position(), ended_at=end)])
    assert flags(record(session, county, [visit(2, after(60), **position(15_000))])) == [expected]
    pair = [
        visit(3, MIDDAY, **position(), ended_at=end, staff_no="C2"),
        visit(4, after(60), **position(15_000), staff_no="C2"),
    ]
    assert flags(record(session, county, pair)) == [expected] * 2


def test_other_people_and_unlocated_visits_are_passed_over(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, MIDDAY, **position(15_000), staff_no="C2")])
    rows = [
        visit(2, MIDDAY, **position()),
        visit(3, after(1), claimed_area=GRIDS[6]),
        visit(4, after(2), **position(10)),
        visit(7, after(3), **position(15_000), staff_no="C2"),
    ]
    assert flags(record(session, county, rows)) == [()] * 4
    # What lies between is not seen past: the located ones are compared with each other.
    rows = [visit(5, after(3), claimed_area=GRIDS[0]), visit(6, after(4), **position(15_000))]
    assert flags(record(session, county, rows)) == [(), ("too_fast",)]


def test_withdrawn_visits_are_passed_over(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, MIDDAY, **position())])
    session.execute(update(Visit).values(withdrawn_at=datetime.now(UTC)))
    again, new = record(session, county, [visit(1, MIDDAY, **position()), visit(2, after(5), **position(15_000))])
    assert (again.outcome, new.outcome) == ("duplicate", "stored")
    assert (again.flags, new.flags) == ((), ())


def test_what_is_not_stored_says_nothing_about_what_is(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, MIDDAY, **position())])
    conflict, new = record(session, county, [visit(1, MIDDAY, **position(15_000)), visit(2, after(5), **position(10))])
    assert (conflict.outcome, new.outcome, new.flags) == ("conflict", "stored", ())
    rows = [
        visit(3, after(10), **position()),
        visit(3, after(10), **position(15_000)),
        visit(4, after(11), **position(15_000), staff_no="C9"),
    ]
    assert flags(record(session, county, rows)) == [(), (), ()]


def test_at_the_same_moment_the_order_of_rows_is_irrelevant(session: Session, county: CountyInfo) -> None:
    rows = [visit(1, MIDDAY, **position()), visit(2, MIDDAY, **position()), visit(3, MIDDAY, **position(15_000))]
    rows.append(visit(4, after(-60), **position()))
    found = []
    for order in ([0, 1, 2, 3], [0, 2, 1, 3], [2, 0, 3, 1], [1, 2, 3, 0]):
        with session.begin_nested() as savepoint:
            record(session, county, [rows[at] for at in order])
            found.append(stored(session))
            savepoint.rollback()
        session.expunge_all()
    assert found[0][3] == ("too_fast",)
    assert found[1:] == found[:1] * 3


# same_spot


def many(count: int, *, start: str = MIDDAY, first: int = 1, **fields: Any) -> list[Row]:
    return [visit(first + n, after(10 * n, start), **{**position(), **fields}) for n in range(count)]


@pytest.mark.parametrize(("count", "expected"), [(9, ()), (10, ("same_spot",)), (11, ("same_spot",))])
def test_ten_at_one_spot(session: Session, county: CountyInfo, count: int, expected: tuple[str, ...]) -> None:
    assert flags(record(session, county, many(count))) == [expected] * count


@pytest.mark.parametrize(("metres", "expected"), [(19.5, ("same_spot",)), (20.5, ())])
def test_a_spot_is_twenty_metres_wide(
    session: Session, county: CountyInfo, metres: float, expected: tuple[str, ...]
) -> None:
    for direction in ({"east": metres}, {"north": -metres}):
        with session.begin_nested() as savepoint:
            rows = [*many(9), visit(10, after(120), **position(**direction))]
            assert flags(record(session, county, rows)) == [expected] * 10
            savepoint.rollback()
        session.expunge_all()


def test_the_tenth_is_told_and_the_nine_before_are_not(session: Session, county: CountyInfo) -> None:
    assert flags(record(session, county, many(9, start="2025-03-10T07:00:00"))) == [()] * 9
    assert flags(record(session, county, [visit(10, "2025-03-10T19:00:00", **position())])) == [("same_spot",)]
    assert stored(session) == dict.fromkeys(range(1, 10), ()) | {10: ("same_spot",)}


def test_a_day_is_the_county_s(session: Session, county: CountyInfo) -> None:
    over_midnight = many(10, start="2025-03-10T22:35:00")
    assert flags(record(session, county, over_midnight)) == [()] * 10
    over_midnight_of_utc = many(10, start="2025-03-12T07:10:00", first=20)
    assert flags(record(session, county, over_midnight_of_utc)) == [("same_spot",)] * 10


def test_others_unlocated_and_withdrawn_ones_make_no_spot(session: Session, county: CountyInfo) -> None:
    rows = [*many(9), visit(10, after(120), **position(), staff_no="C2"), visit(11, after(121), claimed_area=GRIDS[0])]
    assert flags(record(session, county, rows)) == [()] * 11
    session.execute(update(Visit).where(Visit.id == UUID(int=1)).values(withdrawn_at=datetime.now(UTC)))
    assert flags(record(session, county, [visit(12, after(122), **position())])) == [()]


@pytest.mark.parametrize(("zone", "day"), [("America/Havana", "2025-03-09"), ("Asia/Shanghai", "1949-05-01")])
def test_a_day_that_begins_without_a_midnight(session: Session, county: CountyInfo, zone: str, day: str) -> None:
    """Clocks were put from 00:00 to 01:00."""
    there = replace(county, zone=ZoneInfo(zone))
    assert flags(record(session, there, many(10, start=f"{day}T01:30:00"))) == [("same_spot",)] * 10


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 11)), min_size=1, max_size=40))
def test_neighbours_are_counted_as_on_the_ellipsoid(places: list[tuple[int, int]]) -> None:
    """On a lattice where no two places are just 20 m apart."""
    points = [moved(*HOME, east=4.3 * column, north=5.7 * row) for column, row in places]
    lon, lat = np.array(points, dtype=float).reshape(-1, 2).T
    pairs = np.indices((len(lon), len(lon))).reshape(2, -1)
    _, _, metres = pyproj.Geod(ellps="GRS80").inv(*(values[one] for one in pairs for values in (lon, lat)))
    expected = (metres.reshape(len(lon), -1) <= SPOT_M).sum(axis=1)
    assert visit_flags._beside(lon, lat).tolist() == expected.tolist()


def test_thousands_of_one_person_on_one_day() -> None:
    """A sheet may say so: neither time nor memory goes with their square."""
    rng = np.random.default_rng(4)
    lon, lat = 120 + rng.uniform(0, 0.02, 30_000), 30 + rng.uniform(0, 0.02, 30_000)
    some = rng.integers(25_000, 30_000, 500)
    lon[:25_000], lat[:25_000] = HOME
    found = visit_flags._beside(lon, lat)
    assert found[0] == (visit_flags._metres(*HOME, lon, lat) <= SPOT_M).sum() >= 25_000
    for at in some.tolist():
        assert found[at] == (visit_flags._metres(lon[at], lat[at], lon, lat) <= SPOT_M).sum()


# at_office


@pytest.fixture
def offices(session: Session, county: CountyInfo) -> None:
    there = moved(*HOME, east=2_000)
    take(
        session,
        county,
        "organisations",
        {"code": "D1", "name": "走访办", "kind": "department", "lon": HOME[0], "lat": HOME[1]},
        {"code": "D2", "name": "工作站", "kind": "department", "lon": there[0], "lat": there[1]},
        {"code": "D3", "name": "无处", "kind": "department"},
    )
    take(session, county, "places", {"id": "H1", "kind": "household", "lon": HOME[0], "lat": HOME[1]})


@pytest.mark.usefixtures("offices")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (position(), ("at_office",)),
        (position(2_000), ("at_office",)),
        (position(49.5), ("at_office",)),
        (position(50.5), ()),
        (position(north=-49.5), ("at_office",)),
        (position(north=-50.5), ()),
        ({**position(), "accuracy_m": 500}, ("at_office",)),
        ({**position(), "place": "H1"}, ()),
        ({"claimed_area": GRIDS[0]}, ()),
    ],
)
def test_at_an_office(session: Session, county: CountyInfo, fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert alone(session, county, **fields) == expected


def test_without_offices_nobody_is_at_one(session: Session, county: CountyInfo) -> None:
    assert alone(session, county, **position()) == ()


# All of them


@pytest.mark.usefixtures("offices")
def test_several_at_once_stand_in_a_fixed_order(session: Session, county: CountyInfo) -> None:
    rows = many(10, claimed_area=TOWNS[1])
    rows.append(visit(11, after(91), **position(15_000)))
    *_, last, far = flags(record(session, county, rows))
    assert last == ("claim_contradicts", "far_from_claim", "too_fast", "same_spot", "at_office")
    assert far == ("too_fast",)


@pytest.mark.parametrize(
    "moment", ["2025-03-08T10:00", "2025-03-09T23:30", "2025-03-10T03:00", "2025-10-01T20:00", "2025-01-29T00:00"]
)
def test_evenings_nights_weekends_and_holidays_are_nobody_s_business(
    session: Session, county: CountyInfo, moment: str
) -> None:
    (answer,) = record(session, county, [visit(1, moment, grid=GRIDS[0], accuracy_m=5, claimed_area=GRIDS[0])])
    assert (answer.outcome, answer.flags) == ("stored", ())


def test_no_rows_no_flags(session: Session, county: CountyInfo) -> None:
    assert record(session, county, []) == []
    assert flags(record(session, county, [visit(1, MIDDAY, grid=GRIDS[0], staff_no="C9")])) == [()]


def test_a_batch_of_a_supervisor_of_one_town(session: Session, county: CountyInfo) -> None:
    """What lies in the other town counts for the flags and is not shown."""
    east = squares.centre(GRIDS[6])
    record(session, county, [visit(1, MIDDAY, lon=east[0], lat=east[1]), visit(2, MIDDAY, grid=GRIDS[0])])
    by = Access(1, "town", "supervisor", Reach(COUNTY, "town", TOWNS[0]), None)
    rows = [
        visit(1, MIDDAY, grid=GRIDS[0]),
        visit(2, MIDDAY, grid=GRIDS[0]),
        visit(3, after(1), lon=east[0] - 0.0305, lat=east[1]),
        visit(4, after(2), grid=GRIDS[6]),
        visit(5, "2025-05-01T09:00", grid=GRIDS[1], claimed_area=GRIDS[6]),
        visit(6, "2025-05-02T09:00", claimed_area=VILLAGES[0]),
    ]
    reach.limit(session, by.reach)
    good, refused = parse(enumerate(rows, start=1), zone=county.zone, now=datetime.now(UTC))
    answers = visits.record(session, county, good, refused, by=by)
    reach.limit(session, None)
    assert [answer.outcome for answer in answers] == [
        *("conflict", "duplicate", "stored", "rejected", "stored", "stored"),
    ]
    assert answers[0].kept is None, "it lies in the other town"
    assert answers[0].reason("en") == "this id is that of another visit"
    assert answers[0].reason("zh-CN") == "该编号已属于另一条走访"
    assert answers[3].reason("en") == f"it is not within {TOWNS[0]}"
    assert answers[3].reason("zh-CN") == f"不在 {TOWNS[0]} 范围内"
    assert flags(answers)[4:] == [("claim_contradicts", "far_from_claim"), ()]
    assert set(stored(session)) == {1, 2, 3, 5, 6}
    assert outcomes(answers)["stored"] == 3
    assert session.scalar(select(Visit.entered_by).where(Visit.id == UUID(int=3))) == "town"


def test_a_supervisor_is_told_of_a_way_from_the_other_town(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, MIDDAY, lon=120.0395, lat=30.005)])
    by = Access(1, "town", "supervisor", Reach(COUNTY, "town", TOWNS[0]), None)
    reach.limit(session, by.reach)
    rows = [(1, visit(2, after(1), lon=120.0005, lat=30.005))]
    good, refused = parse(rows, zone=county.zone, now=datetime.now(UTC))
    assert flags(visits.record(session, county, good, refused, by=by)) == [("too_fast",)]
