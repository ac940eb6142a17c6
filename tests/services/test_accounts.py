"""Roles, passwords, tokens, sessions and failed sign-ins, against the real database."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import AccountTaken, InvalidChoice, UnknownAccount, UnknownArea, UnknownCadre, UnknownToken
from geo.services import accounts, boundary_plans, sign_ins
from geo.services import boundaries as boundary_service
from geo.services.accounts import MAY, ROLES
from geo.services.boundaries import Activation
from geo.storage import reach
from geo.storage.queries import accounts as stored
from geo.storage.queries import areas, boundaries
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach
from tests import squares
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES

PASSWORD = "ein-gutes-Passwort"
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def office(session: Session, county: CountyInfo) -> stored.AccountInfo:
    return accounts.add(
        session, "Office", "supervisor", county=county.code, scope=TOWNS[0], password=PASSWORD, actor="t"
    )


def test_each_role_may_what_the_one_before_may() -> None:
    ladder = [MAY[role] for role in ("viewer", "service", "supervisor", "planner", "admin")]
    assert all(lower < higher for lower, higher in pairwise(ladder))
    assert set(MAY) == set(ROLES)
    assert "manage" not in MAY["planner"]


def test_what_is_stored_is_no_secret(session: Session, office: stored.AccountInfo) -> None:
    _, token = accounts.make_token(session, office, "gis", days=1, actor="t")
    outcome = sign_ins.sign_in(session, "office", PASSWORD, "::1", now=NOW)
    assert outcome.secret
    for table in ("accounts", "tokens", "sign_ins", "failed_sign_ins", "audit"):
        rows = session.execute(text(f"SELECT row_to_json(t)::text FROM {table} t")).scalars().all()  # noqa: S608 - names from above
        assert rows
        for secret in (PASSWORD, token, outcome.secret):
            assert not any(secret in row for row in rows), table
    assert session.scalar(text("SELECT password_hash FROM accounts WHERE name = 'Office'")).startswith("$argon2id$")


def test_a_token_stands_until_it_expires_or_is_revoked(session: Session, office: stored.AccountInfo) -> None:
    number, token = accounts.make_token(session, office, " gis ", days=2, actor="t", now=NOW)
    access = accounts.of_token(session, token, now=NOW)
    assert access is not None
    assert (access.name, access.role, access.reach) == ("Office", "supervisor", Reach(COUNTY, "town", TOWNS[0]))
    assert access.expires_at == NOW + timedelta(days=2)
    assert accounts.of_token(session, token, now=NOW + timedelta(days=2) - timedelta(seconds=1)) is not None
    assert accounts.of_token(session, token, now=NOW + timedelta(days=2)) is None
    accounts.revoke_token(session, number, account=office.id, actor="t")
    assert accounts.of_token(session, token, now=NOW) is None
    assert [one.label for one in stored.tokens(session, office.id)] == ["gis"]


def test_when_a_token_was_used_is_noted_now_and_then(session: Session, office: stored.AccountInfo) -> None:
    _, token = accounts.make_token(session, office, "gis", days=2, actor="t", now=NOW)
    seen = []
    for minutes in (0, 4, 6):
        accounts.of_token(session, token, now=NOW + timedelta(minutes=minutes))
        seen.append(stored.tokens(session, office.id)[0].used_at)
    assert seen == [NOW, NOW, NOW + timedelta(minutes=6)]


def test_nobody_revokes_the_token_of_another(session: Session, county: CountyInfo, office: stored.AccountInfo) -> None:
    other = accounts.add(session, "other", "viewer", county=county.code, actor="t")
    number, _ = accounts.make_token(session, office, "gis", days=1, actor="t")
    with pytest.raises(UnknownToken):
        accounts.revoke_token(session, number, account=other.id, actor="t")


@pytest.mark.parametrize(("days", "label"), [(0, "x"), (367, "x"), (-1, "x"), (1, "  ")])
def test_tokens_that_cannot_be(session: Session, office: stored.AccountInfo, days: int, label: str) -> None:
    with pytest.raises(InvalidChoice):
        accounts.make_token(session, office, label, days=days, actor="t")


def test_an_inactive_account_is_nobody(session: Session, office: stored.AccountInfo) -> None:
    _, token = accounts.make_token(session, office, "gis", days=1, actor="t")
    secret = sign_ins.sign_in(session, "Office", PASSWORD, "::1").secret
    assert secret
    assert sign_ins.of_session(session, secret) is not None
    accounts.change(session, "office", active=False, actor="t")
    assert accounts.of_token(session, token) is None
    assert sign_ins.of_session(session, secret) is None
    assert sign_ins.sign_in(session, "Office", PASSWORD, "::1").secret is None


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"scope": VILLAGES[0]}, {"password": "another-password"}])
def test_a_change_ends_the_sessions(session: Session, office: stored.AccountInfo, change: dict[str, str]) -> None:
    assert office.active
    secret = sign_ins.sign_in(session, "Office", PASSWORD, "::1").secret
    assert secret
    accounts.change(session, "Office", actor="t", **change)  # type: ignore[arg-type]
    assert sign_ins.of_session(session, secret) is None


def test_a_session_ends_after_twelve_hours_or_when_signed_out(session: Session, office: stored.AccountInfo) -> None:
    first, second = (sign_ins.sign_in(session, office.name, PASSWORD, "::1").secret or "" for _ in range(2))
    moment = datetime.now(UTC)
    assert sign_ins.of_session(session, first, now=moment + timedelta(hours=11, minutes=59)) is not None
    assert sign_ins.of_session(session, first, now=moment + timedelta(hours=12, minutes=1)) is None
    sign_ins.sign_out(session, first)
    assert sign_ins.of_session(session, first) is None
    assert sign_ins.of_session(session, second) is not None


# failures


def fail(session: Session, name: str, times: int, *, at: datetime = NOW, address: str = "::1") -> list[timedelta]:
    return [sign_ins.sign_in(session, name, "falsch", address, now=at).wait for _ in range(times)]


@pytest.mark.parametrize("name", ["Office", "nobody"])
def test_after_five_failures_a_name_waits_whether_it_is_there_or_not(
    session: Session, office: stored.AccountInfo, name: str
) -> None:
    assert office.active
    assert fail(session, name, 6) == [timedelta()] * 5 + [timedelta(seconds=30)]
    right = sign_ins.sign_in(session, name, PASSWORD, "::1", now=NOW + timedelta(seconds=29))
    assert (right.secret, right.wait) == (None, timedelta(seconds=1))


def test_waiting_doubles_up_to_a_quarter_of_an_hour(session: Session, office: stored.AccountInfo) -> None:
    fail(session, office.name, 5)
    moment, waits = NOW, []
    for _ in range(8):
        waits.append(sign_ins.sign_in(session, office.name, "falsch", "::1", now=moment).wait.total_seconds())
        moment += timedelta(seconds=waits[-1])
        assert sign_ins.sign_in(session, office.name, "falsch", "::1", now=moment).wait == timedelta()
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_right_password_after_the_wait_clears_the_count(session: Session, office: stored.AccountInfo) -> None:
    fail(session, office.name, 5)
    later = NOW + timedelta(seconds=31)
    assert sign_ins.sign_in(session, office.name, PASSWORD, "::1", now=later).secret
    assert fail(session, office.name, 1, at=later) == [timedelta()]


def test_failures_are_forgotten_after_an_hour(session: Session, office: stored.AccountInfo) -> None:
    fail(session, office.name, 5)
    assert fail(session, office.name, 1, at=NOW + timedelta(hours=1, seconds=1)) == [timedelta()]


def test_an_address_that_tries_many_names_waits_too(session: Session, office: stored.AccountInfo) -> None:
    assert office.active
    waits = [fail(session, f"name{number}", 1)[0] for number in range(51)]
    assert waits == [timedelta()] * 50 + [timedelta(seconds=30)]
    assert sign_ins.sign_in(session, "Office", PASSWORD, "10.0.0.9", now=NOW).secret


def test_a_name_that_is_not_there_is_looked_at_as_long(
    session: Session, office: stored.AccountInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hash once: counted, since a clock would make the test a matter of luck."""
    asked: list[str] = []
    verified = sign_ins._verified
    monkeypatch.setattr(sign_ins, "_verified", lambda stored_, word: asked.append(stored_) or verified(stored_, word))
    for name in (office.name, "nobody"):
        sign_ins.sign_in(session, name, "falsch", "::1", now=NOW)
    assert len(asked) == 2
    assert all(one.startswith("$argon2id$") for one in asked)
    assert asked[0].split("$")[3] == asked[1].split("$")[3]  # the same cost


