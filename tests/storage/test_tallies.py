"""What triggers keep beside the visits always equals what is counted from the visits themselves."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.storage.queries.coverage import households_reached, tallied
from geo.storage.tables import HouseholdTally, Place, ReachedTally, Visit, VisitTally

SHANGHAI, CHICAGO = "990199", "chicago"
ZONES = {SHANGHAI: "Asia/Shanghai", CHICAGO: "America/Chicago"}
STAFF = ("C1", "C2", "C3")
PLACES = {"H1": "household", "H2": "household", "H3": "household", "E1": "enterprise"}
GRIDS = ("101", "102", "103", None)

Columns = tuple[str, ...]
TALLY: Columns = ("county_code", "month", "area_code", "staff_no", "visits", "unlocated", "last_at")
HOUSEHOLD: Columns = ("county_code", "month", "area_code", "place_id", "visits")
REACHED: Columns = ("county_code", "month", "area_code", "households")


@pytest.fixture
def people(session: Session) -> Session:
    """Two counties in two calendars, three cadres and four places in each."""
    for county, zone in ZONES.items():
        session.execute(
            text("INSERT INTO counties VALUES (:county, 'opaque', :zone, 4549)"), {"county": county, "zone": zone}
        )
        session.execute(
            text("INSERT INTO organisations VALUES (:county, 'D1', 'office', 'department', NULL)"), {"county": county}
        )
        for staff in STAFF:
            session.execute(
                text("INSERT INTO cadres (county_code, staff_no, name, organisation_code) VALUES (:c, :s, :s, 'D1')"),
                {"c": county, "s": staff},
            )
        for place, kind in PLACES.items():
            session.execute(
                text("INSERT INTO places (county_code, id, kind, area_code) VALUES (:c, :p, :k, :a)"),
                {"c": county, "p": place, "k": kind, "a": None if place == "H3" else "101"},
            )
    return session


def add(session: Session, rows: Iterable[dict[str, object]]) -> None:
    """Straight into the table, one statement: the triggers do not care who writes."""
    values = [
        {"county": SHANGHAI, "staff": "C1", "tag": "inside", "grid": "101", "place": None, **row, "n": n}
        for n, row in enumerate(rows)
    ]
    session.execute(
        text(
            """
            INSERT INTO visits (county_code, id, staff_no, started_at, position, tag, grid_code, place_id)
            SELECT county, id, staff, at, CASE WHEN tag <> 'unlocated' THEN ST_Point(120, 30, 4326) END, tag, grid,
                   place
            FROM unnest(CAST(:county AS text[]), CAST(:id AS uuid[]), CAST(:staff AS text[]),
                        CAST(:at AS timestamptz[]), CAST(:tag AS text[]), CAST(:grid AS text[]),
                        CAST(:place AS text[]))
                 AS new (county, id, staff, at, tag, grid, place)
            """
        ),
        {key: [row[key] for row in values] for key in ("county", "id", "staff", "at", "tag", "grid", "place")},
    )


def one(number: int, at: datetime, **fields: object) -> dict[str, object]:
    return {"id": UUID(int=number), "at": at, **fields}


def kept(session: Session) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    return (
        {tuple(getattr(row, name) for name in TALLY) for row in session.query(VisitTally).populate_existing()},
        {tuple(getattr(row, name) for name in HOUSEHOLD) for row in session.query(HouseholdTally).populate_existing()},
    )


def counted(session: Session) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """From scratch, with the query that the service itself uses for other versions."""
    tallies: set[tuple[object, ...]] = set()
    homes: set[tuple[object, ...]] = set()
    for county, zone in ZONES.items():
        by_cadre, by_household = tallied(Visit.__table__, Place.__table__, zone)
        tallies |= {tuple(row) for row in session.execute(by_cadre) if row.county_code == county}
        homes |= {tuple(row) for row in session.execute(by_household) if row.county_code == county}
    return tallies, homes


def counted_by_pandas(session: Session) -> set[tuple[object, ...]]:
    rows = session.execute(text("SELECT county_code, started_at, area_code, staff_no, tag FROM visits")).all()
    if not rows:
        return set()
    frame = pd.DataFrame(rows, columns=["county_code", "at", "area_code", "staff_no", "tag"])
    frame["month"] = [
        at.astimezone(ZoneInfo(ZONES[county])).date().replace(day=1)
        for county, at in zip(frame["county_code"], frame["at"], strict=True)
    ]
    frame["unlocated"] = frame["tag"] == "unlocated"
    groups = frame.groupby(["county_code", "month", "area_code", "staff_no"]).agg(
        size=("unlocated", "size"), bare=("unlocated", "sum"), last=("at", "max")
    )
    return {(*key, int(size), int(bare), last) for key, size, bare, last in groups.itertuples()}


def check(session: Session) -> None:
    assert kept(session) == counted(session)
    assert kept(session)[0] == counted_by_pandas(session)
    reached = {tuple(getattr(row, name) for name in REACHED) for row in session.query(ReachedTally).populate_existing()}
    assert reached == {tuple(row) for row in session.execute(households_reached(HouseholdTally.__table__))}


def random_moment(rng: random.Random) -> datetime:
    """Often within a second of a month's edge in one calendar or the other."""
    zone = ZoneInfo(rng.choice(list(ZONES.values())))
    edge = datetime(2025, rng.randint(1, 12), 1, tzinfo=zone).astimezone(UTC)
    spread = rng.choice([timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=20)])
    return edge + rng.choice([-1, 0, 1]) * spread


