"""Kernels on a grid: points shared out among cells, and cells smoothed by a kernel.

Points go to the four nearest cell centres in proportion to nearness (linear binning), and one FFT then smooths all of
them. Against the kernel summed point by point at the cell centres, linear binning errs by at most half the kernel's
curvature times t (1 - t) for each axis, t being the point's place between two centres. Relative to the peak of as many
points in one place that is (cell / bandwidth)² for the quartic kernel and a quarter of it for the Gaussian one (Wand
1994, *Fast computation of multivariate kernel estimators*, has the rate): 1 % at ten cells to a quartic bandwidth.

Grids here have their first row in the north.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from geo.analysis.points import FloatArray

Kernel = Literal["quartic", "gaussian"]

REACH: Final[Mapping[Kernel, float]] = {"quartic": 1.0, "gaussian": 5.0}
"""Bandwidths from the centre beyond which a kernel is zero. Of a Gaussian, 4e-6 of the mass lies farther."""

PEAK: Final[Mapping[Kernel, float]] = {"quartic": 3 / math.pi, "gaussian": 1 / (2 * math.pi)}
"""Height over the centre, for a bandwidth of 1."""

TO_GAUSSIAN: Final[Mapping[Kernel, float]] = {"quartic": (36 * 64 / 5) ** (1 / 6), "gaussian": 1.0}
"""Bandwidth over that of a Gaussian which smooths alike: 2.78 for the quartic kernel.

The canonical bandwidths of Marron and Nolan (1988), (∫K² / μ₂²)^(1/6) in the plane, with ∫K² = 9/(5π) and μ₂ = 1/8 for
the quartic kernel, 1/(4π) and 1 for the Gaussian; the same constant stands in table 4.1 of Silverman (1986).
"""

ROUNDING: Final = 1e-12
"""What the FFT may leave where nothing is, as a share of all points' weight in one place (measured: below 1e-13)."""

BLOCK: Final = 1 << 20
"""Points that are shared out at a time: 5 million at once would need half a gigabyte."""

UNCOUNTABLE: Final = 2.0**31
"""Cells in a row beyond which nobody counts: such a grid is refused anyway."""


@dataclass(frozen=True, slots=True)
class PaddedGrid:
    """Rows and columns of cells, and a margin around them that a kernel reaches.

    :ivar west: western edge of the cells, without the margin, in metres
    :ivar north: northern edge of the cells, without the margin, in metres
    :ivar margin: cells around, on each side
    """

    west: float
    north: float
    cell_m: float
    rows: int
    columns: int
    margin: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns with the margin."""
        return self.rows + 2 * self.margin, self.columns + 2 * self.margin

    @property
    def cells(self) -> int:
        """How many cells, with the margin."""
        return self.shape[0] * self.shape[1]

    def cropped(self, padded: FloatArray) -> FloatArray:
        """The cells without their margin."""
        return padded[self.margin : self.margin + self.rows, self.margin : self.margin + self.columns]

    def padded(self, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask of the cells with a margin where nothing is inside."""
        return np.pad(inside, self.margin)

    def positions(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Row and column of points as fractions; a whole number is the centre of a cell."""
        row = (self.north - y) / self.cell_m + (self.margin - 0.5)
        column = (x - self.west) / self.cell_m + (self.margin - 0.5)
        return row, column


def shared_out(
    grid: PaddedGrid, x: FloatArray, y: FloatArray, weights: FloatArray | None, counted: NDArray[np.bool_] | None
) -> FloatArray:
    """Weight of the points at each cell centre, by linear binning.

    :param counted: mask of the grid's shape; points of other cells are left out. None for all.
    :return: the grid's shape; points whose four nearest centres do not all lie in it are left out
    """
    total = np.zeros(grid.cells)
    for begin in range(0, x.size, BLOCK):
        part = slice(begin, begin + BLOCK)
        row, column = grid.positions(x[part], y[part])
        kept = (row >= 0) & (row < grid.shape[0] - 1) & (column >= 0) & (column < grid.shape[1] - 1)
        row, column = row[kept], column[kept]
        weight = np.ones(row.size) if weights is None else weights[part][kept]
        if counted is not None:
            weight = weight * counted[(row + 0.5).astype(np.int64), (column + 0.5).astype(np.int64)]
        top, left = row.astype(np.int64), column.astype(np.int64)
        down, right = row - top, column - left
        first = top * grid.shape[1] + left
        lower, upper = weight * down, weight * (1 - down)
        for offset, share in (
            (0, upper * (1 - right)),
            (1, upper * right),
            (grid.shape[1], lower * (1 - right)),
            (grid.shape[1] + 1, lower * right),
        ):
            total += np.bincount(first + offset, share, minlength=grid.cells)
    return total.reshape(grid.shape)


class Smoother:
    """A kernel on a grid, ready to smooth any number of times.

    The kernel is taken at the centres of cells and made to sum to one there, so that smoothing keeps every point's
    weight to rounding whatever the bandwidth. The margin is as wide as the kernel, which lets the circular convolution
    of the FFT wrap into nothing but the margin.
    """

    def __init__(self, grid: PaddedGrid, kernel: Kernel, bandwidth_m: float) -> None:
        self._grid = grid
        self._lengths = tuple(fft.next_fast_len(length, real=True) for length in grid.shape)
        south, east = (
            np.minimum(np.arange(length), length - np.arange(length)) * (grid.cell_m / bandwidth_m)
            for length in self._lengths
        )
        squared = south[:, None] ** 2 + east[None, :] ** 2
        if kernel == "quartic":
            heights = np.maximum(1 - squared, 0) ** 2
        else:
            heights = np.exp(-0.5 * squared)
            heights[squared > REACH["gaussian"] ** 2] = 0
        heights /= heights.sum()
        self._peak = float(heights[0, 0])
        self._spectrum = fft.rfft2(heights)

    def smooth(self, padded: FloatArray) -> FloatArray:
        """Weights of the cells and their margin, smoothed.

        :param padded: the shape of the grid with its margin, nothing below zero
        :return: weight in each cell of the grid without its margin; exactly zero where the kernel does not reach
        """
        spectrum = fft.rfft2(padded, self._lengths)
        spectrum *= self._spectrum
        smoothed = self._grid.cropped(fft.irfft2(spectrum, self._lengths, overwrite_x=True))
        return np.where(smoothed > ROUNDING * self._peak * padded.sum(), smoothed, 0.0)


def padded_grid(bounds: tuple[float, float, float, float], cell_m: float, reach_m: float) -> PaddedGrid:
    """The grid that covers bounds from their north-western corner, and the margin for a reach.

    :param bounds: min_x, min_y, max_x, max_y in metres
    """
    west, south, east, north = bounds
    return PaddedGrid(
        west=west,
        north=north,
        cell_m=cell_m,
        rows=_cells(north - south, cell_m),
        columns=_cells(east - west, cell_m),
        margin=_cells(reach_m, cell_m) + 1,
    )


def _cells(extent_m: float, cell_m: float) -> int:
    """Cells that cover an extent; a billionth of a cell more is rounding and needs no further one."""
    return max(1, math.ceil(min(extent_m / cell_m, UNCOUNTABLE) - 1e-9))
