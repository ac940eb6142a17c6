import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from maps.polyline import encode_points, encode_polygons


def decode(text: str) -> list[tuple[float, float]]:
    """The published algorithm, value by value; lon, lat."""
    values: list[int] = []
    shift = value = 0
    for character in text:
        bits = ord(character) - 63
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            shift = value = 0
    totals = np.cumsum(np.array(values).reshape(-1, 2), axis=0)
    return [(lon / 1e5, lat / 1e5) for lat, lon in totals.tolist()]


def test_the_published_example() -> None:
    points = np.array([[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]])
    assert encode_points(points) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(st.lists(degrees, max_size=30))
def test_points_come_back_within_half_of_the_last_decimal(points: list[tuple[float, float]]) -> None:
    back = decode(encode_points(np.array(points, dtype=float).reshape(-1, 2)))
    assert len(back) == len(points)
    assert np.allclose(np.array(back), np.array(points), rtol=0, atol=0.51e-5)


def test_polygons_keep_parts_and_holes_and_their_order() -> None:
    holed = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 2).exterior, box(3, 3, 3.5, 3.5).exterior])
    several = MultiPolygon([box(10, 0, 11, 1), Polygon(box(12, 0, 14, 2).exterior, [box(13, 1, 13.5, 1.5).exterior])])
    encoded = encode_polygons([holed, None, several, Polygon(), Point(1, 1), box(-1, -2, 0, -1)])
    assert [[len(polygon) for polygon in polygons] for polygons in encoded] == [[3], [], [1, 2], [], [], [1]]
    assert set(decode(encoded[5][0][0])) == set(box(-1, -2, 0, -1).exterior.coords)
    assert len(decode(encoded[5][0][0])) == 4
    assert Polygon(decode(encoded[2][1][1])).equals(box(13, 1, 13.5, 1.5))


@pytest.mark.parametrize("geometries", [[], [None], [Polygon()]])
def test_nothing_is_nothing(geometries: list[Polygon | None]) -> None:
    assert encode_polygons(geometries) == [[] for _ in geometries]


def test_shared_vertices_stay_shared() -> None:
    left = Polygon([(119.1234564, 29.5), (119.2234567891, 29.5000000004), (119.2234567891, 29.6), (119.12, 29.6)])
    right = Polygon([(119.2234567891, 29.5000000004), (119.3, 29.5), (119.3, 29.6), (119.2234567891, 29.6)])
    one, other = (set(decode(rings[0][0])) for rings in encode_polygons([left, right]))
    assert len(one & other) == 2
