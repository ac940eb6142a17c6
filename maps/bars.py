"""A row of bars as inline SVG, made on the server: no script, and it prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

_STEP: Final = 44
_BAR: Final = 28
_HEIGHT: Final = 90
_ABOVE: Final = 18
_BELOW: Final = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    :ivar mark: value at which a line crosses it; None for no line
    :ivar style: name of the CSS class ``bar-{style}``
    :ivar tip: what it says in full
    """

    label: str
    value: int
    mark: int | None
    style: str
    tip: str


def svg(bars: Sequence[Bar], label: str) -> Markup:
    """The bars on a common scale from zero, each with its value above it.

    :param label: what it shows, for those who hear it
    """
    most = max([1, *(bar.value for bar in bars), *(bar.mark or 0 for bar in bars)])
    width, height = _STEP * len(bars), _ABOVE + _HEIGHT + _BELOW
    drawn = Markup("").join(_bar(at, bar, most) for at, bar in enumerate(bars))
    head = Markup('<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, label)
    return head + drawn + Markup("</svg>")


def _bar(at: int, bar: Bar, most: int) -> Markup:
    x, tall = at * _STEP + (_STEP - _BAR) / 2, _HEIGHT * bar.value / most
    top, middle = _ABOVE + _HEIGHT - tall, at * _STEP + _STEP / 2
    line = top if bar.mark is None else _ABOVE + _HEIGHT * (1 - bar.mark / most)
    parts = [
        Markup("<title>{}</title>").format(bar.tip),
        Markup('<rect class="bar-{}" x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
            bar.style, x, top, _BAR, tall
        ),
        Markup('<text class="bar-value" x="{:.1f}" y="{:.1f}">{}</text>').format(middle, min(top, line) - 4, bar.value),
        Markup('<text class="bar-label" x="{:.1f}" y="{}">{}</text>').format(
            middle, _ABOVE + _HEIGHT + _BELOW - 5, escape(bar.label)
        ),
    ]
    if bar.mark is not None:
        parts.append(
            Markup('<line class="bar-mark" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                x - 4, x + _BAR + 4, line, line
            )
        )
    return Markup("<g>") + Markup("").join(parts) + Markup("</g>")
