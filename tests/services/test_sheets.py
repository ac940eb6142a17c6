"""Sheets: every bad row is told, sent again they change nothing, and they correct what is there."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.errors import SheetRejected
from geo.services import sheets
from geo.space.crs import from_wgs84
from geo.storage.database import make_engine
from geo.storage.queries.counties import CountyInfo
from geo.storage.tables import AreaSetting, Assignment, Base, Cadre, HouseholdTally, Organisation, Place, VisitRule
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES
from tests.visiting import record, take, visit

Fields = dict[str, Any]


def rows(session: Session, model: type[Base]) -> list[Any]:
    query = select(model).order_by(*model.__table__.primary_key).execution_options(populate_existing=True)
    return list(session.scalars(query))


def refusal(session: Session, county: CountyInfo, kind: str, *sheet: Fields) -> SheetRejected:
    model = {
        "organisations": Organisation,
        "cadres": Cadre,
        "assignments": Assignment,
        "places": Place,
        "rules": VisitRule,
        "settings": AreaSetting,
    }[kind]
    before = session.scalar(select(func.count()).select_from(model))
    with pytest.raises(SheetRejected) as caught:
        take(session, county, kind, *sheet)
    assert session.scalar(select(func.count()).select_from(model)) == before, "whole or not at all"
    assert f"{kind}.csv" in str(caught.value)
    assert caught.value.text("zh-CN") != str(caught.value)
    return caught.value


def facts(error: SheetRejected) -> tuple[object, object]:
    return error.facts["row"], error.facts["field"]


GOOD: dict[str, list[Fields]] = {
    "organisations": [
        {"code": "T1", "name": "一镇", "kind": "town", "area": TOWNS[0]},
        {"code": "D2", "name": "住建局", "kind": "department", "area": ""},
    ],
    "cadres": [
        {"staff_no": "C8", "name": "王五", "organisation": "D1", "post": "科长", "phone": "0571-1"},
        {"staff_no": "C9", "name": "赵六", "organisation": "D1"},
    ],
    "assignments": [
        {"staff_no": "C1", "area": GRIDS[0], "role": "grid_head", "from": "2025-01-01", "to": "2025-06-01"},
        {"staff_no": "C2", "area": GRIDS[0], "role": "grid_head", "from": "2025-06-01"},
        {"staff_no": "C2", "area": GRIDS[0], "role": "instructor", "from": "2025-01-01", "to": ""},
        {"staff_no": "C2", "area": VILLAGES[0], "role": "village_link", "from": "2025-01-01"},
    ],
    "places": [
        {"id": "H1", "kind": "household", "name": "甲", "lon": "120.005", "lat": "30.005", "staff_no": "C1"},
        {"id": "H2", "kind": "enterprise", "area": VILLAGES[1]},
        {"id": "H3", "kind": "household", "lon": 121, "lat": 31, "area": GRIDS[5]},
    ],
    "rules": [
        {"level": "village", "tier": "key", "visits_per_month": "4", "every_days": ""},
        {"level": "grid", "tier": "ordinary", "every_days": "30"},
    ],
    "settings": [
        {"code": VILLAGES[0], "tier": "key"},
        {"code": GRIDS[1], "excluded_reason": "水库", "excluded_by": "张三", "excluded_on": "2025-02-03"},
    ],
}


@pytest.mark.parametrize("kind", GOOD)
def test_sent_again_it_changes_nothing(session: Session, county: CountyInfo, kind: str) -> None:
    assert take(session, county, kind, *GOOD[kind]) == len(GOOD[kind])
    model = {"settings": AreaSetting, "rules": VisitRule}.get(
        kind, {"organisations": Organisation, "cadres": Cadre, "assignments": Assignment}.get(kind, Place)
    )
    first = [{c.name: str(getattr(one, c.name)) for c in model.__table__.columns} for one in rows(session, model)]
    assert take(session, county, kind, *reversed(GOOD[kind])) == len(GOOD[kind])
    again = [{c.name: str(getattr(one, c.name)) for c in model.__table__.columns} for one in rows(session, model)]
    assert first == again


def test_people(session: Session, county: CountyInfo) -> None:
    take(session, county, "organisations", *GOOD["organisations"])
    take(session, county, "cadres", *GOOD["cadres"])
    assert [(one.code, one.name, one.kind, one.area_code) for one in rows(session, Organisation)] == [
        ("D1", "走访办", "department", None),
        ("D2", "住建局", "department", None),
        ("T1", "一镇", "town", TOWNS[0]),
    ]
    take(session, county, "cadres", {"staff_no": "C9", "name": "赵六六", "organisation": "T1", "post": "镇长"})
    kept, corrected = rows(session, Cadre)[2:]
    assert (kept.name, kept.post, kept.phone) == ("王五", "科长", "0571-1")
    assert (corrected.name, corrected.organisation_code, corrected.post) == ("赵六六", "T1", "镇长")


def test_places_lie_in_the_area_that_contains_them(session: Session, county: CountyInfo) -> None:
    x, y = from_wgs84(120.035, 30.015, "gcj02")
    take(session, county, "places", *GOOD["places"])
    take(
        session,
        county,
        "places",
        {"id": "H4", "kind": "household", "lon": float(x), "lat": float(y), "frame": "gcj02", "area": GRIDS[0]},
    )
    found = {one.id: (one.area_code, one.claimed_area, one.position is None) for one in rows(session, Place)}
    assert found == {
        "H1": (GRIDS[0], None, False),
        "H2": (VILLAGES[1], VILLAGES[1], True),
        "H3": (GRIDS[5], GRIDS[5], False),
        "H4": (GRIDS[7], GRIDS[0], False),
    }


def test_a_corrected_position_takes_the_households_visits_along(session: Session, county: CountyInfo) -> None:
    take(session, county, "places", *GOOD["places"])
    record(session, county, [visit(1, grid=GRIDS[0], place="H1")])
    take(session, county, "places", GOOD["places"][0] | {"lon": "120.015"})
    assert [one.area_code for one in rows(session, HouseholdTally)] == [GRIDS[2]]


def test_rules_and_settings_are_corrected(session: Session, county: CountyInfo) -> None:
    for kind in ("rules", "settings"):
        take(session, county, kind, *GOOD[kind])
    take(session, county, "rules", {"level": "village", "tier": "key", "every_days": 10})
    take(session, county, "settings", {"code": GRIDS[1]})
    assert [(one.level, one.visits_per_month, one.every_days) for one in rows(session, VisitRule)] == [
        ("grid", None, 30),
        ("village", None, 10),
    ]
    assert [(one.code, one.tier, one.excluded_reason) for one in rows(session, AreaSetting)] == [
        (VILLAGES[0], "key", None),
        (GRIDS[1], "ordinary", None),
    ]


def test_an_assignment_is_ended_by_sending_its_end(session: Session, county: CountyInfo) -> None:
    start = {"staff_no": "C1", "area": GRIDS[0], "role": "grid_head", "from": "2025-01-01"}
    take(session, county, "assignments", start)
    take(session, county, "assignments", start | {"to": "2025-03-01"})
    (one,) = rows(session, Assignment)
    assert one.to_day == date(2025, 3, 1)


def head(staff: str, begin: str, end: str | None = None) -> Fields:
    return {"staff_no": staff, "area": GRIDS[0], "role": "grid_head", "from": begin, "to": end}


def test_a_grid_has_one_head_at_a_time(session: Session, county: CountyInfo) -> None:
    take(session, county, "assignments", head("C1", "2025-01-01", "2025-06-01"))
    error = refusal(
        session,
        county,
        "assignments",
        {"staff_no": "C1", "area": GRIDS[1], "role": "grid_head", "from": "2025-01-01"},
        head("C2", "2025-05-31"),
        {"staff_no": "C1", "area": GRIDS[2], "role": "grid_head", "from": "2025-01-01"},
    )
    assert facts(error) == (3, "role")
    assert "one head at a time" in str(error)
    assert GRIDS[0] in str(error)
    assert "\n" not in str(error)
    take(session, county, "assignments", head("C2", "2025-06-01"))


def test_two_heads_in_one_sheet(session: Session, county: CountyInfo) -> None:
    error = refusal(session, county, "assignments", head("C1", "2025-01-01", "2025-06-01"), head("C2", "2025-05-31"))
    assert facts(error) == (3, "role")


def test_other_roles_may_be_shared(session: Session, county: CountyInfo) -> None:
    for role in ("full_time", "part_time", "instructor", "village_link", "area_leader"):
        take(session, county, "assignments", *({**head(staff, "2025-01-01"), "role": role} for staff in ("C1", "C2")))
    assert len(rows(session, Assignment)) == 10


def test_of_two_heads_sent_at_once_one_is_refused(fresh_url: str) -> None:
    """The database itself refuses, so no race can pass."""
    engine = make_engine(fresh_url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
    refused: list[SheetRejected] = []

    def second() -> None:
        try:
            with Session(engine) as session, session.begin():
                take(session, county, "assignments", head("C2", "2025-02-01"))
        except SheetRejected as error:
            refused.append(error)

    with Session(engine) as session, session.begin():
        take(session, county, "assignments", head("C1", "2025-01-01"))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive(), "it waits for the first one's end"
    thread.join(timeout=30)
    assert len(refused) == 1
    with Session(engine) as session:
        assert [one.staff_no for one in rows(session, Assignment)] == ["C1"]
    engine.dispose()


def test_a_visit_waits_for_the_place_that_moves(fresh_url: str) -> None:
    """Both count by the area of the place: a visit that came between would be left behind in the old one."""
    engine = make_engine(fresh_url)
    with Session(engine) as session, session.begin():
        county = squares.load(session)
        take(session, county, "places", *GOOD["places"])
    stored = threading.Event()

    def send() -> None:
        with Session(engine) as session, session.begin():
            record(session, county, [visit(1, grid=GRIDS[0], place="H1")])
        stored.set()

    with Session(engine) as session, session.begin():
        take(session, county, "places", GOOD["places"][0] | {"lon": "120.015"})
        thread = threading.Thread(target=send)
        thread.start()
        assert not stored.wait(0.3)
    thread.join(timeout=30)
    with Session(engine) as session:
        assert [one.area_code for one in rows(session, HouseholdTally)] == [GRIDS[2]]
    engine.dispose()


@pytest.mark.parametrize(
    ("kind", "bad", "field", "words"),
    [
        ("organisations", {"code": "X", "name": "x", "kind": "club"}, "kind", "must be one of"),
        ("organisations", {"code": "X", "name": "x", "kind": "town", "area": "990199109"}, "area", "990199109"),
        ("organisations", {"code": " ", "name": "x", "kind": "town"}, "code", "needed"),
        ("cadres", {"staff_no": "C7", "name": "x", "organisation": "D7"}, "organisation", "D7 is not among"),
        ("cadres", {"staff_no": "C7", "organisation": "D1"}, "name", "needed"),
        ("cadres", {"staff_no": "C7", "name": "x", "organisation": "D1", "rank": "3"}, "rank", "not a column"),
        ("assignments", head("C7", "2025-01-01"), "staff_no", "C7 is not among the cadres"),
        ("assignments", head("C1", "2025-01-01") | {"area": "990199101209001"}, "area", "990199101209001"),
        ("assignments", head("C1", "2025-01-01") | {"role": "boss"}, "role", "must be one of"),
        ("assignments", head("C1", "2025-01-01", "2025-01-01"), "to", "after the day it begins"),
        ("assignments", head("C1", "2025-13-01"), "from", "must be a day"),
        ("places", {"id": "P", "kind": "castle"}, "kind", "must be one of"),
        ("places", {"id": "P", "kind": "project", "lon": "120"}, "lat", "together"),
        ("places", {"id": "P", "kind": "project", "lon": "200", "lat": "30"}, "lon", "between"),
        ("places", {"id": "P", "kind": "project", "lon": "nan", "lat": "30"}, "lon", "finite"),
        ("places", {"id": "P", "kind": "project", "staff_no": "C7"}, "staff_no", "C7 is not among"),
        ("places", {"id": "P", "kind": "project", "area": "nowhere"}, "area", "nowhere is not among"),
        ("rules", {"level": "grid", "tier": "key", "visits_per_month": 0}, "visits_per_month", "at least 1"),
        (
            "rules",
            {"level": "grid", "tier": "key", "visits_per_month": 1, "every_days": 3},
            "visits_per_month",
            "either",
        ),
        ("rules", {"level": "county", "tier": "key", "visits_per_month": 1}, "level", "must be one of"),
        ("settings", {"code": GRIDS[0], "excluded_reason": "x"}, "excluded_by", "needs its reason, person and day"),
        ("settings", {"code": "990199101209"}, "code", "990199101209 is not among the areas"),
    ],
)
def test_one_bad_row_forbids_the_sheet_and_is_named(
    session: Session, county: CountyInfo, kind: str, bad: Fields, field: str, words: str
) -> None:
    error = refusal(session, county, kind, GOOD[kind][0], bad, *GOOD[kind][1:])
    assert facts(error) == (3, field)
    assert words in str(error)


@pytest.mark.parametrize("kind", GOOD)
def test_one_key_twice_in_a_sheet(session: Session, county: CountyInfo, kind: str) -> None:
    error = refusal(session, county, kind, *GOOD[kind], GOOD[kind][0])
    assert error.facts["row"] == len(GOOD[kind]) + 2
    assert "row 2" in str(error)


def test_a_household_may_be_entered_as_an_enterprise_by_mistake(session: Session, county: CountyInfo) -> None:
    take(session, county, "places", *GOOD["places"])
    record(session, county, [visit(1, grid=GRIDS[0], place="H2")])
    assert rows(session, HouseholdTally) == []
    take(session, county, "places", GOOD["places"][1] | {"kind": "household"})
    assert [(one.place_id, one.visits) for one in rows(session, HouseholdTally)] == [("H2", 1)]


def test_every_bad_row_is_told_and_the_good_ones_are_stored(session: Session, county: CountyInfo) -> None:
    bad = [{"staff_no": "C7", "name": "x", "organisation": "D7"}, {"staff_no": "1.2E+11", "name": "y"}]
    again = GOOD["cadres"][0] | {"name": "another"}
    found = sheets.take(session, county, "cadres", enumerate([*bad, *GOOD["cadres"], again], start=2), "cadres.csv")
    assert (found.count, [(one.row, one.field) for one in found.refused]) == (
        2,
        [(2, "organisation"), (3, "staff_no"), (6, "staff_no")],
    )
    assert [one.name for one in rows(session, Cadre)][2:] == ["王五", "赵六"]


def test_an_id_without_its_zeros_is_not_a_new_one(session: Session, county: CountyInfo) -> None:
    take(session, county, "cadres", {"staff_no": "00017", "name": "x", "organisation": "D1"})
    for kind, row, field in (
        ("cadres", {"staff_no": "17", "name": "x", "organisation": "D1"}, "staff_no"),
        ("places", {"id": "P", "kind": "project", "staff_no": "017"}, "staff_no"),
        ("assignments", head("17", "2025-01-01"), "staff_no"),
    ):
        error = refusal(session, county, kind, row)
        assert error.facts["field"] == field
        assert "is it 00017?" in str(error)
        assert "是否应为 00017？" in error.text("zh-CN")
    take(session, county, "cadres", {"staff_no": "18", "name": "x", "organisation": "D1"})


def test_a_head_may_follow_one_that_the_same_sheet_ends(session: Session, county: CountyInfo) -> None:
    """In whatever order: the new one's number stands before the old one's."""
    take(session, county, "assignments", head("C2", "2025-01-01"))
    take(session, county, "assignments", head("C1", "2025-06-01"), head("C2", "2025-01-01", "2025-06-01"))
    assert {one.staff_no: one.to_day for one in rows(session, Assignment)} == {"C1": None, "C2": date(2025, 6, 1)}


def test_of_two_heads_in_one_sheet_the_first_is_stored(session: Session, county: CountyInfo) -> None:
    given = [head("C1", "2025-01-01"), head("C2", "2025-05-01"), head("C2", "2024-01-01", "2025-01-01")]
    found = sheets.take(session, county, "assignments", enumerate(given, start=2), "a.csv")
    assert [(one.row, one.field) for one in found.refused] == [(3, "role")]
    assert "C1 (row 2)" in found.refused[0].en
    assert [(one.staff_no, one.from_day) for one in rows(session, Assignment)] == [
        ("C1", date(2025, 1, 1)),
        ("C2", date(2024, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        ("0", "0", "same number"),
        ("120.005", "120.005", "must be between"),
        ("30", "30", "same number"),
        ("-87.6", "41.8", "outside China"),
        ("30.2", "85.1", "swapped"),
        ("120,005", "30,005", "with a point"),
        ("120.005E", "30.005E", "same axis"),
    ],
)
@pytest.mark.parametrize("kind", ["places", "organisations"])
def test_positions_that_cannot_be_meant(
    session: Session, county: CountyInfo, kind: str, lon: str, lat: str, words: str
) -> None:
    assert words in str(refusal(session, county, kind, GOOD[kind][1] | {"lon": lon, "lat": lat}))


@pytest.mark.parametrize(
    ("lon", "lat"), [("30°0′18″N", "120°0′18″E"), ("30.005", "120.005"), ("１２０．００５", "30.005°")]
)
def test_degrees_as_visits_have_them(session: Session, county: CountyInfo, lon: str, lat: str) -> None:
    take(session, county, "places", {"id": "P", "kind": "企业", "lon": lon, "lat": lat})
    assert [one.area_code for one in rows(session, Place)] == [GRIDS[0]]


def test_areas_of_another_county_are_not_ours(session: Session, county: CountyInfo) -> None:
    assert {one.county_code for one in rows(session, Organisation)} == {COUNTY}
    error = refusal(session, county, "settings", {"code": "990200101"})
    assert facts(error) == (2, "code")
