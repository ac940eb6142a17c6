"""Hot spots on the wire."""

from datetime import date

from pydantic import BaseModel, Field

from geo.analysis.clusters import Class
from geo.analysis.hotspots import PER, Denominator, HotArea, HotCluster, HotspotReport
from geo.analysis.issue_flow import Category
from geo.errors import Lang
from geo.space.codes import Level


class HotAreaOut(BaseModel):
    """One area: what was seen, what was to be expected, and how sure. Null is unknown."""

    code: str
    name: str
    parent_name: str | None
    path: str
    observed: int = Field(description="issues of the window")
    visits: int = Field(description="visits of the window")
    households: int | None
    denominator: float | None = Field(description="what the rate is per; null where nobody looked")
    expected: float | None = Field(description="issues that it would have if it were like all")
    rate: float | None = Field(description=f"issues per {PER} of the denominator, or per area")
    low: float | None = Field(description="lower end of the rate's exact 95 % Poisson interval")
    high: float | None
    shrunk: float | None = Field(description="empirical-Bayes rate")
    ratio: float | None = Field(description="observed over expected")
    z: float | None = Field(description="Gi* of Pearson's residual (O - E) / √E, standard deviations")
    p: float | None = Field(description="of Gi*, two-sided, by permutation")
    q: float | None = Field(description="false discovery rate at which it is called hot or cold")
    status: Class = Field(description="hot or cold at 90, 95 or 99 %, none, or unknown: nobody looked")

    @classmethod
    def of(cls, area: HotArea) -> "HotAreaOut":
        """From the judged area."""
        facts = area.facts
        return cls(
            code=facts.code,
            name=facts.name,
            parent_name=facts.parent_name,
            path=facts.path,
            visits=sum(facts.visits),
            households=facts.households,
            **{name: getattr(area, name) for name in cls.model_fields if name in HotArea.__slots__},
        )


class HotClusterOut(BaseModel):
    """A circle of areas with more issues than expected; most likely first, none sharing an area with another."""

    rank: int
    centre: str = Field(description="code of the area in whose centroid the circle is centred")
    members: list[str] = Field(description="codes, nearest to the centre first")
    beyond: int = Field(description="further members that lie outside what you may see")
    observed: int
    expected: float
    relative_risk: float | None = Field(
        description="rate inside over rate outside; null where nothing was found outside"
    )
    log_likelihood_ratio: float
    p: float = Field(description="by Monte Carlo, among the maxima of the replicates")
    significant: bool = Field(description="p is 0.05 at most")
    radius_m: float

    @classmethod
    def of(cls, cluster: HotCluster) -> "HotClusterOut":
        """From the found cluster."""
        return cls(**{name: getattr(cluster, name) for name in cls.model_fields})


class ChoicesOut(BaseModel):
    """Everything that was chosen on the way; the same request gives the same answer."""

    denominator: Denominator
    standardised_by_month: bool
    weights: str = Field(description="binary, of areas that share an edge or a corner, each with itself")
    islands: list[tuple[str, str]] = Field(description="areas without a neighbour, and the nearest that each was given")
    permutations: int = Field(description="of each area; those that come out extreme get more")
    population_share: float = Field(description="largest share of what is expected in one circle")
    replicates: int
    seed: int
    unknown: list[str] = Field(description="areas that nothing can be said of")
    left_out: int = Field(description="issues in them")


class HotspotSummary(BaseModel):
    """What was asked, and what it gave."""

    county: str
    scope: str
    scope_name: str
    level: Level
    begin: date
    until: date = Field(description="last day, inclusive")
    categories: list[Category] = Field(description="none for all")
    petitions: bool = Field(description="whether petitions are counted where they are asked for")
    boundary_version: int
    issues: int
    visits: int
    outside: int = Field(description="issues that no area of the level contains")
    refusal: str | None = Field(description="why there is no Gi*; the scan's clusters stand")
    choices: ChoicesOut

    @classmethod
    def of(cls, report: HotspotReport, lang: Lang) -> "HotspotSummary":
        """From the report."""
        same = ("county", "scope", "scope_name", "level", "begin", "until", "petitions", "issues", "visits", "outside")
        choices, refusal = report.judged.choices, report.judged.refusal
        return cls(
            **{name: getattr(report, name) for name in same},
            categories=list(report.categories),
            boundary_version=report.version,
            refusal=refusal.text(lang) if refusal else None,
            choices=ChoicesOut(**{name: getattr(choices, name) for name in ChoicesOut.model_fields}),
        )


class HotspotsOut(BaseModel):
    """Hot spots of a window."""

    summary: HotspotSummary
    areas: list[HotAreaOut]
    clusters: list[HotClusterOut]


class ClustersOut(BaseModel):
    """Clusters of a window."""

    summary: HotspotSummary
    clusters: list[HotClusterOut]
