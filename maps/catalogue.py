"""The catalogue of words that people see: one file for each subject and language, in gettext's form.

``locale/zh_CN/LC_MESSAGES/pages.po`` and its twin under ``en`` hold the words of the subject ``pages``; a word is
found by its name (``msgid``), never by its text, so that both languages are translations and either may be edited.
``{name}`` in a text stands for a value.
"""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from babel.messages.pofile import read_po

from geo.errors import Lang

LOCALES: Final = Path(__file__).parent / "locale"
_FOLDERS: Final[dict[Lang, str]] = {"zh-CN": "zh_CN", "en": "en"}


class Word(NamedTuple):
    """One entry: Chinese, English. ``{name}`` stands for a value."""

    zh: str
    en: str

    def text(self, lang: Lang) -> str:
        """The word in one language."""
        return self.zh if lang == "zh-CN" else self.en


@cache
def section(subject: str) -> dict[Any, Word]:
    """All words of a subject by name, in the order of the Chinese file.

    :raises KeyError: the English file lacks one of them
    """
    zh, en = (_read(subject, lang) for lang in ("zh-CN", "en"))
    return {name: Word(text, en[name]) for name, text in zh.items()}


def words(subject: str, lang: Lang) -> dict[str, str]:
    """The words of a subject in one language."""
    return {name: word.text(lang) for name, word in section(subject).items()}


def named(subject: str, lang: Lang) -> SimpleNamespace:
    """The same as attributes, for templates."""
    return SimpleNamespace(**words(subject, lang))


def subjects(lang: Lang = "zh-CN") -> list[str]:
    """Every subject that has a file."""
    return sorted(path.stem for path in _folder(lang).glob("*.po"))


def _read(subject: str, lang: Lang) -> dict[str, str]:
    with (_folder(lang) / f"{subject}.po").open("rb") as file:
        found = read_po(file, locale=_FOLDERS[lang])
    return {str(message.id): str(message.string) for message in found if message.id}


def _folder(lang: Lang) -> Path:
    return LOCALES / _FOLDERS[lang] / "LC_MESSAGES"
