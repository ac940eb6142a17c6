"""Sheets of visits read column by column: the same rows, and the same reasons, as one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.intake import plain_visits, tidying
from geo.intake.rejections import Rejection
from geo.intake.visit_columns import Visits
from geo.intake.visits import VisitRow, parse, parse_sheet
from geo.limits import CLOCK_SKEW_MINUTES, MAX_CODE_CHARS, MAX_COMPANIONS, MAX_TEXT_CHARS
from geo.months import FIRST_YEAR, LAST_YEAR

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 1, 8, 0, tzinfo=SHANGHAI)
LATEST = NOW + timedelta(minutes=CLOCK_SKEW_MINUTES)
ID = "0190f3c2-7a50-7cc3-8a11-5f2d6c3b9e01"

PLAIN = {
    "id": ID,
    "staff_no": "C00017",
    "started_at": "2026-10-12T09:30:00",
    "ended_at": "2026-10-12 10:00",
    "lon": "119.6",
    "lat": "29.80000000000001",
    "frame": "gcj02",
    "accuracy_m": "12.5",
    "claimed_area": "330122101201",
    "place": "H-17",
    "topics": "治水剿劣；拆违治乱;",
    "companions": "王五; 李四",
    "findings": "路灯不亮",
    "note": '"两户"',
}

TIMES = [
    *("2026-10-12T09:30:00", "2026-10-12 09:30:00", "2026-10-12T09:30", "2026-10-12 09:30", "2026-10-12"),
    *("2026-10-12T09:30:00.5", "2026-10-12T09:30:00Z", "2026-10-12T09:30:00+08:00", "2026-10-12t09:30:00"),
    *("2026-10-12T9:30:00", "2026-10-12  09:30", "2026/10/12 09:30", "20261012T093000", "1760000000", "昨天"),
    # days and hours that are none
    *("2026-02-29T09:00:00", "2024-02-29T09:00:00", "2026-04-31 09:00", "2026-13-01 09:00", "2026-00-10 09:00"),
    *("2026-10-12T24:00:00", "2026-10-12T23:59:60", "2026-10-12T23:60", "2026-10-12T25:00", "2026-10-00T09:00"),
    # clocks of Chicago put forward and back, those of Shanghai too
    *("2025-03-09T01:59:59", "2025-03-09T02:00:00", "2025-03-09T02:30", "2025-03-09T03:00:00"),
    *("2025-11-02T00:59:59", "2025-11-02T01:00:00", "2025-11-02 01:30", "2025-11-02T02:00:00"),
    *("1949-05-01T00:00:00", "1949-05-01T00:30", "1986-05-04T02:30:00", "1991-09-15T01:30:00"),
    # years that are no visit's, and the last moment that is none of the future
    *("0000-01-01T00:00:00", "0001-01-01T00:00:00", "1583-01-01T00:00:00", "1677-01-01T00:00:00"),
    *("1948-12-31T23:59:59", "1949-01-01T00:00:00", "2199-12-31T23:59:59", "2200-01-01T00:00:00"),
    *("2262-05-01T00:00:00", "9999-12-31T23:59:59"),
    *("2026-11-01T08:10:00", "2026-11-01T08:10:01", "2026-10-31T19:10:00", "2026-10-31T19:10:01"),
]
LONS = [
    *("119.6", "119.60000000000001", "119", "119.", ".5", "+119.6", "-87.6", "1.196e2", "119,6", "119°36′", "0119.6"),
    *("180.0", "180.1", "-180.0", "-180.000000000000001", "29.8", "0.0", "-0.0", "nan", "NaN", "inf", "-inf", "1e999"),
    *("119.6000000000000001", "999.9", "true", "１１９．６", "٢٩.٨", "1_1.5"),
]
LATS = ["29.8", "119.6", "90.0", "90.000000001", "-90.0", "29", "0.0", "-0.0", "41.8", "nan", "91", "", "29.8N"]
ACCURACIES = ["0", "0.0", "5", "007", "12.5", "100000", "100000.1", "100001", "999999", "-1", "-0", "1e3", "nan", "5m"]
FRAMES = ["wgs84", "gcj02", "bd09", "WGS84", "epsg:4326", "wgs84 gcj02"]
RARE = "𠮷㛃é\u0301\u200b\ufeff\u00a0x\u3000y\u0085z\u2028w"
CODES = [
    *("C1", "330122101201", "a.b_c-d", "甲", "a b", "a\tb", "a\nb", "a\x7fb", "x" * MAX_CODE_CHARS),
    *("x" * (MAX_CODE_CHARS + 1), "C\x001", RARE, "a;b", '"', "\\"),
]
LISTS = [
    *("a;b", "a；b", ";", "；;", " ; ", "a; ;b", ";a", "a;a", "治水剿劣；拆违治乱", "a,b", "{a}", '"a";\\b', RARE),
    *("a\tb", "a;\n;b", "a\x00b", "\u3000；x\u3000", "x" * 64, "x" * 65, "x" * 64 + ";y", ("x" * 30 + ";") * 3),
    *(";".join("a" * n) for n in (MAX_COMPANIONS, MAX_COMPANIONS + 1, 32)),
    "；".join(["王五"] * (MAX_COMPANIONS + 1)),
]
NOTES = [
    *(
        "两户",
        "两户\n再访",
        "a\r\nb",
        "a\x00b",
        "a\x1fb",
        "a\x7fb",
        "a\x85b",
        RARE,
        "'\"\\",
        '""',
        "NULL",
        "\\N",
        "\\.",
    ),
    *("x" * MAX_TEXT_CHARS, "x" * (MAX_TEXT_CHARS + 1), "𠮷" * MAX_TEXT_CHARS, "𠮷" * (MAX_TEXT_CHARS + 1)),
]
IDS = [ID, ID.upper(), ID.replace("-", ""), "{" + ID + "}", "urn:uuid:" + ID, ID[:-1], ID + "0", "17", "0" * 36]
ODD: dict[str, list[str]] = {
    "id": IDS,
    "staff_no": CODES,
    "started_at": TIMES,
    "ended_at": TIMES,
    "lon": LONS,
    "lat": LATS,
    "frame": FRAMES,
    "accuracy_m": ACCURACIES,
    "claimed_area": CODES,
    "place": CODES,
    "topics": LISTS,
    "companions": LISTS,
    "findings": NOTES,
    "note": NOTES,
}

Row = dict[str, str]


def cells(name: str) -> st.SearchStrategy[str]:
    """What may stand in a column: what is usual as often as not, blanks, odd cells, and any text at all."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    odd = st.one_of(st.sampled_from(ODD[name]), anything)
    # Spaces around a cell are gone before it comes here.
    return st.one_of(st.just(PLAIN[name]), st.just(""), odd).map(str.strip)


