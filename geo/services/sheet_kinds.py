"""The kinds of sheets of people, places, rules and area settings, and how each is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table

from geo.intake import people
from geo.storage import issue_tables, tables


@dataclass(frozen=True, slots=True)
class Sheet:
    """How one kind of sheet is stored: its table, what finds a row again, and which columns must exist elsewhere.

    :ivar columns: names in the table of what the sheet calls otherwise
    :ivar references: column of the table to (table, column) that it points at
    """

    row: type[people.SheetRow]
    table: Table
    key: tuple[str, ...]
    columns: Mapping[str, str]
    references: Mapping[str, tuple[Table, str]]


def _table(model: type[tables.Base]) -> Table:
    found = model.__table__
    assert isinstance(found, Table)  # noqa: S101 - declared as one
    return found


_CADRE: Final = (_table(tables.Cadre), "staff_no")
_ORGANISATION: Final = (_table(tables.Organisation), "code")
_AREA: Final = (_table(tables.Area), "code")
"""Of any boundary version: a staged one may be prepared for, a retired one has a past."""

SHEETS: Final[Mapping[str, Sheet]] = {
    "organisations": Sheet(
        people.OrganisationRow,
        _table(tables.Organisation),
        ("code",),
        {"area": "area_code"},
        {"area_code": _AREA},
    ),
    "cadres": Sheet(
        people.CadreRow,
        _table(tables.Cadre),
        ("staff_no",),
        {"organisation": "organisation_code"},
        {"organisation_code": _ORGANISATION},
    ),
    "assignments": Sheet(
        people.AssignmentRow,
        _table(tables.Assignment),
        ("area_code", "role", "staff_no", "from_day"),
        {"area": "area_code"},
        {"staff_no": _CADRE, "area_code": _AREA},
    ),
    "places": Sheet(
        people.PlaceRow,
        _table(tables.Place),
        ("id",),
        {"area": "claimed_area"},
        {"staff_no": _CADRE, "claimed_area": _AREA},
    ),
    "rules": Sheet(people.RuleRow, _table(tables.VisitRule), ("level", "tier"), {}, {}),
    "limits": Sheet(people.LimitRow, _table(issue_tables.IssueLimit), ("category",), {}, {}),
    "routes": Sheet(
        people.RouteRow,
        _table(issue_tables.IssueRoute),
        ("category", "area_code"),
        {"area": "area_code"},
        {"area_code": _AREA, "handler": _ORGANISATION, "liaison": _ORGANISATION},
    ),
    "settings": Sheet(people.AreaSettingRow, _table(tables.AreaSetting), ("code",), {}, {"code": _AREA}),
}
