"""Many events at once: each is checked as a single one is, and all are added or none."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from geo.errors import EventRefused, InvalidChoice, NotAllowed, UnknownIssue, UnknownOrganisation
from geo.intake.issues import EventRow, parse
from geo.services import issue_events, issues, sheets
from geo.services.accounts import Access
from geo.storage.queries.counties import CountyInfo
from tests.squares import VILLAGES

FIRST, SECOND = UUID(int=1), UUID(int=2)
VIEWER = Access(1, "guest", "viewer", None, None)


@pytest.fixture
def reported(session: Session, county: CountyInfo) -> CountyInfo:
    organisations = [{"code": code, "name": code, "kind": "department"} for code in ("D1", "D2")]
    sheets.take_whole(session, county, "organisations", enumerate(organisations), "organisations.csv")
    rows = [
        {
            "id": str(one),
            "reported_at": "2025-03-10T09:00:00",
            "category": "ecology",
            "title": "溪水发浑",
            "claimed_area": VILLAGES[0],
        }
        for one in (FIRST, SECOND)
    ]
    good, refused = parse(enumerate(rows), zone=county.zone, now=datetime.now(UTC))
    assert {one.outcome for one in issues.report(session, county, good, refused)} == {"stored"}
    return county


def event(kind: str, day: int, **fields: str) -> EventRow:
    said = {"kind": kind, "at": f"2025-03-{day}T10:00:00+08:00", **fields}
    return EventRow.model_validate(said)


def test_issues_side_by_side(session: Session, reported: CountyInfo) -> None:
    issue_events.add_all(
        session,
        reported,
        [
            (FIRST, event("assigned", 11, organisation="D1")),
            (SECOND, event("merged", 12, into=str(FIRST))),
            (FIRST, event("transferred", 13, organisation="D2")),
            (FIRST, event("transferred", 14, organisation="D1")),
        ],
    )
    issue_events.add_all(session, reported, [(FIRST, event("replied", 15, note="已到现场"))])
    first, second = (issue_events.history(session, reported.code, one) for one in (FIRST, SECOND))
    assert [one.number for one in first.events] == [1, 2, 3, 4, 5]
    assert {one.actor for one in first.events} == {"system"}
    assert (first.record.status, first.record.handler, first.record.in_circles) == ("assigned", "D1", True)
    assert first.record.answered_at == datetime(2025, 3, 15, 2, tzinfo=UTC)
    assert (second.record.status, second.record.merged_into, second.record.events) == ("merged", FIRST, 2)
    assert first.record.change != second.record.change


@pytest.mark.parametrize(
    ("id_", "row", "by", "error"),
    [
        (FIRST, event("closed", 12), None, EventRefused),
        (FIRST, event("accepted", 10), None, EventRefused),
        (FIRST, event("transferred", 12, organisation="D9"), None, UnknownOrganisation),
        (UUID(int=9), event("replied", 12, note="x"), None, UnknownIssue),
        (SECOND, event("merged", 12, into=str(UUID(int=9))), None, UnknownIssue),
        (SECOND, event("merged", 12, into=str(SECOND)), None, InvalidChoice),
        (FIRST, EventRow.model_validate({"kind": "accepted", "at": "2199-01-01T00:00:00Z"}), None, InvalidChoice),
        (FIRST, event("accepted", 12), VIEWER, NotAllowed),
    ],
)
def test_one_that_cannot_be_added_holds_back_all(
    session: Session, reported: CountyInfo, id_: UUID, row: EventRow, by: Access | None, error: type[Exception]
) -> None:
    before = [(FIRST, event("assigned", 11, organisation="D1"))]
    if by is not None:
        issue_events.add_all(session, reported, before)
    with pytest.raises(error):
        issue_events.add_all(session, reported, [*([] if by else before), (id_, row)], by=by)
    found = issue_events.history(session, reported.code, FIRST)
    assert len(found.events) == (2 if by else 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (event("assigned", 12, organisation="D1", due_on="2025-03-11"), "早于上报或交办之日 2025-03-12"),
        (event("assigned", 12, organisation="D1", due_on="2025-03-12"), ""),
        (event("transferred", 12, organisation="D2", due_on="2025-03-11"), "早于上报或交办之日 2025-03-12"),
        (event("extended", 12, note="等材料", due_on="2025-03-09"), "早于上报或交办之日 2025-03-10"),
        (event("extended", 12, note="等材料", due_on="2025-03-10"), ""),
    ],
)
def test_a_last_day_is_none_that_had_passed(session: Session, reported: CountyInfo, row: EventRow, said: str) -> None:
    if row.kind != "assigned":
        issue_events.add_all(session, reported, [(FIRST, event("assigned", 11, organisation="D1"))])
    if not said:
        issue_events.add_all(session, reported, [(FIRST, row)])
        assert issue_events.history(session, reported.code, FIRST).record.due_on == row.due_on
        return
    with pytest.raises(EventRefused) as refused:
        issue_events.add_all(session, reported, [(FIRST, row)])
    assert said in refused.value.text("zh-CN")


def test_an_extension_ends_after_the_last_day_before_it(session: Session, reported: CountyInfo) -> None:
    given = event("assigned", 11, organisation="D1", due_on="2025-03-20")
    issue_events.add_all(session, reported, [(FIRST, given)])
    with pytest.raises(EventRefused, match="after the present one"):
        issue_events.add_all(session, reported, [(FIRST, event("extended", 12, note="等材料", due_on="2025-03-20"))])


def test_a_report_some_minutes_ahead_holds_nothing_up(session: Session, county: CountyInfo) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    row = {"id": str(FIRST), "reported_at": ahead.isoformat(), "category": "ecology", "title": "溪水发浑"}
    good, refused = parse([(1, row | {"claimed_area": VILLAGES[0]})], zone=county.zone, now=datetime.now(UTC))
    issues.report(session, county, good, refused)
    for said in ({"kind": "assigned", "organisation": "D1"}, {"kind": "accepted"}):
        issue_events.add_all(session, county, [(FIRST, EventRow.model_validate(said))])
    found = issue_events.history(session, county.code, FIRST)
    assert found.record.status == found.state.status == "accepted"
    assert [one.event.at >= ahead for one in found.events] == [True] * 3
    assert issues.report(session, county, good)[0].outcome == "duplicate"


def test_nothing_merges_into_what_is_merged_by_the_same_batch(session: Session, reported: CountyInfo) -> None:
    with pytest.raises(InvalidChoice):
        issue_events.add_all(
            session,
            reported,
            [
                (FIRST, event("merged", 11, into=str(SECOND))),
                (SECOND, event("merged", 12, into=str(FIRST))),
            ],
        )


def test_no_events_change_nothing(session: Session, reported: CountyInfo) -> None:
    change = issue_events.history(session, reported.code, FIRST).record.change
    issue_events.add_all(session, reported, [])
    assert issue_events.history(session, reported.code, FIRST).record.change == change
