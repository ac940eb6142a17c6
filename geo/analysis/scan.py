"""Kulldorff's spatial scan: where cases lie closer together than chance would have them, and how sure that is.

From the papers: M. Kulldorff & N. Nagarwalla, *Spatial disease clusters: detection and inference*, Statistics in
Medicine 14 (1995) 799-810; M. Kulldorff, *A spatial scan statistic*, Communications in Statistics: Theory and Methods
26 (1997) 1481-1496.

Around each centroid circles grow, taking in areas by distance; areas at the same distance enter together. A circle is a
window while the population inside is at most the stated share of all. Only windows with a *higher* rate than outside
are looked for. The best window of each centre is kept; of these, most likely first, the clusters are those that share
no area with one before.

How sure: the cases are dealt out anew, their total given (multinomial by population; for Bernoulli hypergeometric), and
of each replicate the maximum over all windows is kept, so that many windows cost nothing in significance. With ``M`` of
``R`` replicates at least as large, ``p = (M + 1) / (R + 1)``. Secondary clusters are ranked among the maxima too, which
is conservative.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis import scan_kernels as kernels
from geo.analysis.vectors import Floats, Ints, amounts, counts, numbers
from geo.errors import CasesWithoutPopulation, NumbersUnusable
from geo.limits import MAX_CLUSTERS, SCAN_MEMORY_MB
from geo.space.crs import MAX_LAT, MAX_LON

Metric = Literal["projected", "great_circle"]
Model = Literal["poisson", "bernoulli"]

EARTH_RADIUS_KM: Final = 6371.0

LARGEST_SHARE: Final = 0.5
"""Beyond it the window is the larger part, and the cluster rather a lack of cases outside."""

_NO_RATIO: Final = 1e-7
"""A log likelihood ratio below this is rounding: equal rates everywhere are no cluster."""

_SAME_RATIO: Final = 1.0 - 1e-9
"""The same window summed in another order differs by rounding; it still is at least as large."""

_BYTES_PER_WINDOW: Final = 40
"""While a round is prepared: three distances, an index, and the list that remains."""

_MAX_BERNOULLI: Final = 10**9
"""Cases and controls that numpy deals out without replacement."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A window with more cases than expected.

    :ivar centre: the area in whose centroid the circle is centred
    :ivar members: areas inside, nearest to the centre first
    :ivar cases: observed inside
    :ivar expected: cases times the window's share of the population
    :ivar relative_risk: rate inside over rate outside; infinite where all cases are inside
    :ivar p_value: None without replicates
    :ivar population: inside
    :ivar radius: from the centre to the farthest member; unit of the coordinates, km for great circles
    """

    centre: int
    members: tuple[int, ...]
    cases: int
    expected: float
    relative_risk: float
    log_likelihood_ratio: float
    p_value: float | None
    population: float
    radius: float


def spatial_scan(
    cases: ArrayLike,
    population: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    metric: Metric = "projected",
    model: Model = "poisson",
    max_population_share: float = 0.5,
    replicates: int = 999,
    seed: int,
) -> list[Cluster]:
    """Clusters of high rates, most likely first, at most `MAX_CLUSTERS`, none sharing an area with another.

    All that have any excess are listed, whatever their p. The same seed gives the same answer on any number of threads.

    :param cases: (areas,) counts
    :param population: (areas,) at risk; for Poisson also real numbers, such as expected cases; for Bernoulli cases and
        controls together, whole numbers
    :param x: (areas,) of the centroids; longitudes in degrees for great circles
    :param y: likewise; latitudes
    :param max_population_share: largest share of the population in a window, inclusive, above 0 and up to 0.5
    :param replicates: Monte Carlo replicates; 0 for none
    :raises NumbersUnusable: lengths that differ, NaN, negative or fractional counts, a share out of range
    :raises CasesWithoutPopulation: cases in an area of population 0 (without cases such an area changes nothing)

    >>> one = spatial_scan([9, 1, 1, 1], [10, 10, 10, 10], [0, 5, 10, 15], [0, 0, 0, 0], replicates=99, seed=1)[0]
    >>> one.members, one.cases, one.expected, round(one.log_likelihood_ratio, 6), one.p_value
    ((0,), 9, 3.0, 6.591674, 0.01)
    """
    ground = _ground(cases, population, x, y, metric, model)
    if not 0.0 < max_population_share <= LARGEST_SHARE:
        raise NumbersUnusable(
            field="max_population_share",
            reason="a share above 0 and up to 0.5 is needed",
            reason_zh="须大于 0 且不超过 0.5",
        )
    if replicates < 0:
        raise NumbersUnusable(field="replicates", reason="it cannot be negative", reason_zh="不能为负数")
    if ground.total == 0 or (ground.bernoulli and ground.total == ground.everyone):
        return []
    dealt = _dealt_out(ground, replicates, np.random.default_rng(seed))
    maxima = np.zeros((dealt.shape[0], kernels.BLOCK))
    areas = ground.observed.size
    ratios, sizes, reach = np.zeros(areas), np.zeros(areas, np.int64), np.zeros(areas)
    rows = max(1, SCAN_MEMORY_MB * 2**20 // (_BYTES_PER_WINDOW * areas))
    for begin in range(0, areas, rows):
        part = slice(begin, begin + rows)
        nearest, squared = _by_distance(ground.points[part], ground.points)
        starts, order = kernels.windows(nearest, squared, ground.people, max_population_share * ground.everyone)
        of_all = (ground.people, ground.everyone, float(ground.total), ground.bernoulli)
        kernels.raise_maxima(starts, order, dealt, *of_all, maxima)
        ratios[part], sizes[part] = kernels.best_windows(starts, order, ground.observed, *of_all)
        reach[part] = np.take_along_axis(squared, np.maximum(sizes[part] - 1, 0)[:, None], axis=1)[:, 0]
    # The same window may be the best of several centres: the one that it is smallest around stands for it.
    ranking = np.lexsort((reach, -ratios.round(9)))
    chosen = _without_overlap(ranking[ratios[ranking] > _NO_RATIO], sizes, ground.points)
    largest = maxima.ravel()[:replicates]
    return [_cluster(ground, centre, members, reach[centre], largest) for centre, members in chosen]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is scanned, checked: (areas,) cases, people, and (areas, 2 or 3) points of which chords are distances."""

    observed: Ints
    people: Floats
    points: Floats
    metric: Metric
    bernoulli: bool

    @property
    def total(self) -> int:
        return int(self.observed.sum())

    @property
    def everyone(self) -> float:
        return math.fsum(self.people)


