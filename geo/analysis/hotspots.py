"""Where problems gather: what was seen in each area, what was to be expected, how sure, and where nobody looked.

An area that nobody visited in the window is *unknown*, whatever it is compared by: no report from there means nothing.
It takes no part in any mean, neighbourhood or window. The same facts and seed always give the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast, get_args

import numpy as np

from geo.analysis.clusters import Class, GetisOrd, classes, getis_ord, spatial_scan
from geo.analysis.contiguity import Neighbours
from geo.analysis.issue_flow import Category
from geo.analysis.rates import AreaRates, area_rates, empirical_bayes, indirectly_standardised
from geo.analysis.vectors import Floats
from geo.errors import TooFewAreas
from geo.months import Month
from geo.space.codes import Level

Denominator = Literal["visits", "households", "none"]
DENOMINATORS: Final[tuple[Denominator, ...]] = get_args(Denominator)

PER: Final = 100
"""Rates are issues per so many visits or households; per area where there is no denominator."""

SEED: Final = 1
REPLICATES: Final = 999
PERMUTATIONS: Final = 999
POPULATION_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """One area and its window.

    :ivar path: codes from the county down to it, with ``/`` between
    :ivar x_m: easting of its centroid in the county's metric system
    :ivar issues: (months,) of the window
    :ivar visits: likewise
    """

    code: str
    name: str
    parent_name: str | None
    path: str
    households: int | None
    x_m: float
    y_m: float
    issues: tuple[int, ...]
    visits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HotArea:
    """An area, judged. What is unknown is None.

    :ivar denominator: visits or households; 1 where areas are compared as they are
    :ivar rate: issues per `PER` of the denominator, or per area
    :ivar low: lower end of the rate's exact 95 % Poisson interval
    :ivar shrunk: the rate, drawn to that of all the more, the less there is to judge by
    :ivar ratio: observed over expected
    :ivar z: Gi* of Pearson's residual, standard deviations
    :ivar q: false discovery rate at which the area is called hot or cold
    """

    facts: AreaFacts
    observed: int
    denominator: float | None
    expected: float | None
    rate: float | None
    low: float | None
    high: float | None
    shrunk: float | None
    ratio: float | None
    z: float | None
    p: float | None
    q: float | None
    status: Class


@dataclass(frozen=True, slots=True)
class HotCluster:
    """A circle of areas with more issues than expected.

    :ivar rank: 1 for the most likely
    :ivar members: codes, nearest to the centre first
    :ivar relative_risk: rate inside over rate outside; None where nothing was found outside
    :ivar radius_m: from the centre to the farthest member's centroid
    :ivar beyond: how many more members lie outside the scope of whoever asks
    """

    rank: int
    centre: str
    members: tuple[str, ...]
    observed: int
    expected: float
    relative_risk: float | None
    log_likelihood_ratio: float
    p: float
    radius_m: float
    beyond: int = 0

    @property
    def significant(self) -> bool:
        """Whether chance would do as much in one case of twenty at most."""
        return self.p <= SIGNIFICANT


SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that was chosen on the way, so that anybody can repeat it.

    :ivar standardised_by_month: months with many issues weigh more; what is expected follows the months of the visits
    :ivar islands: areas without a neighbour, and the nearest one that each was attached to
    :ivar unknown: areas without visits in the window, or without households where these are the denominator
    :ivar left_out: issues in such areas, which nothing can be said of
    """

    denominator: Denominator
    standardised_by_month: bool
    weights: str
    islands: tuple[tuple[str, str], ...]
    permutations: int
    population_share: float
    replicates: int
    seed: int
    unknown: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What could be computed, and why the rest could not."""

    areas: tuple[HotArea, ...]
    clusters: tuple[HotCluster, ...]
    choices: Choices
    refusal: TooFewAreas | None


@dataclass(frozen=True, slots=True)
class HotspotReport:
    """Hot spots of a window.

    :ivar begin: first day
    :ivar until: last day, inclusive
    :ivar categories: of issues; none for all
    :ivar petitions: whether petitions are counted where they are asked for: not for who may not see them
    :ivar outside: issues of the window that no area of the level contains
    :ivar months: that the window touches
    :ivar judged: areas of the scope, and the clusters that have at least one area in it
    """

    county: str
    county_name: str
    scope: str
    scope_name: str
    level: Level
    begin: date
    until: date
    categories: tuple[Category, ...]
    petitions: bool
    version: int
    issues: int
    visits: int
    outside: int
    months: tuple[Month, ...]
    judged: Judged

    @property
    def rows(self) -> tuple[HotArea, ...]:
        """The areas, by code."""
        return self.judged.areas

    @property
    def clusters(self) -> tuple[HotCluster, ...]:
        """Most likely first."""
        return self.judged.clusters


def judge(
    facts: Sequence[AreaFacts],
    neighbours: Neighbours,
    *,
    denominator: Denominator = "visits",
    by_month: bool = False,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Judged:
    """Judge the areas of a county by what they were expected to have.

    :param neighbours: of the facts, in their order
    :param by_month: expect what each month's visits would have had at the rate of that month (indirect standardisation)
    """
    observed = np.array([sum(one.issues) for one in facts], np.float64)
    strata = _denominators(facts, denominator)
    below = strata.sum(axis=1)
    known = below > 0
    standard = denominator == "visits" and by_month
    counted = np.where(known[:, None], _by_month([one.issues for one in facts]), 0.0)
    rates = area_rates(observed, below, expected=indirectly_standardised(counted, strata) if standard else None)
    shrunk = empirical_bayes(np.where(known, observed, 0), np.nan_to_num(rates.expected))
    total = float(observed[known].sum())
    found, refusal = _gi(_residuals(observed, rates.expected), neighbours, seed=seed, total=total)
    named = classes(found) if found else np.where(known, "none", "unknown")
    choices = Choices(
        denominator=denominator,
        standardised_by_month=standard,
        weights="queen",
        islands=tuple((facts[one].code, facts[other].code) for one, other in neighbours.attached),
        permutations=PERMUTATIONS,
        population_share=POPULATION_SHARE,
        replicates=replicates,
        seed=seed,
        unknown=tuple(one.code for one, is_known in zip(facts, known, strict=True) if not is_known),
        left_out=int(observed[~known].sum()),
    )
    overall = total / below.sum() if below.sum() else 0.0
    per = 1 if denominator == "none" else PER
    areas = _areas(facts, below, rates, shrunk * overall, found, cast("list[Class]", named.tolist()), per)
    return Judged(areas, _clusters(facts, observed, rates.expected, replicates, seed), choices, refusal)


def _denominators(facts: Sequence[AreaFacts], denominator: Denominator) -> Floats:
    """(areas, months); 0 where an area is unknown. Households and areas are the same in every month."""
    visits = _by_month([one.visits for one in facts])
    if denominator == "visits":
        return visits
    people = [1 if denominator == "none" else one.households or 0 for one in facts]
    seen = (visits.sum(axis=1) > 0) * np.array(people, np.float64)
    spread: Floats = np.repeat(seen[:, None], visits.shape[1], axis=1) / max(1, visits.shape[1])
    return spread


def _by_month(counts: Sequence[Sequence[int]]) -> Floats:
    """(areas, months), also where there is no area."""
    return np.array(counts, np.float64).reshape(len(counts), len(counts[0]) if counts else 0)


def _residuals(observed: Floats, expected: Floats) -> Floats:
    """Pearson's, ``(O - E) / √E``: of one variance whatever is expected, as permutations of areas need it."""
    residuals = np.full(observed.shape, np.nan)
    np.divide(observed - expected, np.sqrt(expected), where=np.nan_to_num(expected) > 0, out=residuals)
    return residuals


