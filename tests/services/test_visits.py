"""Batches: every row is answered, nothing is stored twice, one bad row rejects itself."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import NoBoundaries
from geo.space.crs import FRAMES, Frame, from_wgs84
from geo.storage.database import make_engine
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import County, Visit, VisitTally
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES
from tests.visiting import outcomes, record, take, visit


def stored(session: Session, number: int) -> Visit:
    return session.get_one(Visit, (COUNTY, UUID(int=number)), populate_existing=True)


def test_a_visit_is_tagged_to_its_grid_and_all_above(session: Session, county: CountyInfo) -> None:
    assert outcomes(record(session, county, [visit(1, grid=GRIDS[5])])) == {"stored": 1}
    found = stored(session, 1)
    assert (found.tag, found.town_code, found.village_code, found.grid_code, found.area_code) == (
        "inside",
        TOWNS[1],
        VILLAGES[2],
        GRIDS[5],
        GRIDS[5],
    )


def test_each_row_is_answered_in_the_order_of_the_batch(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, grid=GRIDS[0]), visit(2, grid=GRIDS[0])])
    answers = record(
        session,
        county,
        [
            visit(2, grid=GRIDS[1]),
            visit(3, grid=GRIDS[1], staff_no="nobody"),
            visit(1, grid=GRIDS[0]),
            visit(4, grid=GRIDS[1], lon="east"),
            visit(5, grid=GRIDS[1]),
        ],
    )
    assert [(answer.row, answer.outcome) for answer in answers] == [
        (1, "conflict"),
        (2, "rejected"),
        (3, "duplicate"),
        (4, "rejected"),
        (5, "stored"),
    ]
    assert [answer.id for answer in answers] == [str(UUID(int=2)), None, str(UUID(int=1)), None, str(UUID(int=5))]


def test_a_conflict_shows_both_and_keeps_the_first(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, grid=GRIDS[0], note="first", accuracy_m=5)])
    (answer,) = record(session, county, [visit(1, grid=GRIDS[0], note="second", accuracy_m=5)])
    assert answer.outcome == "conflict"
    assert answer.sent is not None
    assert answer.kept is not None
    assert {key for key in answer.sent if answer.sent[key] != answer.kept[key]} == {"note"}
    assert (answer.sent["note"], answer.kept["note"]) == ("second", "first")
    assert "(note)" in (answer.reason("en") or "")
    assert stored(session, 1).note == "first"


@pytest.mark.parametrize(("minutes", "outcome"), [(9, "stored"), (11, "rejected")])
def test_a_visit_is_not_sent_before_its_end(session: Session, county: CountyInfo, minutes: float, outcome: str) -> None:
    now = datetime.now(UTC)
    row = visit(1, now.isoformat(), grid=GRIDS[0], ended_at=(now + timedelta(minutes=minutes)).isoformat())
    (answer,) = record(session, county, [row])
    assert answer.outcome == outcome
    assert (answer.reason("zh-CN") or "结束时间在将来") == "结束时间在将来"


def test_one_id_twice_in_a_batch(session: Session, county: CountyInfo) -> None:
    row = visit(1, grid=GRIDS[0])
    answers = record(session, county, [row, row, {**row, "note": "other"}])
    assert [answer.outcome for answer in answers] == ["stored", "duplicate", "conflict"]
    assert session.scalar(select(func.count()).select_from(Visit)) == 1


def test_the_same_moment_in_another_zone_is_the_same_content(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, "2025-03-10T09:00:00", grid=GRIDS[0])])
    (answer,) = record(session, county, [visit(1, "2025-03-10T01:00:00Z", grid=GRIDS[0])])
    assert answer.outcome == "duplicate"


def test_a_row_without_id_sent_twice_is_stored_once(session: Session, county: CountyInfo) -> None:
    row = visit(1, grid=GRIDS[0]) | {"id": None}
    assert outcomes(record(session, county, [row])) == {"stored": 1}
    assert outcomes(record(session, county, [row, {**row, "note": "another"}])) == {"duplicate": 1, "stored": 1}


BAD_ROWS: list[tuple[dict[str, object], str, str]] = [
    ({"staff_no": "C9"}, "staff_no", "no cadre has the number C9"),
    ({"place": "H9"}, "place", "no place has the id H9"),
    ({"lon": None, "lat": None, "claimed_area": "990199101209"}, "claimed_area", "has the code 990199101209"),
    ({"lon": None, "lat": None, "claimed_area": COUNTY}, "claimed_area", "no town, village or grid"),
    ({"lon": None, "lat": None}, "claimed_area", "needs the area"),
    ({"lon": 30.005, "lat": 120.005}, "lat", "swapped"),
    ({"lon": float("nan")}, "lon", "finite"),
    ({"lon": float("inf")}, "lon", "finite"),
    ({"lat": 91}, "lat", "between"),
    ({"lon": 181}, "lon", "between"),
    ({"lat": None}, "lat", "together"),
    ({"ended_at": "2025-03-10T08:59:59"}, "ended_at", "ends before it starts"),
    ({"ended_at": "2025-03-11T09:00:01"}, "ended_at", "more than 24 hours after it starts"),
    ({"ended_at": "2198-01-01T00:00:00"}, "ended_at", "more than 24 hours after it starts"),
    ({"ended_at": "9999-12-31T23:59:59-12:00"}, "ended_at", "between"),
    ({"started_at": "2199-01-01T00:00:00"}, "started_at", "future"),
    ({"started_at": "0001-01-01T00:00:00"}, "started_at", "between"),
    ({"started_at": "-99999999"}, "started_at", "must be a time"),
    ({"started_at": 1735689600}, "started_at", "must be a time"),
    ({"started_at": "2025-02-29T00:00:00"}, "started_at", "must be a time"),
    ({"id": "17"}, "id", "must be a UUID"),
    ({"frame": "epsg:3857"}, "frame", "must be one of"),
    ({"accuracy_m": -1}, "accuracy_m", "at least"),
    ({"note": "x" * 4001}, "note", "longer than 4000"),
    ({"note": "a\0b"}, "note", "control characters"),
    ({"staff_no": "C\0"}, "staff_no", "control characters"),
    ({"topics": ["a\0"]}, "topics", "control characters"),
    ({"note": "\ud800"}, "note", "text"),
    ({"colour": "red"}, "colour", "not a column"),
]


def test_a_bad_row_rejects_itself_and_names_its_field(session: Session, county: CountyInfo) -> None:
    bad = [visit(2 + n, grid=GRIDS[0]) | fields for n, (fields, _, _) in enumerate(BAD_ROWS)]
    first, *answers = record(session, county, [visit(1, grid=GRIDS[0]), *bad])
    assert first.outcome == "stored"
    assert session.scalar(select(func.count()).select_from(Visit)) == 1
    for number, (answer, (fields, field, words)) in enumerate(zip(answers, BAD_ROWS, strict=True), start=2):
        assert answer.rejection is not None, fields
        assert (answer.row, answer.outcome, answer.rejection.field) == (number, "rejected", field), fields
        assert words in answer.rejection.en, fields
        assert answer.reason("zh-CN") != answer.rejection.en, fields


def test_a_zero_that_a_spreadsheet_took_is_named(session: Session, county: CountyInfo) -> None:
    take(session, county, "cadres", {"staff_no": "00017", "name": "干部", "organisation": "D1"})
    take(session, county, "places", {"id": "09", "kind": "household", "area": GRIDS[0]})
    rows = [
        visit(1, grid=GRIDS[0], staff_no="17"),
        visit(2, grid=GRIDS[0], place="9"),
        visit(3, grid=GRIDS[0], place="8"),
    ]
    first, second, third = record(session, county, rows)
    for answer, words in ((first, "00017"), (second, "09")):
        assert answer.rejection is not None
        assert f"; is it {words}? A spreadsheet takes the zeros" in answer.rejection.en
        assert "文本格式" in answer.rejection.zh
    assert third.rejection is not None
    assert third.rejection.en == "no place has the id 8"


def test_what_is_no_object_rejects_itself(session: Session, county: CountyInfo) -> None:
    answers = record(session, county, [visit(1, grid=GRIDS[0]), 5, None, "x", []])  # type: ignore[list-item]
    assert outcomes(answers) == {"stored": 1, "rejected": 4}


@pytest.mark.parametrize("frame", FRAMES)
def test_positions_of_every_frame_become_wgs84(session: Session, county: CountyInfo, frame: Frame) -> None:
    lon, lat = squares.centre(GRIDS[3])
    x, y = from_wgs84(lon, lat, frame)
    record(session, county, [visit(1, lon=float(x), lat=float(y), frame=frame)])
    found = session.execute(
        select(func.ST_X(Visit.position), func.ST_Y(Visit.position), Visit.frame, Visit.grid_code)
    ).one()
    assert found[0] == pytest.approx(lon, abs=1e-8)
    assert found[1] == pytest.approx(lat, abs=1e-8)
    assert tuple(found[2:]) == (frame, GRIDS[3])


def test_a_frame_that_is_not_declared_lands_elsewhere(session: Session, county: CountyInfo) -> None:
    """The shift is some 500 m: half a square. It is honest to take what is declared."""
    x, y = from_wgs84(*squares.centre(GRIDS[3]), "gcj02")
    record(session, county, [visit(1, lon=float(x), lat=float(y))])
    assert session.scalar(select(func.ST_X(Visit.position))) == pytest.approx(float(x), abs=1e-12)


def test_outside_every_area(session: Session, county: CountyInfo) -> None:
    record(session, county, [visit(1, lon=121.0, lat=31.0, claimed_area=GRIDS[0]), visit(2, lon=-10, lat=-20)])
    for number in (1, 2):
        found = stored(session, number)
        assert (found.tag, found.town_code, found.area_code) == ("outside", None, "")
    assert stored(session, 1).claimed_area == GRIDS[0]


@pytest.mark.parametrize(
    ("claimed", "chain"),
    [
        (GRIDS[6], (TOWNS[1], VILLAGES[3], GRIDS[6])),
        (VILLAGES[3], (TOWNS[1], VILLAGES[3], None)),
        (TOWNS[1], (TOWNS[1], None, None)),
    ],
)
def test_without_position_the_claim_decides(
    session: Session, county: CountyInfo, claimed: str, chain: tuple[str | None, ...]
) -> None:
    record(session, county, [visit(1, claimed_area=claimed)])
    found = stored(session, 1)
    assert (found.tag, found.position, found.frame) == ("unlocated", None, None)
    assert (found.town_code, found.village_code, found.grid_code) == chain


def test_corners_and_edges_belong_to_one_grid_each(session: Session, county: CountyInfo) -> None:
    """The inner corners and edges of the squares: half-open, so the one to the north-east has them."""
    rows = [visit(1, lon=120.01, lat=30.01), visit(2, lon=120.01, lat=30.005), visit(3, lon=120.005, lat=30.01)]
    record(session, county, rows)
    assert [stored(session, n).grid_code for n in (1, 2, 3)] == [GRIDS[3], GRIDS[2], GRIDS[1]]


def test_all_that_was_sent_is_kept(session: Session, county: CountyInfo) -> None:
    take(session, county, "places", {"id": "H1", "kind": "household", "area": GRIDS[0]})
    note = '多行\n\t"引号"\\N, {𠮷}'
    record(
        session,
        county,
        [
            visit(
                1,
                grid=GRIDS[0],
                ended_at="2025-03-10T10:00:00",
                accuracy_m=12.5,
                claimed_area=GRIDS[1],
                place="H1",
                topics="文明城市创建；拆违治乱; ",
                note=note,
            )
        ],
    )
    found = stored(session, 1)
    assert (found.accuracy_m, found.claimed_area, found.place_id) == (12.5, GRIDS[1], "H1")
    assert (found.topics, found.note) == (["文明城市创建", "拆违治乱"], note)
    assert found.ended_at is not None
    assert (found.ended_at - found.started_at).total_seconds() == 3600


def test_the_order_of_batches_is_irrelevant(session: Session, county: CountyInfo) -> None:
    rng = random.Random(5)  # noqa: S311 - no secret
    rows = [visit(n, f"2025-0{1 + n % 6}-1{n % 9}T09:00:00", grid=GRIDS[n % 8]) for n in range(60)]
    results = []
    for _ in range(3):
        rng.shuffle(rows)
        with session.begin_nested() as savepoint:
            for begin in range(0, 60, 7):
                record(session, county, rows[begin : begin + 9])
            tallies = session.query(VisitTally).all()
            results.append(
                {(one.month, one.area_code, one.staff_no, one.visits) for one in tallies}
                | {tuple(row) for row in session.execute(select(Visit.id, Visit.area_code))}
            )
            savepoint.rollback()
        session.expunge_all()
    assert results[0] == results[1] == results[2]


def test_no_boundaries_no_visits(session: Session) -> None:
    session.add(County(code="990199", scheme="cn", time_zone="Asia/Shanghai", metric_epsg=4549))
    session.flush()
    with pytest.raises(NoBoundaries):
        record(session, counties.resolve(session, "990199"), [visit(1, grid=GRIDS[0])])


def test_many_senders_at_once_store_each_visit_once(fresh_url: str) -> None:
    """Overlapping batches in different orders, each a transaction of its own: no deadlock, no double."""
    engine = make_engine(fresh_url, pool_size=6)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        take(session, county, "places", {"id": "H1", "kind": "household", "area": GRIDS[0]})
    rows = [visit(n, grid=GRIDS[n % 8], place="H1" if n % 3 else None) for n in range(120)]
    counts: Counter[str] = Counter()
    failures: list[BaseException] = []
    lock, start = threading.Lock(), threading.Barrier(6)

    def send(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - no secret
        try:
            start.wait(timeout=30)
            for _ in range(4):
                part = rng.sample(rows, 80)
                with Session(engine) as session, session.begin():
                    found = outcomes(record(session, county, part))
                with lock:
                    counts.update(found)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    with Session(engine) as session:
        assert counts["stored"] == session.scalar(select(func.count()).select_from(Visit)) == 120
        assert counts["stored"] + counts["duplicate"] == 6 * 4 * 80
        assert session.scalar(select(func.sum(VisitTally.visits))) == 120
    engine.dispose()
