"""What was published stays as it was; a correction says what differs; every number follows from its list."""

import threading
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api import bulletin_files
from geo.analysis import overview as analysis
from geo.analysis.bulletins import recount
from geo.errors import (
    BulletinUnchanged,
    EditionTaken,
    FutureMonth,
    MonthEmpty,
    MonthRunning,
    ReasonNeeded,
    UnknownBulletin,
    WanggeError,
)
from geo.intake import issues as issue_rows
from geo.months import Month
from geo.services import boundaries, boundary_plans, bulletins, coverage, issues, overview, standings
from geo.storage import reach
from geo.storage.database import make_engine
from geo.storage.queries import bulletins as queries
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach
from tests import squares, visiting
from tests.squares import COUNTY, GRIDS, TOWNS

MARCH = Month(2025, 3)
PICTURES = {"coverage.zh-CN.png": b"a picture"}


def report_issues(session: Session, county: CountyInfo, *grids: str, at: str = "2025-03-12T09:00:00") -> None:
    found = [
        {"id": str(UUID(int=700 + number)), "reported_at": at, "category": "petition" if number == 0 else "ecology"}
        | {"title": "张三家的事" if number == 0 else "=路灯<不>&亮\u3403", "lon": squares.centre(grid)[0]}
        | {"lat": squares.centre(grid)[1], "handler": "D1" if number % 2 else ""}
        for number, grid in enumerate(grids)
    ]
    good, refused = issue_rows.parse(enumerate(found, start=1), zone=county.zone, now=datetime.now(UTC))
    assert refused == []
    issues.report(session, county, good)


@pytest.fixture
def march(session: Session, county: CountyInfo) -> CountyInfo:
    visiting.load_march(session, county)
    report_issues(session, county, *GRIDS[:5])
    return county


def late_visit(session: Session, county: CountyInfo, number: int = 77) -> None:
    answers = visiting.record(session, county, [visiting.visit(number, "2025-03-20T09:00:00", grid=GRIDS[6])])
    assert [one.outcome for one in answers] == ["stored"]


