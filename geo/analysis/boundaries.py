"""What there is to say of a boundary file or version; table, workbook and map are drawn from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from geo.space.checks import Finding
from geo.space.codes import Level
from geo.space.frames import Score
from geo.space.lineage import Link


class Said(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be taken (``forbids``) or of which something must be known."""

    row: int
    field: str
    en: str
    zh: str
    forbids: bool


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """Checks of one file or version.

    :ivar version: its number; None while nothing is written
    :ivar based_on: the version it is compared with; None for the first
    :ivar levels: the levels that were brought; the others were taken over
    :ivar names: area code → name, old and new ones
    :ivar notes: how the file was read, what → said: format, encoding, CRS, columns …
    :ivar scores: how well each reading of the coordinates fits, best first; empty where nothing was tried
    :ivar findings: by kind, the largest first
    :ivar changes: every link between the old and the new areas of the levels that were brought
    :ivar moved_m2: ground that ``--repair`` gave to another area or to none, by code
    """

    county: str
    county_name: str
    source: str
    version: int | None
    status: str | None
    based_on: int | None
    levels: Sequence[Level]
    counts: Mapping[Level, int]
    names: Mapping[str, str]
    notes: Mapping[str, Said]
    sliver_width_m: float
    overlap_limit_m2: float
    scores: Sequence[Score] = ()
    findings: Sequence[Finding] = ()
    changes: Sequence[Link] = ()
    problems: Sequence[Problem] = ()
    moved_m2: Mapping[str, float] = field(default_factory=dict)

    @property
    def largest_overlap_m2(self) -> float:
        """Of two areas of one level; 0 where there is none."""
        return max((one.area_m2 for one in self.findings if one.kind == "overlap"), default=0.0)

    def count(self, kind: str) -> int:
        """Findings of one kind, or changes of one relation."""
        return sum(one.kind == kind for one in self.findings) + sum(one.relation == kind for one in self.changes)