def rows_of(names: Sequence[str]) -> st.SearchStrategy[list[Row]]:
    usual = st.sets(st.sampled_from(names)).map(lambda odd: {name: name in odd for name in names})
    row = usual.flatmap(
        lambda odd: st.fixed_dictionaries({name: cells(name) if odd[name] else st.just(PLAIN[name]) for name in names})
    )
    return st.lists(row, min_size=1, max_size=8)


SHEETS = st.sets(st.sampled_from(sorted(PLAIN)), min_size=1).map(sorted).flatmap(rows_of)


def columns(visits: Visits) -> dict[str, list[Any]]:
    """Every column as a list; NaN and NaT as text, so that they equal themselves."""
    told: dict[str, list[Any]] = {}
    for one in fields(visits):
        values = getattr(visits, one.name)
        told[one.name] = [(type(value), str(value)) if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
        told[f"{one.name} is of"] = [str(values.dtype)]
    return told


def both(rows: Sequence[Mapping[str, str]], zone: ZoneInfo = SHANGHAI) -> tuple[Visits, list[Rejection]]:
    """The answer to a sheet, compared with that to its rows."""
    numbered = list(enumerate(rows, start=2))
    good, refused = parse_sheet(numbered, zone=zone, now=NOW)
    tidied, spoiled = tidying.tidy(numbered)
    expected, reasons = parse(tidied, zone=zone, now=NOW)
    reasons = sorted([*spoiled, *reasons], key=lambda one: one.row)
    assert columns(good) == columns(expected)
    assert refused == reasons
    return good, refused


def one(**changes: str) -> Row:
    return {**PLAIN, **changes}


def is_plain(row: Row, zone: ZoneInfo = SHANGHAI) -> bool:
    plain, others = plain_visits.read([(2, row)], zone=zone, latest=LATEST)
    assert len(plain) + len(others) == 1
    return len(plain) == 1


@settings(max_examples=300)
@given(rows=SHEETS, zone=st.sampled_from([SHANGHAI, CHICAGO]))
def test_a_sheet_is_read_as_its_rows_are(rows: list[Row], zone: ZoneInfo) -> None:
    both(rows, zone)


@pytest.mark.parametrize("zone", [SHANGHAI, CHICAGO], ids=str)
@pytest.mark.parametrize("name", sorted(ODD))
def test_every_odd_cell_alone_in_a_plain_row(name: str, zone: ZoneInfo) -> None:
    rows = [one(**{name: cell.strip()}) for cell in (*ODD[name], "")]
    good, refused = both(rows, zone)
    assert len(good) + len(refused) == len(rows)
    if name not in {"findings", "place", "claimed_area"}:
        assert len(good), "some are good"
    assert len(refused), "and some are not"


@settings(max_examples=200)
@given(started=st.sampled_from(TIMES), ended=st.sampled_from([*TIMES, ""]), zone=st.sampled_from([SHANGHAI, CHICAGO]))
def test_any_two_times(started: str, ended: str, zone: ZoneInfo) -> None:
    both([one(started_at=started, ended_at=ended)], zone)


@settings(max_examples=200)
@given(moments=st.lists(st.datetimes(datetime(1948, 12, 30), datetime(2027, 1, 1)), min_size=1, max_size=20))  # noqa: DTZ001 - county time as it is typed
@pytest.mark.parametrize("zone", [SHANGHAI, CHICAGO], ids=str)
def test_any_minute_of_any_year(moments: list[datetime], zone: ZoneInfo) -> None:
    both([one(started_at=moment.isoformat(" ", "minutes"), ended_at="") for moment in moments], zone)


@settings(max_examples=200)
@given(lon=st.sampled_from([*LONS, ""]), lat=st.sampled_from([*LATS, *LONS]), claimed=st.sampled_from(["", "330122"]))
def test_any_two_degrees(lon: str, lat: str, claimed: str) -> None:
    both([one(lon=lon, lat=lat, claimed_area=claimed)])


@given(lon=st.floats(-181, 181), lat=st.floats(-91, 91), accuracy=st.floats(0, 100_001))
def test_numbers_to_the_last_digit(lon: float, lat: float, accuracy: float) -> None:
    both([one(lon=repr(lon), lat=repr(lat), accuracy_m=repr(accuracy))])
    both([one(lon=f"{lon:.15f}", lat=f"{lat:.15f}", accuracy_m=f"{accuracy:.9f}")])


def test_what_is_usual_is_read_column_by_column() -> None:
    assert is_plain(one())
    assert is_plain(one(ended_at="", frame="", accuracy_m="", place="", topics="", companions="", findings="", note=""))
    assert is_plain(one(lon="", lat=""))
    for name, odd in {
        "id": ID.upper(),
        "started_at": "2026-10-12T09:30:00Z",
        "lon": "119",
        "accuracy_m": "1e1",
        "staff_no": "甲",
        "note": "a\nb",
        "companions": ";".join("a" * (MAX_COMPANIONS + 1)),
    }.items():
        assert not is_plain(one(**{name: odd})), name


@pytest.mark.parametrize("text", ["2025-03-09T02:30:00", "2025-11-02T01:30:00"])
def test_where_clocks_are_put_on_or_back_the_rows_decide(text: str) -> None:
    assert is_plain(one(started_at=text, ended_at=""))
    assert not is_plain(one(started_at=text, ended_at=""), CHICAGO)
    good, _ = both([one(started_at=text, ended_at="")], CHICAGO)
    expected = datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC).replace(tzinfo=None)
    assert good.started_at.tolist() == [expected]


