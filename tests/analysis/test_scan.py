"""The scan against a loop that knows no tricks, at the edges of its definitions, and under no clustering."""

import math
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from geo.analysis import scan, scan_kernels
from geo.analysis.clusters import Cluster, spatial_scan
from geo.errors import CasesWithoutPopulation, NumbersUnusable
from geo.limits import MAX_CLUSTERS

Array = NDArray[np.float64]


def naive_ratio(c: float, n: float, cases: float, people: float, *, bernoulli: bool) -> float:
    """Logarithm of the likelihoods as they stand in the paper of 1997, divided by that of one rate everywhere."""

    def term(k: float, of: float) -> float:
        return k * math.log(k / of) if k > 0 else 0.0

    if c * (people - n) <= (cases - c) * n + 1e-9:
        return 0.0
    if bernoulli:
        inside = term(c, n) + term(n - c, n)
        outside = term(cases - c, people - n) + term(people - n - cases + c, people - n)
        return inside + outside - term(cases, people) - term(people - cases, people)
    return term(c, n) + term(cases - c, people - n) - term(cases, people)


def naive_windows(population: Array, x: Array, y: Array, share: float) -> list[list[list[int]]]:
    """Around each centre its windows as lists of areas; distances that differ in rounding only are equal."""
    around = []
    for i in range(len(x)):
        distance = [math.hypot(x[j] - x[i], y[j] - y[i]) for j in range(len(x))]
        windows = []
        for radius in sorted(distance):
            members = [j for j in range(len(x)) if distance[j] <= radius * (1 + 1e-9)]
            if members not in windows and math.fsum(population[members]) <= share * math.fsum(population) + 1e-9:
                windows.append(members)
        around.append(windows)
    return around


def naive_best(
    cases: NDArray[np.int64], population: Array, around: list[list[list[int]]], *, bernoulli: bool = False
) -> list[tuple[float, frozenset[int]]]:
    total, people = float(cases.sum()), math.fsum(population)
    best = []
    for windows in around:
        ratios = [
            naive_ratio(float(cases[w].sum()), math.fsum(population[w]), total, people, bernoulli=bernoulli)
            for w in windows
        ]
        at = int(np.argmax(ratios)) if ratios else 0
        best.append((ratios[at], frozenset(windows[at])) if ratios else (0.0, frozenset[int]()))
    return best


