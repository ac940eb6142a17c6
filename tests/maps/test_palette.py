"""The classes must be told apart by everybody, and on a black-and-white printer."""

from itertools import combinations

import numpy as np
import pytest

from geo.analysis.coverage import STATUSES
from maps import palette

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# sRGB primaries to CIE XYZ, D65.
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ @ np.ones(3)


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    luminances = sorted(float((TO_XYZ @ linear(colour))[1]) for colour in (one, other))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)


def test_every_status_has_a_style() -> None:
    assert tuple(palette.STATUS_STYLES) == STATUSES


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_solid_fills_differ_for_every_eye(deficiency: str) -> None:
    seen = {
        status: lab(DEFICIENCIES[deficiency] @ linear(style.fill))
        for status, style in palette.STATUS_STYLES.items()
        if style.hatch is None
    }
    assert len(seen) == 3
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= 25, (one, other)


def test_solid_fills_differ_in_black_and_white() -> None:
    lightness = [lab(linear(palette.STATUS_STYLES[status].fill))[0] for status in ("met", "under", "unvisited")]
    assert lightness[0] - lightness[1] >= 10
    assert lightness[1] - lightness[2] >= 25


def test_excluded_is_the_only_hatch_and_its_lines_show() -> None:
    hatched = {status: style for status, style in palette.STATUS_STYLES.items() if style.hatch}
    assert list(hatched) == ["excluded"]
    assert contrast(hatched["excluded"].fill, hatched["excluded"].hatch or "") >= 2.5


@pytest.mark.parametrize("status", STATUSES)
def test_text_and_outline_can_be_read_on_every_fill(status: str) -> None:
    style = palette.STATUS_STYLES[status]
    assert contrast(style.fill, style.ink) >= 4.5
    if status != "unvisited":
        assert contrast(style.fill, palette.UNASSIGNED) >= 4.5


def test_css_and_script_say_the_same() -> None:
    declared = palette.css_variables()
    script = palette.for_script()["status"]
    for status, style in palette.STATUS_STYLES.items():
        assert f"--{status}: {style.fill};" in declared
        assert script[status]["fill"] == style.fill
