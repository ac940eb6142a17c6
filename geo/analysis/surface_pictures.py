"""Surfaces as pictures: classes of colour with contours between them, and the legend that belongs to them."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import contourpy
import numpy as np
from PIL import Image, ImageDraw

from geo.analysis.points import FloatArray
from geo.analysis.surfaces import Surface

STOPS: Final = ("#e4e6b7", "#b7d4a8", "#88c1a0", "#57ad9f", "#20979f", "#00809c", "#006795", "#024d8a", "#343073")
"""Light sand over green and blue to dark violet: CIE L* falls evenly from 90 to 24, the hue turns once.

The order holds for every eye and without colour, and the orange of hot areas stands out on all of it.
"""

CONTOUR: Final = "#231842"

SERIES: Final = (1.0, 2.0, 5.0)
"""Round limits of classes: these times the powers of ten."""


@dataclass(frozen=True, slots=True)
class LegendClass:
    """One class of a legend: low <= value < high.

    :ivar high: None for the highest class, which has no end
    :ivar colour: ``#rrggbb``
    """

    low: float
    high: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG of one pixel for each cell, and what its colours mean, lowest class first."""

    png: bytes
    legend: tuple[LegendClass, ...]


def round_limits(surface: Surface, classes: int) -> tuple[float, ...]:
    """Lower limits of classes, rising: the largest of 1, 2, 5, 10, 20, 50, … that are not above the highest value.

    Densities are skewed. Limits that double keep the sparse country apart as well as the centre of the town.

    :param classes: how many, at least one
    :return: as many limits; none where no value is above zero
    """
    known = surface.values[np.isfinite(surface.values)]
    highest = float(known.max(initial=0.0))
    if highest <= 0:
        return ()
    power = int(np.floor(np.log10(highest)))
    steps = [
        float(f"{mantissa:g}e{exponent}")
        for exponent in range(power - classes // len(SERIES) - 1, power + 2)
        for mantissa in SERIES
    ]
    return tuple([step for step in steps if step <= highest][-classes:])


def picture(surface: Surface, *, limits: Sequence[float], contours: bool = True) -> Picture:
    """Paint a surface: a colour for each class, a line along each limit.

    Transparent are the unknown (NaN), and what is below the lowest limit: with 0 as that limit, only the unknown.
    Painted pixels are opaque and have exactly the legend's colour; a map sets the opacity of the whole.

    :param limits: lower limits of the classes, rising, from 0 on; none paint nothing
    :param contours: whether lines are drawn
    :raises ValueError: the limits do not rise, or begin below zero
    """
    if any(low >= high for low, high in pairwise((-math.ulp(0.0), *limits))):
        raise ValueError(f"limits rise from zero on, not {tuple(limits)}")
    legend = _legend(limits)
    colours = np.zeros((len(legend) + 1, 4), np.uint8)
    for number, one in enumerate(legend, start=1):
        colours[number] = (*bytes.fromhex(one.colour[1:]), 255)
    # searchsorted puts NaN above every limit; below zero it is below them all. Zero may be off by rounding.
    values = np.where(np.isnan(surface.values), -1.0, np.maximum(surface.values, 0.0))
    classes = np.searchsorted(np.asarray(limits, np.float64), values, side="right")
    image = Image.fromarray(colours[classes])
    if contours:
        _draw_contours(image, surface.values, limits)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return Picture(stream.getvalue(), legend)


def _legend(limits: Sequence[float]) -> tuple[LegendClass, ...]:
    highs: list[float | None] = [*limits[1:], None]
    colours = _ramp(len(limits))
    return tuple(LegendClass(*one) for one in zip(limits, highs[: len(limits)], colours, strict=True))


def _ramp(count: int) -> list[str]:
    """So many colours at even steps along the stops; one alone is in the middle."""
    stops = np.array([list(bytes.fromhex(stop[1:])) for stop in STOPS], np.float64)
    last = len(STOPS) - 1
    places = np.array([last / 2]) if count == 1 else np.linspace(0, last, count)
    channels = [np.interp(places, np.arange(len(STOPS)), stops[:, channel]) for channel in range(3)]
    return [f"#{bytes(round(value) for value in colour).hex()}" for colour in zip(*channels, strict=True)]


def _draw_contours(image: Image.Image, values: FloatArray, limits: Sequence[float]) -> None:
    """Lines of one pixel. They run between centres of cells that are all known, so they never touch an unknown one."""
    if 1 in values.shape:
        return
    generator = contourpy.contour_generator(z=np.ma.masked_invalid(values), corner_mask=False)
    draw = ImageDraw.Draw(image)
    for limit in limits:
        if limit == 0:
            continue
        for line in cast("list[FloatArray]", generator.lines(limit)):
            draw.line([tuple(point) for point in np.rint(line).tolist()], fill=CONTOUR)
