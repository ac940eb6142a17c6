"""What a page around a map is narrowed with: a form that is sent as a query, so that the address keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geo.months import Month


@dataclass(frozen=True, slots=True)
class Select:
    """One choice of a form.

    :ivar choices: value and label
    """

    name: str
    all: str
    chosen: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    :ivar keep: parameters that stay as they are
    """

    action: str
    keep: Mapping[str, str]
    selects: Sequence[Select] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """First and last month of a window, as a form that keeps all else.

    :ivar keep: names and values that stay as they are; a name may stand there several times
    """

    action: str
    keep: Sequence[tuple[str, str]]
    begin: Month
    until: Month
