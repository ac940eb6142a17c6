"""Where problems gather: what was seen in each area, what was to be expected, how sure, and where nobody looked.

An area that nobody visited in the window is *unknown*, whatever it is compared by: no report from there means nothing.
It takes no part in any mean, neighbourhood or window. The same facts and seed always give the same answer.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from geo.analysis.clusters import Class
from geo.analysis.issue_flow import Category
from geo.errors import InvalidInput
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
    refusal: InvalidInput | None


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
