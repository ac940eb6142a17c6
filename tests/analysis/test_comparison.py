"""What became of areas between two months: every pair of statuses has one answer."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from geo.analysis.comparison import CHANGES, AreaChange, compare
from geo.analysis.coverage import STATUSES, AreaCoverage, Status
from tests.maps import county

EXPECTED = {
    ("met", "met"): "still_met",
    ("met", "under"): "newly_missed",
    ("met", "unvisited"): "newly_missed",
    ("under", "met"): "newly_met",
    ("unvisited", "met"): "newly_met",
    ("under", "under"): "still_missed",
    ("under", "unvisited"): "still_missed",
    ("unvisited", "under"): "still_missed",
    ("unvisited", "unvisited"): "still_missed",
}


def row(status: Status) -> AreaCoverage:
    return replace(county.report([county.facts(1)]).rows[0], status=status)


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_every_pair_of_statuses(before: Status, after: Status) -> None:
    expected = EXPECTED.get((before, after), "not_comparable")
    assert AreaChange("1", row(before), row(after)).change == expected


def test_an_area_of_one_month_only_cannot_be_compared() -> None:
    assert AreaChange("1", None, row("met")).change == "not_comparable"
    assert AreaChange("1", row("met"), None).shown.status == "met"


def test_counts_are_a_partition_and_the_list_is_what_changed() -> None:
    after = county.report()
    turned = [replace(one.facts, visits=0 if at % 2 else 5) for at, one in enumerate(after.rows[:-1])]
    before = county.report(turned, as_of=date(2026, 9, 30))
    found = compare(before, after)
    assert [one.code for one in found.rows] == sorted(one.facts.code for one in after.rows)
    assert sum(found.count(change) for change in CHANGES) == len(after.rows)
    (alone,) = [one for one in found.rows if one.before is None]
    assert (alone.code, alone.change) == (after.rows[-1].facts.code, "not_comparable")
    statuses = {one.facts.code: one.status == "met" for one in before.rows}
    later = {one.facts.code: one for one in after.rows}
    changed = {
        code
        for code, met in statuses.items()
        if later[code].status != "excluded" and met != (later[code].status == "met")
    }
    assert {one.code for one in found.changed()} == changed
    assert len(changed) > 5
    order = [one.change for one in found.changed()]
    assert order == sorted(order, key=CHANGES.index)