def other_boundaries(session: Session) -> None:
    """The grids of the last village become one."""
    polygons = [squares.box(i // 2, i % 2) for i in range(6)] + [squares.box(3, 0, high=2)]
    layers = [*squares.layers()[:2], squares.layer("grid", GRIDS[:7], polygons)]
    staged = boundaries.stage(session, boundary_plans.plan(session, *layers))
    boundaries.activate(session, COUNTY, staged.version, from_day=date(2025, 2, 1))


def drawn(edition: bulletins.Edition) -> dict[str, bytes]:
    return {
        form: bulletin_files.render(edition.bulletin, edition.files, form, "zh-CN")
        for form in bulletin_files.MEDIA_TYPES
    }


def test_every_number_follows_from_its_list(session: Session, march: CountyInfo) -> None:
    found = bulletins.draft(session, march, MARCH)
    assert len(found.figures) > 60
    for one in found.figures:
        assert recount(found, one) == pytest.approx(one.value), one
        if one.how == "rows" and not one.where:
            assert one.value == len(found.listing(one.list_name or "").rows)


def test_the_figures_are_those_of_the_overview_coverage_and_issues(session: Session, march: CountyInfo) -> None:
    found = bulletins.draft(session, march, MARCH)
    values = {one.name: one.value for one in found.figures}
    seen = overview.overview(session, march, MARCH)
    for name in analysis.COUNTED:
        assert values[name] == pytest.approx(analysis.value(seen.figures, name)), name
        assert seen.previous is not None
        assert values[f"before.{name}"] == pytest.approx(analysis.value(seen.previous, name)), name
    report = coverage.report(session, march, MARCH)
    assert found.listing("unvisited").values("code") == [
        row.facts.code for row in report.rows if row.status == "unvisited"
    ]
    still = standings.open_at(session, march, MARCH)
    assert set(found.listing("open").values("id")) == {str(one.record.id) for one in still}
    assert values["open"] == 5
    for town in TOWNS:
        own = coverage.report(session, march, MARCH, area=town)
        assert values[f"town.{town}.all"] == len(own.rows)
        assert values[f"town.{town}.unvisited"] == own.count("unvisited")
        assert values[f"town.{town}.rate"] == pytest.approx(own.rate)
    assert sum(values[f"organisation.{one.code}.open"] or 0 for one in found.organisations) == 5


def test_what_is_asked_next_month_follows_the_rules(session: Session, march: CountyInfo) -> None:
    visiting.take(session, march, "rules", {"level": "village", "tier": "ordinary", "visits_per_month": 3})
    values = {one.name: one.value for one in bulletins.draft(session, march, MARCH).figures}
    assert (values["next.village.ordinary.areas"], values["next.village.ordinary.visits"]) == (4, 12)
    assert values["next.village.ordinary.open"] == values["under"] + values["unvisited"]  # type: ignore[operator]


def test_the_subject_of_a_petition_is_not_told(session: Session, march: CountyInfo) -> None:
    stored = bulletins.publish(session, march, MARCH, "planner")
    assert "张三家" not in str(bulletins.snapshots.plain(stored.bulletin))
    assert "路灯" in str(bulletins.snapshots.plain(stored.bulletin))


def test_the_village_of_a_petition_is_not_told(session: Session, march: CountyInfo) -> None:
    found = bulletins.draft(session, march, MARCH)
    rows = found.listing("open").records()
    told = {row["category"]: (row["town"], row["area"], row["area_name"]) for row in rows if row["id"] in _TWO}
    assert told["petition"] == (TOWNS[0], None, None)
    assert told["ecology"][:2] == (TOWNS[0], GRIDS[1][:12])
    petitions = [str(row) for one in found.lists for row in one.records() if row.get("category") == "petition"]
    assert petitions
    assert not [row for row in petitions if GRIDS[0][:12] in row]


_TWO = {str(UUID(int=700)), str(UUID(int=701))}


def test_an_edition_stays_as_it_was(session: Session, march: CountyInfo) -> None:
    published = bulletins.publish(session, march, MARCH, "planner", files=PICTURES | real_pictures(session, march))
    before = drawn(published)
    other_boundaries(session)
    late_visit(session, march)
    report_issues(session, march, *GRIDS[:5], *GRIDS[3:7])
    now = bulletins.draft(session, march, MARCH)
    assert now.listing("all") != published.bulletin.listing("all")
    again = bulletins.edition(session, march, MARCH)
    assert again == published
    assert drawn(again) == before
    assert [one.wrong for one in bulletins.verify(session, march)] == [()]


def real_pictures(session: Session, county: CountyInfo) -> dict[str, bytes]:
    return bulletin_files.draw_maps(session, county, bulletins.draft(session, county, MARCH), langs=("zh-CN",))


def test_a_correction_names_what_differs(session: Session, march: CountyInfo) -> None:
    first = bulletins.publish(session, march, MARCH, "planner")
    late_visit(session, march)
    with pytest.raises(ReasonNeeded):
        bulletins.publish(session, march, MARCH, "planner", reason="  ")
    second = bulletins.publish(session, march, MARCH, "planner", reason="补录一次走访")
    assert (first.info.edition, second.info.edition) == (1, 2)
    changed = {one.name: (one.old, one.new) for one in second.bulletin.differences.figures}
    old, new = ({one.name: one.value for one in each.bulletin.figures} for each in (first, second))
    assert changed["visits"] == (old["visits"], new["visits"]) == (old["visits"], (old["visits"] or 0) + 1)
    assert set(changed) == {name for name in {**old, **new} if old.get(name) != new.get(name)}
    of_lists = {one.list_name: one for one in second.bulletin.differences.lists}
    village = GRIDS[6][:12]
    assert [one.code for one in of_lists["unvisited"].left] == [village]
    assert [one.code for one in of_lists["met"].came] == [village]
    with pytest.raises(BulletinUnchanged):
        bulletins.publish(session, march, MARCH, "planner", reason="还是一样")
    assert bulletins.edition(session, march, MARCH).info.edition == 2
    assert bulletins.edition(session, march, MARCH, 1) == first


def test_nothing_of_an_edition_is_changed_or_removed(session: Session, march: CountyInfo) -> None:
    bulletins.publish(session, march, MARCH, "planner", files=PICTURES)
    for statement in (
        "UPDATE bulletins SET reason = 'x'",
        "DELETE FROM bulletins",
        "UPDATE bulletin_files SET content = ''",
        "DELETE FROM bulletin_files",
        "TRUNCATE bulletins CASCADE",
    ):
        with pytest.raises(DBAPIError, match="neither changed nor removed"), session.begin_nested():
            session.execute(text(statement))
    assert bulletins.verify(session, march)[0].wrong == ()


def test_what_somebody_changed_all_the_same_is_found(session: Session, march: CountyInfo) -> None:
    bulletins.publish(session, march, MARCH, "planner", files=PICTURES)
    for table in ("bulletins", "bulletin_files"):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(text("UPDATE bulletins SET snapshot = jsonb_set(snapshot, '{county_name}', '\"别的县\"')"))
    assert bulletins.verify(session, march)[0].wrong == ("snapshot",)
    session.execute(text("UPDATE bulletin_files SET content = 'x', sha256 = encode(sha256('x'), 'hex')"))
    assert bulletins.verify(session, march)[0].wrong == ("snapshot", "coverage.zh-CN.png")


@pytest.mark.parametrize(
    ("month", "now", "error"),
    [
        (Month(2025, 3), datetime(2025, 3, 31, 15, 59, tzinfo=UTC), MonthRunning),
        (Month(2025, 4), datetime(2025, 3, 31, 15, 59, tzinfo=UTC), FutureMonth),
        (Month(2024, 3), datetime(2025, 4, 1, tzinfo=UTC), MonthEmpty),
    ],
)
def test_what_cannot_be_published(
    session: Session, march: CountyInfo, month: Month, now: datetime, error: type[WanggeError]
) -> None:
    with pytest.raises(error):
        bulletins.publish(session, march, month, "planner", now=now)
    assert queries.editions(session, COUNTY) == []
    with pytest.raises(UnknownBulletin):
        bulletins.edition(session, march, month)


def test_a_month_is_over_in_the_calendar_of_the_county(session: Session, march: CountyInfo) -> None:
    bulletins.publish(session, march, MARCH, "planner", now=datetime(2025, 3, 31, 16, tzinfo=UTC))


def test_a_draft_of_a_running_month_says_so(session: Session, march: CountyInfo) -> None:
    found = bulletins.draft(session, march, MARCH, now=datetime(2025, 3, 16, 4, tzinfo=UTC))
    assert (found.running, found.as_of) == (True, date(2025, 3, 16))


def test_only_who_sees_the_whole_county_sees_editions(session: Session, march: CountyInfo) -> None:
    bulletins.publish(session, march, MARCH, "planner", files=PICTURES)
    seen = {}
    for level, code in (("county", COUNTY), ("town", TOWNS[0]), ("grid", GRIDS[0]), ("county", "990198")):
        reach.limit(session, Reach("990198" if code == "990198" else COUNTY, level, code))  # type: ignore[arg-type]
        seen[code] = (queries.editions(session, COUNTY), queries.files(session, COUNTY, MARCH, 1))
    assert [len(one) for one in seen[COUNTY]] == [1, 1]
    assert seen[TOWNS[0]] == seen[GRIDS[0]] == seen["990198"] == ([], {})


def test_two_at_once_publish_one_edition_each(fresh_url: str) -> None:
    engine = make_engine(fresh_url, pool_size=5)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        visiting.load_march(session, county)
        made = bulletins.draft(session, county, MARCH)
    outcomes: list[int | type[WanggeError]] = []
    gate = threading.Barrier(4)

    def publish(expected: int | None) -> None:
        with Session(engine) as own:
            here = counties.resolve(own, COUNTY)
            gate.wait(timeout=30)
            try:
                found = bulletins.publish(own, here, MARCH, "x", made=made, expected=expected, reason="两人同时")
                own.commit()
                outcomes.append(found.info.edition)
            except WanggeError as error:
                own.rollback()
                outcomes.append(type(error))

    threads = [threading.Thread(target=publish, args=(expected,)) for expected in (1, 1, None, None)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    with Session(engine) as session:
        stored = [one.edition for one in queries.editions(session, COUNTY)]
    engine.dispose()
    assert stored == [1]
    assert sorted(str(one) for one in outcomes).count("1") == 1
    assert set(outcomes) - {1} <= {EditionTaken, BulletinUnchanged}
    assert len(outcomes) == 4
