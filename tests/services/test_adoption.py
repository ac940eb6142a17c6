"""Areas of the version before under the areas that were brought."""

import pytest
import shapely

from geo.services.adoption import Adopted, adopt
from geo.services.planned import PlannedArea
from geo.space.codes import Level, Scheme
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box


def area(code: str, level: Level, shape: shapely.Geometry, parent: str | None = None) -> PlannedArea:
    return PlannedArea(code, level, f"{level} {code}", None, parent, None, None, shape)


KEPT = [area(COUNTY, "county", box(0, 0, wide=4, high=2)), area(GRIDS[0], "grid", box(0, 0), VILLAGES[0])]


def parents(found: Adopted) -> list[str | None]:
    return [one.parent for one in found.areas]


def adopted(
    *new: PlannedArea,
    kept: list[PlannedArea] = KEPT,
    before: tuple[Level, ...] = ("county", "village", "grid"),
    scheme: Scheme = "cn",
) -> Adopted:
    return adopt(kept, new, levels_before=before, scheme=scheme)


def test_a_parent_that_is_still_there_stays() -> None:
    found = adopted(area(VILLAGES[0], "village", box(2, 0)), area(VILLAGES[1], "village", box(0, 0)))
    assert parents(found) == [None, VILLAGES[0]]
    assert found.told == []


@pytest.mark.parametrize("scheme", ["cn", "opaque"])
def test_a_parent_that_is_no_more_is_followed_by_the_one_with_most_ground(scheme: Scheme) -> None:
    little, most = area("990199101301", "village", box(0, 0).buffer(-0.004)), area("990199101302", "village", box(0, 0))
    found = adopted(little, most, scheme=scheme)
    assert parents(found) == [None, most.code]
    assert [one.field for one in found.told] == ["parent"]
    for text in (found.told[0].en, found.told[0].zh):
        assert all(code in text for code in (GRIDS[0], VILLAGES[0], most.code))


def test_without_common_ground_it_stays_an_orphan() -> None:
    found = adopted(area("990199101301", "village", box(3, 1)))
    assert parents(found) == [None, VILLAGES[0]]
    assert found.told == []


def test_a_level_between_that_came_is_entered_by_the_code() -> None:
    kept = [KEPT[0], area(GRIDS[0], "grid", box(0, 0), COUNTY)]
    villages = [area(VILLAGES[0], "village", box(2, 0)), area("990199101301", "village", box(0, 0))]
    found = adopted(*villages, kept=kept, before=("county", "grid"))
    assert parents(found) == [None, VILLAGES[0]], "the code says more than the ground"
    assert found.told == []


def test_a_level_between_that_was_there_before_does_not_move_anything() -> None:
    """A grid that stands right under the county beside villages was put there on purpose."""
    kept = [KEPT[0], area(GRIDS[0], "grid", box(0, 0), COUNTY)]
    found = adopted(area(VILLAGES[0], "village", box(0, 0)), kept=kept)
    assert parents(found) == [None, COUNTY]


def test_towns_that_come_over_villages_with_opaque_codes() -> None:
    kept = [area("oaks", "county", box(0, 0, wide=4)), area("v1", "village", box(0, 0), "oaks")]
    found = adopted(area("t1", "town", box(0, 0, wide=2)), kept=kept, before=("county", "village"), scheme="opaque")
    assert parents(found) == [None, "t1"]
    assert len(found.told) == 1


def test_villages_of_a_town_that_is_no_more() -> None:
    kept = [KEPT[0], area(VILLAGES[0], "village", box(0, 0, high=2), TOWNS[0])]
    found = adopted(
        area("990199103", "town", box(0, 0, wide=4, high=2)), kept=kept, before=("county", "town", "village")
    )
    assert parents(found) == [None, "990199103"]
