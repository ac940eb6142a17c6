"""Problems that are told where people go: ten times the visits to one town are a red blob of counts, and nothing else.

Every visit of this county finds a problem with the same chance. The sample's villages are visited alike, but one town
ten times as often and one not at all. Counts, which most heatmaps show, point at the first; hot spots must not, and
must call the second unknown, never cold.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import KDTree
from sqlalchemy.orm import Session

from data import loading
from data.sample import Sample
from geo.analysis.hotspots import Denominator, HotspotReport
from geo.analysis.surface_pictures import Picture, picture
from geo.analysis.surface_rasters import web_mercator
from geo.analysis.surfaces import Surface
from geo.services import grounds, hotspots, problem_surfaces
from geo.services.problem_surfaces import Asked, Canvas, Kind, ProblemSurface
from geo.storage.database import make_engine
from geo.storage.queries import boundaries, counties
from geo.storage.queries.counties import CountyInfo
from tests.conftest import _copy_database, _drop_database
from tests.data import outsider

BUSY: Final = "990101102"
IGNORED: Final = "990101203"
ALIKE: Final = 12
TIMES: Final = 10
CHANCE: Final = 0.15
"""Of a visit to find a problem, wherever it is."""

CELLS: Final = 256
BEGIN, UNTIL = date(2025, 11, 1), date(2026, 10, 31)
DEALINGS: Final = 39
"""Of the problems to the visits by chance: what is inside their range is noise, at 5 %."""

Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Uneven:
    """The county as the service sees it.

    :ivar visited: codes of the villages that somebody went to
    :ivar busy: cells of the town that is visited ten times as often
    :ivar ignored: cells of the one that nobody visits
    """

    session: Session
    county: CountyInfo
    visited: frozenset[str]
    canvas: Canvas
    busy: Cells
    ignored: Cells

    def report(self, per: Denominator) -> HotspotReport:
        return hotspots.report(self.session, self.county, BEGIN, UNTIL, per=per)

    def surface(self, kind: Kind) -> ProblemSurface:
        return problem_surfaces.surface(self.session, self.county, BEGIN, UNTIL, Asked(kind, cells=CELLS))


def uneven_visits(sample: Sample, rng: np.random.Generator) -> pd.DataFrame:
    """Visits of the sample, drawn with replacement: so many to each village."""
    good = sample.visits[(outsider.faults(sample) == "") & (sample.visits["frame"] == "wgs84")].drop_duplicates("id")
    good = good.assign(village=outsider.grid_of(outsider.located(good), sample).str[:12]).dropna(subset="village")
    town = good["village"].str[:9]
    good = good[town != IGNORED]
    drawn = [
        rows.iloc[rng.integers(len(rows), size=ALIKE * (TIMES if village[:9] == BUSY else 1))]
        for village, rows in good.groupby("village")
    ]
    visits = pd.concat(drawn, ignore_index=True)
    return visits.assign(id=[str(UUID(bytes=rng.bytes(16), version=4)) for _ in range(len(visits))])


def problems(visits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One of every so many visits finds one."""
    found = visits[rng.random(len(visits)) < CHANCE]
    empty = dict.fromkeys(("claimed_area", "place", "handler", "liaison", "due_on"), "")
    return pd.DataFrame(
        {
            "id": [str(UUID(bytes=rng.bytes(16), version=4)) for _ in range(len(found))],
            "reported_at": found["started_at"].to_numpy(),
            "category": "infrastructure",
            "title": "路灯不亮",
            "detail": "",
            **{name: found[name].to_numpy() for name in ("lon", "lat", "frame", "accuracy_m")},
            "visit": found["id"].to_numpy(),
            **empty,
        }
    )


@pytest.fixture(scope="module")
def uneven(database_url: str, template: str, sample: Sample) -> Iterator[Uneven]:
    rng = np.random.default_rng(20)
    visits = uneven_visits(sample, rng)
    made = replace(
        sample,
        visits=visits.drop(columns="village"),
        issues=problems(visits, rng),
        issue_events=sample.issue_events.iloc[:0],
    )
    url = _copy_database(database_url, "uneven_effort", template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        said = loading.load(session, made)
        assert set(said.visits) == set(said.issues) == {"stored"}
    with Session(engine) as session:
        county = counties.resolve(session, sample.county)
        canvas = problem_surfaces.canvas(session, county, None, CELLS)
        ground = grounds.of(session, county, boundaries.active(session, county.code), "village")
        codes = np.array([one.parent for one in ground.areas])
        busy, ignored = (cells_of(canvas, shapely.union_all(ground.shapes[codes == town])) for town in (BUSY, IGNORED))
        yield Uneven(session, county, frozenset(visits["village"]), canvas, busy, ignored)
    engine.dispose()
    _drop_database(url)


def cells_of(canvas: Canvas, shape: shapely.Geometry) -> Cells:
    rows, columns = canvas.inside.shape
    x = canvas.bounds.min_x + (np.arange(columns) + 0.5) * canvas.cell_m
    y = canvas.bounds.max_y - (np.arange(rows) + 0.5) * canvas.cell_m
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, *np.meshgrid(x, y)))