def _gi(
    residuals: Floats, neighbours: Neighbours, *, seed: int, total: float
) -> tuple[GetisOrd | None, TooFewAreas | None]:
    if total == 0:
        return None, None
    try:
        return getis_ord(residuals, neighbours, permutations=PERMUTATIONS, seed=seed), None
    except TooFewAreas as error:
        return None, error


def _areas(
    facts: Sequence[AreaFacts],
    below: Floats,
    rates: AreaRates,
    shrunk: Floats,
    found: GetisOrd | None,
    named: Sequence[Class],
    per: int,
) -> tuple[HotArea, ...]:
    columns = {
        "denominator": np.where(below > 0, below, np.nan),
        "expected": rates.expected,
        "rate": rates.rate * per,
        "low": rates.low * per,
        "high": rates.high * per,
        "shrunk": shrunk * per,
        "ratio": rates.ratio,
    }
    for name in ("z", "p", "q"):
        columns[name] = getattr(found, name) if found else np.full(len(facts), np.nan)
    return tuple(
        HotArea(
            facts=one,
            observed=int(sum(one.issues)),
            status=named[at],
            **{name: _number(column[at]) for name, column in columns.items()},
        )
        for at, one in enumerate(facts)
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _clusters(
    facts: Sequence[AreaFacts], observed: Floats, expected: Floats, replicates: int, seed: int
) -> tuple[HotCluster, ...]:
    known = np.flatnonzero(np.nan_to_num(expected) > 0).tolist()
    if len(known) < 2:  # noqa: PLR2004 - a cluster needs an outside
        return ()
    found = spatial_scan(
        observed[known].astype(np.int64),
        expected[known],
        [facts[at].x_m for at in known],
        [facts[at].y_m for at in known],
        max_population_share=POPULATION_SHARE,
        replicates=replicates,
        seed=seed,
    )
    return tuple(
        HotCluster(
            rank=rank,
            centre=facts[known[one.centre]].code,
            members=tuple(facts[known[member]].code for member in one.members),
            observed=one.cases,
            expected=one.expected,
            relative_risk=_number(one.relative_risk),
            log_likelihood_ratio=one.log_likelihood_ratio,
            p=1.0 if one.p_value is None else one.p_value,
            radius_m=one.radius,
        )
        for rank, one in enumerate(found, start=1)
    )
