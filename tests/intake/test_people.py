"""Sheets of people, places, rules and settings: columns of the design, and what each refuses."""

from collections.abc import Mapping
from datetime import date

import pytest
from pydantic import ValidationError

from geo.intake.people import (
    AreaSettingRow,
    AssignmentRow,
    CadreRow,
    OrganisationRow,
    PlaceRow,
    RuleRow,
    SheetRow,
)
from geo.intake.rejections import Rejection, from_validation
from geo.limits import MAX_CODE_CHARS, MAX_RULE

ORGANISATION = {"code": "D1", "name": "走访办", "kind": "department"}
CADRE = {"staff_no": "C1", "name": "张三", "organisation": "D1"}
ASSIGNMENT = {"staff_no": "C1", "area": "330122101201003", "role": "grid_head", "from": "2026-01-01"}
PLACE = {"id": "H1", "kind": "household"}
RULE = {"level": "village", "tier": "key", "visits_per_month": "2"}
SETTING = {"code": "330122101201"}

SHEETS: list[tuple[type[SheetRow], dict[str, str]]] = [
    (OrganisationRow, ORGANISATION),
    (CadreRow, CADRE),
    (AssignmentRow, ASSIGNMENT),
    (PlaceRow, PLACE),
    (RuleRow, RULE),
    (AreaSettingRow, SETTING),
]


def refusal(model: type[SheetRow], fields: Mapping[str, object]) -> Rejection:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return from_validation(4, caught.value)


@pytest.mark.parametrize(
    ("model", "required", "optional"),
    [
        (OrganisationRow, "code name kind", "area lon lat frame"),
        (CadreRow, "staff_no name organisation", "post phone"),
        (AssignmentRow, "staff_no area role from", "to"),
        (PlaceRow, "id kind", "name lon lat frame area staff_no"),
    ],
)
def test_columns_are_those_of_the_design(model: type[SheetRow], required: str, optional: str) -> None:
    columns = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    assert {name for name, needed in columns.items() if needed} == set(required.split())
    assert {name for name, needed in columns.items() if not needed} == set(optional.split())


