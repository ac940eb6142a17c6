"""Two months compared: by the boundaries of then, or of now where those differ."""

import pytest
from sqlalchemy.orm import Session

from geo.errors import FutureMonth, InvalidChoice
from geo.months import Month
from geo.services import comparison, coverage
from geo.storage.queries.counties import CountyInfo
from tests.services.test_versions import changed_grids, put_into_force
from tests.squares import GRIDS
from tests.visiting import load_march

MARCH = Month(2025, 3)


def test_both_months_are_their_reports(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    found = comparison.report(session, county, MARCH, level="grid")
    assert not found.boundaries_differ
    assert str(found.before.month) == "2025-02"
    for one in (found.before, found.after):
        assert one.rows == coverage.report(session, county, one.month, level="grid").rows
    changes = {row.code: row.change for row in found.rows}
    assert changes[GRIDS[0]] == "still_met"
    assert changes[GRIDS[1]] == "newly_met"
    assert changes[GRIDS[4]] == "newly_missed"
    assert changes[GRIDS[7]] == "still_missed"


def test_other_boundaries_are_read_as_now(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    put_into_force(session, changed_grids())
    found = comparison.report(session, county, Month(2025, 6), MARCH, level="grid")
    assert found.boundaries_differ
    assert found.before.version == found.after.version == 2
    assert {found.before.boundaries, found.after.boundaries} == {"now"}
    assert not {row.code for row in found.rows} & {GRIDS[0], GRIDS[1]}
    older = comparison.report(session, county, MARCH, Month(2025, 2), level="grid")
    assert (older.boundaries_differ, older.after.version) == (False, 1)


def test_the_same_month_or_one_to_come_is_refused(session: Session, county: CountyInfo) -> None:
    with pytest.raises(InvalidChoice, match="with"):
        comparison.report(session, county, MARCH, MARCH)
    for pair in ((Month(2199, 1), MARCH), (MARCH, Month(2199, 1))):
        with pytest.raises(FutureMonth):
            comparison.report(session, county, *pair)
