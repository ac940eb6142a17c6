"""Hot spots and extents on the sample county: the planted is found, and every number agrees with a count by pandas."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.orm import Session

from api import hotspot_exports
from data.problems import COMMON
from data.sample import Sample
from geo.analysis.hotspots import HotspotReport
from geo.analysis.issue_flow import CATEGORIES, Category, ExtentProposal
from geo.analysis.surface_rasters import geotiff
from geo.months import Month
from geo.services import extents, hotspots, problem_surfaces
from geo.services.problem_surfaces import Asked, ProblemSurface
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries import issues as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.issues import Filter, IssueRecord
from geo.storage.reach import Reach
from tests.data import outsider

FIRST, LAST = Month.parse(outsider.MONTHS[0]), Month.parse(outsider.MONTHS[-1])
YEAR = (FIRST.first_day, LAST.last_day)


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def limited(sample_url: str, sample: Sample) -> Iterator[Session]:
    """What one town sees."""
    engine = make_engine(sample_url)
    with Session(engine) as session:
        reach.limit(session, Reach(sample.county, "town", town_of(sample)))
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def here(loaded: Session, sample: Sample) -> CountyInfo:
    return counties.resolve(loaded, sample.county)


def town_of(sample: Sample) -> str:
    """The town of the second planted cluster."""
    return str(sample.planted["issues"]["clusters"][1]["towns"][0])


@pytest.fixture(scope="module")
def visits(sample: Sample) -> pd.DataFrame:
    """Visits that count, with village and month; points are those of the sheet, in degrees of WGS-84."""
    kept = outsider.located(sample.visits[outsider.faults(sample) == ""].drop_duplicates("id"))
    grid = outsider.grid_of(kept, sample).where(kept["lon"].notna(), kept["claimed_area"])
    known = {*sample.villages["code"], *sample.grids["code"]}
    village = grid.where(grid.isin(known)).str[:12]
    return kept.assign(village=village, month=kept["started_at"].str[:7], day=kept["started_at"].str[:10])


@pytest.fixture(scope="module")
def whole(loaded: Session, here: CountyInfo) -> HotspotReport:
    return hotspots.report(loaded, here, *YEAR)


@pytest.fixture(scope="module")
def by_category(loaded: Session, here: CountyInfo) -> dict[Category, HotspotReport]:
    return {one: hotspots.report(loaded, here, *YEAR, categories=(one,)) for one in CATEGORIES}


@pytest.fixture(scope="module")
def proposals(loaded: Session, here: CountyInfo) -> list[tuple[IssueRecord, ExtentProposal]]:
    records = queries.page(loaded, here.code, Filter(), after=None, limit=None)
    found = extents.proposals(loaded, here, records)
    return [(one, found[one.id]) for one in records]


def planted_counts(sample: Sample) -> dict[tuple[str, str], int]:
    """Issues by village and month."""
    found: dict[tuple[str, str], int] = {}
    for village, categories in sample.planted["issues"]["counts"].items():
        for months in categories.values():
            for month, count in months.items():
                found[village, month] = found.get((village, month), 0) + count
    return found


# counts


def test_visits_of_every_village_and_month_agree_with_pandas(
    sample: Sample, visits: pd.DataFrame, whole: HotspotReport
) -> None:
    assert [str(one) for one in whole.months] == outsider.MONTHS
    table = pd.crosstab(visits["village"], visits["month"])
    table = table.reindex(index=sorted(sample.villages["code"]), columns=outsider.MONTHS, fill_value=0)
    assert [one.facts.code for one in whole.rows] == list(table.index)
    assert [list(one.facts.visits) for one in whole.rows] == table.to_numpy().tolist()


def test_issues_of_every_village_and_month_are_the_planted_but_for_the_merged(
    loaded: Session, here: CountyInfo, sample: Sample, whole: HotspotReport
) -> None:
    planted = planted_counts(sample)
    merged = set(sample.planted["issues"]["merged"])
    assert len(merged) > 5
    for one in queries.by_ids(loaded, here.code, [UUID(id_) for id_ in merged]):
        planted[one.village, str(Month.of(one.reported_at.astimezone(here.zone).date()))] -= 1
    found = {
        (one.facts.code, str(month)): count
        for one in whole.rows
        for month, count in zip(whole.months, one.facts.issues, strict=True)
        if count
    }
    assert found == {key: count for key, count in planted.items() if count}
    assert whole.issues == len(sample.issues) - len(merged)
    assert whole.outside == 0


def test_days_that_make_up_months_are_the_months(loaded: Session, here: CountyInfo, visits: pd.DataFrame) -> None:
    """By tallies where a window is made of months, by the visits themselves where it is not."""
    month = Month.parse(outsider.MONTHS[4])
    by_month = hotspots.report(loaded, here, month.first_day, month.last_day)
    halves = [
        hotspots.report(loaded, here, month.first_day, date(month.year, month.number, 14)),
        hotspots.report(loaded, here, date(month.year, month.number, 15), month.last_day),
    ]
    for name in ("issues", "visits"):
        both = zip(*([sum(getattr(one.facts, name)) for one in half.rows] for half in halves), strict=True)
        assert [sum(pair) for pair in both] == [sum(getattr(one.facts, name)) for one in by_month.rows]
    over_the_edge = hotspots.report(loaded, here, month.first_day, month.next().first_day)
    assert [str(one) for one in over_the_edge.months] == [str(month), str(month.next())]
    day = str(month.next().first_day)
    last = visits[visits["day"] == day].groupby("village").size()
    assert {one.facts.code: one.facts.visits[1] for one in over_the_edge.rows if one.facts.visits[1]} == last.to_dict()


def test_expected_is_the_share_of_the_visits(whole: HotspotReport) -> None:
    known = [one for one in whole.rows if sum(one.facts.visits)]
    rate = sum(one.observed for one in known) / sum(sum(one.facts.visits) for one in known)
    for one in known:
        assert one.expected == pytest.approx(rate * sum(one.facts.visits))


def test_villages_that_nobody_visited_are_unknown(
    loaded: Session, here: CountyInfo, sample: Sample, visits: pd.DataFrame, whole: HotspotReport
) -> None:
    never = set(sample.planted["never_visited"]) & set(sample.villages["code"])
    assert {one.facts.code for one in whole.rows if one.status == "unknown"} == set(whole.judged.choices.unknown)
    assert never <= set(whole.judged.choices.unknown)
    month = outsider.MONTHS[2]
    first = Month.parse(month)
    found = hotspots.report(loaded, here, first.first_day, first.last_day)
    unvisited = set(sample.planted["unvisited_villages"][month])
    assert unvisited
    seen = set(visits.loc[visits["month"] == month, "village"].dropna())
    assert {one.facts.code for one in found.rows if one.status == "unknown"} == set(sample.villages["code"]) - seen
    assert unvisited <= set(found.judged.choices.unknown)


# what is planted


@pytest.mark.parametrize("number", [0, 1])
def test_the_planted_clusters_are_the_most_likely_ones(
    sample: Sample, by_category: dict[Category, HotspotReport], number: int
) -> None:
    planted = sample.planted["issues"]["clusters"][number]
    first = by_category[planted["category"]].clusters[0]
    both = set(planted["villages"]) & set(first.members)
    jaccard = len(both) / len(set(planted["villages"]) | set(first.members))
    assert first.significant
    assert len(both) >= 0.8 * len(planted["villages"])
    assert jaccard >= 0.5
    assert first.relative_risk is not None
    assert 2 < first.relative_risk < 8, "planted at four times"
    hot = {one.facts.code for one in by_category[planted["category"]].rows if one.status in {"hot_95", "hot_99"}}
    assert hot & set(planted["villages"])
    assert hot <= {*planted["villages"], *first.members}


def test_few_clusters_are_found_where_none_is_planted(by_category: dict[Category, HotspotReport]) -> None:
    for category in ("livelihood", "development", "party"):
        found = [one for one in by_category[category].clusters if one.significant]
        assert not found


def test_the_same_request_gives_the_same_answer(
    loaded: Session, here: CountyInfo, by_category: dict[Category, HotspotReport]
) -> None:
    again = hotspots.report(loaded, here, *YEAR, categories=("ecology",))
    assert again == by_category["ecology"]


def test_by_month_every_issue_of_visited_months_is_expected_once(loaded: Session, here: CountyInfo) -> None:
    found = hotspots.report(loaded, here, *YEAR, categories=("ecology",), by_month=True)
    expected = sum(one.expected or 0 for one in found.rows)
    assert expected == pytest.approx(found.issues - found.judged.choices.left_out)


# who sees what


def test_a_scope_is_told_of_itself_by_what_is_true_of_the_whole(
    limited: Session, here: CountyInfo, sample: Sample, by_category: dict[Category, HotspotReport]
) -> None:
    town = town_of(sample)
    whole = by_category["infrastructure"]
    mine = hotspots.report(limited, here, *YEAR, categories=("infrastructure",), area=town)
    assert mine.rows == tuple(one for one in whole.rows if town in one.facts.path.split("/"))
    assert mine.rows
    said = hotspot_exports.render(mine, "json", "en", {})
    assert isinstance(said, str)
    foreign = {one.facts.code for one in whole.rows} - {one.facts.code for one in mine.rows}
    assert not [code for code in foreign if code in said]
    first, same = mine.clusters[0], whole.clusters[0]
    assert (first.observed, first.expected, first.p) == (same.observed, same.expected, same.p)
    assert len(first.members) + first.beyond == len(same.members)
    assert mine.outside == 0
    assert mine.issues == sum(one.observed for one in mine.rows)


def test_who_may_not_see_petitions_is_told_nothing_of_them(
    sample_url: str, here: CountyInfo, whole: HotspotReport, by_category: dict[Category, HotspotReport]
) -> None:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        reach.without_petitions(session, "guest")
        blind = hotspots.report(session, here, *YEAR)
        alone = hotspots.report(session, here, *YEAR, categories=("petition",))
        surface = problem_surfaces.surface(session, here, *YEAR, Asked("absolute", ("petition",)))
        plain = problem_surfaces.surface(session, here, *YEAR, Asked("absolute"))
    engine.dispose()
    assert by_category["petition"].issues > 50
    assert (whole.petitions, blind.petitions, alone.petitions) == (True, False, False)
    assert blind.issues == whole.issues - by_category["petition"].issues
    assert alone.issues == 0
    assert surface.issues == 0
    assert np.nanmax(surface.surface.values) == 0
    assert 0 < plain.issues <= blind.issues


# surfaces


@pytest.fixture(scope="module")
def ground(sample: Sample, here: CountyInfo) -> shapely.Geometry:
    return gpd.GeoSeries([sample.villages.union_all()], crs=4326).to_crs(here.metric_epsg).iloc[0]


def volume(found: ProblemSurface) -> float:
    """Points that the surface holds."""
    return float(np.nansum(found.surface.values)) * found.surface.cell_m**2 / 1e6


def known_at(found: ProblemSurface, points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values of the cells that points lie in."""
    bounds, cell_m = found.surface.bounds, found.surface.cell_m
    columns = ((points[:, 0] - bounds.min_x) / cell_m).astype(int)
    rows = ((bounds.max_y - points[:, 1]) / cell_m).astype(int)
    surface = found.surface.values  # noqa: PD011 - not pandas
    return np.asarray(surface[rows, columns])


