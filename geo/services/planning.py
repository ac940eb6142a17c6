"""What is asked of areas, changed one thing at a time: the same checks as for a whole sheet, and a line in the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import UnknownArea
from geo.months import Month
from geo.services import coverage, sheets
from geo.space.codes import Level
from geo.storage.queries import accounts, areas, boundaries, planning
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.planning import SettingInfo

_FILE = "form"


@dataclass(frozen=True, slots=True)
class Denominator:
    """How many areas of a level count in a month, and how many are left out."""

    month: Month
    level: Level
    all: int
    excluded: int

    @property
    def counted(self) -> int:
        """Areas that the rate is of."""
        return self.all - self.excluded


def write(session: Session, county: CountyInfo, kind: str, fields: Mapping[str, Any], *, actor: str) -> None:
    """Write one rule, limit or route (a row of `geo.services.sheet_kinds.SHEETS`), and note it.

    :raises SheetRejected: the row cannot be taken; nothing is written
    """
    with session.begin_nested():
        sheets.take_whole(session, county, kind, [(1, fields)], _FILE)
        said = " ".join(f"{key}={value}" for key, value in fields.items() if value not in (None, ""))
        accounts.note(session, actor, f"{kind} changed", f"{county.code} {said}")


def exclude(
    session: Session, county: CountyInfo, code: str, *, reason: str, by: str, on: date, actor: str
) -> SettingInfo:
    """Leave an area out of the denominator from a day on; its tier stays.

    :raises UnknownArea: the boundaries in force have no such area
    :raises SheetRejected: the reason or the person cannot be stored
    """
    known = setting(session, county, code)
    fields = {"code": code, "tier": known.tier, "excluded_reason": reason, "excluded_by": by, "excluded_on": on}
    _set(session, county, fields, actor, "area excluded", f"{code} {on} {by}: {reason}")
    return known


def include(session: Session, county: CountyInfo, code: str, *, reason: str, actor: str) -> SettingInfo:
    """Count an area again; its tier stays."""
    known = setting(session, county, code)
    _set(session, county, {"code": code, "tier": known.tier}, actor, "area included", f"{code}: {reason}")
    return known


def set_tier(session: Session, county: CountyInfo, code: str, tier: str, *, reason: str, actor: str) -> SettingInfo:
    """Make an area key or ordinary; an exclusion stays.

    :raises SheetRejected: there is no such tier
    """
    known = setting(session, county, code)
    fields = {"code": code, "tier": tier, "excluded_reason": known.excluded_reason}
    fields |= {"excluded_by": known.excluded_by, "excluded_on": known.excluded_on}  # type: ignore[dict-item]
    _set(session, county, fields, actor, f"area made {tier}", f"{code}: {reason}")
    return known


def setting(session: Session, county: CountyInfo, code: str) -> SettingInfo:
    """What is decided about an area; an ordinary one that counts, where nothing is.

    :raises UnknownArea: neither the boundaries in force nor the settings have it
    """
    version = boundaries.active(session, county.code)
    found = planning.settings(session, version, code=code)
    if found:
        return found[0]
    area = areas.find(session, version, code)
    if area is None or area.level == "county":
        raise UnknownArea(code=code, county=county.code, version=version.version)
    return SettingInfo(code, "ordinary", None, None, None, area.level, area.name, area.parent)


def denominators(
    session: Session, county: CountyInfo, levels: tuple[Level, ...], *, area: str | None = None
) -> list[Denominator]:
    """What the current month counts, by level; levels that have no areas are left out."""
    month, found = Month.of(coverage.today(county)), []
    for level in levels:
        report = coverage.report(session, county, month, level=level, area=area, read_with="now")
        if report.rows:
            found.append(Denominator(month, level, len(report.rows), report.count("excluded")))
    return found


def _set(
    session: Session, county: CountyInfo, fields: Mapping[str, Any], actor: str, action: str, subject: str
) -> None:
    with session.begin_nested():
        sheets.take_whole(session, county, "settings", [(1, fields)], _FILE)
        written = planning.settings(session, boundaries.active(session, county.code), code=str(fields["code"]))[0]
        if written.tier == "ordinary" and written.excluded_reason is None:
            planning.forget(session, county.code, written.code)
        accounts.note(session, actor, action, f"{county.code} {subject}")
