"""Areas judged by what they were expected to have: counts by hand, where nobody looked, and what effort does not do."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from geo.analysis import clusters, permutation_kernels, scan_kernels
from geo.analysis.clusters import getis_ord
from geo.analysis.contiguity import Neighbours, queen, within
from geo.analysis.hotspot_judging import judge
from geo.analysis.hotspots import AreaFacts, Denominator, HotArea, Judged
from geo.errors import TooFewAreas
from geo.limits import MIN_AREAS_OF_GETIS_ORD

SIDE = 6
RNG_SEED = 7


def area(
    number: int, issues: tuple[int, ...] = (0,), visits: tuple[int, ...] = (10,), *, households: int | None = 100
) -> AreaFacts:
    """Area ``number`` of a lattice with one kilometre between centroids."""
    row, column = divmod(number, SIDE)
    code = f"A{number:03d}"
    return AreaFacts(code, f"area {number}", "above", f"C/{code}", households, column * 1e3, row * 1e3, issues, visits)


def near(facts: list[AreaFacts]) -> Neighbours:
    """Eight neighbours each, inside the lattice."""
    return within([one.x_m for one in facts], [one.y_m for one in facts], 1_500.0)


def judged(facts: list[AreaFacts], denominator: Denominator = "visits", **chosen: bool | int) -> Judged:
    return judge(facts, near(facts), denominator=denominator, **chosen)  # type: ignore[arg-type]


def chance(areas: int = SIDE * SIDE, rate: float = 0.1) -> list[AreaFacts]:
    """Nothing gathers."""
    rng = np.random.default_rng(RNG_SEED)
    visits = rng.integers(20, 200, areas)
    return [
        area(number, (int(rng.poisson(rate * count)),), (int(count),), households=int(rng.integers(50, 400)))
        for number, count in enumerate(visits)
    ]


CORNER = (0, 1, 2, SIDE, SIDE + 1, SIDE + 2, 2 * SIDE, 2 * SIDE + 1, 2 * SIDE + 2)
"""Nine areas of the lattice that lie together."""


def gathered(times: int = 4) -> list[AreaFacts]:
    """Issues gather in a corner."""
    return [
        replace(one, issues=(one.issues[0] * times + times,)) if number in CORNER else one
        for number, one in enumerate(chance())
    ]


def columns(found: HotArea, *names: str) -> list[float | None]:
    return [getattr(found, name) for name in names]


# what is expected


def test_expected_by_visits_by_hand() -> None:
    found = judged([area(0, (3,), (10,)), area(1, (0,), (20,)), area(2, (3,), (30,))])
    assert [one.expected for one in found.areas] == [1.0, 2.0, 3.0]
    assert [one.rate for one in found.areas] == [30.0, 0.0, 10.0]
    assert [one.ratio for one in found.areas] == [3.0, 0.0, 1.0]
    assert [one.denominator for one in found.areas] == [10.0, 20.0, 30.0]
    low, high = found.areas[0].low, found.areas[0].high
    assert (low, high) == pytest.approx((0.6187 / 10 * 100, 8.7673 / 10 * 100), abs=1e-3)  # Garwood's, of 3


def test_expected_by_households_by_hand() -> None:
    facts = [
        area(0, (3,), (1,), households=100),
        area(1, (0,), (50,), households=300),
        area(2, (5,), (9,), households=400),
    ]
    found = judged(facts, "households")
    assert [one.expected for one in found.areas] == [1.0, 3.0, 4.0]
    assert [one.rate for one in found.areas] == [3.0, 0.0, 1.25]
    assert [one.denominator for one in found.areas] == [100.0, 300.0, 400.0]


def test_expected_without_a_denominator_by_hand() -> None:
    found = judged([area(0, (4,), (1,)), area(1, (0,), (50,)), area(2, (2,), (9,), households=None)], "none")
    assert [one.expected for one in found.areas] == [2.0, 2.0, 2.0]
    assert [one.rate for one in found.areas] == [4.0, 0.0, 2.0], "issues per area"


def test_months_are_the_same_for_households_and_areas() -> None:
    """Two months of a village are one village."""
    facts = [area(0, (3, 1), (1, 1), households=100), area(1, (0, 0), (0, 2), households=300)]
    assert [one.expected for one in judged(facts, "households").areas] == [1.0, 3.0]
    assert [one.rate for one in judged(facts, "households").areas] == [4.0, 0.0]
    assert [one.expected for one in judged(facts, "none").areas] == [2.0, 2.0]


def test_expected_by_month_by_hand() -> None:
    """One visit in ten of the first month tells of an issue, one in two of the second."""
    facts = [area(0, (1, 4), (10, 10)), area(1, (1, 0), (10, 0)), area(2, (0, 1), (0, 0))]
    found = judged(facts, by_month=True)
    assert found.choices.standardised_by_month
    assert [one.expected for one in found.areas[:2]] == pytest.approx([1 + 4, 1])
    assert found.areas[2].status == "unknown"
    plain = judged(facts)
    assert [one.expected for one in plain.areas[:2]] == pytest.approx([4, 2])
    assert not judged(facts, "households", by_month=True).choices.standardised_by_month, "households have no months"


def test_by_month_nothing_is_expected_of_months_without_issues() -> None:
    facts = [area(0, (0, 2), (10, 0)), area(1, (0, 3), (0, 10))]
    first, second = judged(facts, by_month=True).areas
    assert columns(first, "expected", "ratio") == [0.0, None]
    assert second.expected == pytest.approx(3.0)  # of the five of that month, the two that no visit accounts for
    assert first.status == second.status == "none"


@pytest.mark.parametrize("denominator", ["visits", "households", "none"])
@pytest.mark.parametrize("by_month", [False, True])
def test_expected_and_observed_of_the_known_are_equal_in_all(denominator: Denominator, *, by_month: bool) -> None:
    facts = [replace(one, issues=(*one.issues, 2), visits=(*one.visits, 7)) for one in chance()]
    facts[3] = replace(facts[3], issues=(9, 9), visits=(0, 0))
    found = judged(facts, denominator, by_month=by_month)
    expected = sum(one.expected for one in found.areas if one.expected is not None)
    assert expected == pytest.approx(sum(sum(one.issues) for one in facts) - 18)
    assert found.choices.left_out == 18


def test_shrunk_lies_between_the_rate_and_that_of_all() -> None:
    facts = gathered()
    mean = 100 * sum(one.issues[0] for one in facts) / sum(one.visits[0] for one in facts)
    for one in judged(facts).areas:
        assert one.rate is not None
        assert one.shrunk is not None
        assert min(one.rate, mean) - 1e-9 <= one.shrunk <= max(one.rate, mean) + 1e-9
        assert abs(one.shrunk - mean) < abs(one.rate - mean)


# where nobody looked


def unknown_in_the_corner() -> list[AreaFacts]:
    """The middle of the gathering was never visited, and all the same has most issues of all."""
    facts = gathered()
    facts[SIDE + 1] = replace(facts[SIDE + 1], issues=(500,), visits=(0,))
    return facts


@pytest.mark.parametrize("denominator", ["visits", "households", "none"])
def test_who_was_not_visited_is_unknown_by_whatever_it_is_compared(denominator: Denominator) -> None:
    facts = unknown_in_the_corner()
    facts[20] = replace(facts[20], issues=(0,), visits=(0,))
    found = judged(facts, denominator)
    for number in (SIDE + 1, 20):
        one = found.areas[number]
        assert one.status == "unknown"
        assert one.observed == facts[number].issues[0], "what was told is shown all the same"
        unsaid = [each.name for each in fields(HotArea) if each.name not in {"facts", "observed", "status"}]
        assert columns(one, *unsaid) == [None] * len(unsaid)
    assert found.choices.unknown == (facts[SIDE + 1].code, facts[20].code)
    assert found.choices.left_out == 500
    assert not {facts[SIDE + 1].code, facts[20].code} & {code for each in found.clusters for code in each.members}


@pytest.mark.parametrize("denominator", ["visits", "households", "none"])
def test_the_unknown_changes_nothing_of_the_others(denominator: Denominator) -> None:
    """As if it were not on the map: no mean, no neighbourhood and no circle contains it."""
    facts = unknown_in_the_corner()
    rest = [one for number, one in enumerate(facts) if number != SIDE + 1]
    one, other = judged(facts, denominator), judged(rest, denominator)
    assert [each for each in one.areas if each.status != "unknown"] == list(other.areas)
    assert one.clusters == other.clusters


def test_without_households_there_is_no_rate_of_them() -> None:
    facts = [area(0, (5,), households=None), area(1, (5,), households=0), area(2, (2,)), area(3, (0,))]
    found = judged(facts, "households")
    assert [one.status for one in found.areas] == ["unknown", "unknown", "none", "none"]
    assert [one.expected for one in found.areas] == [None, None, 1.0, 1.0]
    assert found.choices.left_out == 10
    assert "unknown" not in {one.status for one in judged(facts).areas}


def test_when_nobody_was_visited_at_all() -> None:
    found = judged([replace(one, visits=(0,)) for one in gathered()])
    assert {one.status for one in found.areas} == {"unknown"}
    assert found.clusters == ()
    assert found.choices.left_out == sum(one.issues[0] for one in gathered())


# little to judge by


def test_no_areas() -> None:
    found = judge([], queen([]))
    assert (found.areas, found.clusters, found.refusal) == ((), (), None)


def test_one_area() -> None:
    (one,), clusters = judged([area(0, (3,))]).areas, judged([area(0, (3,))]).clusters
    assert (one.expected, one.status, clusters) == (3.0, "none", ())


@pytest.mark.parametrize("denominator", ["visits", "households", "none"])
def test_no_issues(denominator: Denominator) -> None:
    found = judged([replace(one, issues=(0,)) for one in chance()], denominator)
    assert {one.status for one in found.areas} == {"none"}
    assert {one.expected for one in found.areas} == {0.0}
    assert {one.z for one in found.areas} == {None}, "there is nothing to compare"
    assert (found.clusters, found.refusal) == ((), None)


def test_one_issue() -> None:
    facts = [replace(one, issues=(int(number == 14),)) for number, one in enumerate(chance())]
    found = judged(facts)
    assert not [one for one in found.clusters if one.significant]
    assert not [one for one in found.areas if one.status not in {"none", "hot_90"}]
    assert sum(one.expected or 0 for one in found.areas) == pytest.approx(1)


def test_all_issues_in_one_area() -> None:
    facts = [replace(one, issues=(60 * (number == 14),)) for number, one in enumerate(chance())]
    first = judged(facts).clusters[0]
    assert (first.members, first.observed, first.p) == ((facts[14].code,), 60, 0.001)
    assert first.relative_risk is None, "nothing was found outside"
    assert (first.radius_m, first.significant) == (0.0, True)


def test_households_of_one_each() -> None:
    facts = [replace(one, households=1) for one in gathered()]
    found = judged(facts, "households")
    plain = judged(facts, "none")
    assert [one.expected for one in found.areas] == pytest.approx([one.expected for one in plain.areas])
    assert [one.z for one in found.areas] == pytest.approx([one.z for one in plain.areas])
    assert [one.rate for one in found.areas] == pytest.approx([100 * (one.rate or 0) for one in plain.areas])


def test_below_thirty_areas_gi_is_refused_and_clusters_stand() -> None:
    facts = gathered()[: MIN_AREAS_OF_GETIS_ORD - 1]
    found = judged(facts)
    assert isinstance(found.refusal, TooFewAreas)
    assert found.refusal.facts == {"count": 29, "minimum": 30}
    assert {one.status for one in found.areas} == {"none"}
    assert {one.q for one in found.areas} == {None}
    assert found.clusters[0].significant
    assert judged(gathered()[:MIN_AREAS_OF_GETIS_ORD]).refusal is None


def test_only_areas_that_are_known_count_towards_thirty() -> None:
    facts = gathered()
    facts = [replace(one, visits=(0,)) if number >= 29 else one for number, one in enumerate(facts)]
    found = judged(facts)
    assert found.refusal is not None
    assert found.refusal.facts["count"] == 29
    assert [one.status for one in found.areas] == ["none"] * 29 + ["unknown"] * 7


def test_areas_without_neighbours_are_attached_and_reported() -> None:
    """One a hundred kilometres off; and, of the neighbours given, nobody at all."""
    facts = [*gathered(), replace(area(99), x_m=1e5, y_m=1e5)]
    found = judged(facts)
    assert found.choices.islands == ((facts[-1].code, facts[SIDE * SIDE - 1].code),)
    alone = Neighbours(np.zeros(len(facts) + 1, np.int64), np.empty(0, np.int32), "within")
    lonely = judge(facts, alone)
    assert {one.p for one in lonely.areas} == {1.0}
    assert {one.status for one in lonely.areas} == {"none"}
    assert lonely.clusters == found.clusters


# the same again


def test_same_facts_and_seed_same_answer() -> None:
    facts = gathered()
    assert judged(facts) == judged(facts)
    other = judged(facts, seed=2)
    assert other.choices.seed == 2
    assert [one.p for one in other.areas] != [one.p for one in judged(facts).areas]
    assert [replace(one, p=None, q=None, status="none") for one in other.areas] == [
        replace(one, p=None, q=None, status="none") for one in judged(facts).areas
    ]


def test_the_order_of_the_areas_makes_no_difference() -> None:
    """But for chance: permutations are drawn in the order of the areas, so p moves within its own error."""
    facts = unknown_in_the_corner()
    order = np.random.default_rng(3).permutation(len(facts))
    one, other = judged(facts), judged([facts[at] for at in order])
    by_code = {each.facts.code: each for each in other.areas}
    for first in one.areas:
        second = by_code[first.facts.code]
        for name in ("observed", "denominator", "expected", "rate", "low", "high", "shrunk", "ratio", "z"):
            assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9), name
        if first.p is not None and second.p is not None:
            error = 4 * math.sqrt(2 * first.p * (1 - first.p) / 999) + 2e-3
            assert abs(first.p - second.p) <= error
            assert first.status == second.status or abs((first.q or 0) - (second.q or 0)) < 0.05
    assert set(one.choices.unknown) == set(other.choices.unknown)
    for first_, second_ in zip(one.clusters, other.clusters, strict=True):
        assert set(first_.members) == set(second_.members)
        assert first_.log_likelihood_ratio == pytest.approx(second_.log_likelihood_ratio)
        assert first_.p == pytest.approx(second_.p, abs=0.07)


# what is found


def test_a_gathering_is_found_by_both() -> None:
    found = judged(gathered())
    first = found.clusters[0]
    planted = {f"A{number:03d}" for number in CORNER}
    assert len(planted & set(first.members)) / len(planted | set(first.members)) > 0.7
    assert first.significant
    assert first.relative_risk is not None
    assert first.relative_risk > 3
    assert first.rank == 1
    assert found.areas[SIDE + 1].status in {"hot_95", "hot_99"}
    assert "hot" in found.areas[SIDE + 1].status
    assert not {one.facts.code for one in found.areas if one.status.startswith("hot")} - {
        f"A{number:03d}" for number in range(SIDE * SIDE) if number % SIDE <= 3 and number // SIDE <= 3
    }


def test_effort_matters() -> None:
    """A corner that is visited ten times as often and tells of ten times as much: hot in raw counts, not in ours."""
    rng = np.random.default_rng(11)
    visits = np.array([400 if number in CORNER else 40 for number in range(SIDE * SIDE)])
    facts = [area(number, (int(rng.poisson(0.2 * count)),), (int(count),)) for number, count in enumerate(visits)]
    raw = np.array([one.issues[0] for one in facts], np.float64)
    assert raw[list(CORNER)].sum() > 2 * raw.sum() / 3
    by_counts = getis_ord(raw, near(facts), seed=1)
    assert by_counts.q[0] <= 0.05
    assert by_counts.z[0] > 3
    compared_as_they_are = judged(facts, "none")
    assert compared_as_they_are.areas[0].status in {"hot_95", "hot_99"}
    assert compared_as_they_are.clusters[0].significant
    found = judged(facts)
    assert {one.status for one in found.areas} == {"none"}
    assert not [one for one in found.clusters if one.significant]


def test_nothing_is_left_to_compile_after_warming_up() -> None:
    def compiled() -> int:
        parts = (vars(scan_kernels) | vars(permutation_kernels)).values()
        return sum(len(one.signatures) for one in parts if hasattr(one, "signatures"))

    clusters.warm_up()
    before = compiled()
    judged(gathered())
    assert compiled() == before > 0