def test_the_future_begins_at_the_same_second() -> None:
    good, refused = both([one(started_at=text, ended_at="") for text in ("2026-11-01 08:10", "2026-11-01 08:10:01")])
    assert (good.row.tolist(), [rejection.row for rejection in refused]) == ([2], [3])
    assert (refused[0].en, refused[0].zh) == ("the visit starts in the future", "开始时间在将来")


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, FIRST_YEAR, LAST_YEAR, LAST_YEAR + 1])
def test_the_years_of_visits(year: int) -> None:
    good, _ = both([one(started_at="2025-01-01T00:00", ended_at=f"{year}-12-31T00:00:00")])
    assert len(good) == (year == LAST_YEAR)


@pytest.mark.parametrize(("count", "is_good"), [(MAX_COMPANIONS, True), (MAX_COMPANIONS + 1, False), (32, False)])
def test_companions_are_counted_however_short_their_names(count: int, is_good: bool) -> None:  # noqa: FBT001 - a case
    good, refused = both([one(companions=";".join("a" * count))])
    assert bool(len(good)) is is_good
    for rejection in refused:
        assert (rejection.field, rejection.en, rejection.zh) == (
            "companions",
            "must have at most 20",
            "最多只能有 20 项",
        )


def test_an_unknown_column_refuses_every_row() -> None:
    good, refused = both([{**PLAIN, "colour": "red"}, {**PLAIN, "colour": ""}])
    assert len(good) == 0
    assert [(rejection.field, rejection.en) for rejection in refused] == [
        ("colour", "is not a column of this sheet")
    ] * 2
    assert {rejection.zh for rejection in refused} == {"不是本表的列"}