def random_rows(rng: random.Random, first: int) -> list[dict[str, object]]:
    return [
        one(
            first + n,
            random_moment(rng),
            county=rng.choice(list(ZONES)),
            staff=rng.choice(STAFF),
            tag=rng.choice(["inside", "inside", "outside", "unlocated"]),
            grid=rng.choice(GRIDS),
            place=rng.choice([None, *PLACES]),
        )
        for n in range(rng.randint(1, 12))
    ]


CHANGES = (
    "UPDATE visits SET grid_code = :grid, tag = 'outside' WHERE position IS NOT NULL AND random() < 0.4",
    "UPDATE visits SET started_at = started_at + interval '1 second' WHERE random() < 0.4",
    "UPDATE visits SET staff_no = :staff, place_id = :place WHERE random() < 0.4",
    "UPDATE visits SET position = NULL, tag = 'unlocated' WHERE random() < 0.2",
    "UPDATE visits SET note = 'no count changes'",
    "DELETE FROM visits WHERE random() < 0.3",
    "DELETE FROM visits WHERE staff_no = :staff",
    "UPDATE places SET area_code = :grid WHERE random() < 0.5",
    "UPDATE places SET name = 'another' WHERE random() < 0.5",
    "UPDATE places SET kind = CASE WHEN random() < 0.5 THEN 'household' ELSE 'project' END WHERE id = :any_place",
)


