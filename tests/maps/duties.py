"""Reports of the made-up county for the tests of the maps of grids."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from geo.analysis.area_pages import AreaName, AreaReport, Descent, Holder, LastVisit, OpenIssue, PlaceCount
from geo.analysis.comparison import Comparison, compare
from geo.analysis.coverage import AreaCoverage, AreaFacts, assess
from geo.analysis.duty_maps import DutyArea, DutyReport, Held
from geo.analysis.duty_maps import assess as assess_duties
from geo.months import Month
from tests.maps import county

DAY = date(2026, 10, 31)


def duty_area(facts: AreaFacts, **changes: object) -> DutyArea:
    reason = facts.exclusion.reason if facts.exclusion else None
    one = DutyArea(facts.code, facts.name, facts.kind, facts.path, facts.parent_name, facts.households, reason)
    return replace(one, **changes)  # type: ignore[arg-type]


def duty_report(areas: Sequence[DutyArea] | None = None, held: Sequence[Held] | None = None) -> DutyReport:
    """Sixty villages; a dozen people hold from one to eleven of them each, and each seventh area has nobody."""
    given = [duty_area(county.facts(at)) for at in range(60)] if areas is None else list(areas)
    if held is None:
        owner = [0, *(1,) * 2, *(2,) * 4, *(3,) * 7, *(4,) * 11, *range(5, 60)]
        held = [
            Held(
                one.code,
                "village_link",
                date(2026, 1, 1),
                f"S{owner[at]}",
                f"干部{owner[at]}",
                "D1",
                "单位1",
            )
            for at, one in enumerate(given)
            if at % 7 != 6
        ]
    rows, cadres = assess_duties(given, held, frozenset(one.code for one in given))
    name = "云溪县（示例）"
    return DutyReport(
        "990101", name, "990101", name, "village", DAY, 2, date(2026, 1, 1), None, None, rows, cadres,
        (("D1", "单位1"),),
    )  # fmt: skip


def comparison() -> Comparison:
    """October beside September, in which every third area was visited otherwise."""
    after = county.report()
    earlier = [
        replace(one.facts, visits=(0 if one.facts.visits else 5) if at % 3 == 0 else one.facts.visits)
        for at, one in enumerate(after.rows)
    ]
    before = county.report(earlier, month=Month(2026, 9), as_of=date(2026, 9, 30))
    return compare(before, after)


def area_report(text: str = "石桥村", *, children: int = 4) -> AreaReport:
    """A village with everything that a page may show."""
    own: AreaCoverage = county.report([county.facts(1, name=text, code="990101100201")]).rows[0]
    below = county.report(
        [county.facts(at, level="grid", name=f"{text}{at}", code=f"9901011002010{at:02d}") for at in range(children)]
    )
    months = [Month(2025, 11), Month(2025, 12), *(Month(2026, number) for number in range(1, 11))]
    trend = tuple(
        (month, assess(replace(own.facts, visits=at % 4), own.rule, month=month, as_of=month.last_day))
        for at, month in enumerate(months)
    )
    name = AreaName("990101100201", text, "village")
    return AreaReport(
        county="990101", county_name="云溪县", version=2, in_force_from=date(2026, 1, 1), month=county.MONTH,
        as_of=DAY, coverage=own, area_m2=2_500_000, above=(AreaName("990101100", text, "town"),), trend=trend,
        held=(Holder(name, text, "village_link", text, date(2026, 2, 3)),),
        places=(PlaceCount("household", 41, None), PlaceCount("enterprise", 2, (text, "乙公司"))),
        visits=(LastVisit(date(2026, 10, 9), text, (text,), text), LastVisit(date(2026, 10, 8), "李", (), None)),
        open_issues=12,
        issues=(OpenIssue("0190f3c2", date(2026, 9, 1), "ecology", text, "assigned", date(2026, 9, 20), overdue=True),),
        descent=(Descent(2, date(2026, 1, 1), "merged", before=True, other=("990101100299", text)),),
        child_level="grid" if children else None, children=below.rows, beside={"990101100202": text},
    )  # fmt: skip
