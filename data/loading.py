"""Load the sample county through the same services as a real one: boundaries, sheets, visits, issues, events."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.intake import issues as issue_rows
from geo.intake import visits as visit_rows
from geo.intake.batches import parts
from geo.intake.boundary_files import BoundaryLayer
from geo.services import boundaries, boundary_plans, issue_events, issues, sheets, visits
from geo.space.codes import Level
from geo.space.shapes import as_multipolygons
from geo.storage.database import analyze
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo

COUNTY: Final = "990101"
IN_FORCE_FROM: Final = date(2025, 1, 1)


_BATCH: Final = 20_000
"""Issues, or events, at once."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the rows: how many of each outcome."""

    visits: Counter[str]
    issues: Counter[str]

    def __str__(self) -> str:
        return f"visits: {_said(self.visits)}; issues: {_said(self.issues)}"


def load(session: Session, sample: Sample) -> Loaded:
    """Load all of it in the session's transaction."""
    layers: tuple[tuple[Level, gpd.GeoDataFrame], ...] = (
        ("county", sample.outline),
        ("town", sample.towns),
        ("village", sample.villages),
        ("grid", sample.grids),
    )
    plan = boundary_plans.plan(session, *(_layer(level, frame) for level, frame in layers), county=sample.county)
    staged = boundaries.stage(session, plan)
    boundaries.activate(session, sample.county, staged.version, from_day=IN_FORCE_FROM)
    county = counties.resolve(session, sample.county)
    for kind, frame in (
        ("organisations", sample.organisations),
        ("cadres", sample.cadres),
        ("assignments", sample.assignments),
        ("rules", sample.rules),
        ("settings", sample.area_settings),
        ("places", sample.places),
        ("limits", sample.limits),
        ("routes", sample.routes),
    ):
        sheets.take_whole(session, county, kind, _rows(frame), f"{kind}.csv")
    good, refused = visit_rows.parse(_rows(sample.visits), zone=county.zone, now=datetime.now(UTC))
    recorded: Counter[str] = Counter(answer.outcome for answer in visits.record(session, county, good, refused))
    reported = _load_issues(session, county, sample)
    analyze(session)
    return Loaded(recorded, reported)


def _load_issues(session: Session, county: CountyInfo, sample: Sample) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for batch in parts(_rows(sample.issues), _BATCH):
        good, refused = issue_rows.parse(batch, zone=county.zone, now=datetime.now(UTC))
        outcomes.update(one.outcome for one in issues.report(session, county, good, refused, offer_similar=False))
    for events in parts(_rows(sample.issue_events), _BATCH):
        issue_events.add_all(session, county, [_event(fields, county) for _, fields in events])
    return outcomes


def _event(fields: Mapping[str, Any], county: CountyInfo) -> tuple[UUID, issue_rows.EventRow]:
    said = {name: value for name, value in fields.items() if name != "issue"}
    return UUID(fields["issue"]), issue_rows.EventRow.model_validate(said, context={"zone": county.zone})


def _said(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))


def _layer(level: Level, frame: gpd.GeoDataFrame) -> BoundaryLayer:
    areas = frame.assign(row=np.arange(1, len(frame) + 1))
    areas = areas.astype(dict.fromkeys(("code", "name", "parent", "kind"), object))
    areas = areas.where(areas.notna(), None).set_geometry(as_multipolygons(frame.geometry.to_numpy()), crs=frame.crs)
    return BoundaryLayer(f"sample {level}", level, "EPSG:4326", {}, areas, refused=(), repaired=())


def _rows(frame: pd.DataFrame) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows as a csv file would give them: a missing value is an empty text, the header is line 1."""
    plain = frame.astype(object).where(frame.notna(), "")
    columns = [plain[name].tolist() for name in plain.columns]
    for number, values in enumerate(zip(*columns, strict=True), start=2):
        yield number, dict(zip(plain.columns, values, strict=True))