@st.composite
def grounds(draw: st.DrawFn) -> dict[str, Any]:
    """Areas on a coarse lattice, so that ties and shared places are common; some without anybody."""
    n = draw(st.integers(1, 14))
    near = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    people = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    cases = [draw(st.integers(0, most)) for most in people]
    return {
        "cases": np.array(cases),
        "population": np.array(people, float),
        "x": np.array(draw(near)) * 0.1,
        "y": np.array(draw(near)) * 0.1,
    }


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
@given(ground=grounds(), share=st.sampled_from([0.1, 0.25, 0.5]))
@settings(max_examples=80)
def test_clusters_are_those_of_the_naive_loop(model: str, ground: dict[str, Any], share: float) -> None:
    around = naive_windows(ground["population"], ground["x"], ground["y"], share)
    best = naive_best(ground["cases"], ground["population"], around, bernoulli=model == "bernoulli")
    found = spatial_scan(**ground, model=model, max_population_share=share, replicates=0, seed=1)  # type: ignore[arg-type]
    ratios = [one.log_likelihood_ratio for one in found]
    assert ratios == sorted(ratios, reverse=True)
    taken: set[int] = set()
    for one in found:
        assert one.log_likelihood_ratio == pytest.approx(best[one.centre][0], rel=1e-9)
        assert not taken & set(one.members)
        left = [ratio for ratio, members in best if not members & taken]
        assert one.log_likelihood_ratio == pytest.approx(max(left), rel=1e-9)
        taken |= set(one.members)
    left = [ratio for ratio, members in best if not members & taken]
    assert len(found) == MAX_CLUSTERS or max(left, default=0.0) < 1e-6


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_maxima_of_replicates_are_those_of_the_naive_loop(model: str) -> None:
    rng = np.random.default_rng(5)
    n, replicates = 40, 2 * scan_kernels.BLOCK + 3
    x, y = rng.integers(0, 8, (2, n)) * 1.0
    population = rng.integers(0, 60, n) * 1.0
    cases = rng.binomial(population.astype(int), 0.2)
    ground = scan._ground(cases, population, x, y, "projected", model)  # type: ignore[arg-type]
    dealt = scan._dealt_out(ground, replicates, np.random.default_rng(9))
    around = naive_windows(population, x, y, 0.5)
    flat = dealt.transpose(0, 2, 1).reshape(-1, n)[:replicates]
    assert (flat.sum(axis=1) == cases.sum()).all()
    bernoulli = model == "bernoulli"
    largest = [
        max(r for r, _ in naive_best(one.astype(np.int64), population, around, bernoulli=bernoulli)) for one in flat
    ]
    found = spatial_scan(cases, population, x, y, model=model, replicates=replicates, seed=9)  # type: ignore[arg-type]
    for one in found:
        as_large = sum(ratio >= one.log_likelihood_ratio - 1e-9 for ratio in largest)
        assert one.p_value == (as_large + 1) / (replicates + 1)
    assert len({one.p_value for one in found}) > 2


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_cases_are_dealt_out_by_population(model: str) -> None:
    population = np.array([0, 1, 5, 0, 20, 74, 0], float)
    ground = scan._ground([0, 1, 1, 0, 10, 30, 0], population, range(7), [0] * 7, "projected", model)  # type: ignore[arg-type]
    replicates = 20_000
    dealt = scan._dealt_out(ground, replicates, np.random.default_rng(2)).sum(axis=(0, 2))
    expected = 42 * replicates * population / 100
    assert dealt[population == 0].tolist() == [0, 0, 0]
    kept = population > 0
    statistic = (np.square(dealt - expected)[kept] / expected[kept]).sum()
    # Without replacement the counts vary less: by (N - C) / (N - 1).
    statistic /= 58 / 99 if model == "bernoulli" else 1.0
    assert chi2.ppf(0.001, 3) < statistic < chi2.ppf(0.999, 3)


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, (2, 150))
    population = rng.lognormal(3, 1, 150)
    cases = rng.poisson(population * 0.1)
    answers: list[list[Cluster]] = []
    before = numba.get_num_threads()
    try:
        for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(threads)
            answers.append(spatial_scan(cases, population, x, y, replicates=199, seed=7))
    finally:
        numba.set_num_threads(before)
    assert all(answer == answers[0] for answer in answers)
    other = spatial_scan(cases, population, x, y, replicates=199, seed=8)
    assert [one.p_value for one in other] != [one.p_value for one in answers[0]]


