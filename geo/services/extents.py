"""Whose problem an issue is: proposed from where it stands among the issues of a year, decided by a person.

The whole county is looked at, by village (by town where there are none), whatever the scope of who asks: whether
something is regional shows only beside everywhere else.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from geo.analysis.extent import Evidence, alike, propose
from geo.analysis.hotspots import HotArea, HotCluster, HotspotReport
from geo.analysis.issue_flow import Category, ExtentProposal
from geo.services import grounds, hotspots
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import boundaries
from geo.storage.queries import hotspots as queries
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.hotspots import Told
from geo.storage.queries.issues import IssueRecord

_HOT = ("hot_95", "hot_99")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people said what had been proposed."""

    judged: int
    agreed: int

    @property
    def rate(self) -> float | None:
        """Share of the judged, 0 to 1."""
        return self.agreed / self.judged if self.judged else None


def proposals(session: Session, county: CountyInfo, records: Iterable[IssueRecord]) -> dict[UUID, ExtentProposal]:
    """What is proposed for some issues, by their ids."""
    of_category: dict[Category, list[IssueRecord]] = defaultdict(list)
    for record in records:
        of_category[record.category].append(record)
    found: dict[UUID, ExtentProposal] = {}
    for category, several in of_category.items():
        found |= _of_category(session, county, category, several)
    return found


def agreement(session: Session, county: str) -> Agreement:
    """Of all issues that were judged, by their last judgement that had a proposal beside it."""
    judged, agreed = queries.judged(session, county)
    return Agreement(judged, agreed)


def _of_category(
    session: Session, county: CountyInfo, category: Category, records: Sequence[IssueRecord]
) -> dict[UUID, ExtentProposal]:
    # Who may not see petitions is told nothing of those of others here either.
    with reach.unlimited(session):
        version = boundaries.active(session, county.code)
        level: Level = "village" if len(grounds.of(session, county, version, "village").areas) else "town"
        begin, until = hotspots.window_of(session, county, None, None)
        report = hotspots.report(session, county, begin, until, level=level, categories=(category,))
        window = hotspots.window_between(county, begin, until)
        told = queries.told(session, county.code, window, category, level)
    return _proposed(report, told, records, level)


def _proposed(
    report: HotspotReport, told: Sequence[Told], records: Sequence[IssueRecord], level: Level
) -> dict[UUID, ExtentProposal]:
    # An issue from before the window is compared with those of the window too.
    known = {one.id for one in told}
    every = [*told, *(Told.of(one, level) for one in records if one.id not in known)]
    groups = dict(zip((one.id for one in every), alike([one.title for one in every]).tolist(), strict=True))
    members: dict[int, list[Told]] = defaultdict(list)
    for one in every:
        members[groups[one.id]].append(one)
    places = Counter(one.place for one in every if one.place)
    areas = {one.facts.code: one for one in report.rows}
    clusters = {code: one for one in reversed(report.clusters) if one.significant for code in one.members}
    looked_at = sum(one.denominator is not None for one in report.rows)
    return {
        one.id: propose(_evidence(Told.of(one, level), members[groups[one.id]], places, areas, clusters, looked_at))
        for one in records
    }


def _evidence(
    issue: Told,
    like: Sequence[Told],
    places: Mapping[str, int],
    areas: Mapping[str, HotArea],
    clusters: Mapping[str, HotCluster],
    looked_at: int,
) -> Evidence:
    area = areas.get(issue.area or "")
    found = {one.area for one in like if one.area}
    return Evidence(
        cluster=clusters.get(issue.area or ""),
        hot=area if area is not None and area.status in _HOT else None,
        alike=len(like) - 1,
        areas=len(found),
        parents=len({areas[code].facts.path.rpartition("/")[0] for code in found if code in areas}),
        known_areas=looked_at,
        same_place=places[issue.place] - 1 if issue.place else 0,
    )
