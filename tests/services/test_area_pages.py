"""One area's page: every month as its own report counts it, and all else as the tables have it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.loading import COUNTY
from geo.errors import UnknownArea
from geo.months import Month
from geo.services import area_pages, coverage
from geo.services.accounts import Access
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach
from tests.services.test_versions import MERGED, RENUMBERED, changed_grids, put_into_force
from tests.squares import COUNTY as SQUARES
from tests.squares import GRIDS, TOWNS, VILLAGES
from tests.visiting import load_march, record, visit

OCTOBER = Month(2026, 10)


@pytest.fixture(scope="module")
def loaded(sample_url: str) -> Iterator[Session]:
    engine = make_engine(sample_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def codes(loaded: Session) -> dict[str, str]:
    """The area of each level with most visits."""
    found = {}
    for level in ("town", "village", "grid"):
        query = "SELECT LEVEL_code FROM visits WHERE LEVEL_code IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        found[level] = str(loaded.scalar(text(query.replace("LEVEL", level))))
    return found


@pytest.mark.parametrize("level", ["town", "village", "grid"])
def test_twelve_months_are_those_of_their_reports(loaded: Session, codes: dict[str, str], level: str) -> None:
    info = counties.resolve(loaded, COUNTY)
    code = codes[level]
    found = area_pages.report(loaded, info, code, OCTOBER, by=None)
    assert [str(month) for month, _ in found.trend] == [
        *(f"2025-{number:02d}" for number in (11, 12)), *(f"2026-{number:02d}" for number in range(1, 11))
    ]  # fmt: skip
    for month, row in found.trend:
        (own,) = coverage.report(loaded, info, month, level=level, area=code, read_with="now").rows  # type: ignore[arg-type]
        assert (row.facts.visits, row.required, row.status) == (own.facts.visits, own.required, own.status), month
        assert (row.facts.last_visit, row.days_overdue) == (own.facts.last_visit, own.days_overdue), month
    assert sum(row.facts.visits for _, row in found.trend) > 10


@pytest.mark.parametrize("level", ["town", "village", "grid"])
def test_places_visits_and_issues_are_those_of_the_tables(loaded: Session, codes: dict[str, str], level: str) -> None:
    info, code = counties.resolve(loaded, COUNTY), codes[level]
    found = area_pages.report(loaded, info, code, OCTOBER, by=None)
    places = (
        "SELECT p.kind, count(*) FROM places p JOIN areas a ON a.county_code = p.county_code AND a.code = p.area_code"
        " AND a.version = 1 WHERE a.LEVEL_code = :code GROUP BY p.kind"
    )
    counts = loaded.execute(text(places.replace("LEVEL", level)), {"code": code}).all()
    assert {one.kind: one.count for one in found.places} == dict(map(tuple, counts))
    visits = (
        "SELECT (started_at AT TIME ZONE 'Asia/Shanghai')::date, c.name FROM visits v JOIN cadres c"
        " USING (county_code, staff_no) WHERE v.LEVEL_code = :code AND withdrawn_at IS NULL"
        " ORDER BY started_at DESC, v.id DESC LIMIT 10"
    )
    last = loaded.execute(text(visits.replace("LEVEL", level)), {"code": code}).all()
    assert [(one.day, one.cadre) for one in found.visits] == [tuple(row) for row in last]
    issues = (
        "SELECT id::text FROM issues WHERE LEVEL_code = :code AND status IN ('reported', 'assigned', 'accepted')"
        " ORDER BY reported_at DESC, id DESC"
    )
    ids = list(loaded.scalars(text(issues.replace("LEVEL", level)), {"code": code}))
    assert found.open_issues == len(ids)
    assert [one.id for one in found.issues] == ids[:10]


def test_children_people_and_neighbours(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    found = area_pages.report(session, county, VILLAGES[1], Month(2025, 3), by=None)
    assert [one.facts.code for one in found.children] == [GRIDS[2], GRIDS[3]]
    assert list(found.beside) == [VILLAGES[0], VILLAGES[2]]
    assert [one.code for one in found.above] == [TOWNS[0]]
    assert found.child_level == "grid"
    grid = area_pages.report(session, county, GRIDS[3], Month(2025, 3), by=None)
    assert (grid.children, grid.child_level) == ((), None)
    assert set(grid.beside) == {GRIDS[0], GRIDS[1], GRIDS[2], GRIDS[4], GRIDS[5]}


def test_descent_tells_what_an_area_was(session: Session, county: CountyInfo) -> None:
    put_into_force(session, changed_grids())

    def told(code: str) -> list[tuple[str, bool, str | None]]:
        found = area_pages.report(session, county, code, Month(2025, 6), by=None).descent
        assert found is not None
        return [(one.relation, one.before, one.other[0] if one.other else None) for one in found]

    assert sorted(told(MERGED)) == [("merged", True, GRIDS[0]), ("merged", True, GRIDS[1])]
    assert told(RENUMBERED) == [("renumbered", True, GRIDS[4])]
    assert told(GRIDS[6]) == []
    with pytest.raises(UnknownArea):
        area_pages.report(session, county, GRIDS[0], Month(2025, 6), by=None)


def test_notes_and_names_are_for_those_who_may_see_detail(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    record(session, county, [visit(77, "2025-03-20T09:00:00", grid=GRIDS[0], place="H1", note="家中有病人")])

    def seen(role: str) -> tuple[list[str | None], list[tuple[str, ...] | None]]:
        by = Access(1, "somebody", role, None, None)  # type: ignore[arg-type]
        found = area_pages.report(session, county, GRIDS[0], Month(2025, 3), by=by)
        return [one.note for one in found.visits], [one.names for one in found.places]

    assert seen("viewer") == ([None, None, None, None, None], [None, None])
    notes, names = seen("supervisor")
    assert notes.count("家中有病人") == 1
    assert names == [None, ("E1",)]


def test_what_lies_beyond_the_reach_is_not_there(session: Session, county: CountyInfo) -> None:
    load_march(session, county)
    reach.limit(session, Reach(SQUARES, "village", VILLAGES[1]))
    found = area_pages.report(session, county, GRIDS[2], Month(2025, 3), by=None)
    assert list(found.beside) == [GRIDS[3]]
    assert found.descent is None
    assert [one.code for one in found.above] == [VILLAGES[1]]
    for code in (GRIDS[0], TOWNS[1], SQUARES, "nowhere"):
        with pytest.raises(UnknownArea):
            area_pages.report(session, county, code, Month(2025, 3), by=None)