# accounts that cannot be


@pytest.mark.parametrize("name", ["", "a", "mit leer", "a" * 65, "a\nb", "<b>"])
def test_names_that_cannot_be(session: Session, county: CountyInfo, name: str) -> None:
    with pytest.raises(InvalidChoice, match="name"):
        accounts.add(session, name, "viewer", county=county.code, actor="t")


@pytest.mark.parametrize("password", ["", "kurz", "x" * 201, "zehn-lange"])
def test_passwords_that_cannot_be(session: Session, county: CountyInfo, password: str) -> None:
    with pytest.raises(InvalidChoice) as refused:
        accounts.add(session, "zehn-lange", "viewer", county=county.code, password=password, actor="t")
    assert not password or password not in str(refused.value)


def test_a_name_in_other_letters_is_taken(session: Session, office: stored.AccountInfo) -> None:
    with pytest.raises(AccountTaken):
        accounts.add(session, office.name.upper(), "viewer", county=COUNTY, actor="t")
    assert accounts.get(session, "OFFICE").id == office.id


def test_what_is_not_there(session: Session, county: CountyInfo) -> None:
    with pytest.raises(UnknownArea):
        accounts.add(session, "one", "viewer", county=county.code, scope="990199109", actor="t")
    with pytest.raises(UnknownCadre):
        accounts.add(session, "one", "cadre", county=county.code, staff_no="C9", actor="t")
    with pytest.raises(InvalidChoice, match="staff_no"):
        accounts.add(session, "one", "cadre", county=county.code, actor="t")
    with pytest.raises(InvalidChoice, match="scope"):
        accounts.add(session, "one", "viewer", county=None, scope=TOWNS[0], actor="t")
    with pytest.raises(InvalidChoice, match="password"):
        accounts.add(session, "one", "service", county=county.code, password=PASSWORD, actor="t")
    with pytest.raises(UnknownAccount):
        accounts.change(session, "one", active=False, actor="t")
    assert stored.find(session, "one") is None


