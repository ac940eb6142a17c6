"""Where problems gather: hot and cold spots of areas (Gi*), and the clusters of the spatial scan.

Gi*: A. Getis & J. K. Ord, *The analysis of spatial association by use of distance statistics*, Geographical Analysis 24
(1992) 189-206; J. K. Ord & A. Getis, *Local spatial autocorrelation statistics*, Geographical Analysis 27 (1995)
286-306. The z is esda's, with binary weights. Its p is not used: it is that of the smaller tail only, 999 permutations
cannot tell one area among thousands, and the normal approximation takes the long tail of rates for significance.
`geo.analysis.permutation_kernels` says what is done instead. Two-sided: as far from the mean of the permutations as
observed, on either side, which holds its level where values are skewed, and keeps the power to see what is high.

False discoveries: Y. Benjamini & Y. Hochberg, *Controlling the false discovery rate*, Journal of the Royal Statistical
Society B 57 (1995) 289-300. An area is hot at 95 % where q, over all areas, is at most 0.05: of all areas called hot or
cold so, a twentieth is expected to be wrong. Where there is no clustering at all, one map in twenty shows any.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, eye_array
from scipy.stats import false_discovery_control

from geo.analysis import permutation_kernels
from geo.analysis.contiguity import Neighbours, within
from geo.analysis.scan import Cluster, spatial_scan
from geo.analysis.vectors import Floats, Ints
from geo.errors import NumbersUnusable, TooFewAreas
from geo.limits import MAX_PERMUTATIONS, MIN_AREAS_OF_GETIS_ORD

__all__ = ["Class", "Cluster", "GetisOrd", "classes", "getis_ord", "local_g", "spatial_scan"]

Class = Literal["hot_99", "hot_95", "hot_90", "none", "cold_90", "cold_95", "cold_99", "unknown"]


_LEVELS: Final = ((0.10, "90"), (0.05, "95"), (0.01, "99"))


@dataclass(frozen=True, slots=True)
class GetisOrd:
    """Gi* (or Gi) of each area; NaN, and 0 permutations, where its value is unknown.

    :ivar z: standard deviations above expectation, by the analytic moments of Ord & Getis 1995
    :ivar p: two-sided, by permutation, (M + 1) / (R + 1)
    :ivar q: p after Benjamini and Hochberg: the false discovery rate at which the area is called hot or cold
    :ivar permutations: R of each area
    """

    z: Floats
    p: Floats
    q: Floats
    permutations: Ints


def getis_ord(
    values: ArrayLike, neighbours: Neighbours, *, star: bool = True, permutations: int = 999, seed: int
) -> GetisOrd:
    """Which areas lie among high values, and which among low ones.

    An area without a known neighbour has p = 1: around it nothing is known. So has one whose own value outweighs
    neighbours that tend the other way, as permutations judge the neighbours. Where all values are equal z is 0 and p 1.

    :param values: (areas,) rates or ratios; NaN where unknown, which is left out, among the neighbours too
    :param star: with the area's own value (Gi*), or without (Gi)
    :param permutations: of each area; those that come out extreme get more, see `GetisOrd.permutations`
    :raises TooFewAreas: fewer than `MIN_AREAS_OF_GETIS_ORD` known values
    :raises NumbersUnusable: not one value for each area of the neighbours; infinite ones; no permutation
    """
    given = np.asarray(values, np.float64)
    known = ~np.isnan(given)
    if given.shape != neighbours.counts.shape or np.isinf(given).any():
        raise NumbersUnusable(
            field="values",
            reason="it needs one number for each area",
            reason_zh="每个区域须有一个有限的数值，未知者为空",
        )
    if permutations < 1:
        raise NumbersUnusable(field="permutations", reason="at least one is needed", reason_zh="至少一次")
    count = int(known.sum())
    if count < MIN_AREAS_OF_GETIS_ORD:
        raise TooFewAreas(count=count, minimum=MIN_AREAS_OF_GETIS_ORD)
    near, scaled = neighbours.among(known), _scaled(given[known])
    z = local_g(scaled, near, star=star)
    above, extreme, made = permutation_kernels.as_extreme(
        scaled, near.indptr, near.indices, permutations, _most(count, permutations), _state(seed)
    )
    p = np.where(z * above >= 0, (extreme + 1) / (made + 1), 1.0)
    everywhere = np.zeros(given.size, np.int64)
    everywhere[known] = made
    return GetisOrd(_spread(z, known), _spread(p, known), _spread(false_discovery_control(p), known), everywhere)


def local_g(values: ArrayLike, neighbours: Neighbours, *, star: bool) -> Floats:
    """Standardised Gi* or Gi of each area, analytically; 0 where it has no variance.

    :param values: (areas,) finite, of any sign: z is the same for values that are shifted or stretched

    >>> from geo.analysis.contiguity import within
    >>> x, y = [10, 20, 40, 15, 30, 30], [10, 10, 10, 20, 20, 30]
    >>> local_g([2, 3, 3.2, 5, 8, 7], within(x, y, 15), star=True).round(3).tolist()
    [-1.397, -0.289, 0.651, -0.289, 1.235, 2.024]
    """
    # They take seconds to import, which nothing else should wait for.
    from esda.getisord import G_Local  # noqa: PLC0415
    from libpysal.graph import Graph  # noqa: PLC0415

    # From 1 to 2, as the statistic divides by the sum of the values, or of all but one.
    scaled = _scaled(np.asarray(values, np.float64)) + 1.0
    size = scaled.size
    weights = csr_array((np.ones(neighbours.indices.size), neighbours.indices, neighbours.indptr), (size, size))
    weights = weights + eye_array(size, format="csr") if star else weights
    with np.errstate(invalid="ignore", divide="ignore"):
        found = G_Local(scaled, Graph.from_sparse(weights), transform="B", permutations=0, star=star)
        return np.where(found.VGs > 0, found.Zs, 0.0)


def classes(found: GetisOrd) -> NDArray[np.str_]:
    """`Class` of each area, by q at 10, 5 and 1 %."""
    named = np.full(found.z.size, "none", dtype="<U7")
    for level, name in _LEVELS:
        named[(found.q <= level) & (found.z > 0)] = f"hot_{name}"
        named[(found.q <= level) & (found.z < 0)] = f"cold_{name}"
    named[np.isnan(found.z)] = "unknown"
    return named


def warm_up() -> None:
    """Compile the loops, or load them from disk where they were compiled before (half a minute, or a second)."""
    places = np.arange(4.0)
    spatial_scan([3, 1, 1, 1], np.full(4, 10.0), places, places, replicates=9, seed=1)
    row = within(places, np.zeros(4), 1.0)
    permutation_kernels.as_extreme(places / 3.0, row.indptr, row.indices, 9, 99, _state(1))


def _scaled(values: Floats) -> Floats:
    """From 0 to 1; all 0 where they are equal."""
    least, most = values.min(), values.max()
    return (values - least) / (most - least) if most > least else np.zeros(values.size)


def _most(areas: int, permutations: int) -> int:
    """Permutations after which a single area among so many can have q = 0.01: ten times as many until it can."""
    most = permutations
    while most < MAX_PERMUTATIONS and areas / (most + 1) > _LEVELS[-1][0]:
        most = 10 * (most + 1) - 1
    return min(most, max(MAX_PERMUTATIONS, permutations))


def _state(seed: int) -> np.uint64:
    return np.random.default_rng(seed).integers(2**63, dtype=np.uint64)


def _spread(values: Floats, known: NDArray[np.bool_]) -> Floats:
    everywhere = np.full(known.size, np.nan)
    everywhere[known] = values
    return everywhere
