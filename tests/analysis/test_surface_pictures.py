"""Pictures beside their legends, pixel by pixel; a palette that every eye can order."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from geo.analysis.surface_pictures import CONTOUR, STOPS, Picture, picture, round_limits
from geo.analysis.surfaces import Bounds, Surface

LIMITS = (1.0, 2.0, 5.0, 10.0)


def surface_of(values: list[list[float]] | NDArray[np.float64]) -> Surface:
    array = np.asarray(values, np.float64)
    return Surface(array, Bounds(0, 0, array.shape[1], array.shape[0]), 1, 10, "quartic", "per km²")


def hill() -> Surface:
    """From zero at the edge to 20 in the middle, unknown in a corner."""
    rows, columns = np.mgrid[0:80, 0:100]
    values = np.maximum(20 - np.hypot(rows - 40, columns - 50) / 2, 0)
    values[:40, 60:] = np.nan
    return surface_of(values)


def pixels(drawn: Picture) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(drawn.png)) as image:
        assert (image.format, image.mode) == ("PNG", "RGBA")
        return np.asarray(image)


def rgba(colour: str) -> tuple[int, ...]:
    return (*bytes.fromhex(colour.removeprefix("#")), 255)


def test_every_pixel_has_the_colour_of_its_class() -> None:
    surface = hill()
    drawn = picture(surface, limits=LIMITS, contours=False)
    seen = pixels(drawn)
    painted = np.zeros(surface.values.shape, bool)
    for one in drawn.legend:
        members = (surface.values >= one.low) & (surface.values < (np.inf if one.high is None else one.high))
        assert members.any()
        assert (seen[members] == rgba(one.colour)).all()
        painted |= members
    assert (seen[~painted] == 0).all()
    assert [(one.low, one.high) for one in drawn.legend] == [(1, 2), (2, 5), (5, 10), (10, None)]


def test_a_value_on_a_limit_belongs_to_the_upper_class() -> None:
    drawn = picture(surface_of([[0.999, 1.0, 1.999, 2.0, 1e9]]), limits=LIMITS)
    low, middle, *_, high = (rgba(one.colour) for one in drawn.legend)
    assert [tuple(pixel) for pixel in pixels(drawn)[0]] == [(0, 0, 0, 0), low, low, middle, high]


def test_unknown_zero_and_what_is_below_the_lowest_limit_are_transparent() -> None:
    drawn = picture(surface_of([[np.nan, 0.0, 0.5], [np.nan, 0.0, 0.5]]), limits=LIMITS)
    assert (pixels(drawn) == 0).all()


def test_contours_lie_along_the_limits_and_never_on_the_unknown() -> None:
    surface = hill()
    plain, lined = (pixels(picture(surface, limits=LIMITS, contours=lines)) for lines in (False, True))
    line = (lined == rgba(CONTOUR)).all(axis=-1)
    np.testing.assert_array_equal(lined[~line], plain[~line])
    assert not line[np.isnan(surface.values)].any()
    values = surface.values[line]
    nearest = np.abs(values[:, None] - np.array(LIMITS)).min(axis=1)
    assert nearest.max() <= 0.75, "a step from cell to cell is half a unit, along a diagonal 0.7"
    for limit in LIMITS:
        assert (np.abs(values - limit) <= 0.36).sum() > 10


@pytest.mark.parametrize("values", [[[5.0, 0.0, 5.0]], [[5.0], [0.0]], [[5.0]], [[np.nan, np.nan], [np.nan, np.nan]]])
def test_a_picture_of_one_row_or_of_nothing_known(values: list[list[float]]) -> None:
    assert pixels(picture(surface_of(values), limits=LIMITS)).shape == (len(values), len(values[0]), 4)


def test_the_first_row_is_on_top() -> None:
    seen = pixels(picture(surface_of([[9.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), limits=(1,), contours=False))
    assert seen[0, 0, 3] == 255
    assert seen[..., 3].sum() == 255


def test_with_zero_as_the_lowest_limit_only_the_unknown_is_transparent() -> None:
    values = np.array([[np.nan, 0.0], [-1e-18, 2.0]])
    painted = picture(surface_of(values), limits=(0.0, 1.0), contours=False)
    alpha = np.asarray(Image.open(io.BytesIO(painted.png)).convert("RGBA"))[..., 3]
    assert alpha.tolist() == [[0, 255], [255, 255]]
    assert painted.legend[0].low == 0.0


@pytest.mark.parametrize("limits", [(2.0, 1.0), (1.0, 1.0), (-1.0,), (0.0, 0.0)])
def test_limits_rise_from_zero(limits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        picture(hill(), limits=limits)


def test_without_limits_nothing_is_painted() -> None:
    drawn = picture(hill(), limits=())
    assert drawn.legend == ()
    assert (pixels(drawn) == 0).all()


# Limits


@pytest.mark.parametrize(
    ("highest", "classes", "limits"),
    [
        (352.6, 7, (2, 5, 10, 20, 50, 100, 200)),
        (1000, 4, (100, 200, 500, 1000)),
        (999.9, 3, (100, 200, 500)),
        (0.03, 3, (0.005, 0.01, 0.02)),
        (7, 1, (5,)),
        (1, 2, (0.5, 1)),
    ],
)
def test_round_limits(highest: float, classes: int, limits: tuple[float, ...]) -> None:
    assert round_limits(surface_of([[highest, 0.0, np.nan]]), classes) == limits


@given(highest=st.floats(1e-9, 1e9), classes=st.integers(1, 12))
def test_round_limits_are_as_many_as_asked_and_the_highest_class_is_not_empty(highest: float, classes: int) -> None:
    limits = round_limits(surface_of([[highest]]), classes)
    assert len(limits) == classes
    assert limits[-1] <= highest < limits[-1] * 2.5
    assert list(limits) == sorted(set(limits))


@pytest.mark.parametrize("values", [[[0.0]], [[np.nan]], [[np.nan, 0.0]]])
def test_where_nothing_is_above_zero_there_are_no_limits(values: list[list[float]]) -> None:
    assert round_limits(surface_of(values), 5) == ()


# Palette


def lightness(colour: str) -> float:
    """L* of an sRGB colour."""
    channels = np.array(rgba(colour)[:3]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(116 * np.cbrt(linear @ (0.2126, 0.7152, 0.0722)) - 16)


@pytest.mark.parametrize("classes", [2, 3, 5, 7, 9])
def test_classes_darken_in_even_steps(classes: int) -> None:
    limits = [float(limit) for limit in range(1, classes + 1)]
    steps = -np.diff([lightness(one.colour) for one in picture(hill(), limits=limits).legend])
    assert steps.min() > 0
    assert steps.max() <= 1.35 * steps.min()


def test_one_class_is_the_middle_of_the_ramp_and_contours_are_darker_than_all() -> None:
    assert picture(hill(), limits=(1,)).legend[0].colour == STOPS[4]
    assert lightness(CONTOUR) < min(map(lightness, STOPS)) - 3


def test_the_same_surface_twice_is_the_same_picture() -> None:
    surface = hill()
    assert picture(surface, limits=LIMITS) == picture(replace(surface), limits=LIMITS)