@pytest.mark.parametrize(("model", "row"), SHEETS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_good_row_is_taken_and_empty_cells_are_missing_values(model: type[SheetRow], row: dict[str, str]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert model.model_validate(row) == model.model_validate(dict.fromkeys(names, " ") | row)


@pytest.mark.parametrize(("model", "row"), SHEETS, ids=lambda value: getattr(value, "__name__", ""))
def test_needed_columns_and_cells(model: type[SheetRow], row: dict[str, str]) -> None:
    needed = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    for name in needed:
        without = {key: value for key, value in row.items() if key != name}
        assert refusal(model, without) == Rejection(4, name, "is needed", "必须填写")
        empty = refusal(model, {**row, name: ""})
        assert empty.field == name


@pytest.mark.parametrize(("model", "row"), SHEETS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_misspelt_column_is_not_lost_in_silence(model: type[SheetRow], row: dict[str, str]) -> None:
    rejection = refusal(model, {**row, "extra": ""})
    assert (rejection.field, rejection.en) == ("extra", "is not a column of this sheet")


@pytest.mark.parametrize("role", ["grid_head", "full_time", "part_time", "instructor", "village_link", "area_leader"])
def test_roles(role: str) -> None:
    assert AssignmentRow.model_validate({**ASSIGNMENT, "role": role})


@pytest.mark.parametrize("kind", ["household", "enterprise", "project", "scenic_spot"])
def test_kinds_of_places(kind: str) -> None:
    assert PlaceRow.model_validate({**PLACE, "kind": kind})


def test_an_assignment_is_half_open() -> None:
    row = AssignmentRow.model_validate({**ASSIGNMENT, "to": "2026-01-02"})
    assert (row.from_day, row.to_day) == (date(2026, 1, 1), date(2026, 1, 2))
    assert AssignmentRow.model_validate(ASSIGNMENT).to_day is None
    for to in ("2026-01-01", "2025-12-31"):
        rejection = refusal(AssignmentRow, {**ASSIGNMENT, "to": to})
        assert rejection.field == "to"
        assert "after" in rejection.en
        assert "晚于" in rejection.zh


DAYS_THAT_ARE_NONE = ["x", "1", "-1", "86400", "20260101", "2026/1/1", "2026-1-1", "2026-02-30", "2026-01-01T09:30:00"]


@pytest.mark.parametrize("wrong", [*DAYS_THAT_ARE_NONE, 86400, 0.0, True])
@pytest.mark.parametrize("field", ["from", "to"])
def test_what_is_no_day(field: str, wrong: object) -> None:
    rejection = refusal(AssignmentRow, {**ASSIGNMENT, field: wrong})
    assert (rejection.field, rejection.en) == (field, "must be a day such as 2026-10-31")
    assert "2026-10-31" in rejection.zh


@pytest.mark.parametrize("right", ["2026-01-05", " 2026-01-05 ", "2026-01-05T00:00:00", "2026-01-05 00:00:00"])
def test_days_as_spreadsheets_write_them(right: str) -> None:
    assert AssignmentRow.model_validate({**ASSIGNMENT, "from": right}).from_day == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("model", "row", "changes", "field", "said"),
    [
        (OrganisationRow, ORGANISATION, {"kind": "bank"}, "kind", "'town' or 'department'"),
        (OrganisationRow, ORGANISATION, {"code": "x" * (MAX_CODE_CHARS + 1)}, "code", str(MAX_CODE_CHARS)),
        (CadreRow, CADRE, {"phone": "1\x002"}, "phone", "control"),
        (AssignmentRow, ASSIGNMENT, {"role": "chief"}, "role", "grid_head"),
        (PlaceRow, PLACE, {"kind": "shop"}, "kind", "enterprise"),
        (PlaceRow, PLACE, {"lon": "119.6"}, "lat", "together"),
        (PlaceRow, PLACE, {"lat": "29.8"}, "lon", "together"),
        (PlaceRow, PLACE, {"lon": "29.8", "lat": "119.6"}, "lat", "swapped"),
        (PlaceRow, PLACE, {"lon": "181", "lat": "0"}, "lon", "between −180 and 180"),
        (PlaceRow, PLACE, {"lon": "-181", "lat": "0"}, "lon", "between −180 and 180"),
        (PlaceRow, PLACE, {"lon": "nan", "lat": "0"}, "lon", "finite"),
        (PlaceRow, PLACE, {"lon": "119.6", "lat": "29.8", "frame": "utm"}, "frame", "bd09"),
        (RuleRow, RULE, {"level": "county"}, "level", "grid"),
        (RuleRow, RULE, {"tier": "vip"}, "tier", "ordinary"),
        (RuleRow, RULE, {"every_days": "30"}, "visits_per_month", "either"),
        (RuleRow, RULE, {"visits_per_month": ""}, "visits_per_month", "either"),
        (RuleRow, RULE, {"visits_per_month": "0"}, "visits_per_month", "at least 1"),
        (RuleRow, RULE, {"visits_per_month": "-2"}, "visits_per_month", "at least 1"),
        (RuleRow, RULE, {"visits_per_month": "1.5"}, "visits_per_month", "whole number"),
        (RuleRow, RULE, {"visits_per_month": "two"}, "visits_per_month", "whole number"),
        (RuleRow, RULE, {"visits_per_month": str(MAX_RULE + 1)}, "visits_per_month", str(MAX_RULE)),
        (RuleRow, RULE, {"visits_per_month": "9" * 5000}, "visits_per_month", "whole number"),
        (AreaSettingRow, SETTING, {"tier": "vip"}, "tier", "ordinary"),
        (AreaSettingRow, SETTING, {"excluded_reason": "拆迁"}, "excluded_by", "reason, person and day"),
        (AreaSettingRow, SETTING, {"excluded_reason": "拆迁", "excluded_by": "李四"}, "excluded_on", "day"),
        (AreaSettingRow, SETTING, {"excluded_by": "李四", "excluded_on": "2026-01-05"}, "excluded_reason", "day"),
        (AreaSettingRow, SETTING, {"excluded_on": "5"}, "excluded_on", "2026-10-31"),
    ],
)
def test_bad_input(model: type[SheetRow], row: dict[str, str], changes: dict[str, str], field: str, said: str) -> None:
    rejection = refusal(model, row | changes)
    assert (rejection.row, rejection.field) == (4, field)
    assert said in rejection.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rejection.zh)
    assert rejection.zh != "无效的值"


def test_an_exclusion_has_a_reason_a_person_and_a_day() -> None:
    row = AreaSettingRow.model_validate(
        {**SETTING, "excluded_reason": "拆迁", "excluded_by": "李四", "excluded_on": "2026-01-05"}
    )
    assert (row.excluded_reason, row.excluded_by, row.excluded_on) == ("拆迁", "李四", date(2026, 1, 5))
    assert row.tier == "ordinary"


@pytest.mark.parametrize("form", [{"visits_per_month": "2"}, {"every_days": "45"}])
def test_a_rule_has_one_of_its_two_forms(form: dict[str, str]) -> None:
    rule = RuleRow.model_validate(
        {"level": "grid", "tier": "ordinary", "visits_per_month": "", "every_days": "", **form}
    )
    assert {name: value for name, value in rule.model_dump().items() if isinstance(value, int)} == {
        name: int(value) for name, value in form.items()
    }
