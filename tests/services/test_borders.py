"""Near a border the claimed area decides among the candidates, and only among them; checked with shapely."""

import random
from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.intake.boundary_files import BoundaryLayer
from geo.months import Month
from geo.services import boundaries, coverage
from geo.services.borders import MAX_RADIUS_M
from geo.services.tagging import Tagger, tagger
from geo.storage.queries import boundaries as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import Visit
from tests import squares
from tests.services.test_versions import EAST, MERGED, RENUMBERED, changed_grids, put_into_force
from tests.squares import COUNTY, GRIDS, SIDE, TOWNS, VILLAGES, box, layer, moved
from tests.visiting import Row, record, visit

MARCH = Month(2025, 3)
LAYOUTS = ("whole", "a village without grids", "a gap in a village", "a town without villages")
MARGIN_M = 0.05
"""Straight edges in degrees and in the plane part by a centimetre over a square; the plane's scale adds less."""

BORDER = (120.01, 30.005)
"""In the middle of the border between grid 0 (west of it) and grid 2."""

Chain = tuple[str | None, str | None, str | None]
Tag = tuple[str, str | None, str | None, str | None]


def layers_of(layout: str) -> list[BoundaryLayer]:
    towns, villages, grids = squares.layers()
    if layout == "a village without grids":
        grids = layer("grid", GRIDS[:6], [box(i // 2, i % 2) for i in range(6)])
    elif layout == "a gap in a village":
        gap = shapely.box(120.006, 30.003, 120.012, 30.007)
        grids = layer("grid", GRIDS, [box(i // 2, i % 2) - gap for i in range(8)])
    elif layout == "a town without villages":
        villages = layer("village", VILLAGES[:2], [box(i, 0, high=2) for i in range(2)])
        grids = layer("grid", GRIDS[:4], [box(i // 2, i % 2) for i in range(4)])
    return [towns, villages, grids]


def at(east: float, *, border: tuple[float, float] = BORDER) -> dict[str, float]:
    """Fields of a visit some metres east of a border."""
    lon, lat = moved(*border, east=east)
    return {"lon": lon, "lat": lat}


def active(session: Session) -> Tagger:
    return tagger(session, queries.active(session, COUNTY))


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def texts(*values: str | None) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def tag(areas: Tagger, lon: float, lat: float, accuracy: float = np.nan, claim: str | None = None) -> Tag:
    tags = areas.tag_all(floats(lon), floats(lat), floats(accuracy), texts(claim))
    return tags.word[0], tags.town[0], tags.village[0], tags.grid[0]


def chain(code: str | None) -> Chain:
    """Town, village and grid of a code of the squares."""
    if code is None:
        return (None, None, None)
    return (code[:9], code[:12] if len(code) >= 12 else None, code if len(code) == 15 else None)


def tagged(session: Session) -> dict[int, Tag]:
    session.flush()
    rows = session.execute(select(Visit.id, Visit.tag, Visit.town_code, Visit.village_code, Visit.grid_code))
    return {row[0].int: tuple(row[1:]) for row in rows}  # type: ignore[misc]


# An independent answer: shapely in the plane of the county


class Plane:
    """The layers of a county in its metric CRS."""

    def __init__(self, layers: Sequence[BoundaryLayer], epsg: int) -> None:
        frames = [one.areas.to_crs(epsg) for one in layers]
        self.shapes = {
            code: shape for frame in frames for code, shape in zip(frame["code"], frame.geometry, strict=True)
        }
        self.leaves = [code for code in self.shapes if not any(c != code and c.startswith(code) for c in self.shapes)]
        self._to = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)

    def near(self, lon: float, lat: float, radius: float) -> tuple[str | None, dict[str, float]]:
        """The deepest area that contains a position, and what comes within the radius, with distances."""
        point = shapely.Point(self._to.transform(lon, lat))
        containing = max((c for c, shape in self.shapes.items() if shape.covers(point)), key=len, default=None)
        reach = min(radius, MAX_RADIUS_M)
        metres = {code: float(self.shapes[code].distance(point)) for code in self.leaves}
        return containing, {code: far for code, far in metres.items() if far <= reach}

    def tag(self, lon: float, lat: float, accuracy: float, claim: str | None) -> Tag:
        """By the rule as it is told, word for word."""
        containing, near = self.near(lon, lat, accuracy if accuracy > 0 else 0.0)
        if not accuracy > 0 or not set(near) - {containing}:
            return ("outside" if containing is None else "inside", *chain(containing))
        fitting = [code for code in near if claim is not None and code.startswith(claim)]
        if claim is None or not fitting or (containing or "").startswith(claim):
            return ("near_border", *chain(containing))
        return ("near_border", *chain(min(fitting, key=near.__getitem__)))


@cache
def plane(layout: str, epsg: int) -> Plane:
    return Plane(layers_of(layout), epsg)


POSITIONS = st.tuples(
    st.one_of(st.floats(119.97, 120.07), st.sampled_from([119.9999, 120.0101, 120.0199, 120.0301, 120.0401])),
    st.one_of(st.floats(29.97, 30.05), st.sampled_from([29.9999, 30.0001, 30.0099, 30.0101, 30.0201])),
)
ACCURACIES = st.one_of(
    st.sampled_from([np.nan, 0.0, 5.0, 15.0, 2_000.0, 100_000.0]), st.floats(0.0, 300.0), st.floats(0.0, 6_000.0)
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tags_and_candidates_are_those_of_the_plane(session: Session, layout: str) -> None:
    county = squares.load(session, *layers_of(layout))
    areas, flat = active(session), plane(layout, county.metric_epsg)
    claims = [None, *TOWNS, *VILLAGES, *GRIDS, "990199109", COUNTY]

    @settings(max_examples=150)
    @given(POSITIONS, ACCURACIES, st.sampled_from(claims))
    def check(position: tuple[float, float], accuracy: float, claim: str | None) -> None:
        lon, lat = position
        if not _is_clear(flat, lon, lat, min(accuracy, MAX_RADIUS_M)):
            return
        known = claim if claim in flat.shapes else None
        expected = flat.tag(lon, lat, accuracy, known)
        assert tag(areas, lon, lat, accuracy, claim) == expected
        ((*found,),) = areas.candidates_of(floats(lon), floats(lat), floats(accuracy))
        containing, near = flat.near(lon, lat, accuracy if accuracy > 0 else 0.0)
        around = {containing: 0.0} if containing is not None and containing not in flat.leaves else {}
        assert dict(found) == pytest.approx(near | around, abs=MARGIN_M, rel=1e-3)
        assert all(here[1] <= there[1] for here, there in pairwise(found)), "nearest first"

    check()


def _is_clear(flat: Plane, lon: float, lat: float, radius: float) -> bool:
    """Not on an edge, nor is an edge just as far away as the radius: there the plane and the ellipsoid may differ."""
    point = shapely.Point(flat._to.transform(lon, lat))
    far = [shape.boundary.distance(point) for shape in flat.shapes.values()]
    slack = MARGIN_M + (radius * 1e-3 if radius > 0 else 0.0)
    return all(one > MARGIN_M and not abs(one - radius) < slack for one in far)


# The words


def test_inside_near_border_outside_unlocated(session: Session, county: CountyInfo) -> None:
    record(
        session,
        county,
        [
            visit(1, grid=GRIDS[0], accuracy_m=15),
            visit(2, **at(-10), accuracy_m=15),
            visit(3, lon=119.99, lat=30.005, accuracy_m=15),
            visit(4, claimed_area=GRIDS[0], accuracy_m=15),
        ],
    )
    where = (TOWNS[0], VILLAGES[0], GRIDS[0])
    assert tagged(session) == {
        1: ("inside", *where),
        2: ("near_border", *where),
        3: ("outside", None, None, None),
        4: ("unlocated", *where),
    }


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize(
    ("accuracy", "word"),
    [
        *((metres, "inside") for metres in (np.nan, 0.0, 5.0, 9.9)),
        *((metres, "near_border") for metres in (10.1, 2_000.0, 100_000.0)),
    ],
)
def test_the_accuracy_says_how_near_is_near(session: Session, accuracy: float, word: str) -> None:
    lon, lat = moved(*BORDER, east=10)
    assert tag(active(session), lon, lat, accuracy) == (word, TOWNS[0], VILLAGES[1], GRIDS[2])


@pytest.mark.usefixtures("county")
def test_within_two_kilometres_lies_a_whole_town(session: Session) -> None:
    lon, lat = squares.centre(GRIDS[2])
    ((*found,),) = active(session).candidates_of(floats(lon), floats(lat), floats(2_000.0))
    assert found[0] == (GRIDS[2], 0.0)
    assert {code for code, _ in found} == set(GRIDS)
    ((*found,),) = active(session).candidates_of(floats(lon), floats(lat), floats(np.nan))
    assert found == [(GRIDS[2], 0.0)]


@pytest.mark.usefixtures("county")
def test_the_search_is_as_wide_as_it_may_be_and_no_wider(session: Session) -> None:
    areas = active(session)
    for metres, is_near in ((MAX_RADIUS_M - 20, True), (MAX_RADIUS_M + 20, False)):
        lon, lat = moved(120.0, 30.005, east=-metres)
        expected = ("near_border", TOWNS[0], VILLAGES[0], GRIDS[0]) if is_near else ("outside", None, None, None)
        assert tag(areas, lon, lat, 100_000.0, GRIDS[0]) == expected


# Just outside the county


@pytest.mark.usefixtures("county")
def test_just_outside_the_county_the_claim_may_bring_it_in(session: Session) -> None:
    areas = active(session)
    lon, lat = moved(120.0, 30.005, east=-8)
    assert tag(areas, lon, lat) == ("outside", None, None, None)
    assert tag(areas, lon, lat, 5.0, GRIDS[0]) == ("outside", None, None, None)
    assert tag(areas, lon, lat, 15.0) == ("near_border", None, None, None)
    assert tag(areas, lon, lat, 15.0, GRIDS[1]) == ("near_border", None, None, None)
    for claim in (GRIDS[0], VILLAGES[0], TOWNS[0]):
        assert tag(areas, lon, lat, 15.0, claim) == ("near_border", TOWNS[0], VILLAGES[0], GRIDS[0])


@pytest.mark.usefixtures("county")
def test_just_inside_the_county_no_other_area_is_near(session: Session) -> None:
    lon, lat = moved(120.0, 30.005, east=8)
    assert tag(active(session), lon, lat, 15.0, GRIDS[1]) == ("inside", TOWNS[0], VILLAGES[0], GRIDS[0])


# The claim


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize(
    ("claim", "grid"),
    [
        (None, GRIDS[2]),
        (GRIDS[0], GRIDS[0]),
        (GRIDS[2], GRIDS[2]),
        (VILLAGES[0], GRIDS[0]),
        (VILLAGES[1], GRIDS[2]),
        (TOWNS[0], GRIDS[2]),
        # near, but not that near
        (GRIDS[1], GRIDS[2]),
        (GRIDS[3], GRIDS[2]),
        (VILLAGES[2], GRIDS[2]),
        (TOWNS[1], GRIDS[2]),
        # none of this version
        ("990199109201001", GRIDS[2]),
        ("no code", GRIDS[2]),
        (COUNTY, GRIDS[2]),
    ],
)
def test_the_claim_decides_among_the_candidates_only(session: Session, claim: str | None, grid: str) -> None:
    lon, lat = moved(*BORDER, east=10)
    assert tag(active(session), lon, lat, 15.0, claim) == ("near_border", *chain(grid))


@pytest.mark.usefixtures("county")
def test_of_a_claimed_village_or_town_the_nearest_grid(session: Session) -> None:
    """At the corner where four grids of two villages meet, and at that of two towns."""
    areas = active(session)
    lon, lat = moved(120.01, 30.01, east=4, north=2)
    assert tag(areas, lon, lat, 15.0, VILLAGES[0]) == ("near_border", *chain(GRIDS[1]))
    lon, lat = moved(120.01, 30.01, east=2, north=-4)
    assert tag(areas, lon, lat, 15.0, VILLAGES[0]) == ("near_border", *chain(GRIDS[0]))
    lon, lat = moved(120.02, 30.01, east=-3, north=-1)
    assert tag(areas, lon, lat, 15.0, TOWNS[1]) == ("near_border", *chain(GRIDS[4]))
    ((*found,),) = areas.candidates_of(floats(lon), floats(lat), floats(15.0))
    assert [code for code, _ in found] == [GRIDS[2], GRIDS[3], GRIDS[4], GRIDS[5]]
    assert [metres for _, metres in found] == pytest.approx([0, 1, 3, 10**0.5], abs=0.01)


def test_on_the_border_itself_the_claim_decides(session: Session, county: CountyInfo) -> None:
    """The square to the east has its western edge; a claim of the other one is as good."""
    rows = [visit(1, lon=120.01, lat=30.005, accuracy_m=5), visit(2, lon=120.01, lat=30.005, accuracy_m=0)]
    rows.append(visit(3, lon=120.01, lat=30.005, accuracy_m=5, claimed_area=GRIDS[0]))
    rows.append(visit(4, lon=120.01, lat=30.005, claimed_area=GRIDS[0]))
    record(session, county, rows)
    assert tagged(session) == {
        1: ("near_border", *chain(GRIDS[2])),
        2: ("inside", *chain(GRIDS[2])),
        3: ("near_border", *chain(GRIDS[0])),
        4: ("inside", *chain(GRIDS[2])),
    }


def test_in_a_village_without_grids_the_village_itself_is_a_candidate(session: Session) -> None:
    squares.load(session, *layers_of("a village without grids"))
    areas = active(session)
    lon, lat = moved(120.03, 30.005, east=10)
    assert tag(areas, lon, lat) == ("inside", TOWNS[1], VILLAGES[3], None)
    assert tag(areas, lon, lat, 15.0) == ("near_border", TOWNS[1], VILLAGES[3], None)
    assert tag(areas, lon, lat, 15.0, GRIDS[4]) == ("near_border", *chain(GRIDS[4]))
    assert tag(areas, lon, lat, 15.0, TOWNS[1]) == ("near_border", TOWNS[1], VILLAGES[3], None)
    lon, lat = moved(120.03, 30.005, east=-10)
    assert tag(areas, lon, lat, 15.0, VILLAGES[3]) == ("near_border", TOWNS[1], VILLAGES[3], None)
    ((*found,),) = areas.candidates_of(floats(lon), floats(lat), floats(15.0))
    assert [code for code, _ in found] == [GRIDS[4], VILLAGES[3]]
    # Between two grids that are gone, nothing is near.
    lon, lat = moved(120.035, 30.01, north=5)
    assert tag(areas, lon, lat, 15.0) == ("inside", TOWNS[1], VILLAGES[3], None)


def test_in_a_gap_a_claimed_grid_beside_it_decides(session: Session) -> None:
    squares.load(session, *layers_of("a gap in a village"))
    areas = active(session)
    lon, lat = moved(120.006, 30.005, east=10)  # in village 0, ten metres from its grid 0
    assert tag(areas, lon, lat) == ("inside", TOWNS[0], VILLAGES[0], None)
    assert tag(areas, lon, lat, 15.0) == ("near_border", TOWNS[0], VILLAGES[0], None)
    assert tag(areas, lon, lat, 15.0, GRIDS[0]) == ("near_border", *chain(GRIDS[0]))
    assert tag(areas, lon, lat, 5.0, GRIDS[0]) == ("inside", TOWNS[0], VILLAGES[0], None)
    assert tag(areas, lon, lat, 15.0, VILLAGES[0]) == ("near_border", TOWNS[0], VILLAGES[0], None)
    for claim in (GRIDS[1], GRIDS[7], VILLAGES[3], TOWNS[1]):
        assert tag(areas, lon, lat, 15.0, claim) == ("near_border", TOWNS[0], VILLAGES[0], None)
    ((*found,),) = areas.candidates_of(floats(lon), floats(lat), floats(15.0))
    assert found == [(VILLAGES[0], 0.0), (GRIDS[0], pytest.approx(10, abs=0.05))]


# Other versions


def test_a_claim_of_another_version_is_what_became_of_it(session: Session, county: CountyInfo) -> None:
    put_into_force(session, changed_grids())
    record(
        session,
        county,
        [
            visit(1, **at(10), accuracy_m=15, claimed_area=GRIDS[0]),
            visit(2, **at(10), accuracy_m=15, claimed_area=GRIDS[1]),
            visit(3, **at(10), accuracy_m=15, claimed_area=MERGED),
            visit(4, **at(-10, border=(120.02, 30.005)), accuracy_m=15, claimed_area=GRIDS[4]),
        ],
    )
    forth = {number: ("near_border", *chain(MERGED)) for number in (1, 2, 3)}
    assert tagged(session) == forth | {4: ("near_border", *chain(RENUMBERED))}
    boundaries.rollback(session, COUNTY)
    record(session, county, [visit(5, **at(-10), accuracy_m=15, claimed_area=EAST)])
    # Of merged grids the nearest; grid 1 alone is too far away.
    back = {1: GRIDS[0], 2: GRIDS[2], 3: GRIDS[0], 4: GRIDS[4], 5: GRIDS[2]}
    assert tagged(session) == {number: ("near_border", *chain(grid)) for number, grid in back.items()}


def odd_rows(*more_claims: str) -> list[Row]:
    """Positions near every border and far from them, with claims of all kinds."""
    rng = np.random.default_rng(7)
    claims = [None, *TOWNS, *VILLAGES, *GRIDS, "990199109", *more_claims]
    rows = []
    for number in range(1, 241):
        lon, lat = rng.uniform(119.999, 120.041), rng.uniform(29.999, 30.021)
        if number % 2:
            lon, lat = moved(round(lon / SIDE) * SIDE, lat, east=rng.normal(0, 12))
        accuracy = [None, 0, 5, 15, 50, 2_000, 100_000][number % 7]
        claim = claims[number % len(claims)]
        rows.append(visit(number, lon=float(lon), lat=float(lat), accuracy_m=accuracy, claimed_area=claim))
    return rows


def test_stored_before_or_after_a_version_the_tag_is_the_same(session: Session, county: CountyInfo) -> None:
    # Nobody can claim yet what only the next version will name.
    early, late = odd_rows()[::2], odd_rows(MERGED, EAST, RENUMBERED)[1::2]
    record(session, county, early)
    first = tagged(session)
    put_into_force(session, changed_grids())
    record(session, county, late)
    second = tagged(session)
    boundaries.rollback(session, COUNTY)
    back = tagged(session)
    assert {number: back[number] for number in first} == first
    twice = [{**row, "id": visit(int(row["id"][-12:], 16) + 1_000)["id"]} for row in early + late]
    record(session, county, twice)
    again = tagged(session)
    assert {number: again[number + 1_000] for number in back} == back
    boundaries.activate(session, COUNTY, 2, from_day=date(2025, 6, 1))
    forth = tagged(session)
    assert {number: forth[number] for number in second} == second
    assert {number: forth[number + 1_000] for number in second} == second
    assert first != {number: second[number] for number in first}
    assert {word for word, *_ in back.values()} == {"inside", "near_border", "outside"}


def test_a_retired_version_s_month_is_read_by_the_same_rule(session: Session, county: CountyInfo) -> None:
    rows = odd_rows()
    record(session, county, rows)
    grids = [code for _, _, _, code in tagged(session).values()]
    before = coverage.report(session, county, MARCH, level="grid")
    put_into_force(session, changed_grids())
    then = coverage.report(session, county, MARCH, level="grid")
    assert then == before
    assert {row.facts.code: row.facts.visits for row in then.rows} == {code: grids.count(code) for code in GRIDS}
    by_position = dict.fromkeys(GRIDS, 0)
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([row["lon"] for row in rows], [row["lat"] for row in rows]), crs=4326
    )
    for code in points.sjoin(squares.layers()[2].areas[["code", "geometry"]], predicate="within")["code"]:
        by_position[code] += 1
    assert {code: grids.count(code) for code in GRIDS} != by_position, "claims move some"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_rows_do_not_touch_each_other(squares_tagger: Tagger, seed: int) -> None:
    """Whatever stands beside it in a batch, and where."""
    rows = odd_rows()
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    rows = rows[: seed % len(rows) + 1]
    together = squares_tagger.tag_all(
        floats(*(row["lon"] for row in rows)),
        floats(*(row["lat"] for row in rows)),
        floats(*(np.nan if row["accuracy_m"] is None else row["accuracy_m"] for row in rows)),
        texts(*(row["claimed_area"] for row in rows)),
    )
    for at_, row in enumerate(rows[:20]):
        accuracy = np.nan if row["accuracy_m"] is None else row["accuracy_m"]
        alone = tag(squares_tagger, row["lon"], row["lat"], accuracy, row["claimed_area"])
        assert alone == (together.word[at_], together.town[at_], together.village[at_], together.grid[at_])


@pytest.fixture
def squares_tagger(session: Session, county: CountyInfo) -> Tagger:
    assert county.code == COUNTY
    return active(session)


def test_nothing_and_nowhere(squares_tagger: Tagger) -> None:
    empty = squares_tagger.tag_all(floats(), floats(), floats(), texts())
    assert len(empty.word) == 0
    assert squares_tagger.candidates_of(floats(), floats(), floats()) == []
    assert tag(squares_tagger, np.nan, np.nan, 15.0, GRIDS[0]) == ("unlocated", *chain(GRIDS[0]))
    assert tag(squares_tagger, np.nan, np.nan, 15.0, "no code") == ("unlocated", None, None, None)
    assert squares_tagger.candidates_of(floats(np.nan), floats(np.nan), floats(15.0)) == [[]]