def test_an_absolute_surface_holds_the_issues(loaded: Session, here: CountyInfo, ground: shapely.Geometry) -> None:
    found = problem_surfaces.surface(loaded, here, *YEAR, Asked("absolute"))
    stored = queries.page(loaded, here.code, Filter(), after=None, limit=None)
    at = [(one.lon, one.lat) for one in stored if one.lon is not None and one.status != "merged"]
    points = gpd.GeoSeries(shapely.points(at), crs=4326).to_crs(here.metric_epsg)
    inside = points.within(ground.buffer(found.surface.cell_m)).sum()
    assert inside > 1_500
    assert abs(found.issues - inside) <= 0.01 * inside
    assert volume(found) == pytest.approx(found.issues, rel=0.05)
    told = problem_surfaces.choices(found)
    assert told["bandwidth_rule"] == "silverman"
    assert told["bandwidth_m"] == pytest.approx(found.surface.bandwidth_m, abs=0.05)
    assert found.rule is not None
    assert 200 < found.surface.bandwidth_m < 10_000
    rows, columns = np.nonzero(np.isfinite(found.surface.values))
    x = found.surface.bounds.min_x + (columns + 0.5) * found.surface.cell_m
    y = found.surface.bounds.max_y - (rows + 0.5) * found.surface.cell_m
    near = ground.buffer(found.surface.cell_m)
    shapely.prepare(near)
    assert shapely.contains_xy(near, x, y).all(), "nothing is said of what lies outside"
    assert len(x) * found.surface.cell_m**2 == pytest.approx(ground.area, rel=0.01)


