"""The service on the sample county: the planted truths come out, and geopandas agrees on every area and month.

The other side is counted here from the rows of the sample with geopandas and pandas; of our own code it uses only the
inverse of GCJ-02, which has tests of its own.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.analysis.coverage import CoverageLevel, CoverageReport
from geo.months import Month
from geo.services import coverage
from geo.storage.database import make_engine
from geo.storage.queries import counties
from tests.data import outsider

LEVELS: tuple[CoverageLevel, ...] = ("town", "village", "grid")


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def counted(sample: Sample) -> pd.DataFrame:
    """Every visit that counts, with its month and the codes of its areas."""
    visits = sample.visits[outsider.faults(sample) == ""].drop_duplicates("id").copy()
    where = outsider.grid_of(outsider.located(visits), sample)
    unlocated = visits["lon"].isna()
    visits["unlocated"] = unlocated
    grids = sample.grids.set_index("code")["parent"]
    villages = sample.villages.set_index("code")["parent"]
    claim = visits["claimed_area"].where(unlocated, "")
    visits["grid"] = where.where(~unlocated, claim.where(claim.isin(grids.index)))
    visits["village"] = visits["grid"].map(grids)
    visits["village"] = visits["village"].where(visits["village"].notna(), claim.where(claim.isin(villages.index)))
    visits["town"] = visits["village"].map(villages)
    visits["town"] = visits["town"].where(visits["town"].notna(), claim.where(claim.isin(sample.towns["code"])))
    visits["month"] = visits["started_at"].str[:7]
    visits["day"] = visits["started_at"].str[:10]
    return visits


def report(session: Session, sample: Sample, month: str, level: CoverageLevel) -> CoverageReport:
    return coverage.report(session, counties.resolve(session, sample.county), Month.parse(month), level=level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("month", outsider.MONTHS)
def test_every_area_of_every_month_agrees_with_geopandas(
    loaded: Session, sample: Sample, counted: pd.DataFrame, month: str, level: CoverageLevel
) -> None:
    mine = counted[counted["month"] == month]
    codes = {"town": sample.towns, "village": sample.villages, "grid": sample.grids}[level]["code"]
    groups = mine.groupby(level)
    before = counted[counted["day"] <= f"{month}-31"].groupby(level)["day"].max()
    homes = pd.DataFrame({"grid": sample.places.set_index("id")["area"]})
    homes["village"] = homes["grid"].map(sample.grids.set_index("code")["parent"])
    homes["town"] = homes["village"].map(sample.villages.set_index("code")["parent"])
    households = set(sample.places.loc[sample.places["kind"] == "household", "id"])
    reached = homes.loc[sorted(households & set(mine["place"]))].groupby(level).size()
    expected = pd.DataFrame(
        {
            "visits": groups.size(),
            "unlocated": groups["unlocated"].sum(),
            "cadres": groups["staff_no"].nunique(),
            "grids_reached": groups["grid"].nunique(),
            "households_reached": reached,
        }
    )
    expected = expected.reindex(codes).fillna(0).astype(int).sort_index()
    rows = report(loaded, sample, month, level).rows
    got = pd.DataFrame(
        [[getattr(row.facts, name) for name in expected.columns] for row in rows],
        index=pd.Index([row.facts.code for row in rows], name="code"),
        columns=expected.columns,
    )
    pd.testing.assert_frame_equal(got, expected, check_names=False, check_index_type=False)
    last = {row.facts.code: str(row.facts.last_visit) for row in rows if row.facts.last_visit}
    assert last == {code: day for code, day in before.items() if code in set(codes)}


@pytest.mark.parametrize("month", outsider.MONTHS)
def test_the_gap_list_names_exactly_the_planted_villages(loaded: Session, sample: Sample, month: str) -> None:
    found = report(loaded, sample, month, "village")
    assert {row.facts.code for row in found.gaps("unvisited")} == set(sample.planted["unvisited_villages"][month])
    assert {row.facts.code for row in found.gaps("under")} == set(sample.planted["under_villages"][month])


@pytest.mark.parametrize("level", LEVELS)
def test_planted_exclusions_and_the_unassigned(loaded: Session, sample: Sample, level: CoverageLevel) -> None:
    found = report(loaded, sample, "2026-10", level)
    assert {row.facts.code for row in found.rows if row.status == "excluded"} == set(outsider.excluded(sample, level))
    unassigned = sample.planted["unassigned"][level]
    assert [row.facts.code for row in found.gaps()[: len(unassigned)]] == sorted(
        unassigned, key=[row.facts.code for row in found.gaps()].index
    )
    assert {row.facts.code for row in found.rows if row.unassigned} == set(unassigned)


def test_a_scope_is_a_path_and_not_a_code_prefix(loaded: Session, sample: Sample) -> None:
    zone = sample.planted["functional_zone"]
    county = counties.resolve(loaded, sample.county)
    run_by = coverage.report(loaded, county, Month(2026, 10), area=zone["parent"])
    coded = coverage.report(loaded, county, Month(2026, 10), area=zone["coded_under"])
    assert zone["village"] in {row.facts.code for row in run_by.rows}
    assert zone["village"] not in {row.facts.code for row in coded.rows}


@pytest.mark.parametrize("month", ["2026-02", "2026-10"])
def test_parents_add_up(loaded: Session, sample: Sample, counted: pd.DataFrame, month: str) -> None:
    towns, villages, grids = (report(loaded, sample, month, level) for level in LEVELS)
    for parents, children, rank in ((towns, villages, 2), (villages, grids, 3)):
        below = (
            pd.Series({row.facts.code: row.facts.visits for row in children.rows}, dtype=int)
            .groupby({row.facts.code: row.facts.path.split("/")[rank - 1] for row in children.rows})
            .sum()
        )
        direct = counted[(counted["month"] == month) & counted[children.level].isna()].groupby(parents.level).size()
        for row in parents.rows:
            code = row.facts.code
            assert row.facts.visits == below.get(code, 0) + direct.get(code, 0)
    assert towns.visits == villages.visits + villages.untagged == grids.visits + grids.untagged
    outside = counted[(counted["month"] == month) & counted["town"].isna()]
    assert towns.outside == len(outside)
    assert np.isclose(towns.rate or 0, towns.count("met") / (len(towns.rows) - towns.count("excluded")))
