"""Figures follow from lists; editions are compared; the stored form is always the same."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis import bulletin_snapshots as snapshots
from geo.analysis.bulletins import Bulletin, Differences, Figure, FigureChange, Listing, Part, differences, recount

ROWS = (("v1", "东村", "t1", 3, 10), ("v2", "西村", "t1", 0, None), ("v3", "𠮷村<&>", "t2", 1, 4))
AREAS = Listing("all", ("code", "name", "town", "visits", "households"), ROWS)
BULLETIN = Bulletin(
    county="990199",
    county_name="方格县",
    month="2025-03",
    level="village",
    as_of=date(2025, 3, 31),
    running=False,
    version=1,
    in_force_from=date(2025, 1, 1),
    scanned_with=1,
    tested=True,
    figures=(Figure("all", 3, "all"), Figure("visits", 4, "all", "sum", "visits")),
    lists=(AREAS,),
    towns=(Part("t1", "一镇"), Part("t2", "二镇")),
    organisations=(),
    asked=(),
)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (Figure("n", None, "all"), 3),
        (Figure("n", None, "all", where=(("town", "t1"),)), 2),
        (Figure("n", None, "all", where=(("town", "t9"),)), 0),
        (Figure("n", None, "all", "sum", "visits"), 4),
        (Figure("n", None, "all", "sum", "households"), 14),
        (Figure("n", None, "all", "sum", "households", (("code", "v2"),)), None),
        (Figure("n", None, "all", "sum", "visits", (("code", "v9"),)), 0),
        (Figure("n", None, "all", "median", "visits"), 1),
        (Figure("n", None, "all", "median", "visits", (("town", "t1"),)), 1.5),
        (Figure("n", None, "all", "median", "visits", (("town", "t9"),)), None),
        (Figure("n", 0.004, None, "test"), 0.004),
    ],
)
def test_a_figure_is_counted_from_its_list(figure: Figure, expected: float | None) -> None:
    assert recount(BULLETIN, figure) == expected


def test_a_ratio_leaves_out_what_is_not_counted() -> None:
    known = {name: Figure(name, value) for name, value in (("met", 3), ("all", 6), ("excluded", 2))}
    rate = Figure("rate", None, how="ratio", of=("met", "all", "excluded"))
    assert recount(BULLETIN, rate, known) == 0.75
    nothing = known | {"excluded": Figure("excluded", 6)}
    assert recount(BULLETIN, rate, nothing) is None


def test_differences_name_figures_and_rows() -> None:
    rows = (*ROWS[1:], ("v4", "新村", "t2", 0, 1))
    figures = (Figure("all", 3, "all"), Figure("visits", 1, "all", "sum", "visits"), Figure("new", 1, "all"))
    found = differences(BULLETIN, replace(BULLETIN, lists=(replace(AREAS, rows=rows),), figures=figures))
    assert found.figures == (FigureChange("visits", 4, 1), FigureChange("new", None, 1))
    (of_list,) = found.lists
    assert of_list.came == (Part("v4", "新村"),)
    assert of_list.left == (Part("v1", "东村"),)
    assert differences(BULLETIN, BULLETIN) == Differences()
    assert not Differences()


def test_the_stored_form_is_read_back_as_it_was() -> None:
    found = replace(BULLETIN, edition=2, reason="补录", differences=differences(BULLETIN, replace(BULLETIN, lists=())))
    stored = json.loads(snapshots.canonical(snapshots.plain(found)))
    assert snapshots.read(stored) == found
    assert snapshots.fingerprint(stored) == snapshots.fingerprint(snapshots.plain(found))


@given(st.permutations(["a", "b", "c", "d"]), st.floats(allow_nan=False, allow_infinity=False))
def test_the_hash_does_not_depend_on_the_order_of_names(names: list[str], value: float) -> None:
    plain = {name: {"of": name, "value": value} for name in "abcd"}
    assert snapshots.fingerprint({name: plain[name] for name in names}) == snapshots.fingerprint(plain)
    changed = plain | {"a": {"of": "a", "value": value, "more": 0}}
    assert snapshots.fingerprint(changed) != snapshots.fingerprint(plain)


def test_a_month_of_nothing_is_empty() -> None:
    assert not BULLETIN.is_empty
    assert replace(BULLETIN, figures=(Figure("all", 3, "all"), Figure("visits", 0, "all"))).is_empty