def test_a_relative_surface_is_unknown_where_visits_are_thin(
    loaded: Session, here: CountyInfo, sample: Sample, visits: pd.DataFrame
) -> None:
    asked = Asked("relative", ("ecology",), 800.0)
    found = problem_surfaces.surface(loaded, here, *YEAR, asked)
    assert found.rule is None
    assert found.minimum_per_km2 == pytest.approx(5 * 3 / (np.pi * 0.8**2))
    at = gpd.GeoSeries(visits[visits["lon"].notna()].geometry, crs=4326).to_crs(here.metric_epsg)
    tree = shapely.STRtree(at.to_numpy())
    rows, columns = np.nonzero(np.isfinite(found.surface.values))
    x = found.surface.bounds.min_x + (columns + 0.5) * found.surface.cell_m
    y = found.surface.bounds.max_y - (rows + 0.5) * found.surface.cell_m
    sampled = np.random.default_rng(1).choice(len(x), 300, replace=False)
    around = [len(tree.query(shapely.Point(x[n], y[n]), "dwithin", 820.0)) for n in sampled]
    assert min(around) >= 2, "one visit says nothing, even at the outline"
    absolute = problem_surfaces.surface(loaded, here, *YEAR, Asked("absolute", ("ecology",), 800.0))
    unknown = np.isnan(found.surface.values) & np.isfinite(absolute.surface.values)
    assert unknown.any()
    assert not (np.isfinite(found.surface.values) & np.isnan(absolute.surface.values)).any()
    planted = sample.planted["issues"]["clusters"][0]
    shape = sample.villages.set_index("code").loc[planted["villages"]].to_crs(here.metric_epsg)
    there = known_at(found, shapely.get_coordinates(shape.representative_point().to_numpy()))
    mean = 100 * found.issues / found.visits
    assert np.nanmedian(there) > 1.5 * mean


