"""Coverage of places on the wire."""

from datetime import date

from pydantic import BaseModel, Field

from geo.analysis.place_coverage import Count, Home, ListedKind, PlaceCoverage, PlaceFacts, PlaceKind


class CountOut(BaseModel):
    """Known places, visited and not."""

    all: int
    visited: int = Field(description="with at least one visit in the month")
    unvisited: int
    rate: float | None = Field(description="visited / all")

    @classmethod
    def of(cls, count: Count) -> "CountOut":
        """From a count of a report."""
        return cls.model_validate(count, from_attributes=True)


class HomeOut(BaseModel):
    """The deepest area that places lie in now."""

    code: str
    name: str
    town_name: str | None
    village_name: str | None

    @classmethod
    def of(cls, home: Home | None) -> "HomeOut | None":
        """From a home; null where there is none."""
        return cls.model_validate(home, from_attributes=True) if home else None


class PartnerOut(BaseModel):
    """The one-to-one cadre of a place."""

    staff_no: str
    name: str
    organisation: str


class PlaceOut(BaseModel):
    """One place of a report."""

    id: str
    name: str | None
    kind: ListedKind
    area: HomeOut | None = Field(description="the deepest area that it lies in now; null for none")
    cadre: PartnerOut | None = Field(description="its one-to-one cadre")
    visits: int = Field(description="visits of the month that name it")
    last_visit: date | None = Field(description="last visit ever up to the end of the month")
    days_since: int | None

    @classmethod
    def of(cls, report: PlaceCoverage, place: PlaceFacts) -> "PlaceOut":
        """From a place of a report."""
        return cls(
            id=place.id,
            name=place.name,
            kind=place.kind,
            area=HomeOut.of(place.home),
            cadre=PartnerOut.model_validate(place.partner, from_attributes=True) if place.partner else None,
            visits=place.visits,
            last_visit=place.last_visit,
            days_since=report.days_since(place),
        )


class HouseholdsOut(CountOut):
    """Households at home in one area."""

    area: HomeOut | None = Field(description="null for households that lie in no area")


class PlaceCoverageSummary(BaseModel):
    """The month in figures."""

    county: str
    scope: str
    scope_name: str
    month: str
    boundary_version: int
    as_of: date
    kinds: dict[PlaceKind, CountOut] = Field(description="by the kinds that were asked for")


class PlaceCoverageOut(BaseModel):
    """A report: its figures, the places (unvisited first), and households counted by area."""

    summary: PlaceCoverageSummary
    places: list[PlaceOut]
    households: list[HouseholdsOut] = Field(description="by the code of the area; empty where one kind was asked for")

    @classmethod
    def of(cls, report: PlaceCoverage) -> "PlaceCoverageOut":
        """From a report."""
        summary = PlaceCoverageSummary(
            county=report.county,
            scope=report.scope,
            scope_name=report.scope_name,
            month=str(report.month),
            boundary_version=report.version,
            as_of=report.as_of,
            kinds={kind: CountOut.of(count) for kind, count in report.counts.items()},
        )
        households = [
            HouseholdsOut(area=HomeOut.of(one.home), **CountOut.of(one.count).model_dump()) for one in report.households
        ]
        return cls(
            summary=summary, places=[PlaceOut.of(report, place) for place in report.places], households=households
        )
