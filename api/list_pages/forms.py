"""A form of a list page: what was typed stays, and what is wrong stands beside its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Final

from fastapi import Form

from api.dependencies import PLAIN
from api.list_pages.frame import Option
from geo.errors import Lang, SheetRejected, WanggeError
from geo.limits import MAX_TITLE_CHARS

Typed = Annotated[str, Form(max_length=MAX_TITLE_CHARS, pattern=PLAIN)]
"""One line that somebody typed. It is judged by the page, which keeps it, and not by the framework."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    :ivar kind: ``text``, ``date``, ``number``, or ``select`` with ``options``
    :ivar options: to choose from, or for ``text`` to be offered
    :ivar wrong: what is wrong with the value
    :ivar way: words and address of what can be done about it
    """

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    options: Sequence[Option] = ()
    hint: str = ""
    needed: bool = True
    wrong: str = ""
    way: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form.

    :ivar hidden: what is sent along
    :ivar cancel: where its reader goes without sending it
    :ivar wrong: a sentence on top, where it is about no single field
    """

    title: str
    action: str
    fields: Sequence[Field]
    submit: str
    cancel: str
    hidden: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
    note: str = ""

    def marked(
        self, wrong: Mapping[str, str], on_top: str, ways: Mapping[str, tuple[str, str]] | None = None
    ) -> "Sheet":
        """The same with what is wrong by field, and a way out of it; what is about none of them stands on top."""
        names = {one.name for one in self.fields}
        others = [text for name, text in wrong.items() if name not in names]
        fields = [replace(one, wrong=wrong.get(one.name, ""), way=(ways or {}).get(one.name)) for one in self.fields]
        return replace(self, fields=fields, wrong=" ".join([on_top, *others]))


class Wrong(Exception):
    """Fields that cannot be taken, and why.

    :ivar fields: field → sentence in the page's language
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def day_of(text: str) -> date | None:
    """A day as it is typed, None for none.

    >>> day_of("2026-02-29"), day_of(" 2026-11-01 ")
    (None, datetime.date(2026, 11, 1))
    """
    if not _DAY.fullmatch(text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def codes_of(text: str) -> list[str]:
    """Codes with spaces or commas between, each once.

    >>> codes_of("a, b，a、c")
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(re.findall(r"[^\s,，、;；]+", text)))


def by_field(
    error: WanggeError, lang: Lang, about: Mapping[type[WanggeError], Sequence[str]], fields: Sequence[str]
) -> dict[str, str]:
    """Which field of a form an error is about, and its sentence.

    :param about: fields of each kind of error, of which a form has one; others name their own
    """
    if isinstance(error, SheetRejected):
        field_ = str(error.facts["field"]).removeprefix("excluded_")
        return {field_: str(error.facts["reason_zh" if lang == "zh-CN" else "reason"])}
    known = [name for cls in type(error).__mro__ for name in about.get(cls, ()) if name in fields]
    return {known[0] if known else str(error.facts.get("field", "")): error.text(lang)}