def test_a_scope_sees_the_surface_of_its_own_points(
    limited: Session, loaded: Session, here: CountyInfo, sample: Sample
) -> None:
    town = town_of(sample)
    mine = problem_surfaces.surface(limited, here, *YEAR, Asked("relative"), area=town)
    asked_for = problem_surfaces.surface(loaded, here, *YEAR, Asked("relative"), area=town)
    whole = problem_surfaces.surface(loaded, here, *YEAR, Asked("relative"))
    assert 0 < mine.issues < whole.issues / 3
    assert 0 < mine.visits < whole.visits / 3
    # Who sees all has also the points of the cells along the border.
    assert mine.issues == pytest.approx(asked_for.issues, rel=0.1)
    assert (
        mine.surface.bounds.max_x - mine.surface.bounds.min_x < whole.surface.bounds.max_x - whole.surface.bounds.min_x
    )


def test_the_same_surface_has_the_same_bytes(loaded: Session, here: CountyInfo) -> None:
    one, again = (problem_surfaces.surface(loaded, here, *YEAR, Asked("relative", ("ecology",))) for _ in range(2))
    assert geotiff(one.surface, epsg=one.epsg) == geotiff(again.surface, epsg=again.epsg)
    assert problem_surfaces.choices(one) == problem_surfaces.choices(again)


# whose problem


def test_what_is_planted_is_proposed(sample: Sample, proposals: list[tuple[IssueRecord, ExtentProposal]]) -> None:
    planted = sample.planted["issues"]

    def share(extent: str, chosen: list[ExtentProposal]) -> float:
        return sum(one.extent == extent for one in chosen) / len(chosen)

    for cluster in planted["clusters"]:
        chosen = [
            found
            for one, found in proposals
            if one.village in cluster["villages"] and one.category == cluster["category"]
        ]
        assert share("regional", chosen) >= 0.9
        assert all("p = 0.0" in one.en or "q = 0.0" in one.en for one in chosen if one.extent == "regional")
    common = [found for one, found in proposals if one.title == COMMON]
    assert share("common", common) >= 0.9
    individual = set(planted["individual"])
    alone = [found for one, found in proposals if str(one.id) in individual]
    assert share("individual", alone) >= 0.8


def test_every_proposal_has_its_reasons_in_both_languages(proposals: list[tuple[IssueRecord, ExtentProposal]]) -> None:
    for _, found in proposals:
        assert found.en.isascii() or "∞" in found.en
        assert any("一" <= letter <= "鿿" for letter in found.zh)
        numbers = [any(letter.isdigit() for letter in text) for text in (found.zh, found.en)]
        assert numbers[0] == numbers[1]
        assert numbers[0] or "未发现" in found.zh


def test_a_proposal_does_not_depend_on_who_asks(
    limited: Session, here: CountyInfo, sample: Sample, proposals: list[tuple[IssueRecord, ExtentProposal]]
) -> None:
    whole = {one.id: found for one, found in proposals}
    records = queries.page(limited, here.code, Filter(), after=None, limit=40)
    assert {one.town for one in records} == {town_of(sample)}
    assert extents.proposals(limited, here, records) == {one.id: whole[one.id] for one in records}