def test_what_was_done_is_written_down(session: Session, office: stored.AccountInfo) -> None:
    accounts.change(session, office.name, role="planner", password="another-password", actor="boss")
    log = stored.log(session, 2)
    assert [(actor, action) for _, actor, action, _ in log] == [("boss", "account changed"), ("t", "account added")]
    assert "planner" in log[0][3]
    assert "another-password" not in log[0][3]


# reach


def seen(session: Session, limit: Reach | None) -> set[str]:
    version = boundaries.active(session, COUNTY)
    reach.limit(session, limit)
    try:
        return {one.code for one in areas.page(session, version, limit=None)}
    finally:
        reach.limit(session, None)


def test_a_reach_is_one_area_and_all_below_it(session: Session, county: CountyInfo) -> None:
    everything = {county.code, *TOWNS, *VILLAGES, *GRIDS}
    assert seen(session, None) == seen(session, Reach(COUNTY, "county", COUNTY)) == everything
    for level, code in (("town", TOWNS[0]), ("village", VILLAGES[0]), ("grid", GRIDS[0])):
        assert seen(session, Reach(COUNTY, level, code)) == {  # type: ignore[arg-type]
            one for one in everything if one.startswith(code)
        }
    assert seen(session, Reach("990198", "county", "990198")) == set()


def test_the_limit_comes_back_after_a_look_beyond_it(session: Session, county: CountyInfo) -> None:
    limit = Reach(county.code, "town", TOWNS[0])
    version = boundaries.active(session, county.code)
    reach.limit(session, limit)
    with reach.unlimited(session):
        assert areas.find(session, version, TOWNS[1]) is not None
    assert reach.of(session) == limit
    assert areas.find(session, version, TOWNS[1]) is None


# scopes and boundaries


def reload(session: Session, codes: dict[str, str], *, without: str | None = None) -> Activation:
    """The same county with other codes for some villages and their grids; one village may go to its neighbour."""
    villages = [codes.get(one, one) for one in VILLAGES]
    grids = [codes.get(one[:12], one[:12]) + one[12:] for one in GRIDS]
    shapes = [squares.box(i, 0, high=2) for i in range(4)]
    if without is not None:
        at = VILLAGES.index(without)
        shapes[at + 1] = squares.box(at, 0, wide=2, high=2)
        del villages[at], shapes[at]
        grids = [f"{VILLAGES[at + 1]}{900 + n}" if n < 2 else one for n, one in enumerate(grids)]
    layers = [
        squares.layer("town", TOWNS, [squares.box(i * 2, 0, wide=2, high=2) for i in range(2)]),
        squares.layer("village", villages, shapes),
        squares.layer("grid", grids, [squares.box(i // 2, i % 2) for i in range(8)]),
    ]
    staged = boundary_service.stage(session, boundary_plans.plan(session, *layers, county_name="方格县"))
    return boundary_service.activate(session, COUNTY, staged.version, from_day=date(2026, 1, 1))


def test_a_scope_follows_an_area_that_is_renumbered_and_comes_back(session: Session, county: CountyInfo) -> None:
    accounts.add(session, "one", "viewer", county=county.code, scope=VILLAGES[0], actor="t")
    accounts.add(session, "two", "viewer", county=county.code, scope=GRIDS[0], actor="t")
    new = f"{TOWNS[0]}909"
    done = reload(session, {VILLAGES[0]: new})
    assert [stored.find(session, name).scope for name in ("one", "two")] == [new, f"{new}001"]  # type: ignore[union-attr]
    assert {(row.subject, row.outcome) for row in done.carried if row.kind == "account"} == {
        ("one", "carried"),
        ("two", "carried"),
    }
    limit = Reach(COUNTY, "village", new)
    assert seen(session, limit) == {new, f"{new}001", f"{new}002"}
    boundary_service.rollback(session, COUNTY)
    assert [stored.find(session, name).scope for name in ("one", "two")] == [VILLAGES[0], GRIDS[0]]  # type: ignore[union-attr]


def test_a_scope_does_not_grow_with_a_merger(session: Session, county: CountyInfo) -> None:
    """Whoever saw a village must not see the one that it went to: a person decides."""
    accounts.add(session, "one", "viewer", county=county.code, scope=VILLAGES[0], actor="t")
    done = reload(session, {}, without=VILLAGES[0])
    (row,) = [row for row in done.carried if row.kind == "account"]
    assert (row.subject, row.outcome, row.reason, row.new_code) == ("one", "decide", "merged", VILLAGES[1])
    assert stored.find(session, "one").scope == VILLAGES[0]  # type: ignore[union-attr]
    assert seen(session, Reach(COUNTY, "village", VILLAGES[0])) == set()