@pytest.mark.parametrize("missing", sorted(PLAIN))
def test_a_column_that_is_not_there_is_blank(missing: str) -> None:
    row = {name: cell for name, cell in PLAIN.items() if name != missing}
    _, refused = both([row, row])
    assert [rejection.field for rejection in refused] == (
        [missing] * 2
        if missing in {"staff_no", "started_at"}
        else {"lon": ["lon"] * 2, "lat": ["lat"] * 2}.get(missing, [])
    )


def test_the_order_is_that_of_the_sheet() -> None:
    odd = [one(id="", note="a\nb"), one(), one(lon="119"), one(lon="x"), one(), one(started_at="")]
    good, refused = both(odd * 20)
    assert good.row.tolist() == sorted(good.row.tolist())
    assert [rejection.row for rejection in refused] == sorted(rejection.row for rejection in refused)
    assert len(good) == 80
    assert len(refused) == 40


def test_only_odd_rows_or_only_plain_ones() -> None:
    assert len(both([one(id="")] * 3)[0]) == 3
    assert len(both([one()] * 3)[0]) == 3
    assert len(both([one(lon="x")] * 3)[1]) == 3
    good, refused = parse_sheet([], zone=SHANGHAI, now=NOW)
    assert (len(good), refused) == (0, [])


def test_every_column_of_a_visit_is_read() -> None:
    assert set(PLAIN) == set(VisitRow.model_fields)
    good, _ = both([one()])
    assert good.topics.tolist() == [("治水剿劣", "拆违治乱")]
    assert good.companions.tolist() == [("王五", "李四")]
    assert good.started_at.dtype == np.dtype("datetime64[us]")
