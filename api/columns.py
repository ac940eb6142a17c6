"""Columns of sheets and text tables: a name for machines, words for people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.cells import Cell
from geo.errors import Lang

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its name for machines, its words for people, and how a row fills it."""

    name: str
    zh: str
    en: str
    value: Callable[[Row, Lang], Cell]
    in_text: bool = False

    def title(self, lang: Lang) -> str:
        """Its words in one language."""
        return self.zh if lang == "zh-CN" else self.en
