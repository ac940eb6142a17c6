"""A month at a glance on the wire."""

from datetime import date

from pydantic import BaseModel, Field

from geo.analysis import overview as analysis
from geo.analysis.overview import COUNTED, Figures
from geo.services.overview import Overview
from geo.space.codes import Level


class FiguresOut(BaseModel):
    """Figures of a month; what is open is so at its end, or now while it runs."""

    month: str
    as_of: date = Field(description="day that days are counted to")
    all: int = Field(description="areas of the level")
    met: int
    under: int
    unvisited: int
    excluded: int
    unassigned: int = Field(description="areas that count and have nobody")
    rate: float | None = Field(description="met over all but the excluded")
    visits: int
    households: int | None
    households_reached: int
    reported: int = Field(description="issues reported in the month")
    ended: int = Field(description="issues resolved in the month and not reopened by its end")
    open: int
    overdue: int
    unanswered: int = Field(description="open issues that nobody has replied to")
    in_circles: int = Field(description="open issues that an organisation was given a second time")
    clusters: int | None = Field(description="significant clusters; null if they were not asked for")

    @classmethod
    def of(cls, figures: Figures) -> "FiguresOut":
        """From the figures."""
        counted = {name: analysis.value(figures, name) for name in COUNTED}
        return cls.model_validate({"month": str(figures.month), "as_of": figures.as_of, **counted})


class OverviewOut(BaseModel):
    """A month in a scope beside the month before."""

    county: str
    area: str
    area_name: str
    level: Level
    version: int = Field(description="boundary version that was read")
    figures: FiguresOut
    previous: FiguresOut | None
    change: dict[str, float | None] = Field(description="each figure less that of the month before")

    @classmethod
    def of(cls, found: Overview) -> "OverviewOut":
        """From the value that everything is drawn from."""
        report = found.coverage
        return cls(
            county=report.county,
            area=report.scope,
            area_name=report.scope_name,
            level=report.level,
            version=report.version,
            figures=FiguresOut.of(found.figures),
            previous=None if found.previous is None else FiguresOut.of(found.previous),
            change={name: analysis.change(found.figures, found.previous, name) for name in COUNTED},
        )


class TrendOut(BaseModel):
    """Figures of several months, the oldest first."""

    months: list[FiguresOut]
