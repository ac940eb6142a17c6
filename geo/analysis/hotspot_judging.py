"""How hot spots are judged: rates beside what was to be expected, Gi*, and the spatial scan, of the known areas."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from geo.analysis.clusters import Class, GetisOrd, classes, getis_ord, spatial_scan
from geo.analysis.contiguity import Neighbours
from geo.analysis.hotspots import (
    PER,
    PERMUTATIONS,
    POPULATION_SHARE,
    REPLICATES,
    SEED,
    AreaFacts,
    Choices,
    Denominator,
    HotArea,
    HotCluster,
    Judged,
)
from geo.analysis.rates import AreaRates, area_rates, empirical_bayes, indirectly_standardised
from geo.analysis.vectors import Floats
from geo.errors import TooFewAreas


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
