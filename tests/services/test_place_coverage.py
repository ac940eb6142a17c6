"""Coverage of places on the squares, counted by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from geo.analysis.place_coverage import Count, Home, ListedKind, Partner, PlaceCoverage, PlaceFacts
from geo.errors import FutureMonth, UnknownArea
from geo.months import Month
from geo.services import boundaries, boundary_plans, place_coverage, visit_changes
from geo.services.accounts import Access
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box, layer
from tests.visiting import record, take, visit

MARCH = Month(2025, 3)
LATER = datetime(2026, 1, 1, tzinfo=UTC)
BY = Access(1, "test", "admin", None, None)


def report(session: Session, county: CountyInfo, month: Month = MARCH, **asked: Any) -> PlaceCoverage:
    return place_coverage.report(session, county, month, **{"now": LATER, **asked})


def ids(found: PlaceCoverage) -> list[str]:
    return [place.id for place in found.places]


def place(found: PlaceCoverage, id_: str) -> PlaceFacts:
    (one,) = [one for one in found.places if one.id == id_]
    return one


def households(found: PlaceCoverage) -> dict[str | None, tuple[int, int]]:
    return {one.home.code if one.home else None: (one.count.all, one.count.visited) for one in found.households}


@pytest.fixture
def march(session: Session, county: CountyInfo) -> CountyInfo:
    """Nine places and four households; E1 and P1 are visited in March, E1 on both edges of the month too."""
    take(
        session,
        county,
        "places",
        {"id": "E1", "kind": "enterprise", "name": "甲厂", "area": GRIDS[0], "staff_no": "C1"},
        {"id": "E2", "kind": "enterprise", "area": GRIDS[1], "staff_no": "C1"},
        {"id": "E3", "kind": "enterprise", "area": GRIDS[7]},
        {"id": "E4", "kind": "enterprise", "area": GRIDS[7], "staff_no": "C2"},
        {"id": "E5", "kind": "enterprise"},
        {"id": "P1", "kind": "project", "area": VILLAGES[1]},
        {"id": "P2", "kind": "project", "area": TOWNS[1], "staff_no": "C2"},
        {"id": "S1", "kind": "scenic_spot", "lon": 120.005, "lat": 30.005},
        {"id": "S2", "kind": "scenic_spot", "area": GRIDS[0], "staff_no": "C2"},
        {"id": "H1", "kind": "household", "area": GRIDS[0]},
        {"id": "H2", "kind": "household", "area": GRIDS[0]},
        {"id": "H3", "kind": "household", "area": GRIDS[7]},
        {"id": "H4", "kind": "household"},
    )
    record(
        session,
        county,
        [
            visit(1, "2025-03-01T00:00:00", grid=GRIDS[0], place="E1"),
            visit(2, "2025-03-31T23:59:59.999999", grid=GRIDS[0], place="E1"),
            visit(3, "2025-02-28T23:59:59.999999", grid=GRIDS[1], place="E2"),
            visit(4, "2025-04-01T00:00:00", grid=GRIDS[1], place="E2"),
            visit(5, "2025-02-10T09:00:00", grid=GRIDS[7], place="E4"),
            # Noted in another town: it is the place that was visited.
            visit(6, "2025-03-15T09:00:00", grid=GRIDS[7], staff_no="C2", place="P1"),
            visit(7, "2025-03-15T09:00:00", grid=GRIDS[0], place="H1"),
            visit(8, "2025-03-16T09:00:00", grid=GRIDS[0], place="H1"),
            visit(9, "2025-04-01T00:00:00", grid=GRIDS[0], place="H2"),
            visit(10, "2025-03-16T09:00:00", claimed_area=GRIDS[0]),
            visit(11, "2025-03-17T09:00:00", grid=GRIDS[0], place="H4"),
        ],
    )
    return county


@pytest.fixture
def limited(session: Session) -> Iterator[Session]:
    yield session
    reach.limit(session, None)


def test_kinds_counted_by_hand(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    assert found.counts == {
        "enterprise": Count(5, 1),
        "project": Count(2, 1),
        "scenic_spot": Count(2, 0),
        "household": Count(4, 2),
    }
    assert found.counts["enterprise"].unvisited == 4
    assert found.counts["enterprise"].rate == 0.2
    assert {one.id: one.visits for one in found.places if one.visits} == {"E1": 2, "P1": 1}
    assert (found.scope, found.scope_name, found.version, found.as_of) == (COUNTY, "方格县", 1, date(2025, 3, 31))


def test_months_are_half_open_and_the_last_visit_is_the_last_ever_up_to_the_end(
    session: Session, march: CountyInfo
) -> None:
    found = report(session, march)
    last = {one.id: (one.last_visit, found.days_since(one)) for one in found.places}
    assert last["E1"] == (date(2025, 3, 31), 0)
    assert last["E2"] == (date(2025, 2, 28), 31)
    assert last["E4"] == (date(2025, 2, 10), 49)
    assert last["E3"] == (None, None)
    february, april = report(session, march, Month(2025, 2)), report(session, march, Month(2025, 4))
    assert {one.id for one in february.places if one.visits} == {"E2", "E4"}
    assert {one.id for one in april.places if one.visits} == {"E2"}
    assert households(april)[GRIDS[0]] == (2, 1)
    assert place(april, "E1").last_visit == date(2025, 3, 31)


def test_unvisited_first_without_a_cadre_then_the_longest(session: Session, march: CountyInfo) -> None:
    assert ids(report(session, march)) == ["E3", "E5", "S1", "P2", "S2", "E4", "E2", "P1", "E1"]


def test_home_and_cadre(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    first = place(found, "E1")
    assert first.name == "甲厂"
    assert first.home == Home(GRIDS[0], f"grid {GRIDS[0]}", f"town {TOWNS[0]}", f"village {VILLAGES[0]}")
    assert first.partner == Partner("C1", "干部1", "走访办")
    assert place(found, "S1").home == first.home, "by its position"
    assert place(found, "P1").home == Home(
        VILLAGES[1], f"village {VILLAGES[1]}", f"town {TOWNS[0]}", f"village {VILLAGES[1]}"
    )
    assert place(found, "P2").home == Home(TOWNS[1], f"town {TOWNS[1]}", f"town {TOWNS[1]}", None)
    assert (place(found, "E5").home, place(found, "P1").partner) == (None, None)


def test_households_are_counted_by_area_and_never_listed(session: Session, march: CountyInfo) -> None:
    found = report(session, march)
    assert households(found) == {GRIDS[0]: (2, 1), GRIDS[7]: (1, 0), None: (1, 1)}
    assert not {one for one in ids(found) if one.startswith("H")}
    assert households(report(session, march, area=TOWNS[0])) == {GRIDS[0]: (2, 1)}


def test_one_kind(session: Session, march: CountyInfo) -> None:
    whole = report(session, march)
    kinds: tuple[ListedKind, ...] = ("enterprise", "project", "scenic_spot")
    for kind in kinds:
        found = report(session, march, kind=kind)
        assert found.places == tuple(one for one in whole.places if one.kind == kind)
        assert found.counts == {kind: whole.counts[kind]}
        assert found.households == ()


def test_a_kind_without_a_place(session: Session, county: CountyInfo) -> None:
    found = report(session, county)
    assert set(found.counts.values()) == {Count(0, 0)}
    assert found.counts["enterprise"].rate is None


def test_scope_by_area(session: Session, march: CountyInfo) -> None:
    assert ids(report(session, march, area=TOWNS[0])) == ["S1", "S2", "E2", "P1", "E1"]
    assert ids(report(session, march, area=VILLAGES[0])) == ["S1", "S2", "E2", "E1"]
    assert ids(report(session, march, area=GRIDS[7])) == ["E3", "E4"]
    with pytest.raises(UnknownArea, match="990199109"):
        report(session, march, area="990199109")


@pytest.mark.parametrize(
    ("level", "code", "seen"),
    [
        ("county", COUNTY, ["E3", "E5", "S1", "P2", "S2", "E4", "E2", "P1", "E1"]),
        ("town", TOWNS[1], ["E3", "P2", "E4"]),
        ("village", VILLAGES[1], ["P1"]),
        ("grid", GRIDS[0], ["S1", "S2", "E1"]),
    ],
)
def test_a_reader_sees_the_places_of_his_area(
    limited: Session, march: CountyInfo, level: Level, code: str, seen: list[str]
) -> None:
    whole = report(limited, march)
    reach.limit(limited, Reach(COUNTY, level, code))
    found = report(limited, march, area=code)
    assert ids(found) == seen
    assert [place(whole, one) for one in seen] == list(found.places), (
        "names above the scope and visits of elsewhere too"
    )
    assert set(households(found)) <= set(households(whole) if level == "county" else GRIDS)
    if level != "county":
        with pytest.raises(UnknownArea):
            report(limited, march, area=GRIDS[1])
        with pytest.raises(UnknownArea):
            report(limited, march)


def test_what_is_withdrawn_does_not_count(session: Session, march: CountyInfo) -> None:
    for number in (1, 6, 7, 8):
        visit_changes.withdraw(session, march.code, UUID(int=number), reason="误录", by=BY)
    found = report(session, march)
    assert (place(found, "E1").visits, place(found, "P1").visits, place(found, "P1").last_visit) == (1, 0, None)
    assert households(found)[GRIDS[0]] == (2, 0)
    visit_changes.withdraw(session, march.code, UUID(int=2), reason="误录", by=BY)
    found = report(session, march)
    assert (place(found, "E1").visits, place(found, "E1").last_visit) == (0, None)
    visit_changes.restore(session, march.code, UUID(int=2), reason="无误", by=BY)
    assert place(report(session, march), "E1").visits == 1


def test_a_place_that_moved_takes_its_visits_along(session: Session, march: CountyInfo) -> None:
    take(
        session,
        march,
        "places",
        {"id": "E1", "kind": "enterprise", "area": GRIDS[7]},
        {"id": "H1", "kind": "household", "area": GRIDS[7]},
    )
    assert "E1" not in ids(report(session, march, area=TOWNS[0]))
    moved = place(report(session, march, area=GRIDS[7]), "E1")
    assert moved.visits == 2
    assert moved.home is not None
    assert moved.home.code == GRIDS[7]
    assert households(report(session, march)) == {GRIDS[0]: (1, 0), GRIDS[7]: (2, 1), None: (1, 1)}


def test_places_are_read_with_the_active_version(session: Session, march: CountyInfo) -> None:
    """Grids 0 and 1 become one, of the code of grid 1: whatever was at home in them is at home there, in March too."""
    changed = layer(
        "grid", [GRIDS[1], *GRIDS[2:]], [box(0, 0, high=2), *(box(i // 2, i % 2) for i in range(2, len(GRIDS)))]
    )
    staged = boundaries.stage(session, boundary_plans.plan(session, changed))
    boundaries.activate(session, COUNTY, staged.version, from_day=date(2025, 6, 1))
    found = report(session, march)
    home = place(found, "S1").home
    assert found.version == staged.version
    assert home is not None
    assert home.code == GRIDS[1]
    assert ids(report(session, march, area=GRIDS[1])) == ["S1", "S2", "E2", "E1"]
    assert households(found)[GRIDS[1]] == (2, 1)
    with pytest.raises(UnknownArea):
        report(session, march, area=GRIDS[0])


def test_a_running_month_is_counted_to_today(session: Session, march: CountyInfo) -> None:
    now = datetime(2025, 3, 17, 16, 0, tzinfo=UTC)
    found = report(session, march, now=now)
    assert found.as_of == date(2025, 3, 18), "it is the 18th in the county"
    assert found.days_since(place(found, "E2")) == 18
    assert found.days_since(place(found, "E1")) == 0, "a clock that runs ahead"
    with pytest.raises(FutureMonth):
        report(session, march, Month(2025, 4), now=now)


def test_the_neighbours_places_are_none_of_ours(session: Session, march: CountyInfo) -> None:
    """The same ids in another county, visited in the same month."""
    other = squares.layer("town", ["990198101"], [box(10, 0)])
    staged = boundaries.stage(session, boundary_plans.plan(session, other, county_name="邻县"))
    boundaries.activate(session, "990198", staged.version, from_day=date(2025, 1, 1))
    before = report(session, march)
    near = counties.resolve(session, "990198")
    take(session, near, "organisations", {"code": "D1", "name": "邻县办", "kind": "department"})
    take(session, near, "cadres", {"staff_no": "C1", "name": "邻人", "organisation": "D1"})
    take(session, near, "places", {"id": "E2", "kind": "enterprise", "area": "990198101", "staff_no": "C1"})
    record(session, near, [visit(50, "2025-03-05T09:00:00", place="E2", claimed_area="990198101")])
    assert report(session, march) == before
    assert ids(report(session, near)) == ["E2"]
