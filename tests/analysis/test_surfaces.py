"""Density surfaces beside a plain double loop and scipy's, and what must hold of any: mass, order, place, edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from geo.analysis import kernels
from geo.analysis.kernels import Kernel
from geo.analysis.surfaces import Bounds, Surface, kernel_density, relative_surface
from geo.errors import (
    BandwidthTooFine,
    InvalidBounds,
    InvalidLength,
    PointsUnusable,
    SurfacesDiffer,
    SurfaceTooLarge,
)
from geo.limits import MAX_SURFACE_CELLS

Array = NDArray[np.float64]

KERNELS: tuple[Kernel, ...] = ("quartic", "gaussian")
SQUARE = (500_000.0, 3_300_000.0, 506_000.0, 3_304_000.0)
CELL = 100.0


def points_of_two_villages(number: int = 60, seed: int = 7) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    village = rng.integers(0, 2, number)
    x = np.array([502_000.0, 504_200.0])[village] + rng.normal(0, 500, number)
    y = np.array([3_301_500.0, 3_302_600.0])[village] + rng.normal(0, 400, number)
    return x, y


def centres(surface: Surface) -> tuple[Array, Array]:
    rows, columns = surface.values.shape
    x = surface.bounds.min_x + (np.arange(columns) + 0.5) * surface.cell_m
    y = surface.bounds.max_y - (np.arange(rows) + 0.5) * surface.cell_m
    return x, y


def one_by_one(
    surface: Surface, x: Array, y: Array, weights: Array | None = None, *, kernel: Kernel, bandwidth_m: float
) -> Array:
    """The definition: every point to every cell's centre, per km²."""
    total = np.zeros(surface.values.shape)
    across, down = centres(surface)
    for px, py, weight in zip(x, y, np.ones(x.size) if weights is None else weights, strict=True):
        squared = ((across[None, :] - px) ** 2 + (down[:, None] - py) ** 2) / bandwidth_m**2
        if kernel == "quartic":
            height = np.where(squared < 1, 3 / np.pi * (1 - squared) ** 2, 0)
        else:
            height = np.exp(-squared / 2) / (2 * np.pi)
        total += weight * height / bandwidth_m**2 * 1e6
    return total


def mass(surface: Surface) -> float:
    return float(surface.values.sum() * surface.cell_m**2 / 1e6)


# Values


@pytest.mark.parametrize("weights", [None, np.random.default_rng(3).uniform(0, 5, 60)], ids=["counted", "weighted"])
@pytest.mark.parametrize(("kernel", "bandwidth_m"), [("quartic", 1500.0), ("gaussian", 700.0)])
def test_as_the_double_loop_within_half_a_percent_of_the_peak(
    kernel: Kernel, bandwidth_m: float, weights: Array | None
) -> None:
    x, y = points_of_two_villages()
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=bandwidth_m, kernel=kernel, weights=weights)
    expected = one_by_one(surface, x, y, weights, kernel=kernel, bandwidth_m=bandwidth_m)
    assert np.abs(surface.values - expected).max() <= 0.005 * expected.max()


@pytest.mark.parametrize(("kernel", "share"), [("quartic", 1.0), ("gaussian", 0.25)])
@given(
    cells=st.floats(4, 20),
    across=st.floats(0, 1),
    down=st.floats(0, 1),
)
def test_one_point_errs_by_no_more_than_the_bound(
    kernel: Kernel, share: float, cells: float, across: float, down: float
) -> None:
    x, y = np.array([503_000 + across * CELL]), np.array([3_302_000 + down * CELL])
    bandwidth_m = cells * CELL
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=bandwidth_m, kernel=kernel)
    expected = one_by_one(surface, x, y, kernel=kernel, bandwidth_m=bandwidth_m)
    peak = (3 / np.pi if kernel == "quartic" else 1 / (2 * np.pi)) / bandwidth_m**2 * 1e6
    # The kernel on cells sums to one: next to nothing, half a percent at four cells to a quartic bandwidth.
    assert np.abs(surface.values - expected).max() <= (share / cells**2 + 0.005 * (4 / cells) ** 3) * peak