@pytest.mark.parametrize("seed", range(4))
def test_random_lives_of_visits(people: Session, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    people.execute(text("SELECT setseed(:seed)"), {"seed": seed / 10})
    for step in range(25):
        if step % 2 == 0:
            add(people, random_rows(rng, first=100 * step))
        else:
            values = {
                "grid": rng.choice(GRIDS),
                "staff": rng.choice(STAFF),
                "place": rng.choice([None, *PLACES]),
                "any_place": rng.choice(list(PLACES)),
            }
            statement = rng.choice(CHANGES)
            people.execute(text(statement), {key: value for key, value in values.items() if f":{key}" in statement})
        check(people)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_batches_is_irrelevant(people: Session, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    rows = [row for step in range(5) for row in random_rows(rng, first=100 * step)]
    results = []
    for _ in range(3):
        rng.shuffle(rows)
        cut = rng.randrange(len(rows))
        add(people, rows[:cut])
        add(people, rows[cut:])
        results.append(kept(people))
        people.execute(text("DELETE FROM visits"))
        assert kept(people) == (set(), set())
    assert results[0] == results[1] == results[2]


def test_a_batch_of_nothing_and_a_conflict_count_nothing(people: Session) -> None:
    add(people, [one(1, datetime(2025, 5, 5, tzinfo=UTC), place="H1")])
    before = kept(people)
    again = (
        "INSERT INTO visits (county_code, id, staff_no, started_at, position, tag, grid_code, place_id)"
        " SELECT county_code, id, staff_no, started_at, position, tag, grid_code, place_id FROM visits"
    )
    people.execute(text(f"{again} WHERE false"))
    people.execute(text(f"{again} ON CONFLICT DO NOTHING"))
    assert kept(people) == before


def test_truncate_empties_the_tallies(people: Session) -> None:
    add(people, [one(1, datetime(2025, 5, 5, tzinfo=UTC), place="H1")])
    people.execute(text("TRUNCATE visits CASCADE"))
    assert kept(people) == (set(), set())


def test_a_place_that_moves_takes_its_tallies_along(people: Session) -> None:
    moment = datetime(2025, 5, 5, tzinfo=UTC)
    add(people, [one(n, moment + timedelta(days=30 * n), place="H1") for n in range(3)])
    people.execute(text("UPDATE places SET area_code = '102' WHERE id = 'H1' AND county_code = '990199'"))
    assert {row[2] for row in kept(people)[1]} == {"102"}
    assert {row[2] for row in kept(people)[0]} == {"101"}, "the visits stay where they were"
    people.execute(text("UPDATE places SET area_code = NULL WHERE id = 'H1'"))
    assert {row[2] for row in kept(people)[1]} == {""}
    check(people)


def test_a_place_that_is_no_household_any_more_and_one_that_becomes_one(people: Session) -> None:
    moment = datetime(2025, 5, 5, tzinfo=UTC)
    add(people, [one(1, moment, place="H1"), one(2, moment, place="E1"), one(3, moment, place="E1")])
    people.execute(text("UPDATE places SET kind = 'enterprise' WHERE id = 'H1'"))
    assert kept(people)[1] == set()
    people.execute(text("UPDATE places SET kind = 'household', area_code = '103' WHERE id = 'E1'"))
    assert kept(people)[1] == {(SHANGHAI, date(2025, 5, 1), "103", "E1", 2)}
    check(people)


@pytest.mark.parametrize(
    ("county", "moment", "month"),
    [
        (SHANGHAI, datetime(2025, 2, 28, 15, 59, 59, 999999, tzinfo=UTC), date(2025, 2, 1)),
        (SHANGHAI, datetime(2025, 2, 28, 16, 0, tzinfo=UTC), date(2025, 3, 1)),
        (SHANGHAI, datetime(2024, 12, 31, 16, 0, tzinfo=UTC), date(2025, 1, 1)),
        (SHANGHAI, datetime(2024, 2, 29, 15, 59, 59, tzinfo=UTC), date(2024, 2, 1)),
        # Standard time is UTC-6, summer time (from 9 March to 2 November 2025) UTC-5.
        (CHICAGO, datetime(2025, 3, 1, 5, 59, 59, 999999, tzinfo=UTC), date(2025, 2, 1)),
        (CHICAGO, datetime(2025, 3, 1, 6, 0, tzinfo=UTC), date(2025, 3, 1)),
        (CHICAGO, datetime(2025, 4, 1, 4, 59, 59, 999999, tzinfo=UTC), date(2025, 3, 1)),
        (CHICAGO, datetime(2025, 4, 1, 5, 0, tzinfo=UTC), date(2025, 4, 1)),
        (CHICAGO, datetime(2025, 11, 1, 4, 59, 59, tzinfo=UTC), date(2025, 10, 1)),
        (CHICAGO, datetime(2025, 11, 1, 5, 0, tzinfo=UTC), date(2025, 11, 1)),
        (CHICAGO, datetime(2025, 12, 1, 5, 59, 59, tzinfo=UTC), date(2025, 11, 1)),
        (CHICAGO, datetime(2025, 12, 1, 6, 0, tzinfo=UTC), date(2025, 12, 1)),
    ],
)
def test_a_month_is_the_countys_own(people: Session, county: str, moment: datetime, month: date) -> None:
    people.execute(text("SET LOCAL timezone = 'Pacific/Auckland'"))
    add(people, [one(1, moment, county=county, place="H1")])
    assert kept(people) == ({(county, month, "101", "C1", 1, 0, moment)}, {(county, month, "101", "H1", 1)})
    check(people)