def test_counts_are_a_red_blob_where_people_go(uneven: Uneven) -> None:
    values = numbers(uneven.surface("absolute").surface)
    assert uneven.busy.ravel()[np.nanargmax(values)]
    assert values[uneven.busy].mean() > 5 * values[uneven.canvas.inside & ~uneven.busy].mean()
    by_count = uneven.report("none")
    hot = [one.facts.code[:9] for one in by_count.rows if one.status in {"hot_95", "hot_99"}]
    assert hot.count(BUSY) > 20
    assert hot.count(BUSY) == len(hot)
    first = by_count.clusters[0]
    assert first.p == 0.001
    assert sum(code[:9] == BUSY for code in first.members) > 0.8 * len(first.members)


def test_nothing_gathers_there_when_asked_per_visit(uneven: Uneven) -> None:
    report = uneven.report("visits")
    assert {one.status for one in report.rows} == {"none", "unknown"}
    assert not any(one.significant for one in report.clusters)


def test_the_relative_surface_is_flat_there_within_noise(uneven: Uneven) -> None:
    found = uneven.surface("relative")
    issues, visits = (
        points(uneven.session, uneven.county, hotspots.window_between(uneven.county, BEGIN, UNTIL), *categories)
        for points, categories in ((problem_surfaces.issue_points, ((),)), (problem_surfaces.visit_points, ()))
    )
    rng, dealt = np.random.default_rng(4), []
    for _ in range(DEALINGS):
        chosen = rng.choice(visits[0].size, issues[0].size, replace=False)
        anew = (visits[0][chosen], visits[1][chosen])
        one = problem_surfaces.made(
            uneven.canvas, anew, visits, found.surface.bandwidth_m, "quartic", epsg=found.epsg, rule=None
        )
        dealt.append(figures(one.surface, uneven.busy))
    low, high = np.min(dealt, axis=0), np.max(dealt, axis=0)
    mine = figures(found.surface, uneven.busy)
    assert ((low <= mine) & (mine <= high)).all(), (low, mine, high)
    assert mine[0] == pytest.approx(100 * CHANCE, rel=0.15)
    # What counts show ten times as dense differs here by less than the rest does by chance.
    assert mine[2] < 2 * mine[0]


def numbers(surface: Surface) -> NDArray[np.float64]:
    return surface.values  # noqa: PD011 - no frame


def figures(surface: Surface, busy: Cells) -> NDArray[np.float64]:
    """Mean, lowest and highest value of the busy town."""
    values = numbers(surface)[busy]
    return np.array([np.nanmean(values), np.nanmin(values), np.nanmax(values)])


def test_where_nobody_went_is_unknown_and_never_cold(uneven: Uneven) -> None:
    for per in ("visits", "households", "none"):
        report = uneven.report(per)  # type: ignore[arg-type]
        unseen = {one.facts.code: one for one in report.rows if one.facts.code not in uneven.visited}
        assert sum(code.startswith(IGNORED) for code in unseen) >= 10
        assert {one.status for one in unseen.values()} == {"unknown"}
        assert {(one.rate, one.expected, one.z, one.q) for one in unseen.values()} == {(None,) * 4}
        assert set(report.judged.choices.unknown) == set(unseen)
        assert not any(one.status.startswith("cold") for one in report.rows)
        assert not unseen.keys() & {code for one in report.clusters for code in one.members}


def test_the_relative_surface_says_nothing_where_nobody_went(uneven: Uneven) -> None:
    relative, absolute = uneven.surface("relative").surface, uneven.surface("absolute").surface
    seen = problem_surfaces.visit_points(
        uneven.session, uneven.county, hotspots.window_between(uneven.county, BEGIN, UNTIL)
    )
    rows, columns = np.nonzero(uneven.ignored)
    x = relative.bounds.min_x + (columns + 0.5) * relative.cell_m
    y = relative.bounds.max_y - (rows + 0.5) * relative.cell_m
    far = KDTree(np.column_stack(seen)).query(np.column_stack((x, y)))[0] > relative.bandwidth_m + relative.cell_m
    assert far.mean() > 0.3
    assert np.isnan(numbers(relative)[rows[far], columns[far]]).all()
    assert np.isnan(numbers(relative)[uneven.ignored]).mean() > 0.6
    assert (numbers(absolute)[rows[far], columns[far]] < 1e-6).all(), "counts alone would call it safe"


def test_pictures_of_both(uneven: Uneven, tmp_path: Path) -> None:
    shown, pixels = painting(uneven.surface("absolute"), tmp_path / "absolute.png")
    darkest = of_colour(pixels, shown.legend[-1].colour) | of_colour(pixels, shown.legend[-2].colour)
    assert darkest.mean() > 0.02
    for blob, town in zip(np.nonzero(darkest), np.nonzero(uneven.busy), strict=True):
        assert abs(blob.mean() - town.mean()) < 0.1 * CELLS
    # Three times the county's rate is what thin ground has by chance: it must not be painted.
    shown, pixels = painting(uneven.surface("relative"), tmp_path / "relative.png")
    assert of_colour(pixels, shown.legend[-1].colour).mean() < 0.0005
    assert (pixels[..., 3] == 0).mean() > 0.2


def of_colour(pixels: NDArray[np.uint8], colour: str) -> Cells:
    return np.asarray((pixels == (*bytes.fromhex(colour[1:]), 255)).all(axis=-1))


def painting(found: ProblemSurface, path: Path) -> tuple[Picture, NDArray[np.uint8]]:
    warped, _ = web_mercator(found.surface, epsg=found.epsg)
    shown = picture(warped, limits=problem_surfaces.limits(found))
    path.write_bytes(shown.png)
    return shown, np.asarray(Image.open(io.BytesIO(shown.png)).convert("RGBA"))
