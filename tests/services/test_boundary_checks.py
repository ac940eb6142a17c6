"""What is found when a version is staged, and that it is the same when it is read again."""

import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from geo.analysis.boundaries import BoundaryReport
from geo.services import boundaries, boundary_checks, boundary_plans
from geo.storage.queries import boundaries as queries
from tests.squares import COUNTY, GRIDS, TOWNS, VILLAGES, box, layer

pytestmark = pytest.mark.usefixtures("county")

M2_PER_SQUARE = 1_069_000.0
"""0.01° by 0.01° at 30° N: 965 m by 1,108.5 m."""


def shrunk_villages(session: Session) -> tuple[boundary_plans.Plan, BoundaryReport]:
    """The first village reaches into the second, the last is half as large, the third has a hole."""
    hole = shapely.box(120.023, 30.003, 120.027, 30.007)
    shapes = [shapely.box(120.0, 30.0, 120.012, 30.02), box(1, 0, high=2), box(2, 0, high=2) - hole, box(3, 0)]
    plan = boundary_plans.plan(session, layer("village", VILLAGES, shapes))
    return plan, boundary_checks.examine(session, plan)


def of_kind(report: BoundaryReport, kind: str) -> dict[tuple[str, ...], float]:
    return {one.codes: one.area_m2 for one in report.findings if one.kind == kind}


def test_findings_with_their_sizes(session: Session) -> None:
    _, report = shrunk_villages(session)
    assert report.levels == ("village",)
    assert report.based_on == 1
    overlaps = of_kind(report, "overlap")
    assert overlaps[VILLAGES[0], VILLAGES[1]] == pytest.approx(0.4 * M2_PER_SQUARE, rel=0.01)
    assert report.largest_overlap_m2 == max(overlaps.values())
    assert of_kind(report, "gap") == {(VILLAGES[2],): pytest.approx(0.16 * M2_PER_SQUARE, rel=0.01)}
    uncovered = of_kind(report, "uncovered")
    assert uncovered[TOWNS[1],] == pytest.approx(1.16 * M2_PER_SQUARE, rel=0.01)
    assert VILLAGES[3] not in {codes[0] for codes in uncovered}, "its grid covers what is left of it"
    # Grids below, which are taken over, are compared with their new parents.
    outside = of_kind(report, "outside_parent")
    assert outside[GRIDS[7], VILLAGES[3]] == pytest.approx(M2_PER_SQUARE, rel=0.01)
    assert (GRIDS[4], VILLAGES[2]) in outside
    assert of_kind(report, "hole").keys() == {(VILLAGES[2],)}


def test_changes_against_the_version_in_force(session: Session) -> None:
    _, report = shrunk_villages(session)
    assert {link.old_code: link.relation for link in report.changes} == {
        VILLAGES[0]: "moved",
        VILLAGES[1]: "same",
        VILLAGES[2]: "moved",
        VILLAGES[3]: "moved",
    }
    assert report.count("moved") == 3


def test_a_version_says_later_what_was_found_when_it_was_staged(session: Session) -> None:
    plan, before = shrunk_villages(session)
    staged = boundaries.stage(session, plan, before)
    after = boundary_checks.of_version(session, queries.get(session, COUNTY, staged.version))
    assert (after.version, after.status, after.based_on) == (staged.version, "staged", 1)
    assert after.counts == before.counts
    assert after.names == before.names
    assert after.problems == before.problems
    assert after.changes == tuple(sorted(before.changes, key=lambda link: str(link.old_code)))
    assert [(one.kind, one.codes, one.area_m2) for one in after.findings] == [
        (one.kind, one.codes, one.area_m2) for one in before.findings
    ]
    for one, other in zip(after.findings, before.findings, strict=True):
        assert shapely.hausdorff_distance(one.geometry, other.geometry) < 1e-7


def test_the_first_version_is_compared_with_nothing(session: Session) -> None:
    first = boundary_checks.of_version(session, queries.get(session, COUNTY, 1))
    assert (first.based_on, first.changes, first.count("new")) == (None, (), 0)
    assert boundary_checks.old_shapes(session, first) == {}


def test_shapes_for_the_map_are_those_of_the_levels_that_were_brought(session: Session) -> None:
    plan, report = shrunk_villages(session)
    staged = boundaries.stage(session, plan, report)
    drawn = boundary_checks.shapes_of(session, staged, report)
    assert sorted(drawn) == VILLAGES
    old = boundary_checks.old_shapes(session, report)
    assert sorted(old) == [VILLAGES[0], VILLAGES[2], VILLAGES[3]]
    assert shapely.area(np.array([old[VILLAGES[3]]])).sum() == pytest.approx(2e-4, rel=1e-3)