def test_the_gaussian_one_is_scipys() -> None:
    x, y = points_of_two_villages(200)
    peer = gaussian_kde(np.vstack([x, y]))
    turned = np.linalg.cholesky(peer.covariance)
    # scipy's kernel has the covariance of the points: in coordinates where that is 400² it is ours.
    u, v = 400 * np.linalg.solve(turned, np.vstack([x - x.mean(), y - y.mean()]))
    surface = kernel_density(u, v, bounds=(-4000, -4000, 4000, 4000), cell_m=50, bandwidth_m=400, kernel="gaussian")
    across, down = np.meshgrid(*centres(surface))
    back = turned @ np.vstack([across.ravel(), down.ravel()]) / 400
    density = peer(back + np.array([[x.mean()], [y.mean()]])) * x.size
    expected = (density * np.linalg.det(turned) / 400**2 * 1e6).reshape(surface.values.shape)
    assert np.abs(surface.values - expected).max() <= 0.005 * expected.max()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cells", [2.0, 2.7, 5.0, 11.3])
def test_the_plane_holds_as_many_points_as_were_given(kernel: Kernel, cells: float) -> None:
    x, y = points_of_two_villages()
    reach = 5 * cells * CELL + 3000
    wide = (SQUARE[0] - reach, SQUARE[1] - reach, SQUARE[2] + reach, SQUARE[3] + reach)
    surface = kernel_density(x, y, bounds=wide, cell_m=CELL, bandwidth_m=cells * CELL, kernel=kernel)
    assert mass(surface) == pytest.approx(60, abs=1e-6)


def test_weights_are_so_many_points() -> None:
    x, y = points_of_two_villages()
    times = np.arange(x.size) % 4
    weighted = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=times)
    repeated = kernel_density(np.repeat(x, times), np.repeat(y, times), bounds=SQUARE, cell_m=CELL, bandwidth_m=600)
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_order_of_points_makes_no_difference(seed: int) -> None:
    x, y = points_of_two_villages()
    weights = np.linspace(0, 3, x.size)
    order = np.random.default_rng(seed).permutation(x.size)
    one = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=weights)
    other = kernel_density(x[order], y[order], bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=weights[order])
    np.testing.assert_allclose(one.values, other.values, rtol=1e-9, atol=1e-9)


@given(east=st.integers(-400_000, 400_000), north=st.integers(-3_000_000, 3_000_000))
@settings(max_examples=20)
def test_everything_moved_together_is_the_same_surface(east: int, north: int) -> None:
    x, y = points_of_two_villages()
    moved = (SQUARE[0] + east, SQUARE[1] + north, SQUARE[2] + east, SQUARE[3] + north)
    one = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600)
    other = kernel_density(x + east, y + north, bounds=moved, cell_m=CELL, bandwidth_m=600)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("by", [1, 7])
def test_blocks_of_points_add_up(by: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = points_of_two_villages()
    at_once = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=np.arange(60))
    monkeypatch.setattr(kernels, "BLOCK", by)
    in_blocks = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=np.arange(60))
    np.testing.assert_allclose(at_once.values, in_blocks.values, rtol=1e-9, atol=1e-9)


# The grid


@pytest.mark.parametrize(
    ("bounds", "shape", "covered"),
    [
        ((0, 0, 1000, 500), (5, 10), (0, 0, 1000, 500)),
        ((0, 0, 1001, 500), (5, 11), (0, 0, 1100, 500)),
        ((0, -1, 1000, 500), (6, 10), (0, -100, 1000, 500)),
        ((0.1, 0.1, 0.1 + 300, 0.1 + 700), (7, 3), (0.1, 0.1, 300.1, 700.1)),
        ((0, 0, 1, 1), (1, 1), (0, -99, 100, 1)),
        ((0, 0, np.nextafter(300, 301), 500), (5, 3), (0, 0, 300, 500)),
    ],
)
def test_whole_cells_from_the_north_western_corner(
    bounds: tuple[float, float, float, float], shape: tuple[int, int], covered: tuple[float, ...]
) -> None:
    surface = kernel_density([], [], bounds=bounds, cell_m=100, bandwidth_m=200)
    assert surface.values.shape == shape
    assert tuple(surface.bounds) == pytest.approx(covered)


