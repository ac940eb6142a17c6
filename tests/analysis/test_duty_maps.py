"""Loads and holders, against pandas on made-up assignments."""

import random
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.duty_maps import CLASSES, LOADS, DutyArea, DutyReport, Held, assess, load_class

CODES = [f"A{number:02d}" for number in range(12)]
UPPER = ["V1", "V2"]
ROLES = ("grid_head", "full_time", "part_time")


def area(code: str, **changes: object) -> DutyArea:
    values: dict[str, object] = {
        "code": code, "name": code, "kind": None, "path": f"C/{code}", "parent_name": None, "households": 10,
    }  # fmt: skip
    return DutyArea(**(values | changes))  # type: ignore[arg-type]


def held(code: str, staff: str, role: str = "grid_head", organisation: str = "D1") -> Held:
    return Held(code, role, date(2026, 1, 1), staff, f"N{staff}", organisation, f"单位{organisation}")


def some(seed: int) -> list[Held]:
    rng = random.Random(seed)  # noqa: S311 - made-up rows
    found = {(rng.choice(CODES + UPPER), f"S{rng.randrange(8)}", rng.choice(ROLES)) for _ in range(rng.randrange(40))}
    return [held(code, staff, role, f"D{int(staff[1:]) % 3}") for code, staff, role in sorted(found)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("role", [None, "grid_head"])
@pytest.mark.parametrize("within", [CODES, CODES[:5]])
def test_loads_are_those_that_pandas_counts(seed: int, role: str | None, within: list[str]) -> None:
    given = some(seed)
    rows, cadres = assess([area(code) for code in within], given, frozenset(CODES), role=role)
    table = pd.DataFrame([(one.area, one.staff_no, one.role) for one in given], columns=["area", "staff", "role"])
    table = table[table["role"] == role] if role else table
    grids = table[table["area"].isin(CODES)]
    by_person = grids.groupby("staff")["area"].nunique()
    most = grids.assign(n=grids["staff"].map(by_person)).groupby("area")["n"].max()
    assert {row.area.code: row.load for row in rows} == {code: int(most.get(code, 0)) for code in within}
    assert [row.area.code for row in rows if row.unassigned] == [code for code in within if code not in most.index]
    inside = table[table["area"].isin(within)]
    assert {one.staff_no: one.areas for one in cadres} == {
        staff: int(by_person[staff]) for staff in inside["staff"].unique()
    }
    others = table[~table["area"].isin(CODES)].groupby("staff")["area"].nunique()
    assert {one.staff_no: one.other_levels for one in cadres} == {
        staff: int(others.get(staff, 0)) for staff in inside["staff"].unique()
    }


def test_cadres_stand_by_organisation_and_name_whatever_they_hold() -> None:
    given = [held("A00", "S2", organisation="D2"), *(held(code, "S9", organisation="D1") for code in CODES)]
    given += [held("A01", "S1", organisation="D1")]
    _, cadres = assess([area(code) for code in CODES], given, frozenset(CODES))
    assert [one.staff_no for one in cadres] == ["S1", "S9", "S2"]


def test_an_organisation_leaves_what_others_hold_held_elsewhere() -> None:
    given = [held("A00", "S1", organisation="D1"), held("A01", "S2", organisation="D2")]
    areas = [area("A00"), area("A01"), area("A02"), area("A03", exclusion="拆迁")]
    rows, cadres = assess(areas, given, frozenset(CODES), organisation="D1")
    assert [row.status for row in rows] == ["load_1", "other", "unassigned", "excluded"]
    assert [one.staff_no for one in cadres] == ["S1"]


def test_a_role_leaves_areas_without_it_unassigned() -> None:
    rows, _ = assess([area("A00")], [held("A00", "S1", "part_time")], frozenset(CODES), role="grid_head")
    assert rows[0].unassigned
    assert rows[0].held == ()


@given(st.integers(1, 500))
def test_every_load_has_one_class(n: int) -> None:
    fitting = [name for name, (low, high) in LOADS.items() if low <= n and (high is None or n < high)]
    assert fitting == [load_class(n)]


def test_the_list_begins_with_areas_that_nobody_holds() -> None:
    rows, cadres = assess([area(code) for code in CODES[:4]], [held("A00", "S1"), held("A02", "S1")], frozenset(CODES))
    day = date(2026, 10, 31)
    report = DutyReport("C", "县", "C", "县", "grid", day, 1, day, None, None, rows, cadres)
    assert [row.area.code for row in report.listed()] == ["A01", "A03", "A00", "A02"]
    assert sum(report.count(name) for name in CLASSES) == len(rows)
    assert report.unassigned == 2