def _ground(
    cases: ArrayLike, population: ArrayLike, x: ArrayLike, y: ArrayLike, metric: Metric, model: Model
) -> _Ground:
    observed, bernoulli = counts(cases, "cases"), model == "bernoulli"
    people = counts(population, "population").astype(np.float64) if bernoulli else amounts(population, "population")
    xs, ys = numbers(x, "x"), numbers(y, "y")
    if not observed.size == people.size == xs.size == ys.size:
        raise NumbersUnusable(
            field="cases, population, x, y", reason="their lengths differ", reason_zh="各项的长度不一致"
        )
    stranded = np.flatnonzero((people == 0) & (observed > 0))
    if stranded.size:
        raise CasesWithoutPopulation(areas=stranded.size, first=int(stranded[0]))
    if bernoulli and ((observed > people).any() or people.sum() > _MAX_BERNOULLI):
        raise NumbersUnusable(
            field="population",
            reason="cases and controls together are at least the cases, and a thousand million in all at most",
            reason_zh="病例与对照之和不能小于病例数，合计不超过十亿",
        )
    return _Ground(observed, people, _points(xs, ys, metric), metric, bernoulli)


def _points(x: Floats, y: Floats, metric: Metric) -> Floats:
    """Points in the plane, or on the unit sphere, where a longer chord is a longer great circle."""
    if metric == "projected":
        return np.column_stack((x, y))
    if (np.abs(x) > MAX_LON).any() or (np.abs(y) > MAX_LAT).any():
        raise NumbersUnusable(
            field="x, y",
            reason="great circles need longitudes and latitudes in degrees",
            reason_zh="须为以度表示的经纬度",
        )
    lon, lat = np.radians(x), np.radians(y)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _by_distance(centres: Floats, points: Floats) -> tuple[Ints, Floats]:
    """For each centre all areas by distance, and the squared distances, both (centres, areas)."""
    squared = np.zeros((len(centres), len(points)))
    for of_centre, of_point in zip(centres.T, points.T, strict=True):
        squared += np.square(of_centre[:, None] - of_point)
    nearest = np.argsort(squared, axis=1)
    return nearest, np.take_along_axis(squared, nearest, axis=1)


def _dealt_out(ground: _Ground, replicates: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Cases of the replicates under no clustering, (blocks, areas, replicates of a block); the last block is padded."""
    blocks = -(-replicates // kernels.BLOCK)
    dealt = np.zeros((blocks, ground.people.size, kernels.BLOCK), np.int32)
    populated = np.flatnonzero(ground.people)
    people = ground.people[populated]
    for block in range(blocks):
        size = min(kernels.BLOCK, replicates - block * kernels.BLOCK)
        if ground.bernoulli:
            drawn = rng.multivariate_hypergeometric(people.astype(np.int64), ground.total, size, method="marginals")
        else:
            drawn = rng.multinomial(ground.total, people / people.sum(), size)
        dealt[block, populated, :size] = drawn.T
    return dealt


def _without_overlap(ranking: Ints, sizes: Ints, points: Floats) -> Iterator[tuple[int, Ints]]:
    """Centres and members of the windows, in this order, that share no area with one before."""
    taken, found = np.zeros(len(points), np.bool_), 0
    for centre in ranking.tolist():
        squared = np.square(points - points[centre]).sum(axis=1)
        members = np.lexsort((np.arange(squared.size), squared))[: sizes[centre]]
        if not taken[members].any():
            taken[members] = True
            found += 1
            yield centre, members
        if found == MAX_CLUSTERS:
            return


def _cluster(ground: _Ground, centre: int, members: Ints, squared: float, largest: Floats) -> Cluster:
    inside, people = int(ground.observed[members].sum()), math.fsum(ground.people[members])
    outside = ground.total - inside
    expected = ground.total * people / ground.everyone
    ratio = kernels.log_likelihood_ratio(float(inside), people, ground.everyone, float(ground.total), ground.bernoulli)
    as_large = int((largest >= ratio * _SAME_RATIO).sum())
    chord = math.sqrt(squared)
    return Cluster(
        centre=centre,
        members=tuple(members.tolist()),
        cases=inside,
        expected=expected,
        relative_risk=(inside / expected) / (outside / (ground.total - expected)) if outside else math.inf,
        log_likelihood_ratio=ratio,
        p_value=(as_large + 1) / (largest.size + 1) if largest.size else None,
        population=people,
        radius=chord if ground.metric == "projected" else 2 * EARTH_RADIUS_KM * math.asin(min(1.0, chord / 2)),
    )
