"""Density surfaces: points in metres of ground in, a grid of densities per km² out.

    f(s) = Σ wᵢ K((s - xᵢ) / h) / h²

with the quartic kernel K(u) = 3/π (1 - |u|²)² for |u| < 1 (K₂ of Silverman 1986, *Density Estimation for Statistics and
Data Analysis*, equation 4.5), whose bandwidth h is the radius beyond which a point has no influence; or with the
Gaussian one, K(u) = exp(-|u|²/2) / 2π, whose bandwidth is the standard deviation, cut at five of them. The surface over
the whole plane holds as many points as were given. `geo.analysis.kernels` says how it is computed and how exactly.

Edge correction. Near the outline of a county part of the kernel lies where nobody could have been counted. With a mask
of the county A, each cell is divided by the share of the kernel around it that lies inside, ∫_A K((s - u)/h)/h² du: the
uniform correction of Diggle (1985, *A kernel method for smoothing point process data*, Applied Statistics 34). An even
pattern stays even up to the outline; the price is that the surface no longer sums to the number of points exactly.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from geo.analysis.kernels import REACH, Kernel, Smoother, padded_grid, shared_out
from geo.analysis.points import FloatArray, checked_points
from geo.errors import BandwidthTooFine, InvalidBounds, InvalidLength, SurfacesDiffer, SurfaceTooLarge
from geo.limits import MAX_SURFACE_CELLS, MIN_CELLS_PER_BANDWIDTH

M2_PER_KM2: Final = 1e6


class Bounds(NamedTuple):
    """A rectangle in the metres of a CRS."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A grid of numbers, north up.

    :ivar values: (rows, columns), the first row in the north; NaN where nothing is known
    :ivar bounds: what the cells cover, in metres of the CRS of the points: whole cells from the north-western corner of
        the bounds that were asked for, so that the east and the south may lie up to a cell farther out
    :ivar cell_m: side of a cell
    :ivar bandwidth_m: radius of the quartic kernel, standard deviation of the Gaussian one
    :ivar unit: of the values, such as ``per km²`` or ``per 100``
    """

    values: FloatArray
    bounds: Bounds
    cell_m: float
    bandwidth_m: float
    kernel: Kernel
    unit: str


def kernel_density(
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    bounds: tuple[float, float, float, float],
    cell_m: float,
    bandwidth_m: float,
    kernel: Kernel = "quartic",
    weights: ArrayLike | None = None,
    inside: NDArray[np.bool_] | None = None,
) -> Surface:
    """Points per km² around the centre of every cell.

    Without a mask, points beyond the bounds count as far as their kernel reaches. With one, the points are those
    observed inside: a point counts if its cell is inside or touches one that is (the outline runs through cells), and
    the edge correction of this module's text is applied.

    :param x_m: easting in metres, one number for each point; none at all is a surface of zeros
    :param y_m: northing in metres, the same length
    :param bounds: min_x, min_y, max_x, max_y in metres
    :param cell_m: side of a cell in metres; there are ceil(extent / cell_m) rows and columns
    :param bandwidth_m: at least two cells
    :param weights: how much each point counts, zero or more; None for one each
    :param inside: (rows, columns), which cells are in the county; the others become NaN. None for no outline.
    :raises PointsUnusable: a coordinate is not finite, a weight is negative or not finite
    :raises InvalidLength: cell_m or bandwidth_m is not above zero
    :raises InvalidBounds: the bounds have no inside
    :raises BandwidthTooFine: the bandwidth is below two cells
    :raises SurfaceTooLarge: more cells than the limit, with the margin that the kernel reaches
    :raises ValueError: arrays of different lengths, or a mask of another shape than the grid

    >>> surface = kernel_density([50.0], [50.0], bounds=(0, 0, 100, 100), cell_m=10, bandwidth_m=40)
    >>> surface.values.shape, float(round(surface.values.sum() * 10 * 10 / 1e6, 9))
    ((10, 10), 1.0)
    """
    x, y, w = checked_points(x_m, y_m, weights)
    _check(bounds, cell_m, bandwidth_m)
    grid = padded_grid(bounds, cell_m, REACH[kernel] * bandwidth_m)
    if grid.cells > MAX_SURFACE_CELLS:
        raise SurfaceTooLarge(cells=grid.cells, limit=MAX_SURFACE_CELLS)
    if inside is not None and inside.shape != (grid.rows, grid.columns):
        raise ValueError(f"inside has the shape of the grid, {(grid.rows, grid.columns)}, not {inside.shape}")
    smoother = Smoother(grid, kernel, bandwidth_m)
    counted = None if inside is None else ndimage.binary_dilation(grid.padded(inside), np.ones((3, 3)))
    values = smoother.smooth(shared_out(grid, x, y, w, counted)) * (M2_PER_KM2 / cell_m**2)
    if inside is not None:
        share = smoother.smooth(grid.padded(inside).astype(np.float64))
        values = np.divide(values, share, where=inside, out=np.full(values.shape, np.nan))
    covered = Bounds(grid.west, grid.north - grid.rows * cell_m, grid.west + grid.columns * cell_m, grid.north)
    return Surface(values, covered, cell_m, bandwidth_m, kernel, "per km²")


def relative_surface(numerator: Surface, denominator: Surface, *, minimum_per_km2: float, per: int = 100) -> Surface:
    """One density over another, such as issues per 100 visits; NaN (unknown) where the lower one is thin.

    :param minimum_per_km2: above zero; where the denominator is below it, nothing is said
    :param per: how many of the denominator the answer is for
    :raises SurfacesDiffer: the two have not the same cells, kernel and bandwidth
    :raises ValueError: the minimum is not above zero
    """
    if not minimum_per_km2 > 0:
        raise ValueError(f"minimum_per_km2 is above zero, not {minimum_per_km2}")
    for what, what_zh, one, other in (
        ("bounds", "范围", tuple(numerator.bounds), tuple(denominator.bounds)),
        ("cells", "像元", numerator.cell_m, denominator.cell_m),
        ("bandwidth", "带宽", numerator.bandwidth_m, denominator.bandwidth_m),
        ("kernel", "核函数", numerator.kernel, denominator.kernel),
    ):
        if one != other:
            raise SurfacesDiffer(what=what, what_zh=what_zh, one=one, other=other)
    known = denominator.values >= minimum_per_km2
    ratio = np.full(numerator.values.shape, np.nan)
    np.divide(numerator.values * per, denominator.values, where=known, out=ratio)
    return Surface(ratio, numerator.bounds, numerator.cell_m, numerator.bandwidth_m, numerator.kernel, f"per {per}")


def _check(bounds: tuple[float, float, float, float], cell_m: float, bandwidth_m: float) -> None:
    for field, value in (("cell_m", cell_m), ("bandwidth_m", bandwidth_m)):
        if not 0 < value < math.inf:
            raise InvalidLength(field=field, value=value)
    min_x, min_y, max_x, max_y = bounds
    if not (all(map(math.isfinite, bounds)) and min_x < max_x and min_y < max_y):
        raise InvalidBounds(bounds=tuple(bounds))
    least_m = MIN_CELLS_PER_BANDWIDTH * cell_m
    if bandwidth_m < least_m:
        raise BandwidthTooFine(bandwidth_m=bandwidth_m, cell_m=cell_m, least_m=least_m)
