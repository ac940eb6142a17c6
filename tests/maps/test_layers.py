"""Shapes as a page has them: every vertex, and where there are many, plainer rings that still fit together."""

from typing import Any

import numpy as np
import pytest
import shapely

from maps import layers
from tests.maps import county
from tests.maps.test_polyline import decode

COLUMNS, ROWS = 12, 10


def geometries(steps: int) -> layers.Geometries:
    return layers.placed([*county.partition(COLUMNS, ROWS, steps=steps), None], "wgs84")


@pytest.fixture(scope="module")
def many() -> dict[str, Any]:
    return layers.shape_data(geometries(90))


def test_few_vertices_stand_as_they_are() -> None:
    few = geometries(6)
    assert shapely.get_num_coordinates([one for one in few if one is not None]).sum() < layers.PLAIN_FROM
    assert set(layers.shape_data(few)) == {"shapes", "anchors"}


def test_what_is_plain_already_has_no_plainer_rings() -> None:
    middling = geometries(40)
    assert shapely.get_num_coordinates(middling[:-1]).sum() > layers.PLAIN_FROM
    assert set(layers.shape_data(middling)) == {"shapes", "anchors"}


def test_plainer_rings_stand_beside_the_others(many: dict[str, Any]) -> None:
    plain = many["plain"]["shapes"]
    assert len(plain) == len(many["shapes"]) == COLUMNS * ROWS + 1
    assert plain[-1] == many["shapes"][-1] == []
    kept = 0
    for one, other in zip(plain, many["shapes"], strict=True):
        for ring, full in zip((r for p in one for r in p), (r for p in other for r in p), strict=True):
            kept += len(decode(ring))
            assert set(decode(ring)) <= set(decode(full))
    assert kept < 0.4 * sum(len(decode(ring)) for shape in many["shapes"] for part in shape for ring in part)


def test_plainer_rings_lose_no_more_than_they_say_and_leave_no_gap(many: dict[str, Any]) -> None:
    plain = np.array([shapely.Polygon(decode(one[0][0])) for one in many["plain"]["shapes"][:-1]])
    full = geometries(90)[:-1]
    assert shapely.is_valid(plain).all()
    assert shapely.coverage_is_valid(plain)
    whole = shapely.union_all(full)
    apart = shapely.area(shapely.symmetric_difference(plain, full)).sum() / 2
    lost_deg = many["plain"]["lost"] * 360
    width = np.subtract(*shapely.total_bounds(full)[[2, 0]])
    assert lost_deg == pytest.approx(width / 1_000, rel=1e-6)
    # On the average over all borders, what moved is far narrower than what may be lost.
    assert apart / shapely.length(shapely.boundary(full)).sum() < lost_deg
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(plain), whole)) < whole.area / 200
