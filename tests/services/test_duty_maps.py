"""Who is responsible in the sample county, against plain SQL and pandas."""

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.loading import COUNTY
from geo.analysis.coverage import CoverageLevel
from geo.errors import FutureMonth, InvalidChoice, UnknownArea
from geo.months import Month
from geo.services import coverage, duty_maps
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach

DAY = date(2026, 10, 31)


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def info(loaded: Session) -> CountyInfo:
    return counties.resolve(loaded, COUNTY)


@pytest.fixture(scope="module")
def held(loaded: Session) -> pd.DataFrame:
    """What is held on the day, straight from the tables."""
    query = text(
        "SELECT a.area_code AS area, a.staff_no AS staff, a.role, c.organisation_code AS organisation, s.level, s.path"
        " FROM assignments a JOIN cadres c USING (county_code, staff_no)"
        " JOIN areas s ON s.county_code = a.county_code AND s.code = a.area_code AND s.version = 1"
        " WHERE a.from_day <= :day AND (a.to_day IS NULL OR a.to_day > :day)"
    )
    return pd.DataFrame(loaded.execute(query, {"day": DAY}).mappings().all())


@pytest.mark.parametrize("level", ["grid", "village", "town"])
@pytest.mark.parametrize("role", [None, "grid_head"])
def test_loads_are_those_of_the_tables(
    loaded: Session, info: CountyInfo, held: pd.DataFrame, level: CoverageLevel, role: str | None
) -> None:
    report = duty_maps.report(loaded, info, DAY, level=level, role=role)  # type: ignore[arg-type]
    mine = held[held["level"] == level]
    mine = mine[mine["role"] == role] if role else mine
    per_person = mine.groupby("staff")["area"].nunique()
    most = mine.assign(n=mine["staff"].map(per_person)).groupby("area")["n"].max()
    assert {row.area.code: row.load for row in report.rows if row.held} == most.to_dict()
    assert {one.staff_no: one.areas for one in report.cadres} == per_person.to_dict()
    if role is None or level == "grid":
        assert len(per_person) > 10
    if role is None:
        month = coverage.report(loaded, info, Month.of(DAY), level=level)
        assert {row.area.code for row in report.rows if row.unassigned} == {
            row.facts.code for row in month.rows if row.unassigned
        }


def test_a_scope_counts_what_its_cadres_hold_elsewhere(loaded: Session, info: CountyInfo, held: pd.DataFrame) -> None:
    grids = held[held["level"] == "grid"]
    village = str(grids["path"].iloc[0]).split("/")[2]
    report = duty_maps.report(loaded, info, DAY, area=village)
    per_person = grids.groupby("staff")["area"].nunique()
    inside = grids[grids["path"].str.contains(f"/{village}/")]
    assert {row.area.code for row in report.rows} == set(
        loaded.scalars(text("SELECT code FROM areas WHERE village_code = :v AND level = 'grid'"), {"v": village})
    )
    assert {one.staff_no: one.areas for one in report.cadres} == {
        staff: int(per_person[staff]) for staff in inside["staff"].unique()
    }


def test_an_organisation_is_told_alone(loaded: Session, info: CountyInfo, held: pd.DataFrame) -> None:
    grids = held[held["level"] == "grid"]
    organisation = str(grids["organisation"].mode().iloc[0])
    report = duty_maps.report(loaded, info, DAY, organisation=organisation)
    theirs = grids[grids["organisation"] == organisation]
    assert {row.area.code for row in report.rows if row.held} == set(theirs["area"])
    assert {row.area.code for row in report.rows if row.elsewhere} == set(grids["area"]) - set(theirs["area"])
    assert {one.organisation for one in report.cadres} == {organisation}
    with pytest.raises(InvalidChoice, match="organisation"):
        duty_maps.report(loaded, info, DAY, organisation="nowhere")


def test_a_reader_of_a_town_sees_that_town(loaded: Session, info: CountyInfo, held: pd.DataFrame) -> None:
    town = str(held["path"].iloc[0]).split("/")[1]
    reach.limit(loaded, Reach(COUNTY, "town", town))
    try:
        report = duty_maps.report(loaded, info, DAY, area=town)
        with pytest.raises(UnknownArea):
            duty_maps.report(loaded, info, DAY)
    finally:
        reach.limit(loaded, None)
    inside = held[(held["level"] == "grid") & held["path"].str.contains(f"/{town}/")]
    assert {one.staff_no: one.areas for one in report.cadres} == inside.groupby("staff")["area"].nunique().to_dict()
    assert all(one.area.path.startswith(f"{COUNTY}/{town}/") for one in report.rows)


def test_a_month_that_has_not_begun_is_refused(info: CountyInfo) -> None:
    assert duty_maps.day_of(info, Month(2026, 10)) == DAY
    with pytest.raises(FutureMonth):
        duty_maps.day_of(info, Month(2199, 1))
