"""Who is responsible everywhere in a county, in memory: the areas of the version in force and all assignments.

It is a value: made from one reading of the database, never changed. Whoever keeps one throws it away when the database
says that something has changed.
"""

from collections import defaultdict
from datetime import date

from sqlalchemy.orm import Session

from geo.services.tagging import tagger
from geo.storage import reach
from geo.storage.queries import areas, assignments, boundaries
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.assignments import AssignmentInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.reach import Reach


class Directory:
    """Areas and assignments of a county; what it answers equals `geo.services.assignments.at` of that moment."""

    def __init__(self, session: Session, county: CountyInfo) -> None:
        with reach.unlimited(session):
            version = boundaries.active(session, county.code)
            self._tagger = tagger(session, version)
            self._areas = {one.code: one for one in areas.page(session, version, limit=None)}
            held: dict[str, list[AssignmentInfo]] = defaultdict(list)
            for one in assignments.all_of(session, county.code):
                held[one.area].append(one)
        self.county, self.version, self._held = county, version, dict(held)

    def deepest(self, lon: float, lat: float) -> str | None:
        """Code of the smallest area that contains a position, WGS-84; None outside all of them."""
        return self._tagger.deepest_of(lon, lat)

    def candidates(self, lon: float, lat: float, radius_m: float, limit: Reach | None) -> list[tuple[AreaInfo, float]]:
        """Areas of the smallest level within a radius of a position and within the reach: metres, nearest first."""
        near = self._tagger.candidates(lon, lat, radius_m) if radius_m else []
        found = [(self._areas[code], distance) for code, distance in near]
        return [(area, distance) for area, distance in found if _within(area, limit)]

    def responsible(self, code: str, day: date, limit: Reach | None) -> list[tuple[AreaInfo, list[AssignmentInfo]]]:
        """An area and those above it that lie within the reach, the smallest first, with who holds a role on a day."""
        chain = [self._areas[one] for one in reversed(self._areas[code].path.split("/")) if one != self.county.code]
        return [
            (area, [one for one in self._held.get(area.code, ()) if one.holds_on(day)])
            for area in chain
            if _within(area, limit)
        ]


def _within(area: AreaInfo, limit: Reach | None) -> bool:
    return limit is None or limit.is_county or limit.code in area.path.split("/")
