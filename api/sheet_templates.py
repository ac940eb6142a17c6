"""Empty sheets to fill in: one title for each column, and what belongs there."""

import csv
import io
from typing import Any, Final, get_args

from pydantic.fields import FieldInfo

from geo.errors import InvalidChoice, Lang
from geo.intake import headers, workbooks
from geo.intake.visits import VisitRow
from geo.services.sheets import SHEETS

_NAMES_OF_PEOPLE: Final = "姓名"


def render(kind: str, name: str, lang: Lang) -> bytes:
    """A template as csv or xlsx, by the suffix of its name; titles in the language of the county or in English.

    :param kind: a key of `geo.services.sheets.SHEETS`, or ``visits``
    :raises InvalidChoice: another suffix
    """
    row = VisitRow if kind == "visits" else SHEETS[kind].row
    columns = [(_title(kind, field.alias or key, lang), _told(field, lang)) for key, field in row.model_fields.items()]
    suffix = name.rpartition(".")[2].lower()
    if suffix == "xlsx":
        return workbooks.template(columns)
    if suffix != "csv":
        raise InvalidChoice(field="--template", value=name, choices="*.xlsx, *.csv")
    out = io.StringIO()
    csv.writer(out).writerow([title for title, _ in columns])
    return ("\ufeff" + out.getvalue()).encode()


def _title(kind: str, column: str, lang: Lang) -> str:
    if lang == "en":
        return column
    return _NAMES_OF_PEOPLE if (kind, column) == ("cadres", "name") else headers.title_of(column)


def _told(field: FieldInfo, lang: Lang) -> str:
    needed = ("必填", "required") if field.is_required() else ("选填", "optional")
    choices = " / ".join(_choices(field.annotation))
    return needed[lang == "en"] + (f": {choices}" if choices else "")


def _choices(annotation: Any) -> list[str]:
    """The words of a closed list, wherever it stands in the type."""
    found = [one for one in get_args(annotation) if isinstance(one, str)]
    return found or [word for one in get_args(annotation) for word in _choices(one)]