def test_rounds_of_centres_give_what_one_round_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, (2, 70))
    cases = rng.poisson(3, 70)
    whole = spatial_scan(cases, np.ones(70), x, y, replicates=99, seed=7)
    monkeypatch.setattr(scan, "_BYTES_PER_WINDOW", scan.SCAN_MEMORY_MB * 2**20 // (70 * 9))
    assert spatial_scan(cases, np.ones(70), x, y, replicates=99, seed=7) == whole


def test_areas_at_the_same_distance_enter_together() -> None:
    # 0.3 - 0.2 and 0.2 - 0.1 differ in floating point.
    found = spatial_scan([0, 5, 0, 5, 0], [10] * 5, [0.0, 0.1, 0.2, 0.3, 0.4], [0] * 5, replicates=0, seed=1)
    assert [one.members for one in found] == [(1,), (3,)]
    found = spatial_scan(
        [0, 3, 3, 3, 0, 0, 0], [10] * 7, [0.0, 0.1, 0.2, 0.3, 0.4, 5, 9], [0] * 7, replicates=0, seed=1
    )
    assert found[0].centre == 2
    assert set(found[0].members) == {1, 2, 3}
    assert found[0].radius == pytest.approx(0.1)


def test_the_cap_is_inclusive() -> None:
    ask = {"cases": [4, 4, 0, 0, 0], "population": [1] * 5, "x": [0, 1, 5, 10, 20], "y": [0] * 5}
    inclusive = spatial_scan(**ask, max_population_share=0.4, replicates=0, seed=1)  # type: ignore[arg-type]
    assert [one.members for one in inclusive] == [(0, 1)]
    below = spatial_scan(**ask, max_population_share=0.39, replicates=0, seed=1)  # type: ignore[arg-type]
    assert [one.members for one in below] == [(0,), (1,)]


def test_an_area_beyond_the_cap_is_the_centre_of_nothing() -> None:
    found = spatial_scan([50, 9, 1, 1], [60, 5, 20, 15], [0, 1, 2, 3], [0] * 4, replicates=0, seed=1)
    assert [one.members for one in found] == [(1,)]


def test_great_circles_cross_the_antimeridian_and_are_in_kilometres() -> None:
    lon, lat = [179.9, -179.9, 0.0, 10.0, 20.0], [0.0, 0.0, 0.0, 10.0, -10.0]
    found = spatial_scan([5, 5, 1, 1, 1], [10] * 5, lon, lat, metric="great_circle", replicates=0, seed=1)
    assert found[0].members == (0, 1)
    assert found[0].radius == pytest.approx(math.radians(0.2) * 6371.0)
    with pytest.raises(NumbersUnusable, match="degrees"):
        spatial_scan([1], [1], [120.0], [91.0], metric="great_circle", seed=1)


def test_figures_of_a_cluster_by_hand() -> None:
    (one,) = spatial_scan([9, 1, 1, 1], [10, 10, 10, 10], [0, 5, 10, 15], [0] * 4, replicates=19, seed=1)
    assert (one.centre, one.cases, one.expected, one.population, one.radius) == (0, 9, 3.0, 10.0, 0.0)
    assert one.relative_risk == pytest.approx((9 / 3) / (3 / 9))
    assert one.log_likelihood_ratio == pytest.approx(6 * math.log(3))


def test_population_may_be_expected_cases() -> None:
    cases, x, y = [3, 8, 2, 1, 4], [0, 1, 2, 3, 4], [0] * 5
    people = np.array([10, 12, 9, 4, 13.0])
    one = spatial_scan(cases, people, x, y, replicates=99, seed=3)
    other = spatial_scan(cases, people / people.sum() * 18, x, y, replicates=99, seed=3)
    assert [(a.members, a.p_value) for a in one] == [(b.members, b.p_value) for b in other]
    assert other[0].population == pytest.approx(other[0].expected)


def test_order_of_areas_is_irrelevant() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1, (2, 60))
    cases, population = rng.poisson(2, 60), rng.integers(1, 50, 60)
    turn = rng.permutation(60)
    one = spatial_scan(cases, population, x, y, replicates=0, seed=1)
    other = spatial_scan(cases[turn], population[turn], x[turn], y[turn], replicates=0, seed=1)
    assert [a.members for a in one] == [tuple(turn[list(b.members)].tolist()) for b in other]


@pytest.mark.parametrize(
    ("cases", "population", "members"),
    [
        ([0, 0, 0, 0], [10] * 4, []),
        ([3, 3, 3, 3], [7] * 4, []),
        ([1, 1, 1, 1], [1] * 4, []),
        ([0, 0, 0, 0], [0] * 4, []),
        ([1, 0, 0, 0], [10] * 4, [(0,)]),
        ([7, 0, 0, 0], [10] * 4, [(0,)]),
        ([0, 0, 3, 0], [10, 0, 10, 10], [(2,)]),
    ],
)
@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_degenerate_input_has_an_answer(
    cases: list[int], population: list[int], members: list[tuple[int, ...]], model: str
) -> None:
    found = spatial_scan(cases, population, [0, 1, 3, 7], [0] * 4, model=model, replicates=19, seed=1)  # type: ignore[arg-type]
    assert [one.members for one in found] == members
    for one in found:
        assert one.relative_risk == math.inf
        assert 0.05 <= (one.p_value or 0) <= 1
    if sum(cases) == 1:
        assert found[0].p_value == 1.0