def test_the_first_row_is_the_northern_one() -> None:
    surface = kernel_density([120.0], [880.0], bounds=(0, 0, 1000, 1000), cell_m=100, bandwidth_m=250)
    row, column = np.unravel_index(surface.values.argmax(), surface.values.shape)
    assert (row, column) == (1, 1)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("east", "north"), [(-350, 0), (0, 350), (6350, 0), (0, -4350), (-300, 300), (-440, 0)])
def test_points_beyond_the_bounds_count_within_reach(kernel: Kernel, east: float, north: float) -> None:
    x, y = np.array([SQUARE[0] + east]), np.array([SQUARE[1] + 2000 if north == 0 else SQUARE[3] + north])
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=20, bandwidth_m=500, kernel=kernel)
    expected = one_by_one(surface, x, y, kernel=kernel, bandwidth_m=500)
    peak = (3 / np.pi if kernel == "quartic" else 1 / (2 * np.pi)) / 500**2 * 1e6
    assert expected.max() > 0
    assert np.abs(surface.values - expected).max() <= 0.005 * peak


@pytest.mark.parametrize("kernel", KERNELS)
def test_points_out_of_reach_count_nowhere(kernel: Kernel) -> None:
    x, y = points_of_two_villages()
    alone = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=400, kernel=kernel)
    far = np.array([[-2600.0, 2000], [8600, 2000], [3000, -2600], [3000, 6600], [1e7, -1e7], [1e300, -1e300]])
    x, y = np.append(x, far[:, 0] + SQUARE[0]), np.append(y, far[:, 1] + SQUARE[1])
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=400, kernel=kernel)
    np.testing.assert_array_equal(surface.values, alone.values)


@pytest.mark.parametrize("kernel", KERNELS)
def test_nothing_wraps_from_one_side_to_the_other(kernel: Kernel) -> None:
    reach = 1000 * (1 if kernel == "quartic" else 5)
    bounds = (0.0, 0.0, 4 * reach, 4 * reach)
    surface = kernel_density([50.0], [50.0], bounds=bounds, cell_m=100, bandwidth_m=1000, kernel=kernel)
    x, y = centres(surface)
    beyond = np.hypot(x[None, :] - 50, y[:, None] - 50) > reach + 150
    assert (surface.values[beyond] == 0).all()
    assert (surface.values >= 0).all()


def test_a_bandwidth_wider_than_the_grid() -> None:
    x, y = np.array([100.0, 900.0]), np.array([100.0, -3000.0])
    surface = kernel_density(x, y, bounds=(0, 0, 400, 300), cell_m=100, bandwidth_m=4000)
    expected = one_by_one(surface, x, y, kernel="quartic", bandwidth_m=4000)
    np.testing.assert_allclose(surface.values, expected, rtol=0.005)


# The outline


