"""Where a relative surface of problems says something, and where it does not."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.kernels import Kernel
from geo.analysis.surfaces import Bounds
from geo.services.problem_surfaces import ENOUGH_VISITS, Canvas, Points, inside, made

SIDE = 101
CANVAS = Canvas(Bounds(0, 0, SIDE * 100, SIDE * 100), 100, np.ones((SIDE, SIDE), np.bool_))


def at_the_middle(count: int) -> Points:
    return np.full(count, 5_050.0), np.full(count, 5_050.0)


@pytest.mark.parametrize(("kernel", "bandwidth_m"), [("quartic", 2_000.0), ("gaussian", 700.0)])
def test_few_visits_to_one_place_say_nothing(kernel: Kernel, bandwidth_m: float) -> None:
    def known(visits: int) -> tuple[int, float]:
        found = made(CANVAS, at_the_middle(1), at_the_middle(visits), bandwidth_m, kernel, epsg=4549, rule=None)
        numbers = found.surface.values
        return int(np.isfinite(numbers).sum()), float(numbers[SIDE // 2, SIDE // 2])

    assert known(ENOUGH_VISITS - 1)[0] == 0
    count, value = known(ENOUGH_VISITS + 1)
    assert 0 < count < SIDE**2 / 20, "and about them, not to the end of the kernel"
    assert value == pytest.approx(100 / (ENOUGH_VISITS + 1))


@pytest.mark.parametrize(("kernel", "bandwidth_m"), [("quartic", 2_000.0), ("gaussian", 700.0)])
def test_away_from_the_outline_no_fewer_visits_make_a_place_known(kernel: Kernel, bandwidth_m: float) -> None:
    x, y = np.random.default_rng(3).uniform(3_000, 7_000, (2, 40))
    found = made(CANVAS, (x[:1], y[:1]), (x, y), bandwidth_m, kernel, epsg=4549, rule=None)
    rows, columns = np.nonzero(np.isfinite(found.surface.values))
    assert rows.size
    reach_m = bandwidth_m if kernel == "quartic" else 5 * bandwidth_m
    away = np.hypot((columns[:, None] + 0.5) * 100 - x, (SIDE - rows[:, None] - 0.5) * 100 - y)
    assert (away < reach_m + 100).sum(axis=1).min() >= ENOUGH_VISITS


@given(wide=st.floats(300, 90_000), high=st.floats(300, 90_000), cells=st.integers(20, 200))
def test_the_mask_has_the_cells_of_the_surface(wide: float, high: float, cells: int) -> None:
    """Both round in the same way, wherever the last cell ends."""
    bounds = Bounds(500_000.0, 3_300_000.0, 500_000.0 + wide, 3_300_000.0 + high)
    cell_m = max(wide, high) / cells
    where = Canvas(bounds, cell_m, inside(shapely.box(*bounds), bounds, cell_m))
    found = made(where, (np.empty(0), np.empty(0)), None, 5 * cell_m, "quartic", epsg=4549, rule=None)
    assert found.surface.values.shape == where.inside.shape
    assert where.inside.any() or min(wide, high) < cell_m, "ground narrower than a cell may miss all centres"
