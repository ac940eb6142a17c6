"""Two months of coverage side by side: which areas were newly met, newly missed, and which stayed as they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from geo.analysis.coverage import AreaCoverage, CoverageReport

Change = Literal["newly_missed", "newly_met", "still_missed", "still_met", "not_comparable"]

CHANGES: Final[tuple[Change, ...]] = get_args(Change)
"""In the order in which a list shows them."""


@dataclass(frozen=True, slots=True)
class AreaChange:
    """One area in both months; None where a month does not have it."""

    code: str
    before: AreaCoverage | None
    after: AreaCoverage | None

    @property
    def change(self) -> Change:
        """What became of it. An exclusion, or a month without it, leaves nothing to compare."""
        if self.before is None or self.after is None or "excluded" in (self.before.status, self.after.status):
            return "not_comparable"
        met = (self.before.status == "met", self.after.status == "met")
        return _CHANGE[met]

    @property
    def shown(self) -> AreaCoverage:
        """The later month's, where it is there."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of both months has it
        return found


_CHANGE: Final[Mapping[tuple[bool, bool], Change]] = {
    (True, True): "still_met",
    (True, False): "newly_missed",
    (False, True): "newly_met",
    (False, False): "still_missed",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports of one level and scope, read with the same boundaries.

    :ivar before: the month that is compared with
    :ivar after: the month that is looked at
    :ivar boundaries_differ: whether the months had other boundaries each, so that both are read by those of now
    :ivar rows: by code
    """

    before: CoverageReport
    after: CoverageReport
    boundaries_differ: bool
    rows: tuple[AreaChange, ...]

    def count(self, change: Change) -> int:
        """Areas of one sort."""
        return sum(row.change == change for row in self.rows)

    def changed(self) -> tuple[AreaChange, ...]:
        """What is no longer as it was, newly missed first; then by code."""
        rows = [row for row in self.rows if row.change.startswith("newly")]
        return tuple(sorted(rows, key=lambda row: (CHANGES.index(row.change), row.code)))


def compare(before: CoverageReport, after: CoverageReport, *, boundaries_differ: bool = False) -> Comparison:
    """Compare two reports area by area."""
    earlier = {row.facts.code: row for row in before.rows}
    later = {row.facts.code: row for row in after.rows}
    rows = tuple(AreaChange(code, earlier.get(code), later.get(code)) for code in sorted({*earlier, *later}))
    return Comparison(before, after, boundaries_differ, rows)
