"""Load the sample county through the same services as a real one: boundaries, sheets, visits."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.intake.boundary_files import BoundaryLayer
from geo.intake.visits import parse
from geo.services import boundaries, boundary_plans, sheets, visits
from geo.space.codes import Level
from geo.space.shapes import as_multipolygons
from geo.storage.queries import counties

COUNTY: Final = "990101"
IN_FORCE_FROM: Final = date(2025, 1, 1)


def load(session: Session, sample: Sample) -> Counter[str]:
    """Load all of it in the session's transaction.

    :return: visits by outcome
    """
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
    ):
        sheets.take(session, county, kind, _rows(frame), f"{kind}.csv")
    good, refused = parse(_rows(sample.visits), zone=county.zone, now=datetime.now(UTC))
    return Counter(answer.outcome for answer in visits.record(session, county, good, refused))


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