def coast() -> NDArray[np.bool_]:
    """A county of 40 by 60 cells with a slanting coast, a bay and an islet."""
    rows, columns = np.mgrid[0:40, 0:60]
    inside: NDArray[np.bool_] = (columns < 45 + rows // 4) & ~((np.abs(rows - 20) < 5) & (columns > 30))
    inside[3:5, 57:59] = True
    return inside


def even_points(inside: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Twenty-five points in every cell inside, evenly."""
    rows, columns = np.nonzero(inside)
    within = (np.arange(5) + 0.5) / 5
    across, down = (one.ravel() for one in np.meshgrid(within, within))
    x = SQUARE[0] + (columns[:, None] + across).ravel() * CELL
    y = SQUARE[3] - (rows[:, None] + down).ravel() * CELL
    return x, y


@pytest.mark.parametrize(("kernel", "bandwidth_m"), [("quartic", 1000.0), ("gaussian", 400.0)])
def test_an_even_pattern_stays_even_up_to_the_outline(kernel: Kernel, bandwidth_m: float) -> None:
    inside = coast()
    x, y = even_points(inside)
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=bandwidth_m, kernel=kernel, inside=inside)
    plain = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=bandwidth_m, kernel=kernel)
    np.testing.assert_allclose(surface.values[inside], 2500, rtol=0.02)
    assert plain.values[inside].min() < 1250
    np.testing.assert_array_equal(np.isnan(surface.values), ~inside)


def test_the_correction_is_the_kernels_share_inside_by_numeric_integration() -> None:
    inside, bandwidth_m = coast(), 1500.0
    x, y = points_of_two_villages()
    row, column = ((SQUARE[3] - y) // CELL).astype(int), ((x - SQUARE[0]) // CELL).astype(int)
    x, y = x[inside[row, column]], y[inside[row, column]]
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=bandwidth_m, inside=inside)
    density = one_by_one(surface, x, y, kernel="quartic", bandwidth_m=bandwidth_m)
    ground_x, ground_y = even_points(inside)
    share = one_by_one(surface, ground_x, ground_y, kernel="quartic", bandwidth_m=bandwidth_m) / 2500
    expected = density / share
    assert share[inside].min() < 0.02, "the islet, of which a kernel sees little"
    error = np.abs(surface.values - expected)[inside]
    assert error.max() <= 0.01 * expected[inside].max()


@pytest.mark.parametrize(
    ("east", "north", "counted"),
    [
        (1910, 2050, True),
        (1890, 2050, False),
        (4090, 2050, True),
        (4110, 2050, False),
        (2050, 4090, True),
        (2050, 4110, False),
        (2050, -90, True),
        (2050, -110, False),
        (1910, 4090, True),
    ],
)
def test_with_an_outline_the_points_are_those_inside_or_in_a_cell_beside_it(
    east: float, north: float, *, counted: bool
) -> None:
    inside = np.zeros((40, 60), bool)
    inside[:, 20:40] = True
    x, y = [SQUARE[0] + east], [SQUARE[1] + north]
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=500, inside=inside)
    assert (np.nanmax(surface.values) > 0) == counted


def test_a_county_up_to_the_edge_of_the_grid_ends_there() -> None:
    x, y = even_points(np.ones((40, 60), bool))
    surface = kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=1000, inside=np.ones((40, 60), bool))
    np.testing.assert_allclose(surface.values, 2500, rtol=0.01)


# One over another


def surfaces(**changes: object) -> Surface:
    options = {"bounds": SQUARE, "cell_m": CELL, "bandwidth_m": 600.0, "kernel": "quartic"} | changes
    return kernel_density(*points_of_two_villages(), **options)  # type: ignore[arg-type]


def test_issues_per_hundred_visits_and_unknown_where_visits_are_few() -> None:
    issues, visits = surfaces(weights=np.full(60, 0.3)), surfaces()
    ratio = relative_surface(issues, visits, minimum_per_km2=1.0)
    known = visits.values >= 1
    assert known.any()
    assert not known.all()
    np.testing.assert_allclose(ratio.values[known], 30)
    assert np.isnan(ratio.values[~known]).all()
    assert (ratio.unit, ratio.bounds, ratio.bandwidth_m) == ("per 100", visits.bounds, 600)
    thousand = relative_surface(issues, visits, minimum_per_km2=1.0, per=1000)
    np.testing.assert_allclose(thousand.values, 10 * ratio.values)
    assert thousand.unit == "per 1000"


def test_the_minimum_itself_is_known() -> None:
    visits = surfaces()
    minimum = float(visits.values.max())
    assert np.isfinite(relative_surface(visits, visits, minimum_per_km2=minimum).values).sum() == 1


def test_unknown_on_either_side_stays_unknown_and_zero_issues_are_zero() -> None:
    inside = coast()
    masked, none = surfaces(inside=inside), surfaces(weights=np.zeros(60))
    np.testing.assert_array_equal(
        np.isnan(relative_surface(surfaces(), masked, minimum_per_km2=1e-9).values), ~(masked.values >= 1e-9)
    )
    assert np.isnan(relative_surface(masked, surfaces(), minimum_per_km2=1e-9).values[~inside]).all()
    assert np.nanmax(relative_surface(none, surfaces(), minimum_per_km2=1, per=1000).values) == 0


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"bounds": (SQUARE[0], SQUARE[1], SQUARE[2] + 100, SQUARE[3])}, "bounds"),
        ({"bounds": (SQUARE[0] + 1, SQUARE[1], SQUARE[2] + 1, SQUARE[3])}, "bounds"),
        ({"cell_m": 50.0}, "cells"),
        ({"bandwidth_m": 601.0}, "bandwidth"),
        ({"kernel": "gaussian"}, "kernel"),
    ],
)
def test_surfaces_that_differ_are_not_divided(changes: dict[str, object], what: str) -> None:
    with pytest.raises(SurfacesDiffer, match=what):
        relative_surface(surfaces(**changes), surfaces(), minimum_per_km2=1)


@pytest.mark.parametrize("minimum", [0.0, -1.0, float("nan")])
def test_a_minimum_is_above_zero(minimum: float) -> None:
    with pytest.raises(ValueError, match="minimum"):
        relative_surface(surfaces(), surfaces(), minimum_per_km2=minimum)


# What cannot be used


def test_no_points_are_a_surface_of_zeros() -> None:
    inside = coast()
    assert (kernel_density([], [], bounds=SQUARE, cell_m=CELL, bandwidth_m=600).values == 0).all()
    masked = kernel_density([], [], bounds=SQUARE, cell_m=CELL, bandwidth_m=600, inside=inside)
    assert (masked.values[inside] == 0).all()
    assert np.isnan(masked.values[~inside]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_no_numbers_are_counted(bad: float) -> None:
    with pytest.raises(PointsUnusable) as raised:
        kernel_density([bad, 1, bad, 2], [bad, 1, 2, bad], bounds=SQUARE, cell_m=CELL, bandwidth_m=600)
    assert raised.value.facts["count"] == 3


@pytest.mark.parametrize("bad", [-1e-9, np.nan, np.inf])
def test_weights_are_zero_or_more(bad: float) -> None:
    with pytest.raises(PointsUnusable, match=r"1 points.*weights"):
        kernel_density([1, 2], [1, 2], bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=[bad, 0])


@pytest.mark.parametrize(
    ("x", "y", "weights"), [([1], [1, 2], None), ([1, 2], [1, 2], [1]), ([[1]], [[1]], None), (1, 1, None)]
)
def test_lengths_that_differ(x: list[float], y: list[float], weights: list[float] | None) -> None:
    with pytest.raises(ValueError, match="one length"):
        kernel_density(x, y, bounds=SQUARE, cell_m=CELL, bandwidth_m=600, weights=weights)


@pytest.mark.parametrize("field", ["cell_m", "bandwidth_m"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_lengths_are_above_zero(field: str, value: float) -> None:
    with pytest.raises(InvalidLength, match=field):
        surfaces(**{field: value})


@pytest.mark.parametrize(
    "bounds", [(0, 0, 0, 1), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, np.inf, 1), (np.nan, 0, 1, 1), (0, 0, 1, np.nan)]
)
def test_bounds_have_an_inside(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidBounds):
        surfaces(bounds=bounds)


def test_a_kernel_that_the_cells_cannot_show() -> None:
    assert surfaces(bandwidth_m=2 * CELL).bandwidth_m == 200
    with pytest.raises(BandwidthTooFine, match=r"199\.9 m .* at least 200"):
        surfaces(bandwidth_m=199.9)


@pytest.mark.parametrize("bounds", [(0, 0, 4e6, 4e6), (0, 0, 1e308, 1e308), (-1e308, 0, 1e308, 1)])
def test_too_many_cells(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(SurfaceTooLarge, match=str(MAX_SURFACE_CELLS)):
        kernel_density([], [], bounds=bounds, cell_m=100, bandwidth_m=200)


def test_the_margin_counts_among_the_cells() -> None:
    with pytest.raises(SurfaceTooLarge):
        kernel_density([], [], bounds=(0, 0, 100, 100), cell_m=100, bandwidth_m=200_000)


def test_a_mask_of_another_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        surfaces(inside=np.ones((60, 40), bool))


def test_bounds_are_named() -> None:
    assert surfaces().bounds == Bounds(*SQUARE)
