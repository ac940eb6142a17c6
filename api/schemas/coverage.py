"""Coverage on the wire."""

from datetime import date

from pydantic import BaseModel, Field

from geo.analysis.coverage import AreaCoverage, Boundaries, CoverageReport, Reason, Status, Tier
from geo.space.codes import Level


class RuleOut(BaseModel):
    """Visits a month, or one visit every so many days."""

    visits_per_month: int | None
    every_days: int | None


class ExclusionOut(BaseModel):
    """Why an area is left out of the denominator."""

    reason: str
    by: str
    on: date


class ResponsibleOut(BaseModel):
    """A cadre who holds a role for the area."""

    staff_no: str
    name: str
    role: str
    organisation: str


class AreaCoverageOut(BaseModel):
    """One area of a report."""

    code: str
    name: str
    level: Level
    kind: str | None
    path: str
    parent_name: str | None
    tier: Tier
    rule: RuleOut
    status: Status
    reasons: list[Reason] = Field(description="why it stands in the gap list; empty if it does not")
    required: int
    visits: int = Field(description="visits tagged to the area, unlocated ones included")
    unlocated: int = Field(description="of these, without a position: they count by their claimed area")
    missing: int = Field(description="visits still needed")
    cadres: int = Field(description="different cadres who visited")
    grids: int
    grids_reached: int
    households: int | None
    households_reached: int
    population: int | None
    last_visit: date | None = Field(description="last visit up to the end of the month")
    days_since: int | None
    days_overdue: int | None = Field(description="days beyond the rule's period; null if there never was a visit")
    open_issues: int
    unassigned: bool
    responsible: list[ResponsibleOut]
    exclusion: ExclusionOut | None

    @classmethod
    def of(cls, row: AreaCoverage) -> "AreaCoverageOut":
        """From a row of a report."""
        facts = row.facts
        return cls(
            code=facts.code,
            name=facts.name,
            level=facts.level,
            kind=facts.kind,
            path=facts.path,
            parent_name=facts.parent_name,
            tier=facts.tier,
            rule=RuleOut(visits_per_month=row.rule.visits_per_month, every_days=row.rule.every_days),
            status=row.status,
            reasons=list(row.reasons),
            required=row.required,
            visits=facts.visits,
            unlocated=facts.unlocated,
            missing=row.missing,
            cadres=facts.cadres,
            grids=facts.grids,
            grids_reached=facts.grids_reached,
            households=facts.households,
            households_reached=facts.households_reached,
            population=facts.population,
            last_visit=facts.last_visit,
            days_since=row.days_since,
            days_overdue=row.days_overdue,
            open_issues=facts.open_issues,
            unassigned=row.unassigned,
            responsible=[
                ResponsibleOut(staff_no=one.staff_no, name=one.name, role=one.role, organisation=one.organisation)
                for one in facts.responsible
            ],
            exclusion=ExclusionOut(reason=facts.exclusion.reason, by=facts.exclusion.by, on=facts.exclusion.on)
            if facts.exclusion
            else None,
        )


class CoverageSummary(BaseModel):
    """The month in figures."""

    county: str
    county_name: str
    scope: str
    scope_name: str
    month: str
    level: Level
    boundaries: Boundaries
    boundary_version: int
    as_of: date
    all: int
    met: int
    under: int
    unvisited: int
    excluded: int
    unassigned: int
    rate: float | None = Field(description="met / (all - excluded)")
    visits: int
    unlocated: int
    untagged: int = Field(description="visits tagged inside the scope, but to no area of the level")
    outside: int = Field(description="visits of the county that no area contains")

    @classmethod
    def of(cls, report: CoverageReport) -> "CoverageSummary":
        """From a report."""
        return cls(
            county=report.county,
            county_name=report.county_name,
            scope=report.scope,
            scope_name=report.scope_name,
            month=str(report.month),
            level=report.level,
            boundaries=report.boundaries,
            boundary_version=report.version,
            as_of=report.as_of,
            all=len(report.rows),
            met=report.count("met"),
            under=report.count("under"),
            unvisited=report.count("unvisited"),
            excluded=report.count("excluded"),
            unassigned=report.unassigned,
            rate=report.rate,
            visits=report.visits,
            unlocated=report.unlocated,
            untagged=report.untagged,
            outside=report.outside,
        )


class CoverageOut(BaseModel):
    """A report: its figures and its areas, by code, or worst first in a gap list."""

    summary: CoverageSummary
    areas: list[AreaCoverageOut]
