"""Words of the page for the field."""

from types import SimpleNamespace
from typing import Final

from geo.errors import Lang
from maps import catalogue

TOPICS: Final = ("文明城市创建", "拆违治乱", "治水剿劣", "村级集体经济", "基层社会治理")
"""The central work that a campaign starts with (中心工作); what is typed beside them is taken too."""


def words(lang: Lang) -> SimpleNamespace:
    """All of them in one language, by name."""
    return catalogue.named("field", lang)


def categories(lang: Lang) -> list[tuple[str, str]]:
    """The six categories with their words."""
    return list(catalogue.words("categories", lang).items())
