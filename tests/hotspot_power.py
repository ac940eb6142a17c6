"""Maps of the sample county whose truth is known: how often hot spots find what is planted, and what is not there.

The villages, the visits to each and the planted clusters are the sample's. Its issues are not made again for every map:
of one category a village has a Poisson number, its visits times the category's rate, times the strength inside the
planted cluster. One map holds one category, as the planted problems do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from data.issues import PER_VISIT
from data.sample import Sample
from geo.analysis.contiguity import Neighbours, queen
from geo.analysis.hotspot_judging import judge
from geo.analysis.hotspots import AreaFacts, Judged
from geo.analysis.issue_flow import Category
from tests.data import outsider

REPLICATES: Final = 199
"""Of the scan, a fifth of the service's: p can be 0.05 exactly, so the level is the same and the power a bit lower."""

METRES: Final = 4550
"""CGCS2000, 3-degree zone of 123° E: the county's own metric system."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Villages:
    """Of the sample, in the order of their codes.

    :ivar visits: good ones, in twelve months
    :ivar planted: which villages have more of a category
    """

    codes: tuple[str, ...]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    visits: NDArray[np.int64]
    neighbours: Neighbours
    planted: dict[Category, Flags]


@dataclass(frozen=True, slots=True)
class Found:
    """What one method says of one map.

    :ivar groups: villages of each significant cluster, or of each patch of hot villages that touch
    """

    groups: tuple[Flags, ...]

    def detects(self, truth: Flags, jaccard: float) -> bool:
        """Whether one group has at least this Jaccard index with the truth."""
        return any((one & truth).sum() / (one | truth).sum() >= jaccard for one in self.groups)

    def named(self, truth: Flags) -> Flags:
        """Villages in any group."""
        return np.logical_or.reduce(self.groups) if self.groups else np.zeros(truth.size, np.bool_)


@dataclass(frozen=True, slots=True)
class Power:
    """Means over maps.

    :ivar half: share of maps with a group that has a Jaccard index of 0.5 or more with the planted cluster
    :ivar touched: share of maps with a group that shares a village with it
    :ivar villages: share of the planted villages that are named
    :ivar false: villages named elsewhere, a map
    :ivar alarms: maps in which anything is named
    """

    maps: int
    half: float
    touched: float
    villages: float
    false: float
    alarms: int


def villages(sample: Sample) -> Villages:
    good = sample.visits[outsider.faults(sample) == ""].drop_duplicates("id")
    village = outsider.grid_of(outsider.located(good), sample).str[:12]
    frame = sample.villages.to_crs(METRES)
    centroids = frame.geometry.centroid
    planted = sample.planted["issues"]["clusters"]  # type: ignore[index]
    return Villages(
        codes=tuple(frame["code"]),
        x_m=centroids.x.to_numpy(),
        y_m=centroids.y.to_numpy(),
        visits=village.value_counts().reindex(frame["code"], fill_value=0).to_numpy(),
        neighbours=queen(list(frame.geometry), tolerance=1.0),
        planted={one["category"]: frame["code"].isin(one["villages"]).to_numpy() for one in planted},
    )


def judged(where: Villages, issues: NDArray[np.int64], *, seed: int) -> Judged:
    facts = [
        AreaFacts(code, code, None, code, None, float(x), float(y), (int(seen),), (int(went),))
        for code, x, y, seen, went in zip(where.codes, where.x_m, where.y_m, issues, where.visits, strict=True)
    ]
    return judge(facts, where.neighbours, replicates=REPLICATES, seed=seed)


def by_scan(where: Villages, said: Judged) -> Found:
    codes = np.array(where.codes)
    return Found(tuple(np.isin(codes, one.members) for one in said.clusters if one.significant))


def by_gi(where: Villages, said: Judged) -> Found:
    """Patches of villages that are hot at 95 or 99 %."""
    hot = np.array([one.status in {"hot_95", "hot_99"} for one in said.areas])
    near, size = where.neighbours, hot.size
    links = csr_array((np.ones(near.indices.size), near.indices, near.indptr), (size, size))
    patch = np.full(size, -1)
    patch[hot] = connected_components(links[hot][:, hot], directed=False)[1]
    return Found(tuple(patch == one for one in range(patch.max(initial=-1) + 1)))


def maps(
    where: Villages, category: Category, strength: float, count: int, *, seed: int
) -> Iterator[tuple[Found, Found]]:
    """What the scan and Gi* say of so many maps."""
    rng = np.random.default_rng([seed, round(100 * strength), list(PER_VISIT).index(category)])
    times = np.where(where.planted[category], strength, 1.0)
    for number in range(count):
        said = judged(where, rng.poisson(where.visits * PER_VISIT[category] * times), seed=number)
        yield by_scan(where, said), by_gi(where, said)


def power(found: Iterable[Found], truth: Flags) -> Power:
    rows = []
    for one in found:
        named = one.named(truth)
        rows.append(
            (
                one.detects(truth, 0.5),
                (named & truth).any(),
                named[truth].mean(),
                (named & ~truth).sum(),
                named.any(),
            )
        )
    half, touched, inside, false, alarms = np.array(rows, np.float64).T
    return Power(len(rows), half.mean(), touched.mean(), inside.mean(), false.mean(), int(alarms.sum()))