def test_one_area_none_at_all_and_all_in_one_place() -> None:
    assert spatial_scan([4], [9], [0], [0], replicates=19, seed=1) == []
    assert spatial_scan([], [], [], [], replicates=19, seed=1) == []
    assert spatial_scan([4, 1], [9, 9], [2, 2], [3, 3], replicates=19, seed=1) == []


def test_at_most_so_many_clusters() -> None:
    n = 4 * MAX_CLUSTERS
    found = spatial_scan([3, 0] * (n // 2), [1] * n, np.arange(n) ** 1.1, [0] * n, replicates=0, seed=1)
    assert len(found) == MAX_CLUSTERS
    assert found[0].p_value is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cases": [1, 2, float("nan")]}, "cases"),
        ({"cases": [1, 2, -1]}, "negative"),
        ({"cases": [1, 2, 0.5]}, "whole"),
        ({"cases": [1, 2, 2**31]}, "whole"),
        ({"cases": [1, 2]}, "lengths"),
        ({"population": [1, 2, float("inf")]}, "population"),
        ({"population": [1, 2, -1]}, "negative"),
        ({"x": [1, 2, float("nan")]}, "x"),
        ({"y": [[1, 2, 3]]}, "y"),
        ({"max_population_share": 0.0}, "0.5"),
        ({"max_population_share": 0.51}, "0.5"),
        ({"max_population_share": float("nan")}, "0.5"),
        ({"replicates": -1}, "replicates"),
        ({"model": "bernoulli", "population": [1, 1, 1]}, "controls"),
        ({"model": "bernoulli", "population": [5, 5, 2.5]}, "whole"),
    ],
)
def test_what_cannot_be_scanned_is_refused(change: dict[str, Any], says: str) -> None:
    ask: dict[str, Any] = {"cases": [1, 2, 3], "population": [9, 9, 9], "x": [0, 1, 2], "y": [0, 0, 0], "seed": 1}
    with pytest.raises(NumbersUnusable, match=says):
        spatial_scan(**(ask | change))


def test_cases_where_nobody_is_are_refused() -> None:
    with pytest.raises(CasesWithoutPopulation) as refused:
        spatial_scan([1, 2, 3, 1], [9, 0, 9, 0], [0, 1, 2, 3], [0] * 4, seed=1)
    assert refused.value.facts == {"areas": 2, "first": 1}


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_without_clustering_one_scan_in_twenty_says_otherwise(model: str) -> None:
    rng = np.random.default_rng(11)
    n, simulations = 60, 200
    x, y = rng.uniform(0, 1, (2, n))
    population = rng.integers(20, 400, n)
    low = 0
    for simulation in range(simulations):
        cases = rng.poisson(population * 0.05) if model == "poisson" else rng.binomial(population, 0.05)
        found = spatial_scan(cases, population, x, y, model=model, replicates=99, seed=simulation)  # type: ignore[arg-type]
        low += found[0].p_value is not None and found[0].p_value <= 0.05
    assert binom.ppf(0.005, simulations, 0.05) <= low <= binom.ppf(0.995, simulations, 0.05)


def test_a_planted_cluster_is_found() -> None:
    rng = np.random.default_rng(12)
    x, y = rng.uniform(0, 1, (2, 200))
    population = rng.integers(20, 400, 200)
    inside = np.hypot(x - 0.5, y - 0.5) < 0.15
    cases = rng.poisson(population * np.where(inside, 0.1, 0.05))
    first = spatial_scan(cases, population, x, y, seed=1)[0]
    assert first.p_value == 0.001
    assert len(set(first.members) & set(np.flatnonzero(inside).tolist())) > 0.8 * inside.sum()
