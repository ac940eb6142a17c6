"""What the collections of OGC API – Features hold: areas, the coverage of a month, visits, issues.

Each finds its features in the same form, so that the routes know nothing of what they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, get_args
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.schemas.coverage import AreaCoverageOut
from api.schemas.issues import IssueOut
from api.schemas.visits import VisitOut
from geo.analysis.coverage import AreaCoverage, CoverageLevel
from geo.errors import InvalidChoice, Lang, UnknownFeature
from geo.months import Month, local_day
from geo.services import coverage
from geo.services import issues as issue_service
from geo.services import visits as visit_service
from geo.services.accounts import Access
from geo.space.codes import Level
from geo.storage.queries import areas, boundaries, features, issues, visits
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.features import Asked, Found
from geo.storage.queries.issues import IssueRecord
from geo.storage.queries.visits import VisitRecord


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom and in which county."""

    session: Session
    county: CountyInfo
    access: Access


class Collection(ABC):
    """A collection.

    :ivar key: the property that is the features' id
    :ivar filters: properties that may be asked for
    """

    key: str = "code"

    def __init__(self, zh: str, en: str, filters: Sequence[str]) -> None:
        self.zh, self.en, self.filters = zh, en, tuple(filters)

    @abstractmethod
    def find(self, reader: Reader, asked: Asked) -> Found:
        """Features by id, ``asked.limit`` at most, and how many there are on all pages."""

    def one(self, reader: Reader, fid: str) -> Found:
        """The feature with that id; raises `UnknownFeature`."""
        found = self.find(reader, Asked({self.key: fid}))
        if not found.properties:
            raise UnknownFeature(fid=fid)
        return found

    def described(self, county: str, version: int, lang: Lang) -> str:
        """What it holds, in one line."""
        if lang == "zh-CN":
            return f"{county} {self.zh}，第 {version} 版边界"
        return f"{self.en} of the county {county}, boundary version {version}"

    def level(self) -> Level:
        """Level of the areas that say how far it reaches."""
        return "town"


class Areas(Collection):
    """Areas of a level, of the boundaries in force at the end of the interval."""

    def __init__(self, level: Level, zh: str, en: str) -> None:
        super().__init__(zh, en, features.FILTERS)
        self._level = level

    def level(self) -> Level:
        """Its own."""
        return self._level

    def find(self, reader: Reader, asked: Asked) -> Found:
        """By code."""
        version = _version(reader, asked)
        found = features.areas(
            reader.session,
            version,
            self._level,
            equal=asked.equal,
            box=asked.box,
            after=asked.after,
            limit=asked.limit,
        )
        properties = [{**one, "boundary_version": version.version} for one in found.properties]
        return Found(properties, found.geometries, found.matched)


class Coverage(Collection):
    """Coverage of the month in which the interval ends, with the boundaries of then; of villages unless asked for."""

    def __init__(self) -> None:
        super().__init__(
            "走访覆盖", "Coverage of a month", ("code", "name", "level", "status", "parent", "town", "village")
        )

    def find(self, reader: Reader, asked: Asked) -> Found:
        """By code."""
        session, county = reader.session, reader.county
        level = asked.equal.get("level", "village")
        if level not in get_args(CoverageLevel):
            raise InvalidChoice(field="level", value=level, choices=", ".join(get_args(CoverageLevel)))
        month = Month.of(local_day(asked.end, county.zone)) if asked.end else coverage.latest_month(session, county)
        report = coverage.report(session, county, month, level=cast("CoverageLevel", level), area=reader.access.area)
        version = boundaries.get(session, county.code, report.version)
        rows = [row for row in report.rows if all(_is(row, name, value) for name, value in asked.equal.items())]
        if asked.box is not None:
            shapes = areas.shapes(session, version, [row.facts.code for row in rows], drawn=False)
            rows = [row for row in rows if shapely.intersects(shapes[row.facts.code], asked.box)]
        rows.sort(key=lambda row: row.facts.code)
        shown = [row for row in rows if asked.after is None or row.facts.code > asked.after][: asked.limit]
        shapes = areas.shapes(session, version, [row.facts.code for row in shown], drawn=False)
        properties = [
            {**AreaCoverageOut.of(row).model_dump(mode="json"), "month": str(month), "boundary_version": report.version}
            for row in shown
        ]
        return Found(properties, _objects([shapes[row.facts.code] for row in shown]), len(rows))


class Visits(Collection):
    """Visits that began in the interval, by id; those without a position have no geometry."""

    key = "id"

    def __init__(self) -> None:
        super().__init__("走访", "Visits", ("staff_no", "tag", "town", "village", "grid"))

    def find(self, reader: Reader, asked: Asked) -> Found:
        """By id."""
        session, county = reader.session, reader.county
        if not _by_uuid(asked):
            return _NOTHING
        records, matched = visits.matching(session, county.code, asked)
        seen = visit_service.as_seen_by(session, county.code, records, reader.access)
        return Found([VisitOut.of(one).model_dump(mode="json") for one in seen], _points(seen), matched)


class Issues(Collection):
    """Issues that were reported in the interval, by id, as far as whoever asks may see them."""

    key = "id"

    def __init__(self) -> None:
        super().__init__("问题", "Issues", [name for name in issues.MATCHED if name != "id"])

    def find(self, reader: Reader, asked: Asked) -> Found:
        """By id."""
        session, county = reader.session, reader.county
        if not _by_uuid(asked):
            return _NOTHING
        records, matched = issues.matching(session, county.code, asked)
        seen = issue_service.as_seen_by(session, county.code, records, reader.access)
        today = coverage.today(county)
        properties = [IssueOut.of(one, county, today).model_dump(mode="json") for one in seen]
        return Found(properties, _points(seen), matched)


COLLECTIONS: Final[Mapping[str, Collection]] = {
    "towns": Areas("town", "镇街", "Towns and subdistricts"),
    "villages": Areas("village", "村社", "Villages and communities"),
    "grids": Areas("grid", "网格", "All-purpose grids"),
    "coverage": Coverage(),
    "visits": Visits(),
    "issues": Issues(),
}


def _version(reader: Reader, asked: Asked) -> VersionInfo:
    if asked.end is None:
        return boundaries.active(reader.session, reader.county.code)
    return boundaries.in_force_on(reader.session, reader.county.code, local_day(asked.end, reader.county.zone))


def _is(row: AreaCoverage, name: str, value: str) -> bool:
    facts = row.facts
    path = facts.path.split("/")
    if name == "parent":
        return path[-2:-1] == [value]
    if name in ("town", "village"):
        return value in path[1:]
    return value == {"code": facts.code, "name": facts.name, "level": facts.level, "status": row.status}[name]


def _by_uuid(asked: Asked) -> bool:
    """Whether the ids that are asked for can be those of visits and issues."""
    try:
        [UUID(text) for text in (asked.equal.get("id"), asked.after) if text is not None]
    except ValueError:
        return False
    return True


def _points(records: Sequence[VisitRecord] | Sequence[IssueRecord]) -> Any:
    return _objects(
        [None if one.lon is None or one.lat is None else shapely.Point(one.lon, one.lat) for one in records]
    )


def _objects(values: Sequence[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


_NOTHING: Final = Found([], _objects([]), 0)
