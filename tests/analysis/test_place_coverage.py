"""Coverage of places: counts that add up, the order of the list, days since."""

import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.place_coverage import (
    LISTED,
    Count,
    HouseholdFacts,
    Partner,
    PlaceCoverage,
    PlaceFacts,
    worst_first,
)
from geo.months import Month

SOMEBODY = Partner("C1", "张三", "走访办")
END = date(2026, 10, 31)


def place(id_: str = "E1", *, cadre: bool = True, visits: int = 0, last: date | None = None) -> PlaceFacts:
    return PlaceFacts(id_, None, "enterprise", None, SOMEBODY if cadre else None, visits, last)


def report(places: tuple[PlaceFacts, ...], households: tuple[HouseholdFacts, ...] = ()) -> PlaceCoverage:
    return PlaceCoverage("330122", "330122", "桐庐县", Month(2026, 10), None, 1, END, places, households)


PLACES = st.lists(
    st.builds(
        PlaceFacts,
        id=st.text(),
        name=st.none(),
        kind=st.sampled_from(LISTED),
        home=st.none(),
        partner=st.sampled_from([None, SOMEBODY]),
        visits=st.integers(0, 3),
        last_visit=st.none() | st.dates(),
    ),
    unique_by=lambda one: one.id,
)


@given(PLACES)
def test_visited_and_unvisited_are_all(places: list[PlaceFacts]) -> None:
    counts = report(worst_first(places)).counts
    assert list(counts) == [*LISTED, "household"]
    assert sum(one.all for one in counts.values()) == len(places)
    assert sum(one.visited for one in counts.values()) == sum(one.visits > 0 for one in places)
    for one in counts.values():
        assert one.visited + one.unvisited == one.all
        assert (one.rate is None) == (one.all == 0)


@given(PLACES, st.randoms())
def test_the_order_is_total(places: list[PlaceFacts], rng: random.Random) -> None:
    shuffled = rng.sample(places, len(places))
    assert worst_first(shuffled) == worst_first(places)


def test_worst_first() -> None:
    worst_to_best = (
        place("9", cadre=False),
        place("8", cadre=False, last=date(2026, 9, 1)),
        place("7"),
        place("6", last=date(2025, 9, 1)),
        place("4", last=date(2026, 9, 1)),
        place("5", last=date(2026, 9, 1)),
        place("3", cadre=False, visits=1, last=date(2026, 10, 9)),
        place("2", visits=1, last=date(2026, 10, 1)),
        place("1", visits=5, last=date(2026, 10, 2)),
    )
    assert worst_first(reversed(worst_to_best)) == worst_to_best


def test_days_since() -> None:
    found = report(())
    assert found.days_since(place(last=date(2026, 10, 1))) == 30
    assert found.days_since(place(last=date(2026, 11, 1))) == 0, "a clock that runs ahead"
    assert found.days_since(place()) is None


def test_households_add_up_over_areas() -> None:
    households = (HouseholdFacts(None, Count(3, 1)), HouseholdFacts(None, Count(4, 4)))
    assert report((), households).counts["household"] == Count(7, 5)
