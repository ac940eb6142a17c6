"""Rows of visits: each wrong one is refused with one sentence that names its row and field, in both languages."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.intake.rejections import Rejection
from geo.intake.visits import NumberedVisit, VisitRow, examine, parse
from geo.limits import CLOCK_SKEW_MINUTES, MAX_CODE_CHARS, MAX_TEXT_CHARS

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 1, 8, 0, tzinfo=SHANGHAI)
ID = "0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01"

GOOD: dict[str, Any] = {"staff_no": "C1", "started_at": "2026-10-12T09:30:00", "lon": 119.6, "lat": 29.8}


def one(fields: object, *, zone: ZoneInfo = SHANGHAI, now: datetime = NOW) -> NumberedVisit | Rejection:
    good, refused = examine([(7, fields)], zone=zone, now=now)  # type: ignore[list-item]
    assert len(good) + len(refused) == 1
    return (good + refused)[0]  # type: ignore[operator,no-any-return]


def taken(**changes: object) -> VisitRow:
    visit = one({**GOOD, **changes})
    assert isinstance(visit, NumberedVisit), visit
    return visit.visit


def refusal(**changes: object) -> Rejection:
    rejection = one({**GOOD, **changes})
    assert isinstance(rejection, Rejection), rejection
    return rejection


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


# What is taken


def test_every_column_of_the_design_is_taken() -> None:
    visit = taken(
        id=ID,
        ended_at="2026-10-12T10:00:00",
        frame="gcj02",
        accuracy_m="25",
        claimed_area="330122101201",
        place="H-17",
        topics="治水剿劣;拆违治乱",
        note="两户\n再访",
    )
    assert visit.id == UUID(ID)
    assert visit.started_at == datetime(2026, 10, 12, 9, 30, tzinfo=SHANGHAI)
    assert visit.ended_at == datetime(2026, 10, 12, 10, 0, tzinfo=SHANGHAI)
    assert (visit.lon, visit.lat, visit.frame, visit.accuracy_m) == (119.6, 29.8, "gcj02", 25.0)
    assert (visit.claimed_area, visit.place) == ("330122101201", "H-17")
    assert visit.topics == ("治水剿劣", "拆违治乱")
    assert visit.note == "两户\n再访"


@pytest.mark.parametrize(
    "name",
    ["id", "ended_at", "frame", "accuracy_m", "claimed_area", "place", "topics", "note"],
)
def test_an_empty_cell_is_a_missing_value(name: str) -> None:
    assert taken(**{name: ""}) == taken(**{name: "  "}) == taken()


@pytest.mark.parametrize("topics", ["a;b", "a；b", " a ; b ;", ["a", "b"], ("a", "b")])
def test_topics_have_semicolons_between(topics: object) -> None:
    assert taken(topics=topics).topics == ("a", "b")


def test_cells_of_a_sheet_and_values_of_json_are_the_same_visit() -> None:
    cells = one({name: f" {value} " for name, value in GOOD.items()})
    values = one(GOOD)
    assert isinstance(cells, NumberedVisit)
    assert isinstance(values, NumberedVisit)
    assert (cells.visit, cells.id) == (values.visit, values.id)


@pytest.mark.parametrize(
    ("lon", "lat"), [(180, 90), (-180, -90), (0, 0.5), ("119.6", "29.8"), (-87.6, 41.8), (180.0, -90.0)]
)
def test_positions_up_to_the_edges_of_the_earth(lon: object, lat: object) -> None:
    assert taken(lon=lon, lat=lat).lon == float(str(lon))


def test_a_claimed_area_stands_in_for_a_position() -> None:
    visit = taken(lon="", lat=None, claimed_area="330122101201")
    assert (visit.lon, visit.lat, visit.claimed_area) == (None, None, "330122101201")


# Time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-12T09:30:00", datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
        ("2026-10-12 09:30", datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
        ("2026-10-12T09:30:00+08:00", datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
        ("2026-10-12T01:30:00Z", datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
        ("2026-10-11T20:30:00-05:00", datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 12, 1, 30, tzinfo=UTC), datetime(2026, 10, 12, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_county_time(text: object, moment: datetime) -> None:
    assert taken(started_at=text).started_at == moment


@pytest.mark.parametrize(
    ("text", "hours"), [("2025-01-15T12:00:00", -6), ("2025-07-15T12:00:00", -5), ("2025-11-03T00:30:00", -6)]
)
def test_summer_time_is_that_of_the_day_of_the_visit(text: str, hours: int) -> None:
    visit = one({**GOOD, "started_at": text}, zone=CHICAGO)
    assert isinstance(visit, NumberedVisit)
    assert visit.visit.started_at.utcoffset() == timedelta(hours=hours)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2026, 10, 31)))  # noqa: DTZ001 - county time as it is typed
def test_shanghai_is_eight_hours_ahead_all_year(moment: datetime) -> None:
    started = taken(started_at=moment.isoformat()).started_at
    assert started == moment.replace(tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    "wrong",
    [
        *("yesterday", "2026-13-01T00:00:00", "2026-02-30T09:00:00", "2026-10-12T25:00:00", "12.10.2026"),
        *("2026/10/12 09:30", "20261012", "20261012T093000", "1760000000", "-1", "-1234"),
        *(1760000000, 1760000000.5, True, None, [], {}),
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused(wrong: object) -> None:
    rejection = refusal(started_at=wrong)
    assert rejection.field == "started_at"
    assert "2026-10-12T09:30:00" in rejection.en
    assert "2026-10-12T09:30:00" in rejection.zh


@pytest.mark.parametrize("year", ["0001", "1948", "2200", "9999"])
@pytest.mark.parametrize("field", ["started_at", "ended_at"])
def test_years_that_are_no_visit_s_are_refused(field: str, year: str) -> None:
    rejection = refusal(**{field: f"{year}-06-01T00:00:00-08:00"})
    assert rejection.field == field


def test_the_future_begins_after_the_skew_of_a_clock() -> None:
    latest = NOW + timedelta(minutes=CLOCK_SKEW_MINUTES)
    assert taken(started_at=latest.isoformat()).started_at == latest
    rejection = refusal(started_at=(latest + timedelta(seconds=1)).isoformat())
    assert (rejection.field, rejection.en) == ("started_at", "the visit starts in the future")
    assert "将来" in rejection.zh


def test_a_visit_may_end_when_it_starts_but_not_before() -> None:
    assert taken(ended_at=GOOD["started_at"]).ended_at == taken().started_at
    rejection = refusal(ended_at="2026-10-12T09:29:59")
    assert (rejection.field, rejection.en) == ("ended_at", "the visit ends before it starts")
    assert taken(ended_at="2026-10-12T01:30:00Z").ended_at == taken().started_at
    assert refusal(ended_at="2026-10-12T01:29:59Z").field == "ended_at"


# Positions


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"lon": math.nan}, "lon", "finite"),
        ({"lat": "nan"}, "lat", "finite"),
        ({"lon": "inf"}, "lon", "finite"),
        ({"lat": -math.inf}, "lat", "finite"),
        ({"lon": "1e999"}, "lon", "finite"),
        ({"lon": "119°36′"}, "lon", "number"),
        ({"lon": True}, "lon", "number"),
        ({"lat": False}, "lat", "number"),
        ({"lat": []}, "lat", "number"),
        ({"lon": 180.001}, "lon", "180"),
        ({"lon": -181}, "lon", "180"),
        ({"lat": 90.001, "lon": 170}, "lat", "90"),
        ({"lat": -91, "lon": 170}, "lat", "90"),
        ({"lon": 29.8, "lat": 119.6}, "lat", "swapped"),
        ({"lon": 519_000, "lat": 3_298_000}, "lat", "90"),
        ({"lon": 0, "lat": 0}, "lat", "same number"),
        ({"lon": 29.8, "lat": 29.8}, "lat", "same number"),
        ({"lon": "119,69"}, "lon", "number"),
        ({"lon": ""}, "lon", "together"),
        ({"lat": None}, "lat", "together"),
        ({"lon": None, "lat": None}, "claimed_area", "needs the area"),
        ({"lon": "", "lat": "", "claimed_area": " "}, "claimed_area", "needs the area"),
        ({"accuracy_m": -0.5}, "accuracy_m", "at least 0"),
        ({"accuracy_m": 100_001}, "accuracy_m", "at most 100000"),
        ({"accuracy_m": "nan"}, "accuracy_m", "finite"),
        ({"accuracy_m": True}, "accuracy_m", "number"),
        ({"frame": "utm"}, "frame", "gcj02"),
        ({"frame": 4326}, "frame", "gcj02"),
        # the rest of the row
        ({"id": "17"}, "id", "UUID"),
        ({"id": 17}, "id", "UUID"),
        ({"staff_no": ""}, "staff_no", "needed"),
        ({"staff_no": "  "}, "staff_no", "needed"),
        ({"staff_no": None}, "staff_no", "text"),
        ({"staff_no": 17}, "staff_no", "text"),
        ({"staff_no": "x" * (MAX_CODE_CHARS + 1)}, "staff_no", str(MAX_CODE_CHARS)),
        ({"staff_no": "C\x001"}, "staff_no", "control"),
        ({"claimed_area": "a\tb"}, "claimed_area", "control"),
        ({"place": "x" * (MAX_CODE_CHARS + 1)}, "place", str(MAX_CODE_CHARS)),
        ({"started_at": ""}, "started_at", "needed"),
        ({"topics": 5}, "topics", "list"),
        ({"topics": ["a", 5]}, "topics", "text"),
        ({"topics": "a;" + "x" * (MAX_CODE_CHARS + 1)}, "topics", str(MAX_CODE_CHARS)),
        ({"note": "x" * (MAX_TEXT_CHARS + 1)}, "note", str(MAX_TEXT_CHARS)),
        ({"note": "a\x00b"}, "note", "control"),
        ({"note": "\ud800"}, "note", "text"),
        ({"note": 5}, "note", "text"),
        ({"stafff_no": "C1"}, "stafff_no", "not a column"),
        ({"village_code": "330122101201"}, "village_code", "not a column"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_bad_input(changes: dict[str, object], field: str, said: str) -> None:
    rejection = refusal(**changes)
    assert (rejection.row, rejection.field) == (7, field)
    assert said in rejection.en
    assert is_chinese(rejection.zh)
    assert rejection.zh != "无效的值"
    assert "{" not in rejection.en + rejection.zh
    assert "\n" not in rejection.en + rejection.zh
    assert (rejection.text("en"), rejection.text("zh-CN")) == (rejection.en, rejection.zh)


@pytest.mark.parametrize("name", ["staff_no", "started_at"])
def test_a_needed_field_that_is_not_there(name: str) -> None:
    rejection = one({key: value for key, value in GOOD.items() if key != name})
    assert isinstance(rejection, Rejection)
    assert (rejection.field, rejection.en, rejection.zh) == (name, "is needed", "必须填写")


@pytest.mark.parametrize("row", [5, "text", None, [], [1], True])
def test_what_is_no_row_at_all(row: object) -> None:
    rejection = one(row)
    assert isinstance(rejection, Rejection)
    assert "object" in rejection.en


def test_choices_are_joined_in_each_language() -> None:
    rejection = refusal(frame="utm")
    assert rejection.en.endswith("'gcj02' or 'bd09'")
    assert " or " not in rejection.zh
    assert rejection.zh.endswith("火星坐标系、百度坐标系")


# The batch


def test_a_bad_row_refuses_itself_and_no_other() -> None:
    rows = [(2, GOOD), (3, {**GOOD, "lon": "x"}), (4, {**GOOD, "staff_no": "C2"}), (5, {})]
    good, refused = parse(rows, zone=SHANGHAI, now=NOW)
    assert good.row.tolist() == [2, 4]
    assert [rejection.row for rejection in refused] == [3, 5]


def test_no_rows_no_answers() -> None:
    good, refused = parse([], zone=SHANGHAI, now=NOW)
    assert (len(good), refused) == (0, [])


# Ids made from rows


def test_an_id_of_the_client_is_kept() -> None:
    visit = one({**GOOD, "id": ID})
    assert isinstance(visit, NumberedVisit)
    assert visit.id == UUID(ID)


def made_id(**changes: object) -> UUID:
    visit = one({**GOOD, **changes})
    assert isinstance(visit, NumberedVisit)
    return visit.id


def test_the_same_row_has_the_same_id_in_every_release() -> None:
    assert made_id() == UUID("d17b9546-b9ac-5a1f-8adb-ba2822b02200")


def test_the_same_row_has_the_same_id_wherever_and_however_it_stands() -> None:
    same = [
        made_id(),
        made_id(note="", ended_at=" ", frame=""),
        made_id(lon="119.60", lat=" 29.8"),
        made_id(started_at="2026-10-12 09:30"),
        made_id(started_at="2026-10-12T09:30:00+08:00"),
    ]
    backwards = one(dict(reversed(GOOD.items())), now=NOW + timedelta(days=9))
    assert isinstance(backwards, NumberedVisit)
    assert {*same, backwards.id} == {made_id()}


@pytest.mark.parametrize(
    "changes",
    [
        {"staff_no": "C2"},
        {"started_at": "2026-10-12T09:30:01"},
        {"ended_at": "2026-10-12T09:31:00"},
        {"lon": 119.6000001},
        {"lat": 29.8000001},
        {"frame": "gcj02"},
        {"accuracy_m": 5},
        {"claimed_area": "330122101201"},
        {"place": "H-1"},
        {"topics": "a"},
        {"note": "x"},
    ],
)
def test_another_row_has_another_id(changes: dict[str, object]) -> None:
    assert made_id(**changes) != made_id()
